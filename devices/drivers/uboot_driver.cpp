#include "devices/drivers/uboot_driver.h"

#include "app/base/crc.h"
#include "devices/drivers/uboot_difference.h"
#include "devices/drivers/uboot_loader.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/storage.h"

#include <QThread>

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kPromptTime{400};
constexpr std::chrono::milliseconds kStatusTime{1'000};
constexpr std::chrono::milliseconds kLookTime{6'000};
// U-Boot's countdown is silent for a second at a time; a key any sooner would stop it.
constexpr std::chrono::milliseconds kSilence{5'000};
constexpr std::chrono::milliseconds kReopenInterval{200};
constexpr int kMaxRestartsWatched = 12;  // all tries of a trial, and some

tl::unexpected<Error> wentBack() {
  return fail(ErrorCode::ProtocolUnexpected,
              QStringLiteral("The device went back to its old firmware before the new one could be confirmed."),
              QStringLiteral("Look at the device again; the old firmware runs."));
}

}  // namespace

DriverEntry UbootDriver::entry() {
  DriverEntry entry;
  entry.name = QStringLiteral("uboot");
  entry.protocol = QStringLiteral("U-Boot console, YMODEM or TFTP");
  entry.links = {LinkKind::Serial, LinkKind::Tcp};
  entry.capabilities.slots = true;
  entry.capabilities.readback = true;
  entry.capabilities.storedDigest = true;
  entry.capabilities.sectorDigests = true;
  entry.capabilities.testBoot = true;
  entry.capabilities.secureBootState = true;
  entry.capabilities.rollbackCounter = true;
  entry.capabilities.runningVersion = true;
  entry.capabilities.runningDigest = true;
  entry.provenBy = QStringLiteral("U-Boot 2023.01 in QEMU (Debian's u-boot-qemu)");
  entry.help = QStringLiteral("uboot");
  entry.make = [](const ModelDescription& model, const LinkAddress& address,
                  LinkOpener& links) -> Result<std::unique_ptr<Driver>> {
    SEALIFT_TRY(UbootSettings settings, UbootSettings::fromJson(model.driverSettings));
    return std::make_unique<UbootDriver>(model, std::move(settings), address, links);
  };
  return entry;
}

UbootDriver::UbootDriver(const ModelDescription& model, UbootSettings settings, const LinkAddress& address,
                         LinkOpener& links)
    : model_(model), settings_(std::move(settings)), address_(address), links_(links) {}

Capabilities UbootDriver::capabilities() const {
  return entry().capabilities;
}

QByteArray UbootDriver::reportedDigest(const Image& image) const {
  return crcBytes(crc32(image.bytes));
}

Status UbootDriver::connect(const CancelToken& cancel) {
  if (!session_) {
    SEALIFT_TRY(auto link, links_.openBytes(address_, cancel));
    session_ = std::make_unique<Session>(std::move(link), settings_);
  }
  return {};
}

template <class R>
R UbootDriver::kept(R result) {
  if (!result && result.error().code == ErrorCode::LinkLost) {
    disconnect();
  }
  return result;
}

Deadline UbootDriver::returnDeadline() const {
  return Deadline::in(std::chrono::seconds(2 * model_.timings.restartSeconds),
                      QStringLiteral("the device to run its firmware again"));
}

Status UbootDriver::checkModel(const DeviceSnapshot& device) const {
  if (model_.deviceNames.isEmpty() || model_.deviceNames.contains(device.deviceName)) {
    return {};
  }
  return fail(ErrorCode::DeviceNotRecognised,
              QStringLiteral("The device calls itself \"%1\", not %2.").arg(device.deviceName, model_.name));
}

// ---- identify -------------------------------------------------------------------------------------------

Result<DeviceSnapshot> UbootDriver::snapshotOf(const ApplicationStatus& status) const {
  DeviceSnapshot device;
  device.deviceName = status.board;
  device.serial = status.serial;
  device.hardwareRevision = status.revision;
  device.bootloader = QStringLiteral("U-Boot · serial console");
  const int running = settings_.slotIndex(status.slot);
  const auto version = Version::parse(status.version);
  if (running < 0 || !version) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("The firmware names no slot or version that this model has."));
  }
  device.slotBytes = static_cast<qint64>(settings_.slotBytes(1 - running));
  for (int i = 0; i < 2; ++i) {
    Slot slot;
    slot.name = settings_.slotAreas[static_cast<std::size_t>(i)].name;
    slot.index = i;
    if (i == running) {
      slot.version = version;
      slot.digest = status.crc;
      slot.running = true;
      slot.bootable = true;
      slot.confirmed = !status.onTrial;
    } else {
      slot.confirmed = status.onTrial;  // the one that the device goes back to
    }
    device.slots << slot;
  }
  device.securityVersion = status.securityVersion;
  if (status.securityVersion) {
    device.securityVersionDetail = QStringLiteral("kept in the boot state, not tamper-proof; as the firmware says");
  }
  if (status.verified) {
    device.secureBoot = *status.verified ? TriState::Yes : TriState::No;
    device.secureBootDetail = *status.verified
                                  ? QStringLiteral("U-Boot requires image signatures, as the firmware says")
                                  : QStringLiteral("U-Boot requires no signature, as the firmware says");
  }
  return device;
}

