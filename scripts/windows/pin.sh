#!/bin/sh
# pin.sh: write requirements.txt of this folder anew: the versions that
# ../requirements.txt pins, with the SHA-256 of the wheels for CPython 3.13 on
# Windows.  After ../pin.sh:
#
#	scripts/windows/pin.sh > new && mv new scripts/windows/requirements.txt
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
/usr/bin/python3 -m venv "$tmp/venv"
sed -n 's/ *\\$//; /==/p' ../requirements.txt > "$tmp/wanted"
"$tmp/venv/bin/pip" install --quiet --dry-run --ignore-installed --no-deps --only-binary=:all: \
	--python-version 3.13 --platform win_amd64 --target "$tmp/none" \
	--report "$tmp/report.json" -r "$tmp/wanted" >&2
/usr/bin/python3 - "$tmp/report.json" <<'PY'
import json, sys
print("# Made by scripts/windows/pin.sh from ../requirements.txt; do not edit.")
for item in sorted(json.load(open(sys.argv[1]))["install"], key=lambda item: item["metadata"]["name"].lower()):
    hashes = item["download_info"]["archive_info"]
    digest = hashes.get("hashes", {}).get("sha256") or hashes["hash"].split("=")[1]
    print("%s==%s \\\n    --hash=sha256:%s" % (item["metadata"]["name"], item["metadata"]["version"], digest))
PY
