#!/bin/bash
# check.sh [SUITE ...]: make check-windows: sets up and builds what the Windows
# build needs, and runs the suites on it under Wine; a line for each, the output
# of each in build/windows/check/SUITE.log, and one closing line "N passed, N
# failed, N skipped".  What Wine cannot show is skipped, with the words
# "unverified on this system".
#
# Suites: unit policy host package, and of each server (17, 17m, ...) regress,
# isolation, tap, legit, escapes, link, crash and bench, as regress-17m; core-16
# is the shorter run on another server.  ../suites.sh says how output is counted.
# LANES of them run side by side (3; suites that are named: 1), each taking the
# next of the list; what measures time runs after the rest.
# TAP=040_cancel runs that file of test/tap alone.
# BUILT=yes takes what is in build/windows as it is; KEEP=yes keeps what the
# tests left in /dev/shm and in the room.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/../suites.sh"
find_server
find_run_folder
set +e

crash_rounds=${CRASH_ROUNDS:-5}
suite_seconds=${SUITE_SECONDS:-1800}
servers=${SERVERS:-$all_servers}
compiler=x86_64-w64-mingw32ucrt-gcc

logs=$windows/check
rm -rf "$logs"
mkdir -p "$logs"
scratch=$(mktemp -d /dev/shm/transform-windows.XXXXXX)
chmod 755 "$scratch"
work=$room/check			# what Windows programs read and write
pgxs_test=$(dirname "$("$pg_config" --pgxs)")/../test
run=$top/scripts/windows/wine.sh
lanes=()

