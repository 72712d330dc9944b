#include "devices/drivers/fastboot_inspector.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kDigestBytes = 32;  // SHA-256
constexpr qsizetype kMaxKnown = 1500;   // characters of the list of variables
constexpr int kMaxRetries = 255;

// "0x10000000"; without 0x as AOSP's host takes it: sizes of partitions are hexadecimal all the same, others decimal.
std::optional<qint64> parseSize(const QByteArray& text, int plainBase) {
  bool fine = false;
  const bool isHex = text.startsWith("0x") || text.startsWith("0X");
  const qint64 value = isHex ? text.mid(2).toLongLong(&fine, 16) : text.toLongLong(&fine, plainBase);
  return fine && value >= 0 ? std::optional(value) : std::nullopt;
}

QString yesNo(const std::optional<bool>& value) {
  return !value ? QStringLiteral("untold") : *value ? QStringLiteral("yes") : QStringLiteral("no");
}

TriState secureBootOf(const FastbootState& state) {
  if (state.secure == false || state.unlocked == true) {
    return TriState::No;  // unlocked: it starts what it is given
  }
  return state.secure == true ? TriState::Yes : TriState::Unknown;
}

}  // namespace

int FastbootState::standing() const {
  const FastbootSlot& other = slot(1 - current);
  const bool fallsBack = !runs && !slot(current).successful && other.successful && !other.unbootable;
  return fallsBack ? 1 - current : current;
}

Result<QString> FastbootInspector::text(const QByteArray& variable, const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> value, session_.variable(variable, cancel));
  return fastbootText(value.value_or(QByteArray()));
}

Result<std::optional<bool>> FastbootInspector::flag(const QByteArray& variable, const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> value, session_.variable(variable, cancel));
  if (value == "yes" || value == "true" || value == "1") {
    return std::optional(true);
  }
  return value == "no" || value == "false" || value == "0" ? std::optional(false) : std::optional<bool>();
}

Result<qint64> FastbootInspector::size(const QByteArray& variable, int plainBase, const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> value, session_.variable(variable, cancel));
  return parseSize(value.value_or(QByteArray()), plainBase).value_or(0);
}

Result<FastbootUnit> FastbootInspector::unit(const CancelToken& cancel) {
  FastbootUnit unit;
  SEALIFT_TRY(unit.product, text("product", cancel));
  SEALIFT_TRY(unit.serial, text("serialno", cancel));
  if (const UsbDeviceInfo* usb = connection_.usb()) {
    unit.product = unit.product.isEmpty() ? fastbootText(usb->product.toLatin1()) : unit.product;
    unit.serial = unit.serial.isEmpty() ? fastbootText(usb->serial.toLatin1()) : unit.serial;
  }
  return unit;
}

Result<int> FastbootInspector::currentSlot(const CancelToken& cancel) {
  SEALIFT_TRY(QString name, text("current-slot", cancel));
  name.remove(u'_');  // "_a" on older devices
  if (name != QLatin1String("a") && name != QLatin1String("b")) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        QStringLiteral("The device does not say which of its slots a and b is the current one: \"%1\".").arg(name));
  }
  return name == QLatin1String("a") ? 0 : 1;
}

Status FastbootInspector::readFirmware(FastbootSlot& slot, int index, const CancelToken& cancel) {
  if (!settings_.version.isEmpty()) {
    SEALIFT_TRY(const QString version, text(settings_.expand(settings_.version, index), cancel));
    slot.version = Version::parse(version);
  }
  if (!settings_.digest.isEmpty()) {
    SEALIFT_TRY(const QString digest, text(settings_.expand(settings_.digest, index), cancel));
    slot.digest = QByteArray::fromHex(digest.toLatin1());
    if (slot.digest.size() != kDigestBytes) {
      slot.digest.clear();
    }
  }
  return {};
}

Result<FastbootSlot> FastbootInspector::slotState(int index, const CancelToken& cancel) {
  const QByteArray letter = FastbootSettings::slotLetter(index);
  FastbootSlot slot;
  SEALIFT_TRY(const std::optional<bool> successful, flag("slot-successful:" + letter, cancel));
  SEALIFT_TRY(const std::optional<bool> unbootable, flag("slot-unbootable:" + letter, cancel));
  SEALIFT_TRY(const QString retries, text("slot-retry-count:" + letter, cancel));
  slot.successful = successful.value_or(false);
  slot.unbootable = unbootable.value_or(false);
  slot.retries = std::clamp(retries.toInt(), 0, kMaxRetries);  // decimal
  return slot;
}

