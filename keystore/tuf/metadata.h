// TUF metadata (TUF 1.0, 4) as values. Parsing checks shapes and limits; whether anybody trusted said so is
// for metadata_signing and the client's TrustedMetadataSet.
#pragma once

#include "keystore/crypto/public_key.h"
#include "keystore/tuf/client/target_info.h"
#include "keystore/tuf/strict_json.h"

#include <QDateTime>
#include <QMap>
#include <QSet>
#include <QStringList>

#include <optional>

namespace sealift::tuf {

inline const QString kRoot = QStringLiteral("root");
inline const QString kTimestamp = QStringLiteral("timestamp");
inline const QString kSnapshot = QStringLiteral("snapshot");
inline const QString kTargets = QStringLiteral("targets");
bool isTopLevelRole(const QString& name);

// A key of a type and scheme that Sealift knows.
struct Key {
  PublicKey publicKey;
  SignatureScheme scheme;
  bool operator==(const Key&) const = default;
};
// By key id. Keys that can't be used (unknown type or scheme, damaged) and keys whose id is not the hash of the key
// (4.3, KEYID) are left out: they never sign anything, and are no error by themselves.
using Keys = QMap<QString, Key>;

struct RoleKeys {
  QStringList keyIds;  // each once
  int threshold = 1;
  bool operator==(const RoleKeys&) const = default;
};

struct Signature {
  QString keyId;
  QByteArray bytes;  // empty when it was not even hexadecimal: never valid
};

// 4.2.1: a role's file. What was signed are the canonical bytes of all of `signed`, unknown fields included.
struct Envelope {
  Json signedPart;
  QByteArray signedBytes;
  QList<Signature> signatures;
};

// What timestamp and snapshot say of another file (4.4, METAFILES).
struct MetaFile {
  qint64 version = 0;
  std::optional<qint64> length;
  bool hasHashes = false;                    // hashes are given, be their algorithms known or not
  QMap<DigestAlgorithm, QByteArray> hashes;  // of known algorithms
};

struct Metadata {
  qint64 version = 0;
  QDateTime expires;   // UTC
  QDateTime signedAt;  // UTC; not valid where it isn't told
};
struct RootMetadata : Metadata {
  bool consistentSnapshot = false;
  Keys keys;
  QMap<QString, RoleKeys> roles;  // exactly the four top-level roles
};
struct TimestampMetadata : Metadata {
  MetaFile snapshot;
};
struct SnapshotMetadata : Metadata {
  QMap<QString, MetaFile> files;  // by role name, "targets" among them
};

// 4.5.1
struct DelegatedRole {
  QString name;
  RoleKeys roleKeys;
  bool terminating = false;
  QStringList paths;         // patterns; or
  QStringList hashPrefixes;  // lower-case hex
  bool delegates(const QString& targetPath) const;
};
struct SuccinctRoles {
  RoleKeys roleKeys;
  int bitLength = 0;  // 1 … 32
  QString namePrefix;
  QString roleFor(const QString& targetPath) const;
  QString roleName(quint64 bin) const;
  bool contains(const QString& name) const;
};
struct Delegations {
  Keys keys;
  QList<DelegatedRole> roles;  // in order of priority; or
  std::optional<SuccinctRoles> succinct;
  const RoleKeys* roleKeysOf(const QString& roleName) const;  // null when not delegated to
};
struct TargetsMetadata : Metadata {
  QMap<QString, TargetInfo> targets;  // by path
  std::optional<Delegations> delegations;
};

// All give TrustMalformed for whatever the specification does not allow.
Result<Envelope> parseEnvelope(const QByteArray& bytes);
Result<RootMetadata> parseRoot(const Envelope& envelope);
Result<TimestampMetadata> parseTimestamp(const Envelope& envelope);
Result<SnapshotMetadata> parseSnapshot(const Envelope& envelope);
Result<TargetsMetadata> parseTargets(const Envelope& envelope, const QString& roleName);

// "2026-11-21T10:00:00Z" (4.2, ISO 8601 to the second in UTC); not valid for anything else.
// A field of our own (4.2.1 lets others be): when the role was signed, so that a reader can tell how old it is.
inline constexpr const char* kSignedAt = "x-sealift-signed";

QDateTime parseExpires(const QString& text);
QString formatExpires(const QDateTime& utc);

}  // namespace sealift::tuf
