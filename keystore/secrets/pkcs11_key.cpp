#include "keystore/secrets/pkcs11_key.h"

#include "keystore/crypto/random.h"
#include "keystore/secrets/pkcs11_objects.h"

#include <QList>
#include <QStringList>

namespace sealift {

namespace {

constexpr int kNewIdBytes = 8;

// DER of the curves' names (RFC 5480, 2.1.1.1; RFC 8410, 3), as CKA_EC_PARAMS has them.
const QByteArray kP256Params = QByteArrayLiteral("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
const QByteArray kP384Params = QByteArrayLiteral("\x06\x05\x2b\x81\x04\x00\x22");
const QByteArray kEd25519Oid = QByteArrayLiteral("\x06\x03\x2b\x65\x70");
// PKCS#11 3.0, 2.3.10 also names the curve by a PrintableString, and tokens before it know only that.
const QByteArray kEd25519Name = QByteArrayLiteral("\x13\x0c") + QByteArrayLiteral("edwards25519");

Pkcs11Template keyPattern(CK_OBJECT_CLASS objectClass, const Pkcs11Uri& uri) {
  Pkcs11Template pattern;
  pattern.add(CKA_CLASS, objectClass);
  if (uri.object) {
    pattern.add(CKA_LABEL, uri.object->toUtf8());
  }
  if (uri.id) {
    pattern.add(CKA_ID, *uri.id);
  }
  return pattern;
}

QString describe(const Pkcs11Session& session, CK_OBJECT_HANDLE object) {
  Pkcs11Uri uri;
  if (const auto label = readAttribute(session, object, CKA_LABEL); label && !label->isEmpty()) {
    uri.object = QString::fromUtf8(*label);
  }
  if (const auto id = readAttribute(session, object, CKA_ID); id && !id->isEmpty()) {
    uri.id = *id;
  }
  return uri.toString();
}

QString describeAll(const Pkcs11Session& session, const std::vector<CK_OBJECT_HANDLE>& objects) {
  QStringList lines;
  for (const CK_OBJECT_HANDLE object : objects) {
    lines << describe(session, object);
  }
  return lines.join(QStringLiteral(", "));
}

// CKA_EC_POINT is a DER OCTET STRING (PKCS#11 2.40, 2.3.3); some tokens give its contents alone.
QByteArray unwrapOctetString(const QByteArray& value, qsizetype wantedSize) {
  const qsizetype header = wantedSize < 0x80 ? 2 : 3;
  const bool wrapped = value.size() == wantedSize + header && value.front() == '\x04' &&
                       static_cast<unsigned char>(value.at(header - 1)) == wantedSize &&
                       (header == 2 || value.at(1) == '\x81');
  return wrapped ? value.sliced(header) : value;
}

Result<PublicKey> publicEcKey(const QByteArray& params, const QByteArray& point) {
  if (params == kP256Params) {
    return PublicKey::fromUncompressedEcPoint(unwrapOctetString(point, 65));
  }
  if (params == kP384Params) {
    return PublicKey::fromUncompressedEcPoint(unwrapOctetString(point, 97));
  }
  return fail(ErrorCode::CryptoKey, QStringLiteral("The key's curve is none of P-256 and P-384."));
}

Result<PublicKey> publicEdwardsKey(const QByteArray& params, const QByteArray& point) {
  if (params != kEd25519Oid && params != kEd25519Name) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The key's curve is not Ed25519."));
  }
  return PublicKey::fromRawEd25519(unwrapOctetString(point, 32));
}

// What this object says of the public half; nothing when it lacks the attributes.
std::optional<Result<PublicKey>> publicHalfOf(const Pkcs11Session& session, CK_OBJECT_HANDLE object) {
  const auto type = readNumber(session, object, CKA_KEY_TYPE);
  if (type == CKK_RSA) {
    const auto modulus = readAttribute(session, object, CKA_MODULUS);
    const auto exponent = readAttribute(session, object, CKA_PUBLIC_EXPONENT);
    return modulus && exponent ? std::optional(PublicKey::fromRsaNumbers(*modulus, *exponent)) : std::nullopt;
  }
  const auto params = readAttribute(session, object, CKA_EC_PARAMS);
  const auto point = readAttribute(session, object, CKA_EC_POINT);
  if (!params || !point || point->isEmpty()) {
    return std::nullopt;
  }
  return type == CKK_EC_EDWARDS ? publicEdwardsKey(*params, *point) : publicEcKey(*params, *point);
}

std::optional<Result<PublicKey>> publicKeyOfCertificate(const Pkcs11Session& session, const QByteArray& id) {
  const auto found = findObjects(session, Pkcs11Template().add(CKA_CLASS, CKO_CERTIFICATE).add(CKA_ID, id));
  if (!found || found->size() != 1) {
    return std::nullopt;
  }
  const QByteArray der = readAttribute(session, found->front(), CKA_VALUE).value_or(QByteArray());
  return PublicKey::fromCertificate(der);
}

struct NewKeyKind {
  CK_MECHANISM_TYPE mechanism;
  QList<QByteArray> curves;  // encodings to try one after the other; none for RSA
};

NewKeyKind kindOf(KeyType type) {
  switch (type) {
    case KeyType::Ed25519:
      return {CKM_EC_EDWARDS_KEY_PAIR_GEN, {kEd25519Oid, kEd25519Name}};
    case KeyType::EcP256:
      return {CKM_EC_KEY_PAIR_GEN, {kP256Params}};
    case KeyType::EcP384:
      return {CKM_EC_KEY_PAIR_GEN, {kP384Params}};
    case KeyType::Rsa:
      break;
  }
  return {CKM_RSA_PKCS_KEY_PAIR_GEN, {QByteArray()}};
}

Pkcs11Template publicTemplate(const Pkcs11Uri& uri, const KeyWanted& wanted, const QByteArray& curve) {
  Pkcs11Template half;
  half.addFlag(CKA_TOKEN, true).addFlag(CKA_VERIFY, true).add(CKA_ID, *uri.id);
  half.add(CKA_LABEL, uri.object.value_or(QString()).toUtf8());
  if (curve.isEmpty()) {
    half.add(CKA_MODULUS_BITS, static_cast<CK_ULONG>(wanted.rsaBits));
    half.add(CKA_PUBLIC_EXPONENT, QByteArrayLiteral("\x01\x00\x01"));
  } else {
    half.add(CKA_EC_PARAMS, curve);
  }
  return half;
}

Pkcs11Template privateTemplate(const Pkcs11Uri& uri) {
  Pkcs11Template half;
  half.addFlag(CKA_TOKEN, true).addFlag(CKA_PRIVATE, true).addFlag(CKA_SENSITIVE, true);
  half.addFlag(CKA_EXTRACTABLE, false).addFlag(CKA_SIGN, true).add(CKA_ID, *uri.id);
  half.add(CKA_LABEL, uri.object.value_or(QString()).toUtf8());
  return half;
}

}  // namespace

Result<Pkcs11PrivateKey> findPrivateKey(const Pkcs11Session& session, const Pkcs11Uri& uri) {
  SEALIFT_TRY(const auto found, findObjects(session, keyPattern(CKO_PRIVATE_KEY, uri)));
  if (found.empty()) {
    SEALIFT_TRY(const auto all, findObjects(session, keyPattern(CKO_PRIVATE_KEY, {})));
    return fail(ErrorCode::NotFound, QStringLiteral("There is no private key %1 in %2; %3.")
                                         .arg(uri.toString(), session.token().name(),
                                              all.empty() ? QStringLiteral("it has none at all")
                                                          : QStringLiteral("it has: ") + describeAll(session, all)));
  }
  if (found.size() > 1) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("%1 private keys in %2 match: %3.")
                    .arg(found.size())
                    .arg(session.token().name(), describeAll(session, found)),
                QStringLiteral("Add what tells them apart to the address: object=… or id=…"));
  }
  return Pkcs11PrivateKey{found.front(), readFlag(session, found.front(), CKA_ALWAYS_AUTHENTICATE).value_or(false)};
}

