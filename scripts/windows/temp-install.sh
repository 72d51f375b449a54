#!/bin/sh
# temp-install.sh [SERVER ...]: servers of our own for the tests, room/run/17m
# and so on: the downloaded server with the module, the program, the driver and
# the Python runtime where install.cmd puts them.  Big files are hard links;
# align.py has rewritten programs so that Wine starts them faster.
# Takes what has been built so far; made anew at every call.
. "$(dirname "$0")/common.sh"
[ -f "$windows/.done-prefix" ] || die 'not set up: scripts/windows/setup.sh'

# link_tree FROM TO: TO is a copy whose files are hard links.
link_tree() {
	mkdir -p "$2"
	cp -al "$1/." "$2/"
}

install_into() {
	to=$room/run/$1
	[ -d "$room/pg$1" ] || die "no server $1: scripts/windows/setup.sh $1"
	rm -rf "$to"
	mkdir -p "$room/run"
	link_tree "$room/pg$1" "$to"
	server_folders "$to"
	# one mingw-built server comes without time zones
	from=$share
	server_folders "$room/pg${1%m}m"
	[ -d "$from/timezone" ] || [ ! -d "$share/timezone" ] || link_tree "$share/timezone" "$from/timezone"
	server_folders "$to"
	mkdir -p "$lib/transform/python"
	cp "$top"/sandbox_host/python/*.py "$lib/transform/python/"
	cp "$top/control/transform.control" "$share/extension/"
	version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/control/transform.control")
	cat "$top"/sql/[0-9][0-9]_*.sql | sed "s/@VERSION@/$version/g" > "$share/extension/transform--$version.sql"
	cp "$top"/sql/*--*--*.sql "$share/extension/" 2>/dev/null || :
	link_tree "$room/runtime" "$lib/transform/venv"
	[ ! -f "$windows/host/sandbox_host.exe" ] || cp "$windows/host/sandbox_host.exe" "$lib/transform/venv/"
	[ ! -f "$windows/module/$1/transform.dll" ] || cp "$windows/module/$1/transform.dll" "$lib/"
}

servers=${*:-$all_servers}
for server in $servers; do
	install_into "$server"
done
cd "$room/run"
"$python" "$top/scripts/windows/align.py" $servers
find . ! -user "$room_uid" -exec chown "$room_uid:$room_uid" {} +
