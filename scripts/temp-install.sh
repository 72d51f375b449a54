#!/bin/sh
# temp-install.sh: a PostgreSQL of our own in the build folder, without
# touching the system's: the server's programs copied (a copy, because the
# server looks for its files relative to where its program really lies), the
# rest of its files as links, and the extension, sandbox_host and the virtual
# environment installed among them.
. "$(dirname "$0")/common.sh"
find_server
find_run_folder

pkglibdir=$("$pg_config" --pkglibdir)
sharedir=$("$pg_config" --sharedir)
id="$("$pg_config" --version) $bindir $(cksum < "$bindir/postgres")"

# farm FROM TO: TO becomes a folder of links to what is in FROM.
farm() {
	mkdir -p "$2"
	for entry in "$1"/*; do
		ln -sfn "$entry" "$2/$(basename "$entry")"
	done
}

if [ "$(cat "$pg/server" 2>/dev/null)" != "$id" ]; then
	rm -rf "$pg"
	mkdir -p "$pg$bindir"
	cp -L "$bindir"/* "$pg$bindir/"
	# The programs of a wheel find their libraries from where they are.
	for libs in "$bindir"/../../../*.libs; do
		[ ! -d "$libs" ] || ln -sfn "$libs" "$pg$bindir/../../../$(basename "$libs")"
	done
	farm "$pkglibdir" "$pg$pkglibdir"
	farm "$sharedir" "$pg$sharedir"
	rm "$pg$sharedir/extension"
	farm "$sharedir/extension" "$pg$sharedir/extension"
	# A system-wide installation of ours must not stand in for this one.
	rm -rf "$pg$pkglibdir"/transform* "$pg$sharedir"/extension/transform* "$pg$bindir/sandbox_host"
	say "$id" > "$pg/server"
fi
make -s -C "$top" install-files BUILD="$build" PG_CONFIG="$pg_config" DESTDIR="$pg" VENV="$venv" LINK_VENV=yes
chmod -R a+rX "$pg$bindir" "$pg$pkglibdir/transform" 2>/dev/null || :
