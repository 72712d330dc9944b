// A Station without devices, network or disk: tests fill it, script it, and read what was asked of it.
#pragma once

#include "app/services/station.h"

#include <QHash>
#include <QPromise>

#include <functional>

namespace sealift {

class FakeStation final : public Station {
  Q_OBJECT

 public:
  struct Applied {
    QString deviceId;
    ConsentGiven consent;
    QDateTime when;  // of a start at a time
    StartTime start = {};
  };

  FakeStation();
  // The devices, jobs, vendors and audit entries that the design's pictures show.
  void fillLikePictures();

  // What it has and does, set by tests ------------------------------------------------------
  QList<DeviceView> deviceList;
  QList<FoundView> foundList;
  QHash<QString, PlanView> plans;  // by device
  QList<JobView> jobList;
  QHash<QString, QStringList> logs;
  QStringList interrupted;
  QueueView queueView;
  QList<VendorView> vendorList;
  VendorCandidate candidate;
  BundleImport bundle;
  StationInfo stationInfo;
  QList<ReleaseRuleView> ruleList;
  QList<AlertView> alertList;
  QList<OperatorView> operatorList;
  PolicyView stationPolicy;
  AuditHealth health;
  qint64 auditRows = 0;
  qint64 auditGapBelow = 0;        // entries below this number are gone, as if somebody had deleted them
  QHash<QString, Error> failures;  // by call, e.g. "applyUpdate"
  bool hold = false;               // futures stay open until release()

  void release();
  void setJob(const JobView& changed);  // adds or changes, and tells
  void setDevice(const DeviceView& changed);
  void addAuditRows(qint64 count);

  // What was asked ------------------------------------------------------------------------
  QStringList calls;
  QList<Applied> applied;
  QList<UpdateWish> wishes;  // of planUpdate
  QList<Applied> scheduled;
  mutable int auditPageCalls = 0;
  mutable qint64 auditRowsFetched = 0;

  // Station -------------------------------------------------------------------------------
  StationInfo info() const override { return stationInfo; }
  Status changeInfo(const QString& stationName, const QString& operatorName, bool homeMode) override;
  Status setOffline(bool offline) override;
  Status setSearchesNetwork(bool search) override;
  QList<DriverView> drivers() const override { return {}; }
  StationKeyView stationKey() const override { return {}; }
  Result<StationKeyView> chooseStationKey(const QString& /*address*/, const QString& /*newType*/) override {
    return StationKeyView();
  }
  QList<DeviceView> devices() const override { return deviceList; }
  std::optional<DeviceView> device(const QString& id) const override;
  QFuture<Status> lookAtDevices() override;
  void watchDevices() override { calls << QStringLiteral("watchDevices"); }
  QList<FoundView> found() const override { return foundList; }
  QFuture<Status> discover(int seconds) override;
  QFuture<Result<DeviceView>> lookAtDevice(const QString& id) override;
  QFuture<Result<DeviceView>> addDevice(const QString& address, const QString& name, const QString& model) override;
  Status removeDevice(const QString& id) override;
  Result<DeviceAccessView> changeDeviceAccess(const QString& address, const DeviceAccessChange& change) override;
  Status renameDevice(const QString& id, const QString& name) override;
  QFuture<Result<PlanView>> planUpdate(const QString& deviceId, const UpdateWish& wish = {}) override;
  QFuture<Result<QString>> startUpdate(const QString& deviceId, const ConsentGiven& consent,
                                       const StartTime& start) override;
  QFuture<Result<QString>> retryJob(const QString& id) override;
  Status pauseJob(const QString& id) override;
  Status continueJob(const QString& id) override;
  Status setQueuePaused(bool paused) override;
  Status changeLimits(const LimitsChange& change) override;
  Status setMaintenanceWindow(const QString& text) override;
  QueueView queue() const override { return queueView; }
  void workQueue() override {}
  QFuture<Result<QString>> resumeJob(const QString& id) override;
  QStringList interruptedJobs() const override { return interrupted; }
  Status remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) override;
  Status skipRelease(const QString& deviceId, const QString& releaseId, bool skip) override;
  QList<ReleaseRuleView> releaseRules() const override { return ruleList; }
  Status setReleaseRule(const ReleaseRuleChange& change) override;
  QFuture<Status> liftReleaseRule(const ReleaseRuleChange& change, const SignIn& signIn) override;
  QFuture<Status> resumeRelease(const QString& releaseId, const QString& reason, const SignIn& signIn) override;
  QList<AlertView> alerts() const override { return alertList; }
  PolicyView policy() const override { return stationPolicy; }
  QFuture<Status> changePolicy(const PolicyChange& change, const SignIn& signIn) override;
  QList<OperatorView> operators() const override { return operatorList; }
  QFuture<Status> addOperator(const SignIn& account, const QString& role, const SignIn& signIn) override;
  QFuture<Status> removeOperator(const QString& name, const SignIn& signIn) override;
  QFuture<Status> changeOperatorRole(const QString& name, const QString& role, const SignIn& signIn) override;
  QFuture<Status> changeOperatorPassword(const SignIn& account, const SignIn& signIn) override;
  QList<JobView> jobs() const override { return jobList; }
  std::optional<JobView> job(const QString& id) const override;
  Status cancelJob(const QString& id) override;
  QFuture<JobView> waitForJob(const QString& id) override;
  QStringList jobLog(const QString& id) const override { return logs.value(id); }
  QList<VendorView> vendors() const override { return vendorList; }
  Result<VendorCandidate> readVendorFile(const QString& path) const override;
  QFuture<Result<VendorView>> addVendor(const VendorCandidate& added, const QString& confirmedFingerprint) override;
  QFuture<Result<VendorView>> refreshVendor(const QString& id) override;
  QFuture<Result<VendorView>> changeVendorAccess(const QString& id, const VendorAccessChange& change) override;
  Status removeVendor(const QString& id) override;
  QFuture<Result<BundleImport>> importBundle(const QString& path) override;
  bool isBundle(const QString& path) const override { return path.endsWith(QLatin1String(".sealift-bundle")); }
  AuditHealth auditHealth() const override;
  qint64 auditCount(const AuditFilter& filter) const override;
  QList<AuditRow> auditPage(const AuditFilter& filter, qint64 before, int limit) const override;
  Result<AuditDetail> auditDetail(qint64 sequence) const override;
  QFuture<Result<AuditHealth>> verifyAudit(const QString& headFile, Progress::Sink progress,
                                           CancelToken cancel) override;
  QFuture<Status> exportAudit(const QString& path, const QString& format) override;
  Status exportAuditHead(const QString& path) override;

 private:
  Status note(const QString& call, const QString& detail);
  template <class T>
  QFuture<T> answer(const QString& call, const QString& detail, std::function<T()> make);
  AuditRow auditRow(qint64 sequence) const;

  QList<std::function<void()>> held_;
};

// The moment at which everything in fillLikePictures() is looked at.
QDateTime pictureTime();

}  // namespace sealift
