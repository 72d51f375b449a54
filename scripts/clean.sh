#!/bin/sh
# clean.sh: stop and remove every cluster of this build folder, then the build
# folder itself and what lies outside of it.
. "$(dirname "$0")/common.sh"

if [ -s "$build/clusters" ]; then
	"$top/scripts/cluster.sh" remove-all
fi
if [ -s "$build/windows/clusters" ]; then
	"$top/scripts/windows/cluster.sh" remove-all
fi
if [ -d "$build/windows/room/prefix" ]; then
	"$top/scripts/windows/wine.sh" wineserver -k || :
fi
if [ -s "$build/run-folder" ]; then
	rm -rf "$(cat "$build/run-folder")"
fi
rm -rf "$build"
find "$top" -name __pycache__ -not -path '*/.git/*' -prune -exec rm -rf {} +
