#include "devices/drivers/stm32_unit.h"

#include "app/base/byte_reader.h"
#include "devices/images/mcuboot_format.h"

#include <algorithm>
#include <thread>

namespace sealift {

namespace {

constexpr qsizetype kUniqueIdBytes = 12;  // 96 bits
constexpr qsizetype kMostAnswer = 4096;
constexpr int kDeadlinePerDeclaredTime = 2;  // ModelTimings: twice the declared time is the deadline

// MCUboot, docs/design.md, "Image format": magic, load address, sizes, flags, version. What erased or other flash holds
// is no version.
std::optional<Version> storedVersion(QByteArrayView header) {
  ByteReader reader(header);
  const bool isImage = reader.le32() == mcuboot::kImageMagic;
  reader.skip(16);
  Version version;
  version.major = reader.u8();
  version.minor = reader.u8();
  version.revision = reader.le16();
  version.build = reader.le32();
  return isImage && !reader.failed() ? std::optional(version) : std::nullopt;
}

}  // namespace

Stm32Unit::Stm32Unit(const ModelDescription& model, const Stm32Settings& settings, const LinkAddress& address,
                     LinkOpener& links)
    : model_(model), settings_(settings), address_(address), links_(links) {}

QString Stm32Unit::howToEnter() const {
  return settings_.howToEnter.isEmpty()
             ? QStringLiteral(
                   "Start the device's bootloader by hand (BOOT0 high, then reset) as its manual says, then "
                   "try again.")
             : settings_.howToEnter;
}

// ---- the port and its lines -----------------------------------------------------------------------------

Result<std::unique_ptr<ByteLink>> Stm32Unit::open(int baud, const QString& parity, const CancelToken& cancel) {
  LinkAddress address = address_;
  address.options.insert(QStringLiteral("baud"), QString::number(baud));
  address.options.insert(QStringLiteral("parity"), parity);
  return links_.openBytes(address, cancel);
}

// AN3155, chapter 1.
Result<std::unique_ptr<ByteLink>> Stm32Unit::openForBootloader(const CancelToken& cancel) {
  const int baud = address_.options.contains(QStringLiteral("baud")) ? address_.baud() : settings_.baud;
  return open(baud, QStringLiteral("even"), cancel);
}

Status Stm32Unit::setLines(ByteLink& link, bool reset, bool boot0) const {
  ModemLines* lines = link.modemLines();
  if (lines == nullptr) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("%1 has no lines that could reset the device.").arg(link.description()), howToEnter());
  }
  const auto set = [&](const Stm32Settings::Line& line, bool active) {
    const bool on = active == line.activeOn;
    return line.isRts ? lines->setRts(on) : lines->setDtr(on);
  };
  SEALIFT_CHECK(set(settings_.lines->boot0, boot0));
  return set(settings_.lines->reset, reset);
}

// AN2606, chapter 4: BOOT0 is looked at when reset ends. Too short to be cancelled.
Status Stm32Unit::bootByLines(ByteLink& link, bool bootloader) const {
  SEALIFT_CHECK(setLines(link, true, bootloader));
  std::this_thread::sleep_for(times_.reset);
  return setLines(link, false, bootloader);
}

// ---- into the bootloader --------------------------------------------------------------------------------

Status Stm32Unit::connect(const CancelToken& cancel) {
  if (settings_.lines) {
    SEALIFT_CHECK(bootByLines(*link_, true));
  }
  const Deadline deadline = Deadline::in(settings_.lines ? times_.bootloader : std::chrono::milliseconds(0),
                                         QStringLiteral("the device's bootloader to start"));
  for (;;) {
    Status connected = session_->connect(cancel);
    const bool mayCome = !connected && (connected.error().code == ErrorCode::Timeout ||
                                        connected.error().code == ErrorCode::DeviceNotRecognised);
    if (mayCome && deadline.passed()) {
      Error error = connected.error();
      if (!settings_.howToEnter.isEmpty()) {
        error.remedy = settings_.howToEnter;
      }
      return fail(error);
    }
    if (!mayCome) {
      return connected;
    }
  }
}

