"""A TUF repository over HTTP on loopback whose every byte a scenario decides, and a runner for a client of the command
line in https://github.com/theupdateframework/tuf-conformance/blob/main/CLIENT-CLI.md. Metadata is made here by hand, so
that no mistake of Sealift's own publisher hides one of its client."""

import copy
import datetime
import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

TOP = ["root", "timestamp", "snapshot", "targets"]
DAY = datetime.timedelta(days=1)


def canonical(value):
    """OLPC canonical JSON."""
    if isinstance(value, dict):
        return "{" + ",".join(canonical(k) + ":" + canonical(value[k]) for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)


class Key:
    """A key pair in one of the specification's three key types."""

    def __init__(self, keytype="ecdsa", scheme="ecdsa-sha2-nistp256", **fields):
        self.scheme = scheme
        if keytype == "ed25519":
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
            public = self.private.public_key().public_bytes(*raw).hex()
        else:
            if keytype == "rsa":
                self.private = rsa.generate_private_key(65537, 2048)
            else:
                self.private = ec.generate_private_key(ec.SECP384R1() if scheme.endswith("384") else ec.SECP256R1())
            pem = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            public = self.private.public_key().public_bytes(*pem).decode()
        self.object = {"keytype": keytype, "scheme": scheme, "keyval": {"public": public}, **fields}
        self.id = hashlib.sha256(canonical(self.object).encode()).hexdigest()

    def sign(self, message):
        digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}.get(self.scheme[-3:], hashes.SHA256)()
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message).hex()
        if isinstance(self.private, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            return self.private.sign(message, pss, digest).hex()
        return self.private.sign(message, ec.ECDSA(digest)).hex()


class Repository:
    def __init__(self):
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.signed = {role: self.common("targets" if role not in TOP else role) for role in TOP}
        self.signed["root"].update(consistent_snapshot=True, keys={}, roles={})
        self.signed["timestamp"]["meta"] = {}
        self.signed["snapshot"]["meta"] = {}
        self.signed["targets"]["targets"] = {}
        self.keys = {}
        self.published = {}  # role: its files, the first is version 1
        self.artifacts = {}
        self.requests = []
        self.artifact_requests = []
        self.with_hashes = False
        self.prefix_targets = True
        for role in TOP:
            self.signed["root"]["roles"][role] = {"keyids": [], "threshold": 1}
            self.keys[role] = []
            self.add_key(role)
        self.publish("targets", "snapshot", "timestamp", "root")

    def common(self, kind, days=30):
        return {"_type": kind, "spec_version": "1.0.31", "version": 1, "expires": self.in_days(days)}

    def in_days(self, days):
        return (self.now + days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_key(self, role, key=None):
        key = key or Key()
        self.signed["root"]["keys"][key.id] = key.object
        self.signed["root"]["roles"][role]["keyids"].append(key.id)
        self.keys[role].append(key)
        return key

    def rotate(self, role):
        self.signed["root"]["roles"][role]["keyids"].clear()
        self.keys[role].clear()
        for _ in range(self.signed["root"]["roles"][role]["threshold"]):
            self.add_key(role)

    def delegate(self, delegator, role, paths=("*",), terminating=False, threshold=1, days=30):
        parent = self.signed[delegator].setdefault("delegations", {"keys": {}, "roles": []})
        if role not in self.signed:
            self.signed[role] = {**self.common("targets", days), "targets": {}}
            self.keys[role] = []
        key = Key()
        self.keys[role].append(key)
        parent["keys"][key.id] = key.object
        parent["roles"].append({"name": role, "keyids": [key.id], "threshold": threshold,
                                "terminating": terminating, "paths": list(paths)})

    def sign(self, role):
        message = canonical(self.signed[role]).encode()
        signatures = [{"keyid": key.id, "sig": key.sign(message)} for key in self.keys[role]]
        return {"signatures": signatures, "signed": copy.deepcopy(self.signed[role])}

    def publish(self, *roles, edit=None):
        for role in roles:
            if role in self.published:
                self.signed[role]["version"] += 1
            document = self.sign(role)
            if edit:
                edit(document)
            content = json.dumps(document, indent=1).encode()
            self.published.setdefault(role, []).append(content)
            entry = {"version": self.signed[role]["version"]}
            if self.with_hashes:
                entry["length"] = len(content)
                entry["hashes"] = {"sha256": hashlib.sha256(content).hexdigest()}
            if role == "snapshot":
                self.signed["timestamp"]["meta"]["snapshot.json"] = entry
            elif role not in ("root", "timestamp"):
                self.signed["snapshot"]["meta"][role + ".json"] = entry

    def publish_all(self, *roles):
        self.publish(*roles, "snapshot", "timestamp")

    def add_artifact(self, role, path, data):
        self.artifacts[path] = data
        self.signed[role]["targets"][path] = {
            "length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}

    def get(self, path):
        """What the server answers; None for 404."""
        if path.startswith("metadata/") and path.endswith(".json"):
            name = path[len("metadata/"):-len(".json")]
            version, _, role = name.partition(".")
            if role == "root" or (self.signed["root"]["consistent_snapshot"] and name != "timestamp"):
                self.requests.append((role, int(version)))
                files = self.published.get(urllib.parse.unquote(role), [])
                return files[int(version) - 1] if 0 < int(version) <= len(files) else None
            self.requests.append((name, None))
            return (self.published.get(urllib.parse.unquote(name)) or [None])[-1]
        folder, slash, name = path[len("targets/"):].rpartition("/")
        if self.signed["root"]["consistent_snapshot"] and self.prefix_targets:
            prefix, _, name = name.partition(".")
        self.artifact_requests.append(urllib.parse.unquote(folder + slash + name))
        return self.artifacts.get(urllib.parse.unquote(folder + slash + name))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.repository.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Client:
    """The client under test with folders of its own, and the repository that it talks to."""

    def __init__(self, command):
        self.command = command
        self.repository = Repository()
        self.folder = tempfile.TemporaryDirectory()
        self.metadata = pathlib.Path(self.folder.name, "metadata")
        self.targets = pathlib.Path(self.folder.name, "targets")
        self.metadata.mkdir()
        self.targets.mkdir()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.repository = self.repository
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def run(self, *arguments, at=None):
        clock = ["faketime", at.strftime("%Y-%m-%d %H:%M:%S")] if at else []
        environment = {**os.environ, "TZ": "UTC"}
        done = subprocess.run([*clock, self.command, "--metadata-dir", str(self.metadata), *arguments],
                              env=environment, timeout=60, capture_output=True)
        self.said = done.stderr.decode(errors="replace")
        assert done.returncode in (0, 1), f"exit {done.returncode}: {self.said}"
        return done.returncode

    def init(self, root=None):
        path = pathlib.Path(self.folder.name, "root.json")
        path.write_bytes(root or self.repository.published["root"][0])
        return self.run("init", str(path))

    def refresh(self, at=None):
        return self.run("--metadata-url", self.url + "metadata/", "refresh", at=at)

    def download(self, *names, at=None):
        targets = [word for name in names for word in ("--target-name", name)]
        return self.run("--metadata-url", self.url + "metadata/", *targets, "--target-dir", str(self.targets),
                        "--target-base-url", self.url + "targets/", "download", at=at)

    def version(self, role):
        path = self.metadata / f"{role}.json"
        return json.loads(path.read_bytes())["signed"]["version"] if path.exists() else None

    def versions(self):
        return {path.stem: json.loads(path.read_bytes())["signed"]["version"]
                for path in self.metadata.iterdir() if path.suffix == ".json"}

    def artifacts(self):
        return sorted(path.read_bytes() for path in self.targets.rglob("*") if path.is_file())
