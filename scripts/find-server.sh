#!/bin/sh
# find-server.sh: print the pg_config of the server to build for.
. "$(dirname "$0")/common.sh"
find_server
say "$pg_config"
