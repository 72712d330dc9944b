#!/usr/bin/env bash
# checkers_test.sh ROOT PYTHON: each checker must fail on a small tree that has what it looks for.
set -euo pipefail
root=$1 python=$2
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
failures=0

# expect PASS|FAIL WORD COMMAND…: COMMAND must pass, or fail and say WORD.
expect() {
  local verdict=FAIL wanted=$1 word=$2 output
  shift 2
  output=$("$@" 2>&1) && verdict=PASS
  if [ "$verdict" != "$wanted" ] || ! grep -qF -- "$word" <<<"$output"; then
    printf 'expected %s and "%s", got %s from: %s\n%s\n' "$wanted" "$word" "$verdict" "$*" "$output"
    failures=$((failures + 1))
  fi
}

expect PASS passed "$python" "$root/tests/checks/arrows.py" --self-test

tree=$scratch/tree
mkdir -p "$tree"/{app,devices,keystore,transports,ui,tests/checks}
cp -- "$root/tests/checks/"cppcheck* "$tree/tests/checks/"
cp -- "$root/dev" "$root/.clang-format" "$tree/"
printf 'int last(const int (&values)[4]) {\n  return values[3];\n}\n' >"$tree/app/last.cpp"
expect PASS 'no findings' "$tree/tests/checks/cppcheck.sh" "$tree" "$scratch/build"
expect PASS '' "$tree/dev" format --check
printf 'int last() {\n  int values[4] = {};\n  return values[4];\n}\n' >"$tree/app/last.cpp"
expect FAIL arrayIndexOutOfBounds "$tree/tests/checks/cppcheck.sh" "$tree" "$scratch/build"
printf 'int  last ( ) ;\n' >"$tree/app/last.cpp"
expect FAIL last.cpp "$tree/dev" format --check
rm -- "$tree/app/last.cpp"
expect FAIL 'no sources' "$tree/tests/checks/cppcheck.sh" "$tree" "$scratch/build"
expect FAIL 'no sources' "$tree/dev" format --check

expect FAIL 'told nothing' "$root/tests/checks/without_gui.sh" /bin/ls

exit $((failures > 0))
