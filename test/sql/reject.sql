-- reject_table: rows that a constraint refuses are put aside, with the reason.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS rejecting CASCADE;
DROP ROLE IF EXISTS regress_rejecter, regress_rejecters;
CREATE ROLE regress_rejecter LOGIN;
GRANT transform_user TO regress_rejecter;
CREATE SCHEMA rejecting;
GRANT USAGE ON SCHEMA rejecting TO regress_rejecter;
SET search_path = rejecting, public;
CREATE TABLE source (id integer, amount numeric(10,2), word text);
INSERT INTO source VALUES (1, 10.25, 'one'), (2, 20.50, 'two'), (3, NULL, 'three'), (2, 4, 'again'), (5, 5000, NULL), (6, 6, 'six');
GRANT SELECT ON source TO regress_rejecter;
SELECT transform_script_create('rej_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_script_create('rej_each', E'def transform(df):\n    return df\n', shape => 'chunk') > 0 AS created;
CREATE FUNCTION go(destination text, mode text DEFAULT 'append', script text DEFAULT 'rej_same', rejects text DEFAULT 'bad',
	source text DEFAULT 'source', key text[] DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS $$ SELECT transform_submit(script, source::regclass, destination, mode => mode, reject_table => rejects, chunk_rows => 2, key => key) $$;
CREATE FUNCTION how(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', state, rows_returned, rows_written, rows_rejected, sqlstate, error_stage, error, error_detail, error_hint) FROM transform.jobs WHERE id = job
$$;

-- made when absent; then added to
CREATE TABLE target (id integer PRIMARY KEY, amount numeric(10,2) NOT NULL CHECK (amount < 1000), word text);
SELECT go('target') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT * FROM target ORDER BY id;
SELECT job = :job AS this_job, row_number, sqlstate, message, detail, constraint_name, data FROM bad ORDER BY row_number;
SELECT reject_table FROM transform.jobs WHERE id = :job;
SELECT go('target', script => 'rej_each') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT row_number, sqlstate, constraint_name, data->>'word' AS word FROM bad WHERE job = :job ORDER BY row_number;

-- many rows, many bad ones, in every chunk: none lost, none doubled
CREATE TABLE many AS SELECT g AS id, md5(g::text) AS word FROM generate_series(1, 30000) g;
CREATE TABLE many_target (id integer PRIMARY KEY CHECK (id % 7 <> 0), word text);
CREATE TABLE many_bad (job bigint, row_number bigint, sqlstate text, message text, detail text, constraint_name text, data jsonb, seen timestamptz DEFAULT now());
SELECT go('many_target', source => 'many', rejects => 'many_bad') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT count(*), count(DISTINCT row_number), bool_and(row_number = (data->>'id')::int AND row_number % 7 = 0), count(DISTINCT sqlstate) FROM many_bad;
SELECT count(*) FROM many m LEFT JOIN many_target t USING (id, word) WHERE (t.id IS NULL) <> (m.id % 7 = 0);

-- values that the destination's types refuse; domains; what a trigger refuses with such a code
CREATE DOMAIN short AS text CHECK (length(VALUE) < 4);
CREATE TABLE narrow (id smallint, amount numeric(3,1), word short);
CREATE TABLE wide AS SELECT g * 10000 AS id, CASE g WHEN 2 THEN 120.5 ELSE g END AS amount, CASE g WHEN 3 THEN 'long' ELSE 'ok' END AS word FROM generate_series(1, 5) g;
SELECT go('narrow', source => 'wide') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT * FROM narrow;
SELECT row_number, sqlstate, message, data FROM bad WHERE job = :job ORDER BY 1;
CREATE TABLE days (id integer, amount numeric, word date);
SELECT go('days') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id = 1 THEN
		RAISE 'not one' USING ERRCODE = 'check_violation', CONSTRAINT = 'mine';
	ELSIF NEW.id = 6 THEN
		RAISE 'not at all';
	END IF;
	RETURN NEW;
END
$$;
CREATE TABLE guarded (LIKE source);
CREATE TRIGGER object BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION object();
SELECT go('guarded') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
DELETE FROM source WHERE id = 6;
SELECT go('guarded') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT row_number, sqlstate, message, constraint_name, data FROM bad WHERE job = :job ORDER BY 1;

-- constraints that would wait for the commit are checked at once
CREATE TABLE parent (id integer PRIMARY KEY);
INSERT INTO parent VALUES (1), (2);
CREATE TABLE late (id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED, amount numeric, word text UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO late VALUES (1, 0, 'two');
SELECT go('late') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT row_number, sqlstate, constraint_name FROM bad WHERE job = :job ORDER BY 1;

-- a view's check option
CREATE VIEW lower AS SELECT * FROM guarded WHERE amount < 10 WITH CHECK OPTION;
SELECT go('lower') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT row_number, sqlstate FROM bad WHERE job = :job ORDER BY 1;

-- with the other modes
SELECT go('made', 'create') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('target', 'replace') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT * FROM target ORDER BY id;
DELETE FROM source WHERE word = 'again';
INSERT INTO source VALUES (NULL, 1, 'none'), (9, 9, 'nine');
SELECT go('target', 'upsert', key => '{id}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT * FROM target ORDER BY id;
SELECT row_number, sqlstate, message FROM bad WHERE job = :job ORDER BY 1;
INSERT INTO source VALUES (9, 10, 'nine too');
SELECT go('target', 'upsert', key => '{id}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);

-- the table must fit, must not be the destination, and the role must be able to write it
CREATE TABLE unfit (job bigint, data text);
SELECT go('target', rejects => 'unfit') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('target', rejects => '"target"');
SELECT go('fresh', 'create', rejects => 'rejecting.fresh');
SELECT go('target', rejects => 'not a name');
GRANT SELECT, INSERT ON target TO regress_rejecter;
SET ROLE regress_rejecter;
SELECT transform_script_create('rej_mine', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT go('target', script => 'rej_mine');
SELECT go('target', script => 'rej_mine', rejects => 'other_bad');
RESET ROLE;
GRANT INSERT ON bad TO regress_rejecter;
SET ROLE regress_rejecter;
SELECT go('target', script => 'rej_mine') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
RESET ROLE;
-- a role that cannot log in: its rights, in every piece that is tried
CREATE ROLE regress_rejecters NOLOGIN;
GRANT transform_user TO regress_rejecters;
GRANT USAGE, CREATE ON SCHEMA rejecting TO regress_rejecters;
GRANT SELECT ON source TO regress_rejecters;
CREATE TABLE whose (id integer PRIMARY KEY CHECK (id < 9), amount numeric, word text, who text DEFAULT current_user);
GRANT INSERT, SELECT, UPDATE ON whose TO regress_rejecters;
SET ROLE regress_rejecters;
SELECT transform_script_create('rej_ours', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT go('whose', 'append', 'rej_ours', rejects => 'ours') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
RESET ROLE;
SELECT id, who FROM whose ORDER BY 1;
SELECT row_number, sqlstate, (SELECT relowner::regrole FROM pg_class WHERE oid = 'ours'::regclass) AS owner FROM ours ORDER BY 1;
-- a job that fails leaves no rejected row behind
SELECT count(*) FROM bad WHERE job NOT IN (SELECT id FROM transform.jobs WHERE state = 'succeeded');
SET client_min_messages = error;
DROP SCHEMA rejecting CASCADE;
DROP ROLE regress_rejecter, regress_rejecters;
