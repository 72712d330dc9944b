// The station on this computer: its data folder, its key, its devices. The Station that both programs use.
#pragma once

#include "app/services/audit_service.h"
#include "app/services/device_access.h"
#include "app/services/device_service.h"
#include "app/services/discovery_service.h"
#include "app/services/station.h"
#include "app/services/station_core.h"
#include "app/services/update_service.h"
#include "app/services/vendor_service.h"
#include "keystore/secrets/pin_source.h"

#include <QTimer>

#include <memory>

namespace sealift {

struct StationSetup {
  QString dataFolder;            // everything that the station keeps lies here
  const Clock* clock = nullptr;  // outlives the station, as the next two
  LinkOpener* links = nullptr;
  const DriverRegistry* drivers = nullptr;
  VendorFetcherFactory fetchers;    // empty: over HTTP(S) and from folders (SystemFetchers)
  std::shared_ptr<PinSource> pins;  // asked for the PINs of the station's and client keys; null: nobody
  bool offline = false;             // whatever the settings say: no network for this run
  QString language = QStringLiteral("en");
  bool demo = false;
  bool startFreshAfterDamage = false;  // a damaged database was set aside before; begin a new one
  bool settleByItself = true;          // interrupted jobs go on when their device is seen
  QString lockFolder;                  // of the devices' locks; empty: the one of all programs of this computer
  HostPowerSource power;               // of this computer; empty: as the system tells
  std::function<std::unique_ptr<SleepInhibitor>()> sleep;  // empty: the system's
  bool worksQueue = true;                  // carries out what waits; else only what this program was asked for itself
  BootClock bootClock = systemBootMoment;  // how long accounts stay locked
  std::chrono::milliseconds lookEvery = UsbWatcher::kLookEvery;  // once devices are watched
};

// The folder that the operating system has for a program's data (XDG on Linux).
QString defaultDataFolder();

class LocalStation final : public Station {
  Q_OBJECT

 public:
  // Opens the data folder, or makes it: with the station's key, the database, the audit log.
  static Result<std::unique_ptr<LocalStation>> open(const StationSetup& setup);
  ~LocalStation() override;  // cancels what runs and waits until the devices are safe

  // Cancels all that runs, and lets nothing new begin; what was asked for then ends as cancelled. Any thread.
  void stop();

  StationInfo info() const override;
  Status changeInfo(const QString& stationName, const QString& operatorName, bool homeMode) override;
  Status setOffline(bool offline) override;
  Status setSearchesNetwork(bool search) override;
  QList<DriverView> drivers() const override;
  StationKeyView stationKey() const override;
  Result<StationKeyView> chooseStationKey(const QString& address, const QString& newType) override;

  QList<DeviceView> devices() const override;
  std::optional<DeviceView> device(const QString& id) const override;
  QFuture<Status> lookAtDevices() override;
  void watchDevices() override;
  QList<FoundView> found() const override;
  QFuture<Status> discover(int seconds) override;
  QFuture<Result<DeviceView>> lookAtDevice(const QString& id) override;
  QFuture<Result<DeviceView>> addDevice(const QString& address, const QString& name, const QString& model) override;
  Status removeDevice(const QString& id) override;
  Status renameDevice(const QString& id, const QString& name) override;
  Result<DeviceAccessView> changeDeviceAccess(const QString& address, const DeviceAccessChange& change) override;

