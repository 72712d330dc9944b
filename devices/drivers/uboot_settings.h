// ModelDescription::driverSettings for the driver "uboot". Shape (JSON; numbers in decimal, addresses as
// hex text; everything not marked optional must be there):
//
//   {
//     "console": {                      optional, with these defaults
//       "prompt": "=> ",
//       "banner": "U-Boot 20",          begins a line when U-Boot starts
//       "countdown": "stop autoboot",   part of the countdown's text
//       "interrupt": "\u0003"           keys that stop autoboot
//     },
//     "storage": { "interface": "virtio", "device": 0, "blockSize": 512 },   blockSize optional: 512
//     "memory": { "image": "0x44000000", "verify": "0x48000000", "scratch": "0x43f00000" },
//                                       free memory: two areas as large as a slot, one as large as the boot state
//     "slots": [ { "name": "A", "block": 16384, "blocks": 2048 },            exactly two; the first one is
//                { "name": "B", "block": 18432, "blocks": 2048 } ],          booted when there is no boot state
//     "bootState": { "copies": [ { "block": 20480, "blocks": 1 },            exactly two
//                                { "block": 20481, "blocks": 1 } ],
//                    "tries": 3 },      trial boots before the device goes back; 1 … 9
//     "factory": { "block": 20482, "blocks": 1 },
//     "tftp": {                         optional; without it the image travels over the console by YMODEM
//       "address": "dhcp",              the device's own: "dhcp", "environment" (its ipaddr), or as "192.168.7.2/24"
//       "server": "192.168.7.1",        optional: this computer's as the device reaches it; else as its routes say
//       "port": 69,                     optional; any other needs a U-Boot with CONFIG_TFTP_PORT
//       "blockSize": 1468, "windowSize": 1,   optional, with these defaults; 8 … 65464 and 1 … 64
//       "fallback": "ymodem",           optional: by YMODEM where TFTP is not possible; else the job fails then
//       "trustNetwork": true            optional: the network is a cable that nobody else can reach, so that CRC-32
//     },                                alone may prove what arrived (uboot_loader.h)
//     "application": {
//       "banner": "firmware (?<version>[0-9.+]+) ready",   printed when it runs
//       "statusCommand": "version",     typed with Enter; must change nothing
//       "status": "…",                  regular expression on its answer, with the named groups
//                                       version, slot, crc (eight hex digits, CRC-32 of the image), trial (0 or 1)
//                                       and, optional, serial, board, revision, security (hex), verified (0 or 1)
//       "resetCommand": "reboot"
//     }
//   }
//
// The boot state and factory blocks are `env export -c` blocks; README.md in tests/peers/uboot says what
// stands in them and shows a boot script that keeps to it.
#pragma once

#include "app/base/result.h"
#include "transports/protocols/uboot/console.h"

#include <QByteArray>
#include <QHostAddress>
#include <QJsonObject>
#include <QRegularExpression>
#include <QString>

#include <array>
#include <optional>

namespace sealift {

struct UbootArea {
  quint64 block = 0;
  quint64 blocks = 0;
};

struct UbootSlotArea {
  QString name;
  UbootArea area;
};

struct UbootTftpSettings {
  enum class AddressFrom { Dhcp, Environment, Model };
  AddressFrom addressFrom = AddressFrom::Dhcp;
  QHostAddress address;  // from the model
  int prefixLength = 0;
  QHostAddress server;  // null: as this computer's routes say
  quint16 port = 69;
  int blockBytes = 1468;
  int windowBlocks = 1;
  bool fallsBackToYmodem = false;
  bool trustsNetwork = false;
};

struct UbootSettings {
  ConsoleSettings console;
  QByteArray interface;
  int device = 0;
  quint64 blockSize = 512;
  quint64 imageAddress = 0;
  quint64 verifyAddress = 0;
  quint64 scratchAddress = 0;
  std::array<UbootSlotArea, 2> slotAreas;
  std::array<UbootArea, 2> stateCopies;
  int tries = 3;
  UbootArea factory;
  std::optional<UbootTftpSettings> tftp;
  QRegularExpression applicationBanner;
  QRegularExpression applicationStatus;
  QByteArray statusCommand;
  QByteArray resetCommand;

  quint64 slotBytes(int slot) const { return slotAreas[static_cast<std::size_t>(slot)].area.blocks * blockSize; }
  quint64 blocksFor(quint64 bytes) const { return (bytes + blockSize - 1) / blockSize; }
  int slotIndex(const QString& name) const;  // -1 for a name that is not a slot

  // Errors: CatalogMalformed, naming the field. Areas that overlap are refused.
  static Result<UbootSettings> fromJson(const QJsonObject& json);
};

}  // namespace sealift
