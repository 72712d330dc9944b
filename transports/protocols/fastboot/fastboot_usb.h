// Fastboot over USB: two bulk endpoints of an interface of class ff/42/03.
// Source: AOSP, system/core/fastboot/README.md, "Basic Requirements"; the class is the one that its host looks for.
#pragma once

#include "transports/links/usb_link.h"
#include "transports/protocols/fastboot/fastboot_carrier.h"

#include <optional>

namespace sealift {

struct FastbootUsbInterface {
  int interfaceNumber = 0;
  int alternate = 0;
  UsbEndpoint in;
  UsbEndpoint out;
};

// The device's fastboot interface; nothing when it has none now.
std::optional<FastbootUsbInterface> findFastbootInterface(const UsbDeviceInfo& device);

class FastbootUsb final : public FastbootCarrier {
 public:
  explicit FastbootUsb(UsbLink& link) : link_(link) {}

  // Claims the interface. DeviceNotRecognised when there is none.
  Status begin(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;

 private:
  qsizetype wholePackets(qsizetype bytes) const;

  UsbLink& link_;
  FastbootUsbInterface interface_;
};

}  // namespace sealift
