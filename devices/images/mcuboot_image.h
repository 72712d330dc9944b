// MCUboot images: header, payload, protected and plain TLVs.
// Source: MCUboot, docs/design.md, "Image format"; values in mcuboot_format.h.
//
// Everything here may be called from any thread and never trusts a byte: sizes that contradict
// one another, TLVs twice, and TLVs in the area where MCUboot does not look for them are refused.
#pragma once

#include "app/base/result.h"
#include "devices/images/image.h"
#include "devices/images/mcuboot_format.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace sealift {

// Another image that must be at least of this version (TLV 0x40).
struct McubootDependency {
  quint8 image = 0;
  Version minimum;

  bool operator==(const McubootDependency&) const = default;
};

// One parsed image. Nothing in it is verified: verifyMcubootImage() does that.
struct McubootImage {
  quint32 loadAddress = 0;
  quint32 flags = 0;
  Version version;
  qsizetype headerSize = 0;     // bytes, the padding after the header's fields included
  qsizetype payloadSize = 0;    // bytes
  qsizetype protectedSize = 0;  // bytes of the protected TLV area, 0 when there is none
  qsizetype totalSize = 0;      // bytes of the whole image, to the end of the last TLV

  quint16 hashType = 0;       // kTlvSha256, kTlvSha384 or kTlvSha512
  QByteArray hash;            // the TLV's value: what a device reports for this image
  quint16 signatureType = 0;  // 0: unsigned
  QByteArray signature;
  bool signaturePure = false;  // Ed25519 over the signed bytes themselves, not over their digest
  QByteArray keyHash;          // one of these two is empty
  QByteArray publicKey;
  std::optional<quint32> securityCounter;  // from the protected area, the only place where it counts
  QList<McubootDependency> dependencies;
  QByteArray bootRecord;  // CBOR, for attestation; not interpreted

  // What hash and signature cover: header, payload and protected TLVs.
  qsizetype coveredSize() const { return headerSize + payloadSize + protectedSize; }
};

// How bytes that follow the image are taken.
enum class Trailing {
  Refused,  // a file holds the image and nothing else
  Allowed,  // a slot holds the image and whatever flash was left as
};

// Errors: ImageMalformed, ImageFormatRefused (encrypted, compressed or not bootable).
Result<McubootImage> parseMcubootImage(QByteArrayView bytes, Trailing trailing = Trailing::Refused);

// Parses, checks the hash, finds the key among `keys` (PEM) and checks the signature.
// A public key that the image brings along (TLV 0x02) only selects one of `keys`; it is never trusted.
Result<ImageFacts> verifyMcubootImage(QByteArrayView bytes, const QList<QByteArray>& keys,
                                      Trailing trailing = Trailing::Refused);

}  // namespace sealift
