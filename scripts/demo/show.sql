-- show.sql: what the newest job did, and a check that it did all of it.
SELECT max(id) AS job FROM transform.jobs WHERE script = 'flight_outcome' \gset
\echo
\echo The job row: SELECT * FROM transform.jobs WHERE id = :job
\pset expanded on
SELECT * FROM transform.jobs WHERE id = :job;
\pset expanded off
\echo The first rows of the result
SELECT carrier, flight, origin, dest, dep_delay, arr_delay, made_up, speed_mph, outcome, weekday, local_hour
FROM flights_outcome LIMIT 5;
\echo What became of them all
SELECT outcome, count(*), round(avg(made_up)::numeric, 1) AS minutes_made_up FROM flights_outcome GROUP BY 1 ORDER BY 2 DESC;
\echo The walls around the script: SELECT * FROM transform_sandbox_status()
SELECT wall, name, state, required, left(detail, 90) AS detail FROM transform_sandbox_status() ORDER BY wall;
SELECT format('Rates: %s rows/s, %s MB/s of table data read (%s rows in %s s)',
	to_char(rows_read / s, 'FM999,999,999'), round((pg_relation_size('flights') / s / 1e6)::numeric, 1),
	to_char(rows_read, 'FM999,999,999'), round(s::numeric, 2)) AS line
FROM (SELECT rows_read, extract(epoch FROM finished_at - started_at)::float8 AS s FROM transform.jobs WHERE id = :job) AS job \gset
\echo :line
-- the same on every system, whatever order the rows lie in: checked below
SET TimeZone = 'UTC';
SELECT md5(string_agg(f::text, E'\n' ORDER BY f::text COLLATE "C")) AS digest FROM flights_outcome AS f \gset
\echo Digest of the result: :digest
SELECT state = 'succeeded' AND rows_read = 336776 AND rows_written = 336776
	AND (SELECT count(*) FROM flights_outcome) = 336776
	AND (SELECT count(*) FROM flights WHERE dep_time IS NULL) = 8255
	AND (SELECT count(*) FROM flights_outcome WHERE dep_time IS NULL) = 8255
	AND :'digest' = '0c8b17f2ddbb3a17efbd362f8c231d8c' AS complete
FROM transform.jobs WHERE id = :job \gset
\if :complete
\else
	\warn The job did not do all it should have: see the job row above.
	SELECT 1 / 0;
\endif
