#!/bin/sh
# package.sh: build/windows/transform-VERSION-windows-x64.zip from what build.sh
# and setup.sh made: modules, program, Python runtime, SQL, examples, demo data,
# licences, scripts.  The same files give the same zip, byte by byte.
. "$(dirname "$0")/common.sh"
here=$top/scripts/windows
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/control/transform.control")
name=transform-$version-windows-x64
stage=$room/package/$name

[ -f "$windows/host/sandbox_host.exe" ] || die 'no sandbox_host.exe: scripts/windows/build.sh'
rm -rf "$room/package"
mkdir -p "$stage/scripts" "$stage/share/extension" "$stage/demo"
cp -al "$room/runtime" "$stage/runtime"
cp "$windows/host/sandbox_host.exe" "$stage/runtime/"
for server in $all_servers; do
	dll=$windows/module/$server/transform.dll
	[ -f "$dll" ] || die "no module for $server: scripts/windows/build.sh"
	case $server in
		*m) folder=$stage/module/${server%m}-msvc ;;
		*) folder=$stage/module/$server-mingw ;;
	esac
	mkdir -p "$folder"
	cp "$dll" "$folder/"
done
cp "$top/control/transform.control" "$stage/share/extension/"
cat "$top"/sql/[0-9][0-9]_*.sql | sed "s/@VERSION@/$version/g" > "$stage/share/extension/transform--$version.sql"
for update in "$top"/sql/*--*--*.sql; do
	[ ! -f "$update" ] || cp "$update" "$stage/share/extension/"
done
cp -r "$top/examples" "$stage/"
cp "$top"/scripts/demo/*.sql "$stage/demo/"
"$top/scripts/fetch-flights.sh"
cp "$build/flights/flights.csv.zip" "$stage/demo/"

# no symbols, which are three quarters of it
(cd "$stage" && in_chroot x86_64-w64-mingw32ucrt-strip runtime/sandbox_host.exe module/*/transform.dll)

# What people open with Windows' own programs has its line ends.
for file in "$here"/package/*; do
	case $file in
		*.cmd) sed 's/$/\r/' "$file" > "$stage/scripts/${file##*/}" ;;
		*.txt) sed "s/@VERSION@/$version/g; s/\$/\r/" "$file" > "$stage/${file##*/}" ;;
		*.py) cp "$file" "$stage/scripts/" ;;
	esac
done

# Each worker starts its own Python here: the driver comes compiled.
mkdir -p "$stage/python"
cp "$top"/sandbox_host/python/*.py "$stage/python/"
give_room "$room/package" "$stage" "$stage/python" "$stage/scripts"
for folder in python scripts; do
	(cd "$stage/$folder" && give_room .)
done
in_room sh -c 'cd "$0" && PYTHONHASHSEED=0 wine runtime/python.exe -B -m compileall -f -q --invalidation-mode unchecked-hash python' "$stage" ||
	die 'compileall failed'

"$python" "$here/pack.py" "$stage" "$windows/$name.zip" "$top/LICENSE" "$chroot/usr/share/doc" "$room/sodium/LICENSE"
