-- table and chunk: how often the script is called, with which rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS shapes CASCADE;
CREATE SCHEMA shapes;
SET search_path = shapes, public;
CREATE TABLE numbers AS SELECT g AS n FROM generate_series(1, 1000) g;

SELECT transform_script_create('shape_count', $$
def transform(df):
    df["rows"] = len(df)
    df["first"] = df["n"].min()
    return df
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('shape_count', 'numbers', 'by_chunk', chunk_rows => 300) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT first, rows, count(*) FROM by_chunk GROUP BY 1, 2 ORDER BY 1;
SELECT shape, chunk_rows FROM transform.jobs WHERE id = :job;

-- the submit may override the script's shape
SELECT transform_submit('shape_count', 'numbers', 'by_table', shape => 'table', chunk_rows => 300) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT first, rows, count(*) FROM by_table GROUP BY 1, 2 ORDER BY 1;

-- the setting gives the default
SET transform.chunk_rows = 500;
SELECT transform_submit('shape_count', 'numbers', 'by_setting') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT first, rows, count(*) FROM by_setting GROUP BY 1, 2 ORDER BY 1;
RESET transform.chunk_rows;

-- fewer rows, more rows and other columns than came in
SELECT transform_script_create('shape_reshape', $$
import pandas as pd
def transform(df):
    return pd.concat([df, df])[df["n"] > 0][["n"]] if len(df) > 1 else df.head(0)
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('shape_reshape', 'numbers', 'reshaped', chunk_rows => 333) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, error, rows_read, rows_returned, rows_written FROM transform.jobs WHERE id = :job;

-- an error names the rows of its call
SELECT transform_script_create('shape_error', $$
def transform(df):
    if df["n"].max() > 600:
        raise ValueError("too many")
    return df
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('shape_error', 'numbers', 'not_made', chunk_rows => 300) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error, error_detail FROM transform.jobs WHERE id = :job;
-- and nothing of it is left
SELECT to_regclass('not_made');

-- no rows
SELECT transform_script_create('shape_same', E'def transform(df):\n    return df\n') > 0 AS created;
CREATE TABLE nothing (n integer, t text);
SELECT transform_submit('shape_same', 'nothing', 'nothing_table') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT transform_submit('shape_same', 'nothing', 'nothing_chunk', shape => 'chunk') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT attname, atttypid::regtype FROM pg_attribute
WHERE attrelid = 'nothing_chunk'::regclass AND attnum > 0 ORDER BY attnum;
SET client_min_messages = error;
DROP SCHEMA shapes CASCADE;
