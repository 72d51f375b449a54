#!/bin/sh
# no registry host, machine path or address of ours in a tracked file
! git ls-files -co --exclude-standard | grep -vE '^test/corpus/|^scripts/lint/no-places\.sh$' |
	xargs -r grep -nIE '/root/|/work/|/home/[a-z]+/|/opt/wheels|pypi\.org|files\.pythonhosted|deb\.debian\.org|https?://[a-z0-9.-]*(mirror|proxy|internal|registry|artifact)[a-z0-9.-]*'
