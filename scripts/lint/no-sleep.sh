#!/bin/sh
# tests wait for facts, never for time
# A poll loop with a deadline, in one of the shared helpers, waits for a fact.
# "cannot be waited for" and "allow-sleep:" mark a line that says why it must.
! git ls-files -co --exclude-standard test |
	grep -vE '^test/(corpus|fuzz/seeds|expected)/|^test/lib/cluster\.py$|^test/host/host\.py$|^test/perl/Transform/Test\.pm$|\.md$' |
	xargs -r grep -nE '(^|[^A-Za-z_])(pg_sleep|usleep|nanosleep|sleep)[[:space:]]*\(' | grep -vE 'allow-sleep:|cannot be waited for'
