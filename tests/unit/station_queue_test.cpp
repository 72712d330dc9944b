// Many jobs through one station: who begins when, what outlives the program, and what a clock that jumps does.
#include "app/services/local_station.h"
#include "app/update/retry_policy.h"
#include "devices/registry.h"
#include "tests/support/vendor_folder.h"

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 60'000;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

// Counts who wants the computer to stay awake.
struct Wakefulness {
  std::atomic<int> asked = 0;
  std::atomic<int> held = 0;
  std::atomic<bool> refuses = false;
  std::function<void(bool held)> changed = [](bool) {};  // called by the job's thread
};

class CountedHold final : public SleepHold {
 public:
  explicit CountedHold(Wakefulness& wakefulness) : wakefulness_(wakefulness) {
    ++wakefulness_.held;
    wakefulness_.changed(true);
  }
  ~CountedHold() override {
    wakefulness_.changed(false);
    --wakefulness_.held;
  }

 private:
  Wakefulness& wakefulness_;
};

class CountingInhibitor final : public SleepInhibitor {
 public:
  explicit CountingInhibitor(Wakefulness& wakefulness) : wakefulness_(wakefulness) {}
  Result<std::unique_ptr<SleepHold>> inhibit(const QString& /*why*/) override {
    ++wakefulness_.asked;
    if (wakefulness_.refuses) {
      return fail(ErrorCode::NotSupported, QStringLiteral("Nobody listens."));
    }
    return std::make_unique<CountedHold>(wakefulness_);
  }

 private:
  Wakefulness& wakefulness_;
};

}  // namespace

class StationQueueTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup();
  void sixtyFourAtOnce();
  void limitHolds();
  void waitingJobsOutliveTheProgram();
  void pausedQueueBeginsNothing();
  void pausedJobWaits();
  void waitingJobIsCancelled();
  void criticalFixGoesFirst();
  void deviceThatIsAwayIsTriedAgain();
  void refusalIsNeverTriedAgain();
  void attemptsAreBounded();
  void failedJobIsTriedAgainOnRequest();
  void jobBeginsWhenItsDeviceConnects();
  void consentToAnOldPlanExpires();
  void windowIsKept();
  void missedWindowIsTold();
  void clockThatJumps_data();
  void clockThatJumps();
  void clockThatWentBackDoesNotStopRetries();
  void samePlanTwiceIsRefused();
  void otherProgramsLeaveTheQueueAlone();
  void limitsAreCheckedAndKept();
  void computerStaysAwakeWhileItWrites();
  void sleepThatCannotBeInhibitedIsTold();
  void lowBatteryOfThisComputer();
  void batteryIsNoPartOfTheConsent();
  void vendorsLimitOnDeferral();
  void deviceMustBeIdle();

 private:
  void open(bool worksQueue = true);
  std::unique_ptr<VirtualSmpDevice> startDevice(int number, int bootMs);
  std::unique_ptr<VirtualSmpDevice> addDevice(int number);
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  static QString idOf(int number) { return QStringLiteral("norrland/t2/Q-%1").arg(number); }
  ConsentGiven agree(const QString& device, const UpdateWish& wish = {}) {
    const Result<PlanView> plan = await(station_->planUpdate(device, wish));
    if (!plan) {
      qWarning("%s", qPrintable(plan.error().message()));
      return {};
    }
    return {plan->digest, plan->notesHash, QStringLiteral("window"), wish};
  }
  QString start(int number, const StartTime& when = {}) {
    const Result<QString> job = await(station_->startUpdate(idOf(number), agree(idOf(number)), when));
    if (!job) {
      qWarning("%s", qPrintable(job.error().message()));
    }
    return job.value_or(QString());
  }
  JobView ended(const QString& job) { return await(station_->waitForJob(job)); }
  bool reaches(const QString& job, JobState state) {
    return QTest::qWaitFor([&] { return station_->job(job)->state == state; }, kWaitMs);
  }
  bool waitsFor(const QString& job, const QString& reason) {
    const bool told = QTest::qWaitFor([&] { return station_->job(job)->waitsFor.contains(reason); }, kWaitMs);
    if (!told) {
      qWarning("%s", qPrintable(station_->job(job)->statusText + u' ' + station_->job(job)->detail));
    }
    return told;
  }
  // One hour of every day, from so many seconds from now on.
  QString windowIn(qint64 seconds) const {
    return QStringLiteral("daily %1 1h UTC").arg(clock_->nowUtc().addSecs(seconds).toString(QStringLiteral("HH:mm")));
  }
  int runningNow() const { return station_->queue().running; }
  QStringList events() const {
    QStringList events;
    for (const AuditRow& row : station_->auditPage({}, 0, 5000)) {
      events.prepend(row.event);
    }
    return events;
  }
  qsizetype countOf(const char* event) const { return events().count(QString::fromLatin1(event)); }

  std::unique_ptr<VendorFolder> vendor_;
  std::unique_ptr<ManualClock> clock_;
  Wakefulness wakefulness_;
  std::optional<bool> idle_;       // what devices tell that are started from now on
  std::atomic<int> battery_ = -1;  // percent, with nothing else to feed the computer; below 0: no battery
  SystemLinkOpener links_;
  std::unique_ptr<LocalStation> station_;
};

