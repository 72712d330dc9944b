#include "devices/virtual/stm32_machine.h"

#include "app/base/byte_reader.h"
#include "devices/virtual/usb_firmware.h"

#include <algorithm>
#include <numeric>

namespace sealift {

namespace {

constexpr char kAck = 0x79;
constexpr char kNack = 0x1F;
constexpr quint8 kMeasure = 0x7F;

// AN3155, table 2.
constexpr quint8 kGet = 0x00;
constexpr quint8 kGetVersion = 0x01;
constexpr quint8 kGetId = 0x02;
constexpr quint8 kRead = 0x11;
constexpr quint8 kGo = 0x21;
constexpr quint8 kWrite = 0x31;
constexpr quint8 kErase = 0x43;
constexpr quint8 kExtendedErase = 0x44;
constexpr quint8 kWriteProtect = 0x63;
constexpr quint8 kWriteUnprotect = 0x73;
constexpr quint8 kReadProtect = 0x82;
constexpr quint8 kReadUnprotect = 0x92;

constexpr quint8 kRdpLevel0 = 0xAA;  // RM0090, 3.9.3
constexpr quint8 kRdpLevel1 = 0x55;
constexpr qsizetype kOptionBytes = 16;
constexpr qsizetype kRdpOffset = 1;
constexpr qsizetype kLongestLine = 64;

FlashGeometry geometryOf(const Stm32MachineConfig& config) {
  FlashGeometry geometry{0, config.sectors.first().size, config.writeUnit};
  for (const Stm32Sectors& run : config.sectors) {
    geometry.size += run.count * run.size;
    geometry.sectorSize = std::min(geometry.sectorSize, run.size);
  }
  return geometry;
}

}  // namespace

Stm32Machine::Stm32Machine(const Stm32MachineConfig& config)
    : config_(config),
      flash_(geometryOf(config)),
      ram_(config.ramSize, '\0'),
      readProtected_(config.readProtected),
      writeProtected_(config.writeProtectedSectors),
      boot0_(config.boot0) {
  if (!config.firmware.isEmpty()) {
    const qsizetype unit = config.writeUnit;
    (void)flash_.program(0, config.firmware.leftJustified((config.firmware.size() + unit - 1) / unit * unit, '\xFF'));
  }
  reset();
}

// ---- reset and boot -------------------------------------------------------------------------------------

void Stm32Machine::setReset(bool held) {
  held_ = held;
  if (phase_ == Phase::Off) {
    return;
  }
  if (held) {
    phase_ = Phase::Held;
    running_.reset();
  } else if (phase_ == Phase::Held) {
    reset();
  }
}

void Stm32Machine::powerOff() {
  flash_.powerOff();
  phase_ = Phase::Off;
  running_.reset();
}

void Stm32Machine::powerOn() {
  flash_.powerOn();
  reset();
}

// AN2606, chapter 4: BOOT0 high starts the system memory; so does flash that is empty, where the chip looks at that.
void Stm32Machine::reset() {
  ++resets_;
  running_.reset();
  collected_.clear();
  if (held_) {
    phase_ = Phase::Held;
  } else if (boot0_ || content(0, 4) == QByteArray(4, '\xFF')) {
    phase_ = Phase::Measuring;
  } else {
    start(config_.flashBase);
  }
}

void Stm32Machine::start(quint32 address) {
  running_ = inFlash(address, 1) ? releaseOfUsbFirmware(content(address - config_.flashBase, flash_.geometry().size))
                                 : std::nullopt;
  phase_ = running_ ? Phase::Application : Phase::Hung;
  collected_.clear();
}

QByteArray Stm32Machine::content(qsizetype at, qsizetype size) const {
  FlashModel copy = flash_;
  copy.powerOn();
  return copy.read(at, std::min(size, flash_.geometry().size - at)).value_or(QByteArray());
}

// ---- bytes in and out -----------------------------------------------------------------------------------

void Stm32Machine::expect(qsizetype count, Handler then) {
  collected_.clear();
  wanted_ = count;
  then_ = then;
}

Stm32Machine::Reaction Stm32Machine::answer(const QByteArray& bytes, std::chrono::microseconds after) {
  ++answers_;
  return {{after, tamper ? tamper(answers_, bytes) : bytes}};
}

Stm32Machine::Reaction Stm32Machine::ack(std::chrono::microseconds after) {
  return answer(QByteArray(1, kAck), after);
}

Stm32Machine::Reaction Stm32Machine::nack() {
  ++refusals_;
  expectCommand();
  return answer(QByteArray(1, kNack));
}

bool Stm32Machine::checksumHolds() const {
  return std::accumulate(collected_.cbegin(), collected_.cend(), 0, [](int a, char b) { return a ^ (b & 0xFF); }) == 0;
}

Stm32Machine::Reaction Stm32Machine::feed(quint8 byte) {
  switch (phase_) {
    case Phase::Off:
    case Phase::Held:
    case Phase::Hung:
      return {};
    case Phase::Application:
      return talk(byte);
    case Phase::Measuring:
      if (byte != kMeasure) {
        phase_ = Phase::Hung;
        return {};
      }
      phase_ = Phase::Ready;
      expectCommand();
      return ack();
    case Phase::Ready:
      break;
  }
  collected_.append(static_cast<char>(byte));
  if (collected_.size() < wanted_) {
    return {};
  }
  Reaction answer = (this->*then_)();
  if (!flash_.hasPower()) {  // it went in the middle of that: nobody answers
    powerOff();
    return {};
  }
  return answer;
}

Stm32Machine::Reaction Stm32Machine::talk(quint8 byte) {
  if (byte != '\r' && byte != '\n') {
    collected_ = collected_.append(static_cast<char>(byte)).right(kLongestLine);
    return {};
  }
  const bool asked = collected_.endsWith("version");
  collected_.clear();
  if (!asked) {
    return {};
  }
  const QByteArray major = QByteArray::number(*running_ >> 8, 16);
  const QByteArray minor = QByteArray::number((*running_ >> 4) & 0xF, 16);
  const QByteArray patch = QByteArray::number(*running_ & 0xF, 16);
  return answer("firmware " + major + "." + minor + "." + patch + "\r\n");
}

// ---- commands -------------------------------------------------------------------------------------------

QByteArray Stm32Machine::commands() const {
  QByteArray codes;
  for (const quint8 code :
       {kGet, kGetVersion, kGetId, kRead, kGo, kWrite, config_.extendedErase ? kExtendedErase : kErase, kWriteProtect,
        kWriteUnprotect, kReadProtect, kReadUnprotect}) {
    codes.append(static_cast<char>(code));
  }
  return codes;
}

bool Stm32Machine::hasCommand(quint8 code) const {
  return commands().contains(static_cast<char>(code));
}

Stm32Machine::Reaction Stm32Machine::takeCommand() {
  command_ = at(0);
  if ((at(0) ^ at(1)) != 0xFF || !hasCommand(command_)) {
    return nack();
  }
  const bool always = command_ == kGet || command_ == kGetVersion || command_ == kGetId || command_ == kReadUnprotect;
  if (readProtected_ && !always) {
    return nack();
  }
  expectCommand();
  const QByteArray ok(1, kAck);
  switch (command_) {
    case kGet:
      return answer(ok + static_cast<char>(commands().size()) + static_cast<char>(config_.bootloaderVersion) +
                    commands() + ok);
    case kGetVersion:
      return answer(ok + static_cast<char>(config_.bootloaderVersion) + QByteArray(2, '\0') + ok);
    case kGetId:
      return answer(ok + '\x01' + static_cast<char>(config_.productId >> 8) +
                    static_cast<char>(config_.productId & 0xFF) + ok);
    case kErase:
      expect(1, &Stm32Machine::takeEraseCount);
      return ack();
    case kExtendedErase:
      expect(2, &Stm32Machine::takeEraseCount);
      return ack();
    case kWriteProtect:
      expect(1, &Stm32Machine::takeProtectCount);
      return ack();
    case kWriteUnprotect: {
      const Reaction reaction = ack() + ack();
      writeProtected_.clear();
      reset();
      return reaction;
    }
    case kReadProtect: {
      const Reaction reaction = ack() + ack();
      readProtected_ = true;
      reset();
      return reaction;
    }
    case kReadUnprotect:
      return unprotectReading();
    default:
      expect(5, &Stm32Machine::takeAddress);
      return ack();
  }
}

// 3.12.
Stm32Machine::Reaction Stm32Machine::unprotectReading() {
  Reaction reaction = ack();
  if (!flash_.erase(0, flash_.geometry().size)) {
    powerOff();
    return reaction;
  }
  readProtected_ = false;
  reaction += ack(config_.eraseTime * sectorCount());
  reset();
  return reaction;
}

Stm32Machine::Reaction Stm32Machine::takeAddress() {
  ByteReader reader(collected_);
  address_ = reader.be32();
  const bool reading = command_ == kRead;
  const bool writable = inFlash(address_, 1) || inFreeRam(address_, 1);
  const bool there = reading           ? memory(address_, 1).has_value()
                     : command_ == kGo ? writable
                                       : writable && address_ % 4 == 0;
  if (!checksumHolds() || !there) {
    return nack();
  }
  if (command_ == kGo) {
    const Reaction reaction = ack();
    start(address_);
    return reaction;
  }
  if (reading) {
    expect(2, &Stm32Machine::takeReadCount);
  } else {
    expect(1, &Stm32Machine::takeWriteCount);
  }
  return ack();
}

// ---- reading and writing --------------------------------------------------------------------------------

bool Stm32Machine::inFlash(quint32 address, qsizetype size) const {
  const quint64 end = quint64{address} + static_cast<quint64>(size);
  return address >= config_.flashBase && end <= config_.flashBase + static_cast<quint64>(flash_.geometry().size);
}

bool Stm32Machine::inFreeRam(quint32 address, qsizetype size) const {
  const quint64 end = quint64{address} + static_cast<quint64>(size);
  return address >= config_.ramBase + static_cast<quint64>(config_.ramReserved) &&
         end <= config_.ramBase + static_cast<quint64>(config_.ramSize);
}

QByteArray Stm32Machine::optionBytes() const {
  QByteArray bytes(kOptionBytes, '\xFF');
  bytes[kRdpOffset] = static_cast<char>(readProtected_ ? kRdpLevel1 : kRdpLevel0);
  return bytes;
}

std::optional<QByteArray> Stm32Machine::memory(quint32 address, qsizetype size) const {
  if (inFlash(address, size)) {
    return content(address - config_.flashBase, size);
  }
  if (inFreeRam(address, size)) {
    return ram_.mid(address - config_.ramBase, size);
  }
  const auto within = [&](quint32 base, const QByteArray& bytes) -> std::optional<QByteArray> {
    const bool inside =
        address >= base && quint64{address} + static_cast<quint64>(size) <= base + static_cast<quint64>(bytes.size());
    return inside ? std::optional(bytes.mid(address - base, size)) : std::nullopt;
  };
  const auto id = within(config_.uniqueIdAddress, config_.uniqueId);
  return id ? id : within(config_.optionBase, optionBytes());
}

// 3.4: a count less one, and its complement.
Stm32Machine::Reaction Stm32Machine::takeReadCount() {
  const auto bytes = memory(address_, at(0) + 1);
  if ((at(0) ^ at(1)) != 0xFF || !bytes) {
    return nack();
  }
  expectCommand();
  return answer(QByteArray(1, kAck) + *bytes);
}

Stm32Machine::Reaction Stm32Machine::takeWriteCount() {
  wanted_ = 1 + at(0) + 1 + 1;
  then_ = &Stm32Machine::takeWriteData;
  return {};
}

// 3.6.
Stm32Machine::Reaction Stm32Machine::takeWriteData() {
  const QByteArray data = collected_.mid(1, collected_.size() - 2);
  if (!checksumHolds() || data.size() % 4 != 0) {
    return nack();
  }
  if (inFreeRam(address_, data.size())) {
    ram_.replace(address_ - config_.ramBase, data.size(), data);
  } else if (!inFlash(address_, data.size())) {
    return nack();
  } else if (const Status done = programFlash(address_ - config_.flashBase, data); !done) {
    if (flash_.hasPower()) {
      return nack();
    }
    powerOff();
    return {};
  }
  expectCommand();
  return ack(config_.writeTime);
}

Status Stm32Machine::programFlash(qsizetype offset, const QByteArray& data) {
  if (writesProtected(offset)) {
    return {};
  }
  const qsizetype unit = config_.writeUnit;
  QByteArray bytes = data.leftJustified((data.size() + unit - 1) / unit * unit, '\xFF');
  if (storesWrongly) {
    bytes[0] = static_cast<char>(bytes[0] ^ 0x01);
  }
  return flash_.program(offset, bytes);
}

// ---- erasing and write protection -----------------------------------------------------------------------

int Stm32Machine::sectorCount() const {
  return std::accumulate(config_.sectors.begin(), config_.sectors.end(), 0,
                         [](int sum, const Stm32Sectors& run) { return sum + run.count; });
}

std::pair<qsizetype, qsizetype> Stm32Machine::sector(int number) const {
  qsizetype offset = 0;
  for (const Stm32Sectors& run : config_.sectors) {
    if (number < run.count) {
      return {offset + number * run.size, run.size};
    }
    number -= run.count;
    offset += run.count * run.size;
  }
  return {0, 0};
}

bool Stm32Machine::writesProtected(qsizetype offset) const {
  return std::any_of(writeProtected_.begin(), writeProtected_.end(), [&](int number) {
    const auto [begin, size] = sector(number);
    return offset >= begin && offset < begin + size;
  });
}

Status Stm32Machine::eraseSectors(const QList<int>& numbers) {
  for (const int number : numbers) {
    if (!writeProtected_.contains(number)) {
      const auto [offset, size] = sector(number);
      SEALIFT_CHECK(flash_.erase(offset, size));
    }
  }
  return {};
}

Stm32Machine::Reaction Stm32Machine::takeEraseCount() {
  const bool wide = command_ == kExtendedErase;
  const int code = wide ? at(0) * 256 + at(1) : at(0);
  const int width = wide ? 2 : 1;
  if (code == (wide ? 0xFFFF : 0xFF)) {
    wanted_ = width + 1;
    then_ = &Stm32Machine::takeMassErase;
    return {};
  }
  if (wide && code >= 0xFFF0) {  // 3.8: banks, and what is reserved
    return nack();
  }
  wanted_ = width * (code + 2) + 1;
  then_ = &Stm32Machine::takePages;
  return {};
}

Stm32Machine::Reaction Stm32Machine::takeMassErase() {
  // 3.7: the complement of 0xFF; 3.8: the exclusive or of both bytes. Either is 0.
  if (at(wanted_ - 1) != 0) {
    return nack();
  }
  QList<int> all(sectorCount());
  std::iota(all.begin(), all.end(), 0);
  if (!eraseSectors(all)) {
    powerOff();
    return {};
  }
  expectCommand();
  return ack(config_.eraseTime * sectorCount());
}

Stm32Machine::Reaction Stm32Machine::takePages() {
  const bool wide = command_ == kExtendedErase;
  ByteReader reader(collected_);
  reader.skip(wide ? 2 : 1);
  QList<int> pages;
  while (reader.remaining() > 1) {
    pages << (wide ? reader.be16() : reader.u8());
  }
  if (!checksumHolds() || std::any_of(pages.begin(), pages.end(), [&](int page) { return sector(page).second == 0; })) {
    return nack();
  }
  if (!eraseSectors(pages)) {
    powerOff();
    return {};
  }
  expectCommand();
  return ack(config_.eraseTime * static_cast<int>(pages.size()));
}

Stm32Machine::Reaction Stm32Machine::takeProtectCount() {
  wanted_ = 1 + at(0) + 1 + 1;
  then_ = &Stm32Machine::takeProtectSectors;
  return {};
}

// 3.9: what was protected before is not any more.
Stm32Machine::Reaction Stm32Machine::takeProtectSectors() {
  if (!checksumHolds()) {
    return nack();
  }
  writeProtected_.clear();
  for (qsizetype i = 1; i < collected_.size() - 1; ++i) {
    writeProtected_ << at(i);
  }
  const Reaction reaction = ack();
  reset();
  return reaction;
}

}  // namespace sealift