  QFuture<Result<PlanView>> planUpdate(const QString& deviceId, const UpdateWish& wish = {}) override;
  QFuture<Result<QString>> startUpdate(const QString& deviceId, const ConsentGiven& consent,
                                       const StartTime& start) override;
  QFuture<Result<QString>> retryJob(const QString& id) override;
  Status pauseJob(const QString& id) override;
  Status continueJob(const QString& id) override;
  Status setQueuePaused(bool paused) override;
  Status changeLimits(const LimitsChange& change) override;
  Status setMaintenanceWindow(const QString& text) override;
  QueueView queue() const override;
  void workQueue() override;
  QFuture<Result<QString>> resumeJob(const QString& id) override;
  QStringList interruptedJobs() const override;
  Status remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) override;
  Status skipRelease(const QString& deviceId, const QString& releaseId, bool skip) override;
  QList<ReleaseRuleView> releaseRules() const override;
  Status setReleaseRule(const ReleaseRuleChange& change) override;
  QFuture<Status> liftReleaseRule(const ReleaseRuleChange& change, const SignIn& signIn) override;
  QFuture<Status> resumeRelease(const QString& releaseId, const QString& reason, const SignIn& signIn) override;
  QList<AlertView> alerts() const override;
  PolicyView policy() const override;
  QFuture<Status> changePolicy(const PolicyChange& change, const SignIn& signIn) override;
  QList<OperatorView> operators() const override;
  QFuture<Status> addOperator(const SignIn& account, const QString& role, const SignIn& signIn) override;
  QFuture<Status> removeOperator(const QString& name, const SignIn& signIn) override;
  QFuture<Status> changeOperatorRole(const QString& name, const QString& role, const SignIn& signIn) override;
  QFuture<Status> changeOperatorPassword(const SignIn& account, const SignIn& signIn) override;
  QList<JobView> jobs() const override;
  std::optional<JobView> job(const QString& id) const override;
  Status cancelJob(const QString& id) override;
  QFuture<JobView> waitForJob(const QString& id) override;
  QStringList jobLog(const QString& id) const override;

  QList<VendorView> vendors() const override;
  Result<VendorCandidate> readVendorFile(const QString& path) const override;
  QFuture<Result<VendorView>> addVendor(const VendorCandidate& candidate, const QString& confirmedFingerprint) override;
  QFuture<Result<VendorView>> refreshVendor(const QString& id) override;
  QFuture<Result<VendorView>> changeVendorAccess(const QString& id, const VendorAccessChange& change) override;
  Status removeVendor(const QString& id) override;
  QFuture<Result<BundleImport>> importBundle(const QString& path) override;
  bool isBundle(const QString& path) const override;

  AuditHealth auditHealth() const override;
  qint64 auditCount(const AuditFilter& filter) const override;
  QList<AuditRow> auditPage(const AuditFilter& filter, qint64 before, int limit) const override;
  Result<AuditDetail> auditDetail(qint64 sequence) const override;
  QFuture<Result<AuditHealth>> verifyAudit(const QString& headFile, Progress::Sink progress,
                                           CancelToken cancel) override;
  QFuture<Status> exportAudit(const QString& path, const QString& format) override;
  Status exportAuditHead(const QString& path) override;

 private:
  explicit LocalStation(const StationSetup& setup);
  Status start(const StationSetup& setup);
  Status recordStart();
  Status loadInfo();
  void lookAgain();
  void settle(const KnownDevice& seen);
  void lookForDeviceOf(const QString& jobId);
  void followModels();
  Status lookAtKnown(const QStringList& except);
  QFuture<Status> decide(std::function<Status()> act);

  StationCore core_;
  std::shared_ptr<PinSource> pins_;  // never null
  StationInfo info_;
  bool settleByItself_;
  std::unique_ptr<VendorService> vendors_;
  std::unique_ptr<DeviceAccess> access_;
  std::unique_ptr<DeviceService> devices_;
  std::unique_ptr<StationRules> rules_;
  std::unique_ptr<ReleaseOffers> offers_;
  std::unique_ptr<UpdateService> updates_;
  std::unique_ptr<AuditService> audit_;
  std::unique_ptr<DiscoveryService> discovery_;  // last: it ends before what it tells
  std::chrono::milliseconds lookEvery_;
  bool watching_ = false;
  QTimer dueTimer_;
  std::mutex triedMutex_;
  QHash<QString, QByteArray> tried_;  // interrupted job → what its device showed when it was last carried on
};

}  // namespace sealift
