#!/bin/sh
# what the module exports carries our prefix (PostgreSQL 15 hides nothing by itself)
module=${BUILD:-build}/ext/transform.so
[ -f "$module" ] || { echo "$module is not built: make build"; exit 1; }
! nm -D --defined-only "$module" | awk '{ print $NF }' |
	grep -vE '^(tr_|wire_|transform_|pg_finfo_transform_|_PG_init$|Pg_magic_func$)' |
	grep -vE '^__?(asan|odr_asan|ubsan|sanitizer|bss_start|edata|end|init|fini)' | grep -vE '^_(init|fini|edata|end)$'
