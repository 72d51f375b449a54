-- Types without a counterpart in pandas travel as text, whatever the session's
-- settings; time of day; what an extension brings.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS types_text CASCADE;
CREATE SCHEMA types_text;
DO $$
DECLARE module text;
BEGIN
	FOREACH module IN ARRAY ARRAY['citext', 'hstore'] LOOP
		IF EXISTS (SELECT FROM pg_available_extensions WHERE name = module) THEN
			EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA types_text', module);
		ELSE	-- a server without contrib's modules
			EXECUTE format('CREATE DOMAIN types_text.%I AS text', module);
		END IF;
	END LOOP;
END
$$;
SET search_path = types_text, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE pair AS (n integer, d double precision, t text, s interval);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN pair_up AS pair CHECK ((VALUE).n > 0);
CREATE TABLE odd (
	id integer PRIMARY KEY, c "char", m money, iv interval, iv0 interval day to second(0), ti time, ti2 time(2), tz timetz,
	bi bit(5), vb varbit, ip inet, ci cidr, ma macaddr, ma8 macaddr8, x xml, v tsvector, q tsquery, jp jsonpath,
	o oid, rc regclass, rt regtype, xi xid, x8 xid8, ct cid, td tid, l pg_lsn, sn pg_snapshot,
	po point, li line, ls lseg, bo box, pa path, pg polygon, ce circle,
	r4 int4range, rn numrange, rd daterange, rz tstzrange, mr int8multirange, mz tsmultirange,
	e mood, k pair, d positive, dk pair_up, cx citext, h hstore);
INSERT INTO odd VALUES
	(1, 'a', 12345.67, '1 year 2 mons -3 days 04:05:06.789', '1 day 02:03:04', '12:34:56.789012', '12:34:56.78', '12:34:56.789012+05:30:15',
	B'10110', B'1', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', NULL,
	'a fat:2B cat:3,4', 'fat & (rat | !cat:A*)', '$.a[*] ? (@ > 1)',
	4294967295, 'pg_class', 'timestamp with time zone', '4294967295', '18446744073709551615', '7', '(4294967295,65535)', 'FFFFFFFF/FFFFFFFF', '10:20:10,14,15',
	'(0.1,1e-300)', '{1,-1,0.3}', '[(1,2),(0.1,4)]', '(3,4),(1.1,2)', '[(0,0),(1,1.7),(2,0)]', '((0,0),(1,1.7),(2,0))', '<(1,2),0.30000000000000004>',
	'[1,5)', '(0.10,)', '[2024-02-29,2024-03-31)', '["2024-10-27 02:30:00.000001+02","2024-10-27 02:30:00.000002+01")',
	'{[1,3),[5,9)}', '{[2024-01-01,2024-01-02)}',
	'it''s "fine"', '(1,0.1,"a, ""b"" \\ ",-1 days)', 7, '(5,-0,,)', 'MiXeD', '"b"=>NULL, "a key"=>"1, 2"'),
	(2, '', -92233720368547758.08, '-178000000 years', '0', '00:00', '23:59:59.99', '24:00:00-15:59', B'00000', B'', '::1', '::/0', 'ff:ff:ff:ff:ff:ff',
	'00:00:00:00:00:00:00:00', NULL, '', '', '$', 0, '-', '-', '0', '0', '0', '(0,0)', '0/0', '1:1:',
	'(-0,Infinity)', '{0,1,5e-324}', '[(0,0),(0,0)]', '(0,0),(0,0)', '((1,1))', '((1,1))', '<(0,0),0>',
	'empty', '(,)', '[-infinity,infinity]', 'empty', '{}', '{(,)}', 'sad', '(,,,)', 2147483647, '(1,1.7976931348623157e308,"",00:00:00.000001)', '', '');
INSERT INTO odd (id) VALUES (3);

SELECT transform_script_create('text_same', E'def transform(df):\n    return df\n') > 0 AS created;
CREATE FUNCTION differ(result regclass) RETURNS TABLE (at text, was text, is_now text) LANGUAGE plpgsql
SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT a.id || ' ' || c.attname, a.j ->> c.attname::text, b.j ->> c.attname::text
		FROM (SELECT id, to_jsonb(odd) j FROM odd) a FULL JOIN (SELECT id, to_jsonb(other) j FROM %s other) b USING (id),
			pg_attribute c
		WHERE c.attrelid = 'odd'::regclass AND c.attnum > 0 AND a.j -> c.attname::text IS DISTINCT FROM b.j -> c.attname::text
		UNION ALL
		SELECT 'row ' || id, odd::text, other::text FROM odd FULL JOIN %s other USING (id) WHERE odd::text IS DISTINCT FROM other::text$q$, result, result);
