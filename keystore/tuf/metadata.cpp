#include "keystore/tuf/metadata.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/delegations.h"
#include "keystore/tuf/member_reader.h"

#include <QRegularExpression>

namespace sealift::tuf {

namespace {

// 4.2.1: what all roles have in common.
void readCommon(MemberReader& reader, const QString& type, Metadata& metadata) {
  if (reader.text("_type") != type) {
    reader.note(QStringLiteral("is not of type \"%1\"").arg(type));
  }
  static const QRegularExpression kSupportedVersion(QStringLiteral("\\A1\\.[0-9]+(\\.[0-9]+)?\\z"));
  const QString specVersion = reader.text("spec_version");
  if (!kSupportedVersion.match(specVersion).hasMatch()) {
    reader.note(QStringLiteral("follows TUF %1; Sealift knows 1.x").arg(specVersion.left(20)));
  }
  metadata.version = reader.integer("version", 1);
  metadata.expires = parseExpires(reader.text("expires"));
  if (!metadata.expires.isValid()) {
    reader.note(QStringLiteral("has an \"expires\" that is not a time"));
  }
  if (const Json* signedAt = reader.find(kSignedAt); signedAt != nullptr && signedAt->is_string()) {
    metadata.signedAt = parseExpires(QString::fromStdString(signedAt->get_ref<const std::string&>()));
  }
}

Result<MetaFile> parseMetaFile(const Json& value, const QString& where) {
  MemberReader reader(value, where);
  MetaFile file;
  file.version = reader.integer("version", 1);
  if (reader.find("length") != nullptr) {
    file.length = reader.integer("length", 0);
  }
  if (reader.find("hashes") != nullptr) {
    file.hasHashes = true;
    file.hashes = reader.hashes();
  }
  SEALIFT_CHECK(reader.status());
  return file;
}

Result<TargetInfo> parseTarget(const std::string& path, const Json& value, const QString& roleName) {
  TargetInfo target;
  target.path = toQString(path);
  target.role = roleName;
  MemberReader reader(value, QStringLiteral("target \"%1\"").arg(target.path.left(200)));
  target.length = reader.integer("length", 0);
  target.hashes = reader.hashes();
  if (const Json* custom = reader.find("custom")) {
    target.custom = toQtJson(*custom);
    if (!custom->is_object()) {
      reader.note(QStringLiteral("has a \"custom\" that is not an object"));
    }
  }
  SEALIFT_CHECK(reader.status());
  return target;
}

}  // namespace

bool isTopLevelRole(const QString& name) {
  return name == kRoot || name == kTimestamp || name == kSnapshot || name == kTargets;
}

QDateTime parseExpires(const QString& text) {
  static const QRegularExpression kForm(QStringLiteral("\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\\z"));
  return kForm.match(text).hasMatch() ? QDateTime::fromString(text, Qt::ISODate) : QDateTime();
}

QString formatExpires(const QDateTime& utc) {
  return utc.toUTC().toString(QStringLiteral("yyyy-MM-ddTHH:mm:ss")) + QLatin1Char('Z');
}

Result<Envelope> parseEnvelope(const QByteArray& bytes) {
  SEALIFT_TRY(const Json document, parseStrictJson(bytes));
  MemberReader reader(document, QStringLiteral("file"));
  Envelope envelope;
  envelope.signedPart = reader.object("signed");
  QSet<QString> keyIds;
  for (const Json& element : reader.array("signatures")) {
    MemberReader signature(element, QStringLiteral("signature"));
    const QString keyId = signature.text("keyid");
    const QString hex = signature.text("sig");
    SEALIFT_CHECK(signature.status());
    if (keyIds.contains(keyId)) {  // 4.2.1: a key id occurs once
      reader.note(QStringLiteral("carries two signatures under one key id"));
    }
    keyIds.insert(keyId);
    envelope.signatures.append({keyId, hexBytes(hex.toStdString())});
  }
  SEALIFT_CHECK(reader.status());
  envelope.signedBytes = canonicalJson(envelope.signedPart);
  return envelope;
}

// 4.3
Result<RootMetadata> parseRoot(const Envelope& envelope) {
  MemberReader reader(envelope.signedPart, kRoot);
  RootMetadata root;
  readCommon(reader, kRoot, root);
  root.consistentSnapshot = reader.find("consistent_snapshot") != nullptr && reader.truth("consistent_snapshot");
  root.keys = reader.keys();
  const Json& roles = reader.object("roles");
  for (const QString& name : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    static const Json kMissing;
    const auto role = roles.find(name.toStdString());
    MemberReader roleReader(role == roles.end() ? kMissing : *role, QStringLiteral("role \"%1\" in root").arg(name));
    root.roles.insert(name, roleReader.roleKeys());
    SEALIFT_CHECK(roleReader.status());
  }
  SEALIFT_CHECK(reader.status());
  return root;
}

// 4.6
Result<TimestampMetadata> parseTimestamp(const Envelope& envelope) {
  MemberReader reader(envelope.signedPart, kTimestamp);
  TimestampMetadata timestamp;
  readCommon(reader, kTimestamp, timestamp);
  const Json& files = reader.object("meta");
  const auto snapshot = files.find("snapshot.json");
  if (snapshot == files.end()) {
    reader.note(QStringLiteral("does not name snapshot.json"));
  }
  SEALIFT_CHECK(reader.status());
  SEALIFT_TRY(timestamp.snapshot, parseMetaFile(*snapshot, QStringLiteral("snapshot.json in timestamp")));
  return timestamp;
}

// 4.4
Result<SnapshotMetadata> parseSnapshot(const Envelope& envelope) {
  MemberReader reader(envelope.signedPart, kSnapshot);
  SnapshotMetadata snapshot;
  readCommon(reader, kSnapshot, snapshot);
  for (const auto& [key, value] : reader.object("meta").items()) {
    // METAPATH names "top-level targets metadata and delegated targets metadata"; anything else is none of our
    // business.
    const QString name = toQString(key);
    const QString role = name.endsWith(QLatin1String(".json")) ? name.chopped(5) : QString();
    if (role.isEmpty() || (isTopLevelRole(role) && role != kTargets)) {
      continue;
    }
    SEALIFT_TRY(const MetaFile file, parseMetaFile(value, QStringLiteral("%1 in snapshot").arg(name.left(200))));
    snapshot.files.insert(role, file);
  }
  if (!snapshot.files.contains(kTargets)) {
    reader.note(QStringLiteral("does not name targets.json"));
  }
  SEALIFT_CHECK(reader.status());
  return snapshot;
}

// 4.5
Result<TargetsMetadata> parseTargets(const Envelope& envelope, const QString& roleName) {
  MemberReader reader(envelope.signedPart, roleName);
  TargetsMetadata targets;
  readCommon(reader, kTargets, targets);
  for (const auto& [path, value] : reader.object("targets").items()) {
    SEALIFT_TRY(const TargetInfo target, parseTarget(path, value, roleName));
    targets.targets.insert(target.path, target);
  }
  if (const Json* delegations = reader.find("delegations")) {
    SEALIFT_TRY(targets.delegations, parseDelegations(*delegations));
  }
  SEALIFT_CHECK(reader.status());
  return targets;
}

}  // namespace sealift::tuf
