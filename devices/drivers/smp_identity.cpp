#include "devices/drivers/smp_identity.h"

#include "app/base/byte_reader.h"

#include <QRandomGenerator>

#include <algorithm>

namespace sealift {

namespace {

using namespace std::chrono_literals;

constexpr SmpPatience kEchoPatience{1s, 3};

// Names and encodings of the settings: transports/protocols/smp/README.md, "Who the device is".
constexpr int kMaxSettingText = 64;

Result<QString> readText(SmpClient& client, const QString& name, const CancelToken& cancel) {
  SEALIFT_TRY(const auto value, client.readSetting(name, kMaxSettingText, cancel));
  if (!value) {
    return QString();
  }
  const QString text = QString::fromUtf8(*value).trimmed();
  for (const QChar c : text) {
    if (!c.isPrint()) {  // also U+FFFD stands for bytes that are no UTF-8, and is printable: refused below
      return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device's setting %1 is not text.").arg(name));
    }
  }
  if (text.contains(QChar::ReplacementCharacter)) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device's setting %1 is not text.").arg(name));
  }
  return text;
}

// A little-endian number of exactly `size` bytes; nothing when the device has no such setting.
Result<std::optional<quint32>> readNumber(SmpClient& client, const QString& name, int size, const CancelToken& cancel) {
  SEALIFT_TRY(const auto value, client.readSetting(name, size, cancel));
  if (!value) {
    return std::optional<quint32>();
  }
  if (value->size() != size) {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("The device's setting %1 has %2 bytes instead of %3.").arg(name).arg(value->size()).arg(size));
  }
  ByteReader reader(*value);
  return std::optional<quint32>(size == 1 ? reader.u8() : reader.le32());
}

Status readUnit(SmpClient& client, DeviceSnapshot& snapshot, const CancelToken& cancel) {
  SEALIFT_TRY(snapshot.deviceName, readText(client, QStringLiteral("sealift/model"), cancel));
  SEALIFT_TRY(snapshot.serial, readText(client, QStringLiteral("sealift/serial"), cancel));
  SEALIFT_TRY(snapshot.hardwareRevision, readText(client, QStringLiteral("sealift/hwrev"), cancel));
  SEALIFT_TRY(snapshot.securityVersion, readNumber(client, QStringLiteral("sealift/seccnt"), 4, cancel));
  if (snapshot.securityVersion) {
    snapshot.securityVersionDetail = QStringLiteral("told by the application, kept by the bootloader");
  }
  SEALIFT_TRY(const auto secureBoot, readNumber(client, QStringLiteral("sealift/secboot"), 1, cancel));
  if (secureBoot) {
    snapshot.secureBoot = *secureBoot != 0 ? TriState::Yes : TriState::No;
    snapshot.secureBootDetail = *secureBoot != 0 ? QStringLiteral("image signatures required by the bootloader")
                                                 : QStringLiteral("the bootloader runs unsigned images");
  }
  SEALIFT_TRY(const auto battery, readNumber(client, QStringLiteral("sealift/battery"), 1, cancel));
  if (battery && *battery <= 100) {
    snapshot.batteryPercent = static_cast<int>(*battery);
  }
  SEALIFT_TRY(const auto idle, readNumber(client, QStringLiteral("sealift/idle"), 1, cancel));
  if (idle) {
    snapshot.idle = *idle != 0;
  }
  return {};
}

// "2:suffix,zstd-patch". What is written otherwise is for newer programs: then the device can't, as far as is known
// here.
Result<std::optional<SmpDeltaSupport>> readDeltaSupport(SmpClient& client, const CancelToken& cancel) {
  SEALIFT_TRY(const QString text, readText(client, QStringLiteral("sealift/delta"), cancel));
  bool isNumber = false;
  SmpDeltaSupport support{text.section(u':', 0, 0).toInt(&isNumber),
                          text.section(u':', 1).split(u',', Qt::SkipEmptyParts)};
  if (!isNumber || support.image <= kSmpImageNumber || support.kinds.isEmpty()) {
    return std::optional<SmpDeltaSupport>();
  }
  return std::optional(std::move(support));
}

QString slotName(int slot) {
  return slot == kSmpPrimarySlot     ? QStringLiteral("primary")
         : slot == kSmpSecondarySlot ? QStringLiteral("secondary")
                                     : QStringLiteral("slot %1").arg(slot);
}

