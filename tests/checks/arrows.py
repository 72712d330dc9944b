#!/usr/bin/env python3
"""Fails on every #include between our folders that the design does not allow.

Usage: arrows.py ROOT        checks the sources under ROOT
       arrows.py --self-test checks the checker on small trees with known faults
"""

import pathlib
import re
import sys
import tempfile

# Single headers of a folder that are plain values or interfaces which others pass on.
VERSION = "devices/images/version.h"
IMAGE = "devices/images/image.h"
DELTA = "devices/images/delta/image_delta.h"
LINK_OPENER = "transports/links/link_opener.h"
LINK_ADDRESS = "transports/links/link_address.h"
# How a place on the USB is looked up and written.
USB_DEVICES = "transports/links/usb_devices.h"

# folder -> what its files may include besides their own folder. The longest folder that a file lies in decides, and
# a folder without a row may not hold sources.
ARROWS = {
    "app/base": [],
    "keystore/crypto": ["app/base"],
    "keystore/secrets": ["app/base", "keystore/crypto"],
    "keystore/tuf": ["app/base", "keystore/crypto", "keystore/secrets"],
    "transports/links": ["app/base"],
    # Every folder below is one protocol, which never knows another: see part_of.
    "transports/protocols": ["app/base", "transports/links"],
    "devices/images": ["app/base", "keystore/crypto"],
    "devices/core": ["app/base", "devices/images", "transports/links"],
    # A driver never knows another: see part_of.
    "devices/drivers": ["app/base", "devices/core", "devices/images", "transports/links", "transports/protocols"],
    # Never protocols or drivers, so that a codec's mistake cannot cancel itself out.
    "devices/virtual": ["app/base", "devices/images", "keystore/crypto", "transports/links"],
    # registry.h and registry.cpp: the one table of drivers.
    "devices": ["app/base", "devices/core", "devices/drivers"],
    "app/store": ["app/base"],
    "app/audit": ["app/base", "app/store", "keystore"],
    "app/policy": ["app/base", "devices/core", VERSION],
    "app/catalog": ["app/base", "app/policy", "app/store", "devices/core", "keystore", IMAGE, DELTA, VERSION],
    "app/update": ["app/base", "app/audit", "app/catalog", "app/policy", "app/store", "devices/core", "keystore",
                   IMAGE, VERSION, LINK_OPENER, LINK_ADDRESS],
    "app/services": ["app/base", "app/audit", "app/catalog", "app/policy", "app/store", "app/update", "devices/core",
                     "keystore", IMAGE, DELTA, VERSION, LINK_OPENER, LINK_ADDRESS, USB_DEVICES],
    # The demonstration: virtual devices, a vendor for them, and stories that drive the window. Only the composition
    # roots know it.
    "app/demo": ["app/base", "app/catalog", "app/services", "devices/core", "devices/images", "devices/virtual", "keystore", "ui"],
    # services and plain values
    "app/cli": ["app/base", "app/services", "devices/core", VERSION],
    "ui": ["app/base", "app/services", "devices/core", VERSION],
    "tests": ["app", "devices", "keystore", "transports", "ui"],
}

# The composition roots wire everything together.
ROOTS = {"app/gui_main.cpp", "app/cli_main.cpp", "app/tuf_client_main.cpp"}

# Headers from outside that belong to one folder alone.
OUTSIDE = {
    re.compile(r"^(QtSql/|QtSql$|QSql)"): "app/store",
    re.compile(r"^libusb"): "transports/links",
}

# Folders without sources of ours, and what is made or kept aside.
WITHOUT_SOURCES = {"build", "installer", "resources"}

