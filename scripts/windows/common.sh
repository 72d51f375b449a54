# common.sh: sourced by the scripts of this folder: where the parts of the
# Windows build are, and how a command runs there.  Adds to ../common.sh:
#
#	windows		build/windows: everything of the Windows build
#	downloads	what was downloaded, each file checked against its pinned hash
#	chroot		a Debian 13 with Wine 10 and the UCRT compiler of mingw-w64
#	room		what Wine may see and change, at the same path inside the chroot:
#				prefix/ (Wine's), py/ (Python), runtime/ (what is shipped of it),
#				pg17/ pg17m/ ...
#				(servers as downloaded; m: built by MSVC), inc17/ ... (headers),
#				run/17m/ ... (servers with our files among theirs)
#	room_uid	the account in the chroot that owns the room and runs Wine, which
#				is not root: PostgreSQL refuses an administrator's rights
. "$(dirname "$0")/../common.sh"

windows=$build/windows
downloads=${DOWNLOADS:-$windows/downloads}
chroot=$windows/chroot
room=$windows/room
room_uid=1000
all_servers='15m 16 16m 17 17m 18 18m'
mkdir -p "$windows"

# Bound mounts live in a mount namespace of the one command; none is left
# behind, whatever kills it.
need_root() {
	[ "$(id -u)" = 0 ] || die 'the Windows build works in a chroot, which takes root'
}

# in_room COMMAND...: as the room's account, in the room, seeing nothing else
# of the checkout.  WINEDEBUG may be set from outside; nothing else comes in.
in_room() {
	need_root
	where=$room inside=$chroot unshare -m sh -c '
		mount --make-rprivate /
		mkdir -p "$inside$where"
		mount -t proc proc "$inside/proc"
		mount --rbind /dev "$inside/dev"
		mount --rbind /sys "$inside/sys"
		mount --bind "$where" "$inside$where"
		exec chroot --userspec="$0:$0" "$inside" /usr/bin/env -i HOME="$where/home" \
			XDG_RUNTIME_DIR="$where/home/run" PATH=/usr/lib/wine:/usr/bin:/bin LANG=C.UTF-8 \
			WINEPREFIX="$where/prefix" WINEDEBUG='"${WINEDEBUG:--all}"' \
			WINEDLLOVERRIDES="mscoree,mshtml=;winedbg.exe=;ucrtbase=n,b" \
			/bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$where" "$@"' "$room_uid" "$@"
}

# in_chroot COMMAND...: as root, in the current folder, for compilers: sees
# the checkout and the build folder at their own paths.
in_chroot() {
	need_root
	tree=$top built=$build inside=$chroot unshare -m sh -c '
		mount --make-rprivate /
		for folder in /dev "$tree" "$built"; do
			mkdir -p "$inside$folder"
			mount --rbind "$folder" "$inside$folder"
		done
		exec chroot "$inside" /usr/bin/env -i PATH=/usr/bin:/bin LANG=C.UTF-8 SOURCE_DATE_EPOCH=1767225600 \
			/bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$0" "$@"' "$PWD" "$@"
}

# winpath PATH: as a Windows program names it.
winpath() { printf 'Z:%s\n' "$1" | tr / '\\'; }

# give_room PATH...: hand files over to the room's account.
give_room() { chown -R "$room_uid:$room_uid" "$@"; }

# The folders of server $1 (pg17, pg17m, or a copy of one): $lib, $share.
server_folders() {
	if [ -d "$1/lib/postgresql" ]; then
		lib=$1/lib/postgresql share=$1/share/postgresql
	else
		lib=$1/lib share=$1/share
	fi
}