Status Stm32Unit::checkProduct(const CancelToken& cancel) {
  SEALIFT_TRY(const quint16 product, session_->productId(cancel));
  if (!settings_.products.contains(product)) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("The device at %1 is a %2 (product 0x%3), which is no %4.")
                    .arg(address_.toString(), stm32ProductName(product))
                    .arg(product, 3, 16, QLatin1Char('0'))
                    .arg(model_.name));
  }
  layout_ = settings_.layoutOf(product);
  return {};
}

// Reading is what read-out protection forbids; so this tells both.
Status Stm32Unit::readSerial(const CancelToken& cancel) {
  Progress nobody;
  const auto bytes = settings_.uniqueId ? session_->read(*settings_.uniqueId, kUniqueIdBytes, nobody, cancel)
                                        : session_->read(settings_.address, 1, nobody, cancel);
  isProtected_ = !bytes && bytes.error().code == ErrorCode::DeviceProtected;
  serial_.clear();
  if (bytes && settings_.uniqueId) {
    serial_ = QString::fromLatin1(bytes->toHex());
  }
  return bytes || isProtected_ ? Status() : fail(bytes.error());
}

// Somebody may have wired another unit to the same port.
Status Stm32Unit::checkSame(const QString& serial) const {
  if (!known_ || known_->isEmpty() || serial.isEmpty() || *known_ == serial) {
    return {};
  }
  return fail(ErrorCode::DeviceChanged,
              QStringLiteral("Serial number %1 is at %2 instead of %3.").arg(serial, address_.toString(), *known_));
}

Status Stm32Unit::enter(StepContext& step) {
  if (isInside()) {
    return {};
  }
  const Status entered = enterAnew(step);
  if (!entered) {
    leave();
  }
  return entered;
}

Status Stm32Unit::enterAnew(StepContext& step) {
  SEALIFT_TRY(link_, openForBootloader(step.cancel));
  session_ = std::make_unique<Stm32Session>(*link_, patience_);
  SEALIFT_CHECK(connect(step.cancel));
  SEALIFT_CHECK(checkProduct(step.cancel));
  SEALIFT_CHECK(readSerial(step.cancel));
  return checkSame(serial_);
}

Status Stm32Unit::enterAgain(StepContext& step) {
  session_.reset();
  link_.reset();
  const Deadline deadline = Deadline::in(times_.bootloader, QStringLiteral("the device's bootloader to start again"));
  for (;;) {
    const Status entered = enter(step);
    if (entered || entered.error().code != ErrorCode::Timeout || deadline.passed()) {
      return entered;
    }
  }
}

// ---- out of it ------------------------------------------------------------------------------------------

void Stm32Unit::leave() {
  if (link_ && settings_.lines) {
    (void)bootByLines(*link_, false);
  }
  session_.reset();
  link_.reset();
}

void Stm32Unit::stay() {
  if (session_) {
    (void)session_->connect(CancelToken());
  }
  session_.reset();
  link_.reset();
}

// AN3155, 3.5, where only a command can do it: the firmware finds the chip as the bootloader left it.
Status Stm32Unit::start(StepContext& step) {
  SEALIFT_CHECK(enter(step));
  const Status started = settings_.lines ? bootByLines(*link_, false) : session_->go(settings_.address, step.cancel);
  session_.reset();
  link_.reset();
  return started;
}

// ---- what it is and runs --------------------------------------------------------------------------------

DeviceSnapshot Stm32Unit::bareSnapshot() const {
  DeviceSnapshot snapshot;
  snapshot.deviceName = model_.deviceNames.isEmpty() ? model_.name : model_.deviceNames.first();
  Slot slot;
  slot.name = QStringLiteral("firmware");
  snapshot.slots << slot;
  return snapshot;
}

DeviceSnapshot Stm32Unit::running(const Told& told) const {
  DeviceSnapshot snapshot = bareSnapshot();
  snapshot.serial = told.serial;
  snapshot.bootloader = QStringLiteral("STM32 bootloader · USART");
  Slot& slot = snapshot.slots.first();
  slot.version = told.version;
  slot.running = true;
  slot.confirmed = true;
  slot.bootable = true;
  return snapshot;
}

