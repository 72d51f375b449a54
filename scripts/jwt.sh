#!/bin/sh
# jwt.sh vectors [FOLDER] | bench: build a program of test/jwt with the token
# library and run it: the examples of the RFCs and the cases of Wycheproof in
# FOLDER; or how many tokens a core verifies in a second.
. "$(dirname "$0")/common.sh"

out=$build/jwt
mkdir -p "$out"

compile() {
	more=$(sed -n 's|.*/\* link: \(.*\) \*/.*|\1|p' "$top/test/jwt/$1.c")
	(cd "$top" && ${CC:-cc} -std=gnu11 -g -O2 -Wall -Wextra -Iextension -o "$out/$1" "test/jwt/$1.c" $more) ||
		die "test/jwt/$1.c does not compile"
}

case ${1:-} in
	vectors)
		compile decide
		exec "$top/test/jwt/vectors.py" "$out/decide" ${2:+"$2"}
		;;
	bench)
		compile bench
		exec "$out/bench"
		;;
	*) die 'usage: jwt.sh vectors [FOLDER] | bench' ;;
esac
