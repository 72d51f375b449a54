#!/bin/sh
# build-module.sh MAJOR mingw|msvc: the module for a Windows server of that
# major version that this kind of compiler made: build/windows/module/17/ or,
# for msvc, 17m/transform.dll.  Always compiled by mingw-w64 against UCRT;
# extension/msvc_compat.h says what makes it fit the other.  An object is
# compiled again when any source or header is newer.
. "$(dirname "$0")/common.sh"
compiler=x86_64-w64-mingw32ucrt-gcc

major=${1:-} kind=${2:-}
include=$room/inc$major
case $kind in
	mingw)
		server=$major
		abi=
		before=
		library="-L$room/pg$server/lib -lpostgres"
		;;
	msvc)
		server=${major}m
		abi=-U__MINGW64__
		before=$top/extension/msvc_compat.h
		library=$room/pg$server/libpostgres.a
		;;
	*) die 'usage: build-module.sh MAJOR mingw|msvc' ;;
esac
[ -d "$room/pg$server" ] || die "no server $server: scripts/windows/setup.sh $server"
[ -f "$room/sodium/lib/libsodium.a" ] || die "no libsodium: scripts/windows/setup.sh"
[ -f "$include/postgres.h" ] || die "no headers of PostgreSQL $major: scripts/windows/setup.sh $server"

# As PostgreSQL compiles on Linux.
warnings='-Wall -Wmissing-prototypes -Wpointer-arith -Wdeclaration-after-statement
	-Werror=vla -Wendif-labels -Wmissing-format-attribute -Wimplicit-fallthrough=3
	-Wcast-function-type -Wformat-security -Wno-format-truncation -Wno-stringop-truncation'
# The folder of the checkout stands in no file that is shipped.
options="-std=gnu11 -O2 -g -ffile-prefix-map=$top/= -fno-strict-aliasing -fwrapv -fexcess-precision=standard"

out=$windows/module/$server
mkdir -p "$out"
rules=$out/Makefile
sources=$(ls "$top"/extension/*.c "$top"/extension/jwt/*.c "$top"/sandbox_host/wire/*.c | grep -v '/link_posix\.c$')
headers=$(ls "$top"/extension/*.h "$top"/extension/jwt/*.h "$top"/sandbox_host/wire/*.h)

# FILE.new becomes FILE, unless it is the same.
keep() {
	if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# What is read before each source.  The server's headers are compiled once: to
# read them takes four times as long as the rest of a file.
{
	[ -z "$before" ] || say "#include \"$before\""
	printf '#include "%s"\n' postgres.h executor/spi.h utils/builtins.h
} > "$out/server.h.new"
keep "$out/server.h"

# The linker would choose the base by the name of the output, which is this
# machine's.
objects=
{
	printf 'flags = %s\n' "$(printf '%s ' $warnings $options $abi) -DSODIUM_STATIC -I$top/extension -I$top/extension/jwt -I$top/sandbox_host/wire -I$room/sodium/include -I$include -I$include/port/win32"
	printf 'all: %s/transform.dll\n' "$out"
	printf '.SECONDARY: %s/server.h.gch\n' "$out"
	printf '%s/server.h.gch: %s/server.h %s %s\n\t$(CC) $(flags) -x c-header -o $@ $<\n' "$out" "$out" "$before" "$rules"
	for source in $sources; do
		object=$out/$(basename "$source" .c).o
		first=${before:+-include $before}
		needs=
		case $source in
			*/wire/*) object=$out/wire_$(basename "$source" .c).o ;;
			*/jwt/*) object=$out/jwt_$(basename "$source" .c).o ;;
			*)
				first="-Winvalid-pch -include $out/server.h"
				needs=$out/server.h.gch
				;;
		esac
		objects="$objects $object"
		printf '%s: %s %s\n\t$(CC) $(flags) %s -c -o $@ %s\n' "$object" "$source" "$needs" "$first" "$source"
	done
	printf '%s: %s %s\n' "$objects" "$(printf '%s ' $headers)" "$rules"
	printf '%s/transform.dll: %s\n\t$(CC) -shared -static-libgcc -Wl,--image-base,0x180000000 -o $@ %s %s %s -ladvapi32\n' "$out" "$objects" "$objects" "$library" "$room/sodium/lib/libsodium.a"
} > "$rules.new"
keep "$rules"

cd "$top"
in_chroot make -s -j"$(nproc)" -f "$rules" CC="$compiler"
rm -f "$out/server.h.gch"	# large, and made again when a source is newer