// Somebody answers, at the prompt or as the application, or U-Boot is on its way to boot.
Result<DeviceSnapshot> UbootDriver::look(StepContext& step) {
  const Deadline deadline = Deadline::in(kLookTime, QStringLiteral("an answer from U-Boot or its firmware"));
  session_->console.clearSeen();
  while (!deadline.passed()) {
    SEALIFT_TRY(const bool prompt, session_->console.findPrompt(kPromptTime, step.cancel));
    if (prompt) {
      const bool wasBooting = session_->console.sawAutoboot();
      const auto device = UbootInspector(session_->console, settings_).snapshot(step.cancel);
      return wasBooting ? bootOn(device, step) : device;
    }
    SEALIFT_TRY(const auto status, session_->application.askStatus(kStatusTime, step.cancel));
    if (status) {
      return snapshotOf(*status);
    }
  }
  return fail(
      ErrorCode::DeviceNotRecognised,
      QStringLiteral("Neither U-Boot nor the model's firmware answers on %1.").arg(session_->link->description()),
      QStringLiteral("Check the port, the baud rate and that the device is powered, then try again."));
}

// Looking at it stopped autoboot: lets the device go on, whatever the look at it gave.
Result<DeviceSnapshot> UbootDriver::bootOn(const Result<DeviceSnapshot>& seen, StepContext& step) {
  step.note(QStringLiteral("Autoboot was stopped to look at the device; it boots on."));
  SEALIFT_CHECK(session_->console.runAndLeave("boot", CancelToken()));
  // Its firmware has to run before the next one asks: a ^C while the boot script runs would stop that, too.
  const auto running = listenUntilRunning(returnDeadline(), step);
  if (!seen || !running) {
    return seen;
  }
  // U-Boot knows both slots, the firmware only its own.
  const Slot* expected = seen->runningSlot();
  const Slot* found = running->runningSlot();
  if (running->inBootloader || expected == nullptr || found == nullptr || expected->digest != found->digest ||
      expected->confirmed != found->confirmed) {
    return running;
  }
  DeviceSnapshot device = *seen;
  device.inBootloader = false;
  return device;
}

Result<DeviceSnapshot> UbootDriver::identify(StepContext& step) {
  const bool heldBefore = session_ != nullptr;
  SEALIFT_CHECK(connect(step.cancel));
  Result<DeviceSnapshot> device = kept(look(step));
  if (!heldBefore) {
    disconnect();  // others may look at the port between the steps of different jobs
  }
  SEALIFT_TRY(const DeviceSnapshot found, std::move(device));
  SEALIFT_CHECK(checkModel(found));
  unit_ = UbootUnit{found.deviceName, found.serial, found.hardwareRevision};
  return found;
}

Result<IdentityProof> UbootDriver::proveIdentity(StepContext& step) {
  Q_UNUSED(step)
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("U-Boot's console has no way to prove which device answers")};
}

// ---- reaching the prompt --------------------------------------------------------------------------------

