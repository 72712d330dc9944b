#include "app/services/local_station.h"

#include "app/base/deadline.h"
#include "app/base/file_io.h"
#include "app/catalog/system_fetchers.h"
#include "app/services/device_view.h"
#include "app/services/station_key.h"
#include "devices/core/device_json.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>
#include <QSysInfo>
#include <QThread>
#include <QtConcurrentRun>

namespace sealift {
namespace {

constexpr int kParallelLooks = 8;
constexpr int kParallelJobs = 64;
constexpr int kDueCheckMs = 1000;

const QString kStationNameKey = QStringLiteral("station.name");
const QString kOperatorKey = QStringLiteral("operator.name");
const QString kSearchKey = QStringLiteral("network.search");
const QString kOfflineKey = QStringLiteral("network.offline");

QString loginName() {
  const QString name = qEnvironmentVariable("USER", qEnvironmentVariable("USERNAME"));
  return name.isEmpty() ? QStringLiteral("owner") : name;
}

}  // namespace

QString defaultDataFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/sealift");
}

LocalStation::LocalStation(const StationSetup& setup)
    : pins_(setup.pins ? setup.pins : std::make_shared<NoPinSource>()),
      settleByItself_(setup.settleByItself),
      lookEvery_(setup.lookEvery) {
  core_.clock = setup.clock;
  VendorFetcherFactory fetchers = setup.fetchers;
  if (!fetchers) {
    fetchers = [made = std::make_shared<SystemFetchers>(pins_)](const QString& address, const VendorAccess& access) {
      return made->make(address, access);
    };
  }
  core_.network = std::make_unique<NetworkGate>(setup.links, fetchers);
  core_.network->setOffline(setup.offline);
  core_.links = core_.network.get();
  access_ = std::make_unique<DeviceAccess>(core_, pins_);
  core_.network->setDeviceAccess(
      [this](const LinkAddress& address, HttpAccess& access) { return access_->addTo(address, access); });
  core_.drivers = setup.drivers;
  core_.gate.mind(std::make_unique<const DeviceLocks>(
      setup.lockFolder.isEmpty() ? commonLockFolder() : setup.lockFolder,
      DeviceLocks::Knowledge{[this](const LinkAddress& address) { return UnitIdentity(core_).placeOf(address); },
                             [this](const QString& deviceId) { return vendors_->nameAmongStations(deviceId); }}));
  if (setup.power) {
    core_.power = setup.power;
  }
  core_.awake = std::make_unique<SharedSleepHold>(setup.sleep ? setup.sleep() : makeSystemSleepInhibitor());
  core_.dataFolder = setup.dataFolder;
  core_.language = setup.language;
  core_.lookPool.setMaxThreadCount(kParallelLooks);
  core_.jobPool.setMaxThreadCount(kParallelJobs);
  core_.post = [this](std::function<void()> call) {
    QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection);
  };
  info_.demo = setup.demo;
  info_.offlineForRun = setup.offline;
  info_.dataFolder = setup.dataFolder;
  vendors_ = std::make_unique<VendorService>(core_, [this] {
    core_.post([this] {
      followModels();
      Q_EMIT vendorsChanged();
      Q_EMIT devicesChanged();
      Q_EMIT auditChanged();
    });
  });
  const auto deviceChangedLater = [this](const QString& id) {
    core_.post([this, id] {
      Q_EMIT deviceChanged(id);
      Q_EMIT auditChanged();
    });
  };
  devices_ = std::make_unique<DeviceService>(core_, *vendors_, deviceChangedLater, [this] {
    core_.post([this] {
      Q_EMIT devicesChanged();
      Q_EMIT auditChanged();
    });
  });
  rules_ = std::make_unique<StationRules>(core_, setup.bootClock, [this] {
    core_.post([this] {
      Q_EMIT alertsChanged();
      Q_EMIT auditChanged();
    });
  });
  offers_ = std::make_unique<ReleaseOffers>(core_, *vendors_, *rules_, deviceChangedLater);
  updates_ = std::make_unique<UpdateService>(
      core_, *vendors_, *devices_, *offers_,
      UpdateService::Signals{[this] {
                               core_.post([this] {
                                 if (watching_) {
                                   discovery_->goOn();  // a device may be free again
                                 }
                                 Q_EMIT jobsChanged();
                                 Q_EMIT auditChanged();
                               });
                             },
                             [this](const QString& id) { core_.post([this, id] { Q_EMIT jobChanged(id); }); },
                             deviceChangedLater});
  audit_ = std::make_unique<AuditService>(core_, [this] { core_.post([this] { Q_EMIT auditChanged(); }); });
  discovery_ = std::make_unique<DiscoveryService>(
      core_, *devices_,
      DiscoveryService::Hooks{[this] { core_.post([this] { Q_EMIT foundChanged(); }); },
                              [this](const KnownDevice& seen) { settle(seen); }});
}

