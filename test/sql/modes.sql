-- create and append; what the destination itself does to the rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS modes CASCADE;
CREATE SCHEMA modes;
SET search_path = modes, public;
CREATE TABLE source (id integer, amount numeric(10,2));
INSERT INTO source VALUES (1, 10.25), (2, 20.50), (3, NULL);
SELECT transform_script_create('mode_same', E'def transform(df):\n    return df\n') > 0 AS created;
CREATE FUNCTION go(destination text, mode text DEFAULT 'append', script text DEFAULT 'mode_same') RETURNS bigint
LANGUAGE sql AS $$ SELECT transform_submit(script, 'source', destination, mode => mode) $$;
CREATE FUNCTION how(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', state, sqlstate, error_stage, error, error_detail, error_hint) FROM transform.jobs WHERE id = job
$$;

-- create, then append to it
SELECT go('target', 'create') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT go('target') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT id, amount, count(*) FROM target GROUP BY 1, 2 ORDER BY 1;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'target'::regclass AND attname = 'amount';

-- two jobs for one new table: the second one fails
SELECT go('once', 'create') AS first, go('once', 'create') AS second \gset
SELECT transform_wait(:first, '1 min') || ' ' || transform_wait(:second, '1 min') IN ('succeeded failed', 'failed succeeded') AS one_of_them;
SELECT sqlstate, error FROM transform.jobs WHERE id IN (:first, :second) AND state = 'failed';

-- defaults, constraints, triggers and rules of the destination apply
CREATE TABLE busy (id integer PRIMARY KEY CHECK (id < 100), amount numeric(12,3), at date DEFAULT '2020-02-02',
	who text DEFAULT current_user, seen text DEFAULT '');
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.seen := TG_OP;
	RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE INSERT ON busy FOR EACH ROW WHEN (NEW.id > 1) EXECUTE FUNCTION note();
SELECT go('busy') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT id, amount, at, who = current_user AS mine, seen FROM busy ORDER BY id;
SELECT go('busy') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT count(*) FROM busy;

-- a constraint that is checked at commit fails the job, whole
CREATE TABLE late (id integer, amount numeric(10,2), CONSTRAINT late_once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO late VALUES (2, 0);
SELECT go('late') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT count(*) FROM late;

-- partitioned destination, updatable view
CREATE TABLE split (id integer, amount numeric(10,2)) PARTITION BY LIST (id);
CREATE TABLE split_rest PARTITION OF split DEFAULT;
CREATE VIEW window_on AS SELECT id, amount FROM late;
TRUNCATE late;
SELECT go('split') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT go('window_on') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT (SELECT count(*) FROM split) AS split, (SELECT count(*) FROM late) AS late;

-- to itself
SELECT go('source') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT count(*) FROM source;

-- the destination is dropped while the job waits; it exists all of a sudden
BEGIN;
SELECT go('split') AS job \gset
DROP TABLE split CASCADE;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
BEGIN;
SELECT go('sudden', 'create') AS job \gset
CREATE TABLE sudden (id integer);
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SET client_min_messages = error;
DROP SCHEMA modes CASCADE;
