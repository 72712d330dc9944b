// An open link to a device with the fastboot session over it.
#pragma once

#include "devices/core/model.h"
#include "transports/links/link_opener.h"
#include "transports/protocols/fastboot/fastboot_session.h"

#include <memory>

namespace sealift {

class FastbootConnection {
 public:
  // A device on the USB is opened only when it has one of the model's identities.
  // Errors: the link's; DeviceNotRecognised (another device, or one that is not in fastboot); ProtocolMalformed.
  static Result<std::unique_ptr<FastbootConnection>> open(const ModelDescription& model, const LinkAddress& address,
                                                          LinkOpener& links, const CancelToken& cancel);
  // A device that was left in the middle of a command over USB is reset: fastboot has no other way to call it off.
  ~FastbootConnection();
  FastbootConnection(const FastbootConnection&) = delete;
  FastbootConnection& operator=(const FastbootConnection&) = delete;

  FastbootSession& session() { return *session_; }
  // What the USB tells of the device; null on other links.
  const UsbDeviceInfo* usb() const { return usb_ ? &usb_->device() : nullptr; }

 private:
  FastbootConnection() = default;

  std::unique_ptr<ByteLink> bytes_;
  std::unique_ptr<DatagramLink> datagrams_;
  std::unique_ptr<UsbLink> usb_;
  std::unique_ptr<FastbootCarrier> carrier_;
  std::unique_ptr<FastbootSession> session_;
};

}  // namespace sealift
