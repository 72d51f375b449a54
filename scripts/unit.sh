#!/bin/sh
# unit.sh [NAME ...]: build and run the C unit tests, test/unit/NAME.c; each is
# a program that prints TAP.  It is linked with the wire, and with what it
# names in a comment of its own:
#
#	/* link: sandbox_host/config.c sandbox_host/err.c */
. "$(dirname "$0")/common.sh"
unset ASAN_OPTIONS UBSAN_OPTIONS

names=$*
[ -n "$names" ] || names=$(cd "$top/test/unit" && ls ./*.c | sed 's|^\./||; s|\.c$||')
out=$build/unit
mkdir -p "$out"
status=0
for name in $names; do
	file=$top/test/unit/$name.c
	more=$(sed -n 's|.*/\* link: \(.*\) \*/.*|\1|p' "$file")
	flags=$(sed -n 's|.*/\* flags: \(.*\) \*/.*|\1|p' "$file")
	echo "# $name"
	if (cd "$top" && ${CC:-cc} -std=gnu11 -g -O1 -Wall -Wextra -fsanitize=address,undefined -fno-sanitize-recover=all \
		-Itest/unit -Isandbox_host -Isandbox_host/wire -Isandbox_host/plat -Iextension \
		-o "$out/$name" "$file" sandbox_host/wire/*.c $more $flags -lm); then
		"$out/$name" || { echo "# $name ended with status $?"; status=1; }
	else
		echo "not ok - $name does not compile"
		status=1
	fi
done
exit $status
