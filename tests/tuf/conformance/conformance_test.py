#!/usr/bin/env python3
"""Runs sealift-tuf-client against simulated repositories: the situations of the tuf-conformance suite
(https://github.com/theupdateframework/tuf-conformance), written anew for simulator.py.

  conformance_test.py CLIENT [NAME…]     runs the scenarios, or those whose name holds a NAME; 77 where a need is missing
"""
import json
import shutil
import sys
import traceback
import urllib.parse

try:
    from simulator import DAY, Client, Key
except ImportError as missing:
    print(f"SKIP: {missing} (package python3-cryptography).")
    sys.exit(77)

SCENARIOS = []


def scenario(*cases):
    """Each case gives the scenario's arguments behind the client and the repository."""

    def register(function):
        for case in cases or [()]:
            case = case if isinstance(case, tuple) else (case,)
            name = function.__name__ + (f"[{','.join(map(str, case))}]" if case else "")
            SCENARIOS.append((name, function, case))
        return function

    return register


def edited(client, role, edit):
    """The role's last published file, edited behind its signature."""
    document = json.loads(client.repository.published[role].pop())
    edit(document)
    client.repository.published[role].append(json.dumps(document).encode())


FIRST = [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]


@scenario()
def requests_of_a_first_refresh(c, r):
    assert c.init() == 0 and r.requests == []
    assert c.refresh() == 0
    assert r.requests == FIRST
    for role in ("root", "timestamp", "snapshot", "targets"):
        assert (c.metadata / f"{role}.json").read_bytes() == r.published[role][-1]


@scenario()
def download_refreshes_first(c, r):
    assert c.init() == 0
    assert c.download("nonexistent artifact") == 1
    assert r.requests == FIRST and c.versions() == dict.fromkeys(("root", "timestamp", "snapshot", "targets"), 1)


@scenario()
def bytes_are_kept_as_they_came(c, r):
    assert c.init() == 0
    r.published["timestamp"][-1] += b" "
    assert c.refresh() == 0
    assert (c.metadata / "timestamp.json").read_bytes() == r.published["timestamp"][-1]


@scenario("version", "signature")
def invalid_initial_root(c, r, defect):
    root = json.loads(r.published["root"][0])
    if defect == "version":
        del root["signed"]["version"]
    else:
        root["signatures"][0]["sig"] = Key().sign(b"something else")
    c.init(json.dumps(root).encode())
    assert c.refresh() == 1 and r.requests == []


