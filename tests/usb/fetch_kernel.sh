#!/usr/bin/env bash
# fetch_kernel.sh FOLDER: unpacks Debian's kernel for this kind of machine into FOLDER, without installing it, for the
# guest that the tests of USB run in. Does nothing when the newest one is there already.
set -euo pipefail

folder=$1
package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || {
  echo 'fetch_kernel.sh: apt knows no package linux-image-amd64; try apt-get update.' >&2
  exit 1
}
[ ! -e "$folder/$package.complete" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
chmod 755 "$work" # apt downloads as a user of its own
(cd "$work" && apt-get download --quiet "$package" && mkdir kernel && dpkg -x linux-image-*.deb kernel)
version=${package#linux-image-}
depmod -b "$work/kernel" "$version"
rm -rf -- "$folder"
mkdir -p "$(dirname -- "$folder")"
cp -r --reflink=auto "$work/kernel" "$folder"
touch "$folder/$package.complete"
