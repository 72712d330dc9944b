#include "transports/protocols/smp/smp_console_framing.h"

#include "app/base/crc.h"
#include "transports/protocols/smp/smp_message.h"

#include <QtEndian>

#include <algorithm>

namespace sealift {

namespace {

constexpr char kInitial[] = "\x06\x09";
constexpr char kPartial[] = "\x04\x14";
constexpr qsizetype kCrcSize = 2;
constexpr qsizetype kLengthSize = 2;
// "There are no real protocol constraints that require that limit": longer lines than ours are read, within reason.
constexpr qsizetype kMaxLineText = 4096;

// How many of the `left` raw bytes (CRC included) go into the next line. The CRC stands whole in the final frame, and
// a line before it holds a multiple of three bytes, so that base64 padding only ever ends a packet.
qsizetype nextPiece(qsizetype left) {
  if (left <= kSmpConsoleLineRaw) {
    return left;
  }
  return left - kSmpConsoleLineRaw < kCrcSize ? kSmpConsoleLineRaw - 3 : kSmpConsoleLineRaw;
}

bool isBase64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

}  // namespace

QByteArray encodeSmpConsole(QByteArrayView packet) {
  QByteArray raw(kLengthSize, '\0');
  qToBigEndian(static_cast<quint16>(packet.size() + kCrcSize), raw.data());  // counts the CRC, not itself
  raw += packet;
  QByteArray crc(kCrcSize, '\0');
  qToBigEndian(crc16Xmodem(packet), crc.data());
  raw += crc;

  QByteArray lines;
  lines.reserve(smpConsoleSize(packet.size()));
  for (qsizetype at = 0; at < raw.size();) {
    const qsizetype piece = nextPiece(raw.size() - at);
    lines.append(at == 0 ? kInitial : kPartial, 2);
    lines += raw.mid(at, piece).toBase64();
    lines += '\n';
    at += piece;
  }
  return lines;
}

qsizetype smpConsoleSize(qsizetype packetSize) {
  qsizetype size = 0;
  for (qsizetype left = packetSize + kSmpConsoleOverhead; left > 0;) {
    const qsizetype piece = nextPiece(left);
    size += 2 + (piece + 2) / 3 * 4 + 1;
    left -= piece;
  }
  return size;
}

std::optional<QByteArray> SmpConsoleReader::take(char byte) {
  const char before = previous_;
  previous_ = byte;
  // A start marker is two control characters, which neither base64 nor text has: it starts a frame wherever it stands,
  // also behind a prompt on the same line.
  const bool initial = before == kInitial[0] && byte == kInitial[1];
  const bool partial = before == kPartial[0] && byte == kPartial[1];
  if (initial || partial) {
    line_ = initial ? Line::Initial : Line::Partial;
    text_.clear();
    return std::nullopt;
  }
  if (line_ == Line::Noise || byte == '\r') {
    return std::nullopt;
  }
  if (byte == '\n') {
    return finishLine();
  }
  if (!isBase64(byte) || text_.size() == kMaxLineText) {
    drop();
    return std::nullopt;
  }
  text_ += byte;
  return std::nullopt;
}

void SmpConsoleReader::drop() {
  ++dropped_;
  line_ = Line::Noise;
  packet_.clear();
  total_ = -1;
}

std::optional<QByteArray> SmpConsoleReader::finishLine() {
  const Line line = line_;
  line_ = Line::Noise;
  const auto decoded = QByteArray::fromBase64Encoding(text_, QByteArray::AbortOnBase64DecodingErrors);
  if (!decoded) {
    drop();
    return std::nullopt;
  }
  const QByteArray& raw = decoded.decoded;
  if (line == Line::Initial) {
    if (raw.size() < kLengthSize) {
      drop();
      return std::nullopt;
    }
    total_ = qFromBigEndian<quint16>(raw.constData());
    packet_ = raw.sliced(kLengthSize);
    if (total_ < kSmpHeaderSize + kCrcSize) {  // no SMP packet is that short
      drop();
      return std::nullopt;
    }
  } else if (total_ < 0) {
    drop();  // a continuation of nothing
    return std::nullopt;
  } else {
    packet_ += raw;
  }
  if (packet_.size() < total_) {
    return std::nullopt;
  }
  const QByteArrayView body = QByteArrayView(packet_).first(std::max<qsizetype>(total_ - kCrcSize, 0));
  if (packet_.size() > total_ ||
      crc16Xmodem(body) != qFromBigEndian<quint16>(packet_.constData() + total_ - kCrcSize)) {
    drop();
    return std::nullopt;
  }
  QByteArray packet = body.toByteArray();
  packet_.clear();
  total_ = -1;
  return packet;
}

}  // namespace sealift
