-- What a job can read: every kind of relation, columns and rows of it, a query.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS sources CASCADE;
CREATE SCHEMA sources;
SET search_path = sources, public;
CREATE TABLE sales AS
	SELECT g AS id, g * 1.5::float8 AS price, g % 4 AS qty, 'n' || g AS name
	FROM generate_series(1, 100) g;
SELECT transform_script_create('source_same', E'def transform(df):\n    return df\n') > 0 AS created;

-- ---- every kind of relation, against what SQL reads from it

CREATE VIEW sales_view AS SELECT id, price FROM sales WHERE qty = 1;
CREATE MATERIALIZED VIEW sales_kept AS SELECT qty, count(*) AS n FROM sales GROUP BY qty;
CREATE TABLE parts (id integer NOT NULL, name text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50);
CREATE TABLE parts_2 (name text, gone integer, id integer NOT NULL);
ALTER TABLE parts_2 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (50) TO (1000);
INSERT INTO parts SELECT id, name FROM sales;
CREATE TABLE parent (id integer);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 'x');
-- a file of the server's own; where there is no wrapper for files, a table
SELECT count(*) = 1 AS have_file_fdw FROM pg_available_extensions WHERE name = 'file_fdw' \gset
\if :have_file_fdw
CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA public;
CREATE SERVER sources_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE far (version text) SERVER sources_files OPTIONS (filename 'PG_VERSION');
\else
CREATE TABLE far AS SELECT (current_setting('server_version_num')::integer / 10000)::text AS version;
\endif

CREATE FUNCTION differences(a regclass, b regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((SELECT * FROM %1$s EXCEPT ALL SELECT * FROM %2$s)
		UNION ALL (SELECT * FROM %2$s EXCEPT ALL SELECT * FROM %1$s)) d', a, b) INTO n;
	RETURN n;
END
$$;
SELECT kind, transform_submit('source_same', kind::regclass, 'got_' || kind) > 0 AS submitted
FROM unnest(ARRAY['sales', 'sales_view', 'sales_kept', 'parts', 'parent', 'far']) kind;
SELECT destination, transform_wait(id, '1 min') FROM transform.jobs
WHERE destination LIKE 'sources.got_%' ORDER BY id;
SELECT kind, differences(kind::regclass, ('got_' || kind)::regclass)
FROM unnest(ARRAY['sales', 'sales_view', 'sales_kept', 'parts', 'parent', 'far']) kind;
SELECT destination, rows_read FROM transform.jobs WHERE destination LIKE 'sources.got_%' ORDER BY id;

-- ---- columns and filter

SELECT transform_submit('source_same', 'sales', 'few', columns => ARRAY['name', 'id'],
	filter => 'qty = 3 AND sales.id <= 20 -- and no more') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT rows_read, columns, filter FROM transform.jobs WHERE id = :job;
SELECT * FROM few ORDER BY id;
SELECT data FROM transform_preview('source_same', 'sales', columns => ARRAY['id'],
	filter => 'id IN (SELECT max(id) FROM parts)');

-- a filter is one condition: what more there is, the parser tells
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true) UNION SELECT * FROM sales WHERE (true');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true UNION SELECT * FROM sales');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true; DROP TABLE sales');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true ORDER BY 1');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true FOR UPDATE');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'true GROUP BY id');
SELECT transform_submit('source_same', 'sales', 'x', filter => '(true /* no end');
SELECT transform_submit('source_same', 'sales', 'x', filter => '');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'nothing > 1');
SELECT transform_submit('source_same', 'sales', 'x', filter => 'id');
SELECT transform_submit('source_same', 'sales', 'x', columns => ARRAY['id', 'nothing']);
SELECT transform_submit('source_same', 'sales', 'x', columns => ARRAY['id', 'id']);
SELECT transform_submit('source_same', 'sales', 'x', columns => ARRAY['ctid']);

-- ---- a query

SELECT transform_submit('source_same', destination => 'from_query', source_query => $$
	WITH big AS (SELECT * FROM sales WHERE price > 100)
	SELECT p.id, sum(b.price) AS total FROM parts p LEFT JOIN big b USING (id)
	GROUP BY p.id HAVING p.id > 60; -- a comment
$$, columns => ARRAY['total', 'id'], filter => 'source.id < 70') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT source, rows_read FROM transform.jobs WHERE id = :job;
SELECT * FROM from_query ORDER BY id;
SELECT data FROM transform_preview('source_same', source_query => 'VALUES (1, NULL::text), (2, ''b'') ORDER BY 1 DESC');

