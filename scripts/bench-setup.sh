#!/bin/sh
# bench-setup.sh: what `make bench` compares our jobs with: the packages of
# requirements-bench.txt in an environment of their own, which has pandas from
# the workers' own one; plpython3u; the demo's flights.  What cannot be had is
# said, and reported as "not measured".  WHEELS=FOLDER installs from there.
. "$(dirname "$0")/common.sh"
find_server
find_run_folder
peers=$run/bench-venv
wanted=$top/scripts/requirements-bench.txt

install_packages() {
	stamp=$peers/requirements.installed
	if cat "$wanted" "$venv/requirements.installed" | cmp -s - "$stamp"; then
		return 0
	fi
	say 'Installing what the benchmark compares with'
	rm -rf "$peers"
	"$python" -m venv "$peers"
	from=
	[ -z "${WHEELS:-}" ] || from="--no-index --find-links $WHEELS"
	"$peers/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --no-deps \
		--require-hashes $from -r "$wanted" || {
		rm -rf "$peers"
		return 1
	}
	purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
	"$venv/bin/python3" -c "$purelib" > "$("$peers/bin/python3" -c "$purelib")/workers.pth"
	chmod -R a+rX "$peers"
	cat "$wanted" "$venv/requirements.installed" > "$stamp"
}

# The temporary install may be older than the package.
link_plpython() {
	for folder in "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)/extension"; do
		for file in "$folder"/plpython3*; do
			[ ! -f "$file" ] || ln -sfn "$file" "$pg$folder/$(basename "$file")"
		done
	done
}

[ -n "${PG_CONFIG:-}" ] || "$top/scripts/setup-debian.sh" bench || say 'plpython3u is not there; it will not be measured.'
link_plpython
install_packages || say 'The packages of scripts/requirements-bench.txt are not there; what needs them will not be measured.'
"$top/scripts/demo.sh" fetch || say 'The flights are not there; they will not be measured.'
