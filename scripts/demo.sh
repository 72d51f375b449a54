#!/bin/sh
# demo.sh [run|psql|stop|fetch]: a real job on real data, in a private cluster in the
# build folder: all flights that left New York in 2013, 336,776 rows.  Every
# step is skipped when it has been done; the job itself always runs.
. "$(dirname "$0")/common.sh"
find_run_folder
cluster=$run/demo
cluster_sh=$top/scripts/cluster.sh
sql="$cluster_sh psql $cluster -X -q -v ON_ERROR_STOP=1"

fetch_flights() {
	[ ! -s "$build/flights/flights.csv" ] || return 0
	say 'Fetching the flights'
	"$top/scripts/fetch-flights.sh"
	"$venv/bin/python3" -m zipfile -e "$build/flights/flights.csv.zip" "$build/flights"
}

load_flights() {
	if [ "$($sql -At -c "SELECT count(*) FROM pg_class WHERE oid = to_regclass('public.flights')")" = 1 ]; then
		return 0
	fi
	fetch_flights
	say 'Loading the flights'
	cd "$build/flights"
	$sql --single-transaction -f "$top/scripts/demo/load.sql"
	$sql -c 'VACUUM ANALYZE flights'
}

run_job() {
	say
	say 'The job: SELECT transform_submit, seen through CALL transform_run'
	$sql -v code="$(cat "$top/examples/demo_flights.py")" -f "$top/scripts/demo/job.sql"
}

show_results() {
	$sql -f "$top/scripts/demo/show.sql"
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
