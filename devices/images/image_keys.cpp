#include "devices/images/image_keys.h"

#include "app/base/byte_reader.h"

namespace sealift {

namespace {

// The content of the next DER element if it has the tag; an empty view otherwise (X.690, 8.1).
QByteArrayView takeElement(ByteReader& reader, quint8 tag) {
  if (reader.u8() != tag) {
    return {};
  }
  qsizetype length = reader.u8();
  if (length > 0x80) {
    qsizetype count = length - 0x80;
    for (length = 0; count > 0 && length <= 0xffff; --count) {
      length = (length << 8) | reader.u8();
    }
  }
  return reader.take(length);
}

}  // namespace

Result<std::vector<PublicKey>> readImageKeys(const QList<QByteArray>& pemKeys) {
  if (pemKeys.isEmpty()) {
    return fail(ErrorCode::ImageUnknownKey, QStringLiteral("This model names no key that may sign its images."));
  }
  std::vector<PublicKey> keys;
  for (const QByteArray& pem : pemKeys) {
    SEALIFT_TRY(PublicKey key, PublicKey::fromPem(pem));
    keys.push_back(std::move(key));
  }
  return keys;
}

QByteArray imageKeyBytes(const PublicKey& key) {
  const QByteArray info = key.toDer();
  if (key.type() != KeyType::Rsa) {
    return info;
  }
  // SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE algorithm, BIT STRING { 0 unused bits, RSAPublicKey } }
  ByteReader outer(info);
  ByteReader inner(takeElement(outer, 0x30));
  (void)takeElement(inner, 0x30);
  return takeElement(inner, 0x03).toByteArray().mid(1);
}

}  // namespace sealift
