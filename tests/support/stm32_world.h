// A virtual STM32 on a serial port within the program, and a model that describes it.
#pragma once

#include "devices/drivers/stm32_driver.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_stm32_link.h"
#include "keystore/crypto/digest.h"

#include <QJsonArray>
#include <QJsonObject>

namespace sealift {

// Opens one port, and remembers how it was asked to.
class Stm32Opener final : public LinkOpener {
 public:
  explicit Stm32Opener(VirtualStm32Port& port) : port_(port) {}
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    opened << address;
    return port_.open();
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress&, const CancelToken&) override {
    return fail(ErrorCode::NotSupported, QStringLiteral("No datagrams here."));
  }
  QList<LinkAddress> opened;

 private:
  VirtualStm32Port& port_;
};

inline LinkAddress stm32Address() {
  return {LinkKind::Serial, QStringLiteral("/dev/ttyVIRTUAL"), 0, {}};
}

inline ModelDescription stm32Model(QJsonObject settings = {}, const QString& format = QStringLiteral("raw")) {
  ModelDescription model;
  model.vendorId = QStringLiteral("norrland");
  model.id = QStringLiteral("m4");
  model.name = QStringLiteral("Norrland M4");
  model.driver = QStringLiteral("stm32");
  model.links = {LinkKind::Serial};
  model.deviceNames = {QStringLiteral("Norrland M4")};
  model.imageFormat = format;
  model.timings.restartSeconds = 1;
  if (!settings.contains(QLatin1String("products"))) {
    settings[QLatin1String("products")] = QJsonArray{QStringLiteral("0x413")};
  }
  model.driverSettings = settings;
  return model;
}

inline Image stm32Image(const QByteArray& bytes, const QString& format = QStringLiteral("raw")) {
  Image image;
  image.bytes = bytes;
  image.sha256 = sha256(bytes);
  image.facts.format = format;
  return image;
}

// A link in memory answers at once or never.
inline Stm32Patience briefStm32Patience() {
  using namespace std::chrono_literals;
  return {1ms, 1ms, 1ms, 1ms, 1ms, 1ms};
}

inline std::unique_ptr<Stm32Driver> makeStm32Driver(const ModelDescription& model, LinkOpener& opener,
                                                    const LinkAddress& address = stm32Address()) {
  using namespace std::chrono_literals;
  auto driver =
      std::make_unique<Stm32Driver>(model, Stm32Settings::fromJson(model.driverSettings).value(), address, opener);
  driver->unit().setPatience(briefStm32Patience(), {1ms, 20ms, 20ms, 5ms});
  return driver;
}

}  // namespace sealift