-- one SELECT, and nothing else
SELECT transform_submit('source_same', destination => 'x', source_query => 'DELETE FROM sales');
SELECT transform_submit('source_same', destination => 'x', source_query => 'EXPLAIN SELECT 1');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT 1; SELECT 2');
SELECT transform_submit('source_same', destination => 'x', source_query => ' -- nothing');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT id INTO y FROM sales UNION SELECT 1');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT * FROM sales FOR UPDATE');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT * FROM (SELECT * FROM sales FOR SHARE) s');
SELECT transform_submit('source_same', destination => 'x', source_query => 'WITH d AS (DELETE FROM sales RETURNING id) SELECT * FROM d');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT id FROM sales) s, (SELECT 1');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT $1::integer');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT 1 AS a, 2 AS a');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT');
SELECT transform_submit('source_same', destination => 'x', source_query => 'SELECT nowhere FROM sales');
SELECT transform_submit('source_same', 'sales', 'x', source_query => 'SELECT 1');
SELECT transform_submit('source_same', destination => 'x');

-- a function that writes is found out when it runs, in a query as in a view
CREATE FUNCTION writes(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sources.parent VALUES (n);
	RETURN n;
END
$$;
CREATE VIEW writing AS SELECT writes(id) AS id FROM sales;
CREATE SEQUENCE counter;
SELECT transform_submit('source_same', destination => 'x1', source_query => 'SELECT writes(id) FROM sales') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;
SELECT transform_submit('source_same', 'writing', 'x2') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;
SELECT data FROM transform_preview('source_same', source_query => 'SELECT nextval(''counter'')');
-- nor does it leave behind what would write at the commit
CREATE FUNCTION writes_later(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'DECLARE later CURSOR WITH HOLD FOR SELECT sources.writes(7)';
	RETURN n;
END
$$;
SELECT data FROM transform_preview('source_same', source_query => 'SELECT writes_later(1) AS id');
SELECT count(*) FROM ONLY parent;

-- a function that the planner calls changes what the names of another source mean
CREATE SCHEMA sources_other;
CREATE TABLE turned (x text);
CREATE TABLE sources_other.turned (x bigint);
INSERT INTO turned VALUES ('text');
INSERT INTO sources_other.turned VALUES (65);
CREATE FUNCTION turn() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_setting('sources.called', true) = 'once' THEN
		PERFORM set_config('search_path', 'sources_other', false);
	END IF;
	PERFORM set_config('sources.called', 'once', false);
	RETURN 0;
END
$$;
SELECT transform_script_create('source_second', E'def transform(a, b):\n    return b\n') > 0 AS created;
SELECT data FROM transform_preview('source_second', sources => '{"a": {"query": "SELECT 1 AS y WHERE sources.turn() = 0"}, "b": {"query": "SELECT x FROM turned"}}');
DROP SCHEMA sources_other CASCADE;

-- names mean what they meant at the submit, whatever the job's session has
SELECT transform_submit('source_same', destination => 'by_path', source_query => 'SELECT count(*) AS n FROM sales') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM by_path;

-- ---- rights: those of the role, on what is read

CREATE ROLE sources_reader IN ROLE transform_user;
GRANT USAGE, CREATE ON SCHEMA sources TO sources_reader;
GRANT SELECT (id, name) ON sales TO sources_reader;
CREATE TABLE guarded AS SELECT g AS id, CASE WHEN g > 2 THEN 'sources_reader' ELSE 'other' END AS owner
FROM generate_series(1, 4) g;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (owner = current_user);
GRANT SELECT ON guarded TO sources_reader;
SET ROLE sources_reader;
SELECT transform_script_create('source_reader', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_submit('source_reader', 'sales', 'x3');
SELECT transform_submit('source_reader', 'sales', 'x3', columns => ARRAY['id', 'price']);
SELECT transform_submit('source_reader', 'sales', 'x3', columns => ARRAY['id'], filter => 'price > 3');
SELECT transform_submit('source_reader', destination => 'x3', source_query => 'SELECT id FROM sales WHERE price > 3');
SELECT transform_submit('source_reader', destination => 'x3', source_query => 'SELECT * FROM sales_view');
SELECT transform_submit('source_reader', 'sales', 'two_columns', columns => ARRAY['name', 'id'], filter => 'id = 7') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM two_columns;
SELECT transform_submit('source_reader', 'guarded', 'seen') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT transform_submit('source_reader', destination => 'seen_by_query', source_query => 'SELECT * FROM guarded') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM seen ORDER BY id;
SELECT * FROM seen_by_query ORDER BY id;
-- a right that goes between submit and run
BEGIN;
SELECT transform_submit('source_reader', destination => 'x4', source_query => 'SELECT id FROM sales') AS job \gset
RESET ROLE;
REVOKE SELECT (id, name) ON sales FROM sources_reader;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;

SET client_min_messages = error;
DROP SCHEMA sources CASCADE;
\if :have_file_fdw
DROP EXTENSION file_fdw CASCADE;
\endif
DROP ROLE sources_reader;
