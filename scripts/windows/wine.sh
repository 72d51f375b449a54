#!/bin/sh
# wine.sh COMMAND...: run a Windows program, or a command that starts some,
# under Wine, in build/windows/room as the room's account:
#
#	wine.sh py/python.exe -V
#	wine.sh pg17/bin/psql.exe --version
#	wine.sh sh -c 'wine a.exe | sort'
#	wine.sh wineserver -k			ends every Windows process of the room
#
# The room is at its own path inside; /dev/shm is visible too, nothing else.  A
# program that stays keeps standard output open: redirect it to a file.
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || die 'usage: wine.sh COMMAND...'
[ -f "$windows/.done-prefix" ] || die 'not set up: scripts/windows/setup.sh'
case $1 in
	*.exe|*.EXE|*.cmd|*.bat) in_room wine "$@" ;;
	*) in_room "$@" ;;
esac
