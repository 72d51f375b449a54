#!/bin/sh
# asan-server.sh: build PostgreSQL from Debian's source, with AddressSanitizer
# and assertions, into the build folder: the server that `make asan` tests
# with.  Loading the sanitizer into Debian's own server does not work (it
# waits for ever in a constructor of one of its libraries), and would not see
# what the server does with the module's memory.
#
#	BUILD=build/asan scripts/asan-server.sh
#
# apt brings the source and checks its signature; the lists of sources are kept
# apart from the system's.
. "$(dirname "$0")/common.sh"
find_run_folder

major=${PG_MAJOR:-15}
server=$run/server
work=$build/server-source
log=$build/server.log

[ ! -x "$server/bin/pg_config" ] || exit 0

fetch() {
	mkdir -p "$work/parts" "$work/lists/partial"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		case $([ ! -f "$file" ] || basename "$file") in
			*.sources) sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")" ;;
			*.list) sed -n 's/^deb /deb-src /p' "$file" > "$work/parts/$(basename "$file")" ;;
		esac
	done
	options="-q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/parts
		-o Dir::State::Lists=$work/lists -o APT::Sandbox::User="
	apt-get $options update
	# The newest of those that are still to be had.
	for version in $(apt-cache $options showsrc "postgresql-$major" | sed -n 's/^Version: //p' | sort -rV); do
		if (cd "$work" && apt-get $options source --download-only "postgresql-$major=$version"); then
			return 0
		fi
	done
	die "no source of postgresql-$major to be had"
}

compile() {
	cp -r "$top/scripts/asan/valgrind" "$work/"
	mkdir -p "$server/include"
	cp -r "$top/scripts/asan/valgrind" "$server/include/"
	tar -xjf "$work"/postgresql-"$major"_*.orig.tar.bz2 -C "$work" --strip-components=1
	cd "$work"
	# A make of its own, not a part of the one that runs this script.
	unset MAKEFLAGS MAKELEVEL MFLAGS
	./configure -q --prefix="$server" --enable-cassert --enable-debug --enable-tap-tests \
		--without-readline --without-zlib CPPFLAGS="-DUSE_VALGRIND -I$server/include" \
		CFLAGS='-O1 -fsanitize=address -fno-omit-frame-pointer' LDFLAGS='-fsanitize=address'
	make -s -j"$(nproc)" install
}

# In a process of its own, since the shell ignores set -e before "||".
if [ "${1:-}" = compile ]; then
	rm -rf "$work" "$server"
	fetch
	compile
	exit
fi
say "Building PostgreSQL $major with AddressSanitizer (some minutes; log: $log)"
# What the programs leave to the system when they end is no finding.
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS
"$0" compile > "$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "could not build the server; whole log: $log"
}
rm -rf "$work"
chmod -R a+rX "$server"
[ "$server" = "$build/server" ] || ln -sfn "$server" "$build/server"
