#include "tests/gui/fake_station.h"

#include <algorithm>
#include <array>

namespace sealift {

namespace {

constexpr qint64 kAnchor = 12408;     // the newest entry in the pictures
constexpr qint64 kSecondsApart = 59;  // between two entries

struct AuditKind {
  const char* event;
  const char* subject;
  const char* message;
  Tone tone;
  const char* outcome;
  const char* outcomeText;
};

// From the newest entry of the pictures downwards, again and again.
constexpr std::array<AuditKind, 8> kAuditKinds{{
    {"update.succeeded", "Door sensor", "1.8.4 \u2192 1.9.0", Tone::Good, "succeeded", "Succeeded"},
    {"consent.given", "Door sensor", "1.9.0, notes rev 3f1c", Tone::Good, "recorded", "Recorded"},
    {"update.refused", "Garage camera", "0.9.7 is older than 0.9.8", Tone::Bad, "refused", "Refused"},
    {"metadata.refreshed", "Norrland AB", "timestamp 4412", Tone::Good, "ok", "OK"},
    {"device.provisioned", "Badge reader 0113", "certificate 5A:09\u2026", Tone::Good, "ok", "OK"},
    {"update.reverted", "Badge reader 0098", "no confirmation in 60 s", Tone::Warning, "reverted", "Reverted"},
    {"login", "technician", "signed in", Tone::Good, "ok", "OK"},
    {"image.rejected", "Unknown image", "signature does not match", Tone::Bad, "refused", "Refused"},
}};

const AuditKind& kindOf(qint64 sequence) {
  const qint64 step = ((kAnchor - sequence) % 8 + 8) % 8;
  return kAuditKinds.at(static_cast<std::size_t>(step));
}

QDateTime timeOf(qint64 sequence) {
  return QDateTime(QDate(2026, 11, 21), QTime(8, 41, 0), Qt::UTC).addSecs((sequence - kAnchor) * kSecondsApart);
}

bool matches(const AuditFilter& filter, qint64 sequence) {
  const AuditKind& kind = kindOf(sequence);
  if (!filter.outcome.isEmpty() && filter.outcome != QLatin1String(kind.outcome)) {
    return false;
  }
  if (!filter.text.isEmpty()) {
    const QString whole = QString::fromUtf8(kind.event) + QLatin1Char('\n') + QString::fromUtf8(kind.subject) +
                          QLatin1Char('\n') + QString::fromUtf8(kind.message);
    if (!whole.contains(filter.text, Qt::CaseInsensitive)) {
      return false;
    }
  }
  return (!filter.since || timeOf(sequence) >= *filter.since) && (!filter.until || timeOf(sequence) < *filter.until);
}

}  // namespace

QDateTime pictureTime() {
  return QDateTime(QDate(2026, 11, 21), QTime(8, 41, 30), Qt::UTC);
}

FakeStation::FakeStation() {
  stationInfo.name = QStringLiteral("LINE-3");
  stationInfo.operatorName = QStringLiteral("A. Operator");
  stationInfo.role = QStringLiteral("technician");
  stationInfo.publicKeyId = QString(QStringLiteral("9f31c2a07be4d518")).repeated(4);
}

template <class T>
QFuture<T> FakeStation::answer(const QString& call, const QString& detail, std::function<T()> make) {
  calls << call + QLatin1Char(' ') + detail;
  auto promise = std::make_shared<QPromise<T>>();
  promise->start();
  const auto finish = [this, promise, call, make] {
    promise->addResult(failures.contains(call) ? T(fail(failures.value(call))) : make());
    promise->finish();
  };
  if (hold) {
    held_ << finish;
  } else {
    finish();
  }
  return promise->future();
}

Status FakeStation::note(const QString& call, const QString& detail) {
  calls << call + QLatin1Char(' ') + detail;
  return failures.contains(call) ? Status(fail(failures.value(call))) : Status();
}

void FakeStation::release() {
  hold = false;
  const auto held = std::exchange(held_, {});
  for (const auto& finish : held) {
    finish();
  }
}

void FakeStation::setJob(const JobView& changed) {
  const auto found = std::find_if(jobList.begin(), jobList.end(), [&](const JobView& j) { return j.id == changed.id; });
  const bool news = found == jobList.end() || found->state != changed.state;
  if (found == jobList.end()) {
    jobList.prepend(changed);
  } else {
    *found = changed;
  }
  if (news) {
    Q_EMIT jobsChanged();
  } else {
    Q_EMIT jobChanged(changed.id);
  }
}

void FakeStation::setDevice(const DeviceView& changed) {
  for (DeviceView& view : deviceList) {
    if (view.id == changed.id) {
      view = changed;
      Q_EMIT deviceChanged(changed.id);
      return;
    }
  }
  deviceList << changed;
  Q_EMIT devicesChanged();
}

void FakeStation::addAuditRows(qint64 count) {
  auditRows += count;
  Q_EMIT auditChanged();
}

Status FakeStation::changeInfo(const QString& stationName, const QString& operatorName, bool homeMode) {
  const Status done = note(QStringLiteral("changeInfo"), stationName);
  if (done) {
    stationInfo.name = stationName;
    stationInfo.operatorName = operatorName;
    stationInfo.homeMode = homeMode;
    Q_EMIT infoChanged();
  }
  return done;
}

Status FakeStation::setOffline(bool offline) {
  const Status done = note(QStringLiteral("setOffline"), offline ? QStringLiteral("on") : QStringLiteral("off"));
  if (done) {
    stationInfo.offline = offline;
    Q_EMIT infoChanged();
  }
  return done;
}

std::optional<DeviceView> FakeStation::device(const QString& id) const {
  for (const DeviceView& view : deviceList) {
    if (view.id == id) {
      return view;
    }
  }
  return std::nullopt;
}

Status FakeStation::setSearchesNetwork(bool search) {
  SEALIFT_CHECK(note(QStringLiteral("setSearchesNetwork"), search ? QStringLiteral("on") : QStringLiteral("off")));
  stationInfo.searchesNetwork = search;
  Q_EMIT infoChanged();
  return {};
}

QFuture<Status> FakeStation::discover(int seconds) {
  return answer<Status>(QStringLiteral("discover"), QString::number(seconds), [] { return Status(); });
}

QFuture<Status> FakeStation::lookAtDevices() {
  return answer<Status>(QStringLiteral("lookAtDevices"), {}, [] { return Status(); });
}

QFuture<Result<DeviceView>> FakeStation::lookAtDevice(const QString& id) {
  return answer<Result<DeviceView>>(QStringLiteral("lookAtDevice"), id, [this, id]() -> Result<DeviceView> {
    const auto found = device(id);
    return found ? Result<DeviceView>(*found) : fail(ErrorCode::NotFound, QStringLiteral("No such device."));
  });
}

QFuture<Result<DeviceView>> FakeStation::addDevice(const QString& address, const QString& name, const QString& model) {
  return answer<Result<DeviceView>>(QStringLiteral("addDevice"), address, [this, address, name, model] {
    DeviceView added;
    added.id = address;
    added.name = name.isEmpty() ? address : name;
    added.modelName = model;
    added.address = address;
    added.online = true;
    added.lastSeen = pictureTime();
    added.condition = DeviceCondition::UpToDate;
    added.badge = {Tone::Good, QStringLiteral("Up to date")};
    setDevice(added);
    return Result<DeviceView>(added);
  });
}

Status FakeStation::removeDevice(const QString& id) {
  const Status done = note(QStringLiteral("removeDevice"), id);
  if (done) {
    deviceList.removeIf([&](const DeviceView& view) { return view.id == id; });
    Q_EMIT devicesChanged();
  }
  return done;
}

Result<DeviceAccessView> FakeStation::changeDeviceAccess(const QString& address, const DeviceAccessChange& change) {
  SEALIFT_CHECK(note(QStringLiteral("changeDeviceAccess"), address));
  return DeviceAccessView{address, change.user.value_or(QString()), false, {}, {}};
}

Status FakeStation::renameDevice(const QString& id, const QString& name) {
  const Status done = note(QStringLiteral("renameDevice"), id + QLatin1Char(' ') + name);
  if (auto found = device(id); done && found) {
    found->name = name;
    setDevice(*found);
  }
  return done;
}

QFuture<Result<PlanView>> FakeStation::planUpdate(const QString& deviceId, const UpdateWish& wish) {
  wishes.append(wish);
  return answer<Result<PlanView>>(QStringLiteral("planUpdate"), deviceId, [this, deviceId]() -> Result<PlanView> {
    return plans.contains(deviceId) ? Result<PlanView>(plans.value(deviceId))
                                    : fail(ErrorCode::NotFound, QStringLiteral("Nothing is offered for this device."));
  });
}

QFuture<Result<QString>> FakeStation::startUpdate(const QString& deviceId, const ConsentGiven& consent,
                                                  const StartTime& start) {
  if (start.when != StartTime::When::Now) {
    scheduled.append({deviceId, consent, start.at, start});
    return answer<Result<QString>>(QStringLiteral("scheduleUpdate"), deviceId,
                                   [deviceId] { return Result<QString>(QStringLiteral("later-%1").arg(deviceId)); });
  }
  applied.append({deviceId, consent, {}, start});
  return answer<Result<QString>>(QStringLiteral("applyUpdate"), deviceId, [this, deviceId] {
    JobView started;
    started.id = QStringLiteral("job-of-%1").arg(deviceId);
    started.deviceId = deviceId;
    started.deviceName = device(deviceId).value_or(DeviceView()).name;
    started.state = JobState::Running;
    started.stage = Stage::Check;
    started.statusText = QStringLiteral("Checking");
    started.tone = Tone::Accent;
    started.cancellable = true;
    setJob(started);
    return Result<QString>(started.id);
  });
}

QFuture<Result<QString>> FakeStation::retryJob(const QString& id) {
  return answer<Result<QString>>(QStringLiteral("retryJob"), id, [id] { return Result<QString>(id); });
}

Status FakeStation::pauseJob(const QString& id) {
  return note(QStringLiteral("pauseJob"), id);
}

Status FakeStation::continueJob(const QString& id) {
  return note(QStringLiteral("continueJob"), id);
}

Status FakeStation::setQueuePaused(bool paused) {
  const Status done = note(QStringLiteral("setQueuePaused"), paused ? QStringLiteral("on") : QStringLiteral("off"));
  if (done) {
    queueView.paused = paused;
    Q_EMIT infoChanged();
  }
  return done;
}

Status FakeStation::changeLimits(const LimitsChange& change) {
  const Status done = note(QStringLiteral("changeLimits"), QString());
  if (done) {
    queueView.limitAll = change.all.value_or(queueView.limitAll);
    queueView.limitPerHub = change.perHub.value_or(queueView.limitPerHub);
    queueView.limitPerAdapter = change.perAdapter.value_or(queueView.limitPerAdapter);
    queueView.limitPerHost = change.perHost.value_or(queueView.limitPerHost);
    Q_EMIT infoChanged();
  }
  return done;
}

Status FakeStation::setMaintenanceWindow(const QString& text) {
  const Status done = note(QStringLiteral("setMaintenanceWindow"), text);
  if (done) {
    queueView.window = text;
    Q_EMIT infoChanged();
  }
  return done;
}

QFuture<Result<QString>> FakeStation::resumeJob(const QString& id) {
  return answer<Result<QString>>(QStringLiteral("resumeJob"), id, [id] { return Result<QString>(id); });
}

Status FakeStation::remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) {
  const Status done = note(QStringLiteral("remindLater"), deviceId + QLatin1Char(' ') + releaseId);
  if (auto found = device(deviceId); done && found && found->offer) {
    found->offer->remindAt = when;
    setDevice(*found);
  }
  return done;
}

