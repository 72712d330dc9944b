// May this release go onto this device? Pure functions: what is asked stands in the
// arguments, what comes back says why. The one place where these rules are enforced:
// the plan asks before consent, the job asks again right before the first write.
#pragma once

#include "app/policy/check.h"
#include "devices/core/device.h"
#include "devices/core/driver.h"
#include "devices/core/model.h"

#include <QDate>

#include <optional>

namespace sealift {

// What the vendor's signed metadata says of a release (target kind `firmware`).
struct ReleaseTerms {
  QString modelId;
  QStringList hardwareRevisions;  // empty: all revisions of the model
  QString component;
  Version version;
  quint32 securityVersion = 0;
  std::optional<Version> minimumVersion;  // the installed version must be at least this
  QString format;
  qint64 bytes = 0;
  bool downgradeTo = true;    // whether the vendor lets devices go back to this release from a later one …
  bool downgradeFrom = true;  // … and from this one to an earlier one
};

// Somebody wants to go back to an older version, on purpose. Every one of these must speak for it, and the security
// version, which nothing overrides.
struct DowngradeTerms {
  bool allowedHere = false;                  // by the station's policy
  QString reason;                            // why; see reason.h
  std::optional<ReleaseTerms> running = {};  // what the vendor's metadata says of what runs now, where it does
  QString agreedBy = {};                     // the supervisor; asked once everything else was answered
};

struct PolicyQuestion {
  ModelDescription model;
  DeviceSnapshot device;
  Capabilities capabilities;
  ReleaseTerms release;
  std::optional<ImageFacts> image;                    // nothing when the image could not be verified
  std::optional<quint32> highestSecurityVersionSeen;  // what this station remembers of the device
  std::optional<DowngradeTerms> downgrade = {};       // nothing: an update, and older versions are refused
  bool eraseAgreed = false;                           // somebody agreed apart that everything may be erased
  QDate today;
};

// Every rule's answer, always all of them, in a fixed order:
// model, hardware-revision, image-matches-release, version, security-version, minimum-version, size,
// fallback, power, lifecycle; for a downgrade downgrade-policy, downgrade-vendor, downgrade-reason;
// read-out-protection last, where the device is protected or erasing was agreed to.
QList<Check> askUpdatePolicy(const PolicyQuestion& question);

}  // namespace sealift
