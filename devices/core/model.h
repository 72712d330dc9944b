// A model as its vendor describes it in the signed repository (target kind `model`).
#pragma once

#include "app/base/result.h"
#include "devices/core/lifecycle.h"
#include "transports/links/link_address.h"

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

namespace sealift {

// How long the silent phases of this model last. A wait ends early when the device
// answers; twice the declared time is the deadline.
struct ModelTimings {
  int restartSeconds = 20;  // from the restart command to the first answer
  int confirmSeconds = 20;  // from the first answer until the new version must have proven itself
};

// idVendor and idProduct of the USB.
struct UsbId {
  quint16 vendor = 0;
  quint16 product = 0;

  static Result<UsbId> parse(const QString& text);  // "0483:df11"
  QString toString() const;
  bool operator==(const UsbId&) const = default;
};

struct ModelDescription {
  QString vendorId;
  QString id;                     // unique within the vendor, e.g. "t2"
  QString name;                   // for people, e.g. "Norrland T2"
  QString driver;                 // a row of devices/registry.cpp, e.g. "smp", "uboot"
  QList<LinkKind> links;          // links on which units of this model may be looked for
  QList<UsbId> usbIds;            // of units, in any of their modes, or of the adapter in front of them
  QStringList serviceTypes;       // DNS-SD services that units announce, e.g. "_smp._udp"
  QStringList deviceNames;        // what a unit calls itself (match rule); empty: anything the driver recognises
  QStringList hardwareRevisions;  // known revisions
  QString imageFormat;            // a row of devices/images/image_formats.cpp
  QList<QByteArray> imageKeys;    // PEM public keys (SubjectPublicKeyInfo) that may sign images; may be empty for a
                                  // format without signatures
  QList<QByteArray> deviceCas;    // PEM certificates under which device identities are issued; may be empty
  ModelTimings timings;
  QJsonObject driverSettings;  // what only this driver understands; its README says the shape
  Lifecycle lifecycle;

  bool operator==(const ModelDescription&) const = default;
};

}  // namespace sealift
