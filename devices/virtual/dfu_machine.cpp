#include "devices/virtual/dfu_machine.h"

#include "app/base/byte_writer.h"

#include <algorithm>

namespace sealift {

namespace {

// Table 3.2.
constexpr quint8 kToDevice = 0x21;
constexpr quint8 kToHost = 0xA1;
constexpr quint8 kDetach = 0;
constexpr quint8 kDnload = 1;
constexpr quint8 kUpload = 2;
constexpr quint8 kGetStatus = 3;
constexpr quint8 kClrStatus = 4;
constexpr quint8 kGetState = 5;
constexpr quint8 kAbort = 6;

// 6.1.2, bStatus.
constexpr quint8 kOk = 0x00;
constexpr quint8 kErrUnknown = 0x0E;
constexpr quint8 kErrStalledPacket = 0x0F;
constexpr quint8 kErrNotDone = 0x09;

constexpr int kInterface = 0;
constexpr quint16 kStatusBytes = 6;

quint8 requestTypeOf(quint8 request) {
  return request == kUpload || request == kGetStatus || request == kGetState ? kToHost : kToDevice;
}

}  // namespace

// ---- what a test looks at -------------------------------------------------------------------------------

DfuMachine::Mode DfuMachine::mode() const {
  const std::scoped_lock lock(mutex_);
  return mode_;
}

DfuMachine::State DfuMachine::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

quint64 DfuMachine::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void DfuMachine::setFaults(const VirtualDfuFaults& faults) {
  const std::scoped_lock lock(mutex_);
  faults_ = faults;
  faultsSince_ = requests_;
}

void DfuMachine::holdBootButton(bool hold) {
  const std::scoped_lock lock(mutex_);
  buttonHeld_ = hold;
}

// ---- on the bus -----------------------------------------------------------------------------------------

// Table 4.2.
QByteArray DfuMachine::functionalDescriptor() const {
  QByteArray bytes("\x09\x21", 2);
  bytes.append(static_cast<char>((config_.canDownload ? 1 : 0) | (config_.canUpload ? 2 : 0) |
                                 (config_.manifestationTolerant ? 4 : 0) | (config_.willDetach ? 8 : 0)));
  appendLe16(bytes, config_.detachTimeOut);
  appendLe16(bytes, config_.transferSize);
  appendLe16(bytes, bcdDfu());
  return bytes;
}

UsbDescription DfuMachine::description() const {
  const std::scoped_lock lock(mutex_);
  const bool application = mode_ == Mode::Application;
  UsbDescription description;
  description.speed = config_.speed;
  description.vendorId = another_ ? 0xDEAD : application ? config_.vendorId : config_.dfuVendorId;
  description.productId = application ? config_.productId : config_.dfuProductId;
  description.release = application ? release_ : config_.dfuRelease;
  description.manufacturer = config_.manufacturer;
  description.product = application ? config_.product : config_.dfuProduct;
  description.serial = application ? config_.serial : config_.dfuSerial;
  UsbAlternate setting;
  setting.interfaceNumber = kInterface;
  setting.classCode = 0xFE;
  setting.subclass = 0x01;
  if (application) {
    setting.protocol = 0x01;
    setting.name = QStringLiteral("DFU");
    setting.extra = functionalDescriptor();
    if (!config_.runTimeInterface) {  // an application of its own kind
      setting.classCode = 0xFF;
      setting.subclass = 0;
      setting.protocol = 0;
      setting.name = QStringLiteral("Measurements");
      setting.extra.clear();
    }
    description.alternates = {setting};
    return description;
  }
  setting.protocol = 0x02;
  for (const QString& name : alternateNames()) {
    setting.alternate = static_cast<int>(description.alternates.size());
    setting.name = name;
    description.alternates.append(setting);
  }
  description.alternates.last().extra = functionalDescriptor();  // one for the interface (4.2.4)
  return description;
}

void DfuMachine::attach() {
  const std::scoped_lock lock(mutex_);
  if (!powered_) {
    powered_ = true;
    power(true);
  }
  boot();
}

void DfuMachine::reset() {
  const std::scoped_lock lock(mutex_);
  letTimePass();
  if (mode_ == Mode::Application) {
    if (state_ == kAppDetach) {  // A.2.2: the reset that it waited for
      stayInBootloader_ = true;
      boot();
    }
    return;
  }
  boot();  // A.2.3 to A.2.11: to the application when there is one
}

void DfuMachine::unplug() {
  const std::scoped_lock lock(mutex_);
  powered_ = false;
  stayInBootloader_ = false;
  power(false);
}

bool DfuMachine::selectAlternate(int interfaceNumber, int alternate) {
  const std::scoped_lock lock(mutex_);
  if (interfaceNumber != kInterface || (mode_ == Mode::Application && alternate != 0)) {
    return false;
  }
  if (mode_ == Mode::Bootloader && alternate != alternate_ && state_ != kDfuIdle && state_ != kError) {
    return false;  // to another memory in the middle of a transfer
  }
  alternate_ = alternate;
  return true;
}

// From power or reset on: application or bootloader.
void DfuMachine::boot() {
  const bool stay = std::exchange(stayInBootloader_, false) || buttonHeld_;
  const auto release = bootableRelease();
  another_ = faults_.comesBackAsAnother;
  alternate_ = 0;
  status_ = kOk;
  if (release && !stay) {
    mode_ = Mode::Application;
    release_ = *release;
    enter(kAppIdle);
    return;
  }
  mode_ = Mode::Bootloader;
  enterBootloader();
  if (!stay && brokenFirmwareStatus() != kOk) {
    status_ = brokenFirmwareStatus();
    enter(kError);
  }
}

void DfuMachine::enterBootloader() {
  hasPending_ = false;
  pending_.clear();
  work_.reset();
  manifested_ = false;
  status_ = kOk;
  enter(kDfuIdle);
  beginConversation();
}

UsbAnswer DfuMachine::restart(const UsbAnswer& last) {
  return last.thenReconnect(config_.absence);
}

// ---- requests -------------------------------------------------------------------------------------------

UsbAnswer DfuMachine::control(const UsbSetup& setup, QByteArrayView data) {
  const std::scoped_lock lock(mutex_);
  const quint8 request = setup.request.request;
  if (request > kAbort || setup.request.requestType != requestTypeOf(request) || setup.request.index != kInterface) {
    return UsbAnswer::stall();
  }
  const quint64 nth = ++requests_ - faultsSince_;
  if (faults_.vanishAtRequest != 0 && nth >= faults_.vanishAtRequest) {
    return UsbAnswer::gone();
  }
  if (faults_.silentFromRequest != 0 && nth >= faults_.silentFromRequest) {
    return UsbAnswer::later(std::chrono::milliseconds(20));
  }
  if (faults_.refusesEverything) {
    return UsbAnswer::stall();
  }
  if (faults_.garbageFromRequest != 0 && nth >= faults_.garbageFromRequest && setup.toHost()) {
    return garbled(setup);
  }
  letTimePass();
  return mode_ == Mode::Application ? applicationRequest(setup) : bootloaderRequest(setup, data);
}

UsbAnswer DfuMachine::garbled(const UsbSetup& setup) const {
  const qsizetype length = setup.request.request == kUpload ? qsizetype{setup.length} : qsizetype{setup.length} - 1;
  return UsbAnswer::done(QByteArray(std::max<qsizetype>(length, 0), '\xEE'));
}

// The transitions of figure A.1 that no request causes.
void DfuMachine::letTimePass() {
  const auto now = Clock::now();
  if (state_ == kAppDetach && now >= detachEnd_) {
    enter(kAppIdle);
  } else if (state_ == kDnBusy && now >= pollEnd_) {
    enter(kDnloadSync);
  } else if (state_ == kManifest && now >= pollEnd_) {
    enter(config_.manifestationTolerant ? kManifestSync : kManifestWaitReset);
  }
}

UsbAnswer DfuMachine::stallInto(quint8 status) {
  status_ = status;
  hasPending_ = false;
  work_.reset();
  enter(kError);
  return UsbAnswer::stall();
}

UsbAnswer DfuMachine::tellStatus(std::chrono::milliseconds poll) {
  const auto told = faults_.pollTimeout.value_or(poll);
  QByteArray bytes(1, static_cast<char>(status_));
  appendLittle(bytes, static_cast<quint64>(std::clamp<qint64>(told.count(), 0, 0xFFFFFF)), 3);
  bytes.append(static_cast<char>(state_));
  bytes.append('\0');
  pollEnd_ = Clock::now() + std::min(told, poll);  // what was told too long ends when the work does
  return UsbAnswer::done(bytes);
}

// A.2.1, A.2.2.
UsbAnswer DfuMachine::applicationRequest(const UsbSetup& setup) {
  if (!config_.runTimeInterface) {
    return UsbAnswer::stall();
  }
  switch (setup.request.request) {
    case kDetach:
      if (state_ != kAppIdle) {
        break;
      }
      if (faults_.staysAfterDetach) {
        return UsbAnswer::done();
      }
      if (config_.willDetach) {
        stayInBootloader_ = true;
        return restart(UsbAnswer::done());
      }
      enter(kAppDetach);
      detachEnd_ = Clock::now() + std::chrono::milliseconds(std::min(setup.request.value, config_.detachTimeOut));
      return UsbAnswer::done();
    case kGetStatus:
      return tellStatus();
    case kGetState:
      return UsbAnswer::done(QByteArray(1, static_cast<char>(state_)));
    default:
      break;
  }
  enter(kAppIdle);
  return UsbAnswer::stall();
}

UsbAnswer DfuMachine::bootloaderRequest(const UsbSetup& setup, QByteArrayView data) {
  const quint8 request = setup.request.request;
  // A.2.5, A.2.8: while it works it expects nobody, GETSTATUS before the poll timeout included.
  if (state_ == kDnBusy || state_ == kManifest) {
    return stallInto(kErrStalledPacket);
  }
  if (state_ == kManifestWaitReset) {  // A.2.9
    return request == kGetStatus && config_.answersBeforeReset ? tellStatus() : UsbAnswer::stall();
  }
  if (request == kGetState) {
    return UsbAnswer::done(QByteArray(1, static_cast<char>(state_)));
  }
  if (request == kGetStatus) {
    return getStatus();
  }
  if (state_ == kError) {  // A.2.11
    return request == kClrStatus ? clearStatus() : UsbAnswer::stall();
  }
  switch (request) {
    case kDnload:
      return dnload(setup, data);
    case kUpload:
      return upload(setup);
    case kAbort:
      return abort();
    default:
      return stallInto(kErrStalledPacket);
  }
}

UsbAnswer DfuMachine::clearStatus() {
  enterBootloader();
  return UsbAnswer::done();
}

UsbAnswer DfuMachine::abort() {
  if (state_ != kDfuIdle && state_ != kDnloadIdle && state_ != kUploadIdle) {
    return stallInto(kErrStalledPacket);
  }
  enter(kDfuIdle);
  beginConversation();
  return UsbAnswer::done();
}

// A.2.3, A.2.6.
UsbAnswer DfuMachine::dnload(const UsbSetup& setup, QByteArrayView data) {
  if ((state_ != kDfuIdle && state_ != kDnloadIdle) || !config_.canDownload || setup.length > config_.transferSize) {
    return stallInto(kErrStalledPacket);
  }
  if (data.isEmpty()) {
    if (!mayEndNow()) {
      return stallInto(state_ == kDfuIdle ? kErrStalledPacket : kErrNotDone);
    }
    manifested_ = false;
    enter(kManifestSync);
    return UsbAnswer::done();
  }
  block_ = setup.request.value;
  pending_ = data.toByteArray();
  hasPending_ = true;
  enter(kDnloadSync);
  return UsbAnswer::done();
}

// A.2.3, A.2.10.
UsbAnswer DfuMachine::upload(const UsbSetup& setup) {
  if ((state_ != kDfuIdle && state_ != kUploadIdle) || !config_.canUpload || setup.length == 0 ||
      setup.length > config_.transferSize) {
    return stallInto(kErrStalledPacket);
  }
  const Upload given = giveBlock(setup.request.value, setup.length);
  if (given.status != kOk) {
    return stallInto(given.status);
  }
  const bool isShort = given.data.size() < setup.length;
  enter(isShort ? kDfuIdle : kUploadIdle);
  if (isShort) {
    beginConversation();
  }
  return UsbAnswer::done(given.data);
}

UsbAnswer DfuMachine::getStatus() {
  if (state_ == kDnloadSync) {
    return proceedDownload();
  }
  if (state_ == kManifestSync) {
    return proceedManifest();
  }
  return tellStatus();
}

// A.2.4: dfuDNLOAD-SYNC. The block is programmed from the first GETSTATUS on.
UsbAnswer DfuMachine::proceedDownload() {
  bool first = false;
  if (hasPending_) {
    hasPending_ = false;
    work_ = takeBlock(block_, pending_);
    if (work_->powerLost) {
      powered_ = false;
      power(false);
      return UsbAnswer::gone();
    }
    if (faults_.failAtBlock == block_) {
      work_->status = faults_.failWith;
    }
    workEnd_ = Clock::now() + work_->time;
    first = alwaysBusyFirst();
  }
  if (!work_) {
    return stallInto(kErrUnknown);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(workEnd_ - Clock::now());
  if (faults_.busyForEver || first || left.count() > 0) {
    enter(kDnBusy);
    return tellStatus(std::max(left, std::chrono::milliseconds(0)));
  }
  const Work done = *std::exchange(work_, std::nullopt);
  if (done.restarts) {
    return restart(UsbAnswer::gone(config_.absence));
  }
  status_ = done.status;
  enter(done.status == kOk ? kDnloadIdle : kError);
  return tellStatus();
}

// A.2.7: dfuMANIFEST-SYNC.
UsbAnswer DfuMachine::proceedManifest() {
  if (manifested_) {
    enterBootloader();
    return tellStatus();
  }
  manifested_ = true;
  const Work work = manifest();
  if (work.powerLost) {
    powered_ = false;
    power(false);
    return UsbAnswer::gone();
  }
  if (work.status != kOk) {
    status_ = work.status;
    enter(kError);
    return tellStatus();
  }
  if (config_.manifestationTolerant && !leavesByManifest() && work.time.count() == 0) {
    enterBootloader();
    return tellStatus();
  }
  enter(kManifest);
  const UsbAnswer told = tellStatus(work.time);
  if (!leavesByManifest()) {
    return told;
  }
  return runsIntoNothing() ? told.thenLeave() : restart(told);
}

}  // namespace sealift
