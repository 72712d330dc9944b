// Makes signed MCUboot images, as imgtool does: for tests and for the demonstration's vendor.
// Source: MCUboot, docs/design.md, "Image format".
#pragma once

#include "app/base/result.h"
#include "devices/images/mcuboot_image.h"
#include "keystore/crypto/private_key.h"

#include <QByteArray>
#include <QList>

#include <optional>
#include <utility>

namespace sealift {

struct McubootImageSpec {
  Version version;  // major and minor below 256, revision below 65536
  QByteArray payload;
  std::optional<quint32> securityCounter;
  QList<McubootDependency> dependencies;
  quint16 headerSize = 0x200;  // bytes, at least 32; the rest is zeros
  quint32 loadAddress = 0;
  quint32 flags = 0;
  bool fullPublicKey = false;                           // the key itself (TLV 0x02) instead of its hash
  bool signPure = false;                                // Ed25519 over the signed bytes instead of their digest
  QList<std::pair<quint16, QByteArray>> protectedTlvs;  // further ones, type and value
  QList<std::pair<quint16, QByteArray>> plainTlvs;
};

// Ed25519, ECDSA P-256 or P-384, RSA-2048 or RSA-3072 (PSS), by the type of `key`.
// Errors: InvalidArgument (a field does not fit), CryptoKey (another kind of key).
Result<QByteArray> buildMcubootImage(const McubootImageSpec& spec, const PrivateKey& key);
// With a hash and without a signature.
Result<QByteArray> buildUnsignedMcubootImage(const McubootImageSpec& spec);

}  // namespace sealift
