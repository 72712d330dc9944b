// Fastboot devices, their firmware and their model, for tests and benchmarks.
#pragma once

#include "devices/core/model.h"
#include "devices/images/image.h"
#include "devices/virtual/virtual_fastboot_device.h"
#include "keystore/crypto/digest.h"

#include <QJsonObject>

namespace sealift::test {

inline QByteArray fastbootFirmware(const Version& version, const QByteArray& behaviour = "healthy",
                                   qsizetype size = 300'000) {
  return makeFastbootFirmware(version, behaviour, size);
}

inline Image fastbootImage(const QByteArray& bytes, const QString& format = QStringLiteral("raw")) {
  Image image;
  image.bytes = bytes;
  image.sha256 = sha256(bytes);
  image.facts = verifyImage(format, bytes, {}).value();
  return image;
}

// Runs 1.0.0 in slot a; its firmware speaks fastboot, too.
inline FastbootDeviceConfig fastbootDevice() {
  FastbootDeviceConfig config;
  config.firmware = fastbootFirmware({1, 0, 0, 0});
  return config;
}

// The model of such a device.
inline ModelDescription fastbootModel() {
  ModelDescription model;
  model.vendorId = QStringLiteral("norrland");
  model.id = QStringLiteral("gateway");
  model.name = QStringLiteral("Norrland Gateway");
  model.driver = QStringLiteral("fastboot");
  model.links = {LinkKind::Usb, LinkKind::Tcp, LinkKind::Udp};
  model.usbIds = {UsbId{0x18D1, 0x4EE0}};
  model.deviceNames = {QStringLiteral("gateway")};
  model.imageFormat = QStringLiteral("raw");
  model.timings.restartSeconds = 5;
  model.timings.confirmSeconds = 5;
  model.driverSettings = {{QStringLiteral("partition"), QStringLiteral("firmware")},
                          {QStringLiteral("version"), QStringLiteral("version-firmware:{slot}")},
                          {QStringLiteral("revision"), QStringLiteral("hw-revision")},
                          {QStringLiteral("running"), QStringLiteral("is-userspace")}};
  return model;
}

}  // namespace sealift::test
