#!/bin/sh
# pin.sh: write requirements.txt anew: the newest versions of what
# requirements.in names that CPython 3.11 takes, with the SHA-256 of the wheels
# for every Python and processor below.  Needs only pip and a package index;
# nothing is installed.
#
#	scripts/pin.sh > new && mv new scripts/requirements.txt
set -eu
cd "$(dirname "$0")"
pythons='3.11 3.12 3.13'
machines='x86_64 aarch64'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

/usr/bin/python3 -m venv "$tmp/venv"
cp requirements.in "$tmp/wanted"
for py in $pythons; do
	for machine in $machines; do
		platforms=''
		for libc in 2_36 2_34 2_28 2_27 2_26 2_24 2_17; do
			platforms="$platforms --platform manylinux_${libc}_$machine"
		done
		"$tmp/venv/bin/pip" install --quiet --dry-run --ignore-installed \
			--only-binary=:all: --python-version "$py" $platforms \
			--platform "manylinux2014_$machine" --target "$tmp/none" \
			--report "$tmp/$py-$machine.json" -r "$tmp/wanted" >&2
		# The first resolution (the oldest Python) decides the versions.
		[ -s "$tmp/fixed" ] || /usr/bin/python3 - "$tmp" "$py-$machine" > "$tmp/fixed" <<'PY'
import json, sys
for item in json.load(open("%s/%s.json" % tuple(sys.argv[1:])))["install"]:
    print("%(name)s==%(version)s" % item["metadata"])
PY
		cp "$tmp/fixed" "$tmp/wanted"
	done
done

/usr/bin/python3 - "$tmp" <<'PY'
import glob, json, sys
found = {}
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    for item in json.load(open(path))["install"]:
        key = "%(name)s==%(version)s" % item["metadata"]
        hashes = item["download_info"]["archive_info"]
        digest = hashes.get("hashes", {}).get("sha256") or hashes["hash"].split("=")[1]
        found.setdefault(key, set()).add(digest)
print("# Made by scripts/pin.sh from requirements.in; do not edit.")
for key in sorted(found, key=str.lower):
    print(" \\\n    ".join([key] + ["--hash=sha256:" + d for d in sorted(found[key])]))
PY
