#include "transports/protocols/fastboot/fastboot_usb.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr quint8 kClass = 0xFF;
constexpr quint8 kSubclass = 0x42;
constexpr quint8 kProtocol = 0x03;
constexpr quint8 kTransferType = 0x03;  // of bmAttributes (USB 2.0, table 9-13)
constexpr quint8 kBulk = 0x02;
constexpr quint8 kDirectionIn = 0x80;

tl::unexpected<Error> tooMuch(qsizetype got, qsizetype allowed) {
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("The device sent %1 bytes where %2 are allowed.").arg(got).arg(allowed));
}

}  // namespace

std::optional<FastbootUsbInterface> findFastbootInterface(const UsbDeviceInfo& device) {
  for (const UsbAlternate& each : device.alternates) {
    if (each.classCode != kClass || each.subclass != kSubclass || each.protocol != kProtocol) {
      continue;
    }
    FastbootUsbInterface found{each.interfaceNumber, each.alternate, {}, {}};
    for (const UsbEndpoint& endpoint : each.endpoints) {
      if ((endpoint.attributes & kTransferType) == kBulk && endpoint.maxPacket > 0) {
        UsbEndpoint& place = (endpoint.address & kDirectionIn) != 0 ? found.in : found.out;
        place = place.maxPacket == 0 ? endpoint : place;
      }
    }
    if (found.in.maxPacket > 0 && found.out.maxPacket > 0) {
      return found;
    }
  }
  return std::nullopt;
}

Status FastbootUsb::begin(const Deadline& deadline, const CancelToken& cancel) {
  Q_UNUSED(deadline)  // claiming takes no transfer
  const std::optional<FastbootUsbInterface> found = findFastbootInterface(link_.device());
  if (!found) {
    return fail(ErrorCode::DeviceNotRecognised, QStringLiteral("The device is connected, but not in fastboot."),
                QStringLiteral("Bring it into fastboot (its vendor says with which keys) and try again."));
  }
  interface_ = *found;
  return link_.claim(found->interfaceNumber, found->alternate, cancel);
}

Status FastbootUsb::send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) {
  return link_.bulkOut(interface_.out.address, packet, deadline, cancel);
}

Status FastbootUsb::sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) {
  return link_.bulkOut(interface_.out.address, data, deadline, cancel);
}

// A transfer that ends within a packet of the device is an error of the bus: room is always for whole packets.
qsizetype FastbootUsb::wholePackets(qsizetype bytes) const {
  const qsizetype packet = interface_.in.maxPacket;
  return (bytes + packet - 1) / packet * packet;
}

Result<QByteArray> FastbootUsb::receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(QByteArray packet, link_.bulkIn(interface_.in.address, wholePackets(maxBytes), deadline, cancel));
  if (packet.size() > maxBytes) {
    return tooMuch(packet.size(), maxBytes);
  }
  return packet;
}

Result<QByteArray> FastbootUsb::receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_TRY(QByteArray data, link_.bulkIn(interface_.in.address, wholePackets(maxBytes), deadline, cancel));
    if (data.size() > maxBytes) {
      return tooMuch(data.size(), maxBytes);
    }
    if (!data.isEmpty()) {  // "zero-length packets are ignored"
      return data;
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
  }
}

}  // namespace sealift
