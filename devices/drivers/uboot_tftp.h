// The image's way into the device's memory by TFTP: a server of our own, for this image, this device and this one
// transfer, and U-Boot's tftpboot over the console. What is in memory afterwards is the loader's to prove.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/uboot_settings.h"
#include "transports/protocols/tftp/tftp_service.h"

namespace sealift {

class UbootTftp {
 public:
  // `settings.tftp` is set. All outlive this.
  UbootTftp(UbootConsole& console, const UbootSettings& settings, LinkOpener& links)
      : console_(console), settings_(settings), tftp_(*settings.tftp), links_(links) {}

  // Errors: LinkPermission (the port, with the remedy), LinkOpen, Offline, Timeout (no request came), ProtocolRefused
  // (with U-Boot's words), DeviceWriteFailed (somebody else's file, or only a part), Cancelled, LinkLost (the console).
  Status send(const Image& image, StepContext& step);

 private:
  Result<QHostAddress> deviceAddress(const CancelToken& cancel);
  Result<std::unique_ptr<TftpService>> serve(const Image& image, const QHostAddress& device, const QHostAddress& own,
                                             const QByteArray& fileName, const CancelToken& cancel);

  UbootConsole& console_;
  const UbootSettings& settings_;
  const UbootTftpSettings& tftp_;
  LinkOpener& links_;
};

// The device's memory holds what nobody here sent: DeviceWriteFailed, in these words.
tl::unexpected<Error> otherBytesArrived(const QString& what);

}  // namespace sealift
