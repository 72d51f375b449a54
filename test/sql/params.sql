-- params: the second argument of transform(df, params).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS params CASCADE;
CREATE SCHEMA params;
SET search_path = params, public;
CREATE TABLE source AS SELECT 1 AS id;
SELECT transform_script_create('params_show', $$
def transform(df, params):
    df["rate"] = params["rate"] * 2
    df["name"] = params.get("name", "nobody")
    df["list"] = str(params.get("list"))
    df["nested"] = str(sorted(params.get("nested", {}).items()))
    return df
$$) > 0 AS created;
SELECT transform_submit('params_show', 'source', 'one', params =>
	'{"rate": 0.25, "name": "Björn \"B\" \\ \u20ac", "list": [1, null, true, "x"], "nested": {"b": 1, "a": {"c": []}}}') AS job \gset
SELECT transform_wait(:job, '1 min');
TABLE one;
SELECT params FROM transform.jobs WHERE id = :job;

-- missing: an error of the script
SELECT transform_submit('params_show', 'source', 'two') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;
SELECT transform_submit('params_show', 'source', 'two', params => '{}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;

-- integers keep all their digits
SELECT transform_script_create('params_big', $$
def transform(df, params):
    df["big"] = params["big"]
    return df
$$) > 0 AS created;
SELECT transform_submit('params_big', 'source', 'big', params => '{"big": 9007199254740993}') AS job \gset
SELECT transform_wait(:job, '1 min');
TABLE big;

-- a script without a second argument ignores them
SELECT transform_script_create('params_none', E'def transform(df):\n    return df\n') > 0 AS created;
SELECT transform_submit('params_none', 'source', 'none', params => '{"a": 1}') AS job \gset
SELECT transform_wait(:job, '1 min');

-- preview takes them too
SELECT row_number, data FROM transform_preview('params_big', 'source', params => '{"big": 7}');
SET client_min_messages = error;
DROP SCHEMA params CASCADE;
