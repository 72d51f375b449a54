#!/bin/sh
# a function is at most 80 lines, a file at most 700
# The rules of the language policy stay together on purpose: they are read, and judged, as a whole.
# test/policy holds tables of scripts.
git ls-files -co --exclude-standard '*.c' '*.h' '*.py' '*.sh' '*.pl' '*.pm' | grep -vE '^test/corpus/|^sandbox_host/python/(policy|guards)\.py$|^test/policy/(idioms|refused)\.py$' |
	xargs -r awk '
		FNR == 1 { start = 0 }
		FNR == 701 { print FILENAME ": over 700 lines"; bad = 1 }
		FILENAME ~ /\.[ch]$/ && /^\{/ { start = FNR }
		FILENAME ~ /\.[ch]$/ && /^\}/ {
			if (start && FNR - start > 80) { print FILENAME ":" start ": " FNR - start " lines"; bad = 1 }
			start = 0
		}
		END { exit bad }'
