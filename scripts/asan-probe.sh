#!/bin/sh
# asan-probe.sh: shows that a suite without findings under `make asan` means something:
# an error of each kind, in a module built as ours is, ends a server and leaves
# a report.  Prints TAP.
. "$(dirname "$0")/common.sh"
find_server
find_run_folder

work=$(mktemp -d "$run/probe.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/build" "$work/data" "$work/reports"
make -s -C "$work/build" -f "$top/test/asan/Makefile" PG_CONFIG="$pg_config"
give_server "$work"
chmod 755 "$work"
(cd "$work" && as_server "$pg$bindir/initdb" -D "$work/data" -U postgres --no-sync --locale=C >/dev/null)
status=0

# call FUNCTION ARGUMENT: in a single-user server; the answer in $work/answer.
call() {
	rm -f "$work"/reports/*
	printf "%s\n" "CREATE FUNCTION pg_temp.probe(int) RETURNS int LANGUAGE c AS '$work/build/asan_probe', '$1'" \
		"SELECT 'answer ' || pg_temp.probe($2)" |
		(cd "$work" && as_server env "ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}:log_path=$work/reports/asan" \
			"$pg$bindir/postgres" --single -D "$work/data" postgres) > "$work/answer" 2>&1
}

# seen FUNCTION ARGUMENT WORDS: it must end the server, with WORDS in the report,
# or, of the undefined-behaviour sanitizer, in what the server says.
seen() {
	if call "$1" "$2" || ! grep -qs "$3" "$work"/reports/* "$work/answer"; then
		echo "not ok - $1($2): $3"
		tail -n 5 "$work/answer" | sed 's/^/# /'
		status=1
	else
		echo "ok - $1($2): $3"
	fi
}

seen after_malloc 13 heap-buffer-overflow
seen after_palloc 13 use-after-poison
seen after_pfree 100 use-after-poison
seen after_pfree 1000000 heap-use-after-free
seen after_reset 100 use-after-poison
seen bad_shift 40 'runtime error: shift exponent 40 is too large'
if call no_error 13 && grep -q 'answer 0' "$work/answer"; then
	echo 'ok - no error, no finding'
else
	echo 'not ok - no error, no finding'
	status=1
fi
exit $status
