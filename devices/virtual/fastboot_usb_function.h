// A virtual fastboot device on the USB: interface ff/42/03 with two bulk endpoints.
// Source: AOSP, system/core/fastboot/README.md, "Basic Requirements". Threads: as UsbFunction says; the board may be
// looked at meanwhile.
#pragma once

#include "devices/virtual/fastboot_board.h"
#include "devices/virtual/usb_function.h"

namespace sealift {

class FastbootUsbFunction final : public UsbFunction {
 public:
  explicit FastbootUsbFunction(std::shared_ptr<FastbootBoard> board) : board_(std::move(board)) {}

  UsbDescription description() const override;
  void attach() override;
  void reset() override;
  void unplug() override;
  std::optional<std::chrono::milliseconds> fellOff() override;
  UsbAnswer control(const UsbSetup& setup, QByteArrayView data) override;
  UsbAnswer transferIn(quint8 endpoint, qsizetype maxBytes) override;
  UsbAnswer transferOut(quint8 endpoint, QByteArrayView data) override;

 private:
  std::optional<std::chrono::milliseconds> absence();
  std::optional<UsbAnswer> goneMeanwhile();
  std::chrono::milliseconds startTime() const;

  std::shared_ptr<FastbootBoard> board_;
  quint32 starts_ = 0;   // of the device when it came onto the bus
  bool cameUp_ = false;  // it spoke fastboot then
  QByteArray rest_;      // of a reply that the host has not taken yet
};

}  // namespace sealift
