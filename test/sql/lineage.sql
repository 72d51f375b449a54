-- What a job row says about where its time went, and how to repeat it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS lineage CASCADE;
CREATE SCHEMA lineage;
SET search_path = lineage, public;
CREATE TABLE source AS SELECT g AS id, g * 1.5::float8 AS price, nullif(g % 7, 0) AS kind, 'row ' || g AS label,
	repeat('x', g % 40) AS long, g % 2 = 0 AS even, date '2024-01-01' + g AS day FROM generate_series(1, 5000) g;

SELECT transform_script_create('lineage_add', $$
def transform(df):
    df["total"] = df["price"] * 2
    return df
$$) > 0 AS created;
SELECT transform_submit('lineage_add', 'source', 'a') AS job \gset
SELECT transform_wait(:job, '1 min');

-- the parts of its time: all there, none negative, together no more than the attempt took
CREATE FUNCTION parts(transform.jobs) RETURNS interval[] LANGUAGE sql AS $$
	SELECT ARRAY[$1.wait_time, $1.start_time, $1.read_time, $1.script_time, $1.write_time] $$;
SELECT array_position(parts(j), NULL) IS NULL AS all_there, interval '0' <= ALL (parts(j)) AS sane,
	start_time + read_time + script_time + write_time <= finished_at - started_at AS within
FROM transform.jobs j WHERE id = :job;
CREATE PROCEDURE committed() LANGUAGE plpgsql AS $$
BEGIN
	WHILE (SELECT commit_time IS NULL FROM transform.jobs ORDER BY id DESC LIMIT 1) LOOP
		PERFORM pg_sleep(0.01);	-- allow-sleep: until the row says it
	END LOOP;
END
$$;
CALL committed();
SELECT commit_time > interval '0' AS committed, bytes_in > 0 AND bytes_out > bytes_in AS counted
FROM transform.jobs WHERE id = :job;

-- a script that is slow, a source that is slow, a destination that is slow: the row says which
SELECT transform_script_create('lineage_slow', $$
def transform(df):
    total = 0
    for i in range(3000000):
        total += i
    return df
$$) > 0 AS created;
CREATE FUNCTION pause() RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN 1; END $$; -- allow-sleep: it is the time that is looked for
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$; -- allow-sleep: it is the time that is looked for
CREATE VIEW slow AS SELECT id, pause() AS price FROM source WHERE id = 1;
CREATE TABLE held (id integer, price float8, total float8);
CREATE TRIGGER hold BEFORE INSERT ON held FOR EACH ROW EXECUTE FUNCTION hold();
CREATE TABLE late (LIKE held);
CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold();
CREATE VIEW one AS SELECT id, price FROM source WHERE id = 1;
SELECT transform_submit('lineage_slow', 'source', 'b') AS script,
	transform_submit('lineage_add', 'slow', 'c') AS read,
	transform_submit('lineage_add', 'one', 'held', mode => 'append') AS write,
	transform_submit('lineage_add', 'one', 'late', mode => 'append') AS commit \gset
SELECT transform_wait(:script, '1 min'), transform_wait(:read, '1 min'), transform_wait(:write, '1 min'), transform_wait(:commit, '1 min');
SELECT (SELECT script_time > greatest(read_time, write_time) FROM transform.jobs WHERE id = :script) AS script,
	(SELECT read_time >= interval '0.4 s' FROM transform.jobs WHERE id = :read) AS read,
	(SELECT write_time >= interval '0.4 s' FROM transform.jobs WHERE id = :write) AS write;
CALL committed();
SELECT commit_time >= interval '0.4 s' AS commit FROM transform.jobs WHERE id = :commit;

-- what it takes to repeat it
SELECT script_hash = encode(sha256(convert_to(code, 'UTF8')), 'hex') AS hash, length(output_digest) AS digest,
	pg_snapshot_xmin(snapshot)::text::bigint > 0 AS snapshot, j.packages ?& ARRAY['Python', 'pandas', 'numpy', 'pyarrow', 'RestrictedPython', 'sandbox_host', 'policy'] AS packages
FROM transform.jobs j JOIN transform.scripts s ON s.name = j.script AND s.version = j.version WHERE id = :job;

CREATE VIEW few AS SELECT id, price FROM source WHERE id <= 3;
SELECT transform_submit('lineage_add', 'few', 'e', columns => ARRAY['price'], filter => 'id > 1') AS viewed \gset
SELECT transform_wait(:viewed, '1 min');
SELECT source_definition ~ '^SELECT price FROM lineage.few WHERE \(\nid > 1\n\)\n-- lineage.few:\n.*id <= 3' AS defined FROM transform.jobs WHERE id = :viewed;

-- the digest: the same for the same rows in any order and any chunks, another one for others
CREATE VIEW backwards AS SELECT * FROM source ORDER BY id DESC;
CREATE VIEW changed AS SELECT id, price, kind, CASE id WHEN 4000 THEN 'row 4001' WHEN 4001 THEN 'row 4000' ELSE label END AS label, long, even, day FROM source;
CREATE VIEW nulled AS SELECT id, price, CASE WHEN id <> 17 THEN kind END AS kind, label, long, even, day FROM source;
SELECT transform_script_create('lineage_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_submit('lineage_same', 'source', 'd1') AS first, transform_submit('lineage_same', 'backwards', 'd2', shape => 'chunk', chunk_rows => 17) AS order,
	transform_submit('lineage_same', 'changed', 'd3') AS swap, transform_submit('lineage_same', 'nulled', 'd4') AS null \gset
SELECT transform_wait(:first, '1 min'), transform_wait(:order, '1 min'), transform_wait(:swap, '1 min'), transform_wait(:null, '1 min');
SELECT count(DISTINCT output_digest) AS digests,
	count(DISTINCT output_digest) FILTER (WHERE id IN (:first, :order)) AS same FROM transform.jobs WHERE id IN (:first, :order, :swap, :null);

-- run again and compare
SELECT same, digest_then = digest_now AS digests, rows_then, rows_now FROM transform_verify(:job);
UPDATE source SET price = price + 1 WHERE id = 3;
SELECT same, digest_then = digest_now AS digests, rows_then, rows_now FROM transform_verify(:job);
SELECT transform_script_create('lineage_fail', E'def transform(df):\n    return df["missing"]\n') > 0 AS created;
SELECT transform_submit('lineage_fail', 'source', 'f') AS failed \gset
SELECT transform_wait(:failed, '1 min');
SELECT output_digest, script_time IS NOT NULL AS timed, packages ? 'pandas' AS packages FROM transform.jobs WHERE id = :failed;
\set VERBOSITY terse
DO $$ BEGIN PERFORM transform_verify((SELECT max(id) FROM transform.jobs));
EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SELECT transform_verify(0);
DROP SCHEMA lineage CASCADE;