Status FakeStation::skipRelease(const QString& deviceId, const QString& releaseId, bool skip) {
  const Status done = note(QStringLiteral("skipRelease"), deviceId + QLatin1Char(' ') + releaseId);
  if (auto found = device(deviceId); done && found && found->offer) {
    found->offer->skipped = skip;
    setDevice(*found);
  }
  return done;
}

Status FakeStation::setReleaseRule(const ReleaseRuleChange& change) {
  return note(
      QStringLiteral("setReleaseRule"),
      QStringList{change.kind, change.release, change.deviceId + change.modelId,
                  change.everyBuild ? QStringLiteral("every build") : QStringLiteral("this build"), change.reason}
          .join(QLatin1Char('|')));
}

QFuture<Status> FakeStation::liftReleaseRule(const ReleaseRuleChange& change, const SignIn& signIn) {
  return answer<Status>(QStringLiteral("liftReleaseRule"),
                        QStringList{change.kind, change.release, change.deviceId + change.modelId, change.reason,
                                    signIn.name, QString::fromUtf8(signIn.password)}
                            .join(QLatin1Char('|')),
                        [] { return Status(); });
}

QFuture<Status> FakeStation::resumeRelease(const QString& releaseId, const QString& reason, const SignIn& signIn) {
  return answer<Status>(
      QStringLiteral("resumeRelease"),
      QStringList{releaseId, reason, signIn.name, QString::fromUtf8(signIn.password)}.join(QLatin1Char('|')),
      [] { return Status(); });
}

