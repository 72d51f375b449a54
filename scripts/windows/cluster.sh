#!/bin/sh
# cluster.sh: private PostgreSQL clusters of Windows servers, under Wine; the
# counterpart of ../cluster.sh.
#
#	cluster.sh start FOLDER [CONFIGURATION-FILE] [NAME=VALUE ...]
#	cluster.sh env FOLDER			prints PGHOST, PGPORT, ... to eval
#	cluster.sh psql FOLDER [ARGUMENT ...]	Debian's own psql, over TCP
#	cluster.sh stop FOLDER [fast|immediate]
#	cluster.sh remove FOLDER		stops it and removes the folder
#	cluster.sh remove-all			all that were started from this checkout
#	cluster.sh seed				prints the data folder that new ones are copies of
#
# SERVER=17m chooses the server when a cluster is made (default 17; m: built by
# MSVC); FOLDER/server keeps it.  What runs is room/run/17m, the copy with our
# files in it (temp-install.sh), or the folder that SERVER names with its
# whole path.  FOLDER must be below build/windows/room or /dev/shm, which is all
# that Wine sees; it holds data, log, port and server.  The server listens on
# 127.0.0.1 alone, on a port that was free; any local account may connect.
# SERVER_ENVIRONMENT holds variables for the server, as NAME=VALUE.
# INITDB_OPTIONS adds to initdb's options (default: UTF8 and locale C).
. "$(dirname "$0")/common.sh"
list=$windows/clusters

# Where Wine sees it; with ./ and links resolved.
check_folder() {
	case $folder in
		"$(realpath -m "$room")"/?*|/dev/shm/?*) ;;
		*) die "$folder is neither below $room nor below /dev/shm" ;;
	esac
}

find_windows_server() {
	[ -f "$windows/.done-prefix" ] || die 'not set up: scripts/windows/setup.sh'
	[ ! -s "${folder:-}/server" ] || SERVER=$(cat "$folder/server")
	case ${SERVER:=17} in
		/*) server=$SERVER ;;
		*)
			server=$room/run/$SERVER
			[ -d "$server" ] || "$top/scripts/windows/temp-install.sh" "$SERVER"
			;;
	esac
	[ -f "$server/bin/postgres.exe" ] || die "no server in $server"
}

free_port() {
	"$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

initialise() {
	[ ! -s "$folder/data/PG_VERSION" ] || return 0
	rm -rf "$folder/data"
	say "$SERVER" > "$folder/server"
	give_room "$folder"
	case $SERVER in
		*/*) : "${INITDB_OPTIONS:=--encoding=UTF8 --locale=C}" ;;
	esac
	if [ -n "${INITDB_OPTIONS:-}" ]; then
		initdb "$folder/data" $INITDB_OPTIONS
		return
	fi
	seed
	cp -r "$room/seed/$SERVER" "$folder/data"
	give_room "$folder/data"
}

# initdb FOLDER OPTION...
initdb() {
	target=$1
	shift
	# a file, not a pipe: a Windows process that stays would hold it open
	in_room wine "$server/bin/initdb.exe" -D "$(winpath "$target")" -U postgres -A trust --no-sync "$@" \
		> "$target.log" 2>&1 < /dev/null || {
		tail -n 20 "$target.log" >&2
		die "initdb failed in $target"
	}
}

# A data folder that others are copies of: initdb takes its time under Wine.
seed() {
	mkdir -p "$room/seed"
	give_room "$room/seed"
	(
		flock 9
		[ ! -d "$room/seed/$SERVER" ] || exit 0
		rm -rf "$room/seed/new-$SERVER"
		initdb "$room/seed/new-$SERVER" --encoding=UTF8 --locale=C &&
			mv "$room/seed/new-$SERVER" "$room/seed/$SERVER"
	) 9> "$windows/seed.lock"
}

# configure FILE NAME=VALUE...: written anew at each start.
configure() {
	[ -s "$folder/port" ] || free_port > "$folder/port"
	{
		say "listen_addresses = '127.0.0.1'"
		say "unix_socket_directories = ''"
		say "port = $(cat "$folder/port")"
		say 'min_dynamic_shared_memory = 64MB'
		[ -z "$1" ] || cat "$1"
		shift
		for setting in "$@"; do
			say "${setting%%=*} = '${setting#*=}'"
		done
	} > "$folder/data/postgresql.auto.conf"
	give_room "$folder/data/postgresql.auto.conf"
}

# pg_ctl COMMAND...: quiet; its words are in $folder/pg_ctl.log.
pg_ctl() {
	in_room env ${SERVER_ENVIRONMENT:-} wine "$server/bin/pg_ctl.exe" -D "$(winpath "$folder/data")" "$@" \
		> "$folder/pg_ctl.log" 2>&1 < /dev/null
}

running() { [ -f "$folder/data/postmaster.pid" ] && pg_ctl status; }

start() {
	mkdir -p "$folder"
	grep -qxF "$folder" "$list" 2>/dev/null || say "$folder" >> "$list"
	find_windows_server
	initialise
	configuration=
	if [ $# -gt 0 ] && [ "${1#*=}" = "$1" ]; then
		configuration=$(realpath "$1")
		shift
	fi
	if running; then
		return 0
	fi
	configure "$configuration" "$@"
	start_server || { stale_lock && start_server; } || {
		tail -n 20 "$folder/pg_ctl.log" "$folder/log" >&2
		die "the server did not start; its log: $folder/log"
	}
}

start_server() { pg_ctl -w -t 120 -l "$(winpath "$folder/log")" start; }

# A lock file that a killed server left, and that goes just when the new one
# wants to remove it, is one more reason for PostgreSQL not to start.
stale_lock() { tail -n 5 "$folder/log" | grep -q 'could not remove old lock file'; }

stop() {
	[ -d "$folder/data" ] || return 0
	find_windows_server
	if running; then
		pg_ctl -w -t 60 -m "${1:-fast}" stop || pg_ctl -w -t 60 -m immediate stop
	fi
}

remove() {
	stop immediate
	rm -rf "$folder"
	if [ -f "$list" ]; then
		grep -vxF "$folder" "$list" > "$list.new" || :
		mv "$list.new" "$list"
	fi
}

environment() {
	say "PGHOST=127.0.0.1 PGPORT=$(cat "$folder/port") PGUSER=postgres PGDATABASE=postgres"
	say "export PGHOST PGPORT PGUSER PGDATABASE"
}

command=${1:-}
folder=${2:-}
[ $# -lt 2 ] || shift 2
case $command in
	start|env|psql|stop|remove)
		[ -n "$folder" ] || die "usage: cluster.sh $command FOLDER"
		folder=$(realpath -m "$folder")
		check_folder
		;;
esac
case $command in
	start) start "$@" ;;
	env) environment ;;
	psql) eval "$(environment)"; exec psql "$@" ;;
	stop) stop "$@" ;;
	remove) remove ;;
	seed) find_windows_server; seed; say "$room/seed/$SERVER" ;;
	remove-all)
		[ ! -f "$list" ] || for folder in $(cat "$list"); do remove; done
		;;
	*) die 'usage: cluster.sh start|env|psql|stop|remove FOLDER, remove-all or seed' ;;
esac
