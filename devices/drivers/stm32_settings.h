// What a model says of its units for the driver `stm32` (ModelDescription::driverSettings). All but "products" may be
// left out:
//
//   {
//     "products": ["0x413"],          what Get ID tells (AN2606): no other chip is written
//     "sectors": "4*16K,1*64K,7*128K",   pages or sectors of the flash, in KiB, from 0x08000000 on. Without it that of
//                                     the line's largest product; needed for lines that Sealift has no table of
//     "address": "0x08000000",        where the firmware begins, at the beginning of a sector, and where it is started
//     "erase": "sectors",             or "all", which is asked for apart
//     "baud": 115200,                 of the bootloader, where the device's address says none
//     "lines": {"reset": "dtr", "boot0": "rts"},   the adapter's lines on the board's pins: the device is held in reset
//                                     while DTR is on, and BOOT0 is high while RTS is; "-dtr", "-rts": while it is off.
//                                     Without it somebody has to start the bootloader by hand
//     "uniqueId": "0x1FFF7A10",       of the chip's 96-bit identity (reference manual, "Unique device ID"), which then
//                                     is the serial number: 24 hex digits in the order of memory
//     "application": {"baud": 115200, "parity": "none", "ask": "version",
//                     "pattern": "firmware (?<version>[0-9.]+)"},   firmware that tells its version on the same port: a
//                                     line to type, and what comes. With "uniqueId" the pattern needs the group
//                                     "serial", too: the same 24 digits
//     "protect": false,               true: read-out protection is put on again after each update ("lines" are needed:
//                                     a protected device takes no command to start)
//     "howToEnter": "Close the jumper BOOT0, then press reset."      for people
//   }
#pragma once

#include "app/base/result.h"
#include "devices/drivers/stm32_flash_layout.h"
#include "transports/links/link_address.h"

#include <QJsonObject>
#include <QList>
#include <QRegularExpression>
#include <QString>

#include <optional>

namespace sealift {

struct Stm32Settings {
  struct Line {
    bool isRts = false;  // else DTR
    bool activeOn = true;
  };
  struct Lines {
    Line reset;
    Line boot0;
  };
  struct Application {
    int baud = 115200;
    QString parity = QStringLiteral("none");
    QByteArray ask;
    QRegularExpression pattern;
  };

  QList<quint16> products;
  std::optional<Stm32FlashLayout> sectors;
  quint32 address = kStm32FlashBase;
  bool eraseAll = false;
  int baud = 115200;
  std::optional<Lines> lines;
  std::optional<quint32> uniqueId;
  std::optional<Application> application;
  bool protect = false;
  QString howToEnter;

  // Errors: InvalidArgument with the setting that is wrong.
  static Result<Stm32Settings> fromJson(const QJsonObject& json);

  // Of a unit with this product number, which must be one of `products`.
  Stm32FlashLayout layoutOf(quint16 product) const {
    return sectors ? *sectors : Stm32FlashLayout::ofProduct(product).value_or(Stm32FlashLayout());
  }
};

}  // namespace sealift
