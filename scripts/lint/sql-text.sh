#!/bin/sh
# SQL text on the extension's tables stands in extension/tr_queue.c and tr_store_*.c alone
# A hint may tell the user what to type; settings ("transform.chunk_rows") are
# no tables: a match must look like SQL.
! git ls-files -co --exclude-standard 'extension/*.c' 'extension/*.h' | grep -vE '^extension/tr_(queue|store_[a-z]+)\.c$' |
	xargs -r grep -nEi '"[^"]*\b(from|into|update|join|table)[[:space:]]+transform\.' | grep -vE 'errhint\('
