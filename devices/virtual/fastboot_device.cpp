#include "devices/virtual/fastboot_device.h"

#include "keystore/crypto/digest.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxCommand = 64;
constexpr qsizetype kLongReply = 300;
constexpr qsizetype kUserdataSectors = 16;
constexpr char kSlotLetters[] = "ab";
constexpr qsizetype kHeaderBytes = 512;

QList<std::pair<QByteArray, qsizetype>> partitionsOf(const FastbootDeviceConfig& config) {
  const qsizetype userdata = kUserdataSectors * config.sectorSize;
  if (!config.slots) {
    return {{"firmware", config.partitionBytes}, {"userdata", userdata}};
  }
  return {{"firmware_a", config.partitionBytes}, {"firmware_b", config.partitionBytes}, {"userdata", userdata}};
}

QByteArray hex(qint64 value) {
  return "0x" + QByteArray::number(value, 16).rightJustified(8, '0');
}

QByteArray yesNo(bool value) {
  return value ? "yes" : "no";
}

std::optional<qint64> parseHex(QByteArray text) {
  if (text.startsWith("0x")) {
    text = text.mid(2);
  }
  bool fine = false;
  const qint64 value = text.toLongLong(&fine, 16);
  return fine && value >= 0 ? std::optional(value) : std::nullopt;
}

bool takeOne(int& count) {
  if (count == 0) {
    return false;
  }
  --count;
  return true;
}

}  // namespace

FastbootDevice::FastbootDevice(const FastbootDeviceConfig& config)
    : config_(config), storage_(partitionsOf(config), config.sectorSize, config.flashSeed) {
  slots_[0].successful = true;
  slots_[0].retries = config.tries;
  slots_[1].unbootable = true;
  keyHeld_ = config.startInBootloader;
  if (!config.firmware.isEmpty()) {
    (void)storage_.write(*storage_.find(partitionOf(0)), config.firmware);
  }
}

QByteArray FastbootDevice::partitionOf(int slot) const {
  return config_.slots ? QByteArray("firmware_") + kSlotLetters[slot] : QByteArray("firmware");
}

std::optional<FastbootFirmware> FastbootDevice::firmwareIn(int slot) const {
  const FastbootPartition& partition = *storage_.find(partitionOf(slot));
  return FastbootFirmware::parse(storage_.read(partition, 0, kHeaderBytes), partition.size);
}

// ---- power and boot -------------------------------------------------------------------------------------

void FastbootDevice::powerOn(qint64 nowMs) {
  nowMs_ = nowMs;
  storage_.flash().powerOn();
  const FastbootFaults before = faults_;
  faults_ = {};
  faults_.refuseFlash = before.refuseFlash;
  faults_.pretendToWrite = before.pretendToWrite;
  reset();
}

void FastbootDevice::powerOff() {
  phase_ = Phase::Off;
  storage_.flash().powerOff();
  beginSession();
  readyAt_ = confirmAt_ = resetAt_ = powerReturnsAt_ = kNever;
}

void FastbootDevice::losePower() {
  powerOff();
  powerReturnsAt_ = config_.powerReturnMs < 0 ? kNever : nowMs_ + config_.powerReturnMs;
}

void FastbootDevice::reset() {
  beginSession();
  ++starts_;
  phase_ = Phase::Starting;
  booting_ = false;
  confirmAt_ = resetAt_ = kNever;
  readyAt_ = nowMs_ + config_.bootMs;
}

// The bootloader is up: it stays, or boots.
void FastbootDevice::start() {
  readyAt_ = kNever;
  if (keyHeld_ || bootloaderNext_) {
    keyHeld_ = bootloaderNext_ = false;
    phase_ = Phase::Bootloader;
    return;
  }
  boot();
}

void FastbootDevice::boot() {
  for (int tried = 0; tried < 2; ++tried) {
    SlotState& state = slots_[static_cast<std::size_t>(current_)];
    const std::optional<FastbootFirmware> firmware = firmwareIn(current_);
    const FastbootPartition& partition = *storage_.find(partitionOf(current_));
    const bool isWhole = firmware && sha256(storage_.read(partition, firmware->payloadAt, firmware->payloadSize)) ==
                                         firmware->payloadDigest;
    if (isWhole && (!config_.slots || (!state.unbootable && (state.successful || state.retries > 0)))) {
      state.retries -= config_.slots && !state.successful ? 1 : 0;
      phase_ = Phase::Starting;
      booting_ = true;
      readyAt_ = nowMs_ + config_.bootMs;
      return;
    }
    if (!config_.slots) {
      break;
    }
    state.unbootable = true;
    state.successful = false;
    if (slots_[static_cast<std::size_t>(1 - current_)].unbootable) {
      break;
    }
    current_ = 1 - current_;
  }
  phase_ = Phase::Bootloader;  // nothing that may be booted
}

