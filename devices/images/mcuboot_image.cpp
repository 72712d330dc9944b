#include "devices/images/mcuboot_image.h"

#include "app/base/byte_reader.h"

#include <QSet>

#include <algorithm>

namespace sealift {

using namespace mcuboot;

namespace {

// No device that MCUboot runs on has slots beyond this; the format's own size fields reach 4 GiB.
constexpr qsizetype kMaxImageBytes = 256LL * 1024 * 1024;

struct TlvArea {
  bool isProtected = false;
  qsizetype begin = 0;  // of the area's info header
  qsizetype size = 0;   // with the info header
};

QString hex16(quint16 value) {
  return QStringLiteral("0x%1").arg(value, 4, 16, QLatin1Char('0'));
}

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

bool isHash(quint16 type) {
  return type == kTlvSha256 || type == kTlvSha384 || type == kTlvSha512;
}

bool isSignature(quint16 type) {
  return type == kTlvRsa2048Pss || type == kTlvRsa3072Pss || type == kTlvEcdsa || type == kTlvEd25519;
}

qsizetype hashBytes(quint16 type) {
  return type == kTlvSha256 ? 32 : type == kTlvSha384 ? 48 : 64;
}

// docs/design.md, "Protected TLVs": what must be covered by the hash, and what can't be.
bool mustBeProtected(quint16 type) {
  return type == kTlvSecurityCounter || type == kTlvDependency || type == kTlvBootRecord;
}

bool mustBePlain(quint16 type) {
  return isHash(type) || isSignature(type) || type == kTlvKeyHash || type == kTlvPublicKey || type == kTlvSignaturePure;
}

Result<McubootDependency> parseDependency(QByteArrayView value) {
  // struct image_dependency: u8 image, u8 slot or padding, u16 padding, image_version (u8 u8 u16 u32).
  if (value.size() != 12) {
    return malformed(QStringLiteral("A dependency TLV has %1 bytes instead of 12.").arg(value.size()));
  }
  ByteReader reader(value);
  McubootDependency dependency;
  dependency.image = reader.u8();
  reader.skip(3);
  dependency.minimum.major = reader.u8();
  dependency.minimum.minor = reader.u8();
  dependency.minimum.revision = reader.le16();
  dependency.minimum.build = reader.le32();
  return dependency;
}

Status takeTlv(McubootImage& image, quint16 type, QByteArrayView value) {
  if (isHash(type)) {
    if (!image.hash.isEmpty()) {
      return malformed(QStringLiteral("The image carries more than one hash."));
    }
    if (value.size() != hashBytes(type)) {
      return malformed(QStringLiteral("The hash TLV %1 has %2 bytes instead of %3.")
                           .arg(hex16(type))
                           .arg(value.size())
                           .arg(hashBytes(type)));
    }
    image.hashType = type;
    image.hash = value.toByteArray();
  } else if (isSignature(type)) {
    if (image.signatureType != 0) {
      return malformed(QStringLiteral("The image carries more than one signature."));
    }
    if (value.isEmpty()) {
      return malformed(QStringLiteral("The signature TLV is empty."));
    }
    image.signatureType = type;
    image.signature = value.toByteArray();
  } else if (type == kTlvSignaturePure) {
    // bootutil_check_for_pure(): exactly one byte, and it must be 1.
    if (value.size() != 1 || value[0] != '\x01') {
      return malformed(QStringLiteral("The TLV that announces a signature over the payload itself is not the byte 1."));
    }
    image.signaturePure = true;
  } else if (type == kTlvKeyHash || type == kTlvPublicKey) {
    if (value.isEmpty()) {
      return malformed(QStringLiteral("The TLV that names the signing key is empty."));
    }
    (type == kTlvKeyHash ? image.keyHash : image.publicKey) = value.toByteArray();
  } else if (type == kTlvSecurityCounter) {
    if (value.size() != 4) {
      return malformed(QStringLiteral("The security counter has %1 bytes instead of 4.").arg(value.size()));
    }
    image.securityCounter = ByteReader(value).le32();
  } else if (type == kTlvDependency) {
    SEALIFT_TRY(const McubootDependency dependency, parseDependency(value));
    image.dependencies.append(dependency);
  } else if (type == kTlvBootRecord) {
    image.bootRecord = value.toByteArray();
  }
  return {};  // unknown types are vendors' own (docs/design.md): skipped, as MCUboot does
}

Status parseTlvs(McubootImage& image, QByteArrayView bytes, const TlvArea& area) {
  ByteReader reader(bytes.sliced(area.begin, area.size));
  reader.skip(kTlvInfoBytes);
  QSet<quint16> seen;
  while (reader.remaining() > 0) {
    const quint16 type = reader.le16();
    const quint16 length = reader.le16();
    const QByteArrayView value = reader.take(length);
    if (reader.failed()) {
      return malformed(QStringLiteral("The TLV %1 reaches beyond its area.").arg(hex16(type)));
    }
    if (mustBeProtected(type) && !area.isProtected) {
      return malformed(
          QStringLiteral("The TLV %1 stands outside the protected area, where nothing covers it.").arg(hex16(type)));
    }
    if (mustBePlain(type) && area.isProtected) {
      return malformed(QStringLiteral("The TLV %1 stands inside the protected area.").arg(hex16(type)));
    }
    const bool known = mustBeProtected(type) || mustBePlain(type);
    if (known && type != kTlvDependency && seen.contains(type)) {
      return malformed(QStringLiteral("The TLV %1 stands in the image twice.").arg(hex16(type)));
    }
    seen.insert(type);
    SEALIFT_CHECK(takeTlv(image, type, value));
  }
  return {};
}

// The info header at `at` says how long its area is.
Result<TlvArea> findArea(QByteArrayView bytes, qsizetype at, bool isProtected) {
  ByteReader reader(bytes);
  reader.seek(at);
  const quint16 magic = reader.le16();
  const qsizetype size = reader.le16();
  if (reader.failed()) {
    return malformed(QStringLiteral("The file ends before the TLV area at byte %1.").arg(at));
  }
  if (magic != (isProtected ? kProtectedTlvInfoMagic : kTlvInfoMagic)) {
    if (!isProtected && magic == kProtectedTlvInfoMagic) {
      return malformed(QStringLiteral("The image has a protected TLV area that its header does not announce."));
    }
    return malformed(QStringLiteral("There is no %1TLV area at byte %2, where the header's sizes put it.")
                         .arg(isProtected ? QStringLiteral("protected ") : QString())
                         .arg(at));
  }
  if (size < kTlvInfoBytes || size > bytes.size() - at) {
    return malformed(
        QStringLiteral("The TLV area at byte %1 says that it has %2 bytes, which can't be.").arg(at).arg(size));
  }
  return TlvArea{isProtected, at, size};
}

Status checkFlags(quint32 flags) {
  if ((flags & (kFlagEncryptedAes128 | kFlagEncryptedAes256)) != 0) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("The image is encrypted, so its hash can't be checked before it is installed."));
  }
  if ((flags & (kFlagCompressedLzma1 | kFlagCompressedLzma2)) != 0) {
    return fail(ErrorCode::ImageFormatRefused, QStringLiteral("The image is compressed, which is not supported."));
  }
  if ((flags & kFlagNonBootable) != 0) {
    return fail(ErrorCode::ImageFormatRefused, QStringLiteral("The image is marked as not bootable."));
  }
  return {};
}

}  // namespace

