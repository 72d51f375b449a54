#!/bin/sh
# check-style.sh: run every house rule, scripts/lint/*.sh, each of which prints
# what breaks it and exits 1.  Prints TAP.
. "$(dirname "$0")/common.sh"
cd "$top"
status=0
for rule in scripts/lint/*.sh; do
	if found=$(sh "$rule" 2>&1); then
		echo "ok - $(basename "$rule" .sh)"
	else
		echo "not ok - $(basename "$rule" .sh): $(sed -n '2s/^# //p' "$rule")"
		printf '%s\n' "$found" | sed 's/^/#   /'
		status=1
	fi
done
exit $status
