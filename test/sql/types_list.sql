-- Arrays as lists, with NULLs in them, there and back; what no list can say is refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS types_list CASCADE;
CREATE SCHEMA types_list;
SET search_path = types_list, public;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (n integer, t text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN bag AS text[];
CREATE DOMAIN ints AS integer[] CHECK (array_length(VALUE, 1) < 4);
CREATE TABLE lists (
	id integer PRIMARY KEY, i2 smallint[], i4 integer[], i8 bigint[] NOT NULL DEFAULT '{}', f4 real[], f8 double precision[],
	n numeric[], n2 numeric(10,2)[], b boolean[], t text[], v varchar(4)[], c char(3)[], by bytea[],
	d date[], ts timestamp[], tz timestamptz[], ti time[], iv interval[],
	u uuid[], j json[], jb jsonb[], e mood[], k pair[], r int4range[], p point[], ip inet[], o oid[], x xml[],
	dp positive[], bag bag, bags bag[], nested ints[], i2v int2vector, ov oidvector, nm name[], mi money[], bi bit(3)[]);
INSERT INTO lists VALUES
	(1, '{1,NULL,-32768}', '{2147483647,NULL}', '{9223372036854775807,NULL,9007199254740993}', '{0.1,NaN,NULL,-0,Infinity}',
	'{0.1,NaN,NULL,-0,-Infinity,5e-324}', '{1.5,NULL,-0.25}', '{1.50,NULL}', '{t,NULL,f,f,f,f,f,f,t}', '{"a b",NULL,"","NULL","q\"\\","ü😀"}',
	'{abcd,""}', '{a,NULL}', ARRAY['\x00ff'::bytea, NULL, ''], '{2024-02-29,NULL,0001-01-01,9999-12-31}',
	'{"2024-02-29 12:34:56.789012",NULL}', '{"2024-02-29 12:34:56.789012+00",NULL}', '{12:34:56.789,NULL}', '{"1 mon -2 days 03:00",NULL}',
	'{12345678-1234-1234-1234-123456789abc,NULL}', ARRAY['{"a": 1}'::json, NULL], ARRAY['[1]'::jsonb, NULL], '{ok,NULL,sad}',
	ARRAY[(1, 'a,"b')::pair, NULL], '{"[1,5)",NULL,empty}', '{"(0.1,2)",NULL}', '{10.0.0.0/8,NULL}', '{4294967295,NULL}', NULL,
	'{1,NULL}', '{a,NULL}', '{"{a,b}",NULL,"{}"}', '{"{1,NULL}","{}",NULL}', '1 2 3', '1 2', '{abc,NULL}', '{1.50,NULL}', '{101,NULL}'),
	(2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
	'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '', '', '{}', '{}', '{}'),
	(3, '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}',
	'{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '0', '0', '{NULL}', '{NULL}', '{NULL}');
INSERT INTO lists (id) VALUES (4);
CREATE FUNCTION differ(result regclass) RETURNS TABLE (at text, was text, is_now text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT a.id || ' ' || c.attname, a.j ->> c.attname::text, b.j ->> c.attname::text
		FROM (SELECT id, to_jsonb(lists) j FROM lists) a FULL JOIN (SELECT id, to_jsonb(other) j FROM %s other) b USING (id), pg_attribute c
		WHERE c.attrelid = 'lists'::regclass AND c.attnum > 0 AND a.j -> c.attname::text IS DISTINCT FROM b.j -> c.attname::text
		UNION ALL
		SELECT 'row ' || id, lists::text, other::text FROM lists FULL JOIN %s other USING (id) WHERE lists::text IS DISTINCT FROM other::text
		UNION ALL
		SELECT c.attname, format_type(c.atttypid, c.atttypmod), format_type(d.atttypid, d.atttypmod)
		FROM pg_attribute c LEFT JOIN pg_attribute d ON d.attrelid = %L::regclass AND d.attname = c.attname
		WHERE c.attrelid = 'lists'::regclass AND c.attnum > 0 AND (c.atttypid, c.atttypmod) IS DISTINCT FROM (d.atttypid, d.atttypmod)
		$q$, result, result, result);
END
$$;
CREATE VIEW last_jobs AS SELECT sqlstate, error_stage, error, error_detail, error_hint FROM transform.jobs ORDER BY id DESC;
SELECT transform_script_create('list_same', E'def transform(df):\n    return df\n') > 0 AS created;

-- every backend, and chunks of one row
SELECT transform_submit('list_same', 'lists', 'same_numpy') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
SELECT * FROM differ('same_numpy');
SELECT transform_submit('list_same', 'lists', 'same_nullable', dtype_backend => 'numpy_nullable', numeric_as => 'decimal') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
SELECT * FROM differ('same_nullable');
SELECT transform_submit('list_same', 'lists', 'same_pyarrow', dtype_backend => 'pyarrow', numeric_as => 'decimal') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
SELECT * FROM differ('same_pyarrow');
SELECT transform_submit('list_same', 'lists', 'same_chunk', shape => 'chunk', chunk_rows => 1) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
SELECT * FROM differ('same_chunk');

-- what a script sees
SELECT transform_script_create('list_seen', $$
import pandas as pd
def transform(df):
    first = df[df["id"] == 1].iloc[0]
    return pd.DataFrame({"column": list(df.columns), "dtype": [str(df[c].dtype) for c in df.columns], "value": [str(first[c]) for c in df.columns]})
$$) > 0 AS created;
CREATE VIEW chosen AS SELECT id, i4, i8, f8, n2, b, t, by, d, ts, tz, ti, iv, k, bags, nested, i2v FROM lists;
SELECT transform_submit('list_seen', 'chosen', 'seen') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
TABLE seen;
SELECT transform_submit('list_seen', 'chosen', 'seen_pyarrow', dtype_backend => 'pyarrow') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
TABLE seen_pyarrow;

-- what a script makes
SELECT transform_script_create('list_make', $$
import numpy as np
import pandas as pd
import datetime
def transform(df):
    g = df.groupby("k")
    out = g["v"].agg(list).reset_index()
    out["texts"] = g["t"].agg(list).to_list()
    out["arrays"] = [np.array([1.5, 2.0]), np.array([])]
    out["days"] = [[datetime.date(2024, 1, 1), None], None]
    out["none"] = [[], None]
    out["flags"] = [[True, None], [False]]
    return out
$$) > 0 AS created;
CREATE TABLE few AS SELECT g AS v, g % 2 AS k, 't' || g AS t FROM generate_series(1, 5) g;
SELECT transform_submit('list_make', 'few', 'made') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
TABLE made;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum;
-- text goes into an array column through its input function
CREATE VIEW as_text AS SELECT '[0:1][1:2]={{1,2},{3,NULL}}'::text AS m;
CREATE TABLE back (m integer[]);
SELECT transform_submit('list_same', 'as_text', 'back', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs WHERE error IS NOT NULL LIMIT 1;
TABLE back;

-- refused by column and row
CREATE VIEW two_dimensions AS SELECT g AS k, CASE WHEN g < 3 THEN ARRAY[g] ELSE '{{1,2},{3,4}}' END AS a FROM generate_series(1, 3) g;
SELECT transform_submit('list_same', 'two_dimensions', 'bad_1') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
CREATE VIEW other_bound AS SELECT 1 AS k, '[0:1]={1,2}'::int[] AS a;
SELECT transform_submit('list_same', 'other_bound', 'bad_2') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
CREATE VIEW beyond AS SELECT g AS k, CASE WHEN g < 3 THEN '{2024-01-01}' ELSE '{2024-01-01,10000-01-01}'::date[] END AS a FROM generate_series(1, 3) g;
SELECT transform_submit('list_same', 'beyond', 'bad_3') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SELECT transform_submit('list_same', 'beyond', 'good_3', dtype_backend => 'pyarrow') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT transform_script_create('list_bad', $$
def transform(df, params):
    df[params["column"]] = df[params["column"]].map(lambda v: v if v is None else v + [params["item"]])
    return df
$$) > 0 AS created;
SELECT transform_submit('list_bad', 'lists', 'bad_4', params => '{"column": "i2", "item": 40000}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SELECT transform_submit('list_bad', 'lists', 'bad_5', params => '{"column": "dp", "item": -1}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SELECT transform_submit('list_bad', 'lists', 'bad_6', params => '{"column": "e", "item": "glad"}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SELECT transform_submit('list_bad', 'lists', 'bad_7', params => '{"column": "t", "item": 1}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SELECT transform_submit('list_bad', 'lists', 'bad_8', params => '{"column": "i4", "item": [1]}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM last_jobs LIMIT 1 \gx
SET client_min_messages = error;
DROP SCHEMA types_list CASCADE;
