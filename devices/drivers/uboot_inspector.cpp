#include "devices/drivers/uboot_inspector.h"

#include "app/base/byte_reader.h"
#include "transports/protocols/uboot/device_tree.h"
#include "transports/protocols/uboot/environment.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/storage.h"

#include <QtEndian>

namespace sealift {
namespace {

constexpr quint32 kFdtMagic = 0xD00DFEED;  // Devicetree Specification 0.4, section 5.2
constexpr qsizetype kFdtHeaderBytes = 8;   // magic and totalsize are all that is needed here
constexpr qsizetype kMaxKeys = 16;
constexpr qsizetype kMaxText = 64;

// Text that a device sent, fit to be shown.
QString shown(const QByteArray& text) {
  QString line = QString::fromLatin1(text.left(kMaxText)).trimmed();
  for (QChar& c : line) {
    if (!c.isPrint()) {
      c = QLatin1Char('?');
    }
  }
  return line;
}

// Node names go back into commands: nothing that the shell would interpret.
bool isPlainName(const QByteArray& name) {
  static const QRegularExpression plain(QStringLiteral("\\A[A-Za-z0-9_.,@-]{1,64}\\z"));
  return plain.match(QString::fromLatin1(name)).hasMatch();
}

}  // namespace

QByteArray crcBytes(quint32 crc) {
  QByteArray bytes(4, '\0');
  qToBigEndian(crc, bytes.data());
  return bytes;
}

Result<UbootUnit> UbootInspector::unit(const CancelToken& cancel) {
  const quint64 bytes = settings_.factory.blocks * settings_.blockSize;
  SEALIFT_CHECK(UbootMemory(console_).fill(settings_.scratchAddress, 0xA5, bytes, cancel));
  SEALIFT_CHECK(UbootStorage(console_, settings_.interface, settings_.device)
                    .read(settings_.scratchAddress, settings_.factory.block, settings_.factory.blocks, cancel));
  SEALIFT_TRY(const auto values,
              UbootEnvironment(console_).importBlock(settings_.scratchAddress, bytes,
                                                     {"factory_serial", "factory_board", "factory_board_rev"}, cancel));
  if (!values) {
    return fail(
        ErrorCode::DeviceNotRecognised, QStringLiteral("The device's factory data is missing or damaged."),
        QStringLiteral("Check that this is the right model; otherwise the device has to go back to its vendor."));
  }
  return UbootUnit{shown(values->value("factory_board")), shown(values->value("factory_serial")),
                   shown(values->value("factory_board_rev"))};
}

Result<UbootSlotContent> UbootInspector::slotContent(int slot, const CancelToken& cancel) {
  const UbootArea& area = settings_.slotAreas[static_cast<std::size_t>(slot)].area;
  UbootMemory memory(console_);
  UbootStorage storage(console_, settings_.interface, settings_.device);
  UbootSlotContent content;
  SEALIFT_CHECK(memory.fill(settings_.verifyAddress, 0xA5, settings_.blockSize, cancel));
  SEALIFT_CHECK(storage.read(settings_.verifyAddress, area.block, 1, cancel));
  SEALIFT_TRY(const QByteArray header, memory.read(settings_.verifyAddress, kFdtHeaderBytes, cancel));
  ByteReader reader(header);
  const bool isTree = reader.be32() == kFdtMagic;
  const quint64 bytes = reader.be32();
  if (!isTree || bytes < kFdtHeaderBytes || bytes > settings_.slotBytes(slot)) {
    return content;
  }
  const quint64 blocks = settings_.blocksFor(bytes);
  SEALIFT_CHECK(storage.read(settings_.verifyAddress, area.block, blocks, cancel));
  UbootDeviceTree tree(console_);
  SEALIFT_TRY(const bool opened, tree.open("0x" + QByteArray::number(settings_.verifyAddress, 16), cancel));
  if (!opened) {
    return content;
  }
  SEALIFT_TRY(const std::optional<QByteArray> version, tree.text("/", "sealift,version", cancel));
  SEALIFT_TRY(content.securityVersion, tree.cell("/", "sealift,security-version", cancel));
  SEALIFT_TRY(const quint32 crc, memory.crc32(settings_.verifyAddress, bytes, cancel));
  content.version = version ? Version::parse(QString::fromLatin1(*version)) : std::nullopt;
  content.bytes = bytes;
  content.crc = crcBytes(crc);
  return content;
}

// Nodes below /signature are the keys; `required` says what each of them must have signed (U-Boot,
// doc/uImage.FIT/signature.txt, "Public Key Storage").
Result<std::optional<QList<UbootInspector::RequiredKey>>> UbootInspector::requiredKeys(const CancelToken& cancel) {
  UbootDeviceTree tree(console_);
  SEALIFT_TRY(const bool opened, tree.open("${fdtcontroladdr}", cancel));
  if (!opened) {
    return std::optional<QList<RequiredKey>>();
  }
  SEALIFT_TRY(const QList<QByteArray> keys, tree.children("/signature", cancel));
  QList<RequiredKey> required;
  for (const QByteArray& key : keys.first(std::min(keys.size(), kMaxKeys))) {
    if (!isPlainName(key)) {
      continue;
    }
    SEALIFT_TRY(const std::optional<QByteArray> what, tree.text("/signature/" + key, "required", cancel));
    if (what == "conf" || what == "image") {
      required << RequiredKey{shown(key), *what};
    }
  }
  return std::optional(required);
}

Result<bool> UbootInspector::requiresSignedConfiguration(const CancelToken& cancel) {
  SEALIFT_TRY(const auto required, requiredKeys(cancel));
  return required &&
         std::any_of(required->cbegin(), required->cend(), [](const RequiredKey& key) { return key.what == "conf"; });
}

Status UbootInspector::describeSecureBoot(DeviceSnapshot& device, const CancelToken& cancel) {
  SEALIFT_TRY(const auto required, requiredKeys(cancel));
  if (!required) {
    device.secureBootDetail = QStringLiteral("U-Boot has no control device tree to look into");
    return {};
  }
  QStringList names;
  for (const RequiredKey& key : *required) {
    names << key.name;
  }
  device.secureBoot = names.isEmpty() ? TriState::No : TriState::Yes;
  device.secureBootDetail = names.isEmpty()
                                ? QStringLiteral("U-Boot requires no signature")
                                : QStringLiteral("U-Boot boots only images signed with %1").arg(names.join(u", "));
  return {};
}

Result<DeviceSnapshot> UbootInspector::snapshot(const CancelToken& cancel) {
  DeviceSnapshot device;
  SEALIFT_TRY(const UbootUnit unit, this->unit(cancel));
  device.deviceName = unit.board;
  device.serial = unit.serial;
  device.hardwareRevision = unit.revision;
  device.inBootloader = true;
  SEALIFT_TRY(const QByteArray version, console_.runOk("version", std::chrono::milliseconds(5'000), cancel));
  device.bootloader =
      shown(version.trimmed().split('\n').constFirst().split('(').constFirst()) + QStringLiteral(" · serial console");
  SEALIFT_CHECK(describeSecureBoot(device, cancel));

  SEALIFT_TRY(const UbootBootState state, UbootBootStateStore(console_, settings_).load(cancel));
  if (state.stored) {
    device.securityVersion = state.securityVersion;
    device.securityVersionDetail = QStringLiteral("kept in the boot state, not tamper-proof");
  } else {
    device.securityVersionDetail = QStringLiteral("the boot state is missing or damaged");
  }
  device.slotBytes = static_cast<qint64>(settings_.slotBytes(state.otherSlot()));
  for (int i = 0; i < 2; ++i) {
    SEALIFT_TRY(const UbootSlotContent content, slotContent(i, cancel));
    Slot slot;
    slot.name = settings_.slotAreas[static_cast<std::size_t>(i)].name;
    slot.index = i;
    slot.version = content.version;
    slot.digest = content.crc;
    slot.bootable = content.bytes > 0;
    // No application runs at the prompt: the slot that the device falls back to stands for it.
    slot.running = i == state.confirmedSlot() && content.bytes > 0;
    slot.confirmed = i == state.confirmedSlot();
    slot.pending = state.onTrial && i == state.slot;
    device.slots << slot;
  }
  return device;
}

}  // namespace sealift
