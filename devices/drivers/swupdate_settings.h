// ModelDescription::driverSettings for the driver "swupdate". Shape (JSON; everything not marked optional must be
// there):
//
//   {
//     "serverCas": ["-----BEGIN CERTIFICATE-----…"],   optional: PEM; the devices' own certificate, or of who issued
//     it.
//                                   Without: the authorities that the computer trusts.
//     "paths": { "upload": "/upload", "webSocket": "/ws", "restart": "/restart" },   optional, with these defaults
//     "status": {                   a JSON document that the device serves; members by JSON pointer (RFC 6901)
//       "path": "/status.json",
//       "version": "/version",      of the running software
//       "name": "/board",           optional, as all that follow: what the unit calls itself
//       "serial": "/serial",
//       "revision": "/revision",    of the hardware
//       "slot": "/slot",            name of the slot that runs
//       "digest": "/digest",        SHA-256 of what runs, in hex
//       "confirmed": "/confirmed",  boolean: the running software stays. Without: it always does.
//       "boot": "/boot",            changes with every start of the device
//       "writtenVersion": "/written/version",  of what was installed and starts next; null or absent: nothing
//       "writtenDigest": "/written/digest"     SHA-256 of it, computed by the device over what it stored
//     },
//     "digestOf": "rootfs.bin",     optional: the file of the .swu that the digests are of. Without: the first one.
//     "signerPurpose": "emailProtection",   optional: or "codeSigning", as `swupdate --cert-purpose` is set on the
//     device "trialBoot": false            optional: true where the bootloader tries the new slot and goes back by
//     itself
//   }
//
// SWUpdate has no command that tells what is installed: its web server hands out files, so the device writes this one,
// from its start and from the program that SWUpdate runs after an update (-p).
#pragma once

#include "app/base/result.h"
#include "transports/protocols/swupdate/swupdate_session.h"

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QString>

namespace sealift {

struct SwupdateSettings {
  struct StatusPointers {
    QString version;
    QString name;
    QString serial;
    QString revision;
    QString slot;
    QString digest;
    QString confirmed;
    QString boot;
    QString writtenVersion;
    QString writtenDigest;
  };

  QList<QByteArray> serverCas;
  SwupdatePaths paths;
  QByteArray statusPath;
  StatusPointers status;
  QByteArray digestOf;
  bool wantsCodeSigning = false;
  bool trialBoot = false;

  // Errors: CatalogMalformed, naming the field.
  static Result<SwupdateSettings> fromJson(const QJsonObject& json);
};

}  // namespace sealift