void StationQueueTest::open(bool worksQueue) {
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.clock = clock_.get();
  setup.links = &links_;
  setup.drivers = &driverRegistry();
  setup.worksQueue = worksQueue;
  setup.power = [this]() -> std::optional<HostPower> {
    return battery_ < 0 ? std::nullopt : std::optional(HostPower{true, battery_});
  };
  setup.sleep = [this] { return std::make_unique<CountingInhibitor>(wakefulness_); };
  setup.lockFolder = vendor_->file(QStringLiteral("locks"));
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
}

void StationQueueTest::init() {
  battery_ = -1;
  idle_.reset();
  wakefulness_.asked = 0;
  wakefulness_.refuses = false;
  wakefulness_.changed = [](bool) {};
  vendor_ = std::make_unique<VendorFolder>();
  clock_ = std::make_unique<ManualClock>(QDateTime::currentDateTimeUtc());
  vendor_->initRepository();
  vendor_->release(kNew);
  open();
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  QVERIFY(await(station_->addVendor(*candidate, candidate->fingerprint)));
  QVERIFY(station_->changeLimits({.perHost = 64}));  // all devices are on loopback
}

void StationQueueTest::cleanup() {
  station_.reset();
}

std::unique_ptr<VirtualSmpDevice> StationQueueTest::startDevice(int number, int bootMs) {
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.idle = idle_;
  config.serial = QStringLiteral("Q-%1").arg(number);
  config.bootMs = bootMs;
  auto device = std::make_unique<VirtualSmpDevice>(config);
  return device->start() ? std::move(device) : nullptr;
}

std::unique_ptr<VirtualSmpDevice> StationQueueTest::addDevice(int number) {
  auto device = startDevice(number, 50);
  if (!device || !device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs)) {
    return nullptr;
  }
  const Result<DeviceView> added = await(station_->addDevice(device->address().toString(), {}, {}));
  return added ? std::move(device) : nullptr;
}

