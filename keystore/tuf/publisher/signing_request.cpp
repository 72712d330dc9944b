#include "keystore/tuf/publisher/signing_request.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/publisher/metadata_changes.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

constexpr const char* kRequestType = "sealift-signing-request";
constexpr const char* kSignaturesType = "sealift-signatures";

tl::unexpected<Error> notA(const QString& what) {
  return fail(ErrorCode::TrustMalformed, QStringLiteral("This is not a file of %1, or it was damaged.").arg(what),
              QStringLiteral("Export it again and copy it anew."));
}

QByteArray print(const Json& json) {
  return QByteArray::fromStdString(json.dump(1, ' ', false, Json::error_handler_t::replace)) + '\n';
}

std::string textOf(const Json& object, const char* name) {
  const auto at = object.find(name);
  const auto* text = object.is_object() && at != object.end() ? at->get_ptr<const std::string*>() : nullptr;
  return text == nullptr ? std::string() : *text;
}

bool hasType(const Json& json, const char* type) {
  return json.is_object() && textOf(json, "type") == type && json.value("schema", Json()) == 1;
}

// What is signed is metadata that clients take.
Status checkMetadata(const QString& role, const Json& signedPart) {
  const Envelope envelope{signedPart, {}, {}};
  const auto asStatus = [](const auto& parsed) { return parsed ? Status() : fail(parsed.error()); };
  if (role == kRoot) {
    return asStatus(parseRoot(envelope));
  }
  if (role == kSnapshot) {
    return asStatus(parseSnapshot(envelope));
  }
  return role == kTimestamp ? asStatus(parseTimestamp(envelope)) : asStatus(parseTargets(envelope, role));
}

Result<RoleKeys> parseDemand(const Json& json) {
  RoleKeys demand;
  const auto ids = json.find("keyids");
  const auto threshold = json.is_object() ? json.value("threshold", Json()) : Json();
  if (!json.is_object() || ids == json.end() || !ids->is_array() || !threshold.is_number_integer() || threshold < 1 ||
      threshold > 1024) {
    return notA(QStringLiteral("what is to be signed"));
  }
  for (const Json& id : *ids) {
    if (!id.is_string()) {
      return notA(QStringLiteral("what is to be signed"));
    }
    demand.keyIds.append(toQString(id.get_ref<const std::string&>()));
  }
  demand.threshold = threshold.get<int>();
  return demand;
}

Result<SigningRequest::Item> parseItem(const Json& json) {
  const auto malformed = [] { return notA(QStringLiteral("what is to be signed")); };
  if (!json.is_object() || textOf(json, "role").empty()) {
    return malformed();
  }
  for (const char* member : {"signed", "signatures", "before", "keys", "demands"}) {
    if (!json.contains(member)) {
      return malformed();
    }
  }
  SigningRequest::Item item;
  item.role = toQString(textOf(json, "role"));
  item.signedPart = json["signed"];
  item.signatures = json["signatures"];
  item.before = json["before"];
  if (!json["keys"].is_object() || !json["demands"].is_array() || json["demands"].empty() ||
      !(item.before.is_null() || item.before.is_object())) {
    return malformed();
  }
  SEALIFT_CHECK(checkMetadata(item.role, item.signedPart));
  const Json file = {{"signed", item.signedPart}, {"signatures", item.signatures}};
  SEALIFT_CHECK(parseEnvelope(QByteArray::fromStdString(file.dump(-1, ' ', false, Json::error_handler_t::replace))));
  for (const auto& [id, value] : json["keys"].items()) {
    if (const std::optional<Key> key = keyFromJson(value)) {
      item.keys.insert(toQString(id), *key);
    }
  }
  for (const Json& demand : json["demands"]) {
    SEALIFT_TRY(const RoleKeys parsed, parseDemand(demand));
    item.demands.append(parsed);
  }
  return item;
}

Envelope envelopeOf(const SigningRequest::Item& item) {
  Envelope envelope{item.signedPart, canonicalJson(item.signedPart), {}};
  for (const Json& signature : item.signatures) {
    envelope.signatures.append({toQString(textOf(signature, "keyid")),
                                QByteArray::fromHex(QByteArray::fromStdString(textOf(signature, "sig")))});
  }
  return envelope;
}

QString hashOf(const SigningRequest::Item& item) {
  return QString::fromLatin1(sha256(canonicalJson(item.signedPart)).toHex());
}

bool counts(const SigningRequest::Item& item, const QString& keyId) {
  return std::any_of(item.demands.begin(), item.demands.end(),
                     [&](const RoleKeys& demand) { return demand.keyIds.contains(keyId); });
}

}  // namespace

QByteArray SigningRequest::toBytes() const {
  Json list = Json::array();
  for (const Item& item : items) {
    Json keyMap = Json::object();
    for (auto key = item.keys.begin(); key != item.keys.end(); ++key) {
      keyMap[key.key().toStdString()] = keyToJson(key->publicKey);
    }
    Json demandList = Json::array();
    for (const RoleKeys& demand : item.demands) {
      Json ids = Json::array();
      for (const QString& id : demand.keyIds) {
        ids.push_back(id.toStdString());
      }
      demandList.push_back({{"keyids", std::move(ids)}, {"threshold", demand.threshold}});
    }
    list.push_back({{"role", item.role.toStdString()},
                    {"signed", item.signedPart},
                    {"signatures", item.signatures},
                    {"before", item.before},
                    {"keys", std::move(keyMap)},
                    {"demands", std::move(demandList)}});
  }
  return print({{"schema", 1}, {"type", kRequestType}, {"documents", std::move(list)}});
}

