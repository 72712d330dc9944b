#!/usr/bin/env python3
"""Compares the table in README.md with the attacks that ctest knows.

  check_attack_table.py CTEST BUILD_FOLDER README
"""
import json
import re
import subprocess
import sys

ctest, build, readme = sys.argv[1:]
listed = subprocess.run([ctest, "--test-dir", build, "--show-only=json-v1", "-R", r"^attack\."], check=True,
                        capture_output=True, text=True).stdout
tests = [test["name"] for test in json.loads(listed)["tests"]]
rows = re.findall(r"^\| `(attack\.[a-z0-9.-]+)` \|", open(readme, encoding="utf-8").read(), re.MULTILINE)
problems = [f"{name} has no row" for name in tests if name not in rows]
problems += [f"{name} has no test" for name in rows if name not in tests]
problems += [f"{name} stands twice" for names in (tests, rows) for name in sorted(set(names)) if names.count(name) > 1]
print("\n".join(problems) or f"{len(rows)} rows, a test for each.")
sys.exit(1 if problems or not rows else 0)
