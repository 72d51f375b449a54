#!/bin/sh
# operating-system tests stand in the two seams alone: sandbox_host/plat/ and extension/link_{posix,win32}.c
! git ls-files -co --exclude-standard '*.c' '*.h' |
	grep -vE '^sandbox_host/plat/|^extension/link_(posix|win32)\.c$' |
	xargs -r grep -nE '_WIN32|\bWIN32\b|__linux__|__APPLE__|__unix__'
