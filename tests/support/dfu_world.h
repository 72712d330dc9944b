// A virtual device in a socket, a model that describes it, and a driver for it: for the tests of `dfu` and `dfuse`.
#pragma once

#include "devices/drivers/usb_dfu_unit.h"
#include "devices/images/dfuse_file.h"
#include "devices/virtual/dfu_machine.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_usb_bus.h"
#include "keystore/crypto/digest.h"

#include <QJsonObject>

#include <memory>

namespace sealift {

inline const QString kDfuPlace = QStringLiteral("1-2.3");

inline LinkAddress dfuAddress() {
  return {LinkKind::Usb, kDfuPlace, 0, {}};
}

// A model that names the identities in `config`.
inline ModelDescription dfuModel(const QString& driver, const VirtualDfuConfig& config,
                                 const QJsonObject& settings = {}) {
  ModelDescription model;
  model.vendorId = QStringLiteral("norrland");
  model.id = QStringLiteral("u1");
  model.name = QStringLiteral("Norrland U1");
  model.driver = driver;
  model.links = {LinkKind::Usb};
  model.usbIds = {{config.vendorId, config.productId}, {config.dfuVendorId, config.dfuProductId}};
  model.deviceNames = {QStringLiteral("Norrland U1")};
  model.imageFormat = driver;
  model.timings.restartSeconds = 5;
  model.driverSettings = settings;
  return model;
}

inline Image verifiedImage(const QString& format, const QByteArray& bytes) {
  const auto facts = verifyImage(format, bytes, {});
  return {bytes, sha256(bytes), facts ? *facts : ImageFacts{}};
}

inline Image dfuImage(const QByteArray& payload, const VirtualDfuConfig& config) {
  return verifiedImage(QStringLiteral("dfu"),
                       appendDfuSuffix(payload, {kDfuAny, config.dfuProductId, config.dfuVendorId, kDfuFile}));
}

inline Image dfuseImage(const QByteArray& payload, const VirtualDfuConfig& config, quint32 address = 0x08000000) {
  return verifiedImage(QStringLiteral("dfuse"),
                       buildDfuseFile({{0, QStringLiteral("Internal Flash"), {{address, payload}}}},
                                      {kDfuAny, config.dfuProductId, config.dfuVendorId, kDfuseFile}));
}

// Waits that end soon, for what never comes.
inline DfuPatience briefPatience() {
  using namespace std::chrono_literals;
  return {200ms, 100ms, 200ms, 200ms, 200ms};
}

// One update as the engine carries it out, up to the first error. What was reached stands in `stage`.
inline Status runUpdate(Driver& driver, const Image& image, StepContext& step, QString& stage,
                        std::optional<DeviceSnapshot>* after = nullptr) {
  stage = QStringLiteral("identify");
  SEALIFT_CHECK(driver.identify(step));
  stage = QStringLiteral("enter");
  SEALIFT_CHECK(driver.enterBootloader(step));
  stage = QStringLiteral("transfer");
  SEALIFT_CHECK(driver.transfer(image, step));
  stage = QStringLiteral("verify");
  SEALIFT_CHECK(driver.verifyOnDevice(image, step));
  stage = QStringLiteral("activate");
  SEALIFT_CHECK(driver.activate(image, step));
  stage = QStringLiteral("restart");
  SEALIFT_CHECK(driver.restart(step));
  stage = QStringLiteral("wait");
  SEALIFT_TRY(const DeviceSnapshot back, driver.waitForReturn(image, step));
  if (after != nullptr) {
    *after = back;
  }
  stage = QStringLiteral("confirm");
  return driver.confirm(image, step);
}

}  // namespace sealift

// Where a `bench` keeps the stage of its update: which one it was that failed.
#define VERIFY_STAGE_OK(expression)                                                                                   \
  do {                                                                                                                \
    const auto& result = (expression);                                                                                \
    QVERIFY2(result, qPrintable(result ? QString() : bench.stage + QStringLiteral(": ") + result.error().message())); \
  } while (false)
