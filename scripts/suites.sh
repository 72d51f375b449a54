# suites.sh: sourced by run-tests.sh and windows/check.sh: runs suites, counts
# what they say and prints a line for each.  A suite is a function suite_NAME.
# Its output is TAP ("ok", "not ok", "# SKIP"), figures against their bars
# ("... ok", "... short"), what pg_regress prints, or a closing line "N passed,
# N failed"; a suite that ends with an error counts at least one failure, and
# one that ran no test is a failure.  Needs: logs (a folder), suite_seconds.

# count LOG: prints "passed failed skipped".
count() {
	awk '
		/^ok.*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
		/^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3; next }
		/^ok( |$)/ || /: .* \(bar .*\) ok$/ { passed++; next }
		/^not ok( |$)/ || /: .* \(bar .*\) short$/ { failed++; next }
		/^(test|    ) .*\.\.\. +ok / { passed++; next }
		/^(test|    ) .*\.\.\. +(FAILED|failed)/ { failed++; next }
		END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# start_suite NAME COMMAND...: in a process group of its own; $suite_pid.  One
# that hangs is a failure, not a wait for ever.
start_suite() {
	local log=$logs/$1.log
	shift
	set -m
	( "$@" ) > "$log" 2>&1 < /dev/null &
	suite_pid=$!
	( trap - EXIT; sleep "$suite_seconds"; echo "# stopped after $suite_seconds s" >> "$log"; kill -- -"$suite_pid" ) &
	watchdog=$!
	set +m
}

# run_suite NAME COMMAND...: one line, more when something failed; the counts
# are added to $logs/counts.
run_suite() {
	local name=$1 log=$logs/$1.log begin=$SECONDS status=0 p f s why=
	start_suite "$@"
	wait "$suite_pid" || status=$?
	kill -- -"$watchdog" 2>/dev/null
	wait "$watchdog" 2>/dev/null
	suite_pid=
	read -r p f s <<< "$(count "$log")"
	if [ $((p + f)) = 0 ] && ! { [ $status = 0 ] && [ "$s" != 0 ]; }; then
		f=$((f + 1)) why=' (ran no test)'
	elif [ $status != 0 ] && [ "$f" = 0 ]; then
		f=1 why=" (ended with status $status)"
	fi
	echo "$p $f $s" >> "$logs/counts"
	printf '%-14s%s\n' "$name" "$p passed, $f failed$([ "$s" = 0 ] || echo ", $s skipped")$why in $((SECONDS - begin)) s"
	if [ "$f" != 0 ]; then
		grep -nE '^not ok|\(bar .*\) short$|\.\.\. +FAILED' "$log" | head -n 20 | sed 's/^/    /'
		tail -n 30 "$log" | sed 's/^/    | /'
		echo "    whole log: $log"
	fi
}

# close_suites: the closing line; fails when something failed.
close_suites() {
	local p f s
	read -r p f s <<< "$(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$logs/counts")"
	echo "$SECONDS s in all"
	echo "$p passed, $f failed$([ "$s" = 0 ] || echo ", $s skipped")"
	[ "$f" = 0 ]
}
