#!/bin/sh
# pgspot.sh: what the tool pgspot has to say about the install script: objects,
# operators, types and functions that a user's own could be taken for.  It is
# installed with requirements-check.txt into an environment of its own; without
# a network WHEELS=FOLDER holds it, or it is skipped.  Prints TAP.
. "$(dirname "$0")/common.sh"
find_server
find_run_folder
tool=$run/check-venv
wanted=$top/scripts/requirements-check.txt
stamp=$tool/requirements.installed

install_tool() {
	! cmp -s "$wanted" "$stamp" || return 0
	rm -rf "$tool"
	"$python" -m venv "$tool" || return 1
	from=
	[ -z "${WHEELS:-}" ] || from="--no-index --find-links $WHEELS"
	"$tool/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --no-deps \
		--require-hashes $from -r "$wanted" && cp "$wanted" "$stamp"
}

if ! install_tool; then
	say 'ok # SKIP pgspot is not here and cannot be fetched: WHEELS=FOLDER, from scripts/fetch-wheels.sh'
	exit 0
fi
script=$(ls "$build"/ext/transform--*.sql)
# A procedure with a SET clause cannot commit.  What is in it is looked at all
# the same.
procedure=$(sed -n '/^CREATE PROCEDURE @extschema@\.transform_run(/,/)$/p' "$script" |
	tr -d '\n' | sed 's/^CREATE PROCEDURE @//; s/@\./\./; s/ DEFAULT NULL//g; s/[[:space:]][[:space:]]*/ /g; s/( /(/; s/, /,/g')
# An error inside of pgspot is printed behind its sums.
found=$("$tool/bin/pgspot" --proc-without-search-path "$procedure" "$script" 2>&1) || :
if [ "$(printf '%s' "$found" | tr -d '[:space:]')" = Errors:0Warnings:0Unknown:0 ]; then
	say "ok - pgspot reports nothing on the $(wc -l < "$script") lines of the install script"
else
	say 'not ok - pgspot reports nothing on the install script'
	printf '%s\n' "$found" | sed 's/^/#   /'
	exit 1
fi
