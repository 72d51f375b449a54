-- From a script to a table: versions, submit, wait, run, preview, views.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS first_job CASCADE;
CREATE SCHEMA first_job;
SET search_path = first_job, public;

CREATE TABLE sales (id integer PRIMARY KEY, price double precision NOT NULL, qty integer, name varchar(20));
INSERT INTO sales SELECT g, g * 1.5, CASE WHEN g % 10 <> 0 THEN g % 7 END, 'item ' || g FROM generate_series(1, 1000) g;
ANALYZE sales;

SELECT transform_script_create('first_total', $$
def transform(df):
    df["total"] = df["price"] * df["qty"]
    return df
$$, description => 'price times quantity') > 0 AS created;
SELECT transform_submit('first_total', 'sales', 'sales_total') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT count(*), count(total), sum(total) FROM sales_total;
-- columns that are the source's keep its types
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'sales_total'::regclass AND attnum > 0 ORDER BY attnum;
SELECT count(*) AS different FROM sales s JOIN sales_total t USING (id)
WHERE (s.price, s.qty, s.name, s.price * s.qty) IS DISTINCT FROM (t.price, t.qty, t.name, t.total);
SELECT pg_get_userbyid(relowner) = current_user AS mine FROM pg_class WHERE oid = 'sales_total'::regclass;

-- the row of the job
SELECT script, version = (SELECT max(version) FROM transform.scripts WHERE name = 'first_total') AS latest,
	role = current_user::regrole AS role, source, destination, shape, mode,
	numeric_as, params, priority, chunk_rows, state, attempt, rows_read, rows_returned, rows_written,
	bytes_in > 0 AS bytes_in, bytes_out > 0 AS bytes_out, sqlstate, error, error_stage,
	cardinality(walls_enforced || walls_off) AS walls, peak_memory >= 0 AS peak_memory, cpu_time > '0' AS cpu_time,
	worker_time > '0' AS worker_time, submitted_at <= started_at AND started_at <= finished_at AS times,
	waiting_reason, limit_wall_time, limit_memory
FROM transform.jobs WHERE id = :job \gx
SELECT count(*) AS in_progress FROM transform.progress WHERE job = :job;

-- a new version; jobs of the old one keep it
SELECT transform_script_create('first_total', $$
def transform(df):
    return df[["id"]].head(3)
$$, shape => 'table') - version AS step FROM transform.jobs WHERE id = :job;
SELECT name, count(*) > 1 AS versions, count(*) FILTER (WHERE current) AS current,
	max(description) FILTER (WHERE NOT current) AS description
FROM transform.scripts WHERE name = 'first_total' GROUP BY name;

-- run: a notice says how it went
CALL transform_run('first_total', 'sales', 'three_rows') \gset
TABLE three_rows;
SELECT state, rows_read, rows_written FROM transform.jobs WHERE id = :job;

-- a job starts at commit, not before
BEGIN;
SELECT transform_submit('first_total', 'sales', 'after_commit') AS job \gset
SELECT state, attempt FROM transform.jobs WHERE id = :job;
COMMIT;
SELECT transform_wait(:job, '1 min');
-- a rolled back one never was
BEGIN;
SELECT transform_submit('first_total', 'sales', 'never') AS job \gset
ROLLBACK;
SELECT count(*) FROM transform.jobs WHERE id = :job;
SELECT to_regclass('never');

-- waiting sees the end also at a higher isolation level
SELECT transform_submit('first_total', 'sales', 'repeatable') AS job \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT transform_wait(:job, '1 min');
COMMIT;
SELECT transform_wait(:job);
SELECT transform_cancel(:job);

-- preview writes nothing
SELECT row_number, data, columns FROM transform_preview('first_total', 'sales');
SELECT transform_script_create('first_empty', $$
def transform(df):
    return df[df["id"] < 0]
$$) > 0 AS created;
SELECT row_number, data, columns FROM transform_preview('first_empty', 'sales', 5);

-- a view, a materialized view, a partitioned table as source
CREATE VIEW some_sales AS SELECT id, price FROM sales WHERE id <= 5;
CREATE MATERIALIZED VIEW few_sales AS SELECT id, price FROM sales WHERE id <= 4;
CREATE TABLE parts (id integer, price double precision) PARTITION BY RANGE (id);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts SELECT * FROM some_sales;
SELECT count(transform_submit('first_total', source, 'from_' || source))
FROM unnest('{some_sales,few_sales,parts}'::regclass[]) source;
SELECT transform_wait(id, '1 min'), source, rows_read FROM (SELECT max(id) - 2 AS first FROM transform.jobs) m, transform.jobs
WHERE id >= m.first ORDER BY id \g /dev/null
SELECT source, state, rows_read FROM transform.jobs ORDER BY id DESC LIMIT 3;

-- odd names
CREATE TABLE "Odd ""Name" ("Select" integer, "ü é" text);
INSERT INTO "Odd ""Name" VALUES (1, 'x');
SELECT transform_script_create('first_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_submit('first_same', '"Odd ""Name"', 'first_job."To ""Here"') AS job \gset
SELECT transform_wait(:job, '1 min');
TABLE "To ""Here";
SELECT source, destination FROM transform.jobs WHERE id = :job;

-- one that has been cancelled before it could start
BEGIN;
SELECT transform_submit('first_same', 'sales', 'cancelled') AS job \gset
SELECT transform_cancel(:job);
COMMIT;
SELECT transform_wait(:job);
SELECT state, sqlstate, error, error_stage FROM transform.jobs WHERE id = :job;
SELECT transform_cancel(:job);
SET client_min_messages = error;
DROP SCHEMA first_job CASCADE;
