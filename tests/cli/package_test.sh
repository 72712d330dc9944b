#!/usr/bin/env bash
# package_test.sh BUILD SCRATCH VERSION: makes the Debian package of BUILD, unpacks it into SCRATCH and looks at all of
# it: the programs start from there, and what surrounds them is valid. Exits with 77 where Debian's tools are missing.
set -euo pipefail
build=$1 scratch=$2 version=$3
for tool in dpkg-deb dpkg-shlibdeps appstreamcli desktop-file-validate man; do
  command -v "$tool" >/dev/null || {
    printf 'SKIP: %s is not installed.\n' "$tool"
    exit 77
  }
done

failures=0
complain() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}
# must COMMAND…: COMMAND has to pass; its words are shown when it does not.
must() {
  local output
  output=$("$@" 2>&1) || complain "$*"$'\n'"$output"
}

rm -rf -- "$scratch"
mkdir -p "$scratch/packages" "$scratch/root"
must cpack --config "$build/CPackConfig.cmake" -G DEB -B "$scratch/packages"
packages=("$scratch/packages"/*.deb)
if [ ${#packages[@]} -ne 1 ] || [ ! -f "${packages[0]}" ]; then
  complain "one package was expected: ${packages[*]}"
  exit 1
fi
package=${packages[0]}
root=$scratch/root
dpkg-deb --extract "$package" "$root"

# What is in it.
share=$root/usr/share
id=org.sealift.Sealift
for file in usr/bin/sealift usr/bin/sealiftctl "usr/share/applications/$id.desktop" "usr/share/metainfo/$id.metainfo.xml" \
  "usr/share/icons/hicolor/scalable/apps/$id.svg" "usr/share/icons/hicolor/128x128/apps/$id.png" \
  usr/share/man/man1/sealift.1.gz usr/share/man/man1/sealiftctl.1.gz usr/lib/udev/rules.d/70-sealift.rules \
  usr/share/doc/sealift/copyright usr/share/doc/sealift/changelog.gz \
  usr/share/bash-completion/completions/sealiftctl usr/share/zsh/vendor-completions/_sealiftctl \
  usr/share/fish/vendor_completions.d/sealiftctl.fish; do
  [ -s "$root/$file" ] || complain "the package has no $file"
done
outside=$(cd "$root" && find . -type f ! -path './usr/*')
[ -z "$outside" ] || complain "files outside /usr: $outside"
writable=$(find "$root" \( -type f -o -type d \) -perm /022)
[ -z "$writable" ] || complain "writable by others: $writable"
privileged=$(find "$root" -perm /6000)
[ -z "$privileged" ] || complain "set-user-ID or set-group-ID: $privileged"

# What it says of itself.
[ "$(dpkg-deb --field "$package" Version)" = "$version" ] || complain "its version is not $version"
depends=$(dpkg-deb --field "$package" Depends)
for library in libqt6core6 libqt6widgets6 libssl3 libqt6sql6-sqlite; do
  [[ $depends == *"$library"* ]] || complain "it does not depend on $library: $depends"
done
must appstreamcli validate --no-net --pedantic --no-color "$share/metainfo/$id.metainfo.xml"
must desktop-file-validate "$share/applications/$id.desktop"

# The programs start from where they were unpacked.
for program in sealift sealiftctl; do
  said=$(QT_QPA_PLATFORM=offscreen "$root/usr/bin/$program" --version 2>&1) || complain "$program --version fails: $said"
  [[ $said == *"$version"* ]] || complain "$program --version does not tell $version: $said"
done

# The man pages render without a warning and are about the program that they are named for.
for page in sealift sealiftctl; do
  warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$share/man/man1/$page.1.gz" \
    2>&1 >/dev/null) || complain "man $page fails"
  [ -z "$warnings" ] || complain "man $page warns: $warnings"
  text=$(LC_ALL=C.UTF-8 MANWIDTH=80 man -l "$share/man/man1/$page.1.gz")
  grep -qE "^ *$page +- +provision" <<<"$text" || complain "man $page does not tell its name and purpose"
done

# The completions are understood by their shells.
completions=$share/bash-completion/completions
for file in "$completions"/*; do
  must bash -n "$file"
done
if command -v zsh >/dev/null; then
  for file in "$share"/zsh/vendor-completions/*; do must zsh -n "$file"; done
fi
if command -v fish >/dev/null; then
  for file in "$share"/fish/vendor_completions.d/*; do must fish --no-execute "$file"; done
fi

# bash completes to exactly the commands that the program has, and the man page tells of each.
# commands_of WORD…: what sealiftctl WORD… --help lists below "Subcommands:".
commands_of() {
  "$root/usr/bin/sealiftctl" "$@" --help | awk '/^Subcommands:/ { inside = 1; next } inside && /^  [a-z]/ { print $1 }' | sort
}
completed_after() {
  bash -c 'source "$1"; shift; COMP_WORDS=(sealiftctl "$@" ""); COMP_CWORD=$(($# + 1)); _sealiftctl
    printf "%s\n" "${COMPREPLY[@]}"' _ "$completions/sealiftctl" "$@" | sort
}
manual=$(zcat "$share/man/man1/sealiftctl.1.gz" | sed 's/\\-/-/g')
compare_commands() {
  local has offered word
  has=$(commands_of "$@") offered=$(completed_after "$@")
  if [ -z "$has" ] || [ "$has" != "$offered" ]; then
    complain "sealiftctl $* has: ${has//$'\n'/ }; bash offers: ${offered//$'\n'/ }"
  fi
  for word in $has; do
    grep -qE "(^|[^a-z-])$word([^a-z-]|\$)" <<<"$manual" || complain "man sealiftctl does not tell of $* $word"
    [ $# -gt 1 ] || [ -z "$(commands_of "$@" "$word")" ] || compare_commands "$@" "$word"
  done
}
compare_commands

# The udev rules hand devices to the seated person only: no mode, owner or group of their own, and never a command.
rules=$root/usr/lib/udev/rules.d/70-sealift.rules
grep -q 'TAG+="uaccess"' "$rules" || complain 'the udev rules give nobody access'
if grep -vE '^ *#' "$rules" | grep -E 'MODE|OWNER|GROUP|RUN|PROGRAM'; then
  complain 'the udev rules do more than tag devices'
fi
# Each line is empty, a comment, or KEY OP "VALUE" pairs.
pair='[A-Z]+(\{[A-Za-z_]+\})?(==|!=|\+=|=)"[^"]*"'
if grep -vE "^(#.*|$pair(, $pair)*)?\$" "$rules"; then
  complain 'the udev rules have a line that udev would not read'
fi

[ "$failures" -gt 0 ] || printf '%s: sound.\n' "${package##*/}"
exit $((failures > 0))
