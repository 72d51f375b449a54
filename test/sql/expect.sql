-- expect: checks on the result before it is published.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS expecting CASCADE;
CREATE SCHEMA expecting;
SET search_path = expecting, public;
CREATE TABLE source (id integer, "Day" date, amount numeric(10,2), ratio float8, note json);
INSERT INTO source VALUES (1, '2020-01-01', 10, 0.5, '{}'), (2, '2020-01-02', 20, 1, '{}'), (3, '2020-01-02', NULL, 3, NULL), (2, '2020-01-03', -4, NULL, '{}');
SELECT transform_script_create('exp_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_script_create('exp_each', E'def transform(df):\n    return df\n', shape => 'chunk') > 0 AS created;
CREATE FUNCTION go(expect jsonb, destination text DEFAULT 'target', mode text DEFAULT 'append', script text DEFAULT 'exp_same', rejects text DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS $$ SELECT transform_submit(script, 'source', destination, mode => mode, expect => expect, chunk_rows => 1, reject_table => rejects) $$;
CREATE FUNCTION how(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', state, rows_written, sqlstate, error_stage, error, error_detail, error_hint) FROM transform.jobs WHERE id = job
$$;
CREATE TABLE target (LIKE source);

-- all met
SELECT go('{"unique": ["id", "Day"], "not_null": ["id", "Day"], "min_rows": 4, "max_rows": 4, "in_range": {"id": [1, 3], "Day": ["2020-01-01", null], "amount": [null, 20]}, "max_rejected": 0}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT expect FROM transform.jobs WHERE id = :job;
TRUNCATE target;
SELECT go('{}') AS job \gset
SELECT transform_wait(:job, '1 min');

-- none met: each is named, with how many and an example; nothing is published
TRUNCATE target;
SELECT go('{"unique": [["id"], ["Day"], ["id", "Day"]], "not_null": ["amount", "id", "ratio"], "min_rows": 5, "in_range": {"amount": [0, 15], "ratio": [0, 1], "Day": [null, "2020-01-02"]}}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('{"unique": ["id"], "not_null": ["amount"], "max_rows": 3, "in_range": {"id": [2, 2]}}', script => 'exp_each') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT count(*) FROM target;
SELECT go('{"min_rows": 5}', 'made', 'create') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job), to_regclass('made') IS NULL AS not_made;
INSERT INTO target (id) VALUES (77);
SELECT go('{"not_null": ["amount"]}', mode => 'replace') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, (SELECT array_agg(id) FROM target) AS still FROM transform.jobs WHERE id = :job;

-- NULLs repeat nothing
UPDATE source SET id = NULL WHERE id = 2;
SELECT go('{"unique": ["id"]}') AS job \gset
SELECT transform_wait(:job, '1 min');

-- rejected rows do not count, but may be limited
TRUNCATE target;
ALTER TABLE target ADD CHECK (amount > 0);
SELECT go('{"in_range": {"amount": [0, null]}, "min_rows": 3}', rejects => 'bad') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('{"max_rejected": 0}', rejects => 'bad') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT count(*) FROM bad;

-- what is not in the result; what cannot be compared; a bound that is no value
SELECT go('{"not_null": ["day"]}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('{"unique": ["note"]}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('{"in_range": {"note": [1, 2]}}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('{"in_range": {"Day": [1, 2]}}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);

-- refused when submitting
SELECT go('{"uniqe": ["id"]}');
SELECT go('{"unique": "id"}');
SELECT go('{"unique": []}');
SELECT go('{"unique": [["id"], "Day"]}');
SELECT go('{"unique": [[]]}');
SELECT go('{"not_null": [1]}');
SELECT go('{"not_null": {"id": true}}');
SELECT go('{"min_rows": "1"}');
SELECT go('{"min_rows": -1}');
SELECT go('{"max_rows": 1.5}');
SELECT go('{"max_rejected": 1e30}');
SELECT go('{"in_range": ["amount"]}');
SELECT go('{"in_range": {"amount": 1}}');
SELECT go('{"in_range": {"amount": [1]}}');
SELECT go('{"in_range": {"amount": [1, 2, 3]}}');
SELECT go('{"in_range": {"amount": [true, 2]}}');
SELECT go('[1]');
SET client_min_messages = error;
DROP SCHEMA expecting CASCADE;
