-- Several sources for one script, and scripts that pull their rows themselves.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS inputs CASCADE;
CREATE SCHEMA inputs;
SET search_path = inputs, public;
CREATE TABLE orders AS SELECT g AS id, g % 5 AS customer, g * 1.5::float8 AS price FROM generate_series(1, 20) g;
CREATE TABLE customers (customer integer PRIMARY KEY, name varchar(20));
INSERT INTO customers SELECT g, 'c' || g FROM generate_series(1, 5) g;

-- ---- several inputs, by the names of the parameters

SELECT transform_script_create('inputs_merge', $$
def transform(orders, customers, params):
    return orders.merge(customers, on="customer")[["id", "name"]].sort_values("id").head(params["n"])
$$) > 0 AS created;
SELECT transform_submit('inputs_merge', destination => 'merged', params => '{"n": 4}', sources => '{
	"orders": "inputs.orders",
	"customers": {"query": "SELECT * FROM customers WHERE customer > 1"}}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, error, source, rows_read FROM transform.jobs WHERE id = :job;
SELECT * FROM merged ORDER BY id;
-- a column keeps its declaration
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'merged'::regclass AND attname = 'name';
SELECT data FROM transform_preview('inputs_merge', sources => '{"orders": "orders", "customers": "customers"}', params => '{"n": 1}');

-- names are those of the parameters
SELECT data FROM transform_preview('inputs_merge', sources => '{"orders": "orders", "clients": "customers"}', params => '{"n": 1}');
SELECT data FROM transform_preview('inputs_merge', sources => '{"orders": "orders"}', params => '{"n": 1}');
SELECT data FROM transform_preview('inputs_merge', 'orders', params => '{"n": 1}');
-- said at once when it is checked
SELECT severity, what, instead FROM transform_validate(E'def transform(orders, customers):\n    return orders\n');

-- all on one snapshot, whatever commits in between: both counts are of one moment
CREATE TABLE a AS SELECT 1 AS n;
CREATE TABLE b AS SELECT 1 AS n;
SELECT transform_script_create('inputs_same', $$
import pandas as pd
def transform(a, b):
    return pd.DataFrame({"a": [len(a)], "b": [len(b)]})
$$) > 0 AS created;
CREATE TABLE counted (a bigint, b bigint);
CREATE PROCEDURE race() LANGUAGE plpgsql AS $$
DECLARE
	jobs bigint[];
BEGIN
	FOR i IN 1 .. 8 LOOP
		jobs := jobs || transform_submit('inputs_same', destination => 'inputs.counted', mode => 'append',
			sources => '{"a": "inputs.a", "b": "inputs.b"}');
		COMMIT;
		FOR j IN 1 .. 20 LOOP
			INSERT INTO inputs.a VALUES (1);
			INSERT INTO inputs.b VALUES (1);
			COMMIT;
		END LOOP;
	END LOOP;
	PERFORM transform_wait(job, '1 min') FROM unnest(jobs) job;
END
$$;
CALL race();
SELECT count(*), count(*) FILTER (WHERE a <> b) AS torn FROM counted;

-- rights on each
CREATE ROLE inputs_reader IN ROLE transform_user;
GRANT USAGE, CREATE ON SCHEMA inputs TO inputs_reader;
GRANT SELECT ON a TO inputs_reader;
SET ROLE inputs_reader;
SELECT transform_script_create('inputs_reader', E'def transform(a, b):\n    return a\n') > 0 AS created;
SELECT transform_submit('inputs_reader', destination => 'x', sources => '{"a": "a", "b": "b"}');
SELECT transform_submit('inputs_reader', destination => 'x', sources => '{"a": "a", "b": {"query": "SELECT * FROM b"}}');
RESET ROLE;

-- what is refused
SELECT transform_submit('inputs_same', destination => 'x', sources => '{}');
SELECT transform_submit('inputs_same', destination => 'x', sources => '["a", "b"]');
SELECT transform_submit('inputs_same', destination => 'x', sources => '{"a": 1, "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', sources => '{"a": {"sql": "SELECT 1"}, "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', sources => '{"a": {"query": "DELETE FROM a"}, "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', sources => '{"a": "nowhere", "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', sources => '{"a": "-", "b": "b"}');
SELECT transform_submit('inputs_same', 'a', 'x', sources => '{"a": "a", "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', shape => 'chunk', sources => '{"a": "a", "b": "b"}');
SELECT transform_submit('inputs_same', destination => 'x', filter => 'n > 1', sources => '{"a": "a", "b": "b"}');

