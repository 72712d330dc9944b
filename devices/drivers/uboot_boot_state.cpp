#include "devices/drivers/uboot_boot_state.h"

#include "transports/protocols/uboot/environment.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/storage.h"

#include <limits>

namespace sealift {
namespace {

const QByteArray kSlot = "slot";
const QByteArray kUpgradeAvailable = "upgrade_available";
const QByteArray kTriesLeft = "tries_left";
const QByteArray kSecurityVersion = "security_version";
const QByteArray kSequence = "state_seq";

QList<QByteArray> names() {
  return {kSlot, kUpgradeAvailable, kTriesLeft, kSecurityVersion, kSequence};
}

// U-Boot's arithmetic is hexadecimal, with or without 0x.
std::optional<quint32> hexNumber(const QMap<QByteArray, QByteArray>& values, const QByteArray& name) {
  bool ok = false;
  const quint32 number = values.value(name).toUInt(&ok, 16);
  return ok ? std::optional(number) : std::nullopt;
}

QByteArray hex(quint32 number) {
  return QByteArray::number(number, 16);
}

}  // namespace

std::optional<UbootBootState> UbootBootStateStore::decode(const QMap<QByteArray, QByteArray>& values) const {
  const int slot = settings_.slotIndex(QString::fromLatin1(values.value(kSlot)));
  const auto onTrial = hexNumber(values, kUpgradeAvailable);
  const auto tries = hexNumber(values, kTriesLeft);
  const auto security = hexNumber(values, kSecurityVersion);
  const auto sequence = hexNumber(values, kSequence);
  if (slot < 0 || !onTrial || *onTrial > 1 || !tries || *tries > 0xFF || !security || !sequence) {
    return std::nullopt;
  }
  return UbootBootState{slot, *onTrial == 1, static_cast<int>(*tries), *security, *sequence, true};
}

Result<std::optional<UbootBootState>> UbootBootStateStore::loadCopy(int copy, const CancelToken& cancel) {
  const UbootArea& area = settings_.stateCopies[static_cast<std::size_t>(copy)];
  const quint64 bytes = area.blocks * settings_.blockSize;
  UbootMemory memory(console_);
  UbootStorage storage(console_, settings_.interface, settings_.device);
  UbootEnvironment environment(console_);
  // A read that did nothing must not find the other copy.
  SEALIFT_CHECK(memory.fill(settings_.scratchAddress, 0xA5, bytes, cancel));
  SEALIFT_CHECK(storage.read(settings_.scratchAddress, area.block, area.blocks, cancel));
  SEALIFT_TRY(const auto values, environment.importBlock(settings_.scratchAddress, bytes, names(), cancel));
  return values ? decode(*values) : std::nullopt;
}

Result<UbootBootState> UbootBootStateStore::load(const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<UbootBootState> first, loadCopy(0, cancel));
  SEALIFT_TRY(const std::optional<UbootBootState> second, loadCopy(1, cancel));
  if (first && second) {
    return second->sequence > first->sequence ? *second : *first;
  }
  return first.value_or(second.value_or(UbootBootState{}));
}

Status UbootBootStateStore::store(const UbootBootState& state, const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<UbootBootState> first, loadCopy(0, cancel));
  SEALIFT_TRY(const std::optional<UbootBootState> second, loadCopy(1, cancel));
  const quint32 newest = std::max(first ? first->sequence : 0, second ? second->sequence : 0);
  if (newest == std::numeric_limits<quint32>::max()) {
    return fail(ErrorCode::DeviceWriteFailed, QStringLiteral("The boot state's sequence numbers are used up."));
  }
  // The newest valid copy stays; a copy that is not valid is the first to be replaced.
  const int older = !first ? 0 : !second || second->sequence <= first->sequence ? 1 : 0;
  const UbootArea& area = settings_.stateCopies[static_cast<std::size_t>(older)];
  const quint64 bytes = area.blocks * settings_.blockSize;

  UbootEnvironment environment(console_);
  SEALIFT_CHECK(
      environment.set(kSlot, settings_.slotAreas[static_cast<std::size_t>(state.slot)].name.toLatin1(), cancel));
  SEALIFT_CHECK(environment.set(kUpgradeAvailable, state.onTrial ? "1" : "0", cancel));
  SEALIFT_CHECK(environment.set(kTriesLeft, hex(static_cast<quint32>(state.triesLeft)), cancel));
  SEALIFT_CHECK(environment.set(kSecurityVersion, hex(state.securityVersion), cancel));
  SEALIFT_CHECK(environment.set(kSequence, hex(newest + 1), cancel));
  SEALIFT_CHECK(UbootMemory(console_).fill(settings_.scratchAddress, 0, bytes, cancel));
  SEALIFT_CHECK(environment.exportBlock(settings_.scratchAddress, bytes, names(), cancel));
  SEALIFT_CHECK(UbootStorage(console_, settings_.interface, settings_.device)
                    .write(settings_.scratchAddress, area.block, area.blocks, cancel));

  SEALIFT_TRY(const UbootBootState now, load(cancel));
  const bool kept = now.stored && now.slot == state.slot && now.onTrial == state.onTrial &&
                    now.triesLeft == state.triesLeft && now.securityVersion == state.securityVersion &&
                    now.sequence == newest + 1;
  if (!kept) {
    return fail(ErrorCode::DeviceWriteFailed,
                QStringLiteral("The device does not hold the boot state that was written."));
  }
  return {};
}

}  // namespace sealift
