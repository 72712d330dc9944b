// A device on a VirtualUsbBus, opened.
#pragma once

#include "devices/virtual/virtual_usb_wire.h"
#include "transports/links/usb_claims.h"

#include <functional>

namespace sealift {

class VirtualUsbLink final : public UsbLink {
 public:
  VirtualUsbLink(const std::shared_ptr<VirtualUsbWire>& wire, const UsbDeviceInfo& device, quint64 visit,
                 quint64 number);
  ~VirtualUsbLink() override;
  VirtualUsbLink(const VirtualUsbLink&) = delete;
  VirtualUsbLink& operator=(const VirtualUsbLink&) = delete;

  const UsbDeviceInfo& device() const override { return device_; }
  Status claim(int interfaceNumber, int alternate, const CancelToken& cancel) override;
  Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                               const CancelToken& cancel) override;
  Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                    const CancelToken& cancel) override;
  Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                            const CancelToken& cancel) override;
  Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override;
  Status reset(const CancelToken& cancel) override;
  QString description() const override;

 private:
  using Offer = std::function<UsbAnswer(UsbDeviceCore&)>;

  VirtualUsbSocket* socket();
  Status begin(const CancelToken& cancel);
  Result<QByteArray> transfer(const Offer& offer, const QString& what, const Deadline& deadline,
                              const CancelToken& cancel);
  Status pass(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds time, const Deadline& deadline,
              const CancelToken& cancel);
  void clearHalt(quint8 endpoint, const Error& error);
  tl::unexpected<Error> lost() const;

  std::shared_ptr<VirtualUsbWire> wire_;
  UsbDeviceInfo device_;
  UsbClaims claims_;
  quint64 visit_;
  quint64 number_;
};

}  // namespace sealift
