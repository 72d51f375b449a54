#!/bin/bash
# run-tests.sh [SUITE ...]: run the suites (all by default), each on throw-away
# clusters, on tmpfs where there is one.  Prints a line per suite while it
# runs, keeps each one's output in build/check/SUITE.log, and closes with one
# line: "N passed, N failed" (and skipped, when there are any).
#
# A suite is a function suite_NAME below; suites.sh says how its output is
# counted.  Long runs are short here; `make help` names the full ones.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/suites.sh"
find_server
find_run_folder
set +e

corpus_options=(--limits low)
crash_rounds=${CRASH_ROUNDS:-12}
hostile_rounds=${HOSTILE_ROUNDS:-300}
fuzz_runs=${FUZZ_RUNS:-200000}
roundtrip_rows=${ROUNDTRIP_ROWS:-2000}
suite_seconds=${SUITE_SECONDS:-900}

suites=("$@")
[ ${#suites[@]} -gt 0 ] ||
	suites=(style pgspot unit policy host regress isolation tap corpus crash hostile fuzz roundtrip ${SAN:+asan})

logs=$build/check
rm -rf "$logs"
mkdir -p "$logs"
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 1000000 ]; then
	scratch=$(mktemp -d /dev/shm/transform-check.XXXXXX)
else
	scratch=$(mktemp -d "$run/check.XXXXXX")
fi
chmod 755 "$scratch"
source=$scratch/source
suite_pid=
interrupted() { [ -z "$suite_pid" ] || kill -- -"$suite_pid" 2>/dev/null; exit 130; }
finish() {
	for folder in "$scratch"/*/data; do
		[ ! -d "$folder" ] || "$top/scripts/cluster.sh" remove "${folder%/data}"
	done
	# servers that an interrupted TAP file left behind
	find "$scratch" -name postmaster.pid -printf '%h\n' | while read -r data; do
		as_server "$pg$bindir/pg_ctl" -D "$data" -m immediate -s stop
	done
	rm -rf "$scratch"
}
trap interrupted INT TERM HUP
trap finish EXIT

# What the suites find in their environment.
pgxs_test=${PGXS_TEST:-$(dirname "$("$pg_config" --pgxs)")/../test}
pkglibdir=$pg$("$pg_config" --pkglibdir)
export BUILD=$build
export SANDBOX_HOST=$pg$bindir/sandbox_host
export SANDBOX_VENV=$venv
export SANDBOX_DRIVER=$pkglibdir/transform/python
export PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=$top/test/lib
if [ -n "${SAN:-}" ]; then
	# What the sanitizers find lands in files of this folder; the instrumented
	# sandbox_host, whose environment is empty, has its name built in.  What
	# the one for undefined behaviour says is in the logs alone.
	findings=$run/findings
	export FINDINGS=$findings
	rm -rf "$findings"
	mkdir -p "$findings"
	chmod 1777 "$findings"
	export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:log_path=$findings/asan
	export UBSAN_OPTIONS=print_stacktrace=1
	export SERVER_ENVIRONMENT="ASAN_OPTIONS=$ASAN_OPTIONS UBSAN_OPTIONS=$UBSAN_OPTIONS"
	suite_seconds=${SUITE_SECONDS:-3600}
fi

# The server's account may not be able to read the checkout: what runs as that
# account runs from a copy.
copy_source() {
	mkdir -p "$source"
	cp -r "$top/test" "$top/examples" "$top/scripts" "$top/sql" "$top/control" "$top/sandbox_host" "$source/"
	chmod -R a+rX,u+w "$source"
	mkdir -p "$scratch/tap" "$scratch/work"
	chmod 1777 "$scratch/tap" "$scratch/work"
	give_server "$source"
}

# ---- the suites

suite_style() { "$top/scripts/check-style.sh"; }

# What a tool of others says about the install script.
suite_pgspot() { "$top/scripts/pgspot.sh"; }

suite_unit() { "$top/scripts/unit.sh" && "$top/scripts/jwt.sh" vectors; }

# Programs that print TAP, as the server's account, none of them needs a server.
run_programs() {
	local program status=0
	for program in "$@"; do
		echo "# $program"
		case $program in
			*.py) as_server env HOME="$scratch/work" PYTHONPATH="$source/test/lib" "$venv/bin/python3" "$program" ;;
			*) as_server env HOME="$scratch/work" "$program" ;;
		esac || { echo "# $program ended with status $?"; status=1; }
	done
	return $status
}

suite_policy() { cd "$scratch/work" && run_programs "$source/test/policy/run.py"; }

suite_host() {
	cd "$scratch/work" || return 1
	run_programs $(find "$source/test/host" "$source/test/escape" -maxdepth 1 \
		-name '[0-9]*.py' | sort)
}

# pg_regress_suite PROGRAM FOLDER EXTENSION: every file of test/FOLDER, in one
# database, in order; the examples last, whatever is added to them.
pg_regress_suite() {
	local tests work=$logs/$2
	tests=$(cd "$top/test/$2" && ls | sed -n "s/\.$3\$//p" | sed 's/^examples$/~&/' | LC_ALL=C sort | tr -d '~')
	[ -n "$tests" ] || return 1
	mkdir -p "$work"
	"$top/scripts/cluster.sh" start "$scratch/$2" "$top/test/transform.conf" || return 1
	"$pgxs_test/$1" --inputdir="$top/test" --outputdir="$work" --bindir="$pg$bindir" \
		--host="$(realpath "$scratch/$2/sock")" --port=5432 --user=postgres \
		--dbname="$2" --dlpath="$pkglibdir" $tests
	local status=$?
	[ $status = 0 ] || cat "$work/regression.diffs"
	cp "$scratch/$2/log" "$logs/$2-server.log"
	"$top/scripts/cluster.sh" remove "$scratch/$2"
	return $status
}

suite_regress() { pg_regress_suite regress/pg_regress sql sql; }

suite_isolation() { pg_regress_suite isolation/pg_isolation_regress specs spec; }

suite_tap() {
	cd "$scratch/tap" || return 1
	as_server env ${SERVER_ENVIRONMENT:-} TMPDIR="$scratch/tap" PG_TEST_TIMEOUT_DEFAULT=60 PATH="$pg$bindir:$PATH" TESTDIR="$scratch/tap" TESTDATADIR="$scratch/tap/data" \
		TESTLOGDIR="$scratch/tap/log" PG_REGRESS="$pgxs_test/regress/pg_regress" \
		TRANSFORM_CONF="$source/test/transform.conf" TRANSFORM_SOURCE="$source" \
		prove -v -I "$pgxs_test/perl" -I "$source/test/perl" "$source"/test/tap/${TAP:-*}.pl
	local status=$?
	[ $status = 0 ] || cp -r "$scratch/tap/tmp_check/log" "$logs/tap" 2>/dev/null
	return $status
}

suite_corpus() {
	"$venv/bin/python3" -u "$top/test/corpus_run/test_judge.py" &&
		"$venv/bin/python3" -u "$top/test/corpus_run/run.py" "${corpus_options[@]}" "$top/test/corpus"
}

suite_crash() { "$venv/bin/python3" -u "$top/test/crash/run.py" --untimed --rounds "$crash_rounds"; }

suite_hostile() { "$venv/bin/python3" -u "$top/test/hostile/run.py" --rounds "$hostile_rounds"; }

suite_roundtrip() { "$venv/bin/python3" -u "$top/test/roundtrip/run.py" --rows "$roundtrip_rows"; }

# Only with SAN: that the sanitizers see what they should.
suite_asan() { "$top/scripts/asan-probe.sh"; }

suite_fuzz() { "$top/scripts/fuzz.sh" "$fuzz_runs"; }

copy_source
for suite in "${suites[@]}"; do
	run_suite "$suite" "suite_$suite"
done
if [ -n "${SAN:-}" ]; then
	grep -rlZ 'runtime error: ' "$logs" "$scratch/tap" --exclude=asan.log | xargs -0r cp -t "$findings" --backup=numbered
	found=$(find "$findings" -type f | wc -l)
	echo "findings of the sanitizers: $found (bar 0) $([ "$found" = 0 ] && echo ok || echo "short; see $findings")"
	grep -rh -A 30 -E 'runtime error: |ERROR: AddressSanitizer' "$findings" | head -n 200
	echo "0 $found 0" >> "$logs/counts"
fi
close_suites