void StationQueueTest::sixtyFourAtOnce() {
  constexpr int kDevices = 64;
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  QList<QFuture<Result<DeviceView>>> added;
  for (int i = 0; i < kDevices; ++i) {
    devices.push_back(startDevice(i, 300));
    QVERIFY(devices.back());
    QVERIFY(devices.back()->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
    added << station_->addDevice(devices.back()->address().toString(), {}, {});
  }
  for (const auto& one : added) {
    QVERIFY(await(one));
  }
  QVERIFY(station_->setQueuePaused(true));  // all of them wait, then all go
  QStringList jobs;
  for (int i = 0; i < kDevices; ++i) {
    jobs << start(i);
    QVERIFY(!jobs.constLast().isEmpty());
  }
  QCOMPARE(runningNow(), 0);
  QTRY_COMPARE_WITH_TIMEOUT(station_->queue().waiting, kDevices, kWaitMs);
  int most = 0;
  connect(station_.get(), &Station::jobsChanged, this, [&] { most = std::max(most, runningNow()); });
  QVERIFY(station_->setQueuePaused(false));
  for (const QString& job : jobs) {
    const JobView view = ended(job);
    QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
  }
  station_->disconnect(this);
  QVERIFY2(most == kDevices, qPrintable(QStringLiteral("at most %1 ran side by side, not 64").arg(most)));
  for (const auto& device : devices) {
    QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
  }
  QCOMPARE(countOf("update.succeeded"), kDevices);
}

void StationQueueTest::limitHolds() {
  QVERIFY(station_->changeLimits({.perHost = 2}));
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  for (int i = 0; i < 6; ++i) {
    devices.push_back(addDevice(i));
    QVERIFY(devices.back());
  }
  int most = 0;
  connect(station_.get(), &Station::jobsChanged, this, [&] { most = std::max(most, runningNow()); });
  QStringList jobs;
  for (int i = 0; i < 6; ++i) {
    jobs << start(i);
  }
  for (const QString& job : jobs) {
    QVERIFY(ended(job).outcome == Outcome::Succeeded);
  }
  station_->disconnect(this);
  QVERIFY2(most == 2, qPrintable(QStringLiteral("%1 ran side by side at one host, the limit is 2").arg(most)));
}

void StationQueueTest::waitingJobsOutliveTheProgram() {
  const auto first = addDevice(1);
  const auto second = addDevice(2);
  QVERIFY(station_->setQueuePaused(true));
  const QString one = start(1);
  const QString two = start(2);
  QVERIFY(waitsFor(one, QStringLiteral("the queue is paused")));
  station_.reset();
  open();
  QVERIFY(station_->queue().paused);
  QVERIFY(waitsFor(two, QStringLiteral("the queue is paused")));
  QVERIFY(station_->setQueuePaused(false));
  QVERIFY(ended(one).outcome == Outcome::Succeeded);
  QVERIFY(ended(two).outcome == Outcome::Succeeded);
  QCOMPARE(countOf("update.started"), 2);
  QVERIFY(first->snapshot().running == kNew && second->snapshot().running == kNew);
}

void StationQueueTest::pausedQueueBeginsNothing() {
  const auto device = addDevice(1);
  const quint64 written = device->snapshot().flashOperations;
  QVERIFY(station_->setQueuePaused(true));
  const QString job = start(1);
  QVERIFY(waitsFor(job, QStringLiteral("the queue is paused")));
  QTest::qWait(1500);  // more than one look at the queue
  QCOMPARE(station_->job(job)->state, JobState::Waiting);
  QCOMPARE(device->snapshot().flashOperations, written);
  QVERIFY(station_->setQueuePaused(false));
  QVERIFY(ended(job).outcome == Outcome::Succeeded);
  QCOMPARE(countOf("queue.paused"), 1);
  QCOMPARE(countOf("queue.continued"), 1);
}

void StationQueueTest::pausedJobWaits() {
  const auto device = addDevice(1);
  const QString job = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(60)});
  QVERIFY(station_->pauseJob(job));
  QVERIFY(reaches(job, JobState::Paused));
  clock_->advanceSeconds(120);
  station_.reset();
  open();
  QTest::qWait(1500);
  QCOMPARE(station_->job(job)->state, JobState::Paused);
  QVERIFY(device->snapshot().running == kOld);
  QVERIFY(station_->continueJob(job));
  QVERIFY(ended(job).outcome == Outcome::Succeeded);
  QVERIFY(!station_->pauseJob(job));
  QVERIFY(!station_->continueJob(job));
  QCOMPARE(countOf("update.paused"), 1);
  QCOMPARE(countOf("update.continued"), 1);
}

void StationQueueTest::waitingJobIsCancelled() {
  const auto device = addDevice(1);
  const quint64 written = device->snapshot().flashOperations;
  QVERIFY(station_->setQueuePaused(true));
  const QString job = start(1);
  QVERIFY(station_->cancelJob(job));
  QVERIFY(ended(job).outcome == Outcome::Cancelled);
  QVERIFY(station_->setQueuePaused(false));
  QTest::qWait(1500);
  QVERIFY(station_->job(job)->outcome == Outcome::Cancelled);
  QCOMPARE(device->snapshot().flashOperations, written);
}

void StationQueueTest::criticalFixGoesFirst() {
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  for (int i = 0; i < 3; ++i) {
    devices.push_back(addDevice(i));
  }
  QVERIFY(station_->changeLimits({.all = 1}));
  QVERIFY(station_->setQueuePaused(true));
  const QStringList jobs{start(0), start(1)};
  vendor_->severity = QStringLiteral("critical");
  vendor_->release({1, 2, 0, 0});
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  const QString fix = start(2);
  QCOMPARE(station_->job(fix)->toVersion, QStringLiteral("1.2.0"));
  QStringList order;
  connect(station_.get(), &Station::jobsChanged, this, [&] {
    for (const JobView& job : station_->jobs()) {
      if (job.state == JobState::Running && !order.contains(job.id)) {
        order << job.id;
      }
    }
  });
  QVERIFY(station_->setQueuePaused(false));
  for (const QString& job : QStringList{jobs[0], jobs[1], fix}) {
    QVERIFY(ended(job).outcome == Outcome::Succeeded);
  }
  station_->disconnect(this);
  QCOMPARE(order, (QStringList{fix, jobs[0], jobs[1]}));
  QCOMPARE(station_->job(fix)->priority, 2);
}

