#include "app/policy/update_policy.h"

#include "app/policy/reason.h"

#include <algorithm>

namespace sealift {
namespace {

// NIST IR 8259A gives no figure. A third leaves room for two swaps. With a tenth a swap may not end, and a device
// without a second slot then has no firmware.
constexpr int kLowBatteryPercent = 30;
constexpr int kEmptyBatteryPercent = 10;

Check refuse(const QString& id, const QString& title, ErrorCode code, const QString& what) {
  return Check::failed(id, title, makeError(code, what));
}

Check checkModel(const PolicyQuestion& q) {
  const QString id = QStringLiteral("model");
  const QString title = QStringLiteral("Made for this device");
  const QString refusal = QStringLiteral("Not made for this device");
  if (q.release.modelId != q.model.id) {
    return refuse(
        id, refusal, ErrorCode::PolicyWrongModel,
        QStringLiteral("The firmware is for model %1, the device is a %2.").arg(q.release.modelId, q.model.id));
  }
  if (!q.model.deviceNames.isEmpty() && !q.model.deviceNames.contains(q.device.deviceName)) {
    return refuse(id, refusal, ErrorCode::PolicyWrongModel,
                  QStringLiteral("The device calls itself \"%1\", which is not one of this model's names.")
                      .arg(q.device.deviceName));
  }
  if (q.release.format != q.model.imageFormat) {
    return refuse(id, refusal, ErrorCode::ImageFormatRefused,
                  QStringLiteral("The release is in the format %1, the model takes %2.")
                      .arg(q.release.format, q.model.imageFormat));
  }
  if (q.image && !q.image->compatible.isEmpty() && !q.image->compatible.contains(q.device.deviceName) &&
      !q.image->compatible.contains(q.model.id)) {
    return refuse(
        id, refusal, ErrorCode::PolicyWrongModel,
        QStringLiteral("The image itself says that it is for %1.").arg(q.image->compatible.join(QStringLiteral(", "))));
  }
  return Check::passed(id, title, q.model.name);
}

Check checkRevision(const PolicyQuestion& q) {
  const QString id = QStringLiteral("hardware-revision");
  const QString title = QStringLiteral("Fits the hardware revision");
  const QString refusal = QStringLiteral("Does not fit the hardware revision");
  const QStringList ofImage = q.image ? q.image->hardwareRevisions : QStringList();
  if (!ofImage.isEmpty() && !q.device.hardwareRevision.isEmpty() && !ofImage.contains(q.device.hardwareRevision)) {
    return refuse(id, refusal, ErrorCode::PolicyWrongRevision,
                  QStringLiteral("The device is revision %1, the image itself says that it is for revision %2.")
                      .arg(q.device.hardwareRevision, ofImage.join(QStringLiteral(", "))));
  }
  if (q.release.hardwareRevisions.isEmpty()) {
    return Check::passed(id, title, QStringLiteral("for every revision of the model"));
  }
  if (q.device.hardwareRevision.isEmpty()) {
    return refuse(id, refusal, ErrorCode::PolicyWrongRevision,
                  QStringLiteral("The release is for revision %1 only, and the device does not tell its revision.")
                      .arg(q.release.hardwareRevisions.join(QStringLiteral(", "))));
  }
  if (!q.release.hardwareRevisions.contains(q.device.hardwareRevision)) {
    return refuse(id, refusal, ErrorCode::PolicyWrongRevision,
                  QStringLiteral("The device is revision %1, the release is for revision %2.")
                      .arg(q.device.hardwareRevision, q.release.hardwareRevisions.join(QStringLiteral(", "))));
  }
  return Check::passed(id, title, QStringLiteral("revision %1").arg(q.device.hardwareRevision));
}

// The vendor's metadata and the image are signed apart; they must tell the same story.
Check checkImageMatchesRelease(const PolicyQuestion& q) {
  const QString id = QStringLiteral("image-matches-release");
  const QString title = QStringLiteral("Image is the announced version");
  const QString refusal = QStringLiteral("Image is not the announced version");
  if (!q.image) {
    return {id, CheckState::NotApplicable, title, QStringLiteral("the image was not accepted"), {}, {}};
  }
  if (q.image->version && *q.image->version != q.release.version) {
    return refuse(id, refusal, ErrorCode::ImageHashMismatch,
                  QStringLiteral("The release says %1, the image says %2.")
                      .arg(q.release.version.toString(), q.image->version->toString()));
  }
  if (q.image->securityVersion && *q.image->securityVersion != q.release.securityVersion) {
    return refuse(id, refusal, ErrorCode::ImageHashMismatch,
                  QStringLiteral("The release says security version %1, the image says %2.")
                      .arg(q.release.securityVersion)
                      .arg(*q.image->securityVersion));
  }
  return Check::passed(id, title, q.release.version.toString());
}

Check checkVersion(const PolicyQuestion& q) {
  const QString id = QStringLiteral("version");
  const QString title = QStringLiteral("Newer than installed");
  const QString refusal = QStringLiteral("Not newer than installed");
  const Slot* running = q.device.runningSlot();
  if (running == nullptr || !running->version) {
    if (q.downgrade) {
      return refuse(id, QStringLiteral("Not a downgrade"), ErrorCode::PolicyDowngrade,
                    QStringLiteral("The device does not tell which version it runs, so nothing is known to be older."));
    }
    // In its bootloader a device runs nothing. The security version still stands in the way of old firmware.
    return Check::warning(id, title, QStringLiteral("the device does not tell which version it runs"));
  }
  const QString installed = running->version->toString();
  const QString offered = q.release.version.toString();
  if (q.downgrade && q.release.version < *running->version) {
    return Check::warning(id, QStringLiteral("Downgrade: older than installed"),
                          QStringLiteral("%1 < %2: what came in between is undone").arg(offered, installed));
  }
  if (q.downgrade && q.release.version > *running->version) {
    return refuse(
        id, QStringLiteral("Not a downgrade"), ErrorCode::PolicyDowngrade,
        QStringLiteral("%1 is newer than %2, which is installed: that is an update.").arg(offered, installed));
  }
  if (q.release.version < *running->version) {
    return refuse(id, refusal, ErrorCode::PolicyVersionLower,
                  QStringLiteral("%1 is older than %2, which is installed.").arg(offered, installed));
  }
  if (q.release.version == *running->version) {
    return refuse(id, refusal, ErrorCode::PolicyVersionSame, QStringLiteral("%1 is already installed.").arg(installed));
  }
  return Check::passed(id, title, QStringLiteral("%1 > %2").arg(offered, installed));
}

Check checkSecurityVersion(const PolicyQuestion& q) {
  const QString id = QStringLiteral("security-version");
  const QString title = QStringLiteral("Not below the security version");
  const QString refusal = QStringLiteral("Below the security version");
  // A device without a counter stands where the vendor says that its firmware does.
  const std::optional<quint32> published =
      q.downgrade && q.downgrade->running ? std::optional(q.downgrade->running->securityVersion) : std::nullopt;
  const quint32 floor =
      std::max({q.device.securityVersion.value_or(0), q.highestSecurityVersionSeen.value_or(0), published.value_or(0)});
  if (q.downgrade && !q.device.securityVersion && !q.highestSecurityVersionSeen && !published) {
    return refuse(id, QStringLiteral("The security version is not known"), ErrorCode::PolicySecurityVersion,
                  QStringLiteral("Neither the device nor its vendor nor this station tells the security version that "
                                 "the device stands at."));
  }
  if (q.release.securityVersion < floor) {
    return refuse(id, refusal, ErrorCode::PolicySecurityVersion,
                  QStringLiteral("The release has security version %1, the device stands at %2.")
                      .arg(q.release.securityVersion)
                      .arg(floor));
  }
  if (q.image && !q.image->securityVersion && floor > 0) {
    return refuse(id, refusal, ErrorCode::PolicySecurityVersion,
                  QStringLiteral("The image carries no security version, the device stands at %1.").arg(floor));
  }
  if (!q.device.securityVersion && !q.highestSecurityVersionSeen && !published) {
    return Check::passed(id, title,
                         QStringLiteral("release %1; the device tells no counter").arg(q.release.securityVersion));
  }
  return Check::passed(id, title, QStringLiteral("counter %1 ≥ %2").arg(q.release.securityVersion).arg(floor));
}

Check checkMinimumVersion(const PolicyQuestion& q) {
  const QString id = QStringLiteral("minimum-version");
  const QString title = QStringLiteral("Can be reached from here");
  const QString refusal = QStringLiteral("Can't be reached from here");
  const Slot* running = q.device.runningSlot();
  if (!q.release.minimumVersion) {
    return Check::passed(id, title, QStringLiteral("no intermediate release needed"));
  }
  const QString minimum = q.release.minimumVersion->toString();
  if (running == nullptr || !running->version || *running->version < *q.release.minimumVersion) {
    return refuse(id, refusal, ErrorCode::PolicyMinimumVersion,
                  QStringLiteral("The release can be installed from %1 on only.").arg(minimum));
  }
  return Check::passed(id, title, QStringLiteral("from %1 on").arg(minimum));
}

Check checkSize(const PolicyQuestion& q) {
  const QString id = QStringLiteral("size");
  const QString title = QStringLiteral("Fits the slot");
  const QString refusal = QStringLiteral("Does not fit the slot");
  if (q.device.slotBytes == 0) {
    return Check::passed(id, title, QStringLiteral("the device does not tell its slot's size; it checks by itself"));
  }
  if (q.release.bytes > q.device.slotBytes) {
    return refuse(id, refusal, ErrorCode::ImageTooLarge,
                  QStringLiteral("The image has %1 bytes, the slot %2.").arg(q.release.bytes).arg(q.device.slotBytes));
  }
  return Check::passed(id, title, QStringLiteral("%1 of %2 bytes").arg(q.release.bytes).arg(q.device.slotBytes));
}

Check checkFallback(const PolicyQuestion& q) {
  const QString id = QStringLiteral("fallback");
  const QString title = QStringLiteral("Can fall back");
  const QString refusal = QStringLiteral("Can't fall back");
  if (!q.capabilities.slots || !q.capabilities.testBoot) {
    return Check::warning(id, QStringLiteral("No way back"),
                          QStringLiteral("this bootloader has no second slot: an interrupted update must be repeated"));
  }
  const Slot* running = q.device.runningSlot();
  if (running == nullptr) {
    return Check::warning(id, title, QStringLiteral("no firmware is running; there is nothing to fall back to"));
  }
  if (!running->confirmed) {
    return refuse(id, refusal, ErrorCode::PolicyNoFallback,
                  QStringLiteral("The running version is itself on trial, so there is no slot to fall back to."));
  }
  return Check::passed(id, title,
                       QStringLiteral("slot %1 stays untouched until the new version is confirmed").arg(running->name));
}

Check checkPower(const PolicyQuestion& q) {
  const QString id = QStringLiteral("power");
  const QString title = QStringLiteral("Enough power");
  if (!q.device.batteryPercent) {
    return {id, CheckState::NotApplicable, title, QStringLiteral("the device does not tell"), {}, {}};
  }
  const QString detail = QStringLiteral("battery at %1 %").arg(*q.device.batteryPercent);
  if (*q.device.batteryPercent < kEmptyBatteryPercent) {
    return refuse(id, QStringLiteral("Battery is too low"), ErrorCode::PolicyPower,
                  QStringLiteral("The device's battery is at %1 %; an update needs %2 %.")
                      .arg(*q.device.batteryPercent)
                      .arg(kEmptyBatteryPercent));
  }
  return *q.device.batteryPercent < kLowBatteryPercent ? Check::warning(id, QStringLiteral("Battery is low"), detail)
                                                       : Check::passed(id, title, detail);
}

Check checkLifecycle(const PolicyQuestion& q) {
  const QString id = QStringLiteral("lifecycle");
  switch (q.model.lifecycle.phaseOn(q.today)) {
    case SupportPhase::EndOfLife:
      return Check::warning(id, QStringLiteral("Support has ended"),
                            QStringLiteral("this is one of the last releases; plan to replace the device"));
    case SupportPhase::SecurityOnly:
      return Check::passed(id, QStringLiteral("Supported"), QStringLiteral("security updates only"));
    case SupportPhase::Full:
      return Check::passed(id, QStringLiteral("Supported"), QStringLiteral("full support"));
    case SupportPhase::Unknown:
      break;
  }
  return {id,
          CheckState::NotApplicable,
          QStringLiteral("Support"),
          QStringLiteral("the vendor has not published dates"),
          {},
          {}};
}

Check checkDowngradePolicy(const PolicyQuestion& q) {
  const QString id = QStringLiteral("downgrade-policy");
  if (!q.downgrade->allowedHere) {
    return refuse(id, QStringLiteral("Downgrades are off at this station"), ErrorCode::PolicyDowngrade,
                  QStringLiteral("The station's policy does not allow going back to an older version."));
  }
  return Check::passed(id, QStringLiteral("Downgrades are possible at this station"),
                       QStringLiteral("a supervisor must agree to each"));
}

Check checkDowngradeVendor(const PolicyQuestion& q) {
  const QString id = QStringLiteral("downgrade-vendor");
  const QString refusal = QStringLiteral("The vendor forbids this downgrade");
  const QString offered = q.release.version.toString();
  if (!q.release.downgradeTo) {
    return refuse(id, refusal, ErrorCode::PolicyDowngrade,
                  QStringLiteral("The vendor's metadata says that nothing goes back to %1.").arg(offered));
  }
  if (q.downgrade->running && !q.downgrade->running->downgradeFrom) {
    return refuse(id, refusal, ErrorCode::PolicyDowngrade,
                  QStringLiteral("The vendor's metadata says that nothing goes back from %1.")
                      .arg(q.downgrade->running->version.toString()));
  }
  return Check::passed(id, QStringLiteral("The vendor does not forbid it"), offered);
}

Check checkDowngradeReason(const PolicyQuestion& q) {
  const QString id = QStringLiteral("downgrade-reason");
  const Result<QString> reason = readReason(q.downgrade->reason);
  if (!reason) {
    return refuse(id, QStringLiteral("No reason for the downgrade"), ErrorCode::PolicyDowngrade, reason.error().what);
  }
  return Check::passed(id, QStringLiteral("Reason for the downgrade"), *reason);
}

// STMicroelectronics AN2606 and RM0008, option bytes: taking read-out protection off erases the whole flash.
Check checkProtection(const PolicyQuestion& q) {
  const QString id = QStringLiteral("read-out-protection");
  const QString everything = QStringLiteral(
      "everything on the device is erased first: firmware, settings and keys that it keeps in its flash");
  if (q.eraseAgreed) {
    return q.device.readProtected
               ? Check::warning(id, QStringLiteral("Everything will be erased"), everything)
               : Check::warning(id, QStringLiteral("Everything may be erased"),
                                QStringLiteral("should the device turn out to be protected, %1").arg(everything));
  }
  return refuse(id, QStringLiteral("Read-out protection is on"), ErrorCode::DeviceProtected,
                QStringLiteral("The device takes new firmware only if %1.").arg(everything));
}

}  // namespace

QString checkStateName(CheckState state) {
  constexpr const char* kNames[] = {"passed", "failed", "warning", "not-applicable"};
  return QString::fromLatin1(kNames[static_cast<int>(state)]);
}

QList<Check> askUpdatePolicy(const PolicyQuestion& question) {
  QList<Check> checks{
      checkModel(question),     checkRevision(question),        checkImageMatchesRelease(question),
      checkVersion(question),   checkSecurityVersion(question), checkMinimumVersion(question),
      checkSize(question),      checkFallback(question),        checkPower(question),
      checkLifecycle(question),
  };
  if (question.downgrade) {
    checks << checkDowngradePolicy(question) << checkDowngradeVendor(question) << checkDowngradeReason(question);
  }
  if (question.device.readProtected || question.eraseAgreed) {
    checks << checkProtection(question);
  }
  return checks;
}

}  // namespace sealift