// One event after the other, each at its own time, however late this is called.
void FastbootDevice::advance(qint64 nowMs) {
  while (nextEventMs() <= nowMs) {
    nowMs_ = std::max(nowMs_, nextEventMs());
    happen();
  }
  nowMs_ = std::max(nowMs_, nowMs);
}

void FastbootDevice::happen() {
  if (powerReturnsAt_ <= nowMs_) {
    powerReturnsAt_ = kNever;
    powerOn(nowMs_);
  } else if (resetAt_ <= nowMs_) {
    reset();
  } else if (readyAt_ <= nowMs_) {
    booting_ ? runFirmware() : start();
  } else if (confirmAt_ <= nowMs_) {
    confirmAt_ = kNever;
    slots_[static_cast<std::size_t>(current_)].successful = true;
  }
}

void FastbootDevice::runFirmware() {
  readyAt_ = kNever;
  const QByteArray behaviour = firmwareIn(current_).value_or(FastbootFirmware{}).behaviour;
  phase_ = behaviour == "hang" || behaviour == "boot-loop" ? Phase::Hanging : Phase::Running;
  if (phase_ == Phase::Hanging) {
    resetAt_ = nowMs_ + (behaviour == "hang" ? config_.watchdogMs : 0);
  } else if (behaviour != "stay-on-trial") {
    confirmAt_ = nowMs_ + config_.confirmMs;
  }
}

qint64 FastbootDevice::nextEventMs() const {
  return std::min({readyAt_, confirmAt_, resetAt_, powerReturnsAt_});
}

// ---- the protocol ---------------------------------------------------------------------------------------

bool FastbootDevice::answers() const {
  return phase_ == Phase::Bootloader || (phase_ == Phase::Running && config_.applicationAnswers);
}

void FastbootDevice::beginSession() {
  outputs_.clear();
  download_.clear();
  wanted_ = 0;
  busyUntil_ = 0;
  leave_ = Leave::No;
}

void FastbootDevice::reply(const QByteArray& kind, const QByteArray& text) {
  outputs_.append({kind + text, false});
}

std::optional<FastbootDevice::Output> FastbootDevice::nextOutput() {
  if (faults_.silent || nowMs_ < busyUntil_) {
    return std::nullopt;
  }
  if (outputs_.isEmpty()) {
    return std::nullopt;
  }
  if (faults_.infoForEver && outputs_.constFirst().bytes == "INFOwriting") {
    return outputs_.constFirst();
  }
  Output output = outputs_.takeFirst();
  if (!output.isData && takeOne(faults_.garbageReplies)) {
    output.bytes = QByteArray("\x01\xff\x00{?", 5);
  } else if (!output.isData && takeOne(faults_.longReplies)) {
    output.bytes = "INFO" + QByteArray(kLongReply - 4, 'x');
  }
  if (outputs_.isEmpty() && leave_ != Leave::No) {
    bootloaderNext_ = leave_ == Leave::Bootloader;
    leave_ = Leave::No;
    resetAt_ = nowMs_ + config_.resetMs;
  }
  return output;
}

void FastbootDevice::takeCommand(QByteArrayView packet) {
  const QByteArray command = packet.toByteArray();
  commands_.append(command);
  outputs_.clear();
  if (command.size() > kMaxCommand) {
    return reply("FAIL", "command is too long");
  }
  const qsizetype colon = command.indexOf(':');
  const QByteArray verb = colon < 0 ? command : command.left(colon);
  const QByteArray argument = colon < 0 ? QByteArray() : command.mid(colon + 1);
  if (verb == "getvar") {
    return doGetvar(argument);
  }
  if (command == "reboot" || command == "reboot-bootloader") {
    leave_ = command == "reboot" ? Leave::Reboot : Leave::Bootloader;
    return reply("OKAY");
  }
  if (phase_ != Phase::Bootloader) {
    return reply("FAIL", "only in the bootloader");
  }
  if (command == "continue") {
    leave_ = Leave::Reboot;
    return reply("OKAY");
  }
  if (verb == "download") {
    const std::optional<qint64> size = argument.size() == 8 ? parseHex(argument) : std::nullopt;
    if (!size || *size == 0 || *size > config_.maxDownload) {
      return reply("FAIL", "data is too large");
    }
    download_.clear();
    download_.reserve(*size);
    wanted_ = *size;
    const qint64 told = takeOne(faults_.wrongDataSizes) ? *size + 1 : *size;
    return reply("DATA", QByteArray::number(told, 16).rightJustified(8, '0'));
  }
  if (verb == "flash") {
    return doFlash(argument);
  }
  if (verb == "erase") {
    return doErase(argument);
  }
  if (verb == "fetch" && config_.maxFetch > 0) {
    return doFetch(argument);
  }
  if (verb == "set_active" && config_.slots) {
    return doSetActive(argument);
  }
  reply("FAIL", "unknown command");
}