// The slots' sizes; also tells of slots without an image, which the image state leaves out.
Status readCapacity(SmpClient& client, DeviceSnapshot& snapshot, const CancelToken& cancel) {
  SEALIFT_TRY(const auto slots, client.slotInfo(cancel));
  if (!slots) {
    return {};
  }
  for (const SmpSlotInfo& slot : *slots) {
    if (slot.image == kSmpImageNumber && slot.slot == kSmpSecondarySlot) {
      snapshot.slotBytes = slot.maxImageSize > 0 ? slot.maxImageSize : slot.size;
    }
    const auto same = [&](const Slot& known) { return known.index == slot.slot; };
    if (slot.image == kSmpImageNumber && std::none_of(snapshot.slots.begin(), snapshot.slots.end(), same)) {
      Slot empty;
      empty.name = slotName(slot.slot);
      empty.index = slot.slot;
      snapshot.slots.append(empty);
    }
  }
  return {};
}

// An SMP server repeats what it is told. A chatty console or another service does not.
Status checkSpeaksSmp(SmpClient& client, const CancelToken& cancel) {
  const QString challenge = QString::number(QRandomGenerator::global()->generate(), 36);
  const auto reply = client.echo(challenge, kEchoPatience, cancel);
  if (!reply && reply.error().code == ErrorCode::ProtocolMalformed) {
    return failBecause(ErrorCode::DeviceNotRecognised, QStringLiteral("What answers here does not speak SMP."),
                       reply.error());
  }
  if (!reply && reply.error().code == ErrorCode::NotSupported) {
    return {};  // echo is optional; the refusal itself was SMP
  }
  SEALIFT_CHECK(reply);
  if (*reply != challenge) {
    return fail(ErrorCode::DeviceNotRecognised, QStringLiteral("What answers here does not repeat an SMP echo."));
  }
  return {};
}

}  // namespace

Result<std::optional<QByteArray>> readSmpMadeDigest(SmpClient& client, const CancelToken& cancel) {
  constexpr int kSha256Bytes = 32;
  SEALIFT_TRY(const auto digest, client.readSetting(QStringLiteral("sealift/made"), kSha256Bytes, cancel));
  return digest && digest->size() == kSha256Bytes ? digest : std::nullopt;
}

QList<Slot> smpSlots(const QList<SmpImage>& images) {
  QList<Slot> slots;
  for (const SmpImage& image : images) {
    if (image.image != kSmpImageNumber) {
      continue;
    }
    Slot slot;
    slot.name = slotName(image.slot);
    slot.index = image.slot;
    slot.version = Version::parse(image.version);
    slot.digest = image.hash;
    slot.running = image.active;
    slot.confirmed = image.confirmed;
    slot.pending = image.pending;
    slot.permanent = image.permanent;
    slot.bootable = image.bootable;
    slots.append(slot);
  }
  return slots;
}

Result<SmpIdentity> readSmpIdentity(SmpConnection& connection, const CancelToken& cancel) {
  SmpClient& client = connection.client();
  SEALIFT_CHECK(checkSpeaksSmp(client, cancel));
  SmpIdentity identity;
  DeviceSnapshot& snapshot = identity.snapshot;
  SEALIFT_TRY(const QList<SmpImage> images, client.imageState(cancel));
  snapshot.slots = smpSlots(images);
  snapshot.inBootloader = snapshot.runningSlot() == nullptr;  // serial recovery lists images, none of them active
  SEALIFT_TRY(const auto bootloader, client.bootloaderName(cancel));
  if (bootloader == QStringLiteral("MCUboot")) {
    SEALIFT_TRY(identity.mode, client.bootloaderMode(cancel));
  }
  snapshot.bootloader = bootloader.value_or(QStringLiteral("bootloader not told"));
  if (identity.mode) {
    snapshot.bootloader += QStringLiteral(", ") + identity.mode->text();
  }
  snapshot.bootloader += QStringLiteral(" · ") + connection.description();
  SEALIFT_CHECK(readUnit(client, snapshot, cancel));
  SEALIFT_CHECK(readCapacity(client, snapshot, cancel));
  if (!snapshot.inBootloader) {
    SEALIFT_TRY(identity.delta, readDeltaSupport(client, cancel));
    snapshot.deltaKinds = identity.delta ? identity.delta->kinds : QStringList();
  }
  return identity;
}

}  // namespace sealift
