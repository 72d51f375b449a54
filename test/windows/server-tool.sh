#!/bin/bash
# server-tool.sh: a server program of PostgreSQL for Windows under its Linux
# name, so that what was written for Linux (PostgreSQL::Test::Cluster) drives a
# server under Wine.  Called through links: initdb, pg_ctl, pg_dump, ...
#
#	WINDOWS_RUN		the command that runs a program in the room (scripts/windows/wine.sh)
#	WINDOWS_SERVER	the server's folder, in the room
#	WINDOWS_DUMP	a server's folder that has pg_dump.exe (MSVC builds come without)
#	WINDOWS_SEED	a data folder that initdb copies instead of making one
set -eu
tool=$(basename "$0")
give_room() { chown -R --reference="$WINDOWS_SERVER" "$@"; }

# Absolute paths as Windows names them.
arguments=()
data='' file='' stays='' previous=''
for argument in "$@"; do
	case $previous in
		-D) data=$argument ;;
		-l|-f) file=$argument ;;
	esac
	previous=$argument
	case $argument in
		start|restart) stays=yes ;;
		/*) argument=Z:${argument//\//\\} ;;
	esac
	arguments+=("$argument")
done

server=$WINDOWS_SERVER
case $tool in
	initdb)
		mkdir -p "$data"
		if [ -d "${WINDOWS_SEED:-}" ]; then
			cp -r "$WINDOWS_SEED/." "$data"
			give_room "$data"
			exit 0
		fi
		give_room "$data"
		arguments+=(-U postgres --no-locale -E UTF8)
		;;
	pg_ctl) give_room "$data" ;;
	pg_dump)
		server=$WINDOWS_DUMP
		arguments+=(-U postgres)
		;;
esac
if [ -n "$file" ]; then
	touch "$file"
	give_room "$file"
fi

if [ -z "$stays" ]; then
	exec $WINDOWS_RUN "$server/bin/$tool.exe" "${arguments[@]}"
fi
# A server that stays must not keep our output open.
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
$WINDOWS_RUN "$server/bin/$tool.exe" "${arguments[@]}" > "$out" 2>&1 < /dev/null || status=$?
cat "$out"
exit $status
