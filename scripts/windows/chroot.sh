#!/bin/sh
# chroot.sh COMMAND...: run a build tool of the chroot, as root, in the current
# folder, which must be in the checkout or the build folder:
#
#	chroot.sh x86_64-w64-mingw32ucrt-gcc -c file.c
#	make CC='scripts/windows/chroot.sh x86_64-w64-mingw32ucrt-gcc'
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || die 'usage: chroot.sh COMMAND...'
[ -f "$windows/.done-chroot" ] || die 'not set up: scripts/windows/setup.sh'
in_chroot "$@"
