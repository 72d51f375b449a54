#!/bin/sh
# every shell script parses, begins by saying what it is, and is executable
bad=0
for file in $(git ls-files -co --exclude-standard '*.sh' .ci/run); do
	case $(head -n 1 "$file") in
		*bash) bash -n "$file" || bad=1 ;;
		'#!/bin/sh') sh -n "$file" || bad=1 ;;
		'# suites.sh'*) bash -n "$file" || bad=1; continue ;;
		'# common.sh'*) sh -n "$file" || bad=1; continue ;;
		*) echo "$file: no interpreter line"; bad=1 ;;
	esac
	sed -n 2p "$file" | grep -q '^# ' || { echo "$file: line 2 does not say what it is"; bad=1; }
	[ -x "$file" ] || { echo "$file: not executable"; bad=1; }
done
exit $bad
