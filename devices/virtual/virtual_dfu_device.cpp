#include "devices/virtual/virtual_dfu_device.h"

#include "app/base/byte_reader.h"
#include "app/base/byte_writer.h"
#include "app/base/crc.h"
#include "devices/virtual/usb_firmware.h"

#include <algorithm>

namespace sealift {

namespace {

// 6.1.2, bStatus.
constexpr quint8 kErrWrite = 0x03;
constexpr quint8 kErrAddress = 0x08;

constexpr char kNoteMagic[] = "DFUN";
constexpr qsizetype kNoteBytes = 16;

QByteArray padded(const QByteArray& bytes, qsizetype unit) {
  return bytes.leftJustified((bytes.size() + unit - 1) / unit * unit, '\xff');
}

}  // namespace

VirtualDfuDevice::VirtualDfuDevice(const VirtualDfuDeviceConfig& config)
    : DfuMachine(config.usb),
      memories_(config.memories),
      geometry_(config.flash),
      plainRelease_(config.plainRelease),
      uploadsWholeMemory_(config.uploadsWholeMemory) {
  for (qsizetype i = 0; i < memories_.size(); ++i) {
    flashes_.emplace_back(geometry_, static_cast<quint32>(i + 1));
  }
  if (!config.firmware.isEmpty() && config.firmware.size() <= capacity()) {
    (void)flashes_.front().program(0, padded(config.firmware, geometry_.writeSize));
    (void)writeNote(flashes_.front(), config.firmware.size());
  }
}

FlashModel& VirtualDfuDevice::flash() {
  const auto last = static_cast<int>(flashes_.size()) - 1;
  return flashes_[static_cast<std::size_t>(std::clamp(alternate(), 0, last))];
}

QByteArray VirtualDfuDevice::content(int memory) const {
  const std::scoped_lock lock(mutex_);
  return firmwareOf(flashes_.at(static_cast<std::size_t>(memory))).value_or(QByteArray());
}

quint64 VirtualDfuDevice::flashOperations(int memory) const {
  const std::scoped_lock lock(mutex_);
  return flashes_.at(static_cast<std::size_t>(memory)).operations();
}

void VirtualDfuDevice::cutPowerAtFlashOperation(quint64 n, int memory) {
  const std::scoped_lock lock(mutex_);
  flashes_.at(static_cast<std::size_t>(memory)).cutPowerAtOperation(n);
}

void VirtualDfuDevice::power(bool on) {
  for (FlashModel& flash : flashes_) {
    if (on) {
      flash.powerOn();
    } else {
      flash.powerOff();
    }
  }
}

// The note behind the firmware: magic, size, CRC-32 of the firmware, 0.
Status VirtualDfuDevice::writeNote(FlashModel& flash, qsizetype size) {
  SEALIFT_TRY(const QByteArray firmware, flash.read(0, size));
  QByteArray note(kNoteMagic);
  appendLe32(note, static_cast<quint32>(size));
  appendLe32(note, crc32(firmware));
  appendLe32(note, 0);
  SEALIFT_CHECK(flash.erase(capacity(), geometry_.sectorSize));
  return flash.program(capacity(), note);
}

std::optional<QByteArray> VirtualDfuDevice::firmwareOf(const FlashModel& flash) const {
  // As the flash is, power or not: tests look at it, too.
  FlashModel copy = flash;
  copy.powerOn();
  const auto note = copy.read(capacity(), kNoteBytes);
  ByteReader reader(*note);
  const bool marked = reader.take(4) == QByteArrayView(kNoteMagic);
  const qsizetype size = reader.le32();
  const quint32 crc = reader.le32();
  if (!marked || size < 1 || size > capacity()) {
    return std::nullopt;
  }
  QByteArray firmware = *copy.read(0, size);
  return crc32(firmware) == crc ? std::optional(std::move(firmware)) : std::nullopt;
}

std::optional<quint16> VirtualDfuDevice::bootableRelease() const {
  const auto firmware = firmwareOf(flashes_.front());
  return firmware ? std::optional(releaseOfUsbFirmware(*firmware).value_or(plainRelease_)) : std::nullopt;
}

void VirtualDfuDevice::beginConversation() {
  at_ = 0;
  nextBlock_ = 0;
}

DfuMachine::Work VirtualDfuDevice::takeBlock(quint16 block, const QByteArray& data) {
  if (block != nextBlock_ || at_ + data.size() > capacity() || at_ % geometry_.writeSize != 0) {
    return {kErrAddress, {}, false, false};
  }
  ++nextBlock_;
  Work work;
  work.time = config().blockTime;
  const auto run = [&]() -> Status {
    if (at_ == 0) {  // from here on there is no firmware
      SEALIFT_CHECK(flash().erase(capacity(), geometry_.sectorSize));
      work.time += config().eraseTime;
    }
    QByteArray bytes = padded(data, geometry_.writeSize);
    if (faults().storesWrongly) {
      bytes[0] = static_cast<char>(static_cast<quint8>(bytes[0]) ^ 0x01U);
    }
    const qsizetype sector = geometry_.sectorSize;
    for (qsizetype begin = (at_ + sector - 1) / sector * sector; begin < at_ + bytes.size(); begin += sector) {
      SEALIFT_CHECK(flash().erase(begin, sector));
      work.time += config().eraseTime;
    }
    return flash().program(at_, bytes);
  };
  if (const Status done = run(); !done) {
    work.status = kErrWrite;
    work.powerLost = !flash().hasPower();
    return work;
  }
  at_ += data.size();
  return work;
}

DfuMachine::Work VirtualDfuDevice::manifest() {
  Work work{0, config().manifestTime, false, false};
  if (const Status done = writeNote(flash(), at_); !done) {
    work.status = kErrWrite;
    work.powerLost = !flash().hasPower();
  }
  return work;
}

DfuMachine::Upload VirtualDfuDevice::giveBlock(quint16 block, quint16 length) {
  if (block != nextBlock_) {
    return {kErrAddress, {}};
  }
  ++nextBlock_;
  const QByteArray firmware = uploadsWholeMemory_ ? flash().read(0, capacity()).value_or(QByteArray())
                                                  : firmwareOf(flash()).value_or(QByteArray());
  Upload given;
  given.data = firmware.mid(at_, length);
  at_ += given.data.size();
  return given;
}

}  // namespace sealift
