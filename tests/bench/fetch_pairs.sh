#!/usr/bin/env bash
# fetch_pairs.sh FOLDER: takes two versions each of real firmware out of Debian's packages, for delta_bench: FOLDER/NAME/old
# and FOLDER/NAME/new. Nothing is installed. What Debian's archives don't have in two versions now is left out.
set -euo pipefail

folder=$1
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
chmod 755 "$work" # apt downloads as a user of its own

# unpack NAME PACKAGE[=VERSION]…: each into a folder of its own under work.
unpack() {
  mkdir -p "$work/$1" && chmod 777 "$work/$1"
  (cd "$work/$1" && apt-get download --quiet "$2" && dpkg -x ./*.deb files)
}

# pair NAME OLD NEW FILE-PATTERN [FILTER]: one file of two packages.
pair() {
  local name=$1 old=$2 new=$3 pattern=$4 filter=${5:-cat} side package file
  [ ! -e "$folder/$name/new" ] || return 0
  mkdir -p "$folder/$name"
  for side in old new; do
    package=$old
    [ "$side" = old ] || package=$new
    unpack "$name-$side" "$package" || { echo "fetch_pairs.sh: $package is not to be had" >&2; return 0; }
    file=$(find "$work/$name-$side/files" -path "*$pattern" -type f | sort | head -n 1)
    [ -n "$file" ] || { echo "fetch_pairs.sh: $package has no $pattern" >&2; return 0; }
    "$filter" <"$file" >"$folder/$name/$side.part"
    mv "$folder/$name/$side.part" "$folder/$name/$side"
    printf '%s\n' "$package" >"$folder/$name/$side.package"
  done
}

# The two newest versions of a package, oldest first.
versions() {
  apt-cache madison "$1" | awk -F' *[|] *' '{print $2}' | sort -uV | tail -n 2
}

# Kernels of two point releases, as they are shipped (compressed), and a large and a small piece of plain code.
newest='' point=''
while read -r package; do
  release=$(apt-cache show "$package" | sed -n 's/^Version: \([0-9.]*\).*/\1/p' | head -n 1)
  if [ -z "$newest" ]; then
    newest=$package point=$release
  elif [ "$release" != "$point" ]; then
    pair kernel "$package" "$newest" '/boot/vmlinuz-*'
    pair btrfs-module "$package" "$newest" '/fs/btrfs/btrfs.ko'
    pair dummy-module "$package" "$newest" '/drivers/net/dummy.ko'
    break
  fi
done < <(apt-cache pkgnames linux-image-6.1.0- | grep -E -- '-[0-9]+-cloud-amd64-unsigned$' | sort -rV)
mapfile -t grub < <(versions grub-efi-amd64-bin)
[ ${#grub[@]} -lt 2 ] || pair grub "grub-efi-amd64-bin=${grub[0]}" "grub-efi-amd64-bin=${grub[1]}" '/monolithic/grubx64.efi'
mapfile -t ovmf < <(versions ovmf)
[ ${#ovmf[@]} -lt 2 ] || pair ovmf "ovmf=${ovmf[0]}" "ovmf=${ovmf[1]}" '/OVMF/OVMF_CODE.fd'
