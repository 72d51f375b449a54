#!/bin/sh
# venv.sh: the private virtual environment with exactly the packages of
# requirements.txt, each checked against its hash.  Does nothing when it is
# up to date.  WHEELS=FOLDER installs without a network, from files that
# scripts/fetch-wheels.sh brought.
. "$(dirname "$0")/common.sh"
find_run_folder

wanted=$top/scripts/requirements.txt
stamp=$venv/requirements.installed
if [ -x "$venv/bin/python3" ] && cmp -s "$wanted" "$stamp"; then
	exit 0
fi
"$python" -c 'import ensurepip' 2>/dev/null || die "$python has no ensurepip: install the package python3-venv"

say 'Installing pandas, numpy, pyarrow and RestrictedPython into a private virtual environment'
rm -rf "$venv"
"$python" -m venv "$venv"
if [ -n "${WHEELS:-}" ]; then
	[ -d "$WHEELS" ] || die "WHEELS=$WHEELS is not a folder"
	from="--no-index --find-links $WHEELS"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: \
	--require-hashes ${from:-} -r "$wanted" ||
	die "pip could not install the packages of scripts/requirements.txt.
Without a network: scripts/fetch-wheels.sh FOLDER on a machine that has one, then WHEELS=FOLDER make demo."
chmod -R a+rX "$venv"
cp "$wanted" "$stamp"
