#include "devices/images/dfuse_file.h"

#include "app/base/byte_reader.h"
#include "app/base/byte_writer.h"
#include "keystore/crypto/digest.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sealift {

namespace {

constexpr qsizetype kNameBytes = 255;
constexpr qsizetype kElementPrefixBytes = 8;
constexpr quint64 kAddressSpace = 1ULL << 32;

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

// Up to the first NUL, and only what can be shown.
QString readName(QByteArrayView field) {
  QString name;
  for (const char c : field) {
    if (c == '\0') {
      break;
    }
    name.append(c >= 0x20 && c < 0x7F ? QLatin1Char(c) : QLatin1Char('?'));
  }
  return name;
}

// UM0391, "Image Element".
Result<DfuseElement> readElement(ByteReader& reader) {
  DfuseElement element;
  element.address = reader.le32();
  const qsizetype size = reader.le32();
  const QByteArrayView data = reader.take(size);
  if (reader.failed()) {
    return malformed(QStringLiteral("An element of the DfuSe file is longer than its target."));
  }
  if (data.isEmpty()) {
    return malformed(QStringLiteral("An element of the DfuSe file is empty."));
  }
  if (quint64{element.address} + static_cast<quint64>(size) > kAddressSpace) {
    return malformed(QStringLiteral("An element of the DfuSe file reaches beyond the address space."));
  }
  element.data = data.toByteArray();
  return element;
}

// UM0391, "Target Prefix" and what it announces.
Result<DfuseTarget> readTarget(ByteReader& reader) {
  if (reader.take(6) != QByteArrayView("Target")) {
    return malformed(QStringLiteral("A target of the DfuSe file does not begin with \"Target\"."));
  }
  DfuseTarget target;
  target.alternate = reader.u8();
  const bool named = reader.le32() != 0;
  const QByteArrayView name = reader.take(kNameBytes);
  const qsizetype size = reader.le32();
  const qsizetype count = reader.le32();
  const QByteArrayView body = reader.take(size);
  if (reader.failed()) {
    return malformed(QStringLiteral("A target of the DfuSe file is longer than the file."));
  }
  if (named) {
    target.name = readName(name);
  }
  // Each element takes a prefix and a byte, so the count can't be believed beyond that.
  if (count < 1 || count > size / (kElementPrefixBytes + 1)) {
    return malformed(
        QStringLiteral("A target of the DfuSe file announces %1 elements in %2 bytes.").arg(count).arg(size));
  }
  ByteReader elements(body);
  for (qsizetype i = 0; i < count; ++i) {
    SEALIFT_TRY(DfuseElement element, readElement(elements));
    target.elements.append(std::move(element));
  }
  if (elements.remaining() != 0) {
    return malformed(QStringLiteral("A target of the DfuSe file holds bytes that belong to no element."));
  }
  return target;
}

// Two elements on one place: which of them counts would depend on who writes them.
Status checkOverlaps(const QList<DfuseTarget>& targets) {
  struct Range {
    quint8 alternate;
    quint64 begin;
    quint64 end;
  };
  std::vector<Range> ranges;
  for (const DfuseTarget& target : targets) {
    for (const DfuseElement& element : target.elements) {
      ranges.push_back({target.alternate, element.address, element.end()});
    }
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::pair(a.alternate, a.begin) < std::pair(b.alternate, b.begin);
  });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].alternate == ranges[i - 1].alternate && ranges[i].begin < ranges[i - 1].end) {
      return malformed(QStringLiteral("Two elements of the DfuSe file overlap at 0x%1.")
                           .arg(ranges[i].begin, 8, 16, QLatin1Char('0')));
    }
  }
  return {};
}

}  // namespace

qint64 DfuseFile::dataBytes() const {
  qint64 bytes = 0;
  for (const DfuseTarget& target : targets) {
    for (const DfuseElement& element : target.elements) {
      bytes += element.data.size();
    }
  }
  return bytes;
}