SOURCE_SUFFIXES = {".h", ".hpp", ".hh", ".c", ".cc", ".cpp", ".cxx", ".ipp", ".inl"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def row_of(path):
    """The row of ARROWS that decides for a file, or None."""
    rows = [folder for folder in ARROWS if path.startswith(folder + "/")]
    return max(rows, key=len) if rows else None


def is_within(path, folder):
    return path == folder or path.startswith(folder + "/")


def part_of(path, drivers):
    """The protocol or driver that a file belongs to, or None; those of one row never know one another.

    A driver called smp is the pair smp_driver.h and .cpp and every file whose name begins with smp_.
    """
    if path.startswith("transports/protocols/"):
        return path.split("/")[2]
    if path.startswith("devices/drivers/"):
        name = path.split("/")[2]
        return next((driver for driver in drivers if re.match(rf"{re.escape(driver)}([_./]|$)", name)), None)
    return None


def fault_of_include(path, kind, target, drivers, exists):
    """Why a file may not include target, or None. exists(path) tells whether the tree has that file."""
    for pattern, home in OUTSIDE.items():
        if pattern.match(target) and row_of(path) not in (home, "tests"):
            return f"only {home} may include <{target}>"
    if not exists(target):
        beside = path.rpartition("/")[0] + "/" + target
        if kind == '"' and exists(beside):
            return f'"{target}" is not written from the repository root'
        if target.startswith((".", "/")):
            return f'"{target}" leaves its folder'
        return None  # of a library, or generated (moc)
    if path in ROOTS:
        return None
    home = row_of(path)
    target_home = row_of(target)
    if target_home == home:
        mine, theirs = part_of(path, drivers), part_of(target, drivers)
        if mine and theirs and mine != theirs:
            return f"{mine} may not know {theirs} ({target})"
        return None
    # An arrow to "devices/core" covers what lies in it; one to "devices" is none to its folders with rows of their own.
    if any(is_within(target, allowed) for allowed in ARROWS[home]):
        return None
    return f"{home} may not know {target_home or 'this folder'} ({target})"


def faults_of_tree(root):
    root = pathlib.Path(root)
    drivers = [file.name[:-len("_driver.h")] for file in root.glob("devices/drivers/*_driver.h")]
    faults = []
    files = 0
    for entry in sorted(root.iterdir()):
        if not entry.is_dir() or entry.name.startswith(".") or entry.name in WITHOUT_SOURCES:
            continue
        for file in sorted(entry.rglob("*")):
            if file.suffix not in SOURCE_SUFFIXES or not file.is_file():
                continue
            path = file.relative_to(root).as_posix()
            files += 1
            if path not in ROOTS and row_of(path) is None:
                faults.append(f"{path}: its folder has no row in the table of arrows (tests/checks/arrows.py)")
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            for match in INCLUDE.finditer(text):
                fault = fault_of_include(path, match[1], match[2], drivers, lambda name: (root / name).is_file())
                if fault:
                    line = text.count("\n", 0, match.start()) + 1
                    faults.append(f"{path}:{line}: {fault}")
    return files, faults


# name, {file: text}, the faults expected: a part of each message, in order
SELF_TESTS = [
    ("allowed", {
        "app/base/result.h": "#include <optional>\n",
        "transports/links/link.h": '#include "app/base/result.h"\n',
        "devices/core/device.h": '#include "transports/links/link.h"\n',
        "devices/drivers/smp_driver.h": '#include "devices/core/device.h"\n',
        "devices/drivers/smp_driver.cpp": '#include "devices/drivers/smp_driver.h"\n',
        "devices/registry.cpp": '#include "devices/drivers/smp_driver.h"\n',
        "app/store/database.cpp": "#include <QSqlDatabase>\n#include <QtSql/QSqlQuery>\n",
        "app/gui_main.cpp": '#include "devices/registry.h"\n#include "devices/drivers/smp_driver.h"\n',
        "tests/unit/device_test.cpp": '#include "devices/core/device.h"\n#include "device_test.moc"\n',
    }, []),
    ("the leaf knows something", {
        "app/base/result.h": '#include "keystore/crypto/digest.h"\n',
        "keystore/crypto/digest.h": "",
    }, ["app/base may not know keystore/crypto"]),
    ("a transport knows a device", {
        "transports/links/link.h": '\n  #  include "devices/core/device.h"\n',
        "devices/core/device.h": "",
    }, ["transports/links/link.h:2: transports/links may not know devices/core"]),
    ("a protocol knows another", {
        "transports/protocols/smp/session.cpp": '#include "transports/protocols/ymodem/sender.h"\n',
        "transports/protocols/ymodem/sender.h": "",
    }, ["smp may not know ymodem"]),
    ("a virtual device knows a protocol", {
        "devices/virtual/smp_device.cpp": '#include "transports/protocols/smp/header.h"\n',
        "transports/protocols/smp/header.h": "",
    }, ["devices/virtual may not know transports/protocols"]),
    ("a virtual device knows a driver", {
        "devices/virtual/smp_device.cpp": '#include "devices/drivers/smp_driver.h"\n',
        "devices/drivers/smp_driver.h": "",
    }, ["devices/virtual may not know devices/drivers"]),
    ("a driver knows another", {
        "devices/drivers/uboot_boot_state.cpp": '#include "devices/drivers/smp_driver.h"\n',
        "devices/drivers/uboot_driver.h": "",
        "devices/drivers/smp_driver.h": "",
    }, ["uboot may not know smp"]),
    ("the engine knows a concrete driver", {
        "app/update/job.cpp": '#include "devices/drivers/smp_driver.h"\n',
        "devices/drivers/smp_driver.h": "",
    }, ["app/update may not know devices/drivers"]),
    ("an arrow to a folder is none to what lies beside it", {
        "ui/views/page.cpp": '#include "app/update/job.h"\n#include "app/cli/command.h"\n',
        "app/update/job.h": "",
        "app/cli/command.h": "",
    }, ["ui may not know app/update", "ui may not know app/cli"]),
    ("the command line knows the window", {
        "app/cli/command.cpp": '#include "ui/style/colours.h"\n',
        "ui/style/colours.h": "",
    }, ["app/cli may not know ui"]),
    ("SQL outside the store", {
        "app/audit/log.cpp": "#include <QtSql/QSqlQuery>\n",
        "ui/models/audit.cpp": '#include <QSqlQueryModel>\n#include "QtSql"\n',
    }, ["only app/store", "only app/store", "only app/store"]),
    ("a product file knows the tests", {
        "app/store/database.cpp": '#include "tests/support/clock.h"\n',
        "tests/support/clock.h": "",
    }, ["app/store may not know tests"]),
    ("only the roots are roots", {
        "app/other_main.cpp": '#include "ui/window.h"\n',
        "ui/window.h": "",
    }, ["app/other_main.cpp: its folder has no row"]),
    ("unknown folders", {
        "helpers/string.h": "",
        "app/misc/thing.cpp": "",
    }, ["app/misc/thing.cpp: its folder has no row", "helpers/string.h: its folder has no row"]),
    ("a name that only begins alike", {
        "app/basement/result.h": "",
    }, ["app/basement/result.h: its folder has no row"]),
    ("not from the root", {
        "app/store/database.cpp": '#include "database.h"\n#include "../base/result.h"\n',
        "app/store/database.h": "",
        "app/base/result.h": "",
    }, ['"database.h" is not written from the repository root', '"../base/result.h"']),
]


def self_test():
    failed = 0
    for name, tree, expected in SELF_TESTS:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in tree.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            _, faults = faults_of_tree(folder)
        if len(faults) != len(expected) or any(part not in fault for part, fault in zip(expected, faults)):
            failed += 1
            print(f"FAIL {name}: expected {expected}, got {faults}")
    print(f"{len(SELF_TESTS) - failed} of {len(SELF_TESTS)} self-tests passed.")
    return 1 if failed else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    files, faults = faults_of_tree(arguments[0])
    for fault in faults:
        print(fault)
    if files == 0:
        print(f"no sources under {arguments[0]}")
        return 1
    print(f"{files} files, {len(faults)} forbidden includes.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