finish() {
	trap - EXIT
	[ ${#lanes[@]} = 0 ] || kill "${lanes[@]}" 2>/dev/null
	for folder in "$scratch"/*/data; do
		[ ! -d "$folder" ] || "$top/scripts/windows/cluster.sh" remove "${folder%/data}"
	done
	in_room wineserver -k >/dev/null 2>&1
	[ -n "${KEEP:-}" ] || rm -rf "$scratch" "$work"
}
trap 'exit 130' INT TERM HUP
trap finish EXIT

export BUILD=$build
export PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=$top/test/lib
export WINDOWS_RUN=$run
export WINDOWS_PROCTOOL="$run $room/proctool.exe"

# The tests as the room sees them, the tool that knows Windows processes, and
# settings with the walls that Wine can have proven.
prepare() {
	rm -rf "$work"
	mkdir -p "$work/src"
	cp -r "$top/test" "$top/examples" "$top/sandbox_host" "$top/extension" "$work/src/"
	cp "$top/test/windows/proctool.c" "$work/"
	give_room "$work"
	in_room $compiler -O2 -Wall -Wextra -Werror -o proctool.exe check/proctool.c -lntdll -lpsapi || return 1
	{
		cat "$top/test/transform.conf"
		say "transform.sandbox_require = 'language, imports, database'"
	} > "$scratch/transform.conf"
	# a worker takes half a second of processor time to start here
	say 'min_dynamic_shared_memory = 64MB' > "$scratch/every.conf"
	{
		cat "$scratch/transform.conf"
		say 'transform.warm_workers = 1'
	} > "$scratch/tap.conf"
}

# ---- suites without a server

# The C unit tests; the sanitizers are Linux's.
suite_unit() {
	local file name more status=0
	mkdir -p "$work/unit"
	give_room "$work/unit"
	for file in "$top"/test/unit/*.c; do
		name=$(basename "$file" .c)
		more=$(sed -n 's|.*/\* link: \(.*\) \*/.*|\1|p' "$file")
		echo "# $name"
		if in_room sh -c "cd check/src && $compiler -std=gnu11 -O1 -Wall -Wextra -Itest/unit -Isandbox_host \
			-Isandbox_host/wire -Isandbox_host/plat -Iextension -DSODIUM_STATIC -I../../sodium/include -L../../sodium/lib \
			-o ../unit/$name.exe test/unit/$name.c sandbox_host/wire/*.c $more -lm -ladvapi32"; then
			"$run" "check/unit/$name.exe" || { echo "# $name ended with status $?"; status=1; }
		else
			echo "not ok - $name does not compile"
			status=1
		fi
	done
	return $status
}

# The walls language and imports, in Windows' Python and in Linux's: the same
# tests, and the same decision on every file of the corpus.
suite_policy() {
	"$run" py/python.exe check/src/test/policy/run.py --decisions=check/decisions
	local status=$?
	"$venv/bin/python3" "$top/test/policy/run.py" --decisions="$scratch/decisions" escapes/ > "$scratch/policy.log" || {
		cat "$scratch/policy.log"
		return 1
	}
	"$venv/bin/python3" "$top/test/windows/decisions.py" "$scratch/decisions" "$work/decisions" && return $status
}

suite_host() {
	local file status=0 server=$room/run/17
	server_folders "$server"
	for file in "$top"/test/host/[0-9]*.py; do
		echo "# $file"
		in_room env SANDBOX_HOST="$(winpath "$lib/transform/venv/sandbox_host.exe")" \
			SANDBOX_VENV="$(winpath "$lib/transform/venv")" SANDBOX_DRIVER="$(winpath "$lib/transform/python")" \
			PROCTOOL="$(winpath "$room/proctool.exe")" PYTHONPATH="$(winpath "$work/src/test/lib")" \
			wine "$lib/transform/venv/python.exe" "$(winpath "$work/src/test/host/$(basename "$file")")" ||
			{ echo "# it ended with status $?"; status=1; }
	done
	return $status
}

# The zip, installed, used and removed; service, self-test, demo.
suite_package() {
	"$top/scripts/windows/package.sh" && "$top/test/windows/package.sh"
}

# ---- suites of a server

# with_cluster SERVER NAME COMMAND...: while a cluster of it runs; $port.
with_cluster() {
	local folder=$scratch/$2-$1 status
	SERVER=$1 "$top/scripts/windows/cluster.sh" start "$folder" "$scratch/transform.conf" || return 1
	port=$(cat "$folder/port")
	shift 2
	"$@"
	status=$?
	cp "$folder/log" "$logs/$(basename "$folder")-server.log"
	"$top/scripts/windows/cluster.sh" remove "$folder"
	return $status
}

# regress_files PROGRAM FOLDER EXTENSION SERVER [TEST...]: all, or these.
regress_files() {
	local program=$1 folder=$2 extension=$3 out=$logs/$2-$4 tests
	shift 4
	tests=$*
	[ -n "$tests" ] || tests=$(cd "$top/test/$folder" && ls | sed -n "s/\.$extension\$//p" |
		grep -vxF walls | sed 's/^examples$/~&/' | LC_ALL=C sort | tr -d '~')
	mkdir -p "$out"
	"$pgxs_test/$program" --inputdir="$top/test" --outputdir="$out" --bindir="$bindir" --host=127.0.0.1 \
		--port="$port" --user=postgres --dbname="$folder" --dlpath="$bindir/../lib" $tests || {
		cat "$out/regression.diffs"
		return 1
	}
}

suite_regress() {
	echo 'ok - walls # SKIP unverified on this system'
	with_cluster "$1" regress regress_files regress/pg_regress sql sql "$1"
}

suite_isolation() { with_cluster "$1" isolation regress_files isolation/pg_isolation_regress specs spec "$1"; }

# The shorter run: installed, the life of a job, every type.
suite_core() {
	with_cluster "$1" regress regress_files regress/pg_regress sql sql "$1" \
		install first_job modes types
}

# PostgreSQL::Test::Cluster as it is, with the server's programs in PATH being
# Windows programs.  Not 010, 100, 105 and 110, which are about signals, kills and
# starts of servers: suite crash does that here.
suite_tap() {
	local folder=$work/tap-$1 tool seed
	seed=$(SERVER=$1 "$top/scripts/windows/cluster.sh" seed) || return 1
	mkdir -p "$folder/bin"
	chmod 1777 "$folder"
	for tool in initdb pg_ctl pg_dump; do
		ln -sf "$top/test/windows/server-tool.sh" "$folder/bin/$tool"
	done
	cd "$folder" && env WINDOWS_SERVER="$room/run/$1" WINDOWS_DUMP="$room/pg${1%m}" WINDOWS_SEED="$seed" \
		TESTDIR="$folder" TESTDATADIR="$folder/data" TESTLOGDIR="$folder/log" TEMP_CONFIG="$scratch/every.conf" \
		PG_TEST_TIMEOUT_DEFAULT=120 PG_REGRESS="$pgxs_test/regress/pg_regress" PATH="$folder/bin:$bindir:$PATH" \
		TRANSFORM_CONF="$scratch/tap.conf" prove -v --timer -I "$pgxs_test/perl" -I "$top/test/perl" "$top"/test/tap/${TAP:-0[2-9]*}.pl
	local status=$?
	[ $status = 0 ] || cp -r "$folder/tmp_check/log" "$logs/tap-$1" 2>/dev/null
	return $status
}

corpus() {
	TARGET=windows:$1 "$venv/bin/python3" -u "$top/test/corpus_run/run.py" --limits low --jobs 2 "${@:2}" "$top/test/corpus"
}

# The link to the host: who waits gets away, whose pipe it is, WIN1252.
suite_link() { TARGET=windows:$1 "$venv/bin/python3" -u "$top/test/windows/link.py"; }

# Equal to plain pandas on Windows' Python.
suite_legit() {
	"$run" py/python.exe check/src/test/windows/plain.py check/src/test/corpus "check/plain-$1" &&
		corpus "$1" --kinds legit --plain "$work/plain-$1"
}

# Attacks that the static check lets pass (suite policy has just said which), as
# real jobs: stopped where Linux stops them.
suite_escapes() { corpus "$1" --kinds escapes --decisions "$work/decisions"; }

# The demo's job gives what it gives on Linux.
suite_flights() {
	WHEELS=${WHEELS:-} "$top/scripts/demo.sh" fetch &&
		TARGET=windows:$1 "$venv/bin/python3" -u "$top/test/windows/flights.py" "$build/flights/flights.csv"
}

suite_crash() {
	TARGET=windows:$1 "$venv/bin/python3" -u "$top/test/crash/run.py" --rounds "$crash_rounds" --jobs 4
}

suite_bench() {
	TARGET=windows:$1 "$venv/bin/python3" -u "$top/test/bench/run.py" --rows 2000000 --rows-big 0 --rounds 3
}

# ---- running them

# run_one SUITE or SUITE-SERVER, its lines printed at once, so that those of two
# lanes do not mix.
run_one() {
	local suite=${1%%-*} server=
	[ "$suite" = "$1" ] || server=${1#*-}
	run_suite "$1" "suite_$suite" $server > "$logs/$1.line" 2>&1
	cat "$logs/$1.line"
}

# next_suite: takes the first of the list that all lanes have.
next_suite() {
	(
		flock 9
		head -n 1 "$scratch/suites"
		sed -i 1d "$scratch/suites"
	) 9> "$scratch/suites.lock"
}

lane() {
	trap - EXIT
	trap '[ -z "${suite_pid:-}" ] || kill -- -"$suite_pid" 2>/dev/null; exit 130' INT TERM HUP
	local suite
	while suite=$(next_suite) && [ -n "$suite" ]; do
		run_one "$suite"
	done
}

# side_by_side N SUITE...: in N lanes.
side_by_side() {
	local n
	printf '%s\n' "${@:2}" > "$scratch/suites"
	for ((n = 0; n < $1; n++)); do
		lane &
		lanes+=($!)
	done
	wait "${lanes[@]}"
	lanes=()
}

build_all() {
	[ -z "${BUILT:-}" ] || { prepare; return; }
	"$top/scripts/windows/setup.sh" $servers &&
		echo "set up after $SECONDS s" &&
		"$top/scripts/windows/build.sh" $servers &&
		"$top/scripts/windows/temp-install.sh" $servers &&
		prepare
}

echo 'setting up and building'
build_all > "$logs/build.log" 2>&1 < /dev/null || {
	tail -n 40 "$logs/build.log"
	die "it could not be built; whole log: $logs/build.log"
}
echo "set up and built in $SECONDS s"
touch "$logs/counts"
if [ $# -gt 0 ]; then
	side_by_side "${LANES:-1}" "$@"
else
	# the longest first; escapes want to know what policy decided
	side_by_side "${LANES:-3}" policy tap-17 tap-17m regress-17 regress-17m package host legit-17 legit-17m \
		crash-17 crash-17m escapes-17m isolation-17 isolation-17m unit core-15m core-16 core-18 core-18m flights-17m
	side_by_side 2 link-17 link-17m
	side_by_side 1 bench-17
fi
close_suites