Result<DfuseFile> parseDfuseFile(QByteArrayView bytes) {
  SEALIFT_TRY(const DfuFile outer, parseDfuFile(bytes));
  if (outer.suffix.version != kDfuseFile) {
    return fail(ErrorCode::ImageFormatRefused, QStringLiteral("This is a plain DFU file, not a DfuSe file."));
  }
  DfuseFile file;
  file.suffix = outer.suffix;
  // UM0391, "DFU Prefix".
  ByteReader reader(bytes.first(outer.payloadSize));
  if (reader.take(5) != QByteArrayView("DfuSe")) {
    return malformed(QStringLiteral("The file does not begin with \"DfuSe\"."));
  }
  if (const int version = reader.u8(); version != 1 && !reader.failed()) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("The DfuSe file is of version %1; known is 1.").arg(version));
  }
  const qsizetype size = reader.le32();
  const int targets = reader.u8();
  // DFUImageSize: of the whole file as dfuse-pack writes it, without the suffix as others do.
  if (reader.failed() || (size != bytes.size() && size != outer.payloadSize)) {
    return malformed(QStringLiteral("The DfuSe file says %1 bytes and has %2.").arg(size).arg(outer.payloadSize));
  }
  if (targets == 0) {
    return malformed(QStringLiteral("The DfuSe file has no target."));
  }
  for (int i = 0; i < targets; ++i) {
    SEALIFT_TRY(DfuseTarget target, readTarget(reader));
    file.targets.append(std::move(target));
  }
  if (reader.remaining() != 0) {
    return malformed(QStringLiteral("The DfuSe file holds bytes that belong to no target."));
  }
  SEALIFT_CHECK(checkOverlaps(file.targets));
  return file;
}

QByteArray buildDfuseFile(const QList<DfuseTarget>& targets, const DfuSuffix& suffix) {
  QByteArray body;
  for (const DfuseTarget& target : targets) {
    QByteArray elements;
    for (const DfuseElement& element : target.elements) {
      appendLe32(elements, element.address);
      appendLe32(elements, static_cast<quint32>(element.data.size()));
      elements.append(element.data);
    }
    body.append("Target");
    body.append(static_cast<char>(target.alternate));
    appendLe32(body, target.name.isEmpty() ? 0U : 1U);
    body.append(target.name.toLatin1().leftJustified(kNameBytes, '\0', true));
    appendLe32(body, static_cast<quint32>(elements.size()));
    appendLe32(body, static_cast<quint32>(target.elements.size()));
    body.append(elements);
  }
  constexpr qsizetype kPrefixBytes = 11;
  QByteArray bytes("DfuSe\x01");
  appendLe32(bytes, static_cast<quint32>(kPrefixBytes + body.size() + kDfuSuffixBytes));
  bytes.append(static_cast<char>(targets.size()));
  bytes.append(body);
  DfuSuffix own = suffix;
  own.version = kDfuseFile;
  return appendDfuSuffix(bytes, own);
}

QByteArray dfuseDigest(const QList<DfuseTarget>& targets) {
  Digester digester(DigestAlgorithm::Sha256);
  for (const DfuseTarget& target : targets) {
    for (const DfuseElement& element : target.elements) {
      QByteArray place(1, static_cast<char>(target.alternate));
      appendLe32(place, element.address);
      appendLe32(place, static_cast<quint32>(element.data.size()));
      digester.add(place);
      digester.add(element.data);
    }
  }
  return digester.finish();
}

Result<ImageFacts> verifyDfuseFile(QByteArrayView bytes, const QList<QByteArray>& keys) {
  Q_UNUSED(keys)
  SEALIFT_TRY(const DfuseFile file, parseDfuseFile(bytes));
  ImageFacts facts;
  facts.format = QStringLiteral("dfuse");
  facts.digest = dfuseDigest(file.targets);
  return facts;
}

}  // namespace sealift