QFuture<Status> FakeStation::changePolicy(const PolicyChange& /*change*/, const SignIn& signIn) {
  return answer<Status>(QStringLiteral("changePolicy"), signIn.name, [] { return Status(); });
}

QFuture<Status> FakeStation::addOperator(const SignIn& account, const QString& role, const SignIn& /*signIn*/) {
  return answer<Status>(QStringLiteral("addOperator"), account.name + QLatin1Char(' ') + role, [] { return Status(); });
}

QFuture<Status> FakeStation::removeOperator(const QString& name, const SignIn& /*signIn*/) {
  return answer<Status>(QStringLiteral("removeOperator"), name, [] { return Status(); });
}

QFuture<Status> FakeStation::changeOperatorRole(const QString& name, const QString& role, const SignIn& /*signIn*/) {
  return answer<Status>(QStringLiteral("changeOperatorRole"), name + QLatin1Char(' ') + role, [] { return Status(); });
}

QFuture<Status> FakeStation::changeOperatorPassword(const SignIn& account, const SignIn& /*signIn*/) {
  return answer<Status>(QStringLiteral("changeOperatorPassword"), account.name, [] { return Status(); });
}

std::optional<JobView> FakeStation::job(const QString& id) const {
  for (const JobView& view : jobList) {
    if (view.id == id) {
      return view;
    }
  }
  return std::nullopt;
}

