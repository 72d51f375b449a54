#!/bin/sh
# pin.sh [NAME]: write NAME.txt (requirements.txt) anew: the newest versions of
# what NAME.in names that CPython 3.11 takes, with the SHA-256 of the wheels
# for every Python and processor below.  Needs only pip and a package index;
# nothing is installed.
#
#	scripts/pin.sh > new && mv new scripts/requirements.txt
#
# requirements-bench.txt comes on top of requirements.txt: whatever that pins
# has the version it has there, and is not named again.
set -eu
cd "$(dirname "$0")"
name=${1:-requirements}
pythons='3.11 3.12 3.13'
machines='x86_64 aarch64'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

/usr/bin/python3 -m venv "$tmp/venv"
cp "$name.in" "$tmp/wanted"
[ "$name" = requirements ] || sed -n 's/ *\\$//; /^[^ ]*==/p' requirements.txt > "$tmp/beside"
[ -f "$tmp/beside" ] || : > "$tmp/beside"
for py in $pythons; do
	for machine in $machines; do
		platforms=''
		for libc in 2_36 2_34 2_28 2_27 2_26 2_24 2_17; do
			platforms="$platforms --platform manylinux_${libc}_$machine"
		done
		"$tmp/venv/bin/pip" install --quiet --dry-run --ignore-installed \
			--only-binary=:all: --python-version "$py" $platforms \
			--platform "manylinux2014_$machine" --target "$tmp/none" \
			--report "$tmp/$py-$machine.json" -r "$tmp/wanted" -c "$tmp/beside" >&2
		# The first resolution (the oldest Python) decides the versions.
		[ -s "$tmp/fixed" ] || /usr/bin/python3 - "$tmp" "$py-$machine" > "$tmp/fixed" <<'PY'
import json, sys
for item in json.load(open("%s/%s.json" % tuple(sys.argv[1:])))["install"]:
    print("%(name)s==%(version)s" % item["metadata"])
PY
		cp "$tmp/fixed" "$tmp/wanted"
	done
done

/usr/bin/python3 - "$tmp" "$name" <<'PY'
import glob, json, sys
found = {}
beside = open(sys.argv[1] + "/beside").read().split()
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    for item in json.load(open(path))["install"]:
        key = "%(name)s==%(version)s" % item["metadata"]
        hashes = item["download_info"]["archive_info"]
        digest = hashes.get("hashes", {}).get("sha256") or hashes["hash"].split("=")[1]
        if key not in beside:
            found.setdefault(key, set()).add(digest)
print("# Made by scripts/pin.sh from %s.in; do not edit." % sys.argv[2])
for key in sorted(found, key=str.lower):
    print(" \\\n    ".join([key] + ["--hash=sha256:" + d for d in sorted(found[key])]))
PY
