-- Every bad input is answered with an SQLSTATE and, where there is a next
-- step, a hint.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS api_errors CASCADE;
CREATE SCHEMA api_errors;
SET search_path = api_errors, public;

CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN state || ': ' || message || coalesce(E'\ndetail: ' || nullif(detail, ''), '')
		|| coalesce(E'\nhint: ' || nullif(hint, ''), '');
END
$$;
\pset tuples_only
\pset format unaligned

CREATE TABLE source (id integer, price double precision);
INSERT INTO source VALUES (1, 2.5);
CREATE TABLE taken (id integer);
CREATE TABLE no_columns ();
CREATE SEQUENCE some_sequence;
CREATE INDEX some_index ON source (id);
CREATE TEMP TABLE some_temp (id integer);
SELECT transform_script_create('err_ok', E'def transform(df):\n    return df\n') > 0;

\echo -- scripts
SELECT try($c$SELECT transform_script_create(NULL, 'x')$c$);
SELECT try($c$SELECT transform_script_create('', 'x')$c$);
SELECT try($c$SELECT transform_script_create(repeat('n', 64), 'x')$c$);
SELECT try($c$SELECT transform_script_create('s', NULL)$c$);
SELECT try($c$SELECT transform_script_create('s', '')$c$);
SELECT try($c$SELECT transform_script_create('s', 'def transform(df:')$c$);
SELECT try($c$SELECT transform_script_create('s', 'x = 1')$c$);
SELECT try($c$SELECT transform_script_create('s', E'import os\ndef transform(df):\n    return df.__class__')$c$);
SELECT try($c$SELECT transform_script_create('s', 'def transform(df): return df', shape => 'round')$c$);
SELECT try($c$SELECT transform_script_create('s', 'def transform(df): return df', numeric_as => 'roman')$c$);
SELECT try($c$SELECT transform_script_create('s', repeat('#', 1048577))$c$);
SELECT line, col, severity, what FROM transform_validate(E'def transform(df):\n\treturn eval("1")\n');
SELECT count(*) FROM transform_validate(E'def transform(df):\n    return df\n');
SELECT try($c$SELECT * FROM transform_validate(NULL)$c$);

\echo -- the script and the source of a job
SELECT try($c$SELECT transform_submit(NULL, 'source', 'd')$c$);
SELECT try($c$SELECT transform_submit('no_such_script', 'source', 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', NULL, 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'no_such_table', 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 4::regclass, 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'some_sequence', 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'some_index', 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'some_temp', 'd')$c$) ~ '^0A000: the temporary table';
SELECT try($c$SELECT transform_submit('err_ok', 'no_columns', 'd')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'pg_catalog.pg_statistic', 'd')$c$);

\echo -- the destination
SELECT try($c$SELECT transform_submit('err_ok', 'source', NULL)$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '  ')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '1abc')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'a b')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd; DROP TABLE taken')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '"open')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '""')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'a.')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'a.b.c')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', repeat('n', 64))$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', '"' || repeat('ü', 32) || '"')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'taken')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'TAKEN')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'source')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'some_index')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'no_such_schema.d')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'pg_catalog.d')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'information_schema.d')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'transform.d')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'transform.job', mode => 'append')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'pg_catalog.pg_class', mode => 'append')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'missing', mode => 'append')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'some_sequence', mode => 'append')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'some_temp', mode => 'append')$c$) ~ '^0A000: the temporary table';

\echo -- the other arguments
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', shape => 'round')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', mode => 'truncate')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', numeric_as => 'roman')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', params => '[1]')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', params => '3')$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', priority => 1001)$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', chunk_rows => 0)$c$);
SELECT try($c$SELECT transform_submit('err_ok', 'source', 'd', chunk_rows => 10000001)$c$);

\echo -- jobs
SELECT try($c$SELECT transform_wait(NULL)$c$);
SELECT try($c$SELECT transform_wait(-1)$c$);
SELECT try($c$SELECT transform_wait(-1, '-1 s')$c$);
SELECT try($c$SELECT transform_cancel(NULL)$c$);
SELECT try($c$SELECT transform_cancel(-1)$c$);
SELECT try($c$SELECT * FROM transform_logs(-1)$c$);
SELECT regexp_replace(try($c$SELECT transform_wait(transform_submit('err_ok', 'source', 'd'))$c$), 'job \d+', 'job N');
SELECT regexp_replace(try($c$CALL transform_run('err_ok', 'source', 'd')$c$), 'job \d+', 'job N');

