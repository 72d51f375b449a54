#!/bin/bash
# package.sh [FUNCTION ...]: the Windows package as people use it, under Wine:
# unpacked, put into copies of servers in folders with a space, with letters
# outside ASCII and with long names, used, and removed.  Prints TAP.  Takes
# the zip that `make windows` made.
set -e
BASH_ARGV0=$(dirname "$0")/../../scripts/windows/package-test	# common.sh finds its way from $0
. "$(dirname "$0")/common.sh"
set +e

work="$room/package test"
# some way beyond the 260 characters that most Windows programs know
deep=$(printf 'a-folder-with-a-long-name-%s/' 1 2 3 4 5 6)
number=0
out=$windows/package-test.txt

ok() {	# ok STATUS NAME: with what was last printed, when it failed
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/#   /' "$out"
	fi
}
skip() { number=$((number + 1)); echo "ok $number - $1 # SKIP unverified on this system"; }

# script NAME ARGUMENT...: a .cmd of the package, from a folder of no meaning.
script() {
	local name=$1
	shift
	in_room env ${PSQL:+PSQL="$PSQL"} TRANSFORM_DEMO="$(winpath "$work/démo")" \
		wine "$(winpath "$package/scripts/$name.cmd")" "$@" > "$out" 2>&1 < /dev/null
}

says() { grep -qF -- "$1" "$out"; }

# What is in a folder: every file with its digest, every folder.
listing() { (cd "$1" && find . -type f -exec sha256sum {} + && find . -type d) | LC_ALL=C sort; }

# new_server SERVER FOLDER: a copy as downloaded; $server, and $before.
new_server() {
	server=$work/$2
	mkdir -p "$server"
	cp -al "$room/pg$1/." "$server/"
	give_room "$work"
	find "$work" -type d ! -user "$room_uid" -exec chown "$room_uid" {} +
	server_folders "$server"
	before=$(listing "$server")
}

unchanged() { [ "$(listing "$server")" = "$before" ]; }

unpack() {
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$work" && "$python" -m zipfile -e "$1" .) || return 1
	package=$(ls -d "$work"/transform-*)
	give_room -h "$work"
	find "$work" -exec chown -h "$room_uid:$room_uid" {} +
}

# ---- what is refused, and changes nothing

refusals() {
	new_server 17m 'Program Files/PostgreSQL/17'
	script service install "$(winpath "$server")"
	[ $? = 1 ] && says 'is not installed in'; ok $? 'no service of a server without transform'
	script install "$(winpath "$work")"
	[ $? = 1 ] && says 'holds no PostgreSQL server'; ok $? 'a folder without a server is refused'

	cp "$lib/plpgsql.dll" "$lib/transform.dll"
	before=$(listing "$server")
	script install "$(winpath "$server")"
	[ $? = 1 ] && says 'did not put it there' && unchanged; ok $? "somebody else's transform.dll is refused, and stays"
	rm "$lib/transform.dll"
	before=$(listing "$server")

	cp "$package/runtime/lib/os.py" "$work/os.py"
	truncate -s -1 "$package/runtime/lib/os.py"
	script install "$(winpath "$server")"
	[ $? = 1 ] && says 'runtime/lib/os.py' && unchanged; ok $? 'a damaged package is refused'
	cp "$work/os.py" "$package/runtime/lib/os.py"

	# a server for another processor: one byte pair of its header
	cp --remove-destination "$server/bin/postgres.exe" "$work/postgres.exe"
	cp --remove-destination "$work/postgres.exe" "$server/bin/postgres.exe"
	"$python" - "$server/bin/postgres.exe" <<'PY'
import struct, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(0x3C)
    file.seek(struct.unpack("<I", file.read(4))[0] + 4)
    file.write(struct.pack("<H", 0xAA64))
PY
	script install "$(winpath "$server")"
	[ $? = 1 ] && says 'built for ARM64'; ok $? 'a server for another processor is refused'

	# a version there is no module for
	printf '#include <stdio.h>\nint main(void) { return puts("postgres (PostgreSQL) 14.20") < 0; }\n' > "$work/old.c"
	(cd "$work" && in_room x86_64-w64-mingw32ucrt-gcc -o "$work/old.exe" "$work/old.c") &&
		cp --remove-destination "$work/old.exe" "$server/bin/postgres.exe"
	script install "$(winpath "$server")"
	[ $? = 1 ] && says 'This is PostgreSQL 14.20'; ok $? 'a version without a module is refused'
	cp --remove-destination "$work/postgres.exe" "$server/bin/postgres.exe"
	unchanged; ok $? 'nothing of all that changed the server'
}

# ---- install, twice; and out again