void FastbootDevice::takeData(QByteArrayView bytes) {
  download_.append(bytes);
  wanted_ -= bytes.size();
  downloadedBytes_ += bytes.size();
  if (faults_.vanishAfterBytes >= 0) {
    faults_.vanishAfterBytes -= bytes.size();
    if (faults_.vanishAfterBytes < 0) {
      return losePower();
    }
  }
  if (wanted_ == 0) {
    reply("OKAY");
  }
}

const FastbootPartition* FastbootDevice::writable(const QByteArray& name, QByteArray* why) const {
  const FastbootPartition* partition = storage_.find(name);
  *why = !config_.unlocked ? QByteArray("not allowed while the device is locked") : QByteArray("no such partition");
  return config_.unlocked ? partition : nullptr;
}

void FastbootDevice::doFlash(const QByteArray& name) {
  QByteArray why;
  const FastbootPartition* partition = writable(name, &why);
  if (partition == nullptr) {
    return reply("FAIL", why);
  }
  if (download_.isEmpty()) {
    return reply("FAIL", "nothing was downloaded");
  }
  if (!faults_.refuseFlash.isEmpty()) {
    return reply("FAIL", faults_.refuseFlash);
  }
  reply("INFO", "writing");
  busyUntil_ = nowMs_ + config_.flashMsPerMiB * (download_.size() >> 20);
  if (!faults_.pretendToWrite) {
    const Status written = storage_.write(*partition, download_);
    if (!storage_.flash().hasPower()) {
      return losePower();
    }
    if (!written) {
      return reply("FAIL", written.error().what.toLatin1());
    }
  }
  reply("OKAY");
}

void FastbootDevice::doErase(const QByteArray& name) {
  QByteArray why;
  const FastbootPartition* partition = writable(name, &why);
  if (partition == nullptr) {
    return reply("FAIL", why);
  }
  (void)storage_.erase(*partition);
  if (!storage_.flash().hasPower()) {
    return losePower();
  }
  reply("OKAY");
}

// fetch:PARTITION[:OFFSET[:SIZE]], numbers in hexadecimal.
void FastbootDevice::doFetch(const QByteArray& argument) {
  const QList<QByteArray> parts = argument.split(':');
  QByteArray why;
  const FastbootPartition* partition = writable(parts[0], &why);
  if (partition == nullptr) {
    return reply("FAIL", why);
  }
  const std::optional<qint64> offset = parts.size() > 1 ? parseHex(parts[1]) : 0;
  const std::optional<qint64> size =
      parts.size() > 2 ? parseHex(parts[2]) : std::optional(partition->size - offset.value_or(0));
  if (!offset || !size || parts.size() > 3 || *offset > partition->size || *size > partition->size - *offset) {
    return reply("FAIL", "beyond the partition");
  }
  if (*size == 0 || *size > config_.maxFetch) {
    return reply("FAIL", "too much at once");
  }
  const qint64 told = takeOne(faults_.wrongDataSizes) ? *size + 1 : *size;
  reply("DATA", QByteArray::number(told, 16).rightJustified(8, '0'));
  outputs_.append({storage_.read(*partition, *offset, *size), true});
  reply("OKAY");
}

int FastbootDevice::slotIndex(const QByteArray& name) const {
  const QByteArray letter = name.startsWith('_') ? name.mid(1) : name;
  return !config_.slots ? -1 : letter == "a" ? 0 : letter == "b" ? 1 : -1;
}

