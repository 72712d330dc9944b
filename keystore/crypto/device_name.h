// How a certificate names a device: IEEE 802.1AR-2018, clause 8, with X.520's serialNumber in the subject and RFC
// 4108's hardwareModuleName in subjectAltName. Values; any thread.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>

#include <optional>

namespace sealift {

// RFC 4108, clause 5: which kind of hardware, and which piece of it.
struct HardwareModule {
  QString type;       // an object identifier in dotted form, e.g. "1.3.6.1.4.1.99999.1"
  QByteArray serial;  // 1 to 64 bytes

  bool operator==(const HardwareModule&) const = default;
};

struct DeviceName {
  QString serialNumber;  // 1 to 64 characters of PrintableString (RFC 5280, A.1, X520SerialNumber)
  QString commonName;    // the model, for people; may be empty; at most 64 characters (A.1, ub-common-name)
  QString organization;  // the vendor; the same
  std::optional<HardwareModule> hardwareModule;

  bool operator==(const DeviceName&) const = default;
};

// InvalidArgument, with which part can't stand in a certificate.
Status requireEncodable(const DeviceName& name);

}  // namespace sealift