Result<std::unique_ptr<LocalStation>> LocalStation::open(const StationSetup& setup) {
  std::unique_ptr<LocalStation> station(new LocalStation(setup));
  SEALIFT_CHECK(station->start(setup));
  return station;
}

Status LocalStation::start(const StationSetup& setup) {
  SEALIFT_TRY(core_.database, Database::open(setup.dataFolder, setup.startFreshAfterDamage ? DamagePolicy::StartFresh
                                                                                           : DamagePolicy::SetAside));
  SEALIFT_TRY(StationKey key, openStationKey(*core_.database, setup.dataFolder, pins_));
  core_.signer = std::move(key.signer);
  core_.signerAddress = key.address.toString();
  core_.earlierSignerKeys = key.earlier;
  core_.audit = std::make_unique<AuditLog>(*core_.database, *core_.signer, *core_.clock, key.earlier);
  SEALIFT_CHECK(loadInfo());
  if (Status recorded = recordStart(); !recorded) {
    if (recorded.error().code != ErrorCode::AuditTampered) {
      return recorded;
    }
    // The log refuses every further entry, and with that everything that has to be recorded. Whoever
    // wants to know what was done to it must be able to look.
    audit_->foundAtStart(recorded.error());
  }
  (void)rules_->operators.recordAlterations();  // where the log can't be written, that is told of already
  SEALIFT_CHECK(vendors_->load());
  SEALIFT_CHECK(devices_->load());
  updates_->workWholeQueue(setup.worksQueue);
  SEALIFT_CHECK(updates_->load());
  connect(&dueTimer_, &QTimer::timeout, this, &LocalStation::lookAgain);
  dueTimer_.start(kDueCheckMs);
  return {};
}

Status LocalStation::recordStart() {
  if (!core_.database->setAsidePath().isEmpty()) {
    SEALIFT_CHECK(core_.record(
        {.event = AuditEvent::StoreSetAside,
         .actor = info_.name,
         .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
         .outcome = AuditOutcome::Warning,
         .code = errorCodeName(ErrorCode::StoreDamaged),
         .message = QStringLiteral("A damaged database was set aside as %1.").arg(core_.database->setAsidePath()),
         .details = {}}));
  }
  SEALIFT_TRY(const qint64 entries, core_.audit->size());
  if (entries == 0) {
    SEALIFT_CHECK(core_.record(
        {.event = AuditEvent::StationKeyMade,
         .actor = info_.name,
         .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
         .outcome = AuditOutcome::Ok,
         .code = {},
         .message = QStringLiteral("This station signs its log with key %1.").arg(info_.publicKeyId.left(16)),
         .details = {{QStringLiteral("publicKey"), QString::fromLatin1(core_.signer->publicKey().toPem())}}}));
  }
  SEALIFT_CHECK(core_.record({.event = AuditEvent::StationStarted,
                              .actor = info_.name,
                              .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Sealift " SEALIFT_VERSION " started."),
                              .details = {{QStringLiteral("program"), QCoreApplication::applicationName()}}}));
  return core_.record({.event = AuditEvent::OperatorSignedIn,
                       .actor = info_.operatorName,
                       .subject = {QStringLiteral("operator"), info_.operatorName, info_.operatorName},
                       .outcome = AuditOutcome::Ok,
                       .code = {},
                       .message = QStringLiteral("Signed in by the operating system's login."),
                       .details = {{QStringLiteral("role"), info_.role}}});
}

void LocalStation::stop() {
  core_.closing.cancel();  // first: a job that is launched from now on is cancelled from its start
  updates_->cancelAll();
}