@scenario(("root", {"root": 1}), ("timestamp", {"root": 2}), ("snapshot", {"root": 2, "timestamp": 2}),
          ("targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def unsigned_role(c, r, role, trusted):
    r.keys[role].pop()
    r.publish("root", "targets", "snapshot", "timestamp")
    assert c.init() == 0
    assert c.refresh() == 1 and c.versions() == trusted


@scenario(("root", {"root": 1}), ("snapshot", {"root": 2, "timestamp": 2}),
          ("targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def version_other_than_in_the_name(c, r, role, trusted):
    r.signed[role]["version"] += 1
    r.publish("root", "targets", "snapshot", "timestamp")
    if role != "root":  # announced as 2, says 3
        r.signed["snapshot" if role == "targets" else "timestamp"]["meta"][f"{role}.json"]["version"] = 2
        for above in (["snapshot", "timestamp"] if role == "targets" else ["timestamp"]):
            r.signed[above]["version"] -= 1
            r.published[above].pop()
            r.publish(above)
    assert c.init() == 0
    assert c.refresh() == 1 and c.versions() == trusted


@scenario()
def timestamp_changed_without_a_new_version(c, r):
    assert c.init() == 0 and c.refresh() == 0
    r.signed["timestamp"]["meta"]["snapshot.json"]["version"] = 100
    del r.published["timestamp"]
    r.publish("timestamp")
    assert c.refresh() == 0 and r.requests[-1] == ("timestamp", None)
    kept = json.loads((c.metadata / "timestamp.json").read_bytes())
    assert kept["signed"]["meta"]["snapshot.json"]["version"] == 1


@scenario()
def hashes_of_metadata(c, r):
    r.with_hashes = True
    r.publish_all("targets")
    assert c.init() == 0 and c.refresh() == 0
    r.publish("targets")
    r.signed["snapshot"]["meta"]["targets.json"]["hashes"]["sha256"] = "46" * 32
    r.publish("snapshot", "timestamp")
    assert c.refresh() == 1 and c.version("snapshot") == 3 and c.version("targets") == 2


@scenario()
def targets_that_the_snapshot_does_not_name(c, r):
    assert c.init() == 0 and c.refresh() == 0
    r.publish("targets")
    assert c.refresh() == 0 and c.version("targets") == 1 and r.requests[-1] == ("timestamp", None)


@scenario()
def unknown_fields(c, r):
    assert c.init() == 0 and c.refresh() == 0
    r.signed["root"]["custom-field"] = "value"
    r.signed["root"]["roles"]["root"]["another-field"] = "value"
    r.add_key("root", Key(**{"extra-field": {"a": 1, "b": 2}}))
    r.publish("root")
    assert c.refresh() == 0 and c.version("root") == 2


@scenario()
def deprecated_keyid_hash_algorithms(c, r):
    assert c.init() == 0
    r.rotate("snapshot")
    r.signed["root"]["roles"]["snapshot"]["keyids"].clear()
    r.keys["snapshot"].clear()
    r.add_key("snapshot", Key(keyid_hash_algorithms="md5"))
    r.publish("root", "snapshot", "timestamp")
    assert c.refresh() == 0 and c.version("snapshot") == 2


@scenario(("snapshot", 2, {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1}),
          ("targets", 2, {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}))
def missing_file(c, r, role, version, trusted):
    assert c.init() == 0 and c.refresh() == 0
    above = "timestamp" if role == "snapshot" else "snapshot"
    r.signed[above]["meta"][f"{role}.json"]["version"] += 1
    r.publish(*(["timestamp"] if role == "snapshot" else ["snapshot", "timestamp"]))
    assert c.refresh() == 1 and r.requests[-1] == (role, version) and c.versions() == trusted


@scenario()
def missing_timestamp(c, r):
    assert c.init() == 0 and c.refresh() == 0
    del r.published["timestamp"]
    assert c.refresh() == 1 and r.requests[-1] == ("timestamp", None)


@scenario()
def snapshot_served_as_timestamp(c, r):
    assert c.init() == 0
    r.add_key("snapshot", r.keys["timestamp"][0])
    r.signed["snapshot"]["meta"] = {"snapshot.json": {"version": 1}}
    r.publish("root", "snapshot")
    r.published["timestamp"].append(r.published["snapshot"].pop())
    assert c.refresh() == 1 and c.versions() == {"root": 2}


@scenario()
def threshold_not_met(c, r):
    r.signed["root"]["roles"]["snapshot"]["threshold"] = 3
    r.add_key("snapshot"), r.add_key("snapshot")
    r.publish("root", "targets", "snapshot", "timestamp")
    assert c.init() == 0 and c.refresh() == 0
    r.keys["snapshot"].pop()
    r.publish_all("targets")
    assert c.refresh() == 1 and c.version("snapshot") == 2


@scenario()
def threshold_above_the_number_of_keys(c, r):
    assert c.init() == 0
    for _ in range(4):
        r.add_key("snapshot")
    r.signed["root"]["roles"]["snapshot"]["threshold"] = 6
    r.publish("root", "snapshot", "timestamp")
    assert c.refresh() == 1 and c.version("root") == 2 and c.version("snapshot") is None


@scenario()
def duplicate_keys_towards_the_threshold(c, r):
    assert c.init() == 0
    key = Key()
    for _ in range(9):
        r.add_key("snapshot", key)
    r.signed["root"]["roles"]["snapshot"]["threshold"] = 6
    r.publish("root", "snapshot", "timestamp")
    assert c.refresh() == 1 and c.version("snapshot") is None


@scenario()
def duplicate_key_ids_in_signatures(c, r):
    assert c.init() == 0
    edited(c, "snapshot", lambda d: d["signatures"].append(d["signatures"][0]))
    assert c.refresh() == 1 and c.version("snapshot") is None


@scenario(("rsa", "rsassa-pss-sha256"), ("rsa", "rsassa-pss-sha384"), ("rsa", "rsassa-pss-sha512"),
          ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
          ("ecdsa", "ecdsa-sha2-nistp384"), ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"), ("ed25519", "ed25519"))
def key_type_and_scheme(c, r, keytype, scheme):
    assert c.init() == 0
    key = r.add_key("root", Key(keytype, scheme))
    r.signed["root"]["roles"]["root"]["threshold"] = 2
    r.publish("root")
    assert c.refresh() == 0 and c.version("root") == 2
    r.publish("root", edit=lambda d: [s.update(sig=key.sign(b"another message"))
                                      for s in d["signatures"] if s["keyid"] == key.id])
    assert c.refresh() == 1 and c.version("root") == 2


@scenario("another", "empty")
def invalid_signature_beside_enough_valid_ones(c, r, kind):
    assert c.init() == 0
    first = r.keys["timestamp"][0]
    r.add_key("timestamp")
    bad = first.sign(b"another message") if kind == "another" else ""
    r.publish("root")
    r.publish("timestamp",
              edit=lambda d: [s.update(sig=bad) for s in d["signatures"] if s["keyid"] == first.id])
    assert c.refresh() == 0 and c.version("timestamp") == 2


def expires_in(r, role, days):
    r.signed[role]["expires"] = r.in_days(days)


@scenario()
def root_expired(c, r):
    assert c.init() == 0 and c.refresh() == 0
    expires_in(r, "root", -1)
    r.publish("root")
    r.publish("timestamp")
    assert c.refresh() == 1 and c.version("root") == 2 and c.version("timestamp") == 1


@scenario("timestamp", "snapshot", "targets")
def role_expired(c, r, role):
    assert c.init() == 0 and c.refresh() == 0
    expires_in(r, role, -5)
    r.publish("targets", "snapshot", "timestamp")
    assert c.refresh() == 1 and c.version(role) == 1


@scenario()
def trusted_role_expires_by_the_clock(c, r):
    assert c.init() == 0 and c.refresh() == 0
    assert c.refresh(at=r.now + 29 * DAY) == 0
    assert c.refresh(at=r.now + 31 * DAY) == 1


@scenario()
def expired_trusted_metadata_is_updated(c, r):
    expires_in(r, "timestamp", 7)
    r.publish("timestamp")
    assert c.init() == 0 and c.refresh() == 0
    expires_in(r, "timestamp", 21)
    r.publish_all("targets")
    assert c.refresh(at=r.now + 18 * DAY) == 0
    assert c.versions() == {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2}


@scenario()
def delegated_role_expired(c, r):
    assert c.init() == 0
    r.delegate("targets", "delegated", ["path/*"], days=-1)
    r.add_artifact("delegated", "path/target", b"content")
    r.publish_all("delegated", "targets")
    assert c.refresh() == 0 and c.download("path/target") == 1
    assert c.artifacts() == [] and "delegated" not in c.versions()


@scenario(False, True)
def trusted_delegated_role_expires(c, r, is_renewed):
    assert c.init() == 0
    r.delegate("targets", "delegated", ["path/*"], days=7)
    r.add_artifact("delegated", "path/first", b"first")
    r.add_artifact("delegated", "path/second", b"second")
    r.publish_all("delegated", "targets")
    assert c.download("path/first") == 0 and c.artifacts() == [b"first"]
    if is_renewed:
        expires_in(r, "delegated", 21)
        r.publish_all("delegated")
    assert c.download("path/second", at=r.now + 18 * DAY) == (0 if is_renewed else 1)
    assert c.artifacts() == ([b"first", b"second"] if is_renewed else [b"first"])


@scenario()
def timestamp_rollback(c, r):
    assert c.init() == 0
    r.publish("timestamp")
    assert c.refresh() == 0 and c.version("timestamp") == 2
    r.published["timestamp"].append(r.published["timestamp"][0])
    assert c.refresh() == 1 and c.version("timestamp") == 2 and r.requests[-1] == ("timestamp", None)


@scenario(False, True)
def snapshot_rollback(c, r, with_hashes):
    r.with_hashes = with_hashes
    r.publish("snapshot", "timestamp")
    assert c.init() == 0 and c.refresh() == 0
    r.signed["timestamp"]["meta"]["snapshot.json"] = {"version": 1}
    r.publish("timestamp")
    assert c.refresh() == 1 and c.version("timestamp") == 2 and c.version("snapshot") == 2
    assert r.requests[-1] == ("timestamp", None)


@scenario(False, True)
def targets_rollback(c, r, with_hashes):
    r.with_hashes = with_hashes
    r.publish_all("targets")
    assert c.init() == 0 and c.refresh() == 0 and c.version("targets") == 2
    r.signed["snapshot"]["meta"]["targets.json"] = {"version": 1}
    r.publish("snapshot", "timestamp")
    assert c.refresh() == 1 and c.version("snapshot") == 2 and c.version("targets") == 2


@scenario("timestamp", "snapshot", "targets")
def fast_forward_recovery(c, r, role):
    assert c.init() == 0
    for _ in range(99):
        r.publish(role)
    r.publish(*{"timestamp": [], "snapshot": ["timestamp"], "targets": ["snapshot", "timestamp"]}[role])
    assert c.refresh() == 0 and c.version(role) == 100
    r.rotate("snapshot" if role == "targets" else role)
    if role == "snapshot":
        r.rotate("timestamp")
    r.publish("root")
    r.signed[role]["version"] = 0
    r.published[role] = []
    if role == "timestamp":
        r.publish("snapshot", "timestamp")
    else:
        r.publish_all(*([role] if role == "targets" else []))
    assert c.refresh() == 0 and c.version(role) == 1


ROOTS = {  # keys, threshold, signers of each version; whether the last one is taken
    "rotation": ([([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])], True),
    "unused signatures": ([([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4]), ([2], 1, [3, 2, 4])], True),
    "3 of 5": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 2, 3, 4], 3, [0, 4, 1])], True),
    "3 of 5, one replaced": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])], True),
    "3 of 5, all replaced": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
                              ([5, 6, 7, 8, 9], 3, [5, 6, 7])], True),
    "threshold raised": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])], True),
    "threshold lowered": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])], True),
    "not by the old key": ([([1], 1, [1]), ([2], 1, [2, 3, 4])], False),
    "not by the new key": ([([1], 1, [1]), ([2], 1, [1, 3, 4])], False),
    "not by 3 new keys": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])], False),
    "not by 3 old keys": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], False),
    "new threshold not met": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])], False),
    "old threshold not met": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])], False),
}


