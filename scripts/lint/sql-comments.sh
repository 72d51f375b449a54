#!/bin/sh
# every function, view and table of the install script (sql/NN_*.sql) has a COMMENT, every function a REVOKE ALL ... FROM PUBLIC
set -- sql/[0-9][0-9]_*.sql
[ -f "$1" ] || { echo "$1 is missing"; exit 1; }
grep -q '^\\echo .*\\quit' "$1" || { echo "$1: no \\echo ... \\quit guard"; exit 1; }
awk '
	{ line = tolower($0); gsub(/[()"]/, " ", line); n = split(line, w, /[ \t]+/) }
	line ~ /^create (or replace )?(function|procedure) / {
		name = (w[2] == "or") ? w[5] : w[3]; routine[name] = FILENAME ":" FNR }
	line ~ /^create (or replace )?(table|view|type|domain) / {
		name = (w[2] == "or") ? w[5] : w[3]; thing[name] = FILENAME ":" FNR }
	line ~ /^comment on (function|procedure|routine|table|view|type|domain) / { comment[w[4]] = 1 }
	line ~ /^revoke all (privileges )?on (all )?(function|functions|procedure|procedures|routine|routines) / {
		for (i = 4; i <= n; i++) revoked[w[i]] = 1; if (line ~ / all (functions|routines) /) every = 1 }
	END {
		for (name in routine) {
			if (!(name in comment)) { print routine[name] ": no COMMENT ON " name; bad = 1 }
			if (!every && !(name in revoked)) { print routine[name] ": no REVOKE ALL on " name; bad = 1 }
		}
		for (name in thing) if (!(name in comment)) { print thing[name] ": no COMMENT ON " name; bad = 1 }
		exit bad
	}' "$@"