install_twice() {
	script install "$(winpath "$server")"
	ok $? 'install.cmd into a folder with a space'
	says 'Visual C++' && cmp -s "$lib/transform.dll" "$package/module/17-msvc/transform.dll"; ok $? "the module of the server's build"
	[ -f "$lib/transform/venv/sandbox_host.exe" ] && [ -f "$lib/transform/python/driver.py" ] &&
		[ -f "$share/extension/transform.control" ]; ok $? 'program, driver and SQL are where the module looks'
	says "shared_preload_libraries = 'transform'"; ok $? 'it says the line for postgresql.conf'
	if says 'NOT readable by confined'; then
		skip 'confined processes may read the runtime'
	else
		says 'readable by confined'; ok $? 'confined processes may read the runtime'
	fi
	local installed
	installed=$(listing "$server")
	script install "$(winpath "$server")\\"
	[ $? = 0 ] && says ' 0 copied' && [ "$(listing "$server")" = "$installed" ]; ok $? 'a second time changes nothing'
	mkdir -p "$server/data"
	printf "shared_preload_libraries = 'auto_explain'\t# a comment\n" > "$server/data/postgresql.conf"
	give_room "$server/data" "$server/data/postgresql.conf"
	script install "$(winpath "$server")"
	says "shared_preload_libraries = 'auto_explain, transform'"; ok $? 'what is preloaded already stays in the line'
	rm -r "$server/data"
	rm "$lib/transform/python/policy.py"
	script install "$(winpath "$server")"
	[ $? = 0 ] && says ' 1 copied' && [ "$(listing "$server")" = "$installed" ]; ok $? 'a lost file is put back'
}

