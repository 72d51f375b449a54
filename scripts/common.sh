# common.sh: sourced by the other scripts: where things are, and as whom the
# server runs.  Sets:
#
#	top		the checkout
#	build	what is built (BUILD, by default build/ in the checkout)
#	run		what the server must read: the temporary install, the virtual
#			environment, clusters.  The same folder as build, unless the server
#			runs as another account that cannot reach it; then a folder under
#			/var/tmp, whose name is kept in build/run-folder.
#	account	the account the server runs as; empty for "the same as now".
#			PostgreSQL refuses to run as root, so root hands over to postgres.
#	pg_config, bindir, pg	the server's pg_config; its bindir; the temporary
#			install and, below it, $pg$bindir/postgres
#
# As a private tool of this folder it stops the script on any error.
set -eu
umask 022
LC_ALL=C.UTF-8
export LC_ALL

top=$(dirname "$0")/..
[ -f "$top/control/transform.control" ] || top=$top/..	# scripts/windows/
top=$(cd "$top" && pwd -P)
build=${BUILD:-$top/build}
mkdir -p "$build"
build=$(cd "$build" && pwd -P)
python=/usr/bin/python3

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The account for the server: none, or postgres when started by root.
account=
if [ "$(id -u)" = 0 ]; then
	account=${SERVER_ACCOUNT:-postgres}
fi

# as_server COMMAND...: run a command as the server's account.
as_server() {
	if [ -n "$account" ]; then
		setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups \
			env HOME=/nonexistent USER="$account" LOGNAME="$account" "$@"
	else
		"$@"
	fi
}

# give_server PATH...: hand files over to the server's account.
give_server() {
	[ -z "$account" ] || chown -R "$account" "$@"
}

# Set $run; see above.
find_run_folder() {
	run=$build
	if [ -s "$build/run-folder" ]; then
		run=$(cat "$build/run-folder")
	elif [ -n "$account" ] && id "$account" >/dev/null 2>&1 &&
		! as_server test -x "$build"; then
		run=$(mktemp -d /var/tmp/transform.XXXXXXXX)
		say "$run" > "$build/run-folder"
		say "The account \"$account\" cannot reach $build: what the server needs goes to $run."
	fi
	mkdir -p "$run"
	chmod 755 "$run"
	venv=$run/venv
	pg=$run/pg
}

# Set $pg_config and $bindir; fails when there is no server to build for.
find_server() {
	pg_config=${PG_CONFIG:-}
	if [ -z "$pg_config" ]; then
		for pg_config in $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -V) ''; do
			[ -z "$pg_config" ] || [ ! -f "$("$pg_config" --pgxs)" ] || break
		done
		[ -n "$pg_config" ] || pg_config=$(command -v pg_config || :)
	fi
	[ -n "$pg_config" ] || die 'no pg_config found; run scripts/setup-debian.sh, or set PG_CONFIG'
	bindir=$("$pg_config" --bindir)
}
