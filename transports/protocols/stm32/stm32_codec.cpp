#include "transports/protocols/stm32/stm32_codec.h"

#include "app/base/byte_reader.h"

#include <numeric>

namespace sealift {

namespace {

void appendBig16(QByteArray& bytes, quint16 value) {
  bytes.append(static_cast<char>(value >> 8));
  bytes.append(static_cast<char>(value & 0xFF));
}

QByteArray withChecksum(QByteArray bytes) {
  const char sum =
      std::accumulate(bytes.cbegin(), bytes.cend(), char{0}, [](char a, char b) { return static_cast<char>(a ^ b); });
  return bytes.append(sum);
}

QByteArray withComplement(quint8 value) {
  return QByteArray(1, static_cast<char>(value)).append(static_cast<char>(~value & 0xFF));
}

}  // namespace

QString stm32CommandName(Stm32Command command) {
  switch (command) {
    case Stm32Command::Get:
      return QStringLiteral("Get");
    case Stm32Command::GetVersion:
      return QStringLiteral("Get Version");
    case Stm32Command::GetId:
      return QStringLiteral("Get ID");
    case Stm32Command::ReadMemory:
      return QStringLiteral("Read Memory");
    case Stm32Command::Go:
      return QStringLiteral("Go");
    case Stm32Command::WriteMemory:
      return QStringLiteral("Write Memory");
    case Stm32Command::Erase:
      return QStringLiteral("Erase Memory");
    case Stm32Command::ExtendedErase:
      return QStringLiteral("Extended Erase Memory");
    case Stm32Command::ReadoutProtect:
      return QStringLiteral("Readout Protect");
    case Stm32Command::ReadoutUnprotect:
      return QStringLiteral("Readout Unprotect");
  }
  return {};
}

QByteArray encodeStm32Command(Stm32Command command) {
  return withComplement(static_cast<quint8>(command));
}

QByteArray encodeStm32Address(quint32 address) {
  QByteArray bytes;
  appendBig16(bytes, static_cast<quint16>(address >> 16));
  appendBig16(bytes, static_cast<quint16>(address & 0xFFFF));
  return withChecksum(bytes);
}

QByteArray encodeStm32Count(qsizetype count) {
  return withComplement(static_cast<quint8>(count - 1));
}

QByteArray encodeStm32Data(QByteArrayView data) {
  QByteArray bytes(1, static_cast<char>(data.size() - 1));
  return withChecksum(bytes.append(data));
}

QByteArray encodeStm32Pages(const QList<quint16>& pages, bool extended) {
  QByteArray bytes;
  const auto append = [&](quint16 value) {
    if (extended) {
      appendBig16(bytes, value);
    } else {
      bytes.append(static_cast<char>(value & 0xFF));
    }
  };
  append(static_cast<quint16>(pages.size() - 1));
  for (const quint16 page : pages) {
    append(page);
  }
  return withChecksum(bytes);
}

QByteArray encodeStm32MassErase(bool extended) {
  return extended ? withChecksum(QByteArray(2, '\xFF')) : withComplement(0xFF);
}

QString Stm32BootloaderInfo::versionText() const {
  return QStringLiteral("%1.%2").arg(version >> 4).arg(version & 0x0F);
}

Result<Stm32BootloaderInfo> parseStm32Get(QByteArrayView rest) {
  ByteReader reader(rest);
  Stm32BootloaderInfo info;
  info.version = reader.u8();
  info.commands = reader.take(reader.remaining()).toByteArray();
  if (reader.failed() || !info.has(Stm32Command::Get) || !info.has(Stm32Command::GetId)) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The bootloader does not tell which commands it has."));
  }
  return info;
}

Result<quint16> parseStm32Id(QByteArrayView rest) {
  ByteReader reader(rest);
  const quint16 id = reader.be16();
  if (reader.failed()) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The bootloader does not tell which product it is in."));
  }
  return id;
}

}  // namespace sealift
