// A recording of what a program did on the USB, as text that people can read, edit and keep with a test:
//
//   sealift-recording 1 usb                   first line
//   # a comment                               ignored, as are empty lines
//   list [{"place":"1-2", …}]                 what was on the bus, told whenever it changed since it was last looked at
//   open 1-2 < {"place":"1-2", …}            what it tells once it is opened
//   claim 0 1                                 interface, alternate setting
//   control-in a1 03 0000 0000 6 < 0000…      bmRequestType, bRequest, wValue, wIndex, wLength: what came
//   control-out 21 01 0000 0000 > 48454c…     what was sent
//   bulk-in 81 512 < 4f4b4159                 endpoint, most bytes: what came
//   bulk-out 01 > 676574766172
//   reset
//
// Numbers are hexadecimal but for lengths and interfaces. A call that failed ends with " ! " and the error's name.
// Times are not recorded.
#pragma once

#include "transports/links/link_opener.h"
#include "transports/links/recording_link.h"

#include <QByteArray>
#include <QList>

#include <memory>

namespace sealift {

// Passes everything on and tells a sink what went by, line by line. Only the USB; other links can't be opened.
// Threads: one at a time.
class RecordingUsbOpener final : public LinkOpener {
 public:
  // `inner` outlives it, and it its links.
  RecordingUsbOpener(LinkOpener& inner, RecordingSink sink);

  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;

 private:
  LinkOpener& inner_;
  RecordingSink sink_;
  QByteArray listed_;
};

// Plays the bus's part of a recording: what was done must be done again, in the same order; what came comes again.
// Looking at the bus may be done as often as one likes: it stays as it was until the next line is a list.
// Threads: one at a time. Its links must not outlive it.
class ReplayedUsbOpener final : public LinkOpener {
 public:
  // Errors: InvalidArgument, naming the line.
  static Result<std::unique_ptr<ReplayedUsbOpener>> make(const QByteArray& recording);

  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;

  bool finished() const { return lines_.isEmpty(); }
  // What was done that the recording did not have; empty when all was well.
  const QString& complaint() const { return complaint_; }

 private:
  friend class ReplayedUsbLink;
  ReplayedUsbOpener() = default;
  // The next line must begin so; what came, or the error that was.
  Result<QByteArray> take(const QByteArray& call);

  QList<QByteArray> lines_;
  QList<UsbDeviceInfo> present_;
  QString complaint_;
};

}  // namespace sealift
