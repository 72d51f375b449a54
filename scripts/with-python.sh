#!/bin/sh
# with-python.sh FILE [ARGUMENT ...]: run a Python program of this checkout
# with the virtual environment's interpreter.
. "$(dirname "$0")/common.sh"
find_run_folder
program=$top/$1
shift
PYTHONPATH=$top/test/lib PYTHONDONTWRITEBYTECODE=1 BUILD=$build exec "$venv/bin/python3" -u "$program" "$@"
