#include "tests/interrupt/interrupt_test.h"

#include "tests/interrupt/virtual_time.h"
#include "tests/support/soak.h"
#include "tests/support/troubled_store.h"

#include <QTest>

#include <algorithm>

namespace sealift::test {

namespace {

constexpr int kSights = 6;  // of a device until its job is settled

// What RECOVERY.md says of a device that is as it is now, given what the journal intends; nothing: it does not answer.
using Table = std::function<std::optional<Outcome>(const QSet<QString>& intended)>;

Table readTable(const InterruptedJob& job, ContractUnit& unit) {
  const std::unique_ptr<Driver> driver = driverOf(job.plan, unit.opener());
  StepContext step;
  const Result<DeviceSnapshot> now = driver->identify(step);
  if (!now || !now->sameUnit(job.plan.device)) {
    return [](const QSet<QString>&) { return std::optional<Outcome>(); };
  }
  const FirmwareState firmware(job.plan, driver->capabilities(), driver->reportedDigest(job.image));
  const bool waits = firmware.waitsForFirmware(*now) && FirmwareState::tellsWhatRuns(job.plan.device);
  const bool isThere = firmware.isInPlace() || firmware.runsNew(*now);
  const bool isBack = firmware.runsOld(*now) && !firmware.isMarked(*now);
  return [=](const QSet<QString>& intended) -> std::optional<Outcome> {
    if (waits && !intended.contains(QStringLiteral("enter-bootloader"))) {
      return Outcome::Refused;  // somebody else brought it there: it is not as it was agreed to
    }
    return !isThere && isBack && intended.contains(QStringLiteral("restart")) ? Outcome::Reverted : Outcome::Succeeded;
  };
}

}  // namespace

InterruptTest::InterruptTest(const QList<InterruptSubject>& subjects) : subjects_(subjects) {
  qputenv("QTEST_FUNCTION_TIMEOUT", "7000000");  // ms, for all rows; ctest has the limits
  TroubledStore::install();
}

void InterruptTest::initTestCase() {
  VirtualTime::begin();
  for (const InterruptSubject& subject : std::as_const(subjects_)) {
    Length length;
    const QString problem = measure(subject, length);
    QVERIFY2(problem.isEmpty(), qPrintable(subject.name + QStringLiteral(": ") + problem));
    if (!subject.spares.isEmpty()) {
      QVERIFY2(length.flash < lengths_.value(subject.spares).flash, qPrintable(subject.name));
    }
    lengths_.insert(subject.name, length);
    qInfo("%s: an update has %d flash operations, %d link operations and %d writes of the store",
          qUtf8Printable(subject.name), length.flash, length.links, length.writes);
  }
}

void InterruptTest::init() {
  VirtualTime::begin();
}

QString InterruptTest::measure(const InterruptSubject& subject, Length& length) {
  const auto unit = subject.make();
  InterruptedJob job;
  if (QString problem = cases_.prepare(*unit, job); !problem.isEmpty()) {
    return problem;
  }
  const quint64 before = unit->flashOperations();
  const ProcessEnd end = runJob(job, unit->opener(), {});
  if (!end.problem.isEmpty() || end.outcome != Outcome::Succeeded) {
    return end.problem + end.message;
  }
  length = {static_cast<int>(unit->flashOperations() - before), end.operations, end.writes};
  return contradictionOf(*unit, job, *end.outcome);
}

int InterruptTest::momentsOf(Kind kind, const Length& length) {
  switch (kind) {
    case Kind::PowerAtFlash:
      return length.flash;
    case Kind::KilledAtWrite:
    case Kind::DiskFull:
    case Kind::DiskWriteErrors:
    case Kind::DiskSyncErrors:
      return length.writes;
    default:
      return length.links;
  }
}

ProcessMishap InterruptTest::mishapOf(Kind kind, int at) {
  ProcessMishap mishap;
  mishap.storeAt = at;  // minded where there is trouble with the store
  switch (kind) {
    case Kind::PowerAtFlash:
      break;
    case Kind::KilledAtWrite:
      mishap.store = TroubledStore::Trouble::Killed;
      break;
    case Kind::DiskFull:
      mishap.store = TroubledStore::Trouble::Full;
      break;
    case Kind::DiskWriteErrors:
      mishap.store = TroubledStore::Trouble::WriteErrors;
      break;
    case Kind::DiskSyncErrors:
      mishap.store = TroubledStore::Trouble::SyncErrors;
      break;
    case Kind::CableBefore:
    case Kind::CableAfter:
    case Kind::CableAndPower:
      mishap.link = {.kind = LinkMishap::Kind::CableOut, .at = at, .reachesDevice = kind != Kind::CableBefore};
      break;
    case Kind::KilledBefore:
    case Kind::KilledAfter:
    case Kind::KilledAndPower:
      mishap.link = {.kind = LinkMishap::Kind::ProgramKilled, .at = at, .reachesDevice = kind != Kind::KilledBefore};
      break;
  }
  return mishap;
}

QString InterruptTest::interrupt(const InterruptSubject& subject, Kind kind, int at) {
  const auto unit = subject.make();
  InterruptedJob job;
  if (QString problem = cases_.prepare(*unit, job); !problem.isEmpty()) {
    return problem;
  }
  if (kind == Kind::PowerAtFlash) {
    unit->cutPowerAtFlashOperation(static_cast<quint64>(at));
  }
  ProcessEnd end = runJob(job, unit->opener(), mishapOf(kind, at));
  if (!end.problem.isEmpty()) {
    return end.problem;
  }
  if (kind == Kind::PowerAtFlash || kind == Kind::KilledAndPower || kind == Kind::CableAndPower) {
    unit->powerCycle();
  }
  if (job.plan.canFallBack && !unit->firmware()) {
    return QStringLiteral("it does not start, though only its spare slot was written to");
  }
  QString problem = settleUntilSure(*unit, job, std::move(end));
  if (problem.isEmpty()) {
    JobCases::remove(job);
  }
  return problem;
}

QString InterruptTest::settleUntilSure(ContractUnit& unit, InterruptedJob& job, ProcessEnd end) {
  for (int sight = 0; !end.outcome || end.outcome == Outcome::Unknown; ++sight) {
    if (sight == kSights) {
      return QStringLiteral("it stays unknown: ") + end.message;
    }
    // What the journal intends is told by the process that reads it; the device is looked at before that.
    if (sight == kSights / 2) {
      unit.powerCycle();  // as the error's remedy says
    }
    const Table table = readTable(job, unit);
    end = settleJob(job, unit.opener());
    if (!end.problem.isEmpty() || !end.outcome) {
      return end.problem.isEmpty() ? QStringLiteral("settling came to no outcome") : end.problem;
    }
    const std::optional<Outcome> said = table(end.intended);
    if (said && end.outcome != said) {
      return QStringLiteral("the table says %1 and it ended as %2: %3")
          .arg(outcomeName(*said), outcomeName(*end.outcome), end.message);
    }
  }
  ++outcomes_[outcomeName(*end.outcome)];
  return contradictionOf(unit, job, *end.outcome);
}

void InterruptTest::interrupted_data() {
  static constexpr std::pair<Kind, const char*> kKinds[] = {
      {Kind::PowerAtFlash, "power cut at flash operations"},
      {Kind::CableBefore, "cable out at link operations"},
      {Kind::CableAfter, "cable out after link operations"},
      {Kind::CableAndPower, "cable out and power cut after link operations"},
      {Kind::KilledBefore, "killed at link operations"},
      {Kind::KilledAfter, "killed after link operations"},
      {Kind::KilledAndPower, "killed, and power cut, after link operations"},
      {Kind::KilledAtWrite, "killed at writes of the store"},
      {Kind::DiskFull, "disk full from writes of the store on"},
      {Kind::DiskWriteErrors, "I/O errors from writes of the store on"},
      {Kind::DiskSyncErrors, "nothing made durable from writes of the store on"}};
  QTest::addColumn<int>("of");
  QTest::addColumn<int>("kind");
  for (int i = 0; i < subjects_.size(); ++i) {
    for (const auto& [kind, name] : kKinds) {
      QTest::addRow("%s: %s", qPrintable(subjects_[i].name), name) << i << static_cast<int>(kind);
    }
  }
}

void InterruptTest::interrupted() {
  QFETCH(const int, of);
  QFETCH(const int, kind);
  const InterruptSubject& subject = subjects_[of];
  const int moments = momentsOf(static_cast<Kind>(kind), lengths_.value(subject.name));
  QVERIFY2(moments > 0, "an update without such moments is none");
  const int cases = isSoak() ? moments : std::min(moments, subject.share);
  QStringList problems;
  for (int i = 0; i < cases; ++i) {
    const int at = 1 + static_cast<int>(qint64(i) * moments / cases);
    if (const QString problem = interrupt(subject, static_cast<Kind>(kind), at); !problem.isEmpty()) {
      problems << QStringLiteral("%1: %2").arg(at).arg(problem);
    }
  }
  count_ += cases;
  qInfo("%d of %d", cases, moments);
  QVERIFY2(problems.isEmpty(),
           qPrintable(QStringLiteral("%1 cases: %2")
                          .arg(problems.size())
                          .arg(problems.first(std::min<qsizetype>(problems.size(), 8)).join(QStringLiteral("; ")))));
}

void InterruptTest::cleanupTestCase() {
  QStringList told;
  for (auto it = outcomes_.cbegin(); it != outcomes_.cend(); ++it) {
    told << QStringLiteral("%1 %2").arg(it.value()).arg(it.key());
  }
  const QString line = QStringLiteral("%1 cases: %2").arg(count_).arg(told.join(QStringLiteral(", ")));
  qInfo("%s", qUtf8Printable(line));
  tellCases(count_, line);
}

}  // namespace sealift::test
