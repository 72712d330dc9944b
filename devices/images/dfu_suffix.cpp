#include "devices/images/dfu_suffix.h"

#include "app/base/byte_reader.h"
#include "app/base/byte_writer.h"
#include "app/base/crc.h"
#include "keystore/crypto/digest.h"

namespace sealift {

namespace {

constexpr qsizetype kCrcBytes = 4;

// Appendix B.3: the CRC-32 of ISO 3309 over all bytes before it, without the final complement.
quint32 suffixCrc(QByteArrayView bytesBefore) {
  return ~crc32(bytesBefore);
}

}  // namespace

Result<DfuFile> parseDfuFile(QByteArrayView bytes) {
  if (bytes.size() < kDfuSuffixBytes) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The file is shorter than a DFU suffix."));
  }
  ByteReader reader(bytes.last(kDfuSuffixBytes));
  DfuFile file;
  file.suffix.device = reader.le16();
  file.suffix.product = reader.le16();
  file.suffix.vendor = reader.le16();
  file.suffix.version = reader.le16();
  const QByteArrayView signature = reader.take(3);
  const qsizetype length = reader.u8();
  const quint32 crc = reader.le32();
  if (signature != QByteArrayView("UFD")) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The file has no DFU suffix."),
                QStringLiteral("The vendor must publish it with a suffix (dfu-suffix --add), so that it is known which "
                               "device it is for."));
  }
  if (length < kDfuSuffixBytes || length >= bytes.size()) {
    return fail(
        ErrorCode::ImageMalformed,
        QStringLiteral("The DFU suffix says that it has %1 bytes, the file has %2.").arg(length).arg(bytes.size()));
  }
  if (crc != suffixCrc(bytes.chopped(kCrcBytes))) {
    return fail(ErrorCode::ImageHashMismatch, QStringLiteral("The checksum in the DFU suffix does not fit the file."));
  }
  file.payloadSize = bytes.size() - length;
  return file;
}

QByteArray appendDfuSuffix(QByteArrayView payload, const DfuSuffix& suffix) {
  QByteArray bytes = payload.toByteArray();
  appendLe16(bytes, suffix.device);
  appendLe16(bytes, suffix.product);
  appendLe16(bytes, suffix.vendor);
  appendLe16(bytes, suffix.version);
  bytes.append("UFD");
  bytes.append(static_cast<char>(kDfuSuffixBytes));
  appendLe32(bytes, suffixCrc(bytes));
  return bytes;
}

Result<ImageFacts> verifyDfuFile(QByteArrayView bytes, const QList<QByteArray>& keys) {
  Q_UNUSED(keys)
  SEALIFT_TRY(const DfuFile file, parseDfuFile(bytes));
  if (file.suffix.version == kDfuseFile) {
    return fail(ErrorCode::ImageFormatRefused, QStringLiteral("This is a DfuSe file, not a plain DFU file."));
  }
  ImageFacts facts;
  facts.format = QStringLiteral("dfu");
  facts.digest = sha256(bytes.first(file.payloadSize));
  return facts;
}

}  // namespace sealift
