#!/bin/sh
# tests of PostgreSQL's version stand in extension/tr_compat.h alone
! git ls-files -co --exclude-standard '*.c' '*.h' | grep -v '^extension/tr_compat\.h$' |
	xargs -r grep -n 'PG_VERSION_NUM'