@scenario(*ROOTS)
def root_rotation(c, r, name):
    versions, is_taken = ROOTS[name]
    keys = [Key("ed25519", "ed25519") for _ in range(10)]
    del r.published["root"]
    r.signed["root"]["version"] = 1
    for held, threshold, signers in versions:
        r.signed["root"]["roles"]["root"] = {"keyids": [keys[i].id for i in held], "threshold": threshold}
        r.signed["root"]["keys"].update({keys[i].id: keys[i].object for i in held})
        r.keys["root"] = [keys[i] for i in signers]
        r.publish("root")
    assert c.init() == 0
    assert c.refresh() == (0 if is_taken else 1)
    assert (c.metadata / "root.json").read_bytes() == r.published["root"][-1 if is_taken else -2]


GRAPHS = {
    "basic": ("targets>A", "A"),
    "single level": ("targets>A targets>B", "A B"),
    "two levels": ("targets>A targets>B B>C", "A B C"),
    "depth first": ("targets>A targets>B A>C A>D", "A C D B"),
    "three levels": ("targets>A targets>B A>C C>D", "A C D B"),
    "terminating": ("targets>A targets>B A>C! A>D", "A C"),
    "terminating keeps descendants": ("targets>A targets>B A>C! C>D", "A C D"),
    "no match on the first level": ("targets>A:*.py targets>B A>C", "B"),
    "no match on the second level": ("targets>A targets>B A>C:*.py C>D", "A B"),
    "circle": ("targets>A targets>B B>C C>D D>B", "A B C D"),
    "two ways": ("targets>A targets>B B>C A>C", "A C B"),
    "two ways, one matches": ("targets>A targets>B B>C A>C:*.py", "A B C"),
}


