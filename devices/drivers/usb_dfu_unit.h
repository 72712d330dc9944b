// One unit with a DFU bootloader in one USB socket, through its changes of mode: what the drivers `dfu` and `dfuse`
// have in common. The socket is what stays; whoever appears in it is looked at before it is opened.
//
// Threads and errors: as Driver (devices/core/driver.h).
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/usb_dfu_settings.h"
#include "transports/protocols/dfu/dfu_session.h"

#include <memory>
#include <optional>

namespace sealift {

class UsbDfuUnit {
 public:
  UsbDfuUnit(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
             LinkOpener& links, const QString& protocol);

  const UsbDfuSettings& settings() const { return settings_; }
  // Waits of the conversation; tests shorten them.
  void setPatience(const DfuPatience& patience) { patience_ = patience; }

  // What is in the socket now; DeviceNotRecognised when the model does not name its vendor and product, LinkPermission
  // when it may not be opened. Nothing is sent.
  Result<UsbDeviceInfo> find(const CancelToken& cancel);
  // find(), in words. From here on the unit is known: another one in its place is DeviceChanged.
  Result<DeviceSnapshot> identify(const CancelToken& cancel);

  // Which alternate setting, that is, memory.
  using Choice = std::function<Result<DfuInterface>(const UsbDeviceInfo&)>;
  // Into DFU mode, from wherever it is: detach, follow, look again, claim the memory, dfuIDLE. Nothing is written.
  // Goes on with the conversation where there is one.
  Status enter(StepContext& step, const Choice& choose);
  // Whether this object sent the application away. What was found in its bootloader is left there.
  bool wasSentThere() const { return sentThere_; }
  bool wasFoundThere() const { return foundThere_; }
  // The conversation; null before enter().
  DfuSession* session() const { return session_.get(); }
  const UsbDeviceInfo& device() const { return link_->device(); }  // as entered
  void close();

  // A bus reset, which starts the application when there is one. Ends the conversation.
  Status reset(const CancelToken& cancel);
  // Until the application runs, with the model's timings. DeviceDidNotReturn, with the bootloader's reason if it has
  // one.
  Result<DeviceSnapshot> awaitApplication(StepContext& step);
  // Until anything of this unit is in the socket again, application or bootloader.
  Result<UsbDeviceInfo> awaitAny(const CancelToken& cancel);
  // Ends the conversation as well as it can, for a later one, and lets a device that is just changing its mode arrive.
  void settle(const CancelToken& cancel);

 private:
  Status checkId(const UsbDeviceInfo& device) const;
  Status checkSame(const UsbDeviceInfo& device) const;
  DeviceSnapshot snapshotOf(const UsbDeviceInfo& device) const;
  QString toldSerial(const UsbDeviceInfo& device) const;
  Status sendToBootloader(const UsbDeviceInfo& device, StepContext& step);
  bool goOn(const Choice& choose, const CancelToken& cancel);
  Result<std::unique_ptr<UsbLink>> open(const CancelToken& cancel);
  Result<UsbDeviceInfo> awaitKnown(const Deadline& deadline, const CancelToken& cancel);
  Deadline returnDeadline(const QString& name) const;
  QString reasonToStay(const CancelToken& cancel);

  const ModelDescription model_;
  const UsbDfuSettings settings_;
  const LinkAddress address_;
  LinkOpener& links_;
  const QString protocol_;
  DfuPatience patience_;
  std::optional<QString> serial_;  // of the unit that was identified, as far as it tells
  bool sentThere_ = false;
  bool foundThere_ = false;
  std::unique_ptr<UsbLink> link_;
  std::unique_ptr<DfuSession> session_;
};

}  // namespace sealift