void StationQueueTest::deviceThatIsAwayIsTriedAgain() {
  const auto device = addDevice(1);
  const QString job =
      start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10), .mostAttempts = kMostAttempts});
  device->powerOff();
  clock_->advanceSeconds(10);
  QVERIFY(QTest::qWaitFor([&] { return station_->job(job)->attempts == 1; }, kWaitMs));
  const JobView waits = *station_->job(job);
  QCOMPARE(waits.state, JobState::Waiting);
  QCOMPARE(waits.startsAt.toMSecsSinceEpoch(), clock_->nowUtc().addSecs(30).toMSecsSinceEpoch());
  QCOMPARE(waits.mostAttempts, kMostAttempts);
  QCOMPARE(countOf("update.retried"), 1);
  QVERIFY(station_->jobLog(job).join(u'\n').contains(QStringLiteral("retry: done (attempt 2 of 6 at ")));
  station_.reset();  // the next attempt outlives the program
  open();
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  clock_->advanceSeconds(29);
  QTest::qWait(1500);
  QCOMPARE(station_->job(job)->state, JobState::Waiting);
  clock_->advanceSeconds(1);
  const JobView view = ended(job);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
  QVERIFY(device->snapshot().running == kNew);
}

void StationQueueTest::refusalIsNeverTriedAgain() {
  const auto device = addDevice(1);
  const QString job =
      start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10), .mostAttempts = kMostAttempts});
  vendor_->release(kNew, {.notes = "## Known issues\n\n- Erases all settings.\n", .sameImage = true});
  clock_->advanceSeconds(10);
  const JobView view = ended(job);
  QVERIFY(view.outcome == Outcome::Refused);
  QCOMPARE(countOf("update.retried"), 0);
  QVERIFY(!await(station_->retryJob(job)));
  QVERIFY(device->snapshot().running == kOld);
}

void StationQueueTest::attemptsAreBounded() {
  const auto device = addDevice(1);
  const QString job = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10), .mostAttempts = 3});
  device->powerOff();
  clock_->advanceSeconds(10);
  QVERIFY(QTest::qWaitFor([&] { return station_->job(job)->attempts == 1; }, kWaitMs));
  clock_->advanceSeconds(30);
  QVERIFY(QTest::qWaitFor([&] { return station_->job(job)->attempts == 2; }, kWaitMs));
  clock_->advanceSeconds(60);
  const JobView view = ended(job);
  QVERIFY(view.outcome == Outcome::Failed);
  QVERIFY(view.retryable);
  QCOMPARE(countOf("update.retried"), 2);
  QCOMPARE(countOf("update.failed"), 3);
}

void StationQueueTest::failedJobIsTriedAgainOnRequest() {
  const auto device = addDevice(1);
  const QString job = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10)});
  device->powerOff();
  clock_->advanceSeconds(10);
  QVERIFY(ended(job).outcome == Outcome::Failed);
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  QVERIFY(await(station_->retryJob(job)));
  const JobView view = ended(job);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
}

void StationQueueTest::jobBeginsWhenItsDeviceConnects() {
  const auto device = addDevice(1);
  device->powerOff();
  const Result<PlanView> none = await(station_->planUpdate(idOf(1)));
  QVERIFY2(!none, "a plan was made for a device that does not answer");
  const UpdateWish wish{.asLastSeen = true};
  const Result<QString> job =
      await(station_->startUpdate(idOf(1), agree(idOf(1), wish), {.when = StartTime::When::Connect}));
  QVERIFY(job);
  QVERIFY(waitsFor(*job, QStringLiteral("the device is not connected")));
  QCOMPARE(station_->job(*job)->state, JobState::Scheduled);
  station_.reset();
  open();
  QVERIFY(waitsFor(*job, QStringLiteral("the device is not connected")));
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  QVERIFY(await(station_->lookAtDevice(idOf(1))));
  const JobView view = ended(*job);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
  QVERIFY(device->snapshot().running == kNew);
}

