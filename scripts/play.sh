#!/bin/sh
# play.sh [ARGUMENT ...]: a throw-away server with the seed database, and psql
# on it; the server ends with psql.  Arguments go to psql.
. "$(dirname "$0")/common.sh"
find_run_folder
cluster=$run/play
sh=$top/scripts/cluster.sh
trap '"$sh" remove "$cluster"' EXIT
trap 'exit 1' INT TERM HUP
"$sh" start "$cluster" "$top/test/transform.conf"
"$sh" psql "$cluster" -X -q -f "$top/scripts/seed.sql"
"$sh" psql "$cluster" -X -q -c "ALTER ROLE postgres SET search_path = shop, public"
say 'The seed database is in schema shop (\d lists it); try  \i examples/01_first_job.sql'
cd "$top"
"$sh" psql "$cluster" "$@" || :
