-- Shape group: one call per key, with all its rows, as the server orders and
-- compares keys.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS groups CASCADE;
CREATE SCHEMA groups;
SET search_path = groups, public;
CREATE TABLE sales AS
	SELECT g AS id, CASE WHEN g % 7 <> 0 THEN 'r' || g % 3 END AS region,
		g % 4 AS shop, g * 0.5::float8 AS price
	FROM generate_series(1, 2000) g ORDER BY md5(g::text);

-- each group whole, with rows of its own and nothing else
SELECT transform_script_create('group_sum', $$
import pandas as pd
def transform(df):
    print(df["region"].iloc[0], df["shop"].iloc[0])
    assert df.index[0] == 0 and len(df[["region", "shop"]].drop_duplicates()) == 1
    return pd.DataFrame({"region": df["region"].head(1), "shop": df["shop"].head(1),
                         "n": [len(df)], "ids": [df["id"].sum()], "price": [df["price"].sum()]})
$$, shape => 'group') > 0 AS created;
SELECT transform_submit('group_sum', 'sales', 'sums', group_by => ARRAY['region', 'shop']) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, error, shape, group_by, rows_read, rows_written FROM transform.jobs WHERE id = :job;
SELECT count(*) FROM (
	SELECT region, shop, n, ids, price FROM sums
	EXCEPT
	SELECT region, shop, count(*), sum(id), sum(price) FROM sales GROUP BY region, shop) d;
-- in the server's order, NULL last
SELECT message FROM transform_logs(:job) ORDER BY seq LIMIT 2;
SELECT message FROM transform_logs(:job) ORDER BY seq DESC LIMIT 2;

-- a group of many frames beside groups of one row
CREATE TABLE skewed AS SELECT CASE WHEN g <= 200000 THEN 0 ELSE g END AS k, repeat('x', 50) AS t
FROM generate_series(1, 201000) g;
SELECT transform_script_create('group_count', $$
def transform(df):
    df["n"] = len(df)
    return df[["k", "n"]]
$$, shape => 'group') > 0 AS created;
SELECT transform_submit('group_count', 'skewed', 'counted', group_by => ARRAY['k']) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT n, count(*), count(DISTINCT k) FROM counted GROUP BY n ORDER BY n;

-- equal is what the server calls equal: numeric scale, minus zero, a collation
-- that ignores case, a domain
SELECT count(*) > 10 AS have_icu FROM pg_collation WHERE collprovider = 'i' \gset
\if :have_icu
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION ignoring_case FROM "C";
\endif
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE equal (n numeric, f float8, t text COLLATE ignoring_case, d positive);
INSERT INTO equal VALUES (1.0, 0, 'Ab', 1), (1.00, '-0', 'aB', 1), (1, 0, 'ab', 1), (2, 1, 'b', 2);
\if :have_icu
\else
UPDATE equal SET t = lower(t);
\endif
SELECT key, transform_submit('group_count', source_query => format('SELECT %I::text AS k, %1$I AS key FROM equal', key),
	destination => 'equal_' || key, group_by => ARRAY['key']) > 0 AS submitted
FROM unnest(ARRAY['n', 'f', 't', 'd']) key;
SELECT destination, transform_wait(id, '1 min') FROM transform.jobs WHERE destination LIKE 'groups.equal_%' ORDER BY id;
SELECT 'n' AS key, array_agg(n ORDER BY n) AS sizes FROM equal_n
UNION ALL SELECT 'f', array_agg(n ORDER BY n) FROM equal_f
UNION ALL SELECT 't', array_agg(n ORDER BY n) FROM equal_t
UNION ALL SELECT 'd', array_agg(n ORDER BY n) FROM equal_d;

-- a failing group is named
SELECT transform_script_create('group_fails', $$
def transform(df):
    if len(df) == 1 and df["k"].iloc[0] == 200500:
        raise ValueError("not this one")
    return df
$$, shape => 'group') > 0 AS created;
SELECT transform_submit('group_fails', 'skewed', 'x', group_by => ARRAY['k']) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail FROM transform.jobs WHERE id = :job;

-- also in a preview, of the first rows in that order
SELECT data FROM transform_preview('group_count', 'skewed', 3, group_by => ARRAY['k'], filter => 'k > 0');

-- no rows
SELECT transform_submit('group_count', 'skewed', 'none', group_by => ARRAY['k'], filter => 'k < 0') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'none'::regclass AND attnum > 0;

-- what does not go together
SELECT transform_submit('group_count', 'skewed', 'x');
SELECT transform_submit('group_count', 'skewed', 'x', shape => 'chunk', group_by => ARRAY['k']);
SELECT transform_submit('group_count', 'skewed', 'x', group_by => ARRAY['nothing']);
SELECT transform_submit('group_count', 'skewed', 'x', group_by => ARRAY['k'], columns => ARRAY['t']);
SELECT transform_submit('group_count', source_query => 'SELECT ''{}''::json AS k', destination => 'x', group_by => ARRAY['k']);

SET client_min_messages = error;
DROP SCHEMA groups CASCADE;
