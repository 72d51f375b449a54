-- A table that a job creates is filled past the executor, any other through
-- SPI: the same rows, the same errors, the same rights either way.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS two_ways CASCADE;
DROP ROLE IF EXISTS regress_two_ways;
CREATE ROLE regress_two_ways LOGIN;
GRANT transform_user TO regress_two_ways;
CREATE SCHEMA two_ways;
GRANT USAGE, CREATE ON SCHEMA two_ways TO regress_two_ways;
SET search_path = two_ways, public;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 12);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE source AS
	SELECT g AS id, (g % 100)::smallint AS small, g::bigint * 10000000000 AS big, g * 1.25 AS exact, g / 3.0::float8 AS approx, (g / 7.0)::real AS rough,
		CASE WHEN g % 5 > 0 THEN 'word ' || g END AS word, ('dom ' || g)::short AS narrow, (enum_range(NULL::mood))[1 + g % 3] AS feels,
		g % 2 = 0 AS even, date '2020-01-01' + g AS day, timestamp '2020-01-01' + g * interval '1 s' AS at,
		timestamptz '2020-01-01 UTC' + g * interval '1 ms' AS instant, decode(md5(g::text), 'hex') AS bytes, md5(g::text)::uuid AS uuid,
		jsonb_build_object('n', g) AS doc, repeat('x', g % 3000)::varchar(5000) AS long
	FROM generate_series(1, 1500) g;
INSERT INTO source DEFAULT VALUES;
GRANT SELECT ON source TO regress_two_ways;
SELECT transform_script_create('two_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_script_create('two_each', E'def transform(df):\n    return df\n', shape => 'chunk') > 0 AS created;
SELECT transform_script_create('two_more', E'def transform(df):\n    df["sum"] = df["small"] + df["big"]\n    df["len"] = df["word"].str.len()\n    return df\n', shape => 'chunk') > 0 AS created;
CREATE FUNCTION how(job bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', state, rows_written, sqlstate, error_stage, error, error_detail, error_hint) FROM transform.jobs WHERE id = job
$$;
-- An event trigger puts a statement trigger on every table called spi_...: such a
-- table is not plain, and the trigger counts the INSERTs of the executor.
CREATE TABLE inserts (relation name);
GRANT INSERT ON inserts TO regress_two_ways;
CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO two_ways.inserts VALUES (TG_RELNAME); RETURN NULL; END $$;
CREATE FUNCTION count_inserts() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
	made record;
BEGIN
	FOR made IN SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' AND object_identity LIKE 'two_ways.spi_%' LOOP
		EXECUTE format('CREATE TRIGGER counting AFTER INSERT ON %s FOR EACH STATEMENT EXECUTE FUNCTION two_ways.counting()', made.object_identity);
	END LOOP;
END
$$;
CREATE EVENT TRIGGER two_ways_count ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION count_inserts();
-- runs the same job both ways
CREATE PROCEDURE each_way(script text, source text, name text) LANGUAGE plpgsql AS $$
DECLARE
	way text;
	job bigint;
BEGIN
	FOREACH way IN ARRAY ARRAY['bulk_', 'spi_'] LOOP
		job := transform_submit(script, source::regclass, way || name, chunk_rows => 200);
		COMMIT;
		PERFORM transform_wait(job, '1 min');
		RAISE WARNING '%: %', way, how(job);
	END LOOP;
END
$$;

-- the same rows, whatever their types
CREATE FUNCTION differences(name text) RETURNS TABLE (declared bigint, only_bulk bigint, only_spi bigint, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT (SELECT count(*) FROM pg_attribute a JOIN pg_attribute b USING (attnum) WHERE a.attrelid = %1$L::regclass AND b.attrelid = %2$L::regclass
				AND (a.attname, a.atttypid, a.atttypmod, a.attcollation) IS DISTINCT FROM (b.attname, b.atttypid, b.atttypmod, b.attcollation)),
			(SELECT count(*) FROM (SELECT * FROM %1$I EXCEPT ALL SELECT * FROM %2$I) d),
			(SELECT count(*) FROM (SELECT * FROM %2$I EXCEPT ALL SELECT * FROM %1$I) d),
			(SELECT count(*) FROM %2$I)$q$, 'bulk_' || name, 'spi_' || name);
END
$$;
CALL each_way('two_same', 'source', 'whole');
CALL each_way('two_each', 'source', 'chunks');
CALL each_way('two_more', 'source', 'more');
SELECT * FROM differences('whole');
SELECT * FROM differences('chunks');
SELECT * FROM differences('more');
SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM spi_chunks) d;
SELECT relation, count(*) FROM inserts GROUP BY 1 ORDER BY 1;

-- the same errors: of the result, of a value, of a script half-way; no table is left
SELECT transform_script_create('two_fail', E'def transform(df):\n    if df["id"].min() > 800:\n        raise ValueError("late")\n    return df\n', shape => 'chunk') > 0 AS created;
SELECT transform_script_create('two_narrow', E'def transform(df):\n    df["narrow"] = df["narrow"] + " and more"\n    return df\n', shape => 'chunk') > 0 AS created;
SELECT transform_script_create('two_uuid', E'def transform(df):\n    df["uuid"] = df["uuid"].str.replace("a", "q")\n    return df\n', shape => 'chunk') > 0 AS created;
SELECT transform_script_create('two_nul', E'def transform(df):\n    df["word"] = "a\\0b"\n    return df\n', shape => 'chunk') > 0 AS created;
CALL each_way('two_fail', 'source', 'fails');
CALL each_way('two_narrow', 'source', 'fails');
CALL each_way('two_uuid', 'source', 'fails');
CALL each_way('two_nul', 'source', 'fails');
SELECT to_regclass('bulk_fails'), to_regclass('spi_fails');

-- the same rights: the role's own table, its own defaults for privileges, nothing where it may not create
ALTER DEFAULT PRIVILEGES FOR ROLE regress_two_ways IN SCHEMA two_ways GRANT SELECT ON TABLES TO PUBLIC;
SET ROLE regress_two_ways;
SELECT transform_script_create('two_mine', E'def transform(df):\n    return df\n') > 0 AS created;
CALL each_way('two_mine', 'source', 'mine');
RESET ROLE;
SELECT relname, relowner::regrole, has_table_privilege('transform_user', oid, 'SELECT') AS readable, relacl = (SELECT relacl FROM pg_class WHERE relname = 'bulk_mine') AS same_rights
FROM pg_class WHERE relname IN ('bulk_mine', 'spi_mine') ORDER BY 1;
SELECT * FROM differences('mine');
SET ROLE regress_two_ways;
BEGIN;
SELECT transform_submit('two_mine', 'source', 'bulk_late') AS bulk, transform_submit('two_mine', 'source', 'spi_late') AS spi \gset
RESET ROLE;
REVOKE CREATE ON SCHEMA two_ways FROM regress_two_ways;
COMMIT;
SELECT transform_wait(:bulk, '1 min'), transform_wait(:spi, '1 min');
SELECT how(:bulk), how(:spi);
SET client_min_messages = error;
DROP EVENT TRIGGER two_ways_count;
DROP SCHEMA two_ways CASCADE;
DROP ROLE regress_two_ways;