// From wherever the device is: at the prompt, booting, or running its application.
Status UbootDriver::reachPrompt(StepContext& step) {
  SEALIFT_CHECK(connect(step.cancel));
  const Deadline answer = Deadline::in(kLookTime, QStringLiteral("an answer from U-Boot or its firmware"));
  for (;;) {
    SEALIFT_TRY(const bool prompt, session_->console.findPrompt(kPromptTime, step.cancel));
    if (prompt) {
      return {};
    }
    // One silence proves nothing: a slow prompt looks the same. Only firmware that answers is restarted at
    // once; the command goes out at last all the same, since firmware may obey it without ever answering.
    SEALIFT_TRY(const auto status, session_->application.askStatus(kStatusTime, step.cancel));
    if (status || answer.passed()) {
      break;
    }
  }
  step.note(QStringLiteral("Restarting the firmware to reach U-Boot."));
  SEALIFT_CHECK(session_->application.reset(step.cancel));
  return session_->console.interruptAutoboot(
      Deadline::in(std::chrono::seconds(2 * model_.timings.restartSeconds), QStringLiteral("U-Boot to start")),
      step.cancel);
}

// Ports renumber and people swap boards: what is written to must be what was identified.
Status UbootDriver::checkUnit(const CancelToken& cancel) {
  SEALIFT_TRY(const UbootUnit now, UbootInspector(session_->console, settings_).unit(cancel));
  if (unit_ && (unit_->serial != now.serial || unit_->board != now.board || unit_->revision != now.revision)) {
    return fail(ErrorCode::DeviceChanged, QStringLiteral("Device %1 (%2) answers instead of %3 (%4).")
                                              .arg(now.serial, now.board, unit_->serial, unit_->board));
  }
  return {};
}

Status UbootDriver::enterBootloader(StepContext& step) {
  SEALIFT_CHECK(kept(reachPrompt(step)));
  return kept(checkUnit(step.cancel));
}

Result<UbootBootState> UbootDriver::loadState(const CancelToken& cancel) {
  SEALIFT_TRY(UbootBootState state, UbootBootStateStore(session_->console, settings_).load(cancel));
  if (!state.stored) {
    // As the boot script does without a boot state: the first slot that holds an image.
    SEALIFT_TRY(const UbootSlotContent first, UbootInspector(session_->console, settings_).slotContent(0, cancel));
    state.slot = first.bytes > 0 ? 0 : 1;
    state.securityVersion = first.securityVersion.value_or(0);
  }
  return state;
}

// ---- writing --------------------------------------------------------------------------------------------

Status UbootDriver::writeSlot(const Image& image, const UbootBootState& state, StepContext& step) {
  const int target = state.otherSlot();
  const UbootArea& area = settings_.slotAreas[static_cast<std::size_t>(target)].area;
  const auto bytes = static_cast<quint64>(image.bytes.size());
  const quint64 blocks = settings_.blocksFor(bytes);
  if (const quint64 rest = blocks * settings_.blockSize - bytes; rest > 0) {
    SEALIFT_CHECK(UbootMemory(session_->console).fill(settings_.imageAddress + bytes, 0, rest, step.cancel));
  }
  SEALIFT_TRY(const QList<UbootDifference::Blocks> runs,
              UbootDifference(session_->console, settings_, image).toWrite(area, step));
  quint64 written = 0;
  for (const UbootDifference::Blocks& run : runs) {
    SEALIFT_CHECK(UbootStorage(session_->console, settings_.interface, settings_.device)
                      .write(settings_.imageAddress + run.first * settings_.blockSize, area.block + run.first,
                             run.count, step.cancel));
    written += run.count;
  }
  step.note(QStringLiteral("Wrote %1 of %2 blocks of slot %3; the rest held what it shall.")
                .arg(written)
                .arg(blocks)
                .arg(settings_.slotAreas[static_cast<std::size_t>(target)].name));
  return {};
}

Status UbootDriver::transfer(const Image& image, StepContext& step) {
  SEALIFT_CHECK(kept(reachPrompt(step)));
  SEALIFT_TRY(UbootBootState state, kept(loadState(step.cancel)));
  if (image.bytes.isEmpty() || static_cast<quint64>(image.bytes.size()) > settings_.slotBytes(state.otherSlot())) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image has %1 bytes, the slot %2.")
                                              .arg(image.bytes.size())
                                              .arg(settings_.slotBytes(state.otherSlot())));
  }
  if (state.onTrial || !state.stored) {
    // From here on the other slot is not to be booted, whatever an earlier update left.
    state.slot = state.confirmedSlot();
    state.onTrial = false;
    state.triesLeft = 0;
    SEALIFT_CHECK(kept(UbootBootStateStore(session_->console, settings_).store(state, step.cancel)));
  }
  const UbootArea& running = settings_.slotAreas[static_cast<std::size_t>(state.confirmedSlot())].area;
  SEALIFT_CHECK(kept(UbootLoader(session_->console, settings_, links_).load(image, running, step)));
  return kept(writeSlot(image, state, step));
}

