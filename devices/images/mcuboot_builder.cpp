#include "devices/images/mcuboot_builder.h"

#include "devices/images/image_keys.h"
#include "keystore/crypto/digest.h"

namespace sealift {

using namespace mcuboot;

namespace {

void appendLittle(QByteArray& bytes, quint64 value, int count) {
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

void appendVersion(QByteArray& bytes, const Version& version) {
  appendLittle(bytes, version.major, 1);
  appendLittle(bytes, version.minor, 1);
  appendLittle(bytes, version.revision, 2);
  appendLittle(bytes, version.build, 4);
}

void appendTlv(QByteArray& area, quint16 type, QByteArrayView value) {
  appendLittle(area, type, 2);
  appendLittle(area, static_cast<quint64>(value.size()), 2);
  area.append(value);
}

QByteArray tlvArea(quint16 magic, const QByteArray& tlvs) {
  QByteArray area;
  appendLittle(area, magic, 2);
  appendLittle(area, static_cast<quint64>(tlvs.size() + kTlvInfoBytes), 2);
  return area + tlvs;
}

QByteArray protectedArea(const McubootImageSpec& spec) {
  QByteArray tlvs;
  if (spec.securityCounter) {
    QByteArray value;
    appendLittle(value, *spec.securityCounter, 4);
    appendTlv(tlvs, kTlvSecurityCounter, value);
  }
  for (const McubootDependency& dependency : spec.dependencies) {
    QByteArray value;
    appendLittle(value, dependency.image, 4);  // image number and three bytes of padding
    appendVersion(value, dependency.minimum);
    appendTlv(tlvs, kTlvDependency, value);
  }
  for (const auto& [type, value] : spec.protectedTlvs) {
    appendTlv(tlvs, type, value);
  }
  return tlvs.isEmpty() ? QByteArray() : tlvArea(kProtectedTlvInfoMagic, tlvs);
}

Result<QByteArray> coveredBytes(const McubootImageSpec& spec) {
  const bool fits = spec.version.major < 0x100 && spec.version.minor < 0x100 && spec.version.revision < 0x10000 &&
                    spec.headerSize >= kHeaderBytes && !spec.payload.isEmpty();
  const QByteArray protectedTlvs = protectedArea(spec);
  if (!fits || protectedTlvs.size() > 0xffff) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A field does not fit into an MCUboot image's header."));
  }
  QByteArray bytes;
  appendLittle(bytes, kImageMagic, 4);
  appendLittle(bytes, spec.loadAddress, 4);
  appendLittle(bytes, spec.headerSize, 2);
  appendLittle(bytes, static_cast<quint64>(protectedTlvs.size()), 2);
  appendLittle(bytes, static_cast<quint64>(spec.payload.size()), 4);
  appendLittle(bytes, spec.flags, 4);
  appendVersion(bytes, spec.version);
  bytes.append(spec.headerSize - bytes.size(), '\0');
  return QByteArray(bytes + spec.payload + protectedTlvs);
}

struct Signing {
  quint16 signatureType;
  quint16 hashType;
  SignatureScheme scheme;
};

Result<Signing> signingFor(const PublicKey& key, bool pure) {
  switch (key.type()) {
    case KeyType::Ed25519:
      return Signing{kTlvEd25519, pure ? kTlvSha512 : kTlvSha256, SignatureScheme::Ed25519};
    case KeyType::EcP256:
      return Signing{kTlvEcdsa, kTlvSha256, SignatureScheme::EcdsaP256Sha256};
    case KeyType::EcP384:
      return Signing{kTlvEcdsa, kTlvSha384, SignatureScheme::EcdsaP384Sha384};
    case KeyType::Rsa:
      if (key.bits() == 2048 || key.bits() == 3072) {
        return Signing{key.bits() == 2048 ? kTlvRsa2048Pss : kTlvRsa3072Pss, kTlvSha256, SignatureScheme::RsaPssSha256};
      }
      break;
  }
  return fail(ErrorCode::CryptoKey,
              QStringLiteral("MCUboot images can't be signed with a key of type %1.").arg(key.typeName()));
}

DigestAlgorithm digestOf(quint16 hashType) {
  return hashType == kTlvSha256   ? DigestAlgorithm::Sha256
         : hashType == kTlvSha384 ? DigestAlgorithm::Sha384
                                  : DigestAlgorithm::Sha512;
}

QByteArray finish(const McubootImageSpec& spec, const QByteArray& covered, QByteArray tlvs) {
  for (const auto& [type, value] : spec.plainTlvs) {
    appendTlv(tlvs, type, value);
  }
  return covered + tlvArea(kTlvInfoMagic, tlvs);
}

}  // namespace

Result<QByteArray> buildMcubootImage(const McubootImageSpec& spec, const PrivateKey& key) {
  SEALIFT_TRY(const QByteArray covered, coveredBytes(spec));
  SEALIFT_TRY(const Signing signing, signingFor(key.publicKey(), spec.signPure));
  const QByteArray hash = computeDigest(digestOf(signing.hashType), covered);
  const QByteArray keyBytes = imageKeyBytes(key.publicKey());
  SEALIFT_TRY(const QByteArray signature,
              spec.signPure ? key.sign(signing.scheme, covered) : key.signDigest(signing.scheme, hash));
  QByteArray tlvs;
  appendTlv(tlvs, signing.hashType, hash);
  if (spec.signPure) {
    appendTlv(tlvs, kTlvSignaturePure, QByteArrayView("\x01", 1));
  }
  if (spec.fullPublicKey) {
    appendTlv(tlvs, kTlvPublicKey, keyBytes);
  } else {
    appendTlv(tlvs, kTlvKeyHash, computeDigest(digestOf(signing.hashType), keyBytes));
  }
  appendTlv(tlvs, signing.signatureType, signature);
  return finish(spec, covered, tlvs);
}

Result<QByteArray> buildUnsignedMcubootImage(const McubootImageSpec& spec) {
  SEALIFT_TRY(const QByteArray covered, coveredBytes(spec));
  QByteArray tlvs;
  appendTlv(tlvs, kTlvSha256, sha256(covered));
  return finish(spec, covered, tlvs);
}

}  // namespace sealift