@scenario(*GRAPHS)
def delegation_graph(c, r, name):
    graph, visited = GRAPHS[name]
    assert c.init() == 0
    roles = []
    for edge in graph.split():
        delegator, _, role = edge.partition(">")
        role, _, pattern = role.partition(":")
        r.delegate(delegator, role.rstrip("!"), [pattern or "*"], role.endswith("!"))
        roles.append(role.rstrip("!"))
    r.publish_all(*dict.fromkeys(roles), "targets")
    assert c.download("missingpath") == 1
    assert r.requests[4:] == [(role, 1) for role in visited.split()], r.requests


@scenario(("targetfile", True, ""), ("README.md", True, "A"), ("releases/x/x_v1", True, "B C"),
          ("releases/y/y_v1.zip", True, "B D"), ("releases/z/z_v1.zip", False, "B"))
def search_for_a_target(c, r, path, is_found, visited):
    r.delegate("targets", "A", ["*.doc", "*.md"])
    r.delegate("targets", "B", ["releases/*/*"])
    r.delegate("B", "C", ["releases/x/*"])
    r.delegate("B", "D", ["releases/y/*.zip"])
    for role, name in (("targets", "targetfile"), ("A", "README.md"), ("C", "releases/x/x_v1"),
                       ("D", "releases/y/y_v1.zip"), ("D", "releases/z/z_v1.zip")):
        r.add_artifact(role, name, f"{name} by {role}".encode())
    r.publish_all("A", "B", "C", "D", "targets")
    assert c.init() == 0
    assert c.download(path) == (0 if is_found else 1)
    assert c.artifacts() == ([r.artifacts[path]] if is_found else [])
    assert r.requests[4:] == [(role, 1) for role in visited.split()]


