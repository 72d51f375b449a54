#!/bin/sh
# fuzz.sh [RUNS]: each target test/fuzz/NAME.c under libFuzzer with the address
# and undefined-behaviour sanitizers, from the seeds in test/fuzz/seeds/NAME.
# A finding is kept in build/fuzz.  TARGETS="a b" picks targets.
. "$(dirname "$0")/common.sh"
unset ASAN_OPTIONS UBSAN_OPTIONS

runs=${1:-10000000}
out=$build/fuzz
cc=${CLANG:-clang}
command -v "$cc" >/dev/null || die 'clang is not installed: scripts/setup-debian.sh check'
mkdir -p "$out"
names=${TARGETS:-$(cd "$top/test/fuzz" && ls ./*.c | sed 's|^\./||; s|\.c$||')}
status=0

fuzz() {
	more=$(sed -n 's|.*/\* link: \(.*\) \*/.*|\1|p' "$top/test/fuzz/$1.c")
	(cd "$top" && "$cc" -std=gnu11 -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Isandbox_host -Isandbox_host/wire -Iextension \
		-o "$out/$1" "test/fuzz/$1.c" sandbox_host/wire/*.c $more) || return 1
	rm -rf "$out/corpus-$1"
	mkdir -p "$out/corpus-$1"
	seeds=$top/test/fuzz/seeds/$1
	[ -d "$seeds" ] || seeds=
	began=$(date +%s)
	"$out/$1" -runs="$runs" -seed=1 -max_len=65536 -print_final_stats=1 -artifact_prefix="$out/$1-finding-" \
		"$out/corpus-$1" $seeds > "$out/$1.log" 2>&1 || { tail -n 40 "$out/$1.log"; return 1; }
	done_runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$1.log")
	[ "$done_runs" -ge "$runs" ] || return 1
	took=$(($(date +%s) - began))
}

for name in $names; do
	if fuzz "$name"; then
		echo "$name: $done_runs runs without a finding in $took s (bar $runs) ok"
	else
		echo "$name: a finding, or no build; see $out (bar no finding in $runs runs) short"
		status=1
	fi
done
echo "repeat with: make fuzz RUNS=$runs"
exit $status