Status FastbootInspector::readIdentity(FastbootState& state, const CancelToken& cancel) {
  SEALIFT_TRY(state.unit, unit(cancel));
  if (!settings_.revision.isEmpty()) {
    SEALIFT_TRY(state.revision, text(settings_.revision, cancel));
  }
  SEALIFT_TRY(state.bootloader, text("version-bootloader", cancel));
  SEALIFT_TRY(state.secure, flag("secure", cancel));
  SEALIFT_TRY(state.unlocked, flag("unlocked", cancel));
  if (!settings_.securityVersion.isEmpty()) {
    SEALIFT_TRY(const QString counter, text(settings_.securityVersion, cancel));
    bool fine = false;
    const uint value = counter.toUInt(&fine);
    state.securityVersion = fine ? std::optional<quint32>(value) : std::nullopt;
  }
  if (settings_.slots) {
    SEALIFT_TRY(const std::optional<bool> hasSlot, flag("has-slot:" + settings_.partition, cancel));
    SEALIFT_TRY(const QString count, text("slot-count", cancel));
    if (hasSlot == false || (!count.isEmpty() && count != QLatin1String("2"))) {
      return fail(ErrorCode::DeviceNotRecognised,
                  QStringLiteral("The device has not two slots for \"%1\", as its model says.")
                      .arg(QString::fromLatin1(settings_.partition)));
    }
  }
  return {};
}

Status FastbootInspector::readSlots(FastbootState& state, FastbootDetail detail, const CancelToken& cancel) {
  const bool all = detail == FastbootDetail::All;
  if (!settings_.slots) {
    return all ? readFirmware(state.slots[0], 0, cancel) : Status();
  }
  SEALIFT_TRY(state.current, currentSlot(cancel));
  for (int i = 0; i < 2; ++i) {
    FastbootSlot& slot = state.slots[static_cast<std::size_t>(i)];
    SEALIFT_TRY(slot, slotState(i, cancel));
    // A variable that does not name the slot tells of the current one.
    if (all && (i == state.current || settings_.version.contains('{'))) {
      SEALIFT_CHECK(readFirmware(slot, i, cancel));
    }
  }
  return {};
}

Result<FastbootState> FastbootInspector::state(FastbootDetail detail, const CancelToken& cancel) {
  FastbootState state;
  if (detail == FastbootDetail::All) {
    SEALIFT_CHECK(readIdentity(state, cancel));
  }
  if (!settings_.running.isEmpty()) {
    SEALIFT_TRY(const std::optional<bool> runs, flag(settings_.running, cancel));
    state.runs = runs.value_or(false);
  }
  SEALIFT_CHECK(readSlots(state, detail, cancel));
  const int target = settings_.slots ? 1 - state.standing() : 0;
  SEALIFT_TRY(state.partitionBytes, size("partition-size:" + settings_.partitionOf(target), 16, cancel));
  SEALIFT_TRY(state.maxDownload, size("max-download-size", 10, cancel));
  SEALIFT_TRY(state.maxFetch, size("max-fetch-size", 10, cancel));
  return state;
}

Result<QString> FastbootInspector::knownVariables(const CancelToken& cancel) {
  SEALIFT_TRY(const auto variables, session_.allVariables(cancel));
  QStringList names;
  for (const auto& [name, value] : variables) {
    names.append(fastbootText(name));
  }
  return names.join(QStringLiteral(", ")).left(kMaxKnown);
}

DeviceSnapshot toSnapshot(const FastbootState& state, const FastbootSettings& settings) {
  DeviceSnapshot device;
  device.deviceName = state.unit.product;
  device.serial = state.unit.serial;
  device.hardwareRevision = state.revision;
  device.bootloader =
      state.bootloader.isEmpty() ? QStringLiteral("fastboot") : QStringLiteral("%1 · fastboot").arg(state.bootloader);
  device.inBootloader = !state.runs;
  device.slotBytes = state.partitionBytes;
  device.secureBoot = secureBootOf(state);
  device.secureBootDetail = QStringLiteral("signatures required: %1 · unlocked: %2, as the device says")
                                .arg(yesNo(state.secure), yesNo(state.unlocked));
  device.securityVersion = state.securityVersion;
  if (!settings.slots) {
    Slot slot;
    slot.name = QStringLiteral("firmware");
    slot.version = state.slots[0].version;
    slot.digest = state.slots[0].digest;
    slot.running = state.runs;
    slot.confirmed = true;
    slot.bootable = true;
    device.slots << slot;
    return device;
  }
  for (int i = 0; i < 2; ++i) {
    const FastbootSlot& found = state.slot(i);
    Slot slot;
    slot.name = QString::fromLatin1(FastbootSettings::slotLetter(i));
    slot.index = i;
    slot.version = found.version;
    slot.digest = found.digest;
    slot.running = i == state.standing();
    slot.confirmed = i == state.standing() && found.successful;
    slot.pending = i == state.current && state.isOnTrial();
    slot.bootable = !found.unbootable;
    device.slots << slot;
  }
  return device;
}

}  // namespace sealift
