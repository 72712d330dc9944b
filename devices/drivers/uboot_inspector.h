// What a device is and holds, asked from its U-Boot at the prompt. Nothing on the device's storage changes.
#pragma once

#include "devices/core/device.h"
#include "devices/drivers/uboot_boot_state.h"
#include "devices/drivers/uboot_settings.h"

namespace sealift {

// What a slot holds, as far as it looks like a FIT image. Its signature is U-Boot's to check.
struct UbootSlotContent {
  std::optional<Version> version;
  std::optional<quint32> securityVersion;
  quint64 bytes = 0;  // of the image; 0 when there is none
  QByteArray crc;     // 4 bytes, CRC-32 over exactly the image
};

struct UbootUnit {
  QString board;
  QString serial;
  QString revision;
};

class UbootInspector {
 public:
  UbootInspector(UbootConsole& console, const UbootSettings& settings) : console_(console), settings_(settings) {}

  Result<DeviceSnapshot> snapshot(const CancelToken& cancel);
  Result<UbootUnit> unit(const CancelToken& cancel);
  // Reads the slot into the area for verification.
  Result<UbootSlotContent> slotContent(int slot, const CancelToken& cancel);
  // True when this U-Boot boots no configuration of a FIT image that a key of its own has not signed.
  Result<bool> requiresSignedConfiguration(const CancelToken& cancel);

 private:
  struct RequiredKey {
    QString name;
    QByteArray what;  // "conf" or "image"
  };
  // Nothing when U-Boot has no control device tree.
  Result<std::optional<QList<RequiredKey>>> requiredKeys(const CancelToken& cancel);
  Status describeSecureBoot(DeviceSnapshot& device, const CancelToken& cancel);

  UbootConsole& console_;
  const UbootSettings& settings_;
};

// The four bytes of a CRC-32, most significant first, as Slot::digest has them.
QByteArray crcBytes(quint32 crc);

}  // namespace sealift