Result<StoredProof> UbootDriver::verifyOnDevice(const Image& image, StepContext& step) {
  SEALIFT_CHECK(kept(reachPrompt(step)));
  SEALIFT_TRY(const UbootBootState state, kept(loadState(step.cancel)));
  const int target = state.onTrial ? state.slot : state.otherSlot();
  const UbootArea& area = settings_.slotAreas[static_cast<std::size_t>(target)].area;
  const auto bytes = static_cast<quint64>(image.bytes.size());
  const quint64 blocks = settings_.blocksFor(bytes);
  UbootMemory memory(session_->console);
  // A read that says "OK" and does nothing must not find the image there already.
  SEALIFT_CHECK(kept(memory.fill(settings_.verifyAddress, 0xA5, blocks * settings_.blockSize, step.cancel)));
  SEALIFT_CHECK(kept(UbootStorage(session_->console, settings_.interface, settings_.device)
                         .read(settings_.verifyAddress, area.block, blocks, step.cancel)));
  SEALIFT_TRY(const quint32 stored, kept(memory.crc32(settings_.verifyAddress, bytes, step.cancel)));
  if (stored != crc32(image.bytes)) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("Slot %1 does not hold the image: CRC-32 %2 instead of %3.")
                    .arg(settings_.slotAreas[static_cast<std::size_t>(target)].name,
                         QString::fromLatin1(crcBytes(stored).toHex()),
                         QString::fromLatin1(crcBytes(crc32(image.bytes)).toHex())));
  }
  // The received copy is gone when the device restarted since; then the checksum alone has to do.
  SEALIFT_TRY(const quint32 received, kept(memory.crc32(settings_.imageAddress, bytes, step.cancel)));
  if (received != stored) {
    return StoredProof{QStringLiteral("slot read back, CRC-32 by the device"), crcBytes(stored)};
  }
  SEALIFT_TRY(const bool equal,
              kept(memory.equal(settings_.imageAddress, settings_.verifyAddress, bytes, step.cancel)));
  if (!equal) {
    return fail(ErrorCode::DeviceVerifyFailed, QStringLiteral("Slot %1 differs from what the device received.")
                                                   .arg(settings_.slotAreas[static_cast<std::size_t>(target)].name));
  }
  return StoredProof{QStringLiteral("slot read back and compared with the received copy, CRC-32 by the device"),
                     crcBytes(stored)};
}

Status UbootDriver::activate(const Image& image, StepContext& step) {
  // Also proves again that the slot holds the image, should the device have restarted in between.
  SEALIFT_CHECK(verifyOnDevice(image, step));
  SEALIFT_TRY(UbootBootState state, kept(loadState(step.cancel)));
  if (!state.onTrial) {
    state.slot = state.otherSlot();
  }
  state.onTrial = true;
  state.triesLeft = settings_.tries;
  return kept(UbootBootStateStore(session_->console, settings_).store(state, step.cancel));
}

// ---- restarting and watching ----------------------------------------------------------------------------

Status UbootDriver::restart(StepContext& step) {
  SEALIFT_CHECK(connect(step.cancel));
  SEALIFT_TRY(const bool prompt, kept(session_->console.findPrompt(kPromptTime, step.cancel)));
  if (prompt) {
    return kept(session_->console.runAndLeave("reset", step.cancel));
  }
  return kept(session_->application.reset(step.cancel));
}

// Listens until the application's banner, then asks it. Sends nothing while U-Boot may be counting down.
// Each restart of the device gets its own time, up to a limit: a trial may take several.
Result<DeviceSnapshot> UbootDriver::listenUntilRunning(const Deadline& deadline, StepContext& step) {
  using Event = UbootApplication::Event;
  Deadline current = deadline;
  int restarts = 0;
  bool bootedFromPrompt = false;
  for (;;) {
    SEALIFT_TRY(const Event event, session_->application.watch(kSilence, current, step.cancel));
    if (event == Event::BootloaderStarted && ++restarts <= kMaxRestartsWatched) {
      current = returnDeadline();
      step.note(QStringLiteral("U-Boot starts."));
      continue;
    }
    if (event == Event::Prompt) {
      SEALIFT_CHECK(session_->console.recover(kPromptTime));
      if (bootedFromPrompt) {
        // The boot script found nothing to boot: U-Boot tells what is there.
        return UbootInspector(session_->console, settings_).snapshot(step.cancel);
      }
      // A question to firmware that hung may still stand in the UART when U-Boot counts down.
      bootedFromPrompt = true;
      SEALIFT_CHECK(session_->console.runAndLeave("boot", step.cancel));
      current = returnDeadline();
      continue;
    }
    if (event == Event::Banner || event == Event::Silence) {
      SEALIFT_TRY(const auto status, session_->application.askStatus(kStatusTime, step.cancel));
      if (status) {
        return snapshotOf(*status);
      }
    }
    if (current.passed()) {
      return current.timeout();
    }
  }
}

