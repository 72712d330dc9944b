#include "keystore/tuf/metadata.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/metadata_signing.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <cmath>

namespace sealift::tuf {

namespace {

// Reads members of one object of the metadata; the first problem sticks and names the role and the member.
class MemberReader {
 public:
  MemberReader(const Json& object, const QString& where) : object_(object), where_(where) {
    if (!object.is_object()) {
      note(QStringLiteral("is not an object"));
    }
  }

  const Json* find(const char* name) const {
    const auto at = object_.find(name);  // end() for what is not an object
    return at == object_.end() ? nullptr : &*at;
  }
  QString text(const char* name) {
    const Json* member = find(name);
    const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::string_t*>();
    if (value == nullptr) {
      note(QStringLiteral("has no text \"%1\"").arg(QLatin1String(name)));
      return {};
    }
    return toQString(*value);
  }
  qint64 integer(const char* name, qint64 least) {
    const Json* member = find(name);
    const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::number_integer_t*>();
    if (value == nullptr || *value < least) {
      note(QStringLiteral("has no integer \"%1\" of at least %2").arg(QLatin1String(name)).arg(least));
      return least;
    }
    return *value;
  }
  bool truth(const char* name) {
    const Json* member = find(name);
    const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::boolean_t*>();
    if (value == nullptr) {
      note(QStringLiteral("has no \"%1\" that is true or false").arg(QLatin1String(name)));
      return false;
    }
    return *value;
  }
  const Json& object(const char* name) {
    static const Json kEmpty = Json::object();
    const Json* member = find(name);
    if (member == nullptr || !member->is_object()) {
      note(QStringLiteral("has no object \"%1\"").arg(QLatin1String(name)));
      return kEmpty;
    }
    return *member;
  }
  const Json& array(const char* name) {
    static const Json kEmpty = Json::array();
    const Json* member = find(name);
    if (member == nullptr || !member->is_array()) {
      note(QStringLiteral("has no array \"%1\"").arg(QLatin1String(name)));
      return kEmpty;
    }
    return *member;
  }
  QStringList texts(const char* name) {
    QStringList all;
    for (const Json& element : array(name)) {
      const auto* value = element.get_ptr<const Json::string_t*>();
      if (value == nullptr) {
        note(QStringLiteral("has something else than text in \"%1\"").arg(QLatin1String(name)));
        return {};
      }
      all.append(toQString(*value));
    }
    return all;
  }

  void note(const QString& problem) {
    if (problem_.isEmpty()) {
      problem_ = problem;
    }
  }
  Status status() const {
    if (!problem_.isEmpty()) {
      return fail(ErrorCode::TrustMalformed, QStringLiteral("The metadata's %1 %2.").arg(where_, problem_));
    }
    return {};
  }

 private:
  const Json& object_;
  QString where_;
  QString problem_;
};

QByteArray hexBytes(const std::string& text) {
  const bool isHex = text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                     });
  return isHex ? QByteArray::fromHex(QByteArray::fromStdString(text)) : QByteArray();
}

QMap<DigestAlgorithm, QByteArray> readHashes(MemberReader& reader) {
  QMap<DigestAlgorithm, QByteArray> hashes;
  for (const auto& [name, value] : reader.object("hashes").items()) {
    const std::optional<DigestAlgorithm> algorithm = digestFromName(toQString(name));
    if (!algorithm) {
      continue;  // another algorithm than ours is no error by itself
    }
    const auto* text = value.get_ptr<const Json::string_t*>();
    const QByteArray bytes = text == nullptr ? QByteArray() : hexBytes(*text);
    if (bytes.size() != digestSize(*algorithm)) {
      reader.note(QStringLiteral("has a damaged %1").arg(digestName(*algorithm)));
    }
    hashes.insert(*algorithm, bytes);
  }
  return hashes;
}

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
}

