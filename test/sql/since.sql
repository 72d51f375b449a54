-- Incremental jobs: a watermark per role, script, source and destination, that
-- moves in the commit that publishes the rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS since CASCADE;
CREATE SCHEMA since;
SET search_path = since, public;
CREATE TABLE events (id integer, at timestamptz, name text);
CREATE INDEX ON events (at);
INSERT INTO events SELECT g, '2026-01-01 00:00+00'::timestamptz + g * interval '1 hour', 'n' || g
FROM generate_series(1, 1000) g;
CREATE TABLE copied (LIKE events);
SELECT transform_script_create('since_same', E'def transform(df):\n    return df\n', shape => 'chunk') > 0 AS created;

-- the first job reads all, the next what is new, the next nothing
SELECT transform_submit('since_same', 'events', 'copied', mode => 'append', since => 'at') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT rows_read, since_from, since_to::timestamptz = (SELECT max(at) FROM events) AS moved FROM transform.jobs WHERE id = :job;
INSERT INTO events SELECT g, '2026-01-01 00:00+00'::timestamptz + g * interval '1 hour', 'n' || g
FROM generate_series(1001, 1010) g;
-- whatever the role's session makes of dates, and of names
ALTER ROLE CURRENT_USER SET datestyle = 'SQL, DMY';
ALTER ROLE CURRENT_USER SET timezone = 'Asia/Kolkata';
SET quote_all_identifiers = on;
SELECT transform_submit('since_same', 'events', 'copied', mode => 'append', since => 'at') AS job \gset
SELECT transform_wait(:job, '1 min');
RESET quote_all_identifiers;
ALTER ROLE CURRENT_USER RESET datestyle;
ALTER ROLE CURRENT_USER RESET timezone;
SELECT rows_read, since_to FROM transform.jobs WHERE id = :job;
SELECT transform_submit('since_same', 'events', 'copied', mode => 'append', since => 'at') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, error, rows_read, since_from = since_to AS stays FROM transform.jobs WHERE id = :job;
SELECT count(*), count(DISTINCT id) FROM copied;
SELECT role = session_user::regrole AS mine, script, source, destination, since, type, value::timestamptz = (SELECT max(at) FROM events) AS highest
FROM transform.watermarks WHERE script = 'since_same';

-- each destination has its own; columns need not have the column, a filter
-- leaves a margin; NULL is no value that rises
INSERT INTO events VALUES (0, NULL, 'no time');
SELECT transform_submit('since_same', 'events', 'others', since => 'at', columns => ARRAY['id'],
	filter => 'at < timestamptz ''2026-01-01 00:00+00'' + interval ''5 hours''') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT transform_submit('since_same', 'events', 'others', mode => 'append', since => 'at', columns => ARRAY['id'],
	filter => 'at < timestamptz ''2026-01-01 00:00+00'' + interval ''8 hours''') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM others ORDER BY id;
SELECT count(*) FROM transform.watermarks WHERE script = 'since_same';

-- a job that fails leaves the watermark, and one that never was leaves none
SELECT transform_script_create('since_fails', $$
def transform(df, params):
    if params["fail"]:
        raise ValueError("after reading")
    return df
$$) > 0 AS created;
CREATE TABLE unlucky (LIKE events);
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'id', params => '{"fail": true}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT count(*) FROM transform.watermarks WHERE script = 'since_fails';
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'id', params => '{"fail": false}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT value FROM transform.watermarks WHERE script = 'since_fails';
INSERT INTO events VALUES (2000, now(), 'late');
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'id', params => '{"fail": true}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT value FROM transform.watermarks WHERE script = 'since_fails';
SELECT since_from, since_to FROM transform.jobs WHERE id = :job;

-- a job is verified on the range that it read
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'id', params => '{"fail": false}') AS job \gset
SELECT transform_wait(:job, '1 min');
INSERT INTO events VALUES (2001, now(), 'later');
SELECT same, rows_then, rows_now FROM transform_verify(:job);

-- another column, a column that cannot rise, one that is not there
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'at', params => '{"fail": false}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error_stage, error, error_hint FROM transform.jobs WHERE id = :job;
CREATE TABLE no_order (j json);
SELECT transform_submit('since_fails', 'no_order', 'x', since => 'j');
SELECT transform_submit('since_fails', 'events', 'x', since => 'nothing');
SELECT transform_submit('since_fails', destination => 'x', source_query => 'SELECT 1 AS id', since => 'id');
SELECT transform_submit('since_fails', 'events', 'x', mode => 'replace', since => 'id');

-- forgotten: everything is read again
SELECT transform_watermark_reset('since_fails', destination => 'since.nowhere');
SELECT transform_watermark_reset('since_fails', 'since.events', 'since.unlucky');
SELECT transform_submit('since_fails', 'events', 'unlucky', mode => 'append', since => 'id', params => '{"fail": false}') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT rows_read = (SELECT count(*) FROM events) AS everything FROM transform.jobs WHERE id = :job;

-- an index on the column serves it
INSERT INTO events SELECT g, '2027-01-01 00:00+00'::timestamptz + g * interval '1 minute', 'm' || g
FROM generate_series(1, 20000) g;
ANALYZE events;
SELECT transform_submit('since_same', 'events', 'copied', mode => 'append', since => 'at') AS job \gset
SELECT transform_wait(:job, '1 min');
INSERT INTO events VALUES (30000, '2028-01-01 00:00+00', 'last');
CREATE FUNCTION index_scans() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_stat_clear_snapshot();
	RETURN (SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelid = 'since.events_at_idx'::regclass);
END
$$;
-- a session that ends hands in what it counted
CREATE FUNCTION was_used(before bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		IF since.index_scans() > before THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.01);	-- allow-sleep: in a poll loop with a limit
	END LOOP;
	RETURN false;
END
$$;
SELECT index_scans() AS scans \gset
SELECT transform_submit('since_same', 'events', 'copied', mode => 'append', since => 'at') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT rows_read, was_used(:scans) FROM transform.jobs WHERE id = :job;

-- other roles neither see nor reset them
CREATE ROLE since_other IN ROLE transform_user;
SET ROLE since_other;
SELECT count(*) FROM transform.watermarks;
SELECT count(*) FROM transform.watermark;
RESET ROLE;
SELECT transform_watermark_reset('since_same') AS forgotten;

SET client_min_messages = error;
DROP SCHEMA since CASCADE;
DROP ROLE since_other;