-- ---- a transform that yields pulls its data frames itself

SELECT transform_script_create('inputs_yield', $$
import pandas as pd
def transform(chunks):
    total = 0
    for df in chunks:
        total += len(df)
        df["so_far"] = total
        yield df
    yield pd.DataFrame({"id": [0], "customer": [0], "price": [0.0], "so_far": [-total]})
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('inputs_yield', 'orders', 'yielded', chunk_rows => 8) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT so_far, count(*) FROM yielded GROUP BY 1 ORDER BY 1;
SELECT transform_submit('inputs_yield', 'orders', 'yielded_groups', shape => 'group', group_by => ARRAY['customer']) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT so_far, count(*), count(DISTINCT customer) FROM yielded_groups GROUP BY 1 ORDER BY 1;
SELECT transform_submit('inputs_yield', 'orders', 'yielded_whole', shape => 'table') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT so_far, count(*) FROM yielded_whole GROUP BY 1 ORDER BY 1;

-- lines and rows of its errors; limits hold
SELECT transform_script_create('inputs_fails', $$
def transform(chunks):
    for df in chunks:
        if (df["id"] == 13).any():
            raise ValueError("thirteen")
        yield df
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('inputs_fails', 'orders', 'x', chunk_rows => 8) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, traceback FROM transform.jobs WHERE id = :job;
SELECT transform_script_create('inputs_endless', $$
def transform(chunks):
    df = next(chunks)
    while True:
        yield df
$$, shape => 'chunk') > 0 AS created;
SET transform.job_output_rows = 100;
SELECT transform_submit('inputs_endless', 'orders', 'x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error FROM transform.jobs WHERE id = :job;
RESET transform.job_output_rows;
SELECT transform_script_create('inputs_nothing', $$
def transform(chunks):
    for df in chunks:
        if len(df) > 1000:
            yield df
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('inputs_nothing', 'orders', 'x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_hint FROM transform.jobs WHERE id = :job;

-- ---- shape table: more than the worker may hold is refused early

CREATE TABLE large (id, t) WITH (autovacuum_enabled = off) AS SELECT g, repeat('x', 1000) FROM generate_series(1, 100000) g;
SET transform.job_memory = '64MB';
SELECT transform_script_create('inputs_one', E'def transform(df):\n    return df[["id"]].head(1)\n') > 0 AS created;
-- counted while it is read
SELECT transform_submit('inputs_one', destination => 'x', source_query => 'SELECT * FROM large') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, regexp_replace(error, '[0-9.]+ MB, ', 'N MB, ') AS error, error_detail, error_hint, coalesce(rows_read, 0) < 100000 AS early
FROM transform.jobs WHERE id = :job;
-- estimated beforehand; what is counted after ANALYZE would be counted twice
SELECT pg_stat_force_next_flush();
ANALYZE large;
SELECT transform_submit('inputs_one', 'large', 'x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, regexp_replace(error, '[0-9.]+ MB, ', 'N MB, ') AS error, coalesce(rows_read, 0) AS rows_read
FROM transform.jobs WHERE id = :job;
-- not when the estimate is of rows that are gone
DELETE FROM large WHERE id > 10;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_get_live_tuples('large'::regclass) < 1000 AS known;
SELECT transform_submit('inputs_one', 'large', 'few') AS job \gset
SELECT transform_wait(:job, '1 min');
-- nor for what is left out
INSERT INTO large SELECT g, repeat('x', 1000) FROM generate_series(11, 100000) g;
ANALYZE large;
SELECT transform_submit('inputs_one', 'large', 'narrow', columns => ARRAY['id']) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT transform_submit('inputs_one', 'large', 'by_chunk', shape => 'chunk') AS job \gset
SELECT transform_wait(:job, '1 min');

SET client_min_messages = error;
DROP SCHEMA inputs CASCADE;
DROP ROLE inputs_reader;
