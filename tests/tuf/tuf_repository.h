// A repository in memory whose every byte a test controls: it holds all private keys, signs whatever it is told and
// serves itself as a Fetcher. Metadata is made by hand here, not by the publisher, so that neither side's mistake
// hides the other's.
#pragma once

#include "keystore/crypto/private_key.h"
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/repository_path.h"

#include <QHash>
#include <QStringList>

#include <vector>

namespace sealift::tuf {

class TestRepository final : public Fetcher {
 public:
  struct Role {
    Json signedPart;
    std::vector<int> keys;  // indexes into keys(), one per signature
  };

  // The keys' indexes: 0, 1, 2 of root (threshold 2), 3 and 4 of timestamp, 5, 6 of snapshot, 7, 8 of targets; 9 to 14
  // of nobody. All are Ed25519 but 11 (P-256), 12 (P-384) and 13 (RSA). Every repository of a process has the same
  // ones.
  TestRepository() {
    root = {{{"_type", "root"},
             {"spec_version", "1.0.31"},
             {"version", 1},
             {"expires", "2030-01-01T00:00:00Z"},
             {"consistent_snapshot", true},
             {"keys", Json::object()},
             {"roles", Json::object()}},
            {0, 1, 2}};
    setRole("root", {0, 1, 2}, 2);
    setRole("timestamp", {3}, 1);
    setRole("snapshot", {5}, 1);
    setRole("targets", {7}, 1);
    timestamp = {base("timestamp"), {3}};
    snapshot = {base("snapshot"), {5}};
    targets = {base("targets"), {7}};
    targets.signedPart["targets"] = Json::object();
    addTarget("a.bin", "first");
  }

  static Json base(const char* type) {
    return {{"_type", type}, {"spec_version", "1.0.31"}, {"version", 1}, {"expires", "2030-01-01T00:00:00Z"}};
  }
  static const PrivateKey& key(int index) {
    static const std::vector<PrivateKey> kKeys = [] {
      std::vector<PrivateKey> keys;
      for (int i = 0; i < 15; ++i) {
        const KeyType type = i == 11   ? KeyType::EcP256
                             : i == 12 ? KeyType::EcP384
                             : i == 13 ? KeyType::Rsa
                                       : KeyType::Ed25519;
        keys.push_back(std::move(*PrivateKey::generate(type, 2048)));
      }
      return keys;
    }();
    return kKeys.at(static_cast<std::size_t>(index));
  }
  static std::string keyId(int index) { return keyIdOf(key(index).publicKey()).toStdString(); }

  void setRole(const char* role, const std::vector<int>& indexes, int threshold) {
    Json ids = Json::array();
    for (const int index : indexes) {
      root.signedPart["keys"][keyId(index)] = keyToJson(key(index).publicKey());
      ids.push_back(keyId(index));
    }
    root.signedPart["roles"][role] = {{"keyids", ids}, {"threshold", threshold}};
  }
  void addTarget(const std::string& path, const QByteArray& bytes) { addTarget(targets, path, bytes); }
  void addTarget(Role& role, const std::string& path, const QByteArray& bytes) {
    const QByteArray hash = sha256(bytes).toHex();
    role.signedPart["targets"][path] = {{"length", bytes.size()}, {"hashes", {{"sha256", hash.toStdString()}}}};
    files[QStringLiteral("targets/") +
          encodePath(hashPrefixedPath(QString::fromStdString(path), QByteArray::fromHex(hash)))] = bytes;
  }

  QByteArray sign(const Role& role) const {
    Json signatures = Json::array();
    for (const int index : role.keys) {
      const PrivateKey& signer = key(index);
      const auto signature = signer.sign(metadataSchemeOf(signer.publicKey()), canonicalJson(role.signedPart));
      signatures.push_back({{"keyid", keyId(index)}, {"sig", signature->toHex().toStdString()}});
    }
    return QByteArray::fromStdString(Json({{"signatures", signatures}, {"signed", role.signedPart}}).dump());
  }
  static Json announce(const QByteArray& bytes, const Json& version) {
    return {
        {"version", version}, {"length", bytes.size()}, {"hashes", {{"sha256", sha256(bytes).toHex().toStdString()}}}};
  }
  static QString name(const char* role, const Role& content) {
    return QStringLiteral("metadata/") +
           metadataFileName(QString::fromUtf8(role), content.signedPart["version"].get<int>());
  }

  // `delegator` trusts the role `name` with `paths`; the role itself is the caller's, made by delegated().
  void delegate(Role& delegator, const char* name, const std::vector<int>& indexes, int threshold,
                const std::vector<std::string>& paths, bool terminating = false) {
    Json& delegations = delegator.signedPart["delegations"];
    if (delegations.is_null()) {
      delegations = {{"keys", Json::object()}, {"roles", Json::array()}};
    }
    Json ids = Json::array();
    for (const int index : indexes) {
      delegations["keys"][keyId(index)] = keyToJson(key(index).publicKey());
      ids.push_back(keyId(index));
    }
    delegations["roles"].push_back(
        {{"name", name}, {"keyids", ids}, {"threshold", threshold}, {"paths", paths}, {"terminating", terminating}});
  }
  Role delegated(const std::vector<int>& indexes) {
    Role role{base("targets"), indexes};
    role.signedPart["targets"] = Json::object();
    return role;
  }

  // The functions that serve each file, so that a test can stop anywhere and put its own bytes in between.
  void putRoot() { files[name("root", root)] = sign(root); }
  void putDelegated(const char* role, const Role& content) {
    const QByteArray bytes = sign(content);
    snapshot.signedPart["meta"][std::string(role) + ".json"] = announce(bytes, content.signedPart["version"]);
    files[name(role, content)] = bytes;
  }
  void putTargets() { putDelegated("targets", targets); }
  void putSnapshot() {
    const QByteArray bytes = sign(snapshot);
    timestamp.signedPart["meta"]["snapshot.json"] = announce(bytes, snapshot.signedPart["version"]);
    files[name("snapshot", snapshot)] = bytes;
  }
  void putTimestamp() { files[QStringLiteral("metadata/timestamp.json")] = sign(timestamp); }
  void putAll() {
    putRoot();
    putTargets();
    putSnapshot();
    putTimestamp();
  }
  // The next version of everything below root.
  void bump() {
    for (Role* role : {&timestamp, &snapshot, &targets}) {
      role->signedPart["version"] = role->signedPart["version"].get<int>() + 1;
    }
  }
  void bumpRoot() { root.signedPart["version"] = root.signedPart["version"].get<int>() + 1; }

  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    requests.append(path);
    if (errors.contains(path)) {
      return fail(errors.value(path), QStringLiteral("Told to fail."));
    }
    const auto file = files.constFind(path);
    if (file == files.constEnd()) {
      return fail(ErrorCode::FetchNotFound, QStringLiteral("No %1.").arg(path));
    }
    if (obeysLimit && file->size() > maxBytes) {
      return fail(ErrorCode::TrustLength, QStringLiteral("%1 is too long.").arg(path));
    }
    return *file;
  }

  Role root;
  Role timestamp;
  Role snapshot;
  Role targets;
  QHash<QString, QByteArray> files;
  QHash<QString, ErrorCode> errors;
  QStringList requests;
  bool obeysLimit = true;
};

}  // namespace sealift::tuf
