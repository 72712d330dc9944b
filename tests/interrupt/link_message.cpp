#include "tests/interrupt/link_message.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace sealift::test {

namespace {

bool readAll(int socket, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(socket, bytes, size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

QDataStream& operator<<(QDataStream& stream, const UsbEndpoint& endpoint) {
  return stream << endpoint.address << endpoint.attributes << endpoint.maxPacket;
}

QDataStream& operator>>(QDataStream& stream, UsbEndpoint& endpoint) {
  return stream >> endpoint.address >> endpoint.attributes >> endpoint.maxPacket;
}

QDataStream& operator<<(QDataStream& stream, const UsbAlternate& alternate) {
  stream << alternate.interfaceNumber << alternate.alternate << alternate.classCode << alternate.subclass
         << alternate.protocol << alternate.name << alternate.extra << quint32(alternate.endpoints.size());
  for (const UsbEndpoint& endpoint : alternate.endpoints) {
    stream << endpoint;
  }
  return stream;
}

QDataStream& operator>>(QDataStream& stream, UsbAlternate& alternate) {
  quint32 count = 0;
  stream >> alternate.interfaceNumber >> alternate.alternate >> alternate.classCode >> alternate.subclass >>
      alternate.protocol >> alternate.name >> alternate.extra >> count;
  for (quint32 i = 0; i < count; ++i) {
    UsbEndpoint endpoint;
    stream >> endpoint;
    alternate.endpoints << endpoint;
  }
  return stream;
}

}  // namespace

bool writeMessage(int socket, const QByteArray& message) {
  const quint32 size = static_cast<quint32>(message.size());
  QByteArray bytes(reinterpret_cast<const char*>(&size), sizeof size);
  bytes += message;
  const char* at = bytes.constData();
  std::size_t left = static_cast<std::size_t>(bytes.size());
  while (left > 0) {
    const ssize_t sent = ::send(socket, at, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    at += sent;
    left -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool readMessage(int socket, QByteArray& message) {
  quint32 size = 0;
  if (!readAll(socket, reinterpret_cast<char*>(&size), sizeof size)) {
    return false;
  }
  message.resize(size);
  return readAll(socket, message.data(), size);
}

QDataStream& operator<<(QDataStream& stream, const UsbDeviceInfo& info) {
  stream << info.place << info.vendorId << info.productId << info.release << info.manufacturer << info.product
         << info.serial << info.extra << info.readable << quint32(info.alternates.size());
  for (const UsbAlternate& alternate : info.alternates) {
    stream << alternate;
  }
  return stream;
}

QDataStream& operator>>(QDataStream& stream, UsbDeviceInfo& info) {
  quint32 count = 0;
  stream >> info.place >> info.vendorId >> info.productId >> info.release >> info.manufacturer >> info.product >>
      info.serial >> info.extra >> info.readable >> count;
  for (quint32 i = 0; i < count; ++i) {
    UsbAlternate alternate;
    stream >> alternate;
    info.alternates << alternate;
  }
  return stream;
}

}  // namespace sealift::test
