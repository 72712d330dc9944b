#!/usr/bin/env bash
# dev_script_test.sh ROOT: the README's two commands exist as written there, and ./dev answers for itself.
set -euo pipefail
cd -- "$1"
failures=0
complain() {
  printf '%s\n' "$*"
  failures=$((failures + 1))
}

bash -n dev || complain 'dev is not valid bash.'
bash -n .ci/run || complain '.ci/run is not valid bash.'
[ -x dev ] || complain 'dev is not executable.'
[ -x .ci/run ] || complain '.ci/run is not executable.'

# Every ./dev line that stands in a code block of the README, without its comment.
mapfile -t lines < <(awk '/^```/ { inside = !inside; next } inside && /^\.\/dev / { sub(/ *#.*/, ""); print }' README.md)
printf 'README: %s\n' "${lines[@]}"
for wanted in './dev run' './dev test'; do
  printf '%s\n' "${lines[@]}" | grep -qxF -- "$wanted" || complain "the README does not show: $wanted"
done
for line in "${lines[@]}"; do
  read -r -a words <<<"$line"
  help=$("${words[0]}" "${words[1]}" --help) || complain "$line: --help fails."
  [[ $help == "Usage: ./dev ${words[1]}"* ]] || complain "$line: --help does not tell how it is used."
done

for command in run test soak bench package format lint; do
  [[ $(./dev --help) == *$'\n'"  $command "* ]] || complain "./dev --help does not list $command."
  [[ $(./dev "$command" --help) == "Usage: ./dev $command"* ]] || complain "./dev $command --help does not tell."
done
status=0
./dev no-such-command >/dev/null 2>&1 || status=$?
[ "$status" -eq 2 ] || complain "./dev no-such-command exits with $status instead of 2."

# CI must do what a developer does, and nothing else.
grep -qxF 'exec ./dev test' .ci/run || complain '.ci/run does not end in ./dev test.'
exit $((failures > 0))