Keys readKeys(MemberReader& reader) {
  Keys keys;
  for (const auto& [id, value] : reader.object("keys").items()) {
    if (const std::optional<Key> key = keyFromJson(value)) {
      keys.insert(toQString(id), *key);
    }
  }
  return keys;
}

RoleKeys readRoleKeys(MemberReader& reader) {
  RoleKeys role;
  role.keyIds = reader.texts("keyids");
  if (QSet<QString>(role.keyIds.begin(), role.keyIds.end()).size() != role.keyIds.size()) {
    reader.note(QStringLiteral("lists a key id twice"));
  }
  constexpr qint64 kMostKeys = 1024;
  role.threshold = static_cast<int>(std::min(reader.integer("threshold", 1), kMostKeys));
  return role;
}

Result<MetaFile> parseMetaFile(const Json& value, const QString& where) {
  MemberReader reader(value, where);
  MetaFile file;
  file.version = reader.integer("version", 1);
  if (reader.find("length") != nullptr) {
    file.length = reader.integer("length", 1);
  }
  if (reader.find("hashes") != nullptr) {
    file.hasHashes = true;
    file.hashes = readHashes(reader);
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
  target.hashes = readHashes(reader);
  if (const Json* custom = reader.find("custom")) {
    target.custom = toQtJson(*custom);
    if (!custom->is_object()) {
      reader.note(QStringLiteral("has a \"custom\" that is not an object"));
    }
  }
  SEALIFT_CHECK(reader.status());
  return target;
}

bool isHashPrefix(const QString& text) {
  return !text.isEmpty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](QChar c) {
    return (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
  });
}

Result<DelegatedRole> parseDelegatedRole(const Json& value) {
  MemberReader reader(value, QStringLiteral("delegation"));
  DelegatedRole role;
  role.name = reader.text("name");
  role.roleKeys = readRoleKeys(reader);
  role.terminating = reader.truth("terminating");
  if (role.name.isEmpty() || isTopLevelRole(role.name)) {
    reader.note(QStringLiteral("has a name that is empty or a top-level role's"));
  }
  const bool hasPaths = reader.find("paths") != nullptr;
  if (hasPaths == (reader.find("path_hash_prefixes") != nullptr)) {
    reader.note(QStringLiteral("has not exactly one of \"paths\" and \"path_hash_prefixes\""));
  } else if (hasPaths) {
    role.paths = reader.texts("paths");
  } else {
    role.hashPrefixes = reader.texts("path_hash_prefixes");
    if (!std::all_of(role.hashPrefixes.begin(), role.hashPrefixes.end(), isHashPrefix)) {
      reader.note(QStringLiteral("has a hash prefix that is not lower-case hexadecimal"));
    }
  }
  SEALIFT_CHECK(reader.status());
  return role;
}

Result<SuccinctRoles> parseSuccinctRoles(const Json& value) {
  MemberReader reader(value, QStringLiteral("succinct delegation"));
  SuccinctRoles roles;
  roles.roleKeys = readRoleKeys(reader);
  roles.namePrefix = reader.text("name_prefix");
  const qint64 bits = reader.integer("bit_length", 1);
  if (bits > 32) {
    reader.note(QStringLiteral("has a \"bit_length\" above 32"));
  }
  roles.bitLength = static_cast<int>(std::min<qint64>(bits, 32));
  SEALIFT_CHECK(reader.status());
  return roles;
}

Result<Delegations> parseDelegations(const Json& value) {
  MemberReader reader(value, QStringLiteral("delegations"));
  Delegations delegations;
  delegations.keys = readKeys(reader);
  const Json* succinct = reader.find("succinct_roles");
  if ((succinct != nullptr) == (reader.find("roles") != nullptr)) {
    reader.note(QStringLiteral("have not exactly one of \"roles\" and \"succinct_roles\""));
  }
  SEALIFT_CHECK(reader.status());
  if (succinct != nullptr) {
    SEALIFT_TRY(delegations.succinct, parseSuccinctRoles(*succinct));
    return delegations;
  }
  QSet<QString> names;
  for (const Json& element : reader.array("roles")) {
    SEALIFT_TRY(const DelegatedRole role, parseDelegatedRole(element));
    if (names.contains(role.name)) {
      reader.note(QStringLiteral("name the role \"%1\" twice").arg(role.name.left(80)));
    }
    names.insert(role.name);
    delegations.roles.append(role);
  }
  SEALIFT_CHECK(reader.status());
  return delegations;
}

