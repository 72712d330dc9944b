#!/usr/bin/env python3
"""Runs clang-tidy over our sources, two or more at a time, skipping what it has already passed.

Usage: clang_tidy.py ROOT BUILD [FILE…]

BUILD must have been built: generated files (moc) are read, and the build's record of which headers a source includes
decides whether its last pass still holds. FILEs narrow the run to these sources.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

FOLDERS = ("app", "devices", "keystore", "tests", "transports", "ui")


def sources_of(root, build):
    """source -> its entry in the compile database; one entry a source of ours."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if file.is_relative_to(root) and file.relative_to(root).parts[0] in FOLDERS:
            entries[file] = entry
    return entries


def dependencies_of(build):
    """object file -> the files that it was made from, as Ninja saw them."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], check=True, capture_output=True, text=True).stdout
    result = {}
    current = None
    for line in text.splitlines():
        if line.startswith(" "):
            current.append(build / line.strip())
        elif ": #deps" in line:
            current = result.setdefault(line.split(": #deps")[0], [])
    return result


class FileDigests:
    """SHA-256 of files, each read once."""

    def __init__(self):
        self.known = {}

    def of(self, path):
        if path not in self.known:
            try:
                self.known[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError:
                self.known[path] = "absent"
        return self.known[path]


def key_of(rules, entry, dependencies, digests):
    """What a pass depends on, or None when the build does not know the source's headers."""
    if not dependencies:
        return None
    state = hashlib.sha256(rules)
    state.update(entry["command"].encode())
    for path in sorted(dependencies):
        if not path.is_relative_to("/usr"):
            state.update(f"{path}\0{digests.of(path)}\n".encode())
    return state.hexdigest()


def write_database(entries, folder):
    """The compile database without precompiled headers: clang can't read those that GCC wrote."""
    folder.mkdir(exist_ok=True)
    precompiled = re.compile(r" -Winvalid-pch -include \S+cmake_pch\.hxx")
    database = [{**entry, "command": precompiled.sub("", entry["command"])} for entry in entries.values()]
    (folder / "compile_commands.json").write_text(json.dumps(database))


def run_clang_tidy(root, database, file):
    # Warnings are the compiler's business: here they must not become errors by -Werror.
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(database), "--extra-arg=-Wno-error", str(file)],
                          cwd=root, capture_output=True, text=True)
    # On standard error clang-tidy counts what it suppressed; that is of use only when it found nothing and yet failed.
    return done.returncode == 0, done.stdout or done.stderr


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, build = (pathlib.Path(argument).resolve() for argument in arguments[:2])
    only = {pathlib.Path(argument).resolve() for argument in arguments[2:]}
    passed_folder = build / "clang-tidy-passed"
    passed_folder.mkdir(exist_ok=True)

    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    rules = version + (root / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
    dependencies = dependencies_of(build)
    digests = FileDigests()

    entries = sources_of(root, build)
    if only:
        entries = {file: entry for file, entry in entries.items() if file in only}
    if not entries:
        print(f"clang-tidy: no sources under {root} in {build}/compile_commands.json")
        return 1

    database = build / "clang-tidy"
    write_database(entries, database)
    waiting = {}
    for file, entry in entries.items():
        key = key_of(rules, entry, dependencies.get(entry.get("output", "")), digests)
        if key is None or not (passed_folder / key).exists():
            waiting[file] = key
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        runs = {pool.submit(run_clang_tidy, root, database, file): file for file in waiting}
        for run in concurrent.futures.as_completed(runs):
            file = runs[run]
            clean, output = run.result()
            if clean:
                if waiting[file] is not None:
                    (passed_folder / waiting[file]).touch()
            else:
                failed += 1
                print(f"== {file.relative_to(root)}\n{output}", flush=True)
    print(f"clang-tidy: {len(entries)} files, {len(entries) - len(waiting)} unchanged since they passed, "
          f"{failed} with findings.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
