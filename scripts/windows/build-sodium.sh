#!/bin/sh
# build-sodium.sh SOURCE: libsodium for both Windows builds of the module, as a
# static library: room/sodium/include and lib/libsodium.a.  SOURCE is the
# folder of its sources.
#
# Without its configure, which would take as long as the rest: what that finds
# out for this compiler stands here.  No AVX: the compiler does not keep stacks
# aligned to 32 bytes on Windows.
. "$(dirname "$0")/common.sh"
compiler=x86_64-w64-mingw32ucrt-gcc
source=${1:?usage: build-sodium.sh SOURCE}

defines='-DCONFIGURED -DSODIUM_STATIC -DNATIVE_LITTLE_ENDIAN -DHAVE_CPUID -DHAVE_INTRIN_H -DHAVE_EMMINTRIN_H
	-DHAVE_PMMINTRIN_H -DHAVE_TMMINTRIN_H -DHAVE_SMMINTRIN_H -DHAVE_TI_MODE -DHAVE_INLINE_ASM
	-DHAVE_GCC_MEMORY_FENCES -DHAVE_RAISE'
out=$room/sodium
objects=$windows/sodium
rm -rf "$out" "$objects"
mkdir -p "$out/lib" "$out/include" "$objects"
cp -r "$source/src/libsodium/include/." "$out/include/"
cp "$source/builds/msvc/version.h" "$out/include/sodium/"

flags="-std=gnu11 -O3 -w -fno-strict-aliasing -fwrapv -ffile-prefix-map=$source/= $defines
	-I$out/include -I$out/include/sodium -I$source/src/libsodium/include/sodium/private"
{
	printf 'flags = %s\n' "$(printf '%s ' $flags)"
	printf 'out = %s\nobjects = %s\nsource = %s\n' "$out" "$objects" "$source"
	list=
	for file in $(find "$source/src/libsodium" -name '*.c' | sort); do
		object=$(say "${file#"$source/src/libsodium/"}" | tr / _)
		list="$list \$(objects)/${object%.c}.o"
		printf '$(objects)/%s: %s\n\t$(CC) $(flags) -c -o $@ $<\n' "${object%.c}.o" "$file"
	done
	printf 'all: %s\n\t$(AR) rcsD $(out)/lib/libsodium.a $^\n' "$list"
} > "$objects/Makefile"
make -s -j2 -C "$windows" -f "$objects/Makefile" all CC="$top/scripts/windows/chroot.sh $compiler" \
	AR="$top/scripts/windows/chroot.sh x86_64-w64-mingw32ucrt-ar"
cp "$source/LICENSE" "$out/LICENSE"
rm -rf "$objects"
give_room "$out"