Result<DeviceSnapshot> Stm32Unit::lookInside(const CancelToken& cancel) {
  DeviceSnapshot snapshot = bareSnapshot();
  snapshot.serial = serial_;
  snapshot.bootloader = QStringLiteral("STM32 bootloader %1 · USART").arg(session_->info().versionText());
  snapshot.inBootloader = true;
  snapshot.readProtected = isProtected_;
  snapshot.slotBytes = layout_.bytes() - (settings_.address - kStm32FlashBase);
  if (!isProtected_ && model_.imageFormat == QLatin1String("mcuboot")) {
    Progress nobody;
    SEALIFT_TRY(const QByteArray header, session_->read(settings_.address, mcuboot::kHeaderBytes, nobody, cancel));
    snapshot.slots.first().version = storedVersion(header);
  }
  return snapshot;
}

Result<std::optional<Stm32Unit::Told>> Stm32Unit::askApplication(const Deadline& deadline, const CancelToken& cancel) {
  const Stm32Settings::Application& application = *settings_.application;
  SEALIFT_TRY(const auto link, open(application.baud, application.parity, cancel));
  if (settings_.lines) {
    SEALIFT_CHECK(setLines(*link, false, false));
  }
  do {
    SEALIFT_CHECK(link->discardInput());
    SEALIFT_CHECK(link->write(application.ask + '\r', deadline, cancel));
    const Deadline answer = deadline.sooner(times_.applicationAnswer, QStringLiteral("the firmware's version"));
    QByteArray said;
    while (said.size() < kMostAnswer) {
      const auto bytes = link->read(kMostAnswer, answer, cancel);
      if (!bytes && bytes.error().code != ErrorCode::Timeout) {
        return fail(bytes.error());
      }
      said += bytes.value_or(QByteArray());
      // Only whole lines: the end of a number may still be under way.
      const QString lines = QString::fromLatin1(said.left(said.lastIndexOf('\n') + 1));
      const QRegularExpressionMatch match = application.pattern.match(lines);
      if (const auto version = Version::parse(match.captured(QStringLiteral("version"))); match.hasMatch() && version) {
        return Told{*version, match.captured(QStringLiteral("serial")).toLower()};
      }
      if (!bytes || answer.passed()) {
        break;
      }
    }
  } while (!deadline.passed());
  return std::nullopt;
}

// A bootloader fresh from reset would take the question for 0x7F, and measure a baud rate that nobody uses. By lines
// the firmware was started just now.
Result<bool> Stm32Unit::mayAskApplication(const CancelToken& cancel) {
  if (!settings_.application || settings_.lines) {
    return settings_.application.has_value();
  }
  SEALIFT_TRY(const auto link, openForBootloader(cancel));
  SEALIFT_TRY(const bool bootloader, Stm32Session(*link, patience_).isThere(cancel));
  return !bootloader;
}

Result<DeviceSnapshot> Stm32Unit::look(StepContext& step) {
  DeviceSnapshot found;
  if (isInside()) {
    SEALIFT_TRY(found, lookInside(step.cancel));
  } else {
    std::optional<Told> told;
    SEALIFT_TRY(const bool mayTalk, mayAskApplication(step.cancel));
    if (mayTalk) {
      SEALIFT_TRY(told, askApplication(Deadline::in(times_.application, QStringLiteral("the firmware's version")),
                                       step.cancel));
    }
    if (told) {
      found = running(*told);
    } else {
      known_.reset();  // who it is now, the caller compares
      SEALIFT_CHECK(enter(step));
      auto inside = lookInside(step.cancel);
      leave();
      SEALIFT_TRY(found, std::move(inside));
    }
  }
  known_ = found.serial;
  return found;
}

Result<DeviceSnapshot> Stm32Unit::awaitApplication(StepContext& step) {
  const Deadline deadline = Deadline::in(std::chrono::seconds(model_.timings.restartSeconds) * kDeadlinePerDeclaredTime,
                                         QStringLiteral("the device's firmware to tell its version"));
  SEALIFT_TRY(const auto told, askApplication(deadline, step.cancel));
  if (!told) {
    return failBecause(ErrorCode::DeviceDidNotReturn,
                       QStringLiteral("The device's firmware does not tell its version."), deadline.timeout().value());
  }
  SEALIFT_CHECK(checkSame(told->serial));
  return running(*told);
}

}  // namespace sealift
