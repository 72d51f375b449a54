#!/bin/sh
# tests wait for facts, never for time
# Sleeping inside a script under test, in a corpus file or in a poll loop with a
# deadline (test/lib/cluster.py, Transform/Test.pm) is not waiting for time.
! git ls-files -co --exclude-standard test |
	grep -vE '^test/(corpus|fuzz/seeds|expected)/|^test/lib/cluster\.py$|^test/perl/Transform/Test\.pm$|\.md$' |
	xargs -r grep -nE '(^|[^A-Za-z_])(pg_sleep|usleep|nanosleep|sleep)[[:space:]]*\(' | grep -v 'allow-sleep:'
