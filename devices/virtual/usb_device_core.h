// What all USB devices have in common, around the function of one: the standard requests (USB 2.0, 9.4), the
// alternate settings, and endpoints that stay halted after a stall. Not thread-safe: its bus calls it one by one.
#pragma once

#include "devices/virtual/usb_descriptors.h"
#include "devices/virtual/usb_function.h"

#include <QMap>
#include <QSet>

namespace sealift {

class UsbDeviceCore {
 public:
  // The function outlives it.
  explicit UsbDeviceCore(UsbFunction& function) : function_(function), descriptors_({}) {}

  // Comes onto the bus.
  void attach();
  // True: the host finds another device now.
  bool reset();
  // UsbFunction::fellOff().
  std::optional<std::chrono::milliseconds> fellOff() { return function_.fellOff(); }
  const UsbDescription& description() const { return description_; }

  UsbAnswer control(const UsbSetup& setup, QByteArrayView data);
  // Stall for endpoints that the alternate settings in use don't have.
  UsbAnswer transferIn(quint8 address, qsizetype maxBytes);
  UsbAnswer transferOut(quint8 address, QByteArrayView data);

 private:
  UsbAnswer standard(const UsbSetup& setup, QByteArrayView data);
  UsbAnswer getDescriptor(const UsbSetup& setup, QByteArrayView data);
  UsbAnswer setInterface(int interfaceNumber, int alternate);
  UsbAnswer featureOfEndpoint(const UsbSetup& setup);
  const UsbAlternate* find(int interfaceNumber, int alternate) const;
  const UsbEndpoint* endpoint(quint8 address) const;
  UsbAnswer remember(quint8 address, const UsbAnswer& answer);
  void toDefaultState();
  void describe();

  UsbFunction& function_;
  UsbDescription description_;
  UsbDescriptors descriptors_;
  QMap<int, int> alternates_;  // in use, of each interface
  QSet<quint8> halted_;
  quint8 configuration_ = 0;
};

}  // namespace sealift