LocalStation::~LocalStation() {
  stop();
  updates_->stopQueue();
  discovery_->stop();
  core_.lookPool.waitForDone();
  core_.jobPool.waitForDone();
  if (core_.audit) {
    (void)core_.record({.event = AuditEvent::OperatorSignedOut,
                        .actor = info_.operatorName,
                        .subject = {QStringLiteral("operator"), info_.operatorName, info_.operatorName},
                        .outcome = AuditOutcome::Ok,
                        .code = {},
                        .message = QStringLiteral("Signed out when Sealift was closed."),
                        .details = {}});
  }
}

Status LocalStation::loadInfo() {
  SettingTable settings(*core_.database);
  SEALIFT_TRY(const std::optional<QString> name, settings.find(kStationNameKey));
  SEALIFT_TRY(const std::optional<QString> person, settings.find(kOperatorKey));
  SEALIFT_TRY(const std::optional<QString> home, settings.find(QString::fromLatin1(kHomeModeKey)));
  info_.name = name.value_or(QSysInfo::machineHostName());
  info_.operatorName = person.value_or(loginName());
  info_.homeMode = home == QLatin1String("1");
  SEALIFT_TRY(const std::optional<QString> offline, settings.find(kOfflineKey));
  info_.offline = info_.offlineForRun || offline == QLatin1String("1");
  core_.network->setOffline(info_.offline);
  SEALIFT_TRY(const std::optional<QString> search, settings.find(kSearchKey));
  info_.searchesNetwork = search != QLatin1String("0");
  info_.role = info_.homeMode ? QStringLiteral("owner") : QStringLiteral("technician");
  info_.publicKeyId = core_.signer->publicKey().keyId();
  core_.setOperatorName(info_.operatorName);
  return {};
}

StationInfo LocalStation::info() const {
  return info_;
}

Status LocalStation::changeInfo(const QString& stationName, const QString& operatorName, bool homeMode) {
  if (stationName.trimmed().isEmpty() || operatorName.trimmed().isEmpty()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The station and its operator need a name."));
  }
  if (homeMode != info_.homeMode) {
    SEALIFT_TRY(const bool accounts, rules_->operators.exist());
    if (accounts && homeMode) {
      return fail(ErrorCode::PolicyRole, QStringLiteral("This station has accounts, which home mode knows nothing of."),
                  QStringLiteral("Remove them first: sealiftctl operator remove."));
    }
  }
  SettingTable settings(*core_.database);
  SEALIFT_CHECK(settings.set(kStationNameKey, stationName.trimmed()));
  SEALIFT_CHECK(settings.set(kOperatorKey, operatorName.trimmed()));
  SEALIFT_CHECK(settings.set(QString::fromLatin1(kHomeModeKey), homeMode ? QStringLiteral("1") : QStringLiteral("0")));
  SEALIFT_CHECK(core_.record({.event = AuditEvent::SettingsChanged,
                              .actor = {},
                              .subject = {QStringLiteral("station"), info_.publicKeyId, stationName.trimmed()},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Station, operator or mode changed."),
                              .details = {{QStringLiteral("station"), stationName.trimmed()},
                                          {QStringLiteral("operator"), operatorName.trimmed()},
                                          {QStringLiteral("home"), homeMode}}}));
  SEALIFT_CHECK(loadInfo());
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

Status LocalStation::setOffline(bool offline) {
  if (!offline && info_.offlineForRun) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("Sealift was started offline and stays so for this run."),
                QStringLiteral("Start it again without --offline."));
  }
  SEALIFT_CHECK(SettingTable(*core_.database).set(kOfflineKey, offline ? QStringLiteral("1") : QStringLiteral("0")));
  SEALIFT_CHECK(core_.record({.event = AuditEvent::SettingsChanged,
                              .actor = {},
                              .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = offline ? QStringLiteral("Offline mode was switched on.")
                                                 : QStringLiteral("Offline mode was switched off."),
                              .details = {{QStringLiteral("offline"), offline}}}));
  SEALIFT_CHECK(loadInfo());
  followModels();
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