# job_runs FOLDER: in a cluster of that server; leaves it running.
job_runs() {
	cluster=$1
	SERVER=$server "$top/scripts/windows/cluster.sh" start "$cluster" shared_preload_libraries=transform \
		"transform.sandbox_require=language, imports, database" > "$out" 2>&1
	ok $? "the server starts with it${2:-}"
	"$top/scripts/windows/cluster.sh" psql "$cluster" -X -q -At -v ON_ERROR_STOP=1 > "$out" 2>&1 <<'SQL'
CREATE EXTENSION transform;
CREATE TABLE numbers AS SELECT n FROM generate_series(1, 1000) AS n;
SELECT transform_script_create('twice', 'def transform(df):
    df["twice"] = df["n"] * 2
    return df');
CALL transform_run('twice', 'numbers', 'doubled');
SELECT 'sum ' || sum(twice) FROM doubled;
SQL
	says 'sum 1001000'; ok $? "a job runs${2:-}"
}

in_use() {
	local installed
	installed=$(listing "$server")
	job_runs "$work/cluster"
	script uninstall "$(winpath "$server")"
	[ $? = 1 ] && says 'Nothing was removed' && [ "$(listing "$server")" = "$installed" ]
	ok $? 'what is in use is not removed, nothing of it, and that is said'
	"$top/scripts/windows/cluster.sh" remove "$cluster" > "$out" 2>&1
	ok $? 'the server stops'
}

remove_it() {
	mkdir -p "$lib/transform/python/__pycache__"
	touch "$lib/transform/python/__pycache__/left.pyc"
	script uninstall "$(winpath "$server")"
	ok $? 'uninstall.cmd'
	unchanged; ok $? 'the server is as it was, file by file'
	script uninstall "$(winpath "$server")"
	[ $? = 0 ] && says 'nothing to do'; ok $? 'uninstall.cmd a second time'
}

# PostgreSQL's own initdb takes such a folder in a single-byte encoding only.
letters_outside_ascii() {
	new_server 18 'Prógrämme/18'
	script install "$(winpath "$server")"
	[ $? = 0 ] && says 'mingw-w64' && cmp -s "$lib/transform.dll" "$package/module/18-mingw/transform.dll"
	ok $? 'a mingw-built server, in a folder with letters outside ASCII'
	INITDB_OPTIONS='--encoding=WIN1252 --locale=C' job_runs "$work/clüster" ', in a database of WIN1252'
	"$top/scripts/windows/cluster.sh" remove "$cluster" > "$out" 2>&1
	script uninstall "$(winpath "$server")"
	[ $? = 0 ] && unchanged; ok $? 'and out again'
}

# A tenth of the library is enough, and saves time.
long_paths() {
	new_server 15m "$deep/15"
	cp "$package/MANIFEST.txt" "$work/MANIFEST.txt"
	awk '/ runtime\/lib\// && NR % 10 { next } { print }' "$work/MANIFEST.txt" > "$package/MANIFEST.txt"
	script install "$(winpath "$server")"
	ok $? 'a server in a folder so deep that paths have 300 characters'
	[ "$(find "$server" | awk '{ if (length($0) > longest) longest = length($0) } END { print longest }')" -gt 300 ]
	ok $? 'they do'
	script uninstall "$(winpath "$server")"
	[ $? = 0 ] && unchanged; ok $? 'and out again'
	cp "$work/MANIFEST.txt" "$package/MANIFEST.txt"
}

# ---- the service

service() {
	script service install "$(winpath "$server")"
	[ $? = 1 ] && says 'account of the server is not known'; ok $? 'the account that may send jobs must be known'
	script service install "$(winpath "$server")" 'NT AUTHORITY\NetworkService'
	ok $? 'service.cmd install'
	cp "$out" "$work/said"
	for refinement in 'starts with the system, a little later' 'restarted 5 seconds after a failure' 'an identity of its own in its token'; do
		if grep -qF "NOT on this system: $refinement" "$work/said"; then
			skip "service: $refinement"
		else
			grep -qF "$refinement" "$work/said"; ok $? "service: $refinement"
		fi
	done
	says "transform.sandbox_address = '\\\\.\\pipe\\transform_sandbox_host'"; ok $? 'it says the setting'
	in_room wine reg query 'HKLM\System\CurrentControlSet\Services\transform_sandbox_host' > "$out" 2>/dev/null
	grep -qF 'NT SERVICE\transform_sandbox_host' "$out" && grep -qF -- '--allow-account "NT AUTHORITY\NetworkService"' "$out" &&
		grep -qiE '\<Start .*0x2' "$out"
	ok $? 'its own virtual account, the allowed account, starts with the system'
	script service install "$(winpath "$server")" 'NT AUTHORITY\NetworkService'
	[ $? = 0 ] && says 'was there'; ok $? 'a second time changes it'
	script uninstall "$(winpath "$server")"
	[ $? = 1 ] && says 'service.cmd remove first'; ok $? 'uninstall.cmd refuses while the service is there'
	script service start
	ok $? 'service.cmd start'
	running_service; ok $? 'it runs'
	script service start
	[ $? = 0 ] && says 'runs already'; ok $? 'a second start is fine'
	script service stop
	ok $? 'service.cmd stop'
	! running_service; ok $? 'it is stopped'
	script service remove
	ok $? 'service.cmd remove'
	script service remove
	[ $? = 0 ] && says 'nothing to do'; ok $? 'a second removal is fine'
	skip 'the service runs as its virtual account'
}

running_service() { in_room wine sc query transform_sandbox_host 2>/dev/null > "$out"; grep -qi 'RUNNING' "$out"; }

# In a window of its own, which here is a process in the background.
start_host() {
	local shell pid end=$((SECONDS + 120))
	script start_host "$(winpath "$server")" &
	shell=$!
	until says 'ready after' || [ $SECONDS -gt $end ] || ! kill -0 "$shell" 2>/dev/null; do
		read -rt 0.2 <> <(:) || :
	done
	says 'ready after'; ok $? 'start_host.cmd runs the host in the window'
	for pid in $(pgrep -f -- "sandbox_host.exe.*--service --listen"); do
		grep -qaF "$(winpath "$server")" "/proc/$pid/cmdline" && kill -9 "$pid"
	done
	wait "$shell"
}

# ---- self-test and demo

selftest_and_demo() {
	local PSQL
	PSQL=$(winpath "$room/pg17/bin/psql.exe")	# which this build of the server lacks
	script selftest "$(winpath "$server")"
	[ $? = 1 ] && says language && says network; ok $? 'selftest.cmd prints the walls, and fails where one does not hold'
	script demo "$(winpath "$server")"
	[ $? = 1 ] && says 'wall is not enforced'; ok $? 'demo.cmd: by default no job runs where walls are missing'
	script demo "$(winpath "$server")" 'transform.sandbox_require=language, imports, database'
	ok $? 'demo.cmd with fewer walls required: the flights job gives what it gives on Linux'
	sed -n 's/^\(Rates\|Digest\)/# &/p' "$out"
	script demo "$(winpath "$server")" stop
	ok $? 'demo.cmd stop'
}

zip=$(ls "$windows"/transform-*-windows-x64.zip 2>/dev/null)
[ -f "$zip" ] || die 'no package: scripts/windows/package.sh'
unpack "$zip" || die "cannot unpack $zip"
if [ $# -gt 0 ]; then
	"$@"
else
	refusals
	install_twice
	in_use
	service
	start_host
	selftest_and_demo
	remove_it
	letters_outside_ascii
	long_paths
fi
rm -rf "$work"
echo "1..$number"
