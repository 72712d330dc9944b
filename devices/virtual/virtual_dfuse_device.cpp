#include "devices/virtual/virtual_dfuse_device.h"

#include "app/base/byte_reader.h"
#include "devices/virtual/usb_firmware.h"

#include <algorithm>

namespace sealift {

namespace {

// AN3156, table 3.
constexpr quint8 kGetCommands = 0x00;
constexpr quint8 kSetAddress = 0x21;
constexpr quint8 kErase = 0x41;
constexpr quint8 kReadUnprotect = 0x92;

// USB DFU 1.1, 6.1.2, bStatus, as AN3156 uses them.
constexpr quint8 kErrTarget = 0x01;
constexpr quint8 kErrErase = 0x04;
constexpr quint8 kErrProg = 0x06;
constexpr quint8 kErrVendor = 0x0B;
constexpr quint8 kErrStalledPacket = 0x0F;

constexpr quint16 kFirstDataBlock = 2;
constexpr quint32 kOptionBytesBase = 0x1FFFC000;
constexpr qsizetype kOptionBytes = 16;

}  // namespace

VirtualDfuConfig VirtualDfuseDeviceConfig::defaultUsb() {
  VirtualDfuConfig usb;
  usb.vendorId = 0x1209;
  usb.productId = 0x0003;
  usb.dfuVendorId = 0x0483;  // the identities of ST's bootloader
  usb.dfuProductId = 0xDF11;
  usb.dfuRelease = 0x2200;
  usb.product = QStringLiteral("Norrland S1");
  usb.dfuProduct = QStringLiteral("STM32  BOOTLOADER");
  usb.serial = QStringLiteral("NS1-0001");
  usb.dfuSerial = QStringLiteral("345F36733138");
  usb.speed = UsbSpeed::Full;
  usb.manifestationTolerant = false;
  return usb;
}

VirtualDfuseDevice::VirtualDfuseDevice(const VirtualDfuseDeviceConfig& config)
    : DfuMachine(config.usb),
      base_(config.base),
      flash_(config.flash),
      optionBytes_(kOptionBytes, '\x5A'),
      readProtected_(config.readProtected),
      pointer_(config.base) {
  if (!config.firmware.isEmpty()) {
    (void)program(base_, config.firmware);
  }
}

QByteArray VirtualDfuseDevice::allOf() const {
  FlashModel copy = flash_;
  copy.powerOn();
  return *copy.read(0, copy.geometry().size);
}

QByteArray VirtualDfuseDevice::content(qsizetype at, qsizetype size) const {
  const std::scoped_lock lock(mutex_);
  return allOf().mid(at, size);
}

bool VirtualDfuseDevice::isReadProtected() const {
  const std::scoped_lock lock(mutex_);
  return readProtected_;
}

quint64 VirtualDfuseDevice::erasedSectors() const {
  const std::scoped_lock lock(mutex_);
  return flash_.erasedSectors();
}

quint64 VirtualDfuseDevice::flashOperations() const {
  const std::scoped_lock lock(mutex_);
  return flash_.operations();
}

void VirtualDfuseDevice::cutPowerAtFlashOperation(quint64 n) {
  const std::scoped_lock lock(mutex_);
  flash_.cutPowerAtOperation(n);
}

// UM0424, 10.3.2.
QStringList VirtualDfuseDevice::alternateNames() const {
  const FlashGeometry& geometry = flash_.geometry();
  return {QStringLiteral("@Internal Flash  /0x%1/%2*%3Kg")
              .arg(base_, 8, 16, QLatin1Char('0'))
              .arg(geometry.size / geometry.sectorSize, 3, 10, QLatin1Char('0'))
              .arg(geometry.sectorSize / 1024, 3, 10, QLatin1Char('0')),
          QStringLiteral("@Option Bytes  /0x%1/01*%2 e")
              .arg(kOptionBytesBase, 8, 16, QLatin1Char('0'))
              .arg(kOptionBytes, 3, 10, QLatin1Char('0'))};
}

void VirtualDfuseDevice::power(bool on) {
  if (on) {
    flash_.powerOn();
    pointer_ = base_;
  } else {
    flash_.powerOff();
  }
}

std::optional<quint16> VirtualDfuseDevice::bootableRelease() const {
  return releaseOfUsbFirmware(allOf());
}

bool VirtualDfuseDevice::runsIntoNothing() const {
  const QByteArray flash = allOf();
  return !flash.startsWith("\xff\xff\xff\xff") && !releaseOfUsbFirmware(flash);
}

std::optional<qsizetype> VirtualDfuseDevice::offsetOf(quint64 address) const {
  if (address < base_ || address >= base_ + static_cast<quint64>(flash_.geometry().size)) {
    return std::nullopt;
  }
  return static_cast<qsizetype>(address - base_);
}

DfuMachine::Work VirtualDfuseDevice::outcome(const Status& done, quint8 status, std::chrono::milliseconds time) const {
  return {done ? quint8{0} : status, time, false, !flash_.hasPower()};
}

DfuMachine::Work VirtualDfuseDevice::erase(qsizetype at, qsizetype size) {
  const auto sectors = size / flash_.geometry().sectorSize;
  return outcome(flash_.erase(at, size), kErrErase, config().eraseTime * sectors);
}

DfuMachine::Work VirtualDfuseDevice::program(quint64 address, const QByteArray& data) {
  const auto at = offsetOf(address);
  const qsizetype unit = flash_.geometry().writeSize;
  if (!at || *at % unit != 0) {
    return {kErrTarget, {}, false, false};
  }
  QByteArray bytes = data.leftJustified((data.size() + unit - 1) / unit * unit, '\xff');
  if (faults().storesWrongly) {
    bytes[0] = static_cast<char>(static_cast<quint8>(bytes[0]) ^ 0x01U);
  }
  return outcome(flash_.program(*at, bytes), kErrProg, config().blockTime);
}

// AN3156, 5.1.
DfuMachine::Work VirtualDfuseDevice::takeBlock(quint16 block, const QByteArray& data) {
  if (block == 0) {
    return command(data);
  }
  if (block < kFirstDataBlock) {
    return {kErrStalledPacket, {}, false, false};
  }
  if (readProtected_) {
    return {kErrVendor, {}, false, false};
  }
  return program(pointer_ + quint64{block - 2U} * config().transferSize, data);
}

// AN3156, 5.2 to 5.4.
DfuMachine::Work VirtualDfuseDevice::command(const QByteArray& bytes) {
  ByteReader reader(bytes);
  const quint8 code = reader.u8();
  const bool hasAddress = bytes.size() == 5;
  const quint32 address = hasAddress ? reader.le32() : 0;
  if (code == kSetAddress && hasAddress) {
    const bool known = offsetOf(address) || (address >= kOptionBytesBase && address < kOptionBytesBase + kOptionBytes);
    if (!known) {
      return {kErrTarget, {}, false, false};
    }
    pointer_ = address;
    return {};
  }
  if (code == kErase && (hasAddress || bytes.size() == 1)) {
    if (readProtected_) {
      return {kErrVendor, {}, false, false};
    }
    if (!hasAddress) {
      return erase(0, flash_.geometry().size);
    }
    const auto at = offsetOf(address);
    if (!at) {
      return {kErrTarget, {}, false, false};
    }
    const qsizetype sector = flash_.geometry().sectorSize;
    return erase(*at / sector * sector, sector);
  }
  if (code == kReadUnprotect && bytes.size() == 1) {
    Work work = erase(0, flash_.geometry().size);
    if (work.status == 0) {
      readProtected_ = false;
      work.restarts = true;
    }
    return work;
  }
  return {kErrStalledPacket, {}, false, false};
}

// AN3156, 4.1 and 4.2.
DfuMachine::Upload VirtualDfuseDevice::giveBlock(quint16 block, quint16 length) {
  if (block == 0) {
    QByteArray commands;
    for (const quint8 code : {kGetCommands, kSetAddress, kErase, kReadUnprotect}) {
      commands.append(static_cast<char>(code));
    }
    return {0, commands.left(length)};
  }
  if (block < kFirstDataBlock) {
    return {kErrStalledPacket, {}};
  }
  if (readProtected_) {
    return {kErrVendor, {}};
  }
  const quint64 address = pointer_ + quint64{block - 2U} * config().transferSize;
  if (address >= kOptionBytesBase && address < kOptionBytesBase + kOptionBytes) {
    return {0, optionBytes_.mid(static_cast<qsizetype>(address - kOptionBytesBase), length)};
  }
  const auto at = offsetOf(address);
  if (!at) {
    return {kErrTarget, {}};
  }
  const qsizetype size = std::min<qsizetype>(length, flash_.geometry().size - *at);
  return {0, flash_.read(*at, size).value_or(QByteArray())};
}

}  // namespace sealift