@scenario("?", "#", "/delegatedrole", "../delegatedrole", ".", "..", "a b", "%2e%2e", "mått")
def unusual_role_name(c, r, role):
    r.delegate("targets", role)
    r.publish_all(role, "targets")
    assert c.init() == 0
    assert c.download("nonexistent target") == 1
    assert (urllib.parse.quote(role, ""), 1) in r.requests, r.requests
    assert len(c.versions()) == 5
    assert sorted(p.name for p in c.metadata.parent.iterdir()) == ["metadata", "root.json", "targets"]


@scenario("target_file.txt", "path/to/a/target_file.txt", "a b/ä?#%.bin")
def download_and_not_again(c, r, path):
    assert c.init() == 0
    r.add_artifact("targets", path, b"contents")
    r.publish_all("targets")
    assert c.refresh() == 0 and c.artifacts() == []
    assert c.download(path) == 0 and c.artifacts() == [b"contents"]
    assert c.download(path) == 0 and c.artifacts() == [b"contents"]
    assert r.artifact_requests == [path], r.artifact_requests


@scenario(True, False)
def consistent_snapshots(c, r, is_consistent):
    r.signed["root"]["consistent_snapshot"] = is_consistent
    r.publish("root")
    r.delegate("targets", "A", ["x/*"])
    r.add_artifact("A", "x/a.txt", b"by A")
    r.publish_all("A", "targets")
    assert c.init() == 0 and c.download("x/a.txt") == 0
    assert c.artifacts() == [b"by A"]
    version = (lambda v: v) if is_consistent else (lambda v: None)
    assert r.requests == [("root", 2), ("root", 3), ("timestamp", None), ("snapshot", version(2)),
                          ("targets", version(2)), ("A", version(1))], r.requests


@scenario()
def substituted_artifacts(c, r):
    assert c.init() == 0
    r.add_artifact("targets", "one", b"contents one")
    r.add_artifact("targets", "two", b"contents two")
    r.publish_all("targets")
    assert c.download("one") == 0
    r.artifacts.update(one=b"malicious ...", two=b"contents twO")
    c.download("one")
    assert c.artifacts() == [b"contents one"]
    assert c.download("two") == 1 and c.artifacts() == [b"contents one"]


@scenario()
def artifacts_that_change(c, r):
    assert c.init() == 0
    for i in range(5):
        r.add_artifact("targets", "file", f"contents {i}".encode())
        r.add_artifact("targets", f"new-{i}", f"new {i}".encode())
        r.publish_all("targets")
        assert c.download("file", f"new-{i}") == 0
        assert c.artifacts() == sorted([f"contents {i}".encode()] + [f"new {n}".encode() for n in range(i + 1)])
        r.artifacts["file"] = f"malicious {i}".encode()
        r.publish_all("targets")
        c.download("file")
        assert f"contents {i}".encode() in c.artifacts() and f"malicious {i}".encode() not in c.artifacts()


@scenario()
def several_targets_stop_at_the_first_that_fails(c, r):
    assert c.init() == 0
    for name in ("one", "three"):
        r.add_artifact("targets", name, name.encode())
    r.publish_all("targets")
    assert c.download("one", "two", "three") == 1
    assert c.artifacts() == [b"one"]


def main():
    if not shutil.which("faketime"):
        print("SKIP: faketime is missing (package faketime).")
        return 77
    failed = 0
    chosen = [s for s in SCENARIOS if not sys.argv[2:] or any(word in s[0] for word in sys.argv[2:])]
    for name, function, case in chosen:
        client = Client(sys.argv[1])
        try:
            function(client, client.repository, *case)
            print(f"pass  {name}")
        except Exception:  # one scenario's failure is no reason to leave the others out
            failed += 1
            print(f"FAIL  {name}\n{traceback.format_exc()}  the client said: {getattr(client, 'said', '')}"
                  f"  requests: {client.repository.requests}")
        finally:
            client.close()
    print(f"{len(chosen) - failed} of {len(chosen)} scenarios passed.")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
