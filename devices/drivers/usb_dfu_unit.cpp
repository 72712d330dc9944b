#include "devices/drivers/usb_dfu_unit.h"

#include "transports/links/usb_devices.h"

#include <algorithm>
#include <thread>

namespace sealift {

namespace {

using namespace std::chrono_literals;

// A device that just came is listed before udev has set the permissions of its node.
constexpr auto kOpenTime = 3'000ms;
constexpr auto kOpenPause = 50ms;
constexpr auto kArrivalTime = 5'000ms;
constexpr int kDeadlinePerDeclaredTime = 2;  // ModelTimings: twice the declared time is the deadline

}  // namespace

UsbDfuUnit::UsbDfuUnit(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
                       LinkOpener& links, const QString& protocol)
    : model_(model), settings_(settings), address_(address), links_(links), protocol_(protocol) {}

Deadline UsbDfuUnit::returnDeadline(const QString& name) const {
  return Deadline::in(std::chrono::seconds(model_.timings.restartSeconds) * kDeadlinePerDeclaredTime, name);
}

// ---- who it is ------------------------------------------------------------------------------------------

Status UsbDfuUnit::checkId(const UsbDeviceInfo& device) const {
  if (model_.usbIds.contains(UsbId{device.vendorId, device.productId})) {
    return {};
  }
  return fail(
      ErrorCode::DeviceNotRecognised,
      QStringLiteral("The device at USB %1 is %2, which is no %3.").arg(device.place, usbIdText(device), model_.name));
}

QString UsbDfuUnit::toldSerial(const UsbDeviceInfo& device) const {
  return settings_.serialInBootloader || !isInDfuMode(device) ? device.serial : QString();
}

// Somebody may have put another unit into the same socket.
Status UsbDfuUnit::checkSame(const UsbDeviceInfo& device) const {
  const QString now = toldSerial(device);
  if (!serial_ || serial_->isEmpty() || now.isEmpty() || *serial_ == now) {
    return {};
  }
  return fail(ErrorCode::DeviceChanged,
              QStringLiteral("Serial number %1 is at USB %2 instead of %3.").arg(now, device.place, *serial_));
}

DeviceSnapshot UsbDfuUnit::snapshotOf(const UsbDeviceInfo& device) const {
  DeviceSnapshot snapshot;
  snapshot.deviceName = model_.deviceNames.isEmpty() ? device.product : model_.deviceNames.first();
  snapshot.serial = toldSerial(device);
  snapshot.bootloader = protocol_;
  snapshot.inBootloader = isInDfuMode(device);
  Slot slot;
  slot.name = QStringLiteral("firmware");
  if (!snapshot.inBootloader) {
    slot.version = settings_.versionOf(device);
    slot.running = true;
    slot.confirmed = true;
    slot.bootable = true;
  }
  snapshot.slots << slot;
  return snapshot;
}

Result<UsbDeviceInfo> UsbDfuUnit::find(const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QList<UsbDeviceInfo> devices, links_.usbDevices());
  const UsbDeviceInfo* found = findUsbDevice(devices, address_.target);
  if (found == nullptr) {
    return fail(ErrorCode::LinkLost, QStringLiteral("Nothing is plugged in at USB %1.").arg(address_.target));
  }
  SEALIFT_CHECK(checkId(*found));
  if (found->readable) {
    return *found;
  }
  SEALIFT_TRY(const auto link, links_.openUsb(address_, cancel));  // says what permission is missing
  return link->device();
}

Result<DeviceSnapshot> UsbDfuUnit::identify(const CancelToken& cancel) {
  SEALIFT_TRY(const UsbDeviceInfo device, find(cancel));
  const DeviceSnapshot snapshot = snapshotOf(device);
  if (!model_.deviceNames.isEmpty() && !model_.deviceNames.contains(snapshot.deviceName)) {
    return fail(ErrorCode::DeviceNotRecognised, QStringLiteral("The device does not say which model it is."));
  }
  serial_ = snapshot.serial;
  return snapshot;
}

// ---- its changes of mode --------------------------------------------------------------------------------

void UsbDfuUnit::close() {
  session_.reset();
  link_.reset();
}

Result<std::unique_ptr<UsbLink>> UsbDfuUnit::open(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(kOpenTime, QStringLiteral("the device to be opened"));
  for (;;) {
    auto link = links_.openUsb(address_, cancel);
    if (link) {
      // The one that was opened, whoever was listed before.
      SEALIFT_CHECK(checkId((*link)->device()));
      SEALIFT_CHECK(checkSame((*link)->device()));
      return link;
    }
    const ErrorCode code = link.error().code;
    const bool passes = code == ErrorCode::LinkPermission || code == ErrorCode::LinkOpen || code == ErrorCode::LinkLost;
    if (!passes || deadline.passed()) {
      return link;
    }
    SEALIFT_CHECK(cancel.check());
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(kOpenPause, deadline.remaining()));
  }
}

// USB DFU 1.1, chapter 5: DFU_DETACH, and a reset of the bus unless the device detaches itself.
Status UsbDfuUnit::sendToBootloader(const UsbDeviceInfo& device, StepContext& step) {
  const QList<DfuInterface> runTime = findDfuInterfaces(device, DfuMode::RunTime);
  if (runTime.isEmpty()) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The device's firmware has no command that starts its bootloader."),
                settings_.howToEnter.isEmpty()
                    ? QStringLiteral("Start the device's bootloader by hand as its manual says, then try again.")
                    : settings_.howToEnter);
  }
  step.note(QStringLiteral("Sending the device into its bootloader."));
  SEALIFT_TRY(const auto link, open(step.cancel));
  DfuSession session(*link, runTime.first(), patience_);
  SEALIFT_CHECK(session.claim(step.cancel));
  if (const Status sent = session.detach(step.cancel); !sent) {
    const ErrorCode code = sent.error().code;
    if (code != ErrorCode::LinkLost && code != ErrorCode::Timeout) {  // gone before it could answer
      return sent;
    }
  } else if (!runTime.first().functional.willDetach) {
    if (const Status reset = link->reset(step.cancel); !reset && reset.error().code != ErrorCode::LinkLost) {
      return reset;
    }
  }
  return {};
}

