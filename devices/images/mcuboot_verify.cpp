// The integrity check that MCUboot makes before it boots an image (docs/design.md, "Integrity Check"
// and "Security"), made before the image is sent.
#include "devices/images/image_keys.h"
#include "devices/images/mcuboot_image.h"
#include "keystore/crypto/digest.h"

#include <algorithm>

namespace sealift {

using namespace mcuboot;

namespace {

DigestAlgorithm hashAlgorithm(quint16 hashType) {
  return hashType == kTlvSha256   ? DigestAlgorithm::Sha256
         : hashType == kTlvSha384 ? DigestAlgorithm::Sha384
                                  : DigestAlgorithm::Sha512;
}

Result<PublicKey> findSigner(const McubootImage& image, const std::vector<PublicKey>& trusted) {
  if (image.keyHash.isEmpty() && image.publicKey.isEmpty()) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The image is signed but does not name the signing key."));
  }
  for (const PublicKey& key : trusted) {
    const QByteArray bytes = imageKeyBytes(key);
    // imgtool hashes the key with the image's own hash algorithm.
    if (image.publicKey.isEmpty() ? computeDigest(hashAlgorithm(image.hashType), bytes) == image.keyHash
                                  : bytes == image.publicKey) {
      return key;
    }
  }
  const QByteArray name = image.publicKey.isEmpty() ? image.keyHash : sha256(image.publicKey);
  return fail(ErrorCode::ImageUnknownKey,
              QStringLiteral("The image was signed with the key %1…, which is not one of this model's keys.")
                  .arg(QString::fromLatin1(name.first(8).toHex())));
}

// What the signature's TLV type says about key and hash; the sizes are part of the type's name.
struct SignatureKind {
  SignatureScheme scheme;
  QString name;
};

Result<SignatureKind> signatureKind(const McubootImage& image, const PublicKey& key) {
  const auto rsa = [&key](int bits) { return key.type() == KeyType::Rsa && key.bits() == bits; };
  const bool sha256Image = image.hashType == kTlvSha256;
  if (image.signatureType == kTlvRsa2048Pss && rsa(2048) && sha256Image) {
    return SignatureKind{SignatureScheme::RsaPssSha256, QStringLiteral("RSA-2048 PSS")};
  }
  if (image.signatureType == kTlvRsa3072Pss && rsa(3072) && sha256Image) {
    return SignatureKind{SignatureScheme::RsaPssSha256, QStringLiteral("RSA-3072 PSS")};
  }
  if (image.signatureType == kTlvEcdsa && key.type() == KeyType::EcP256 && sha256Image) {
    return SignatureKind{SignatureScheme::EcdsaP256Sha256, QStringLiteral("ECDSA P-256")};
  }
  if (image.signatureType == kTlvEcdsa && key.type() == KeyType::EcP384 && image.hashType == kTlvSha384) {
    return SignatureKind{SignatureScheme::EcdsaP384Sha384, QStringLiteral("ECDSA P-384")};
  }
  if (image.signatureType == kTlvEd25519 && key.type() == KeyType::Ed25519) {
    return SignatureKind{SignatureScheme::Ed25519,
                         image.signaturePure ? QStringLiteral("Ed25519 (pure)") : QStringLiteral("Ed25519")};
  }
  return fail(
      ErrorCode::ImageSignatureInvalid,
      QStringLiteral("The image's signature is of another kind than the key that it names (%1).").arg(key.typeName()));
}

// Older imgtools padded ECDSA signatures with zeros to a fixed length. The DER length says where the signature ends.
QByteArrayView withoutPadding(QByteArrayView signature) {
  if (signature.size() < 2 || signature[0] != '\x30') {
    return signature;
  }
  const qsizetype size = 2 + static_cast<qsizetype>(static_cast<quint8>(signature[1]));  // below 128 for both curves
  if (size >= signature.size()) {
    return signature;
  }
  const QByteArrayView padding = signature.sliced(size);
  const bool zero = std::all_of(padding.begin(), padding.end(), [](char c) { return c == '\0'; });
  return zero ? signature.first(size) : signature;
}

}  // namespace

Result<ImageFacts> verifyMcubootImage(QByteArrayView bytes, const QList<QByteArray>& keys, Trailing trailing) {
  SEALIFT_TRY(const McubootImage image, parseMcubootImage(bytes, trailing));
  SEALIFT_TRY(const std::vector<PublicKey> trusted, readImageKeys(keys));

  if (image.hash.isEmpty()) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The image carries no hash."));
  }
  const QByteArrayView covered = bytes.first(image.coveredSize());
  if (computeDigest(hashAlgorithm(image.hashType), covered) != image.hash) {
    return fail(ErrorCode::ImageHashMismatch,
                QStringLiteral("The image's content does not match the hash that it carries."));
  }
  if (image.signatureType == 0) {
    return fail(ErrorCode::ImageUnsigned, QStringLiteral("The image carries a hash but no signature."));
  }
  SEALIFT_TRY(const PublicKey signer, findSigner(image, trusted));
  SEALIFT_TRY(const SignatureKind kind, signatureKind(image, signer));

  const QByteArrayView signature =
      image.signatureType == kTlvEcdsa ? withoutPadding(image.signature) : QByteArrayView(image.signature);
  // Every scheme signs the digest (Ed25519 takes it as its message), unless the image says "pure".
  const Status verified = image.signaturePure ? signer.verify(kind.scheme, covered, signature)
                                              : signer.verifyDigest(kind.scheme, image.hash, signature);
  if (!verified) {
    return failBecause(ErrorCode::ImageSignatureInvalid,
                       QStringLiteral("The image's %1 signature is not valid.").arg(kind.name), verified.error());
  }

  ImageFacts facts;
  facts.format = QStringLiteral("mcuboot");
  facts.version = image.version;
  facts.securityVersion = image.securityCounter;
  facts.digest = image.hash;
  facts.signatureAlgorithm = kind.name;
  facts.keyId = signer.keyId();
  return facts;
}

}  // namespace sealift
