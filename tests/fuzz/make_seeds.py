#!/usr/bin/env python3
"""Writes the first inputs of the fuzz targets from the fixtures in tests/data.

  make_seeds.py DATA_FOLDER CORPUS_FOLDER

The corpora in the tree grew from these (README.md); run it again only to begin anew.
"""
import base64
import io
import json
import pathlib
import struct
import sys
import tarfile

data = pathlib.Path(sys.argv[1])
corpus = pathlib.Path(sys.argv[2])


def put(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def canonical(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


for path in sorted((data / "tuf").glob("*/metadata/*.json")):
    content = path.read_bytes()
    name = f"{path.parts[-3]}-{path.stem}".replace("%", "_")
    put("tuf_metadata", f"file-{name}", b"\x00" + content)
    put("tuf_metadata", f"signed-{name}", b"\x01" + canonical(json.loads(content)["signed"]))
globs = {
    "_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": "2030-01-01T00:00:00Z", "targets": {},
    "delegations": {"keys": {}, "roles": [
        {"name": "a", "keyids": [], "threshold": 1, "terminating": True, "paths": ["*/b?.bin", "[a-c]/[!x]*", "**", "[]]"]},
        {"name": "../b", "keyids": [], "threshold": 1, "terminating": False, "path_hash_prefixes": ["0", "ff", "8a1"]}]}}
put("tuf_metadata", "signed-globs", b"\x01" + canonical(globs))

root = (data / "tuf/consistent/metadata/1.root.json").read_bytes()
vendor = {"sealiftVendor": 1, "id": "norrland", "name": "Norrland AB",
          "addresses": ["https://updates.example/sealift/"], "root": base64.b64encode(root).decode()}
put("vendor_file", "vendor", json.dumps(vendor).encode())
put("vendor_file", "small", json.dumps(dict(vendor, root="e30=", addresses=["http://a", "file:///b"])).encode())

# Small MCUboot images: a payload of 64 bytes with every TLV area of the real ones.
for path in sorted((data / "mcuboot").glob("app-*.bin")):
    image = path.read_bytes()
    header, size = struct.unpack_from("<H", image, 8)[0], struct.unpack_from("<I", image, 12)[0]
    small = bytearray(image[:32]) + bytearray(32) + image[header:header + 64] + image[header + size:]
    struct.pack_into("<H", small, 8, 64)
    struct.pack_into("<I", small, 12, 64)
    put("mcuboot", path.stem, bytes(small))
put("mcuboot", "whole", (data / "mcuboot/app-2.4.0+17-counter8-ed25519.bin").read_bytes())


def tar(members, format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = kind
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


plain = tarfile.REGTYPE
put("bundle", "small", tar([("metadata/1.root.json", root, plain), ("metadata/timestamp.json", b"{}", plain),
                            ("targets/a%20b.bin", b"hello", plain)]))
put("bundle", "long-name", tar([("targets/" + "x" * 150 + "/" + "y" * 140, b"1", plain)]))
put("bundle", "gnu-long-name", tar([("targets/" + "x" * 150 + "/" + "y" * 140, b"1", plain)], tarfile.GNU_FORMAT))
put("bundle", "climbs", tar([("metadata/../../x", b"1", plain)]))
put("bundle", "link", tar([("metadata/link", b"", tarfile.SYMTYPE)]))
put("bundle", "folder", tar([("metadata", b"", tarfile.DIRTYPE), ("metadata/a", b"1", plain)]))
