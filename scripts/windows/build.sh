#!/bin/sh
# build.sh [SERVER ...]: sandbox_host.exe into build/windows/host, and the module
# for each server (all by default) into build/windows/module/17m and so on.
. "$(dirname "$0")/common.sh"
here=$top/scripts/windows
[ -f "$windows/.done-chroot" ] || die 'not set up: scripts/windows/setup.sh'
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/control/transform.control")

make -s -j"$(nproc)" -C "$top/sandbox_host" PLAT=win32 O="$windows/host" VERSION="$version" \
	PYTHON="$room/py" CC="$here/chroot.sh x86_64-w64-mingw32ucrt-gcc"
for server in ${*:-$all_servers}; do
	case $server in
		*m) say "${server%m} msvc" ;;
		*) say "$server mingw" ;;
	esac
done | xargs -P"$(nproc)" -L1 "$here/build-module.sh"
