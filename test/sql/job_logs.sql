-- print and warnings of a script.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS job_logs CASCADE;
CREATE SCHEMA job_logs;
SET search_path = job_logs, public;
CREATE TABLE source AS SELECT g AS n FROM generate_series(1, 6) g;
SELECT transform_script_create('log_print', $$
def transform(df):
    print("first row", df["n"].iloc[0])
    print("ünïcödé 😀")
    print()
    return df
$$, shape => 'chunk') > 0 AS created;
SELECT transform_submit('log_print', 'source', 'one', chunk_rows => 3) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT attempt, stream, string_agg(message, E'\n' ORDER BY seq) AS messages, min(seq) AS first_seq
FROM transform_logs(:job) GROUP BY 1, 2;
SELECT count(*) > 0 AS rows, bool_and(at BETWEEN j.started_at AND j.finished_at) AS times
FROM transform_logs(:job), transform.jobs j WHERE j.id = :job;

-- kept when the script fails
SELECT transform_script_create('log_fail', $$
def transform(df):
    print("before the error")
    raise ValueError("x")
$$) > 0 AS created;
SELECT transform_submit('log_fail', 'source', 'two') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT stream, message FROM transform_logs(:job);

-- cut at the limit, with a marker
SET transform.job_log_bytes = 1000;
SELECT transform_script_create('log_much', $$
def transform(df):
    for i in range(1000):
        print("line", i)
    return df
$$) > 0 AS created;
SELECT transform_submit('log_much', 'source', 'three') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sum(octet_length(message)) BETWEEN 500 AND 2000 AS size, count(*) FILTER (WHERE message LIKE '%1000%') AS marker
FROM transform_logs(:job);
RESET transform.job_log_bytes;

-- much, but within the limit: nothing is lost
SELECT transform_submit('log_much', 'source', 'four') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT octet_length(string_agg(message, E'\n' ORDER BY seq)) AS bytes FROM transform_logs(:job);
SELECT transform_script_create('log_long', $$
def transform(df):
    for i in range(30):
        print("x" * 20000 + "é" * 1000)
    return df
$$) > 0 AS created;
SELECT transform_submit('log_long', 'source', 'five') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sum(length(replace(message, E'\n', ''))) AS characters, max(octet_length(message)) <= 8192 AS pieces FROM transform_logs(:job);

-- preview: as notices
SET client_min_messages = notice;
SELECT row_number, data FROM transform_preview('log_print', 'source', 1);
SET client_min_messages = error;
DROP SCHEMA job_logs CASCADE;
