#include "devices/core/device_json.h"

#include <QJsonArray>

namespace sealift {
namespace {

QString triStateName(TriState state) {
  switch (state) {
    case TriState::Yes:
      return QStringLiteral("yes");
    case TriState::No:
      return QStringLiteral("no");
    case TriState::Unknown:
      break;
  }
  return QStringLiteral("unknown");
}

TriState triStateFromName(const QString& name) {
  if (name == QLatin1String("yes")) {
    return TriState::Yes;
  }
  return name == QLatin1String("no") ? TriState::No : TriState::Unknown;
}

QJsonObject slotToJson(const Slot& slot) {
  QJsonObject json{
      {QStringLiteral("name"), slot.name},         {QStringLiteral("index"), slot.index},
      {QStringLiteral("running"), slot.running},   {QStringLiteral("confirmed"), slot.confirmed},
      {QStringLiteral("pending"), slot.pending},   {QStringLiteral("permanent"), slot.permanent},
      {QStringLiteral("bootable"), slot.bootable},
  };
  json[QStringLiteral("version")] = slot.version ? QJsonValue(slot.version->toString()) : QJsonValue();
  json[QStringLiteral("digest")] = QString::fromLatin1(slot.digest.toHex());
  return json;
}

Slot slotFromJson(const QJsonObject& json) {
  Slot slot;
  slot.name = json[QStringLiteral("name")].toString();
  slot.index = json[QStringLiteral("index")].toInt();
  slot.version = Version::parse(json[QStringLiteral("version")].toString());
  slot.digest = QByteArray::fromHex(json[QStringLiteral("digest")].toString().toLatin1());
  slot.running = json[QStringLiteral("running")].toBool();
  slot.confirmed = json[QStringLiteral("confirmed")].toBool();
  slot.pending = json[QStringLiteral("pending")].toBool();
  slot.permanent = json[QStringLiteral("permanent")].toBool();
  slot.bootable = json[QStringLiteral("bootable")].toBool();
  return slot;
}

}  // namespace

QJsonObject deviceToJson(const DeviceSnapshot& device) {
  QJsonArray slotArray;
  for (const Slot& slot : device.slots) {
    slotArray << slotToJson(slot);
  }
  return {
      {QStringLiteral("deviceName"), device.deviceName},
      {QStringLiteral("serial"), device.serial},
      {QStringLiteral("hardwareRevision"), device.hardwareRevision},
      {QStringLiteral("bootloader"), device.bootloader},
      {QStringLiteral("slots"), slotArray},
      {QStringLiteral("secureBoot"), triStateName(device.secureBoot)},
      {QStringLiteral("secureBootDetail"), device.secureBootDetail},
      {QStringLiteral("securityVersion"),
       device.securityVersion ? QJsonValue(static_cast<qint64>(*device.securityVersion)) : QJsonValue()},
      {QStringLiteral("securityVersionDetail"), device.securityVersionDetail},
      {QStringLiteral("idle"), device.idle ? QJsonValue(*device.idle) : QJsonValue()},
      {QStringLiteral("batteryPercent"), device.batteryPercent ? QJsonValue(*device.batteryPercent) : QJsonValue()},
      {QStringLiteral("deltaKinds"), QJsonArray::fromStringList(device.deltaKinds)},
      {QStringLiteral("inBootloader"), device.inBootloader},
      {QStringLiteral("readProtected"), device.readProtected},
      {QStringLiteral("slotBytes"), device.slotBytes},
  };
}

DeviceSnapshot deviceFromJson(const QJsonObject& json) {
  DeviceSnapshot device;
  device.deviceName = json[QStringLiteral("deviceName")].toString();
  device.serial = json[QStringLiteral("serial")].toString();
  device.hardwareRevision = json[QStringLiteral("hardwareRevision")].toString();
  device.bootloader = json[QStringLiteral("bootloader")].toString();
  const QJsonArray slotArray = json[QStringLiteral("slots")].toArray();
  for (const QJsonValue& slot : slotArray) {
    device.slots << slotFromJson(slot.toObject());
  }
  device.secureBoot = triStateFromName(json[QStringLiteral("secureBoot")].toString());
  device.secureBootDetail = json[QStringLiteral("secureBootDetail")].toString();
  if (const QJsonValue value = json[QStringLiteral("securityVersion")]; value.isDouble()) {
    device.securityVersion = static_cast<quint32>(value.toInteger());
  }
  device.securityVersionDetail = json[QStringLiteral("securityVersionDetail")].toString();
  const QJsonArray kinds = json[QStringLiteral("deltaKinds")].toArray();
  for (const QJsonValue& kind : kinds) {
    device.deltaKinds << kind.toString();
  }
  if (const QJsonValue value = json[QStringLiteral("idle")]; value.isBool()) {
    device.idle = value.toBool();
  }
  if (const QJsonValue value = json[QStringLiteral("batteryPercent")]; value.isDouble()) {
    device.batteryPercent = value.toInt();
  }
  device.inBootloader = json[QStringLiteral("inBootloader")].toBool();
  device.readProtected = json[QStringLiteral("readProtected")].toBool();
  device.slotBytes = json[QStringLiteral("slotBytes")].toInteger();
  return device;
}

}  // namespace sealift