// A link ends with its device: what answers on it is still the one that was entered.
bool UsbDfuUnit::goOn(const Choice& choose, const CancelToken& cancel) {
  if (!session_ || !session_->becomeIdle(cancel)) {
    return false;
  }
  const auto memory = choose(link_->device());
  if (memory && *memory != session_->interface()) {
    session_ = std::make_unique<DfuSession>(*link_, *memory, patience_);
    return session_->claim(cancel).has_value();
  }
  return memory.has_value();
}

Status UsbDfuUnit::enter(StepContext& step, const Choice& choose) {
  if (goOn(choose, step.cancel)) {
    return {};
  }
  close();
  SEALIFT_TRY(UsbDeviceInfo device, find(step.cancel));
  SEALIFT_CHECK(checkSame(device));
  if (isInDfuMode(device)) {
    foundThere_ = !sentThere_;
  } else {
    SEALIFT_CHECK(sendToBootloader(device, step));
    sentThere_ = true;
    foundThere_ = false;
    const auto arrived = [&](const UsbDeviceInfo& now) -> Result<bool> {
      if (const Status known = checkId(now); !known) {
        return failBecause(ErrorCode::DeviceChanged, QStringLiteral("Another device came to USB %1.").arg(now.place),
                           known.error());
      }
      return isInDfuMode(now);
    };
    SEALIFT_TRY(device,
                awaitUsbDevice(links_, address_.target, arrived,
                               returnDeadline(QStringLiteral("the device's bootloader to start")), step.cancel));
  }
  SEALIFT_TRY(link_, open(step.cancel));
  SEALIFT_TRY(const DfuInterface memory, choose(link_->device()));
  session_ = std::make_unique<DfuSession>(*link_, memory, patience_);
  if (const Status ready = session_->claim(step.cancel); !ready) {
    close();
    return ready;
  }
  if (const Status idle = session_->becomeIdle(step.cancel); !idle) {
    close();
    return idle;
  }
  return {};
}

Status UsbDfuUnit::reset(const CancelToken& cancel) {
  if (!link_) {
    SEALIFT_TRY(link_, open(cancel));
  }
  const Status done = link_->reset(cancel);
  close();
  return done || done.error().code == ErrorCode::LinkLost ? Status() : done;
}

Result<UsbDeviceInfo> UsbDfuUnit::awaitKnown(const Deadline& deadline, const CancelToken& cancel) {
  return awaitUsbDevice(
      links_, address_.target, [&](const UsbDeviceInfo& now) -> Result<bool> { return checkId(now).has_value(); },
      deadline, cancel);
}

Result<UsbDeviceInfo> UsbDfuUnit::awaitAny(const CancelToken& cancel) {
  close();
  return awaitKnown(returnDeadline(QStringLiteral("the device to come back")), cancel);
}

void UsbDfuUnit::settle(const CancelToken& cancel) {
  if (session_) {
    (void)session_->becomeIdle(cancel);
  }
  close();
  (void)awaitKnown(Deadline::in(kArrivalTime, QStringLiteral("the device to be there")), cancel);
}

// What a bootloader that does not start the application says of it.
QString UsbDfuUnit::reasonToStay(const CancelToken& cancel) {
  const auto link = links_.openUsb(address_, cancel);
  if (!link || !checkId((*link)->device())) {
    return {};
  }
  const QList<DfuInterface> memories = findDfuInterfaces((*link)->device(), DfuMode::Dfu);
  if (memories.isEmpty()) {
    return {};
  }
  DfuSession session(**link, memories.first(), patience_);
  const auto status =
      session.claim(cancel) ? session.getStatus(cancel) : Result<DfuStatus>(fail(ErrorCode::LinkOpen, {}));
  if (status && status->code != DfuStatusCode::Ok) {
    return QStringLiteral("The device stays in its bootloader, which reports %1 (%2).")
        .arg(dfuStatusName(status->code), dfuStatusMeaning(status->code));
  }
  return QStringLiteral("The device stays in its bootloader.");
}

Result<DeviceSnapshot> UsbDfuUnit::awaitApplication(StepContext& step) {
  close();
  const Deadline deadline = returnDeadline(QStringLiteral("the device's firmware to start"));
  const auto runs = [&](const UsbDeviceInfo& now) -> Result<bool> {
    const auto total = static_cast<double>(std::max<qint64>(deadline.length().count(), 1));
    step.progress.setFraction(1.0 - static_cast<double>(deadline.remaining().count()) / total);
    if (const Status known = checkId(now); !known) {
      return failBecause(ErrorCode::DeviceChanged, QStringLiteral("Another device came to USB %1.").arg(now.place),
                         known.error());
    }
    return !isInDfuMode(now);
  };
  const auto device = awaitUsbDevice(links_, address_.target, runs, deadline, step.cancel);
  if (!device) {
    const QString reason = device.error().code == ErrorCode::DeviceDidNotReturn ? reasonToStay(step.cancel) : QString();
    return reason.isEmpty() ? fail(device.error()) : failBecause(ErrorCode::DeviceDidNotReturn, reason, device.error());
  }
  SEALIFT_CHECK(checkSame(*device));
  return snapshotOf(*device);
}

}  // namespace sealift
