// Signed MCUboot images and a virtual SMP device that trusts them, for tests and benchmarks.
#pragma once

#include "devices/images/image.h"
#include "devices/images/mcuboot_builder.h"
#include "devices/virtual/virtual_smp_device.h"
#include "keystore/crypto/digest.h"

namespace sealift::test {

class VirtualVendor {
 public:
  VirtualVendor() : key_(PrivateKey::generate(KeyType::EcP256).value()), pem_(key_.publicKey().toPem()) {}

  const QByteArray& publicKey() const { return pem_; }

  // Payloads of one seed are alike; without one, versions have nothing in common.
  QByteArray build(const Version& version, const QByteArray& behaviour = "healthy", qsizetype payloadSize = 30000,
                   quint32 counter = 1, const std::optional<quint32>& seed = {}) const {
    McubootImageSpec spec;
    spec.version = version;
    spec.payload = QByteArray(kBehaviourMarker) + behaviour + '\0';
    quint32 state = seed.value_or(version.major * 65536 + version.minor);
    while (spec.payload.size() < payloadSize) {  // nothing that compresses or repeats by blocks
      state = state * 1664525 + 1013904223;
      spec.payload += static_cast<char>(state >> 24);
    }
    spec.securityCounter = counter;
    return buildMcubootImage(spec, key_).value();
  }

  Image image(const QByteArray& bytes) const {
    Image image;
    image.bytes = bytes;
    image.sha256 = sha256(bytes);
    image.facts = verifyImage(QStringLiteral("mcuboot"), bytes, {pem_}).value();
    return image;
  }

  SmpDeviceConfig device(const QByteArray& firmware) const {
    SmpDeviceConfig config;
    config.imageKeys = {pem_};
    config.firmware = firmware;
    config.securityCounter = 1;
    return config;
  }

 private:
  PrivateKey key_;
  QByteArray pem_;
};

}  // namespace sealift::test