// Between consent and connection somebody else updated the device: what was agreed to is not what would happen.
void StationQueueTest::consentToAnOldPlanExpires() {
  const auto device = addDevice(1);
  const QString later = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(3600)});
  vendor_->release({1, 2, 0, 0});
  const ConsentGiven now = agree(idOf(1));
  const Result<QString> first = await(station_->applyUpdate(idOf(1), now));
  QVERIFY(first);
  QVERIFY(ended(*first).outcome == Outcome::Succeeded);
  clock_->advanceSeconds(3600);
  const JobView view = ended(later);
  QVERIFY(view.outcome == Outcome::Refused);
  QVERIFY2((device->snapshot().running == Version{1, 2, 0, 0}), "an older version was installed");
}

void StationQueueTest::windowIsKept() {
  const auto device = addDevice(1);
  QVERIFY2(!await(station_->startUpdate(idOf(1), agree(idOf(1)), {.when = StartTime::When::Window})),
           "a window was taken though the station has none");
  QVERIFY(!station_->setMaintenanceWindow(QStringLiteral("sometimes")));
  QVERIFY(station_->setMaintenanceWindow(windowIn(3600)));
  const QString job = start(1, {.when = StartTime::When::Window});
  QVERIFY(waitsFor(job, QStringLiteral("the maintenance window begins ")));
  const QDateTime begins = station_->job(job)->startsAt;
  QCOMPARE(station_->queue().windowStart, begins);
  QVERIFY(clock_->nowUtc().secsTo(begins) > 3500 && clock_->nowUtc().secsTo(begins) <= 3600);
  clock_->set(begins.addSecs(-1));
  QTest::qWait(1500);
  QCOMPARE(station_->job(job)->state, JobState::Scheduled);
  clock_->set(begins);
  QVERIFY(ended(job).outcome == Outcome::Succeeded);
}

void StationQueueTest::missedWindowIsTold() {
  const auto device = addDevice(1);
  const QString job = start(1, {.when = StartTime::When::Window, .window = windowIn(600)});
  QVERIFY(waitsFor(job, QStringLiteral("the maintenance window begins ")));
  const QDateTime begins = station_->job(job)->startsAt;
  station_.reset();  // the computer is off
  clock_->set(begins.addSecs(3600 + 60));
  open();
  QTRY_COMPARE_WITH_TIMEOUT(countOf("update.window-missed"), 1, kWaitMs);
  QTest::qWait(1500);
  QCOMPARE(countOf("update.window-missed"), 1);  // once, not every second
  QVERIFY(station_->jobLog(job).join(u'\n').contains(QStringLiteral("A maintenance window went by")));
  QCOMPARE(station_->job(job)->state, JobState::Scheduled);
  QCOMPARE(station_->job(job)->startsAt, begins.addDays(1));
  QVERIFY(device->snapshot().running == kOld);
  clock_->set(begins.addDays(1).addSecs(1));
  const JobView view = ended(job);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
}

