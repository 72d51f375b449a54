-- The table explorer: transform_tables, _columns, _table_preview, _table_profile.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS "Ex; plorer" CASCADE;
DROP SCHEMA IF EXISTS explorer_closed CASCADE;
DROP SERVER IF EXISTS explorer_server CASCADE;
DROP FOREIGN DATA WRAPPER IF EXISTS explorer_wrapper;
DROP ROLE IF EXISTS regress_explorer, regress_other, regress_plain;
CREATE ROLE regress_explorer;
CREATE ROLE regress_other;
CREATE ROLE regress_plain;
GRANT transform_user TO regress_explorer, regress_other;
CREATE SCHEMA "Ex; plorer";
CREATE SCHEMA explorer_closed;
GRANT USAGE ON SCHEMA "Ex; plorer" TO regress_explorer, regress_other, regress_plain;
SET search_path = "Ex; plorer", public;
SET TimeZone = 'UTC';

-- ---- every kind ----
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN percent AS numeric(5,2) CHECK (VALUE <= 100);
CREATE TABLE sales (
	id integer PRIMARY KEY,
	region text NOT NULL,
	price numeric(10,2),
	day date,
	"a ""quoted"" name; --" integer,
	mood mood,
	UNIQUE (region, day)
);
COMMENT ON TABLE sales IS 'what was sold';
COMMENT ON COLUMN sales.price IS 'in euro';
INSERT INTO sales SELECT g, 'r' || g % 3, CASE WHEN g % 10 <> 0 THEN g END,
	date '2026-01-01' + g, g % 2, (ARRAY['sad', 'ok', NULL]::mood[])[g % 3 + 1]
	FROM generate_series(1, 100) g;
