#include "devices/virtual/smp_frame.h"

#include "app/base/byte_reader.h"

#include <QCborValue>

namespace sealift::virtual_smp {

namespace {

constexpr qsizetype kMaxLine = 127;                        // with marker and newline
constexpr qsizetype kRawPerLine = (kMaxLine - 3) / 4 * 3;  // bytes before base64
constexpr qsizetype kMaxGarbage = 4096;                    // a line that never ends is dropped
const QByteArray kInitial = QByteArrayLiteral("\x06\x09");
const QByteArray kPartial = QByteArrayLiteral("\x04\x14");

void appendBig16(QByteArray& bytes, quint16 value) {
  bytes.append(static_cast<char>(value >> 8));
  bytes.append(static_cast<char>(value & 0xff));
}

}  // namespace

std::optional<Frame> Frame::decodeRequest(QByteArrayView bytes) {
  ByteReader reader(bytes);
  Frame frame;
  const quint8 first = reader.u8();  // Res (3 bits), Ver (2), OP (3)
  frame.op = first & 0x07;
  frame.version = (first >> 3) & 0x03;
  reader.skip(1);  // flags
  const quint16 length = reader.be16();
  frame.group = reader.be16();
  frame.sequence = reader.u8();
  frame.command = reader.u8();
  const QByteArrayView data = reader.take(length);
  if (reader.failed() || reader.remaining() != 0 || (frame.op != kRead && frame.op != kWrite) || frame.version > 1) {
    return std::nullopt;
  }
  if (!data.isEmpty()) {
    QCborParserError error;
    const QCborValue value = QCborValue::fromCbor(data.toByteArray(), &error);
    if (error.error != QCborError::NoError || !value.isMap() || error.offset != data.size()) {
      return std::nullopt;
    }
    frame.body = value.toMap();
  }
  return frame;
}

QByteArray Frame::encode(bool indefinite) const {
  QByteArray data;
  if (indefinite) {
    data.append('\xbf');
    for (const auto& [key, value] : body) {
      data += QCborValue(key).toCbor() + QCborValue(value).toCbor();
    }
    data.append('\xff');
  } else {
    data = QCborValue(body).toCbor();
  }
  QByteArray bytes;
  bytes.append(static_cast<char>((version << 3) | op));
  bytes.append('\0');
  appendBig16(bytes, static_cast<quint16>(data.size()));
  appendBig16(bytes, group);
  bytes.append(static_cast<char>(sequence));
  bytes.append(static_cast<char>(command));
  return bytes + data;
}

quint16 crc16(QByteArrayView bytes) {
  quint32 crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<quint32>(static_cast<quint8>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000) != 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return static_cast<quint16>(crc);
}

QList<QByteArray> encodeConsoleLines(QByteArrayView packet) {
  QByteArray raw;
  appendBig16(raw, static_cast<quint16>(packet.size() + 2));
  raw.append(packet);
  appendBig16(raw, crc16(packet));
  QList<QByteArray> lines;
  for (qsizetype at = 0; at < raw.size(); at += kRawPerLine) {
    lines.append((at == 0 ? kInitial : kPartial) + raw.mid(at, kRawPerLine).toBase64() + '\n');
  }
  return lines;
}

QList<QByteArray> ConsoleDecoder::add(QByteArrayView bytes) {
  QList<QByteArray> packets;
  for (const char c : bytes) {
    if (c == '\n') {
      if (std::optional<QByteArray> packet = addLine(line_)) {
        packets.append(*packet);
      }
      line_.clear();
    } else if (line_.size() < kMaxGarbage) {
      line_.append(c);
    }
  }
  return packets;
}

std::optional<QByteArray> ConsoleDecoder::addLine(const QByteArray& line) {
  const bool initial = line.startsWith(kInitial);
  if ((!initial && !line.startsWith(kPartial)) || line.size() + 1 > kMaxLine || (!initial && expected_ < 0)) {
    return std::nullopt;
  }
  QByteArray text = line.mid(2);
  if (text.endsWith('\r')) {
    text.chop(1);
  }
  const auto decoded = QByteArray::fromBase64Encoding(text, QByteArray::Base64Option::AbortOnBase64DecodingErrors);
  expected_ = initial ? -1 : expected_;
  if (!decoded) {
    expected_ = -1;
    return std::nullopt;
  }
  QByteArray raw = *decoded;
  if (initial) {
    ByteReader reader(raw);
    const qsizetype total = reader.be16();
    if (reader.failed() || total < 2 || total - 2 > maxPacket_) {
      return std::nullopt;
    }
    expected_ = total;
    packet_.clear();
    raw.remove(0, 2);
  }
  packet_ += raw;
  if (packet_.size() < expected_) {
    return std::nullopt;
  }
  const bool fits = packet_.size() == expected_;
  expected_ = -1;
  const QByteArray body = packet_.chopped(2);
  if (!fits || crc16(body) != ByteReader(QByteArrayView(packet_).last(2)).be16()) {
    return std::nullopt;
  }
  return body;
}

}  // namespace sealift::virtual_smp
