#include "devices/virtual/fastboot_firmware.h"

#include "keystore/crypto/digest.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr char kFirstLine[] = "sealift-virtual-fastboot";
constexpr qsizetype kMaxHeader = 512;
constexpr qsizetype kLines = 5;

QByteArray makeHeader(const Version& version, const QByteArray& behaviour, QByteArrayView payload) {
  return QByteArray(kFirstLine) + "\nversion=" + version.toString().toLatin1() + "\nbehaviour=" + behaviour +
         "\npayload=" + QByteArray::number(payload.size()) + "\nsha256=" + sha256(payload).toHex() + "\n\n";
}

}  // namespace

std::optional<FastbootFirmware> FastbootFirmware::parse(QByteArrayView begin, qsizetype partitionBytes) {
  const QByteArray text = begin.first(std::min(begin.size(), kMaxHeader)).toByteArray();
  const qsizetype end = text.indexOf("\n\n");
  const QList<QByteArray> lines = text.left(end).split('\n');
  if (end < 0 || lines.size() != kLines || lines[0] != kFirstLine) {
    return std::nullopt;
  }
  const auto value = [&](qsizetype line, const QByteArray& key) {
    return lines[line].startsWith(key + '=') ? lines[line].mid(key.size() + 1) : QByteArray();
  };
  const std::optional<Version> version = Version::parse(QString::fromLatin1(value(1, "version")));
  FastbootFirmware firmware;
  firmware.behaviour = value(2, "behaviour");
  bool isNumber = false;
  firmware.payloadSize = value(3, "payload").toLongLong(&isNumber);
  firmware.payloadDigest = QByteArray::fromHex(value(4, "sha256"));
  firmware.payloadAt = end + 2;
  if (!version || !isNumber || firmware.payloadSize < 0 || firmware.payloadSize > partitionBytes - firmware.payloadAt) {
    return std::nullopt;
  }
  firmware.version = *version;
  return firmware;
}

QByteArray makeFastbootFirmware(const Version& version, const QByteArray& behaviour, qsizetype totalSize) {
  // The header's length depends on the payload's by the digits of a number only: two rounds settle it.
  QByteArray payload;
  qsizetype headerSize = 0;
  for (int round = 0; round < 3; ++round) {
    payload.resize(std::max<qsizetype>(totalSize - headerSize, 0));
    headerSize = makeHeader(version, behaviour, payload).size();
  }
  payload.resize(std::max<qsizetype>(totalSize - headerSize, 0));
  quint32 state = version.major * 65536 + version.minor * 256 + version.revision + 1;
  for (char& c : payload) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return makeHeader(version, behaviour, payload) + payload;
}

}  // namespace sealift