Status FakeStation::cancelJob(const QString& id) {
  const Status done = note(QStringLiteral("cancelJob"), id);
  if (auto found = job(id); done && found) {
    found->state = JobState::Finished;
    found->outcome = Outcome::Cancelled;
    found->statusText = QStringLiteral("Cancelled");
    found->tone = Tone::Neutral;
    found->cancellable = false;
    setJob(*found);
  }
  return done;
}

QFuture<JobView> FakeStation::waitForJob(const QString& id) {
  QPromise<JobView> promise;
  promise.start();
  promise.addResult(job(id).value_or(JobView()));
  promise.finish();
  return promise.future();
}

Result<VendorCandidate> FakeStation::readVendorFile(const QString& path) const {
  Q_UNUSED(path)
  const QString call = QStringLiteral("readVendorFile");
  return failures.contains(call) ? Result<VendorCandidate>(fail(failures.value(call))) : candidate;
}

QFuture<Result<VendorView>> FakeStation::addVendor(const VendorCandidate& added, const QString& confirmedFingerprint) {
  return answer<Result<VendorView>>(QStringLiteral("addVendor"), confirmedFingerprint, [this, added] {
    VendorView vendor;
    vendor.id = added.name.toLower();
    vendor.name = added.name;
    vendor.addresses = added.addresses;
    vendor.fingerprint = added.fingerprint;
    vendor.added = pictureTime();
    vendor.refreshed = pictureTime();
    vendor.fresh = true;
    vendorList << vendor;
    Q_EMIT vendorsChanged();
    return Result<VendorView>(vendor);
  });
}

QFuture<Result<VendorView>> FakeStation::refreshVendor(const QString& id) {
  return answer<Result<VendorView>>(QStringLiteral("refreshVendor"), id, [this, id]() -> Result<VendorView> {
    for (const VendorView& vendor : std::as_const(vendorList)) {
      if (vendor.id == id) {
        return vendor;
      }
    }
    return fail(ErrorCode::NotFound, QStringLiteral("No such vendor."));
  });
}