END
$$;
SELECT transform_submit('text_same', 'odd', 'same_1') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT * FROM differ('same_1');
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS source, format_type(b.atttypid, b.atttypmod) AS result
FROM pg_attribute a LEFT JOIN pg_attribute b ON b.attname = a.attname AND b.attrelid = 'same_1'::regclass
WHERE a.attrelid = 'odd'::regclass AND a.attnum > 0
	AND (a.atttypid, a.atttypmod) IS DISTINCT FROM (b.atttypid, b.atttypmod);

-- settings of the role that would change the text of values, or lose digits
CREATE ROLE types_odd LOGIN IN ROLE transform_user;
GRANT ALL ON SCHEMA types_text TO types_odd;
GRANT ALL ON odd TO types_odd;
ALTER ROLE types_odd SET datestyle = 'SQL, DMY';
ALTER ROLE types_odd SET intervalstyle = 'sql_standard';
ALTER ROLE types_odd SET extra_float_digits = -5;
ALTER ROLE types_odd SET bytea_output = 'escape';
ALTER ROLE types_odd SET xmloption = 'document';
ALTER ROLE types_odd SET search_path = types_text, public;
SET ROLE types_odd;
SELECT transform_script_create('text_show', E'def transform(df):\n    print(df["iv"].iloc[0], df["rd"].iloc[0], df["po"].iloc[0])\n    return df\n') > 0 AS created;
SELECT transform_submit('text_show', 'odd', 'same_2') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT message FROM transform_logs(:job);
RESET ROLE;
SELECT * FROM differ('same_2');

-- what pandas sees
SELECT transform_script_create('text_seen', $$
import pandas as pd
def transform(df):
    first = df[df["id"] == 1].iloc[0]
    return pd.DataFrame({"column": list(df.columns), "dtype": [str(df[c].dtype) for c in df.columns],
                         "type": [type(first[c]).__name__ for c in df.columns], "value": [str(first[c]) for c in df.columns]})
$$) > 0 AS created;
SELECT transform_submit('text_seen', 'odd', 'seen') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT * FROM seen WHERE "column" <> 'rz';	-- which is in the server's time zone

-- what scripts make: texts into existing columns, times, timedeltas, 64 bits without a sign
SELECT transform_script_create('text_make', $$
import pandas as pd
import datetime
def transform(df):
    return pd.DataFrame({"id": [1], "ip": ["10.0.0.1"], "r4": ["[1,3]"], "k": ["(1,2,x,PT1H)"], "e": ["ok"],
                         "ti": [datetime.time(1, 2, 3)], "iv": [pd.Timedelta("1 day 2 hours")]})
$$) > 0 AS created;
CREATE TABLE kept AS SELECT id, ip, r4, k, e, ti, iv FROM odd WITH NO DATA;
SELECT transform_submit('text_make', 'odd', 'kept', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SELECT id, ip, r4, k, e, ti, iv FROM kept;

-- refused by name and row
CREATE VIEW midnight AS SELECT g AS k, CASE WHEN g = 3 THEN time '24:00' ELSE '12:00' END AS t FROM generate_series(1, 3) g;
SELECT transform_submit('text_same', 'midnight', 'midnight_out') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_hint FROM transform.jobs WHERE id = :job \gx
SELECT transform_script_create('text_bad', $$
def transform(df):
    df["rc"] = df["rc"].astype(object)
    df.loc[1, "r4"] = "[5,1)"
    return df
$$) > 0 AS created;
SELECT transform_submit('text_bad', 'odd', 'bad_1') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail FROM transform.jobs WHERE id = :job \gx
SELECT transform_script_create('text_long', $$
def transform(df):
    df.loc[1, "ip"] = "9" * 5000
    return df
$$) > 0 AS created;
SELECT transform_submit('text_long', 'odd', 'bad_2') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail FROM transform.jobs WHERE id = :job \gx
SELECT transform_script_create('text_domain', $$
def transform(df):
    df["d"] = -df["d"]
    return df
$$) > 0 AS created;
SELECT transform_submit('text_domain', 'odd', 'bad_3') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_detail FROM transform.jobs WHERE id = :job \gx
SET client_min_messages = error;
DROP SCHEMA types_text CASCADE;
DROP OWNED BY types_odd;
DROP ROLE types_odd;
