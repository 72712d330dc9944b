#include "devices/drivers/swupdate_status.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace sealift {
namespace {

constexpr qsizetype kDigestBytes = 32;

// RFC 6901, 4.
QJsonValue resolve(const QJsonValue& root, const QString& pointer) {
  QJsonValue value = root;
  const QStringList tokens = pointer.split(u'/').mid(1);
  for (QString token : tokens) {
    token.replace(QLatin1String("~1"), QLatin1String("/")).replace(QLatin1String("~0"), QLatin1String("~"));
    bool ok = false;
    const uint index = token.toUInt(&ok);
    value = value.isArray()
                ? (ok ? value.toArray().at(static_cast<qsizetype>(index)) : QJsonValue(QJsonValue::Undefined))
                : value[token];
  }
  return value;
}

class Members {
 public:
  explicit Members(const QJsonValue& root) : root_(root) {}

  // A text or number of one line, as a text; empty where the model names none, or the device says null.
  Result<QString> text(const QString& pointer) const {
    const QJsonValue value = pointer.isEmpty() ? QJsonValue() : resolve(root_, pointer);
    if (value.isUndefined() || value.isNull()) {
      return QString();
    }
    constexpr qint64 kNoInteger = -1;
    const qint64 number = value.toInteger(kNoInteger);
    const QString text = value.isDouble() && number != kNoInteger ? QString::number(number) : value.toString();
    if (text != shownText(text) || (text.isEmpty() && !value.isString())) {
      return wrong(pointer);
    }
    return text;
  }
  Result<std::optional<Version>> version(const QString& pointer) const {
    SEALIFT_TRY(const QString written, text(pointer));
    const std::optional<Version> version = Version::parse(written);
    return written.isEmpty() || version ? Result<std::optional<Version>>(version) : wrong(pointer);
  }
  Result<QByteArray> digest(const QString& pointer) const {
    SEALIFT_TRY(const QString hex, text(pointer));
    QByteArray digest = QByteArray::fromHex(hex.toLatin1());
    const bool plain =
        hex.isEmpty() || (digest.size() == kDigestBytes && QLatin1String(digest.toHex()) == hex.toLower());
    return plain ? Result<QByteArray>(std::move(digest)) : wrong(pointer);
  }
  Result<bool> flag(const QString& pointer) const {
    const QJsonValue value = resolve(root_, pointer);
    return value.isBool() ? Result<bool>(value.toBool()) : wrong(pointer);
  }

  static tl::unexpected<Error> wrong(const QString& pointer) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        QStringLiteral("What the device says of itself lacks \"%1\", or has it in another shape.").arg(pointer),
        QStringLiteral("Check that the device is of this model; otherwise its software does not keep to what its "
                       "vendor describes."));
  }

 private:
  QJsonValue root_;
};

}  // namespace

Result<SwupdateStatus> SwupdateStatus::parse(const QByteArray& document, const SwupdateSettings& settings) {
  const QJsonDocument json = QJsonDocument::fromJson(document);
  if (!json.isObject()) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        QStringLiteral("The device's document %1 is no JSON object.").arg(QString::fromLatin1(settings.statusPath)));
  }
  const Members members(json.object());
  const SwupdateSettings::StatusPointers& at = settings.status;
  SwupdateStatus status;
  SEALIFT_TRY(const std::optional<Version> version, members.version(at.version));
  if (!version) {
    return Members::wrong(at.version);
  }
  status.version = *version;
  SEALIFT_TRY(status.name, members.text(at.name));
  SEALIFT_TRY(status.serial, members.text(at.serial));
  SEALIFT_TRY(status.revision, members.text(at.revision));
  SEALIFT_TRY(status.slot, members.text(at.slot));
  SEALIFT_TRY(status.boot, members.text(at.boot));
  SEALIFT_TRY(status.digest, members.digest(at.digest));
  SEALIFT_TRY(status.writtenVersion, members.version(at.writtenVersion));
  SEALIFT_TRY(status.writtenDigest, members.digest(at.writtenDigest));
  if (!at.confirmed.isEmpty()) {
    SEALIFT_TRY(status.confirmed, members.flag(at.confirmed));
  }
  return status;
}

DeviceSnapshot SwupdateStatus::toSnapshot() const {
  DeviceSnapshot device;
  device.deviceName = name;
  device.serial = serial;
  device.hardwareRevision = revision;
  device.bootloader = QStringLiteral("SWUpdate · HTTPS");
  Slot running;
  running.name = slot.isEmpty() ? QStringLiteral("running") : slot;
  running.version = version;
  running.digest = digest;
  running.running = true;
  running.bootable = true;
  running.confirmed = confirmed;
  device.slots << running;
  Slot other;
  other.name = QStringLiteral("other");
  other.index = 1;
  other.version = writtenVersion;
  other.digest = writtenDigest;
  other.pending = writtenVersion.has_value() || !writtenDigest.isEmpty();
  other.bootable = other.pending;
  other.confirmed = !confirmed;  // the one that the device goes back to
  device.slots << other;
  return device;
}

}  // namespace sealift
