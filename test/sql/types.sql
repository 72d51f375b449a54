-- The common types there and back, with NULLs: exactly, or refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS types CASCADE;
CREATE SCHEMA types;
SET search_path = types, public;
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO';
CREATE TABLE every_type (
	id integer PRIMARY KEY, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision,
	n numeric, n2 numeric(12,3), t text, v varchar(10), c char(5), b boolean, d date,
	ts timestamp, tz timestamptz, by bytea, u uuid, jb jsonb);
INSERT INTO every_type VALUES
	(1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5, 'plain', 'v', 'c', true, '2024-02-29', '2024-02-29 12:34:56.789012',
		'2024-02-29 12:34:56.789012+00', '\x00ff10', '12345678-1234-1234-1234-123456789abc', '{"a": [1, 2.50, null]}'),
	(2, -32768, -2147483648, -9223372036854775808, -3.4e38, -1.7976931348623157e308, -0.5, -999999.999, '', '', '', false,
		'1970-01-01', '1970-01-01 00:00:00', '1970-01-01 00:00:00+00', '\x', '00000000-0000-0000-0000-000000000000', '""'),
	(3, 32767, 2147483647, 9223372036854775807, 1e-37, 5e-324, 1234567.25, 999999.999, E'tab\tnew\nline "q" \\ ''', 'ünïcödé',
		'ab', true, '2262-04-11', '2262-04-11 23:47:16', '2262-04-11 20:00:00+00', '\xdeadbeef',
		'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null'),
	(5, 0, 0, 9007199254740993, '-0', '-0', 0, 0, '日本語 😀', '日本語', 'é', false, '1677-09-22', '1677-09-22 00:00:00',
		'1677-09-22 00:00:00+00', '\x0a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": 1, "a": {"x": "\u00e9"}}');
INSERT INTO every_type (id) VALUES (4);

SELECT transform_script_create('type_same', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_submit('type_same', 'every_type', 'by_table', numeric_as => 'decimal') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT transform_submit('type_same', 'every_type', 'by_chunk', shape => 'chunk', chunk_rows => 2) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;

-- no row differs
SELECT * FROM every_type EXCEPT SELECT * FROM by_table;
SELECT * FROM by_table EXCEPT SELECT * FROM every_type;
SELECT * FROM every_type EXCEPT SELECT * FROM by_chunk;
SELECT * FROM by_chunk EXCEPT SELECT * FROM every_type;
-- and the types are those of the source
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS source, format_type(b.atttypid, b.atttypmod) AS result
FROM pg_attribute a LEFT JOIN pg_attribute b ON b.attname = a.attname AND b.attrelid = 'by_table'::regclass
WHERE a.attrelid = 'every_type'::regclass AND a.attnum > 0
	AND (a.atttypid, a.atttypmod) IS DISTINCT FROM (b.atttypid, b.atttypmod);

-- what pandas sees depends on the declaration, never on the rows
SELECT transform_script_create('type_names', $$
import pandas as pd
def transform(df):
    return pd.DataFrame({"column": list(df.columns), "dtype": [str(df[c].dtype) for c in df.columns]})
$$) > 0 AS created;
SELECT transform_submit('type_names', 'every_type', 'dtypes') AS job \gset
SELECT transform_wait(:job, '1 min');
TABLE dtypes;
CREATE VIEW no_nulls AS SELECT * FROM every_type WHERE id = 1;
SELECT transform_submit('type_names', 'no_nulls', 'dtypes_no_nulls') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM dtypes d FULL JOIN dtypes_no_nulls n USING ("column") WHERE d.dtype IS DISTINCT FROM n.dtype;

-- values that cannot be given exactly are refused by name and row
CREATE FUNCTION refused(query text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	DROP VIEW IF EXISTS types.one_value CASCADE;
	EXECUTE 'CREATE VIEW types.one_value AS ' || query;
	RETURN transform_submit('type_same', 'types.one_value', 'types.refused_' || (random() * 1e9)::int);
END
$$;
SELECT refused('SELECT 1 AS k, 0.1234567890123456789::numeric AS x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs WHERE id = :job \gx
SELECT refused('SELECT 1 AS k, ''infinity''::timestamp AS x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs WHERE id = :job \gx
SELECT refused('SELECT g AS k, CASE WHEN g = 3 THEN date ''294000-01-01'' END AS x FROM generate_series(1, 3) g') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs WHERE id = :job \gx
SELECT refused('SELECT 1 AS k, ''NaN''::numeric AS x') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error, error_hint FROM transform.jobs WHERE id = :job \gx

-- what does not fit the destination is refused the same way
CREATE TABLE narrow (k smallint, x varchar(3));
SELECT transform_script_create('type_wide', $$
def transform(df):
    df["k"] = df["k"] * 40000
    return df
$$) > 0 AS created;
CREATE TABLE small AS SELECT 1::integer AS k, 'abc'::text AS x;
SELECT transform_submit('type_wide', 'small', 'narrow', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs WHERE id = :job \gx
UPDATE small SET x = 'abcd';
SELECT transform_submit('type_same', 'small', 'narrow', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs WHERE id = :job \gx

-- what scripts make: new columns get a type of their kind
SELECT transform_script_create('type_make', $$
import pandas as pd
import datetime
def transform(df):
    df["i"] = 1
    df["f"] = 0.5
    df["s"] = "x"
    df["b"] = True
    df["t"] = pd.Timestamp("2024-01-02 03:04:05")
    df["z"] = pd.Timestamp("2024-01-02 03:04:05", tz="UTC")
    df["d"] = datetime.date(2024, 1, 2)
    return df
$$) > 0 AS created;
SELECT transform_submit('type_make', 'small', 'made') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT error, error_detail FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT * FROM made \gx
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum;
-- every way a script may make dates, in more rows than one
SELECT transform_script_create('type_dates', $$
import datetime
def transform(df):
    df["o"] = [datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]
    df["back"] = df["d"].dt.date
    df["later"] = df["d"] + datetime.timedelta(days=1)
    return df
$$) > 0 AS created;
CREATE TABLE days AS SELECT g AS k, date '2024-02-26' + g AS d FROM generate_series(1, 4) g;
SELECT transform_submit('type_dates', 'days', 'days_made') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT error, error_detail FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT * FROM days_made ORDER BY k;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'days_made'::regclass AND attnum > 0 ORDER BY attnum;
SET client_min_messages = error;
DROP SCHEMA types CASCADE;
