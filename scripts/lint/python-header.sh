#!/bin/sh
# Python.h is included under sandbox_host/python/ alone
! git ls-files -co --exclude-standard '*.c' '*.h' | grep -v '^sandbox_host/python/' |
	xargs -r grep -nE '#[[:space:]]*include.*Python\.h'
