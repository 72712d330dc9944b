#include "keystore/tuf/member_reader.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/metadata_signing.h"

#include <algorithm>
#include <limits>

namespace sealift::tuf {

QByteArray hexBytes(const std::string& text) {
  const bool isHex = text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                     });
  return isHex ? QByteArray::fromHex(QByteArray::fromStdString(text)) : QByteArray();
}

MemberReader::MemberReader(const Json& object, const QString& where) : object_(object), where_(where) {
  if (!object.is_object()) {
    note(QStringLiteral("is not an object"));
  }
}

const Json* MemberReader::find(const char* name) const {
  const auto at = object_.find(name);  // end() for what is not an object
  return at == object_.end() ? nullptr : &*at;
}

QString MemberReader::text(const char* name) {
  const Json* member = find(name);
  const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::string_t*>();
  if (value == nullptr) {
    note(QStringLiteral("has no text \"%1\"").arg(QLatin1String(name)));
    return {};
  }
  return toQString(*value);
}

qint64 MemberReader::integer(const char* name, qint64 least) {
  const Json* member = find(name);
  const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::number_integer_t*>();
  if (value == nullptr || *value < least) {
    note(QStringLiteral("has no integer \"%1\" of at least %2").arg(QLatin1String(name)).arg(least));
    return least;
  }
  return *value;
}

bool MemberReader::truth(const char* name) {
  const Json* member = find(name);
  const auto* value = member == nullptr ? nullptr : member->get_ptr<const Json::boolean_t*>();
  if (value == nullptr) {
    note(QStringLiteral("has no \"%1\" that is true or false").arg(QLatin1String(name)));
    return false;
  }
  return *value;
}

const Json& MemberReader::object(const char* name) {
  static const Json kEmpty = Json::object();
  const Json* member = find(name);
  if (member == nullptr || !member->is_object()) {
    note(QStringLiteral("has no object \"%1\"").arg(QLatin1String(name)));
    return kEmpty;
  }
  return *member;
}

const Json& MemberReader::array(const char* name) {
  static const Json kEmpty = Json::array();
  const Json* member = find(name);
  if (member == nullptr || !member->is_array()) {
    note(QStringLiteral("has no array \"%1\"").arg(QLatin1String(name)));
    return kEmpty;
  }
  return *member;
}

QStringList MemberReader::texts(const char* name) {
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

QMap<DigestAlgorithm, QByteArray> MemberReader::hashes() {
  QMap<DigestAlgorithm, QByteArray> hashes;
  for (const auto& [name, value] : object("hashes").items()) {
    const std::optional<DigestAlgorithm> algorithm = digestFromName(toQString(name));
    if (!algorithm) {
      continue;  // another algorithm than ours is no error by itself
    }
    const auto* text = value.get_ptr<const Json::string_t*>();
    const QByteArray bytes = text == nullptr ? QByteArray() : hexBytes(*text);
    if (bytes.size() != digestSize(*algorithm)) {
      note(QStringLiteral("has a damaged %1").arg(digestName(*algorithm)));
    }
    hashes.insert(*algorithm, bytes);
  }
  return hashes;
}

Keys MemberReader::keys() {
  Keys keys;
  for (const auto& [id, value] : object("keys").items()) {
    // "Clients MUST calculate each KEYID to verify this is correct for the associated key", which makes it sure, too,
    // that no id ever stands for two keys. It is calculated over all of the object, unknown fields included (4.2.1).
    const QString keyId = QString::fromLatin1(sha256(canonicalJson(value)).toHex());
    const std::optional<Key> key = keyFromJson(value);
    if (key && keyId == toQString(id)) {
      keys.insert(keyId, *key);
    }
  }
  return keys;
}

RoleKeys MemberReader::roleKeys() {
  RoleKeys role;
  role.keyIds = texts("keyids");
  if (QSet<QString>(role.keyIds.begin(), role.keyIds.end()).size() != role.keyIds.size()) {
    note(QStringLiteral("lists a key id twice"));
  }
  constexpr qint64 kMost = std::numeric_limits<int>::max();  // far more keys than a file can hold
  role.threshold = static_cast<int>(std::min(integer("threshold", 1), kMost));
  return role;
}

void MemberReader::note(const QString& problem) {
  if (problem_.isEmpty()) {
    problem_ = problem;
  }
}

Status MemberReader::status() const {
  if (!problem_.isEmpty()) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The metadata's %1 %2.").arg(where_, problem_));
  }
  return {};
}

}  // namespace sealift::tuf
