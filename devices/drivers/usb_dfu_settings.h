// What a model says of its units for the drivers `dfu` and `dfuse` (ModelDescription::driverSettings). All of it may
// be left out:
//
//   {
//     "alternate": "Firmware",
//     "version": {"from": "bcdDevice", "form": "JJ.M.N"},
//     "readBack": true,
//     "serialInBootloader": true,
//     "howToEnter": "Hold BOOT while plugging it in.",
//     "address": "0x08000000",
//     "erase": "sectors"
//   }
//
// alternate           The memory: name of its alternate setting (in whole, or up to the first "/"), or its number.
//                     Without it the device must have one only; a DfuSe file names its own.
// version             What tells which version runs: "bcdDevice" as "JJ.M.N" (0x0213 is 2.1.3; the default) or "JJ.MN"
//                     (0x0213 is 2.13); "product", the product's name, or "interface", that of the run-time interface,
//                     both with a "pattern" such as "v(?<version>[0-9.]+)"; or "none": nothing does.
// readBack            false: a device that can't be read back. What it holds then is proven by nothing but the version
//                     that it tells afterwards.
// serialInBootloader  false: the bootloader has a serial number of its own making (STM32).
// howToEnter          For people; needed where the application has no DFU interface.
// address             dfuse: where the firmware begins, and where it is started.
// erase               dfuse: "sectors" that the image covers, or "all", which is asked for apart.
#pragma once

#include "app/base/result.h"
#include "devices/images/version.h"
#include "transports/links/usb_link.h"

#include <QJsonObject>
#include <QRegularExpression>
#include <QString>

#include <optional>

namespace sealift {

struct UsbDfuSettings {
  enum class VersionSource { BcdDevice, Product, Interface, None };
  enum class BcdForm { JjMN, JjMn };  // "JJ.M.N", "JJ.MN"

  QString alternate;
  VersionSource versionSource = VersionSource::BcdDevice;
  BcdForm bcdForm = BcdForm::JjMN;
  QRegularExpression versionPattern;
  bool readBack = true;
  bool serialInBootloader = true;
  QString howToEnter;
  quint32 address = 0x08000000;
  bool eraseAll = false;

  // Errors: InvalidArgument with the setting that is wrong.
  static Result<UsbDfuSettings> fromJson(const QJsonObject& json);

  // Of an application that runs.
  std::optional<Version> versionOf(const UsbDeviceInfo& device) const;
};

}  // namespace sealift
