// The events that the audit log knows: one table. A name never changes once released.
#pragma once

#include <QList>
#include <QString>
#include <QStringView>

#include <optional>

// clang-format off
#define SEALIFT_AUDIT_EVENTS(X) \
  X(StationStarted,      "station.started") \
  X(StationStopped,      "station.stopped") \
  X(StationKeyMade,      "station.key-made") \
  X(StationKeyChanged,   "station.key-changed") \
  X(StoreSetAside,       "store.set-aside") \
  X(OperatorSignedIn,    "operator.signed-in") \
  X(OperatorSignedOut,   "operator.signed-out") \
  X(OperatorRefused,     "operator.refused") \
  X(AccountAdded,        "account.added") \
  X(AccountChanged,      "account.changed") \
  X(AccountRemoved,      "account.removed") \
  X(OperatorAltered,     "operator.altered") \
  X(VendorAdded,         "vendor.added") \
  X(VendorRemoved,       "vendor.removed") \
  X(VendorRefreshed,     "vendor.refreshed") \
  X(VendorRefreshFailed, "vendor.refresh-failed") \
  X(VendorRootRotated,   "vendor.root-rotated") \
  X(DeviceAdded,         "device.added") \
  X(DeviceSeen,          "device.seen") \
  X(DeviceRenamed,       "device.renamed") \
  X(DeviceRemoved,       "device.removed") \
  X(DeviceCounterFell,   "device.counter-fell") \
  X(PlanMade,            "plan.made") \
  X(CheckPassed,         "check.passed") \
  X(CheckWarned,         "check.warned") \
  X(CheckFailed,         "check.failed") \
  X(ConsentGiven,        "consent.given") \
  X(ConsentWithdrawn,    "consent.withdrawn") \
  X(UpdateStarted,       "update.started") \
  X(UpdateStage,         "update.stage") \
  X(UpdateSucceeded,     "update.succeeded") \
  X(UpdateReverted,      "update.reverted") \
  X(UpdateRefused,       "update.refused") \
  X(UpdateFailed,        "update.failed") \
  X(UpdateUnknown,       "update.unknown") \
  X(UpdateCancelled,     "update.cancelled") \
  X(UpdateResumed,       "update.resumed") \
  X(UpdateSettled,       "update.settled") \
  X(UpdateQueued,        "update.queued") \
  X(UpdatePaused,        "update.paused") \
  X(UpdateContinued,     "update.continued") \
  X(UpdateRetried,       "update.retried") \
  X(UpdateWindowMissed,  "update.window-missed") \
  X(QueuePaused,         "queue.paused") \
  X(QueueContinued,      "queue.continued") \
  X(ReleaseSkipped,      "release.skipped") \
  X(ReleaseUnskipped,    "release.unskipped") \
  X(ReleaseDeferred,     "release.deferred") \
  X(ReleaseBlocked,      "release.blocked") \
  X(ReleaseUnblocked,    "release.unblocked") \
  X(ReleasePinned,       "release.pinned") \
  X(ReleaseUnpinned,     "release.unpinned") \
  X(ReleasePaused,       "release.paused") \
  X(ReleaseResumed,      "release.resumed") \
  X(DowngradeAgreed,     "downgrade.agreed") \
  X(PolicyChanged,       "policy.changed") \
  X(AuditVerified,       "audit.verified") \
  X(AuditExported,       "audit.exported") \
  X(AuditHeadExported,   "audit.head-exported") \
  X(SettingsChanged,     "settings.changed")

#define SEALIFT_AUDIT_OUTCOMES(X) \
  X(Ok,        "ok") \
  X(Refused,   "refused") \
  X(Failed,    "failed") \
  X(Reverted,  "reverted") \
  X(Unknown,   "unknown") \
  X(Cancelled, "cancelled") \
  X(Warning,   "warning") \
  X(Recorded,  "recorded")
// clang-format on

namespace sealift {

enum class AuditEvent {
#define X(name, text) name,
  SEALIFT_AUDIT_EVENTS(X)
#undef X
};

// How what the entry tells of ended; Recorded when it neither succeeds nor fails.
enum class AuditOutcome {
#define X(name, text) name,
  SEALIFT_AUDIT_OUTCOMES(X)
#undef X
};

QString auditEventName(AuditEvent event);
std::optional<AuditEvent> auditEventFromName(QStringView name);
QList<AuditEvent> allAuditEvents();

QString auditOutcomeName(AuditOutcome outcome);
std::optional<AuditOutcome> auditOutcomeFromName(QStringView name);
QList<AuditOutcome> allAuditOutcomes();

}  // namespace sealift
