#!/bin/sh
# Linux and Windows run scripts with the same versions of the same packages
pins() { sed -n 's/ *\\$//; /==/p' "$1" | sort; }
linux=$(pins scripts/requirements.txt)
windows=$(pins scripts/windows/requirements.txt)
[ "$linux" = "$windows" ] || { printf '%s\n' "Linux:" "$linux" "Windows:" "$windows"; exit 1; }