void StationQueueTest::clockThatJumps_data() {
  QTest::addColumn<QList<qint64>>("jumps");  // seconds from now, one after the other; the job is due at 3600
  QTest::newRow("forward") << QList<qint64>{86'400};
  QTest::newRow("back, then on") << QList<qint64>{-86'400 * 3, 3599, 3601};
  QTest::newRow("to and fro") << QList<qint64>{3599, -3600, 3599, -60, 3600};
}

void StationQueueTest::clockThatJumps() {
  QFETCH(QList<qint64>, jumps);
  const auto device = addDevice(1);
  const QDateTime now = clock_->nowUtc();
  const QString job = start(1, {.when = StartTime::When::At, .at = now.addSecs(3600)});
  const QByteArray zone = qgetenv("TZ");
  int turn = 0;
  for (const qint64 jump : jumps) {
    qputenv("TZ", turn++ % 2 == 0 ? "Australia/Lord_Howe" : "America/New_York");  // the laptop travels, too
    tzset();
    clock_->set(now.addSecs(jump));
    if (jump < 3600) {
      QTest::qWait(1200);
      QCOMPARE(station_->job(job)->state, JobState::Scheduled);
      QVERIFY(device->snapshot().running == kOld);
    }
  }
  const JobView view = ended(job);
  clock_->set(now);  // the job is over, whatever the clock says now
  QTest::qWait(1200);
  qputenv("TZ", zone);
  tzset();
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
  QCOMPARE(countOf("update.started"), 1);
  QCOMPARE(station_->jobs().size(), 1);
}

void StationQueueTest::clockThatWentBackDoesNotStopRetries() {
  const auto device = addDevice(1);
  QVERIFY(station_->setQueuePaused(true));
  const QString job = start(1, {.mostAttempts = 2});
  device->powerOff();
  QVERIFY(station_->setQueuePaused(false));
  QVERIFY(QTest::qWaitFor([&] { return station_->job(job)->attempts == 1; }, kWaitMs));
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  clock_->advanceSeconds(-5 * 3600);  // by the clock its next attempt would be in five hours
  const JobView view = ended(job);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
}

void StationQueueTest::samePlanTwiceIsRefused() {
  const auto device = addDevice(1);
  const StartTime later{.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(3600)};
  const QString job = start(1, later);
  const Result<QString> again = await(station_->startUpdate(idOf(1), agree(idOf(1)), later));
  QVERIFY(!again);
  QCOMPARE(again.error().code, ErrorCode::AlreadyExists);
  QVERIFY(again.error().remedy.contains(job));
  QVERIFY(station_->cancelJob(job));
  QVERIFY(await(station_->startUpdate(idOf(1), agree(idOf(1)), later)));
}

// A command that looks at something must not begin what waits, and then end with it in the middle.
void StationQueueTest::otherProgramsLeaveTheQueueAlone() {
  const auto first = addDevice(1);
  const auto second = addDevice(2);
  const QString waits = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10)});
  station_.reset();
  clock_->advanceSeconds(10);
  open(/*worksQueue=*/false);
  QVERIFY(waitsFor(waits, QStringLiteral("a Sealift that works at the queue")));
  const QString own = start(2);  // what it was asked for itself, it does
  QVERIFY(ended(own).outcome == Outcome::Succeeded);
  QVERIFY(first->snapshot().running == kOld);
  station_->workQueue();
  QVERIFY(ended(waits).outcome == Outcome::Succeeded);
}

