#!/bin/sh
# fetch-wheels.sh FOLDER: download every Python package that a build, its check
# and the demo need into FOLDER, for a machine without a network.  There:
#
#	WHEELS=FOLDER make demo
. "$(dirname "$0")/common.sh"

[ $# = 1 ] || die 'usage: scripts/fetch-wheels.sh FOLDER'
mkdir -p "$1"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$python" -m venv "$tmp/venv"
pip="$tmp/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest $1"
$pip --only-binary=:all: -r "$top/scripts/requirements.txt"
$pip --only-binary=:all: -r "$top/scripts/requirements-check.txt"
$pip --no-build-isolation -r "$top/scripts/requirements-demo.txt"
ls -l "$1"
