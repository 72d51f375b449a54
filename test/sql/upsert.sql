-- Mode upsert: rows whose key is there are updated, the others inserted.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS upserting CASCADE;
DROP ROLE IF EXISTS regress_upserter;
CREATE ROLE regress_upserter LOGIN;
GRANT transform_user TO regress_upserter;
CREATE SCHEMA upserting;
GRANT USAGE ON SCHEMA upserting TO regress_upserter;
SET search_path = upserting, public;
CREATE TABLE source (id integer, amount numeric(10,2));
INSERT INTO source VALUES (1, 10.25), (2, 20.50), (3, NULL);
GRANT SELECT ON source TO regress_upserter;
SELECT transform_script_create('up_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_script_create('up_each', E'def transform(df):\n    return df\n', shape => 'chunk') > 0 AS created;
SELECT transform_script_create('up_key', E'def transform(df):\n    return df[["id"]]\n') > 0 AS created;
SELECT transform_script_create('up_rest', E'def transform(df):\n    return df[["amount"]]\n') > 0 AS created;
CREATE FUNCTION go(destination text, script text DEFAULT 'up_same', key text[] DEFAULT '{id}') RETURNS bigint
LANGUAGE sql AS $$ SELECT transform_submit(script, 'source', destination, mode => 'upsert', key => key, chunk_rows => 2) $$;
CREATE FUNCTION how(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', state, sqlstate, error_stage, error, error_detail, error_hint) FROM transform.jobs WHERE id = job
$$;

-- some are there, some are not; other columns keep what they have
CREATE TABLE target (id integer PRIMARY KEY, amount numeric(10,2), note text DEFAULT 'new', n integer GENERATED ALWAYS AS (id * 2) STORED, rest text);
INSERT INTO target (id, amount, note, rest) VALUES (2, 0, 'mine', 'stays'), (8, 8, 'mine', NULL);
SELECT go('target') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT rows_read, rows_written, rows_rejected FROM transform.jobs WHERE id = :job;
SELECT * FROM target ORDER BY id;
SELECT go('target', 'up_each') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM target ORDER BY id;

-- nothing but the key; a key of several columns, in any order
CREATE TABLE keys (id integer UNIQUE, note text DEFAULT 'new');
INSERT INTO keys VALUES (3, 'mine');
SELECT go('keys', 'up_key') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM keys ORDER BY id;
CREATE TABLE pair (id integer, amount numeric(10,2), "No te" text DEFAULT 'new', UNIQUE (amount, id) INCLUDE ("No te"));
INSERT INTO pair VALUES (1, 10.25, 'mine');
UPDATE source SET amount = 30 WHERE id = 3;
SELECT go('pair', key => '{id, amount}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM pair ORDER BY id;

-- the key must be that of a unique index that can tell which row is meant
SELECT go('pair');
SELECT go('target', key => '{amount}');
SELECT go('target', key => '{id, id}');
SELECT go('target', key => '{"ID"}');
SELECT go('nowhere');
SELECT transform_submit('up_same', 'source', 'target', mode => 'upsert');
SELECT transform_submit('up_same', 'source', 'target', key => '{id}');
CREATE TABLE weak (id integer, amount numeric, UNIQUE (id) DEFERRABLE);
CREATE UNIQUE INDEX ON weak (id) WHERE amount > 0;
CREATE UNIQUE INDEX ON weak (abs(id));
SELECT go('weak');
CREATE VIEW weak_view AS SELECT * FROM weak;
SELECT go('weak_view');
BEGIN;
SELECT go('keys', 'up_key') AS job \gset
ALTER TABLE keys DROP CONSTRAINT keys_id_key;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT how(:job);

-- a key twice in the result: in one chunk, in two; NULL; not there
INSERT INTO source VALUES (1, 99);
SELECT go('target') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('target', 'up_each') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
UPDATE source SET id = NULL WHERE amount = 99;
SELECT go('target', 'up_each') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT go('target', 'up_rest') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SELECT * FROM target ORDER BY id;
DELETE FROM source WHERE id IS NULL;

-- rights: INSERT, UPDATE, SELECT of what is written; as whom triggers run; policies
CREATE TABLE shared (id integer PRIMARY KEY, amount numeric(10,2), who text DEFAULT current_user, what text DEFAULT '');
INSERT INTO shared VALUES (1, 1, 'owner'), (9, 9, 'owner');
CREATE FUNCTION sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.who := current_user;
	NEW.what := TG_OP;
	RETURN NEW;
END
$$;
CREATE TRIGGER sign BEFORE INSERT OR UPDATE ON shared FOR EACH ROW EXECUTE FUNCTION sign();
GRANT INSERT, UPDATE ON shared TO regress_upserter;
SET ROLE regress_upserter;
SELECT transform_script_create('up_mine', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT go('shared', 'up_mine');
RESET ROLE;
GRANT SELECT (id, amount) ON shared TO regress_upserter;
SET ROLE regress_upserter;
SELECT go('shared', 'up_mine') AS job \gset
SELECT transform_wait(:job, '1 min');
RESET ROLE;
SELECT * FROM shared ORDER BY id;
ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON shared TO regress_upserter USING (id < 3) WITH CHECK (amount < 100);
UPDATE source SET amount = amount + 1;
DELETE FROM shared WHERE id = 2;
SET ROLE regress_upserter;
SELECT go('shared', 'up_mine') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
RESET ROLE;
DELETE FROM source WHERE id = 3;
SET ROLE regress_upserter;
SELECT go('shared', 'up_mine') AS job \gset
SELECT transform_wait(:job, '1 min');
RESET ROLE;
SELECT * FROM shared ORDER BY id;

-- partitions, foreign keys, identity, checks
CREATE TABLE split (id integer PRIMARY KEY, amount numeric(10,2)) PARTITION BY RANGE (id);
CREATE TABLE split_low PARTITION OF split FOR VALUES FROM (0) TO (2);
CREATE TABLE split_rest PARTITION OF split DEFAULT;
INSERT INTO split VALUES (1, 0), (50, 0);
SELECT go('split') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT tableoid::regclass AS part, id, amount FROM split ORDER BY id;
CREATE TABLE refers (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY REFERENCES split, amount numeric CHECK (amount < 20));
SELECT go('refers') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
UPDATE source SET amount = 5, id = id + 1;
SELECT go('refers') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT how(:job);
SET client_min_messages = error;
DROP SCHEMA upserting CASCADE;
DROP ROLE regress_upserter;
