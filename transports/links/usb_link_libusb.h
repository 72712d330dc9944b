// A USB device of this computer, through libusb 1.0.
#pragma once

#include "transports/links/libusb_transfer.h"
#include "transports/links/usb_claims.h"
#include "transports/links/usb_listing_libusb.h"

namespace sealift {

class LibusbLink final : public UsbLink {
 public:
  // Errors: LinkOpen (nothing is there), LinkPermission (with the remedy for this system), NotSupported.
  static Result<std::unique_ptr<UsbLink>> open(const QString& place, const CancelToken& cancel);
  ~LibusbLink() override;
  LibusbLink(const LibusbLink&) = delete;
  LibusbLink& operator=(const LibusbLink&) = delete;

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
  LibusbLink(LibusbContext context, libusb_device_handle* handle, const UsbDeviceInfo& device);

  void readNames(libusb_device* device, const CancelToken& cancel);
  QString readString(quint8 index, quint16 language, const Deadline& deadline, const CancelToken& cancel);
  Result<QByteArray> control(const UsbRequest& request, const QByteArray& data, const Deadline& deadline,
                             const CancelToken& cancel);
  Status begin(LibusbTransfer::Type type, quint8 endpoint, const QByteArray& buffer, const Deadline& deadline,
               const CancelToken& cancel);
  Result<LibusbTransfer> finish(quint8 endpoint, const Deadline& deadline, const CancelToken& cancel);
  Status checkUsable(const CancelToken& cancel) const;
  Status letGoOfDriver(int interfaceNumber);
  tl::unexpected<Error> lost();
  tl::unexpected<Error> failed(int status, const QString& doing);
  void giveBack();

  LibusbContext context_;
  libusb_device_handle* handle_;
  UsbDeviceInfo device_;
  UsbClaims claims_;
  QList<int> detached_;  // interfaces that the system's driver gave up for us
  LibusbTransfers transfers_;
  bool lost_ = false;
};

}  // namespace sealift