QFuture<Result<VendorView>> FakeStation::changeVendorAccess(const QString& id, const VendorAccessChange& change) {
  return answer<Result<VendorView>>(QStringLiteral("changeVendorAccess"), id,
                                    [this, id, change]() -> Result<VendorView> {
                                      for (VendorView& vendor : vendorList) {
                                        if (vendor.id == id) {
                                          vendor.clientCertificate = change.clientCertificate.value_or(QString());
                                          vendor.clientKey = change.clientKey.value_or(QString());
                                          return vendor;
                                        }
                                      }
                                      return fail(ErrorCode::NotFound, QStringLiteral("No such vendor."));
                                    });
}

QFuture<Result<BundleImport>> FakeStation::importBundle(const QString& path) {
  return answer<Result<BundleImport>>(QStringLiteral("importBundle"), path,
                                      [this] { return Result<BundleImport>(bundle); });
}

Status FakeStation::removeVendor(const QString& id) {
  const Status done = note(QStringLiteral("removeVendor"), id);
  if (done) {
    vendorList.removeIf([&](const VendorView& vendor) { return vendor.id == id; });
    Q_EMIT vendorsChanged();
  }
  return done;
}

AuditHealth FakeStation::auditHealth() const {
  AuditHealth now = health;
  now.entries = auditRows;
  return now;
}

qint64 FakeStation::auditCount(const AuditFilter& filter) const {
  if (filter.isEmpty()) {
    return auditRows - std::max<qint64>(auditGapBelow - 1, 0);
  }
  qint64 count = 0;
  for (qint64 sequence = auditRows; sequence > std::max<qint64>(auditGapBelow - 1, 0); --sequence) {
    count += matches(filter, sequence) ? 1 : 0;
  }
  return count;
}

QList<AuditRow> FakeStation::auditPage(const AuditFilter& filter, qint64 before, int limit) const {
  ++auditPageCalls;
  QList<AuditRow> rows;
  qint64 sequence = before == 0 ? auditRows : std::min(before - 1, auditRows);
  for (; sequence > std::max<qint64>(auditGapBelow - 1, 0) && rows.size() < limit; --sequence) {
    if (matches(filter, sequence)) {
      rows << auditRow(sequence);
    }
  }
  auditRowsFetched += rows.size();
  return rows;
}

AuditRow FakeStation::auditRow(qint64 sequence) const {
  const AuditKind& kind = kindOf(sequence);
  AuditRow row;
  row.sequence = sequence;
  row.time = timeOf(sequence);
  row.event = QString::fromUtf8(kind.event);
  row.actor = stationInfo.operatorName;
  row.subject = QString::fromUtf8(kind.subject);
  row.message = QString::fromUtf8(kind.message);
  row.outcome = {kind.tone, QString::fromUtf8(kind.outcomeText)};
  return row;
}

Result<AuditDetail> FakeStation::auditDetail(qint64 sequence) const {
  const QString call = QStringLiteral("auditDetail");
  if (failures.contains(call)) {
    return fail(failures.value(call));
  }
  AuditDetail detail;
  detail.row = auditRow(sequence);
  if (detail.row.outcome.tone == Tone::Bad) {
    detail.code = QStringLiteral("policy.version-lower");
  }
  detail.subjectId = QStringLiteral("VC1-22019");
  detail.details.insert(QStringLiteral("image"), QStringLiteral("sha256 7bd2\u202690ae"));
  detail.leafHash = QString(QStringLiteral("c41e9a02")).repeated(7) + QStringLiteral("12fd77b0");
  detail.included = true;
  detail.proofText = QStringLiteral("against the head of 08:40");
  return detail;
}

QFuture<Result<AuditHealth>> FakeStation::verifyAudit(const QString& headFile, Progress::Sink progress,
                                                      CancelToken cancel) {
  if (progress) {
    ProgressUpdate update;
    update.fraction = 0.4;
    progress(update);
  }
  return answer<Result<AuditHealth>>(QStringLiteral("verifyAudit"), headFile, [this, cancel]() -> Result<AuditHealth> {
    if (const Status going = cancel.check(); !going) {
      return fail(going.error());
    }
    health.checked = true;
    health.intact = true;
    Q_EMIT auditChanged();
    return auditHealth();
  });
}

QFuture<Status> FakeStation::exportAudit(const QString& path, const QString& format) {
  return answer<Status>(QStringLiteral("exportAudit"), format + QLatin1Char(' ') + path, [] { return Status(); });
}

Status FakeStation::exportAuditHead(const QString& path) {
  return note(QStringLiteral("exportAuditHead"), path);
}

}  // namespace sealift