Result<McubootImage> parseMcubootImage(QByteArrayView bytes, Trailing trailing) {
  if (bytes.size() > kMaxImageBytes) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image is larger than 256 MiB."));
  }
  // struct image_header
  ByteReader reader(bytes);
  const quint32 magic = reader.le32();
  McubootImage image;
  image.loadAddress = reader.le32();
  image.headerSize = reader.le16();
  image.protectedSize = reader.le16();
  image.payloadSize = reader.le32();
  image.flags = reader.le32();
  image.version.major = reader.u8();
  image.version.minor = reader.u8();
  image.version.revision = reader.le16();
  image.version.build = reader.le32();
  reader.skip(4);
  if (reader.failed()) {
    return malformed(QStringLiteral("The file is too short for an MCUboot image: it has %1 bytes.").arg(bytes.size()));
  }
  if (magic != kImageMagic) {
    return malformed(QStringLiteral("This is not an MCUboot image: its first four bytes are not the magic number."));
  }
  if (image.headerSize < kHeaderBytes) {
    return malformed(QStringLiteral("The header says that it has %1 bytes; it has at least 32.").arg(image.headerSize));
  }
  if (image.payloadSize == 0) {
    return malformed(QStringLiteral("The image has no payload."));
  }
  if (image.headerSize + image.payloadSize > bytes.size()) {
    return malformed(QStringLiteral("The header announces %1 bytes of payload, but the file has %2 bytes in all.")
                         .arg(image.payloadSize)
                         .arg(bytes.size()));
  }
  SEALIFT_CHECK(checkFlags(image.flags));

  qsizetype at = image.headerSize + image.payloadSize;
  if (image.protectedSize != 0) {
    SEALIFT_TRY(const TlvArea area, findArea(bytes, at, true));
    if (area.size != image.protectedSize) {
      return malformed(QStringLiteral("The header says that the protected TLVs have %1 bytes, the area itself says %2.")
                           .arg(image.protectedSize)
                           .arg(area.size));
    }
    SEALIFT_CHECK(parseTlvs(image, bytes, area));
    at += area.size;
  }
  SEALIFT_TRY(const TlvArea plain, findArea(bytes, at, false));
  SEALIFT_CHECK(parseTlvs(image, bytes, plain));
  image.totalSize = at + plain.size;

  if (!image.keyHash.isEmpty() && !image.publicKey.isEmpty()) {
    return malformed(QStringLiteral("The image names its signing key twice, by hash and in full."));
  }
  if (image.signaturePure && image.signatureType != kTlvEd25519) {
    return malformed(QStringLiteral("Only an Ed25519 signature can be over the payload itself."));
  }
  if (trailing == Trailing::Refused && image.totalSize != bytes.size()) {
    return malformed(QStringLiteral("%1 bytes follow the end of the image, as its sizes give it.")
                         .arg(bytes.size() - image.totalSize));
  }
  return image;
}

}  // namespace sealift