void StationQueueTest::limitsAreCheckedAndKept() {
  for (const LimitsChange& bad : {LimitsChange{.all = 0}, {.all = 257}, {.perHub = -1}, {.perHost = 100'000}}) {
    const Status changed = station_->changeLimits(bad);
    QVERIFY(!changed);
    QCOMPARE(changed.error().code, ErrorCode::InvalidArgument);
  }
  QVERIFY(station_->changeLimits({.all = 12, .perHub = 3, .perAdapter = 2}));
  station_.reset();
  open();
  const QueueView queue = station_->queue();
  QCOMPARE(queue.limitAll, 12);
  QCOMPARE(queue.limitPerHub, 3);
  QCOMPARE(queue.limitPerAdapter, 2);
  QCOMPARE(queue.limitPerHost, 64);
  QVERIFY(events().contains(QStringLiteral("settings.changed")));
}

void StationQueueTest::computerStaysAwakeWhileItWrites() {
  const auto device = addDevice(1);
  // What the device had written when the hold began, and when it ended.
  const quint64 before = device->snapshot().flashOperations;
  std::atomic<quint64> atHold = 0;
  std::atomic<quint64> atRelease = 0;
  wakefulness_.changed = [&](bool held) { (held ? atHold : atRelease) = device->snapshot().flashOperations; };
  QCOMPARE(wakefulness_.held, 0);
  const QString job = start(1);
  QVERIFY(ended(job).outcome == Outcome::Succeeded);
  QTRY_COMPARE(wakefulness_.held, 0);
  wakefulness_.changed = [](bool) {};
  QCOMPARE(wakefulness_.asked, 1);
  QCOMPARE(atHold.load(), before);
  QCOMPARE(atRelease.load(), device->snapshot().flashOperations);
  QVERIFY(atRelease.load() > before);
  QVERIFY(station_->jobLog(job).join(u'\n').contains(QStringLiteral("this computer stays awake until the end")));
}

void StationQueueTest::sleepThatCannotBeInhibitedIsTold() {
  const auto device = addDevice(1);
  wakefulness_.refuses = true;
  const QString job = start(1);
  QVERIFY(ended(job).outcome == Outcome::Succeeded);
  QVERIFY(station_->jobLog(job).join(u'\n').contains(
      QStringLiteral("this computer may fall asleep meanwhile: Nobody listens.")));
  QCOMPARE(wakefulness_.asked, 1);  // and not at every stage
}

void StationQueueTest::lowBatteryOfThisComputer() {
  const auto device = addDevice(1);
  const quint64 written = device->snapshot().flashOperations;
  const ConsentGiven consent = agree(idOf(1));
  battery_ = kRefuseHostBattery - 1;
  const Result<PlanView> plan = await(station_->planUpdate(idOf(1)));
  QVERIFY(plan);
  QVERIFY2(!plan->allowed, "an update may begin on a battery that is nearly empty");
  const Result<QString> refused = await(station_->applyUpdate(idOf(1), consent));
  QVERIFY(refused);
  QVERIFY(ended(*refused).outcome == Outcome::Refused);
  battery_ = 80;
  const QString later = start(1, {.when = StartTime::When::At, .at = clock_->nowUtc().addSecs(10)});
  battery_ = kRefuseHostBattery - 1;
  clock_->advanceSeconds(10);
  QVERIFY(waitsFor(later, QStringLiteral("this computer's battery is too low")));
  QCOMPARE(device->snapshot().flashOperations, written);
  battery_ = -1;  // plugged in
  clock_->advanceSeconds(60);
  const JobView view = ended(later);
  QVERIFY2(view.outcome == Outcome::Succeeded, qPrintable(view.detail));
}

// Nobody agreed to how full the battery was.
void StationQueueTest::batteryIsNoPartOfTheConsent() {
  const auto device = addDevice(1);
  battery_ = 90;
  const QString digest = agree(idOf(1)).planDigest;
  battery_ = kWarnHostBattery - 1;
  const Result<PlanView> plan = await(station_->planUpdate(idOf(1)));
  QVERIFY(plan && plan->allowed);
  QCOMPARE(plan->digest, digest);
  const auto warned = [](const CheckView& check) {
    return check.id == QLatin1String(kHostPowerCheck) && check.state == CheckState::Warning;
  };
  QVERIFY(std::any_of(plan->checks.begin(), plan->checks.end(), warned));
}

void StationQueueTest::vendorsLimitOnDeferral() {
  vendor_->deferralDays = 7;
  vendor_->release({1, 3, 0, 0});
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  const auto device = addDevice(1);
  const std::optional<OfferView> offer = station_->device(idOf(1))->offer;
  QVERIFY(offer && offer->deferrableUntil);
  const QDate last = *offer->deferrableUntil;
  QVERIFY2(offer->headline.contains(last.toString(Qt::ISODate)), qPrintable(offer->headline));
  const QDateTime lastMoment(last, QTime(23, 59, 59), Qt::UTC);
  const Status late = station_->remindLater(idOf(1), offer->releaseId, lastMoment.addSecs(1));
  QVERIFY2(!late, "a reminder beyond the vendor's date was taken");
  QVERIFY(late.error().what.contains(last.toString(Qt::ISODate)));
  QVERIFY(station_->remindLater(idOf(1), offer->releaseId, lastMoment));
  const ConsentGiven consent = agree(idOf(1));
  QVERIFY(!await(station_->startUpdate(idOf(1), consent, {.when = StartTime::When::At, .at = lastMoment.addSecs(1)})));
  QVERIFY(events().contains(QStringLiteral("update.refused")));
  QVERIFY(await(station_->startUpdate(idOf(1), consent, {.when = StartTime::When::At, .at = lastMoment})));
}

void StationQueueTest::deviceMustBeIdle() {
  const StartTime whenIdle{.when = StartTime::When::Idle};
  const auto silent = addDevice(1);
  const Result<QString> none = await(station_->startUpdate(idOf(1), agree(idOf(1)), whenIdle));
  QVERIFY2(!none, "waits for a device that never tells");
  QCOMPARE(none.error().code, ErrorCode::NotSupported);
  idle_ = false;
  const auto busy = addDevice(2);
  const quint64 written = busy->snapshot().flashOperations;
  const QString waits = start(2, whenIdle);
  QVERIFY(waitsFor(waits, QStringLiteral("the device has something to do")));
  QCOMPARE(busy->snapshot().flashOperations, written);
  QVERIFY(station_->cancelJob(waits));
  idle_ = true;
  const auto free = addDevice(3);
  QVERIFY(ended(start(3, whenIdle)).outcome == Outcome::Succeeded);
}

QTEST_GUILESS_MAIN(StationQueueTest)
#include "station_queue_test.moc"