Result<SigningRequest> SigningRequest::parse(const QByteArray& bytes) {
  SEALIFT_TRY(const Json json, parseStrictJson(bytes));
  if (!hasType(json, kRequestType) || !json.contains("documents") || !json["documents"].is_array() ||
      json["documents"].empty()) {
    return notA(QStringLiteral("what is to be signed"));
  }
  SigningRequest request;
  for (const Json& document : json["documents"]) {
    SEALIFT_TRY(const Item item, parseItem(document));
    request.items.append(item);
  }
  return request;
}

QString SigningRequest::digest() const {
  QByteArray all;
  for (const Item& item : items) {
    all += item.role.toUtf8() + '\0' + hashOf(item).toLatin1() + '\0';
  }
  return QString::fromLatin1(sha256(all).toHex());
}

QList<SigningSummary> summarize(const SigningRequest& request) {
  QList<SigningSummary> summaries;
  for (const SigningRequest::Item& item : request.items) {
    SigningSummary summary;
    summary.role = item.role;
    summary.version = item.signedPart.value("version", Json::number_integer_t{0});
    summary.expires = parseExpires(toQString(textOf(item.signedPart, "expires")));
    const auto before = item.before.find("signed");
    const bool hasBefore = item.before.is_object() && before != item.before.end() && before->is_object() &&
                           checkMetadata(item.role, *before);
    if (hasBefore) {
      summary.versionBefore = before->value("version", Json::number_integer_t{0});
      summary.expiresBefore = parseExpires(toQString(textOf(*before, "expires")));
    }
    summary.changes = describeChanges(hasBefore ? *before : Json(), item.signedPart);
    if (summary.changes.isEmpty()) {
      summary.changes.append(QStringLiteral("Says the same as before; only version and expiry move."));
    }
    const Envelope envelope = envelopeOf(item);
    for (auto key = item.keys.begin(); key != item.keys.end(); ++key) {
      if (!counts(item, key.key())) {
        continue;
      }
      const RoleKeys alone{{key.key()}, 1};
      if (verifyThreshold(envelope, item.role, item.keys, alone)) {
        summary.signedBy.append(key.key());
      } else {
        summary.stillSignable.append(key.key());
      }
    }
    for (const RoleKeys& demand : item.demands) {
      const auto have = std::count_if(summary.signedBy.begin(), summary.signedBy.end(),
                                      [&](const QString& id) { return demand.keyIds.contains(id); });
      summary.needed = std::max(summary.needed, demand.threshold - static_cast<int>(have));
    }
    summaries.append(summary);
  }
  return summaries;
}

QByteArray SignatureFile::toBytes() const {
  Json list = Json::array();
  for (const Entry& entry : entries) {
    list.push_back({{"role", entry.role.toStdString()},
                    {"version", entry.version},
                    {"sha256", entry.sha256.toStdString()},
                    {"keyid", entry.keyId.toStdString()},
                    {"sig", entry.signature.toHex().toStdString()}});
  }
  return print({{"schema", 1}, {"type", kSignaturesType}, {"signatures", std::move(list)}});
}

Result<SignatureFile> SignatureFile::parse(const QByteArray& bytes) {
  SEALIFT_TRY(const Json json, parseStrictJson(bytes));
  const auto list = json.find("signatures");
  if (!hasType(json, kSignaturesType) || list == json.end() || !list->is_array() || list->empty()) {
    return notA(QStringLiteral("signatures"));
  }
  SignatureFile file;
  for (const Json& item : *list) {
    Entry entry;
    entry.role = toQString(textOf(item, "role"));
    entry.sha256 = toQString(textOf(item, "sha256"));
    entry.keyId = toQString(textOf(item, "keyid"));
    entry.signature = QByteArray::fromHex(QByteArray::fromStdString(textOf(item, "sig")));
    const Json version = item.is_object() ? item.value("version", Json()) : Json();
    if (entry.role.isEmpty() || entry.keyId.isEmpty() || entry.signature.isEmpty() || !version.is_number_integer()) {
      return notA(QStringLiteral("signatures"));
    }
    entry.version = version.get<qint64>();
    file.entries.append(entry);
  }
  return file;
}

Result<SignatureFile> signRequest(const SigningRequest& request, Signer& signer) {
  const QString keyId = keyIdOf(signer.publicKey());
  SignatureFile file;
  for (const SigningRequest::Item& item : request.items) {
    if (!counts(item, keyId)) {
      continue;
    }
    const QByteArray message = canonicalJson(item.signedPart);
    SEALIFT_TRY(const QByteArray signature, signer.sign(metadataSchemeOf(signer.publicKey()), message));
    file.entries.append(
        {item.role, item.signedPart.value("version", Json::number_integer_t{0}), hashOf(item), keyId, signature});
  }
  if (file.entries.isEmpty()) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The key %1 counts for nothing that is to be signed here.").arg(keyId),
                QStringLiteral("Use one of the keys that the request lists."));
  }
  return file;
}

bool signedBefore(const SigningRequest::Item& item, const PublicKey& key) {
  if (!item.before.is_object()) {
    return false;
  }
  const auto envelope =
      parseEnvelope(QByteArray::fromStdString(item.before.dump(-1, ' ', false, Json::error_handler_t::replace)));
  const QString keyId = keyIdOf(key);
  return envelope &&
         verifyThreshold(*envelope, item.role, {{keyId, {key, metadataSchemeOf(key)}}}, {{keyId}, 1}).has_value();
}

}  // namespace sealift::tuf