void FastbootDevice::doSetActive(const QByteArray& argument) {
  const int index = slotIndex(argument);
  if (index < 0 || !config_.unlocked) {
    return reply("FAIL", index < 0 ? "no such slot" : "not allowed while the device is locked");
  }
  SlotState& state = slots_[static_cast<std::size_t>(index)];
  state.unbootable = false;
  state.successful = config_.setActiveKeepsSuccessful;
  state.retries = config_.tries;
  current_ = index;
  reply("OKAY");
}

void FastbootDevice::doGetvar(const QByteArray& name) {
  if (name == "all") {
    for (const QByteArray& each : variableNames()) {
      if (const std::optional<QByteArray> value = variable(each)) {
        reply("INFO", each + ": " + *value);
      }
    }
    return reply("OKAY");
  }
  const std::optional<QByteArray> value = variable(name);
  if (value) {
    return reply("OKAY", *value);
  }
  config_.emptyForUnknown ? reply("OKAY") : reply("FAIL", "unknown variable");
}

QList<QByteArray> FastbootDevice::variableNames() const {
  QList<QByteArray> names{
      "version",  "product",      "serialno",   "hw-revision",  "version-bootloader", "version-firmware", "secure",
      "unlocked", "is-userspace", "slot-count", "current-slot", "max-download-size",  "max-fetch-size"};
  for (const char* each : {"slot-successful:a", "slot-successful:b", "slot-unbootable:a", "slot-unbootable:b",
                           "slot-retry-count:a", "slot-retry-count:b", "has-slot:firmware", "has-slot:userdata"}) {
    names.append(each);
  }
  for (const FastbootPartition& partition : storage_.partitions()) {
    names.append("partition-size:" + partition.name);
    names.append("partition-type:" + partition.name);
  }
  return names;
}

std::optional<QByteArray> FastbootDevice::variable(const QByteArray& name) const {
  const qsizetype colon = name.indexOf(':');
  const QByteArray key = colon < 0 ? name : name.left(colon);
  const QByteArray argument = colon < 0 ? QByteArray() : name.mid(colon + 1);
  if (colon < 0) {
    if (key == "version") {
      return "0.4";
    }
    if (key == "product") {
      return config_.product;
    }
    if (key == "serialno") {
      return config_.serial;
    }
    if (key == "hw-revision") {
      return config_.hardwareRevision;
    }
    if (key == "version-bootloader") {
      return "virtual-1.0";
    }
    if (key == "secure") {
      return yesNo(config_.secure);
    }
    if (key == "unlocked") {
      return yesNo(config_.unlocked);
    }
    if (key == "is-userspace") {
      return yesNo(phase_ == Phase::Running);
    }
    if (key == "max-download-size") {
      return hex(config_.maxDownload);
    }
    if (key == "max-fetch-size" && config_.maxFetch > 0) {
      return hex(config_.maxFetch);
    }
    if (key == "slot-count") {
      return config_.slots ? "2" : "0";
    }
    if (key == "current-slot" && config_.slots) {
      return QByteArray(config_.underscoreSlots ? "_" : "") + kSlotLetters[current_];
    }
  }
  if (key == "version-firmware") {
    const int index = argument.isEmpty() ? current_ : slotIndex(argument);
    const std::optional<FastbootFirmware> firmware = index < 0 ? std::nullopt : firmwareIn(index);
    return firmware ? std::optional(firmware->version.toString().toLatin1()) : std::nullopt;
  }
  if (const FastbootPartition* partition = storage_.find(argument)) {
    if (key == "partition-size") {
      return hex(partition->size);
    }
    if (key == "partition-type") {
      return "raw";
    }
    if (key == "is-logical") {
      return "no";
    }
    if (key == "sha256" && config_.digestVariable) {
      const auto firmware = FastbootFirmware::parse(storage_.read(*partition, 0, kHeaderBytes), partition->size);
      return firmware ? std::optional(sha256(storage_.read(*partition, 0, firmware->totalSize())).toHex())
                      : std::nullopt;
    }
  }
  if (key == "has-slot" && (argument == "firmware" || storage_.find(argument) != nullptr)) {
    return yesNo(config_.slots && argument == "firmware");
  }
  if (const int index = slotIndex(argument); index >= 0) {
    const SlotState& state = slot(index);
    if (key == "slot-successful") {
      return yesNo(state.successful);
    }
    if (key == "slot-unbootable") {
      return yesNo(state.unbootable);
    }
    if (key == "slot-retry-count") {
      return QByteArray::number(state.retries);
    }
  }
  return std::nullopt;
}

}  // namespace sealift
