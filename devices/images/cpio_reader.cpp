#include "devices/images/cpio_reader.h"

#include "app/base/byte_reader.h"
#include "app/base/hex_number.h"

#include <QSet>

#include <algorithm>
#include <array>
#include <optional>

namespace sealift {
namespace {

constexpr qsizetype kMagicBytes = 6;
constexpr qsizetype kFieldBytes = 8;  // hexadecimal
constexpr qsizetype kAlignment = 4;
constexpr quint32 kMaxName = 255;  // with its NUL; SWUpdate keeps 256
// cpio fills its last block with zeros; nobody writes larger ones than this.
constexpr qsizetype kMaxPadding = 64 * 1024;
constexpr char kTrailer[] = "TRAILER!!!";

constexpr quint32 kTypeMask = 0170000;  // of c_mode, as in stat(2)
constexpr quint32 kRegularFile = 0100000;

enum Field { Inode, Mode, Uid, Gid, Links, Time, FileSize, DevMajor, DevMinor, RdevMajor, RdevMinor, NameSize, Check };
constexpr std::size_t kFields = 13;

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

bool isPlainName(QByteArrayView name) {
  return !name.isEmpty() && name != QByteArrayView(".") && name != QByteArrayView("..") &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '\\'; });
}

// The format's own word for it: the sum of all bytes, modulo 2^32.
quint32 sumOf(QByteArrayView bytes) {
  quint32 sum = 0;
  for (const char c : bytes) {
    sum += static_cast<quint8>(c);
  }
  return sum;
}

bool allZero(QByteArrayView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

bool skipPadding(ByteReader& reader) {
  const qsizetype over = reader.position() % kAlignment;
  return over == 0 || (allZero(reader.take(kAlignment - over)) && !reader.failed());
}

}  // namespace

Result<std::vector<CpioEntry>> readCpio(QByteArrayView archive, int maxEntries) {
  ByteReader reader(archive);
  std::vector<CpioEntry> entries;
  QSet<QByteArray> names;
  QByteArrayView format;
  for (;;) {
    const QByteArrayView magic = reader.take(kMagicBytes);
    if (magic != QByteArrayView("070701") && magic != QByteArrayView("070702")) {
      return malformed(entries.empty() ? QStringLiteral("The file is no cpio archive of the formats newc or crc.")
                                       : QStringLiteral("The archive is cut off or damaged behind the file \"%1\".")
                                             .arg(QString::fromLatin1(entries.back().name)));
    }
    if (!format.isEmpty() && magic != format) {
      return malformed(QStringLiteral("The archive changes its format in the middle."));
    }
    format = magic;
    std::array<quint32, kFields> fields{};
    for (quint32& field : fields) {
      const auto value = parseHex(reader.take(kFieldBytes));
      if (!value || reader.failed()) {
        return malformed(QStringLiteral("The archive has a damaged header."));
      }
      field = *value;
    }
    if (fields[NameSize] < 2 || fields[NameSize] > kMaxName) {
      return malformed(QStringLiteral("The archive has a file name that is too long or missing."));
    }
    const QByteArrayView named = reader.take(static_cast<qsizetype>(fields[NameSize]));
    if (reader.failed() || named.back() != 0 || !skipPadding(reader)) {
      return malformed(QStringLiteral("The archive is cut off or damaged in a file's name."));
    }
    const QByteArrayView name = named.chopped(1);
    if (name == QByteArrayView(kTrailer)) {
      if (fields[FileSize] != 0) {
        return malformed(QStringLiteral("The archive's end carries a file."));
      }
      break;
    }
    if (!isPlainName(name)) {
      return malformed(QStringLiteral("The archive holds a file whose name is not a plain file name."));
    }
    const QString shown = QString::fromLatin1(name);
    if ((fields[Mode] & kTypeMask) != kRegularFile) {
      return malformed(QStringLiteral("The archive's \"%1\" is not a regular file.").arg(shown));
    }
    const QByteArrayView content = reader.take(static_cast<qsizetype>(fields[FileSize]));
    if (reader.failed() || !skipPadding(reader)) {
      return malformed(QStringLiteral("The archive is cut off in the file \"%1\".").arg(shown));
    }
    if (format == QByteArrayView("070702") && sumOf(content) != fields[Check]) {
      return malformed(QStringLiteral("The archive's file \"%1\" differs from its checksum.").arg(shown));
    }
    if (names.contains(name.toByteArray())) {
      return malformed(QStringLiteral("The archive holds the file \"%1\" twice.").arg(shown));
    }
    if (static_cast<int>(entries.size()) >= maxEntries) {
      return malformed(QStringLiteral("The archive holds more than %1 files.").arg(maxEntries));
    }
    names.insert(name.toByteArray());
    entries.push_back({name.toByteArray(), content});
  }
  const QByteArrayView rest = reader.take(reader.remaining());
  if (rest.size() > kMaxPadding || !allZero(rest)) {
    return malformed(QStringLiteral("Something follows the archive's end."));
  }
  return entries;
}

}  // namespace sealift
