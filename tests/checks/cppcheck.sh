#!/usr/bin/env bash
# cppcheck.sh ROOT BUILD: cppcheck over our C++ files; what it learnt stays in BUILD, so that only changed files cost.
set -euo pipefail
cd -- "$1"
state=$2/cppcheck
mkdir -p "$state"

folders=(app devices keystore tests transports ui)
find "${folders[@]}" -name '*.cpp' | LC_ALL=C sort >"$state/files.txt"
[ -s "$state/files.txt" ] || {
  printf 'cppcheck.sh: no sources under %s\n' "$1" >&2
  exit 1
}
# The analysis cache knows files by name only: begin anew when the rules change.
rules=$(cat tests/checks/cppcheck.sh tests/checks/cppcheck_suppressions.txt tests/checks/cppcheck_sealift.cfg <(cppcheck --version) | sha256sum)
if [ "$rules" != "$(cat "$state/rules" 2>/dev/null || true)" ]; then
  rm -rf -- "$state/cache"
  printf '%s\n' "$rules" >"$state/rules"
fi
mkdir -p "$state/cache"

cppcheck --quiet -j 2 --cppcheck-build-dir="$state/cache" --file-list="$state/files.txt" -I . \
  --std=c++20 --language=c++ --library=tests/checks/cppcheck_sealift.cfg --library=qt --platform=unix64 \
  --enable=warning,performance,portability \
  --suppressions-list=tests/checks/cppcheck_suppressions.txt \
  --template='{file}:{line}: {severity}: {message} [{id}]' --error-exitcode=1
printf 'cppcheck: %s files, no findings.\n' "$(wc -l <"$state/files.txt")"
