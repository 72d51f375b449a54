#!/bin/sh
# setup-debian.sh: install the Debian packages that building (or, with the
# argument "check" or "bench", testing or measuring as well) needs.  Does nothing
# when they are there.
# Starts no PostgreSQL cluster and touches none.
. "$(dirname "$0")/common.sh"

major=${PG_MAJOR:-15}
packages="build-essential python3 python3-dev python3-venv libseccomp-dev libsodium-dev"
[ "${1:-}" != check ] || packages="$packages libipc-run-perl clang libclang-rt-14-dev"
if [ -z "${PG_CONFIG:-}" ]; then
	packages="$packages postgresql-$major postgresql-server-dev-$major"
	[ "${1:-}" != bench ] || packages="$packages postgresql-plpython3-$major"
fi

missing() {
	for package in $packages; do
		case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) in
			i*) ;;
			*) printf '%s ' "$package" ;;
		esac
	done
}

command -v dpkg-query >/dev/null ||
	die "this is not a Debian system; install by hand what these packages hold: $packages"
wanted=$(missing)
[ -n "$wanted" ] || exit 0

say "Installing Debian packages: $wanted"
if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	root='sudo -n'
elif command -v sudo >/dev/null && [ -t 0 ]; then
	root=sudo
else
	die "these packages are missing and this account may not install them: $wanted
Ask an administrator to run:  apt-get install $wanted"
fi

# Debian would make and start a cluster "main" when the server is installed
# for the first time.  Not on our account: say no for the time of the
# installation, where the administrator's own configuration is not touched.
no_cluster=/etc/postgresql-common/createcluster.d/transform-setup.conf
made=
for folder in /etc/postgresql-common /etc/postgresql-common/createcluster.d; do
	[ -d "$folder" ] || made="$folder $made"
done
$root mkdir -p "$(dirname "$no_cluster")"
say 'create_main_cluster = false' | $root tee "$no_cluster" >/dev/null
cleanup() {
	$root rm -f "$no_cluster"
	[ -z "$made" ] || $root rmdir $made 2>/dev/null || :
}
trap cleanup EXIT

log=$build/setup.log
install="$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted"
if ! $install > "$log" 2>&1; then
	# The package lists may be old or absent.
	$root apt-get update -q >> "$log" 2>&1 || :
	$install >> "$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "apt-get could not install: $wanted (whole log: $log)"
	}
fi
still=$(missing)
[ -z "$still" ] || die "still missing after apt-get: $still (log: $log)"
