#include "transports/protocols/uboot/memory.h"

#include <QRegularExpression>

namespace sealift {
namespace {

// A slow core with caches off still checks a few MiB in a second.
std::chrono::milliseconds timeFor(quint64 bytes) {
  return std::chrono::milliseconds(5'000 + static_cast<qint64>(bytes >> 10));
}

QByteArray hex(quint64 value) {
  return QByteArray::number(value, 16);
}

}  // namespace

Result<quint32> UbootMemory::crc32(quint64 address, quint64 bytes, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray output,
              console_.runOk("crc32 " + hex(address) + " " + hex(bytes), timeFor(bytes), cancel));
  // "crc32 for 40000000 ... 4000000f ==> f8ba6909"
  static const QRegularExpression line(
      QStringLiteral("\\bfor ([0-9a-f]{1,16}) \\.\\.\\. ([0-9a-f]{1,16}) ==> ([0-9a-f]{8})\\s*\\z"));
  const QRegularExpressionMatch match = line.match(QString::fromLatin1(output));
  if (!match.hasMatch() || match.captured(1).toULongLong(nullptr, 16) != address ||
      match.captured(2).toULongLong(nullptr, 16) != address + bytes - 1) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("U-Boot printed no CRC-32 of the memory asked for."));
  }
  return match.captured(3).toUInt(nullptr, 16);
}

Result<std::optional<QByteArray>> UbootMemory::sha256(quint64 address, quint64 bytes, const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result,
              console_.run("hash sha256 " + hex(address) + " " + hex(bytes), timeFor(bytes), cancel));
  if (result.status != 0) {
    return std::optional<QByteArray>();
  }
  // "sha256 for 44000000 ... 4400000f ==> 5f70bf18...", 64 digits
  static const QRegularExpression line(
      QStringLiteral("\\bfor ([0-9a-f]{1,16}) \\.\\.\\. ([0-9a-f]{1,16}) ==> ([0-9a-f]{64})\\s*\\z"));
  const QRegularExpressionMatch match = line.match(QString::fromLatin1(result.output));
  if (!match.hasMatch() || match.captured(1).toULongLong(nullptr, 16) != address ||
      match.captured(2).toULongLong(nullptr, 16) != address + bytes - 1) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("U-Boot printed no SHA-256 of the memory asked for."));
  }
  return std::optional(QByteArray::fromHex(match.captured(3).toLatin1()));
}

Result<bool> UbootMemory::equal(quint64 first, quint64 second, quint64 bytes, const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result,
              console_.run("cmp.b " + hex(first) + " " + hex(second) + " " + hex(bytes), timeFor(bytes), cancel));
  // "Total of 65536 byte(s) were the same": status and words must agree.
  const QByteArray words = "Total of " + QByteArray::number(bytes) + " byte(s) were the same";
  return result.status == 0 && result.output.contains(words);
}

Result<QByteArray> UbootMemory::read(quint64 address, quint64 bytes, const CancelToken& cancel) {
  if (bytes == 0 || bytes > kMaxRead) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("Between 1 and %1 bytes can be read at once.").arg(kMaxRead));
  }
  SEALIFT_TRY(const QByteArray output,
              console_.runOk("md.b " + hex(address) + " " + hex(bytes), std::chrono::milliseconds(10'000), cancel));
  // "48000000: d0 0d fe ed 00 01 06 33                          .......3", 16 bytes a line
  QByteArray data;
  const QList<QByteArray> lines = output.split('\n');
  for (const QByteArray& line : lines) {
    const qsizetype colon = line.indexOf(": ");
    if (colon < 0) {
      continue;
    }
    bool ok = false;
    const quint64 at = line.left(colon).trimmed().toULongLong(&ok, 16);
    if (!ok || at != address + static_cast<quint64>(data.size())) {
      break;
    }
    const qsizetype count = std::min<qsizetype>(16, static_cast<qsizetype>(bytes) - data.size());
    const QByteArray digits = line.mid(colon + 2, count * 3 - 1);
    const QByteArray decoded = QByteArray::fromHex(digits);
    if (decoded.size() != count || decoded.toHex(' ') != digits) {
      break;
    }
    data += decoded;
  }
  if (static_cast<quint64>(data.size()) != bytes) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("U-Boot printed other memory than was asked for."));
  }
  return data;
}

Status UbootMemory::fill(quint64 address, quint8 value, quint64 bytes, const CancelToken& cancel) {
  SEALIFT_CHECK(console_.runOk("mw.b " + hex(address) + " " + hex(value) + " " + hex(bytes), timeFor(bytes), cancel));
  return {};
}

}  // namespace sealift
