-- What a pending job depends on shows in pg_depend, and DROP says so.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS dependencies CASCADE;
CREATE SCHEMA dependencies;
SET search_path = dependencies, public;
CREATE TABLE sales (id integer, price numeric, day date);
CREATE TABLE regions (id integer);
CREATE TABLE sink (LIKE sales);
CREATE TABLE rejects (LIKE sales);
CREATE VIEW cheap AS SELECT id FROM sales WHERE price < 10;
CREATE FUNCTION good(integer) RETURNS boolean LANGUAGE sql AS 'SELECT $1 > 0';
SELECT transform_script_create('dep_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_script_create('dep_two', E'def transform(a, b):\n    return a\n') > 0 AS created;

-- what the last job depends on, without its number
CREATE FUNCTION depends() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) || ' ' || d.deptype::text
	FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	WHERE p.proname = format('job %s of transform', (SELECT max(id) FROM transform.jobs)) ORDER BY 1
$$;
-- what a statement says
CREATE FUNCTION says(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN format(E'%s %s\n%s', SQLSTATE, SQLERRM, regexp_replace(detail, 'job \d+', 'job N', 'g'));
END
$$;

\pset format unaligned
\pset tuples_only on
\echo -- a table: all its columns
BEGIN;
SELECT transform_submit('dep_same', 'sales', 'copy') > 0;
SELECT depends();
SELECT says('DROP TABLE sales');
SELECT says('ALTER TABLE sales DROP COLUMN day');
SELECT says('ALTER TABLE sales ADD COLUMN later text');
ROLLBACK;

\echo -- columns, a condition, a watermark
BEGIN;
SELECT transform_submit('dep_same', 'sales', 'sink', mode => 'append', columns => '{id}', filter => 'good(id)', since => 'day', reject_table => 'rejects') > 0;
SELECT depends();
SELECT says('ALTER TABLE sales DROP COLUMN price CASCADE');
SELECT says('ALTER TABLE sales DROP COLUMN day');
SELECT says('DROP FUNCTION good(integer)');
SELECT says('DROP TABLE sink');
SELECT says('DROP TABLE rejects');
SELECT says('DROP TABLE sales');
ROLLBACK;

\echo -- a view is the view; a query, several sources
BEGIN;
SELECT transform_submit('dep_same', 'cheap', 'copy') > 0;
SELECT depends();
SELECT transform_submit('dep_same', source_query => 'SELECT s.id FROM sales s JOIN regions USING (id)', destination => 'copy') > 0;
SELECT depends();
SELECT transform_submit('dep_two', sources => '{"a": "sales", "b": {"query": "SELECT id FROM regions"}}', destination => 'copy') > 0;
SELECT depends();
ROLLBACK;

\echo -- nobody can call it, whatever privileges functions have by default; it goes with the job
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
BEGIN;
SELECT transform_submit('dep_same', 'sales', 'copy') AS job \gset
SELECT prosecdef, prosrc, proargtypes, proacl FROM pg_proc WHERE proname = format('job %s of transform', :job);
SELECT says(format('SELECT pg_catalog.%I(NULL)', format('job %s of transform', :job))) <> 'done' AS refused;
SELECT transform_cancel(:job);
SELECT count(*) FROM pg_proc WHERE proname = format('job %s of transform', :job);
SELECT count(*) FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid NOT IN (SELECT oid FROM pg_proc);
ROLLBACK;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

\echo -- CASCADE: the job says what happened
BEGIN;
SELECT transform_submit('dep_same', 'sales', 'copy', columns => '{id}', filter => 'good(id)') AS job \gset
DROP FUNCTION good(integer) CASCADE;
CREATE FUNCTION good(integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job;

\echo -- a job that is over depends on nothing
SELECT transform_submit('dep_same', 'sales', 'copy') AS job \gset
SELECT transform_wait(:job, '1 min');
DROP TABLE sales CASCADE;
SELECT count(*) FROM pg_proc WHERE proname = format('job %s of transform', :job);
DROP SCHEMA dependencies CASCADE;