Result<PublicKey> readPublicKey(const Pkcs11Session& session, const Pkcs11PrivateKey& key) {
  const QByteArray id = readAttribute(session, key.handle, CKA_ID).value_or(QByteArray());
  if (!id.isEmpty()) {
    Pkcs11Uri uri;
    uri.id = id;
    SEALIFT_TRY(const auto found, findObjects(session, keyPattern(CKO_PUBLIC_KEY, uri)));
    if (found.size() == 1) {
      if (auto half = publicHalfOf(session, found.front())) {
        return *half;
      }
    }
  }
  if (auto half = publicHalfOf(session, key.handle)) {
    return *half;
  }
  if (auto half = id.isEmpty() ? std::nullopt : publicKeyOfCertificate(session, id)) {
    return *half;
  }
  return fail(ErrorCode::CryptoKey,
              QStringLiteral("The public half of the key %1 is not in %2.")
                  .arg(describe(session, key.handle), session.token().name()),
              QStringLiteral("Put the public key or the certificate into the token, with the same id."));
}

std::optional<bool> isExtractable(const Pkcs11Session& session, const Pkcs11PrivateKey& key) {
  return readFlag(session, key.handle, CKA_EXTRACTABLE);
}

Result<Pkcs11Uri> generateKeyPair(const Pkcs11Session& session, const Pkcs11Uri& uri, const KeyWanted& wanted) {
  if (!uri.object && !uri.id) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A new key in a token needs a name: add object=… to %1.").arg(uri.toString()));
  }
  SEALIFT_TRY(const auto before, findObjects(session, keyPattern(CKO_PRIVATE_KEY, uri)));
  if (!before.empty()) {
    return fail(
        ErrorCode::AlreadyExists,
        QStringLiteral("There is a key %1 in %2 already.").arg(describeAll(session, before), session.token().name()));
  }
  Pkcs11Uri made = uri;
  if (!made.id) {
    SEALIFT_TRY(made.id, randomBytes(kNewIdBytes));
  }
  const NewKeyKind kind = kindOf(wanted.type);
  CK_RV result = CKR_OK;
  CK_OBJECT_HANDLE publicHalf = 0;
  Pkcs11PrivateKey key;
  for (const QByteArray& curve : kind.curves) {
    CK_MECHANISM mechanism{kind.mechanism, nullptr, 0};
    Pkcs11Template open = publicTemplate(made, wanted, curve);
    Pkcs11Template secret = privateTemplate(made);
    std::vector<CK_ATTRIBUTE> openAttributes = open.attributes();
    std::vector<CK_ATTRIBUTE> secretAttributes = secret.attributes();
    result = session.functions()->C_GenerateKeyPair(
        session.handle(), &mechanism, openAttributes.data(), static_cast<CK_ULONG>(openAttributes.size()),
        secretAttributes.data(), static_cast<CK_ULONG>(secretAttributes.size()), &publicHalf, &key.handle);
    if (result == CKR_OK) {
      break;
    }
  }
  if (result != CKR_OK) {
    return fail(pkcs11Error(result, QStringLiteral("Making a key in ") + session.token().name()));
  }
  if (isExtractable(session, key) != false || readFlag(session, key.handle, CKA_SENSITIVE) != true) {
    (void)session.functions()->C_DestroyObject(session.handle(), key.handle);
    (void)session.functions()->C_DestroyObject(session.handle(), publicHalf);
    return fail(ErrorCode::NotSupported,
                QStringLiteral("%1 made a key that could be taken out of it; the key was removed again.")
                    .arg(session.token().name()),
                QStringLiteral("Use a token that keeps its keys."));
  }
  return made;
}

}  // namespace sealift