Result<DeviceSnapshot> UbootDriver::waitForReturn(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  const Deadline deadline = returnDeadline();
  for (;;) {
    // A USB serial port may vanish with the device and come back with it.
    if (const Status open = connect(step.cancel); !open) {
      SEALIFT_CHECK(step.cancel.check());
      if (deadline.passed()) {
        return failBecause(ErrorCode::DeviceDidNotReturn, QStringLiteral("The device's port did not come back."),
                           open.error());
      }
      QThread::msleep(static_cast<unsigned long>(kReopenInterval.count()));
      continue;
    }
    const Result<DeviceSnapshot> device = kept(listenUntilRunning(deadline, step));
    if (device || device.error().code == ErrorCode::Cancelled) {
      return device;
    }
    if (device.error().code != ErrorCode::LinkLost || deadline.passed()) {
      return failBecause(ErrorCode::DeviceDidNotReturn,
                         QStringLiteral("The device did not run its firmware again in time."), device.error());
    }
  }
}

Result<DeviceSnapshot> UbootDriver::bootAndWait(const QByteArray& command, StepContext& step) {
  SEALIFT_CHECK(kept(session_->console.runAndLeave(command, step.cancel)));
  return kept(listenUntilRunning(returnDeadline(), step));
}

// ---- settling -------------------------------------------------------------------------------------------

Status UbootDriver::confirm(const Image& image, StepContext& step) {
  SEALIFT_CHECK(kept(reachPrompt(step)));
  SEALIFT_CHECK(kept(checkUnit(step.cancel)));
  SEALIFT_TRY(UbootBootState state, kept(loadState(step.cancel)));
  SEALIFT_TRY(const UbootSlotContent content,
              kept(UbootInspector(session_->console, settings_).slotContent(state.slot, step.cancel)));
  if (content.crc != reportedDigest(image)) {
    SEALIFT_CHECK(bootAndWait("boot", step));
    disconnect();
    return wentBack();
  }
  if (state.onTrial) {
    state.onTrial = false;
    state.triesLeft = 0;
    // Raised only now: until here the old firmware had to stay bootable.
    state.securityVersion = std::max(state.securityVersion, content.securityVersion.value_or(0));
    SEALIFT_CHECK(kept(UbootBootStateStore(session_->console, settings_).store(state, step.cancel)));
  }
  SEALIFT_TRY(const DeviceSnapshot device, bootAndWait("boot", step));
  disconnect();
  const Slot* running = device.runningSlot();
  if (device.inBootloader || running == nullptr || running->digest != reportedDigest(image) || !running->confirmed) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device does not run the confirmed firmware after its restart."));
  }
  return {};
}

Status UbootDriver::abandon(StepContext& step) {
  SEALIFT_CHECK(connect(step.cancel));
  SEALIFT_TRY(const bool prompt, kept(session_->console.findPrompt(kPromptTime, step.cancel)));
  if (!prompt) {
    SEALIFT_TRY(const auto status, kept(session_->application.askStatus(kStatusTime, step.cancel)));
    if (status && !status->onTrial) {
      disconnect();
      return {};  // it runs confirmed firmware already
    }
    SEALIFT_CHECK(kept(reachPrompt(step)));
  }
  SEALIFT_TRY(UbootBootState state, kept(loadState(step.cancel)));
  if (state.onTrial) {
    state.slot = state.confirmedSlot();
    state.onTrial = false;
    state.triesLeft = 0;
    SEALIFT_CHECK(kept(UbootBootStateStore(session_->console, settings_).store(state, step.cancel)));
  }
  SEALIFT_CHECK(bootAndWait("boot", step));
  disconnect();
  return {};
}

}  // namespace sealift
