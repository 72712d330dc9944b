// Descriptors as a device sends them (USB 2.0, 9.6), made from what it is.
#pragma once

#include "devices/virtual/usb_function.h"

#include <QStringList>

namespace sealift {

class UsbDescriptors {
 public:
  explicit UsbDescriptors(const UsbDescription& description);

  const QByteArray& device() const { return device_; }                // 9.6.1
  const QByteArray& configuration() const { return configuration_; }  // 9.6.3, with all that belongs to it
  QByteArray string(quint8 index) const;                              // 9.6.7; empty: there is none

 private:
  quint8 indexOf(const QString& text);

  QStringList strings_;  // index 1 is the first
  QByteArray device_;
  QByteArray configuration_;
};

}  // namespace sealift
