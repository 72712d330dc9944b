#include "devices/images/fit_hashes.h"

#include "keystore/crypto/digest.h"

#include <QCryptographicHash>

namespace sealift {

namespace {

QString text(const QByteArray& bytes) {
  return QString::fromLatin1(bytes);
}

// CRC-32 of IEEE 802.3, as "crc32" hash nodes have it (big-endian).
QByteArray crc32(QByteArrayView bytes) {
  quint32 crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<quint8>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
  }
  crc = ~crc;
  QByteArray value;
  for (int shift = 24; shift >= 0; shift -= 8) {
    value.append(static_cast<char>((crc >> shift) & 0xff));
  }
  return value;
}

// Weak hashes are still compared: a device would, and they would fail there.
std::optional<QByteArray> computeHash(const QByteArray& algorithm, QByteArrayView data) {
  if (const std::optional<DigestAlgorithm> strong = digestFromName(text(algorithm))) {
    return computeDigest(*strong, data);
  }
  if (algorithm == "sha1") {
    return QCryptographicHash::hash(data, QCryptographicHash::Sha1);
  }
  if (algorithm == "md5") {
    return QCryptographicHash::hash(data, QCryptographicHash::Md5);
  }
  if (algorithm == "crc32") {
    return crc32(data);
  }
  return std::nullopt;
}

}  // namespace

bool isFitHashNode(const FdtNode& node) {
  return node.name.startsWith("hash");
}

Status checkFitHashes(const FdtNode& image) {
  if (image.property("data-size") != nullptr || image.property("data-position") != nullptr ||
      image.property("data-offset") != nullptr) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("%1 keeps its data outside of the tree, which is not supported.").arg(text(image.path)));
  }
  const FdtProperty* const data = image.property("data");
  if (data == nullptr) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("%1 has no data.").arg(text(image.path)));
  }
  for (const FdtNode& node : image.children) {
    if (!isFitHashNode(node)) {
      continue;
    }
    const std::optional<QByteArray> algorithm = node.string("algo");
    const FdtProperty* const value = node.property("value");
    const std::optional<QByteArray> computed = algorithm ? computeHash(*algorithm, data->value) : std::nullopt;
    if (!computed || value == nullptr) {
      return fail(ErrorCode::ImageMalformed,
                  QStringLiteral("%1 is incomplete or of an unknown kind.").arg(text(node.path)));
    }
    if (value->value != QByteArrayView(*computed)) {
      return fail(ErrorCode::ImageHashMismatch,
                  QStringLiteral("The data of %1 does not match its %2 hash.").arg(text(image.path), text(*algorithm)));
    }
  }
  return {};
}

Status requireStrongHash(const FdtNode& image) {
  for (const FdtNode& node : image.children) {
    const std::optional<QByteArray> algorithm = node.string("algo");
    if (isFitHashNode(node) && node.property("uboot-ignore") == nullptr && algorithm &&
        digestFromName(text(*algorithm))) {
      return {};
    }
  }
  return fail(ErrorCode::ImageSignatureInvalid,
              QStringLiteral("%1 has no SHA-256 or stronger hash, so no signature can vouch for its data.")
                  .arg(text(image.path)));
}

}  // namespace sealift
