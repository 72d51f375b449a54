#!/bin/sh
# cluster.sh: private PostgreSQL clusters that run from the temporary install.
#
#	cluster.sh start FOLDER [CONFIGURATION-FILE] [NAME=VALUE ...]
#	cluster.sh env FOLDER			prints PATH, PGHOST, ... to eval
#	cluster.sh psql FOLDER [ARGUMENT ...]
#	cluster.sh stop FOLDER			stops the server
#	cluster.sh remove FOLDER		stops it and removes the folder
#	cluster.sh remove-all			all that were started from this checkout
#
# A cluster listens on a Unix socket only, in a folder that nobody else can
# enter; FOLDER holds data, log and sock.  Where the path is too long for a
# socket (108 bytes), sock is a link to a folder under /tmp.
. "$(dirname "$0")/common.sh"
find_server
find_run_folder
list=$build/clusters

make_socket_folder() {
	[ ! -e "$folder/sock" ] || return 0
	if [ ${#folder} -lt 75 ]; then
		mkdir -m 700 "$folder/sock"
	else
		long=$(mktemp -d /tmp/transform.XXXXXXXX)
		ln -s "$long" "$folder/sock"
		give_server "$long"
	fi
	give_server "$folder/sock"
}

initialise() {
	[ ! -s "$folder/data/PG_VERSION" ] || return 0
	rm -rf "$folder/data"
	mkdir -p "$folder/data"
	give_server "$folder" "$folder/data"
	(cd "$folder" && as_server "$pg$bindir/initdb" -D "$folder/data" -U postgres -A trust \
		--no-sync --encoding=UTF8 --locale=C) > "$folder/initdb.log" 2>&1 || {
		tail -n 20 "$folder/initdb.log" >&2
		die "initdb failed in $folder"
	}
}

# configure FILE NAME=VALUE...: written anew at each start.
configure() {
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$(realpath "$folder/sock")'"
		say "port = 5432"
		[ -z "$1" ] || cat "$1"
		shift
		for setting in "$@"; do
			say "${setting%%=*} = '${setting#*=}'"
		done
	} > "$folder/data/postgresql.auto.conf"
	give_server "$folder/data/postgresql.auto.conf"
}

running() {
	as_server "$pg$bindir/pg_ctl" -D "$folder/data" status >/dev/null 2>&1
}

start() {
	mkdir -p "$folder"
	folder=$(cd "$folder" && pwd -P)
	grep -qxF "$folder" "$list" 2>/dev/null || say "$folder" >> "$list"
	initialise
	make_socket_folder
	configuration=
	if [ $# -gt 0 ] && [ "${1#*=}" = "$1" ]; then
		configuration=$(realpath "$1")
		shift
	fi
	cd "$folder"
	if running; then
		return 0
	fi
	configure "$configuration" "$@"
	# An environment of its own: the server and the host inherit nothing.
	as_server env -i PATH="$pg$bindir:/usr/bin:/bin" LC_ALL=C.UTF-8 ${SERVER_ENVIRONMENT:-} \
		"$pg$bindir/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 120 -s start </dev/null 2> "$folder/start.log" || {
		tail -n 20 "$folder/start.log" "$folder/log" >&2
		die "the server did not start; its log: $folder/log"
	}
}

stop() {
	[ -d "$folder/data" ] || return 0
	cd /
	if running; then
		as_server "$pg$bindir/pg_ctl" -D "$folder/data" -w -t 60 -s -m fast stop ||
			as_server "$pg$bindir/pg_ctl" -D "$folder/data" -w -s -m immediate stop
	fi
}

remove() {
	stop
	# Under `make asan`: what the log says must outlive it.
	if [ -n "${FINDINGS:-}" ] && grep -qs 'runtime error: ' "$folder/log"; then
		cp "$folder/log" "$FINDINGS/log.$$"
	fi
	if [ -L "$folder/sock" ]; then
		rm -rf "$(realpath "$folder/sock")"
	fi
	rm -rf "$folder"
	if [ -f "$list" ]; then
		grep -vxF "$folder" "$list" > "$list.new" || :
		mv "$list.new" "$list"
	fi
}

environment() {
	say "PATH=$pg$bindir:\$PATH PGHOST=$(realpath "$folder/sock") PGPORT=5432 PGUSER=postgres PGDATABASE=postgres"
	say "export PATH PGHOST PGPORT PGUSER PGDATABASE"
}

command=${1:-}
folder=${2:-}
[ $# -lt 2 ] || shift 2
case $command in
	start|env|psql|stop|remove)
		[ -n "$folder" ] || die "usage: cluster.sh $command FOLDER"
		folder=$(realpath -m "$folder")
		;;
esac
case $command in
	start) start "$@" ;;
	env) environment ;;
	psql) eval "$(environment)"; exec psql "$@" ;;
	stop) stop ;;
	remove) remove ;;
	remove-all)
		[ ! -f "$list" ] || for folder in $(cat "$list"); do remove; done
		;;
	*) die 'usage: cluster.sh start|env|psql|stop|remove FOLDER, or remove-all' ;;
esac
