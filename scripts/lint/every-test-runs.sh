#!/bin/sh
# every file under test/ belongs to a suite
bad=0
for file in $(git ls-files -co --exclude-standard test | grep -v '^test/corpus/'); do
	case $file in
		*/README.md|test/transform.conf|test/lib/*.py|test/perl/Transform/*.pm) ;;
		test/sql/*.sql) out=test/expected/$(basename "$file" .sql).out
			[ -f "$out" ] || { echo "$file: no $out"; bad=1; } ;;
		test/specs/*.spec) out=test/expected/$(basename "$file" .spec).out
			[ -f "$out" ] || { echo "$file: no $out"; bad=1; } ;;
		test/expected/*.out) name=$(basename "$file" .out); name=${name%_[0-9]}
			[ -f "test/sql/$name.sql" ] || [ -f "test/specs/$name.spec" ] || { echo "$file: no test"; bad=1; } ;;
		test/traps/*.sql|test/unit/*.c|test/unit/*.h|test/fuzz/*.c|test/fuzz/seeds/*|test/tap/*.pl) ;;
		test/policy/*|test/host/*|test/escape/*|test/asan/*) ;;
		test/windows/*|test/corpus_run/*.py|test/bench/*.py|test/bench/speed.svg|test/jwt/*|test/crash/*.py|test/hostile/*.py|test/roundtrip/*.py) ;;
		*) echo "$file: no suite runs it"; bad=1 ;;
	esac
done
exit $bad