\echo -- preview
SELECT try($c$SELECT * FROM transform_preview('err_ok', 'source', 0)$c$);
SELECT try($c$SELECT * FROM transform_preview('err_ok', 'source', 1001)$c$);
SELECT try($c$SELECT * FROM transform_preview('no_such_script', 'source')$c$);
SELECT try($c$SELECT * FROM transform_preview('err_ok', 'no_columns')$c$);

\echo -- in transactions
BEGIN;
CALL transform_run('err_ok', 'source', 'd');
ROLLBACK;
BEGIN READ ONLY;
SELECT transform_submit('err_ok', 'source', 'd');
ROLLBACK;
BEGIN;
SELECT transform_submit('err_ok', 'source', 'd') > 0;
PREPARE TRANSACTION 'transform';
SELECT count(*) FROM transform.jobs WHERE script = 'err_ok';

\echo -- errors of scripts and their results
CREATE FUNCTION outcome(code text, source regclass DEFAULT 'source', shape text DEFAULT 'table',
	destination text DEFAULT NULL, OUT job bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM transform_script_create('err_case', code, shape);
	job := transform_submit('err_case', source, coalesce(destination, 'd' || (random() * 1e9)::int),
		mode => CASE WHEN destination IS NULL THEN 'create' ELSE 'append' END);
END
$$;
CREATE FUNCTION report(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT state || ' ' || sqlstate || ' ' || error_stage || ': ' || error
		|| coalesce(E'\ndetail: ' || error_detail, '') || coalesce(E'\nhint: ' || error_hint, '')
		|| coalesce(E'\n' || traceback, '')
	FROM transform.jobs WHERE id = job
$$;
SELECT outcome(E'def transform(df):\n    x = 1\n    return df["nope"]\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    return 42\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    pass\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'import pandas as pd\ndef transform(df):\n    return pd.DataFrame()\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'import pandas as pd\ndef transform(df):\n    return pd.concat([df, df], axis=1)\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    df["n" * 64] = 1\n    return df\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    df["t"] = "a\\x00b"\n    return df\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    df["t"] = [{1: 2}]\n    return df\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    raise ValueError("no rows for today")\n') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);

\echo -- appending what does not fit
CREATE TABLE target (id integer NOT NULL, label text, twice integer GENERATED ALWAYS AS (id * 2) STORED);
ALTER TABLE target ADD COLUMN gone integer, ADD COLUMN note text;
ALTER TABLE target DROP COLUMN gone;
SELECT outcome(E'def transform(df):\n    return df\n', destination => 'target') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    df["label"] = "x"\n    df["twice"] = 2\n    return df[["id", "label", "twice"]]\n', destination => 'target') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    df["id"] = "x"\n    return df[["id"]]\n', destination => 'target') AS job \gset
SELECT transform_wait(:job, '1 min') \g /dev/null
SELECT report(:job);
SELECT outcome(E'def transform(df):\n    return df[["id"]]\n', destination => 'target') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM target;

\echo -- a source that goes away, and one that is renamed
BEGIN;
CREATE TABLE going (id integer);
INSERT INTO going VALUES (1);
SELECT transform_submit('err_ok', 'going', 'going_copy') AS job \gset
DROP TABLE going CASCADE;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT report(:job);
BEGIN;
CREATE TABLE moving (id integer);
SELECT transform_submit('err_ok', 'moving', 'moving_copy') AS job \gset
ALTER TABLE moving RENAME TO moved;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT report(:job);

\echo -- no rows
CREATE TABLE no_rows (id integer, t text);
SELECT transform_submit('err_ok', 'no_rows', 'no_rows_copy') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT report(:job);
SELECT count(*) FROM no_rows_copy;

\echo -- the error of a job through transform_run
SELECT transform_script_create('err_raise', E'def transform(df):\n    raise ValueError("not today")\n') > 0;
\set SHOW_CONTEXT never
CALL transform_run('err_raise', 'source', 'err_run');
SET client_min_messages = error;
DROP SCHEMA api_errors CASCADE;
