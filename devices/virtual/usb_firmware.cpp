#include "devices/virtual/usb_firmware.h"

#include "app/base/byte_reader.h"
#include "app/base/byte_writer.h"
#include "app/base/crc.h"

#include <algorithm>
#include <random>

namespace sealift {

namespace {

constexpr quint32 kStackPointer = 0x20004000;
constexpr char kMagic[] = "SLFW";

}  // namespace

QByteArray makeUsbFirmware(quint16 release, qsizetype size, quint32 seed, quint32 base) {
  size = std::max(size, kUsbFirmwareHeaderBytes);
  std::mt19937 random(seed);
  QByteArray content(size - kUsbFirmwareHeaderBytes, Qt::Uninitialized);
  std::generate(content.begin(), content.end(), [&] { return static_cast<char>(random() & 0xFFU); });
  return sealUsbFirmware(release, content, base);
}

QByteArray sealUsbFirmware(quint16 release, QByteArrayView content, quint32 base) {
  QByteArray firmware;
  appendLe32(firmware, kStackPointer);
  appendLe32(firmware, base + static_cast<quint32>(kUsbFirmwareHeaderBytes) + 1);
  firmware.append(kMagic);
  appendLe32(firmware, static_cast<quint32>(kUsbFirmwareHeaderBytes + content.size()));
  appendLe16(firmware, release);
  appendLe16(firmware, 0);
  appendLe32(firmware, crc32(content));
  firmware.append(content);
  return firmware;
}

std::optional<quint16> releaseOfUsbFirmware(QByteArrayView memory) {
  ByteReader reader(memory);
  const quint32 stack = reader.le32();
  reader.skip(4);
  const QByteArrayView magic = reader.take(4);
  const qsizetype size = reader.le32();
  const quint16 release = reader.le16();
  reader.skip(2);
  const quint32 crc = reader.le32();
  if (reader.failed() || stack != kStackPointer || magic != QByteArrayView(kMagic) || size < kUsbFirmwareHeaderBytes) {
    return std::nullopt;
  }
  const QByteArrayView content = reader.take(size - kUsbFirmwareHeaderBytes);
  if (reader.failed() || crc32(content) != crc) {
    return std::nullopt;
  }
  return release;
}

}  // namespace sealift
