// The one API that the window and the command line call.
//
// Threads: a Station lives in the thread that made it and emits its signals there. Calls that
// answer at once are const or say so; everything that touches a device, the network or much of
// the disk returns a QFuture and runs on a worker. Values are copies.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/progress.h"
#include "app/services/views.h"

#include <QFuture>
#include <QObject>

namespace sealift {

// What a plan is asked for.
struct UpdateWish {
  QString release = {};          // a version of the device's model, or any release's id; empty: the newest that fits
  bool eraseEverything = false;  // agreed to, apart from the plan: a read-protected device is erased altogether
  bool asLastSeen = false;       // where the device does not answer now, from what it last said: to start on connect
  bool again = false;            // agreed to, apart from the plan: a release that the device went back from by itself
  std::optional<QString> downgradeReason = {};  // set: go back to `release`, an older version, for this reason
};

// How somebody agrees to one plan.
struct ConsentGiven {
  QString planDigest;
  QString notesHash;     // of the notes that were on the screen
  QString how;           // "window", "terminal", "accept-option"
  UpdateWish wish = {};  // as given to planUpdate
  // Of a downgrade only: the supervisor who agrees, signed in for this one act; or, at home without accounts, the
  // version to go back to as the owner typed it.
  SignIn supervisor = {};
  QString typed = {};
};

class Station : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  virtual StationInfo info() const = 0;
  virtual Status changeInfo(const QString& stationName, const QString& operatorName, bool homeMode) = 0;

  // No network at all: vendors' servers and devices over UDP and TCP are not reached. Kept for later runs.
  virtual Status setOffline(bool offline) = 0;

  // Whether the local network is searched for devices (by Multicast DNS, with questions only). Kept for later runs.
  virtual Status setSearchesNetwork(bool search) = 0;

  virtual QList<DriverView> drivers() const = 0;  // what this program speaks; the same for every station

  virtual StationKeyView stationKey() const = 0;
  // From the next start on the station signs with the key at this address, which is made there first when a type
  // is given ("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "ed25519"). Recorded, signed by the key of now.
  // Waits for whoever is asked for a PIN.
  virtual Result<StationKeyView> chooseStationKey(const QString& address, const QString& newType) = 0;

  // Devices -------------------------------------------------------------------------------
  virtual QList<DeviceView> devices() const = 0;  // as last seen; at once
  virtual std::optional<DeviceView> device(const QString& id) const = 0;
  // Looks at every known address again, and at what is plugged in and named by a model; devicesChanged() comes as each
  // answers.
  virtual QFuture<Status> lookAtDevices() = 0;
  // From now on devices are found by themselves as they come and go; foundChanged() tells.
  virtual void watchDevices() = 0;
  // What is connected or announces itself, known or not, as last seen; at once.
  virtual QList<FoundView> found() const = 0;
  // Looks what is there for so long: on the USB, the serial ports and, unless that is off, the network. What a model
  // names is looked at, nothing else is opened. An error is why the network could not be searched; the rest was.
  virtual QFuture<Status> discover(int seconds) = 0;
  virtual QFuture<Result<DeviceView>> lookAtDevice(const QString& id) = 0;
  // `model` may be empty: then every model that names this kind of link is tried.
  virtual QFuture<Result<DeviceView>> addDevice(const QString& address, const QString& name, const QString& model) = 0;
  virtual Status removeDevice(const QString& id) = 0;
  virtual Status renameDevice(const QString& id, const QString& name) = 0;
  // How the device at an address (https:HOST:PORT) is reached. Waits for whoever is asked for a PIN.
  virtual Result<DeviceAccessView> changeDeviceAccess(const QString& address, const DeviceAccessChange& change) = 0;

