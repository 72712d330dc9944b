#include "transports/protocols/fastboot/fastboot_tcp.h"

#include "app/base/byte_reader.h"
#include "transports/protocols/fastboot/fastboot_reply.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr char kHandshake[] = "FB01";
constexpr qsizetype kHandshakeBytes = 4;
constexpr qsizetype kLengthBytes = 8;

QByteArray lengthOf(QByteArrayView packet) {
  QByteArray length(kLengthBytes, '\0');
  quint64 rest = static_cast<quint64>(packet.size());
  for (qsizetype i = kLengthBytes; i-- > 0; rest >>= 8) {
    length[i] = static_cast<char>(rest & 0xFF);
  }
  return length;
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

// "Handshake": FB and two decimal digits; the lower of both versions counts, and there is none below 1.
Status FastbootTcp::begin(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(link_.write(QByteArrayView(kHandshake, kHandshakeBytes), deadline, cancel));
  SEALIFT_TRY(const QByteArray theirs, readExactly(kHandshakeBytes, deadline, cancel));
  if (!theirs.startsWith("FB") || !isDigit(theirs[2]) || !isDigit(theirs[3]) || theirs == "FB00") {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("What answers at this port does not speak fastboot: it said \"%1\".").arg(fastbootText(theirs)),
        QStringLiteral("Check the address, and that the device is in fastboot."));
  }
  return {};
}

Status FastbootTcp::send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) {
  return link_.write(lengthOf(packet) + packet.toByteArray(), deadline, cancel);
}

Status FastbootTcp::sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(link_.write(lengthOf(data), deadline, cancel));
  return link_.write(data, deadline, cancel);
}

Result<QByteArray> FastbootTcp::receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  if (dataLeft_ > 0) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device sent more data than it announced."));
  }
  SEALIFT_TRY(const quint64 length, readLength(deadline, cancel));
  if (length > static_cast<quint64>(maxBytes)) {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("The device announced a reply of %1 bytes; at most %2 are allowed.").arg(length).arg(maxBytes));
  }
  return readExactly(static_cast<qsizetype>(length), deadline, cancel);
}

Result<QByteArray> FastbootTcp::receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  while (dataLeft_ == 0) {  // "zero-length packets are ignored"
    SEALIFT_TRY(dataLeft_, readLength(deadline, cancel));
  }
  const qsizetype wanted = static_cast<qsizetype>(std::min<quint64>(dataLeft_, static_cast<quint64>(maxBytes)));
  SEALIFT_TRY(QByteArray bytes, link_.read(wanted, deadline, cancel));
  dataLeft_ -= static_cast<quint64>(bytes.size());
  return bytes;
}

Result<quint64> FastbootTcp::readLength(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray bytes, readExactly(kLengthBytes, deadline, cancel));
  return quint64{ByteReader(bytes).be64()};
}

Result<QByteArray> FastbootTcp::readExactly(qsizetype bytes, const Deadline& deadline, const CancelToken& cancel) {
  QByteArray all;
  while (all.size() < bytes) {
    SEALIFT_TRY(const QByteArray part, link_.read(bytes - all.size(), deadline, cancel));
    all += part;
  }
  return all;
}

}  // namespace sealift