Status LocalStation::setSearchesNetwork(bool search) {
  SEALIFT_CHECK(SettingTable(*core_.database).set(kSearchKey, search ? QStringLiteral("1") : QStringLiteral("0")));
  SEALIFT_CHECK(core_.record({.event = AuditEvent::SettingsChanged,
                              .actor = {},
                              .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = search ? QStringLiteral("Searching the network for devices was switched on.")
                                                : QStringLiteral("Searching the network for devices was switched off."),
                              .details = {{QStringLiteral("search"), search}}}));
  SEALIFT_CHECK(loadInfo());
  followModels();
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

QList<DriverView> LocalStation::drivers() const {
  QList<DriverView> views;
  for (const DriverEntry& entry : core_.drivers->entries()) {
    DriverView view{entry.name, entry.protocol, {}, entry.capabilities.names(), entry.provenBy, entry.help};
    for (const LinkKind kind : entry.links) {
      view.links << linkKindName(kind);
    }
    views << view;
  }
  return views;
}

// Devices -------------------------------------------------------------------------------------

QList<DeviceView> LocalStation::devices() const {
  QList<DeviceView> views;
  const QList<KnownDevice> known = devices_->devices();
  for (const KnownDevice& device : known) {
    views << makeDeviceView(device, core_, *vendors_, *devices_, *updates_, *offers_);
  }
  return views;
}

std::optional<DeviceView> LocalStation::device(const QString& id) const {
  const std::optional<KnownDevice> known = devices_->find(id);
  return known ? std::optional(makeDeviceView(*known, core_, *vendors_, *devices_, *updates_, *offers_)) : std::nullopt;
}

// In a thread of the pool, which only waits here and must not starve the looks.
Status LocalStation::lookAtKnown(const QStringList& except) {
  std::vector<QFuture<void>> looks;
  for (const KnownDevice& device : devices_->devices()) {
    if (except.contains(device.id)) {
      continue;
    }
    looks.push_back(QtConcurrent::run(&core_.lookPool, [this, id = device.id] {
      if (const Result<KnownDevice> seen = devices_->look(id, core_.closing)) {
        settle(*seen);
      }
    }));
  }
  for (QFuture<void>& look : looks) {
    look.waitForFinished();
  }
  return {};
}

QFuture<Status> LocalStation::lookAtDevices() {
  return QtConcurrent::run(&core_.lookPool, [this]() -> Status {
    core_.lookPool.releaseThread();
    const Status looked = lookAtKnown(discovery_->lookAround(core_.closing));
    core_.lookPool.reserveThread();
    return looked;
  });
}

void LocalStation::watchDevices() {
  if (!watching_) {
    watching_ = true;
    discovery_->watch(lookEvery_);
    followModels();
  }
}

// The network is searched for what models name now; what they name that is there already is looked at.
void LocalStation::followModels() {
  if (watching_) {
    discovery_->searchNetwork(info_.searchesNetwork && !info_.offline);
  }
}

QList<FoundView> LocalStation::found() const {
  return discovery_->found();
}

QFuture<Status> LocalStation::discover(int seconds) {
  if (!watching_) {
    discovery_->searchNetwork(info_.searchesNetwork && !info_.offline);
  }
  return QtConcurrent::run(&core_.lookPool, [this, seconds]() -> Status {
    core_.lookPool.releaseThread();
    const Deadline end = Deadline::in(std::chrono::seconds(seconds), QStringLiteral("devices on the network"));
    (void)discovery_->lookAround(core_.closing);
    while (!end.passed() && !core_.closing.isCancelled() && discovery_->searchesNetwork()) {
      QThread::msleep(static_cast<unsigned long>(std::max(end.sliceMs(), 1)));
    }
    discovery_->waitUntilIdle(core_.closing);
    core_.lookPool.reserveThread();
    const std::optional<Error> problem = discovery_->networkProblem();
    return problem ? Status(fail(*problem)) : Status();
  });
}

QFuture<Result<DeviceView>> LocalStation::lookAtDevice(const QString& id) {
  return QtConcurrent::run(&core_.lookPool, [this, id]() -> Result<DeviceView> {
    SEALIFT_TRY(const KnownDevice seen, devices_->look(id, core_.closing));
    settle(seen);
    return makeDeviceView(seen, core_, *vendors_, *devices_, *updates_, *offers_);
  });
}

// Sight of a device, wherever it is now, is when an interrupted job of it can go on. A device that stayed and shows
// nothing new since the last try is left alone: looking every few seconds must not fill the log.
void LocalStation::settle(const KnownDevice& seen) {
  updates_->lookAtQueue();  // a job may wait for it
  if (!settleByItself_) {
    return;
  }
  const QByteArray sight = QJsonDocument(deviceToJson(*seen.snapshot)).toJson(QJsonDocument::Compact) +
                           seen.address.toString().toUtf8() + ' ' + QByteArray::number(seen.arrivals);
  for (const QString& jobId : updates_->interrupted()) {
    const std::optional<JobView> job = updates_->job(jobId);
    if (!job || job->deviceId != seen.id) {
      continue;
    }
    {
      const std::scoped_lock lock(triedMutex_);
      if (tried_.value(jobId) == sight) {
        continue;
      }
    }
    if (updates_->resume(jobId)) {  // what stands against it stays in the job's own words
      const std::scoped_lock lock(triedMutex_);
      tried_.insert(jobId, sight);
    }
  }
}

QFuture<Result<DeviceView>> LocalStation::addDevice(const QString& address, const QString& name, const QString& model) {
  return QtConcurrent::run(&core_.lookPool, [this, address, name, model]() -> Result<DeviceView> {
    SEALIFT_TRY(const KnownDevice added, devices_->add(address, name, model, core_.closing));
    settle(added);
    return makeDeviceView(added, core_, *vendors_, *devices_, *updates_, *offers_);
  });
}

Status LocalStation::removeDevice(const QString& id) {
  const std::optional<KnownDevice> device = devices_->find(id);
  SEALIFT_CHECK(devices_->remove(id));
  return device ? access_->forget(device->address.toString()) : Status();
}

Result<DeviceAccessView> LocalStation::changeDeviceAccess(const QString& address, const DeviceAccessChange& change) {
  SEALIFT_TRY(DeviceAccessView changed, access_->change(address, change));
  Q_EMIT auditChanged();
  return changed;
}

Status LocalStation::renameDevice(const QString& id, const QString& name) {
  return devices_->rename(id, name);
}

// Updates -------------------------------------------------------------------------------------

QFuture<Result<PlanView>> LocalStation::planUpdate(const QString& deviceId, const UpdateWish& wish) {
  return QtConcurrent::run(&core_.lookPool,
                           [this, deviceId, wish] { return updates_->plan(deviceId, wish, core_.closing); });
}

QFuture<Result<QString>> LocalStation::startUpdate(const QString& deviceId, const ConsentGiven& consent,
                                                   const StartTime& start) {
  return QtConcurrent::run(&core_.lookPool, [this, deviceId, consent, start] {
    return updates_->apply(deviceId, consent, start, core_.closing);
  });
}

QFuture<Result<QString>> LocalStation::retryJob(const QString& id) {
  return QtConcurrent::run(&core_.lookPool, [this, id] { return updates_->retry(id); });
}

Status LocalStation::pauseJob(const QString& id) {
  return updates_->pause(id);
}

Status LocalStation::continueJob(const QString& id) {
  return updates_->proceed(id);
}

Status LocalStation::setQueuePaused(bool paused) {
  SEALIFT_CHECK(updates_->setQueuePaused(paused));
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

Status LocalStation::changeLimits(const LimitsChange& change) {
  SEALIFT_CHECK(updates_->changeLimits(change));
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

Status LocalStation::setMaintenanceWindow(const QString& text) {
  SEALIFT_CHECK(updates_->setWindow(text));
  Q_EMIT infoChanged();
  Q_EMIT auditChanged();
  return {};
}

QueueView LocalStation::queue() const {
  return updates_->queue();
}

void LocalStation::workQueue() {
  updates_->workWholeQueue(true);
  updates_->lookAtQueue();
}

QFuture<Result<QString>> LocalStation::resumeJob(const QString& id) {
  return QtConcurrent::run(&core_.lookPool, [this, id] {
    lookForDeviceOf(id);
    return updates_->resume(id);
  });
}

// It may be plugged in elsewhere by now, where nobody has looked since the program was started.
void LocalStation::lookForDeviceOf(const QString& jobId) {
  const std::optional<JobView> job = updates_->job(jobId);
  const std::optional<KnownDevice> device = job ? devices_->find(job->deviceId) : std::nullopt;
  if (!device || device->online || updates_->runningJobOf(device->id)) {
    return;
  }
  const Result<KnownDevice> seen = devices_->look(device->id, core_.closing);
  if (seen ? seen->id != device->id : seen.error().code != ErrorCode::DeviceBusy) {
    core_.lookPool.releaseThread();
    (void)discovery_->lookAround(core_.closing);
    core_.lookPool.reserveThread();
  }
}

QStringList LocalStation::interruptedJobs() const {
  return updates_->interrupted();
}

void LocalStation::lookAgain() {
  updates_->lookAtQueue();
  if (watching_) {
    discovery_->goOn();
  }
}

Status LocalStation::remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) {
  return offers_->remindLater(deviceId, releaseId, when);
}

Status LocalStation::skipRelease(const QString& deviceId, const QString& releaseId, bool skip) {
  return offers_->skip(deviceId, releaseId, skip);
}

QList<JobView> LocalStation::jobs() const {
  return updates_->jobs();
}

std::optional<JobView> LocalStation::job(const QString& id) const {
  return updates_->job(id);
}

Status LocalStation::cancelJob(const QString& id) {
  return updates_->cancel(id);
}

QFuture<JobView> LocalStation::waitForJob(const QString& id) {
  return updates_->wait(id);
}

QStringList LocalStation::jobLog(const QString& id) const {
  return updates_->log(id);
}

// Vendors -------------------------------------------------------------------------------------

QList<VendorView> LocalStation::vendors() const {
  return vendors_->views();
}

Result<VendorCandidate> LocalStation::readVendorFile(const QString& path) const {
  return VendorService::readFile(path);
}

QFuture<Result<VendorView>> LocalStation::addVendor(const VendorCandidate& candidate,
                                                    const QString& confirmedFingerprint) {
  return QtConcurrent::run(&core_.lookPool, [this, candidate, confirmedFingerprint] {
    return vendors_->add(candidate, confirmedFingerprint, core_.closing);
  });
}

QFuture<Result<VendorView>> LocalStation::refreshVendor(const QString& id) {
  return QtConcurrent::run(&core_.lookPool, [this, id] { return vendors_->refresh(id, core_.closing); });
}

QFuture<Result<VendorView>> LocalStation::changeVendorAccess(const QString& id, const VendorAccessChange& change) {
  return QtConcurrent::run(&core_.lookPool, [this, id, change] { return vendors_->changeAccess(id, change); });
}

QFuture<Result<BundleImport>> LocalStation::importBundle(const QString& path) {
  return QtConcurrent::run(&core_.lookPool, [this, path] { return vendors_->importBundle(path, core_.closing); });
}

bool LocalStation::isBundle(const QString& path) const {
  return VendorService::isBundle(path);
}

Status LocalStation::removeVendor(const QString& id) {
  return vendors_->remove(id);
}

// Audit log -----------------------------------------------------------------------------------

AuditHealth LocalStation::auditHealth() const {
  return audit_->health();
}

qint64 LocalStation::auditCount(const AuditFilter& filter) const {
  return audit_->count(filter);
}

QList<AuditRow> LocalStation::auditPage(const AuditFilter& filter, qint64 before, int limit) const {
  return audit_->page(filter, before, limit);
}

Result<AuditDetail> LocalStation::auditDetail(qint64 sequence) const {
  return audit_->detail(sequence);
}

QFuture<Result<AuditHealth>> LocalStation::verifyAudit(const QString& headFile, Progress::Sink progress,
                                                       CancelToken cancel) {
  return QtConcurrent::run(&core_.lookPool,
                           [this, headFile, progress, cancel] { return audit_->verify(headFile, progress, cancel); });
}

QFuture<Status> LocalStation::exportAudit(const QString& path, const QString& format) {
  return QtConcurrent::run(&core_.lookPool, [this, path, format] { return audit_->exportTo(path, format); });
}

Status LocalStation::exportAuditHead(const QString& path) {
  return audit_->exportHead(path);
}

}  // namespace sealift