  // Updates -------------------------------------------------------------------------------
  // Fetches the release, verifies everything that can be verified, asks the device again. Writes nothing to it.
  // Without a wish: the newest release that fits and isn't skipped.
  virtual QFuture<Result<PlanView>> planUpdate(const QString& deviceId, const UpdateWish& wish = {}) = 0;
  // Plans again, compares with what was agreed to, records the consent and starts the job; gives its id.
  // A plan that a check refuses becomes a job that has ended as Refused, with nothing written.
  // Errors: ConsentMissing, ConsentPlanChanged, DeviceBusy, or why no plan could be made.
  QFuture<Result<QString>> applyUpdate(const QString& deviceId, const ConsentGiven& consent) {
    return startUpdate(deviceId, consent, {});
  }
  // As applyUpdate, but the job starts at `when` while the program runs; the checks run again then.
  QFuture<Result<QString>> scheduleUpdate(const QString& deviceId, const ConsentGiven& consent, const QDateTime& when) {
    return startUpdate(deviceId, consent, {.when = StartTime::When::At, .at = when});
  }
  // As applyUpdate, for any start. The job waits for its time and its turn while the program runs, also in later runs
  // of it; the checks run again then, and a consent counts for nothing once the plan has become another one.
  virtual QFuture<Result<QString>> startUpdate(const QString& deviceId, const ConsentGiven& consent,
                                               const StartTime& start) = 0;
  // A failed job once more, as it was agreed to; one that waits for its next attempt makes it now.
  virtual QFuture<Result<QString>> retryJob(const QString& id) = 0;
  // A job that has not begun does not begin until it is let go on. Both at once.
  virtual Status pauseJob(const QString& id) = 0;
  virtual Status continueJob(const QString& id) = 0;
  // No further job begins; those that run go on. Kept for later runs, as the next two.
  virtual Status setQueuePaused(bool paused) = 0;
  virtual Status changeLimits(const LimitsChange& change) = 0;
  virtual Status setMaintenanceWindow(const QString& text) = 0;  // empty: none
  virtual QueueView queue() const = 0;
  // Carries out everything that waits in this data folder, until the station is closed. The window does so by itself.
  virtual void workQueue() = 0;
  // Looks at the device of a job that was interrupted or ended as unknown, and carries on from what it runs.
  virtual QFuture<Result<QString>> resumeJob(const QString& id) = 0;
  virtual QStringList interruptedJobs() const = 0;
  virtual Status remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) = 0;
  virtual Status skipRelease(const QString& deviceId, const QString& releaseId, bool skip) = 0;

  // Rules on releases, and alerts ---------------------------------------------------------
  virtual QList<ReleaseRuleView> releaseRules() const = 0;
  // Skips, blocks or pins. A block and a pin need a reason; whoever sits here may make them.
  virtual Status setReleaseRule(const ReleaseRuleChange& change) = 0;
  // A block or a pin is lifted by a supervisor where there are accounts, and needs a reason, too.
  virtual QFuture<Status> liftReleaseRule(const ReleaseRuleChange& change, const SignIn& signIn) = 0;
  // A release that was paused since it went wrong on several devices may be installed again.
  virtual QFuture<Status> resumeRelease(const QString& releaseId, const QString& reason, const SignIn& signIn) = 0;
  virtual QList<AlertView> alerts() const = 0;

  // People and policy; with accounts every act takes somebody who signs in for it ----------
  virtual PolicyView policy() const = 0;
  virtual QFuture<Status> changePolicy(const PolicyChange& change, const SignIn& signIn) = 0;
  virtual QList<OperatorView> operators() const = 0;
  // The first one must be a supervisor, made by whoever owns the data folder; not in home mode.
  virtual QFuture<Status> addOperator(const SignIn& account, const QString& role, const SignIn& signIn) = 0;
  virtual QFuture<Status> removeOperator(const QString& name, const SignIn& signIn) = 0;
  virtual QFuture<Status> changeOperatorRole(const QString& name, const QString& role, const SignIn& signIn) = 0;
  // By a supervisor, or by the same person with the present password.
  virtual QFuture<Status> changeOperatorPassword(const SignIn& account, const SignIn& signIn) = 0;

  // Jobs ----------------------------------------------------------------------------------
  virtual QList<JobView> jobs() const = 0;  // running, waiting, scheduled, paused, then finished; newest first
  virtual std::optional<JobView> job(const QString& id) const = 0;
  virtual Status cancelJob(const QString& id) = 0;  // or one that has not begun
  // Resolves when the job is finished.
  virtual QFuture<JobView> waitForJob(const QString& id) = 0;
  // The job's journal as lines for people, oldest first.
  virtual QStringList jobLog(const QString& id) const = 0;

  // Vendors -------------------------------------------------------------------------------
  virtual QList<VendorView> vendors() const = 0;
  virtual Result<VendorCandidate> readVendorFile(const QString& path) const = 0;
  virtual QFuture<Result<VendorView>> addVendor(const VendorCandidate& candidate,
                                                const QString& confirmedFingerprint) = 0;
  virtual QFuture<Result<VendorView>> refreshVendor(const QString& id) = 0;
  // How its server is reached. An own client certificate is tried out before it is kept: its key may ask for a PIN.
  virtual QFuture<Result<VendorView>> changeVendorAccess(const QString& id, const VendorAccessChange& change) = 0;
  virtual Status removeVendor(const QString& id) = 0;
  // A vendor's offline bundle: verified as its server's answers are, then kept. NotFound when its vendor is not
  // trusted here.
  virtual QFuture<Result<BundleImport>> importBundle(const QString& path) = 0;
  // True when the file is a bundle by what it holds, whatever its name; else it may be a vendor file.
  virtual bool isBundle(const QString& path) const = 0;

  // Audit log -----------------------------------------------------------------------------
  virtual AuditHealth auditHealth() const = 0;
  virtual qint64 auditCount(const AuditFilter& filter) const = 0;
  // Newest first: rows whose sequence is below `before` (0: from the newest), at most `limit`.
  virtual QList<AuditRow> auditPage(const AuditFilter& filter, qint64 before, int limit) const = 0;
  virtual Result<AuditDetail> auditDetail(qint64 sequence) const = 0;
  // Recomputes the whole tree. `headFile`: an exported head that must still be part of it; may be empty.
  virtual QFuture<Result<AuditHealth>> verifyAudit(const QString& headFile, Progress::Sink progress,
                                                   CancelToken cancel) = 0;
  virtual QFuture<Status> exportAudit(const QString& path, const QString& format) = 0;  // "jsonl", "csv"
  virtual Status exportAuditHead(const QString& path) = 0;

 Q_SIGNALS:
  void devicesChanged();
  void foundChanged();
  void deviceChanged(const QString& id);
  void jobsChanged();                  // one came, went or finished
  void jobChanged(const QString& id);  // progress; at most ten a second for each job
  void vendorsChanged();
  void auditChanged();
  void infoChanged();
  void alertsChanged();
};

}  // namespace sealift