// '*' stands for any and '?' for one character, neither for '/'. Greedy with one point to return to, so that
// time is at most the product of both lengths.
bool matchesPart(QStringView pattern, QStringView text) {
  qsizetype p = 0;
  qsizetype t = 0;
  qsizetype starAt = -1;
  qsizetype starText = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == QLatin1Char('*')) {
      starAt = p++;
      starText = t;
    } else if (p < pattern.size() && (pattern[p] == QLatin1Char('?') || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == QLatin1Char('*')) {
    ++p;
  }
  return p == pattern.size();
}

bool matchesPattern(const QString& pattern, const QString& path) {
  const QList<QStringView> patternParts = QStringView(pattern).split(QLatin1Char('/'));
  const QList<QStringView> pathParts = QStringView(path).split(QLatin1Char('/'));
  return std::equal(patternParts.begin(), patternParts.end(), pathParts.begin(), pathParts.end(), matchesPart);
}

}  // namespace

bool isTopLevelRole(const QString& name) {
  return name == kRoot || name == kTimestamp || name == kSnapshot || name == kTargets;
}

bool DelegatedRole::delegates(const QString& targetPath) const {
  const QString hash = QString::fromLatin1(sha256(targetPath.toUtf8()).toHex());
  return std::any_of(paths.begin(), paths.end(), [&](const QString& p) { return matchesPattern(p, targetPath); }) ||
         std::any_of(hashPrefixes.begin(), hashPrefixes.end(), [&](const QString& p) { return hash.startsWith(p); });
}

QString SuccinctRoles::roleName(quint64 bin) const {
  const int hexDigits = (bitLength + 3) / 4;
  return QStringLiteral("%1-%2").arg(namePrefix).arg(bin, hexDigits, 16, QLatin1Char('0'));
}

QString SuccinctRoles::roleFor(const QString& targetPath) const {
  const QByteArray hash = sha256(targetPath.toUtf8());
  quint64 first32 = 0;
  for (int i = 0; i < 4; ++i) {
    first32 = (first32 << 8) | static_cast<quint8>(hash.at(i));
  }
  return roleName(first32 >> (32 - bitLength));
}

bool SuccinctRoles::contains(const QString& name) const {
  bool isHex = false;
  const quint64 bin = name.mid(namePrefix.size() + 1).toULongLong(&isHex, 16);
  return isHex && bin < (1ULL << bitLength) && name == roleName(bin);
}

const RoleKeys* Delegations::roleKeysOf(const QString& roleName) const {
  if (succinct) {
    return succinct->contains(roleName) ? &succinct->roleKeys : nullptr;
  }
  const auto at = std::find_if(roles.begin(), roles.end(), [&](const auto& role) { return role.name == roleName; });
  return at == roles.end() ? nullptr : &at->roleKeys;
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
  root.keys = readKeys(reader);
  const Json& roles = reader.object("roles");
  for (const QString& name : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    static const Json kMissing;
    const auto role = roles.find(name.toStdString());
    MemberReader roleReader(role == roles.end() ? kMissing : *role, QStringLiteral("role \"%1\" in root").arg(name));
    root.roles.insert(name, readRoleKeys(roleReader));
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
    const QString name = toQString(key);
    if (!name.endsWith(QLatin1String(".json"))) {
      reader.note(QStringLiteral("names a file that does not end in .json"));
      break;
    }
    SEALIFT_TRY(const MetaFile file, parseMetaFile(value, QStringLiteral("%1 in snapshot").arg(name.left(200))));
    snapshot.files.insert(name.chopped(5), file);
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
