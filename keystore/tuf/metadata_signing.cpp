#include "keystore/tuf/metadata_signing.h"

#include "keystore/tuf/canonical_json.h"

#include <array>

namespace sealift::tuf {

namespace {

struct SchemeRow {
  const char* keyType;
  const char* scheme;
  SignatureScheme value;
};
// 4.2.1. The key type of ECDSA keys is written in two ways, both are in use.
constexpr std::array<SchemeRow, 8> kSchemes{{
    {"ed25519", "ed25519", SignatureScheme::Ed25519},
    {"ecdsa", "ecdsa-sha2-nistp256", SignatureScheme::EcdsaP256Sha256},
    {"ecdsa", "ecdsa-sha2-nistp384", SignatureScheme::EcdsaP384Sha384},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", SignatureScheme::EcdsaP256Sha256},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", SignatureScheme::EcdsaP384Sha384},
    {"rsa", "rsassa-pss-sha256", SignatureScheme::RsaPssSha256},
    {"rsa", "rsassa-pss-sha384", SignatureScheme::RsaPssSha384},
    {"rsa", "rsassa-pss-sha512", SignatureScheme::RsaPssSha512},
}};

const std::string* textMember(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() ? nullptr : at->get_ptr<const Json::string_t*>();
}

std::optional<PublicKey> publicKeyFrom(const SchemeRow& row, const std::string& text) {
  const QByteArray bytes = QByteArray::fromStdString(text);
  if (row.value == SignatureScheme::Ed25519) {
    const QByteArray raw = QByteArray::fromHex(bytes);
    if (bytes.size() != 64 || raw.size() != 32) {  // fromHex skips what is not hexadecimal
      return std::nullopt;
    }
    const auto key = PublicKey::fromRawEd25519(raw);
    return key ? std::optional(*key) : std::nullopt;
  }
  const auto key = PublicKey::fromPem(bytes);
  return key && key->type() == keyTypeOf(row.value) ? std::optional(*key) : std::nullopt;
}

}  // namespace

SignatureScheme metadataSchemeOf(const PublicKey& key) {
  switch (key.type()) {
    case KeyType::Ed25519:
      return SignatureScheme::Ed25519;
    case KeyType::EcP256:
      return SignatureScheme::EcdsaP256Sha256;
    case KeyType::EcP384:
      return SignatureScheme::EcdsaP384Sha384;
    case KeyType::Rsa:
      break;
  }
  return SignatureScheme::RsaPssSha256;
}

Json keyToJson(const PublicKey& key) {
  const SignatureScheme scheme = metadataSchemeOf(key);
  for (const SchemeRow& row : kSchemes) {
    if (row.value == scheme) {
      const QByteArray text = key.type() == KeyType::Ed25519 ? key.rawEd25519().toHex() : key.toPem();
      return {{"keytype", row.keyType}, {"scheme", row.scheme}, {"keyval", {{"public", text.toStdString()}}}};
    }
  }
  return nullptr;
}

std::optional<Key> keyFromJson(const Json& value) {
  const std::string* keyType = textMember(value, "keytype");
  const std::string* scheme = textMember(value, "scheme");
  const auto keyValue = value.find("keyval");
  if (keyType == nullptr || scheme == nullptr || keyValue == value.end() || !keyValue->is_object()) {
    return std::nullopt;
  }
  const std::string* text = textMember(*keyValue, "public");
  for (const SchemeRow& row : kSchemes) {
    if (text != nullptr && *keyType == row.keyType && *scheme == row.scheme) {
      const std::optional<PublicKey> key = publicKeyFrom(row, *text);
      return key ? std::optional(Key{*key, row.value}) : std::nullopt;
    }
  }
  return std::nullopt;
}

QString keyIdOf(const PublicKey& key) {
  return QString::fromLatin1(sha256(canonicalJson(keyToJson(key))).toHex());
}

Status verifyThreshold(const Envelope& envelope, const QString& roleName, const Keys& keys, const RoleKeys& roleKeys) {
  QSet<QByteArray> signers;
  for (const Signature& signature : envelope.signatures) {
    const auto key = keys.constFind(signature.keyId);
    if (key == keys.constEnd() || !roleKeys.keyIds.contains(signature.keyId)) {
      continue;
    }
    const Status verified = key->publicKey.verify(key->scheme, envelope.signedBytes, signature.bytes);
    if (verified) {
      signers.insert(key->publicKey.toDer());
    } else if (verified.error().code == ErrorCode::CryptoFailure) {
      return fail(verified.error());
    }
  }
  if (signers.size() < roleKeys.threshold) {
    return fail(ErrorCode::TrustThreshold,
                QStringLiteral("\"%1\" carries %2 valid signatures of different keys; %3 are needed.")
                    .arg(roleName)
                    .arg(signers.size())
                    .arg(roleKeys.threshold));
  }
  return {};
}

}  // namespace sealift::tuf
