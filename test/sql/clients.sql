-- What client programs do: parameters without a type and of their own types,
-- statements that stay prepared, read-only sessions, strict isolation,
-- transform_run from procedures.  README, "From your client".
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS clients CASCADE;
CREATE SCHEMA clients;
SET search_path = clients, public;
\pset tuples_only
\pset format unaligned
\set VERBOSITY terse

CREATE TABLE source (id integer, price double precision);
INSERT INTO source VALUES (1, 2.5), (2, 3.5);
-- line ends of Windows, tabs
SELECT transform_script_create('clients_same', E'def transform(df):\r\n\tx = 1\r\n\treturn df\r\n') > 0;

-- Parameters: without a type as most drivers send them, varchar as JDBC does.
-- A prepared statement goes by the name, not by the table that had it.
PREPARE untyped AS SELECT data FROM transform_preview($1, $2, $3);
PREPARE of_varchar (varchar, varchar) AS SELECT data FROM transform_preview($1, $2, 1);
EXECUTE untyped('clients_same', 'source', 1);
EXECUTE of_varchar('clients_same', 'source');
ALTER TABLE source ADD COLUMN name text;
EXECUTE untyped('clients_same', 'source', 1);
DROP TABLE source;
CREATE TABLE source (other integer);
INSERT INTO source VALUES (7);
EXECUTE of_varchar('clients_same', 'source');

-- In a session that is SERIALIZABLE by default; the number comes back through job.
SET default_transaction_isolation = serializable;
CREATE PROCEDURE run_it(destination text) LANGUAGE plpgsql AS $$
DECLARE j bigint;
BEGIN
	CALL transform_run('clients_same', 'source', destination, job => j);
	RAISE WARNING 'job is known: %', j > 0;
END $$;
CALL run_it('of_procedure');
RESET default_transaction_isolation;
TABLE of_procedure;
SELECT count(*) FROM transform.jobs WHERE destination = 'clients.of_procedure';

-- Where transform_run may not commit it says so before it submits anything.
CREATE FUNCTION from_function() RETURNS void LANGUAGE plpgsql AS $$
DECLARE j bigint;
BEGIN
	CALL transform_run('clients_same', 'source', 'refused', job => j);
END $$;
CREATE PROCEDURE with_set() LANGUAGE plpgsql SET search_path = clients, public AS $$
DECLARE j bigint;
BEGIN
	CALL transform_run('clients_same', 'source', 'refused', job => j);
END $$;
CREATE PROCEDURE with_exception() LANGUAGE plpgsql AS $$
DECLARE j bigint; state text; message text; hint text;
BEGIN
	CALL transform_run('clients_same', 'source', 'refused', job => j);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RAISE WARNING '% % (%)', state, message, hint;
END $$;
SELECT from_function();
CALL with_set();
CALL with_exception();
SELECT count(*) FROM transform.jobs WHERE destination = 'clients.refused';

-- A read-only session looks and previews; what writes is refused.
SET default_transaction_read_only = on;
SELECT data FROM transform_preview('clients_same', 'source');
SELECT count(*) > 0 FROM transform_validate('def transform(df): return nothing.x(');
SELECT transform_submit('clients_same', 'source', 'refused');
CALL transform_run('clients_same', 'source', 'refused');
SELECT transform_cancel(1);
RESET default_transaction_read_only;
DROP SCHEMA clients CASCADE;
