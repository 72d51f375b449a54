#!/bin/sh
# every rule in this folder is run by check-style.sh, and that by the one test command
bad=0
for file in scripts/lint/*; do
	case $file in
		*.sh) [ -r "$file" ] || { echo "$file: not readable"; bad=1; } ;;
		*) echo "$file: not run, because it is not named *.sh"; bad=1 ;;
	esac
done
grep -q 'scripts/lint/\*\.sh' scripts/check-style.sh || { echo 'check-style.sh does not run scripts/lint/*.sh'; bad=1; }
grep -q 'suites=(style ' scripts/run-tests.sh || { echo 'run-tests.sh does not run the suite style'; bad=1; }
grep -q '&& make check && exec make check-windows$' .ci/run || { echo '.ci/run does not call make check and make check-windows'; bad=1; }
exit $bad