CREATE VIEW cheap AS SELECT id, price FROM sales WHERE price < 50;
CREATE MATERIALIZED VIEW by_region AS SELECT region, count(*) AS n FROM sales GROUP BY region;
CREATE TABLE parted (id integer NOT NULL, v text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO parted SELECT g, 'v' FROM generate_series(1, 150) g;
CREATE FOREIGN DATA WRAPPER explorer_wrapper;
CREATE SERVER explorer_server FOREIGN DATA WRAPPER explorer_wrapper;
CREATE FOREIGN TABLE elsewhere (id integer, v text) SERVER explorer_server;
CREATE TABLE "Robert'); DROP TABLE sales; --" ("x""; DROP TABLE sales; --" integer);
INSERT INTO "Robert'); DROP TABLE sales; --" VALUES (1), (1), (NULL);
CREATE TABLE empty_table (n integer, t text, j json);
CREATE TABLE no_columns ();
CREATE TABLE secret (n integer);
CREATE TABLE half_secret (open_column integer, closed_column integer);
INSERT INTO half_secret VALUES (1, 42);
CREATE TABLE guarded (owner name, n integer);
INSERT INTO guarded SELECT CASE WHEN g <= 3 THEN 'regress_explorer' ELSE 'regress_other' END, g
	FROM generate_series(1, 1000) g;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (owner = current_user);
CREATE TABLE explorer_closed.inside (n integer);
GRANT SELECT ON ALL TABLES IN SCHEMA "Ex; plorer", explorer_closed TO regress_explorer;
REVOKE SELECT ON secret, half_secret FROM regress_explorer;
GRANT SELECT (open_column) ON half_secret TO regress_explorer;
CREATE TEMPORARY TABLE temporary (n integer);
GRANT SELECT ON temporary TO regress_explorer;
ANALYZE sales, guarded, parted, parted_1, parted_2, by_region, half_secret;

SET ROLE regress_explorer;
SELECT name, kind, CASE WHEN name <> 'Robert''); DROP TABLE sales; --' THEN estimated_rows END AS rows, size_bytes > 0 AS size, comment, row_security
FROM transform_tables() WHERE schema = 'Ex; plorer';
SELECT schema, name FROM transform_tables('sal%');
SELECT schema, name FROM transform_tables('Ex;%.half\_%');
SELECT count(*) FROM transform_tables() WHERE schema <> 'Ex; plorer' AND name IN ('inside', 'temporary', 'pg_class', 'jobs');
SELECT transform.estimated_rows('guarded'::regclass) AS hidden;
RESET ROLE;
SELECT estimated_rows, row_security FROM transform_tables('guarded');

-- ---- columns ----
SET ROLE regress_explorer;
SELECT * FROM transform_columns('sales');
SELECT name, nullable, key FROM transform_columns('cheap');
SELECT name, pandas FROM transform_columns('half_secret');
SELECT name FROM transform_columns('"Robert''); DROP TABLE sales; --"');
SELECT count(*) FROM transform_columns('no_columns');
SELECT name, pandas FROM transform_columns('pg_stats') WHERE name = 'most_common_vals';

-- the dtypes are those that a script sees
RESET ROLE;
CREATE TABLE kinds (
	b boolean NOT NULL, b0 boolean, i2 smallint NOT NULL, i20 smallint, i4 integer NOT NULL,
	i40 integer, i8 bigint NOT NULL, i80 bigint, f4 real NOT NULL, f40 real, f8 float8 NOT NULL,
	f80 float8, n numeric, n2 numeric(10,2), n60 numeric(60,3), d percent, t text NOT NULL,
	t0 text, vc varchar(5), ch char(3), na name, js json, jb jsonb, u uuid, by bytea, da date NOT NULL,
	da0 date, ti time, ts timestamp, tz timestamptz, iv interval, ai integer[], at text[] NOT NULL,
	an numeric(10,2)[], ad timestamp[], m mood, p pair, r int4range, ip inet, mo money, x xid8);
INSERT INTO kinds (b, i2, i4, i8, f4, f8, t, da, at) VALUES (true, 1, 1, 1, 1, 1, 't', '2026-01-01', '{a}');
GRANT SELECT ON kinds TO regress_explorer;
SET ROLE regress_explorer;
SELECT transform_script_create('dtypes', $$
import pandas as pd
def transform(df):
    return pd.DataFrame({"name": list(df.columns), "dtype": [str(t) for t in df.dtypes]})
$$) AS version;
CREATE TEMPORARY TABLE seen AS
	SELECT w.backend, w.numeric, s.data
	FROM (VALUES ('numpy', 'float64'), ('numpy_nullable', 'decimal'), ('pyarrow', 'decimal')) w(backend, numeric),
		LATERAL transform_preview('dtypes', 'kinds', 100, numeric_as => w.numeric, dtype_backend => w.backend) s;
SELECT s.backend, count(*) AS columns,
	count(*) FILTER (WHERE regexp_replace(c.pandas, ' \([a-zA-Z.]+\)$', '') = s.data->>'dtype') AS as_seen
FROM seen s, LATERAL transform_columns('kinds', s.numeric, s.backend) c
WHERE c.name = s.data->>'name' GROUP BY 1 ORDER BY 1;
SELECT s.backend, c.name, c.pandas, s.data->>'dtype' AS seen
FROM seen s, LATERAL transform_columns('kinds', s.numeric, s.backend) c
WHERE c.name = s.data->>'name'
	AND regexp_replace(c.pandas, ' \([a-zA-Z.]+\)$', '') <> s.data->>'dtype';
SELECT name, type, pandas FROM transform_columns('kinds', 'decimal') WHERE name IN ('n2', 'an', 'by', 'ti');

-- ---- preview ----
SELECT * FROM transform_table_preview('sales', 2, 'id DESC');
SELECT * FROM transform_table_preview('cheap', filter => 'cheap.price > 48', order_by => 'id');
SELECT count(*) FROM transform_table_preview('sales');
SELECT data FROM transform_table_preview('half_secret');
SELECT data FROM transform_table_preview('"Robert''); DROP TABLE sales; --"', 1);
SELECT data FROM transform_table_preview('guarded', 10, 'n');
SELECT count(*) FROM transform_table_preview('parted', 1000);
SELECT count(*) FROM transform_table_preview('empty_table');
SELECT count(*) FROM transform_table_preview('no_columns');
SELECT data->'ai' AS ai, data->'t' AS t FROM transform_table_preview('kinds');

-- ---- profile ----
SELECT name, type, rows, nulls, distinct_values AS distinct, min, max, quantiles, wide, exact
FROM transform_table_profile('sales');
SELECT name, most_common FROM transform_table_profile('sales') WHERE name IN ('region', 'mood');
SELECT name, rows, nulls, max, exact FROM transform_table_profile('cheap');
SELECT name, rows, distinct_values, max, exact FROM transform_table_profile('parted');
SELECT name, rows, exact FROM transform_table_profile('by_region', 3);
SELECT name, rows, min FROM transform_table_profile('half_secret');
SELECT rows, nulls, most_common FROM transform_table_profile('"Robert''); DROP TABLE sales; --"');
SELECT name, rows, nulls, distinct_values, min, most_common, exact FROM transform_table_profile('empty_table');
SELECT * FROM transform_table_profile('no_columns');
-- row-level security: not a value, not a count of rows that are hidden
SELECT name, rows, distinct_values, min, max, most_common FROM transform_table_profile('guarded');
-- types without order, or without equality; values that are too wide
RESET ROLE;
CREATE TABLE odd (j json, x xml, po point, i xid, c pair, a integer[], r int4range, bo box, jp jsonpath, w text, f float8);
ALTER TABLE odd ALTER w SET STORAGE EXTERNAL;
INSERT INTO odd VALUES ('{"a": 1}', NULL, '(1,2)', '5', '(1,x)', '{1,2}', '[1,5)', '((0,0),(1,1))', '$.a', repeat('x', 2000), 'NaN'),
	('[]', NULL, NULL, '5', '(0,y)', NULL, NULL, NULL, NULL, 'short', 1), (NULL, NULL, NULL, NULL, '(,)', NULL, NULL, NULL, NULL, NULL, 'Infinity');
GRANT SELECT ON odd TO regress_explorer;
SET ROLE regress_explorer;
SELECT name, nulls, distinct_values AS distinct, min, max, quantiles, wide FROM transform_table_profile('odd');
-- a table with many columns
RESET ROLE;
DO $$BEGIN EXECUTE format('CREATE TABLE broad (%s)', (SELECT string_agg(format('c%s text', g), ', ') FROM generate_series(1, 300) g)); END$$;
INSERT INTO broad (c1, c300) VALUES ('a', 'b');
GRANT SELECT ON broad TO regress_explorer;
-- a sample of a table that is larger than the ceiling
CREATE TABLE large AS SELECT g AS n, repeat('x', 200) AS filler FROM generate_series(1, 40000) g;
ANALYZE large;
GRANT SELECT ON large TO regress_explorer;
SET ROLE regress_explorer;
SELECT count(*), sum(rows) FROM transform_table_profile('broad');
SELECT rows BETWEEN 500 AND 1000 AS sampled, exact, (max::text)::integer > 1500 AS not_the_first, nulls
FROM transform_table_profile('large', 1000) WHERE name = 'n';
SELECT count(DISTINCT p::text) AS same FROM (SELECT transform_table_profile('large', 1000) p UNION ALL SELECT transform_table_profile('large', 1000)) s
	GROUP BY (p).name;
SELECT rows, exact FROM transform_table_profile('large') WHERE name = 'n' AND rows > 30000;

\set SHOW_CONTEXT never
-- ---- what they call may not write, and finds what the caller finds ----
RESET ROLE;
CREATE TABLE written (n integer);
GRANT SELECT, INSERT ON written TO regress_explorer;
CREATE FUNCTION write_it() RETURNS integer LANGUAGE sql AS 'INSERT INTO written VALUES (1) RETURNING n';
CREATE FUNCTION write_later() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'DECLARE later CURSOR WITH HOLD FOR SELECT "Ex; plorer".write_it()';
	RETURN 1;
END
$$;
CREATE FUNCTION limit_of() RETURNS integer LANGUAGE sql AS 'SELECT max(id) FROM sales';
CREATE VIEW writing AS SELECT write_it() AS n;
CREATE VIEW looking AS SELECT limit_of() AS n;
GRANT SELECT ON writing, looking TO regress_explorer;
SET ROLE regress_explorer;
SELECT * FROM transform_table_preview('writing');
SELECT * FROM transform_table_profile('writing');
SELECT * FROM transform_table_preview('sales', filter => 'write_it() = 1');
SELECT * FROM transform_table_preview('sales', filter => 'write_later() = 1');
SELECT data FROM transform_table_preview('looking');
SELECT min FROM transform_table_profile('looking');
INSERT INTO written VALUES (2);
SELECT n FROM written;

-- operators and functions of the caller's are not ours
RESET ROLE;
CREATE FUNCTION trap(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE FUNCTION trap(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OPERATOR = (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = trap);
CREATE OPERATOR = (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap);
CREATE OPERATOR <= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap);
CREATE FUNCTION count(text) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE FUNCTION to_jsonb(text) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
SET ROLE regress_explorer;
SET search_path = "Ex; plorer", pg_catalog, public;
SELECT count(*) FROM public.transform_tables('sales');
SELECT count(*) FROM transform_columns('sales');
SELECT count(*) FROM transform_table_preview('sales', 3);
SELECT count(*) FROM transform_table_profile('sales');
RESET search_path;
SET search_path = "Ex; plorer", public;

-- ---- refusals ----
SELECT * FROM transform_columns('secret');
SELECT * FROM transform_table_preview('secret');
SELECT * FROM transform_table_profile('secret');
SELECT * FROM transform_table_preview('explorer_closed.inside');
SELECT * FROM transform_table_preview('half_secret', filter => 'closed_column = 42');
SELECT * FROM transform_table_preview('half_secret', order_by => 'closed_column');
SELECT * FROM transform_columns('sales_pkey');
SELECT * FROM transform_columns(NULL);
SELECT * FROM transform_columns('sales', 'roman');
SELECT * FROM transform_columns('sales', dtype_backend => 'polars');
SELECT * FROM transform_table_preview('sales', 0);
SELECT * FROM transform_table_preview('sales', 1001);
SELECT * FROM transform_table_preview('sales', order_by => 'id LIMIT 1');
SELECT * FROM transform_table_preview('sales', order_by => 'id; DELETE FROM sales');
SELECT * FROM transform_table_preview('sales', order_by => '');
SELECT * FROM transform_table_preview('sales', order_by => 'nowhere');
SELECT * FROM transform_table_preview('sales', filter => 'true) UNION SELECT (1');
SELECT * FROM transform_table_profile('sales', 30001);
SELECT * FROM transform_table_preview('elsewhere');
SET transform.max_profile_rows = 5;
RESET ROLE;
SET transform.max_profile_rows = 5;
SELECT rows, exact FROM transform_table_profile('sales') LIMIT 1;
RESET transform.max_profile_rows;
-- nothing without the role
SET ROLE regress_plain;
SELECT * FROM transform_tables();
SELECT * FROM transform_columns('sales');
SELECT * FROM transform_table_preview('sales');
SELECT * FROM transform_table_profile('sales');

RESET ROLE;
DROP SCHEMA "Ex; plorer" CASCADE;
DROP SCHEMA explorer_closed CASCADE;
DROP SERVER explorer_server CASCADE;
DROP FOREIGN DATA WRAPPER explorer_wrapper;
