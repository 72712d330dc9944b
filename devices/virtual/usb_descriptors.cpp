#include "devices/virtual/usb_descriptors.h"

#include <QSet>

namespace sealift {

namespace {

// USB 2.0, table 9-5.
constexpr quint8 kTypeDevice = 1;
constexpr quint8 kTypeConfiguration = 2;
constexpr quint8 kTypeString = 3;
constexpr quint8 kTypeInterface = 4;
constexpr quint8 kTypeEndpoint = 5;

constexpr quint8 kControlMaxPacket = 64;
constexpr quint16 kEnglish = 0x0409;         // LANGID, United States
constexpr qsizetype kMaxStringUnits = 126;   // UTF-16 units that fit bLength
constexpr quint8 kBusPowered = 0x80;         // bmAttributes; bit 7 is always 1
constexpr quint8 kHundredMilliamperes = 50;  // bMaxPower, in units of 2 mA
constexpr quint8 kBulkInterval = 0;          // never NAKs at the rate of 9.6.6: not told
constexpr quint8 kInterruptInterval = 10;
constexpr quint8 kTransferInterrupt = 3;

void put8(QByteArray& bytes, quint8 value) {
  bytes.append(static_cast<char>(value));
}

void put16(QByteArray& bytes, quint16 value) {
  put8(bytes, static_cast<quint8>(value & 0xff));
  put8(bytes, static_cast<quint8>(value >> 8));
}

QByteArray endpointDescriptor(const UsbEndpoint& endpoint) {
  QByteArray bytes;
  put8(bytes, 7);
  put8(bytes, kTypeEndpoint);
  put8(bytes, endpoint.address);
  put8(bytes, endpoint.attributes);
  put16(bytes, endpoint.maxPacket);
  put8(bytes, (endpoint.attributes & 3) == kTransferInterrupt ? kInterruptInterval : kBulkInterval);
  return bytes;
}

QByteArray interfaceDescriptor(const UsbAlternate& alternate, quint8 nameIndex) {
  QByteArray bytes;
  put8(bytes, 9);
  put8(bytes, kTypeInterface);
  put8(bytes, static_cast<quint8>(alternate.interfaceNumber));
  put8(bytes, static_cast<quint8>(alternate.alternate));
  put8(bytes, static_cast<quint8>(alternate.endpoints.size()));
  put8(bytes, alternate.classCode);
  put8(bytes, alternate.subclass);
  put8(bytes, alternate.protocol);
  put8(bytes, nameIndex);
  bytes += alternate.extra;
  for (const UsbEndpoint& endpoint : alternate.endpoints) {
    bytes += endpointDescriptor(endpoint);
  }
  return bytes;
}

}  // namespace

UsbDescriptors::UsbDescriptors(const UsbDescription& description) {
  put8(device_, 18);
  put8(device_, kTypeDevice);
  put16(device_, description.usbVersion);
  put8(device_, description.classCode);
  put8(device_, description.subclass);
  put8(device_, description.protocol);
  put8(device_, kControlMaxPacket);
  put16(device_, description.vendorId);
  put16(device_, description.productId);
  put16(device_, description.release);
  put8(device_, indexOf(description.manufacturer));
  put8(device_, indexOf(description.product));
  put8(device_, indexOf(description.serial));
  put8(device_, 1);  // bNumConfigurations

  QByteArray rest = description.extra;
  QSet<int> interfaces;
  for (const UsbAlternate& alternate : description.alternates) {
    interfaces.insert(alternate.interfaceNumber);
    rest += interfaceDescriptor(alternate, indexOf(alternate.name));
  }
  put8(configuration_, 9);
  put8(configuration_, kTypeConfiguration);
  put16(configuration_, static_cast<quint16>(9 + rest.size()));
  put8(configuration_, static_cast<quint8>(interfaces.size()));
  put8(configuration_, 1);  // bConfigurationValue
  put8(configuration_, 0);  // iConfiguration
  put8(configuration_, kBusPowered);
  put8(configuration_, kHundredMilliamperes);
  configuration_ += rest;
}

quint8 UsbDescriptors::indexOf(const QString& text) {
  if (text.isEmpty()) {
    return 0;
  }
  if (!strings_.contains(text)) {
    strings_.append(text);
  }
  return static_cast<quint8>(strings_.indexOf(text) + 1);
}

QByteArray UsbDescriptors::string(quint8 index) const {
  QByteArray units;
  if (index == 0) {
    put16(units, kEnglish);  // 9.6.7: the languages that there are
  } else if (index <= strings_.size()) {
    for (const QChar unit : strings_.at(index - 1).left(kMaxStringUnits)) {
      put16(units, unit.unicode());
    }
  } else {
    return {};
  }
  QByteArray bytes;
  put8(bytes, static_cast<quint8>(2 + units.size()));
  put8(bytes, kTypeString);
  return bytes + units;
}

}  // namespace sealift
