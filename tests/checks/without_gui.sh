#!/usr/bin/env bash
# without_gui.sh PROGRAM: fails when PROGRAM, or a library that it loads, needs Qt's window libraries.
set -euo pipefail
libraries=$(ldd "$1")
grep -q 'libQt6Core\.so' <<<"$libraries" || {
  printf '%s does not load Qt6Core: ldd told nothing of use.\n%s\n' "$1" "$libraries"
  exit 1
}
if grep -E 'libQt6(Gui|Widgets|OpenGL)\.so' <<<"$libraries"; then
  printf '%s must run without these.\n' "$1"
  exit 1
fi
