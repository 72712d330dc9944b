// Which interfaces of a device a link has, and what it may therefore ask for. For the implementations of UsbLink.
#pragma once

#include "transports/links/usb_link.h"

#include <QMap>

namespace sealift {

class UsbClaims {
 public:
  explicit UsbClaims(const UsbDeviceInfo& device) : device_(device) {}

  // NotFound when the device has no such alternate setting.
  Status checkExists(int interfaceNumber, int alternate) const;
  void add(int interfaceNumber, int alternate) { alternates_.insert(interfaceNumber, alternate); }
  bool contains(int interfaceNumber) const { return alternates_.contains(interfaceNumber); }
  QList<int> interfaces() const { return alternates_.keys(); }  // ascending
  void clear() { alternates_.clear(); }
  // Whether choosing it takes a request: an interface with one alternate setting need not take SET_INTERFACE
  // (USB 2.0, 9.4.10).
  bool needsSelection(int interfaceNumber) const;

  // Class requests to an interface, and transfers, are for whoever has it: Windows insists, and Linux logs a
  // complaint. InvalidArgument otherwise.
  Status checkRequest(const UsbRequest& request, qsizetype length) const;
  Status checkEndpoint(quint8 endpoint) const;

 private:
  const UsbAlternate* find(int interfaceNumber, int alternate) const;

  UsbDeviceInfo device_;
  QMap<int, int> alternates_;  // of each interface that was claimed
};

}  // namespace sealift
