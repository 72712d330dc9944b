#include "tests/support/driver_contract.h"

#include "tests/support/contract_job.h"

#include <QTest>

#include <utility>

namespace sealift::test {

namespace {

const QStringList kSteps{
    QStringLiteral("identify"), QStringLiteral("prove-identity"), QStringLiteral("enter-bootloader"),
    QStringLiteral("transfer"), QStringLiteral("verify"),         QStringLiteral("activate"),
    QStringLiteral("restart"),  QStringLiteral("wait"),           QStringLiteral("confirm")};

// Deep in a transfer of some ten thousand bytes.
constexpr int kMiddle = 12;
// Looks at a unit until it is settled. A trial takes some.
constexpr int kSights = 4;

template <class T>
QString said(const Result<T>& result) {
  return result ? QString() : errorCodeName(result.error().code) + u' ' + result.error().message();
}

// A device that tries firmware which fails starts so often at most until it is back on its old one.
constexpr int kMostTrials = 8;

QString sayings(const JobReport& report) {
  return outcomeName(report.outcome) + QStringLiteral(": ") + report.message;
}

enum class Mischief { Lost, Nothing, TooLate, Garbage, TooMuch, Cancel };

constexpr std::pair<Mischief, const char*> kMischiefs[] = {
    {Mischief::Lost, "link lost"},  {Mischief::Nothing, "no answer"},    {Mischief::TooLate, "answer too late"},
    {Mischief::Garbage, "garbage"}, {Mischief::TooMuch, "far too much"}, {Mischief::Cancel, "cancelled"}};

LinkTrouble troubleOf(Mischief mischief) {
  switch (mischief) {
    case Mischief::Nothing:
      return LinkTrouble::Nothing;
    case Mischief::TooLate:
      return LinkTrouble::TooLate;
    case Mischief::Garbage:
      return LinkTrouble::Garbage;
    case Mischief::TooMuch:
      return LinkTrouble::TooMuch;
    default:
      return LinkTrouble::Lost;
  }
}

}  // namespace

#define VERIFY_OK(result)                         \
  do {                                            \
    const QString fault = said(result);           \
    QVERIFY2(fault.isEmpty(), qPrintable(fault)); \
  } while (false)

// ---- rows -----------------------------------------------------------------------------------------------

void DriverContract::init() {
  if (!whyNot_.isEmpty()) {
    QSKIP(qPrintable(whyNot_));
  }
}

void DriverContract::addSubjects() {
  QTest::addColumn<int>("of");
  for (int i = 0; i < subjects_.size(); ++i) {
    QTest::addRow("%s", qPrintable(subjects_[i].name)) << i;
  }
}

const ContractSubject& DriverContract::subject() const {
  QFETCH(const int, of);
  return subjects_[of];
}

void DriverContract::whateverHappens_data() {
  QTest::addColumn<int>("of");
  QTest::addColumn<QString>("step");
  QTest::addColumn<int>("mischief");
  QTest::addColumn<int>("at");
  for (int i = 0; i < subjects_.size(); ++i) {
    const auto add = [&](const QString& step, const auto& kind, int at) {
      QTest::addRow("%s: %s at %s, operation %d", qPrintable(subjects_[i].name), kind.second, qPrintable(step), at)
          << i << step << static_cast<int>(kind.first) << at;
    };
    const ContractEffort effort = subjects_[i].effort;
    for (const auto& kind : kMischiefs) {
      const bool everywhere =
          effort == ContractEffort::Thorough || kind.first == Mischief::Lost || kind.first == Mischief::Cancel;
      for (const QString& step : kSteps) {
        const bool late = kSteps.indexOf(step) >= kSteps.indexOf(QStringLiteral("transfer"));
        if (step == QLatin1String("transfer") || (everywhere && (late || effort != ContractEffort::Least))) {
          add(step, kind, 1);
        }
      }
      if (everywhere) {
        add(QStringLiteral("transfer"), kind, kMiddle);
      }
    }
  }
}

// ---- the good way ---------------------------------------------------------------------------------------

void DriverContract::identifiesAndChangesNothing() {
  const auto unit = subject().make();
  QVERIFY(unit);
  const std::optional<Version> old = unit->firmware();
  QVERIFY(old);
  const auto driver = makeDriver(unit->model(), unit->address(), unit->opener());
  QVERIFY(driver);
  StepContext step;
  const auto first = driver->identify(step);
  VERIFY_OK(first);
  QVERIFY(unit->model().deviceNames.contains(first->deviceName));
  if (driver->capabilities().runningVersion && !first->inBootloader) {
    QVERIFY(first->runningSlot() != nullptr && first->runningSlot()->version == old);
  } else {
    QVERIFY(first->runningSlot() == nullptr || !first->runningSlot()->version);
  }
  const auto second = makeDriver(unit->model(), unit->address(), unit->opener())->identify(step);
  VERIFY_OK(second);
  QVERIFY(second->sameUnit(*first) && second->slots == first->slots);
  QVERIFY(unit->firmware() == old && unit->isConfirmed());
}

void DriverContract::isNotTakenForAnotherModel() {
  const auto unit = subject().make();
  QVERIFY(unit);
  ModelDescription other = unit->model();
  other.deviceNames = {QStringLiteral("something else")};
  const std::optional<Version> old = unit->firmware();
  StepContext step;
  const auto driver = makeDriver(other, unit->address(), unit->opener());
  const auto seen = driver->identify(step);
  // Or it has no name of its own, and the model is told by who names the address.
  QVERIFY(!seen ? seen.error().code == ErrorCode::DeviceNotRecognised : seen->deviceName == other.deviceNames.first());
  QVERIFY(unit->firmware() == old);
}

void DriverContract::capabilitiesAreTrue() {
  const auto unit = subject().make();
  QVERIFY(unit);
  ContractJob job(*unit, unit->newImage());
  VERIFY_OK(job.before);
  const Capabilities can = job.driver->capabilities();
  const Capabilities listed = driverRegistry().find(subject().driver)->capabilities;
  for (const QString& name : can.names()) {
    QVERIFY2(listed.names().contains(name), qPrintable(name));
  }
  Driver& driver = *job.driver;
  const Image& image = job.fixture.image;
  QCOMPARE(job.before->slots.size(), can.slots ? 2 : 1);
  QCOMPARE(job.before->secureBoot != TriState::Unknown, can.secureBootState);
  QCOMPARE(job.before->securityVersion.has_value(), can.rollbackCounter);
  const auto proof = driver.proveIdentity(job.step);
  VERIFY_OK(proof);
  QCOMPARE(proof->state == IdentityState::Verified, can.identityProof);
  QVERIFY(can.identityProof || !proof->detail.isEmpty());

  VERIFY_OK(driver.enterBootloader(job.step));
  VERIFY_OK(driver.transfer(image, job.step));
  const auto stored = driver.verifyOnDevice(image, job.step);
  VERIFY_OK(stored);
  QVERIFY(!stored->method.isEmpty());
  QCOMPARE(!stored->digest.isEmpty(), can.readback || can.storedDigest);
  VERIFY_OK(driver.activate(image, job.step));
  VERIFY_OK(driver.restart(job.step));
  if (!can.runningVersion) {
    QVERIFY(unit->firmware() == image.facts.version);
    return;
  }
  const auto back = driver.waitForReturn(image, job.step);
  VERIFY_OK(back);
  const Slot* running = back->runningSlot();
  QVERIFY(running != nullptr && running->version == image.facts.version);
  QVERIFY(!can.runningDigest || (!running->digest.isEmpty() && running->digest == driver.reportedDigest(image)));
  QVERIFY(can.testBoot || running->confirmed);
  VERIFY_OK(driver.confirm(image, job.step));
  const auto after = driver.identify(job.step);
  VERIFY_OK(after);
  QVERIFY(after->runningSlot() != nullptr && after->runningSlot()->confirmed && unit->isConfirmed());
}

// What was sent before an interruption is not sent again.
void DriverContract::interruptedTransferGoesOn() {
  if (!driverRegistry().find(subject().driver)->capabilities.resume) {
    QSKIP("This driver's devices can't go on with a transfer: its capabilities say so.");
  }
  const auto first = subject().make();
  QVERIFY(first);
  ContractJob whole(*first, first->newImage());
  VERIFY_OK(whole.before);
  VERIFY_OK(whole.driver->enterBootloader(whole.step));
  whole.links.countFromHere();
  VERIFY_OK(whole.driver->transfer(whole.fixture.image, whole.step));

  const auto second = subject().make();
  QVERIFY(second);
  ContractJob broken(*second, second->newImage());
  VERIFY_OK(broken.before);
  VERIFY_OK(broken.driver->enterBootloader(broken.step));
  broken.links.loseAfter(whole.links.sentBytes() / 2);
  QVERIFY(!broken.driver->transfer(broken.fixture.image, broken.step));
  broken.links.end();
  broken.connect();
  broken.links.countFromHere();
  VERIFY_OK(broken.driver->enterBootloader(broken.step));
  VERIFY_OK(broken.driver->transfer(broken.fixture.image, broken.step));
  QVERIFY2(broken.links.sentBytes() < whole.links.sentBytes() * 3 / 4,
           qPrintable(QStringLiteral("%1 of %2 bytes").arg(broken.links.sentBytes()).arg(whole.links.sentBytes())));
  VERIFY_OK(broken.driver->verifyOnDevice(broken.fixture.image, broken.step));
}

void DriverContract::updates() {
  const auto unit = subject().make();
  QVERIFY(unit);
  ContractJob job(*unit, unit->newImage());
  VERIFY_OK(job.before);
  const JobReport report = job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qPrintable(sayings(report)));
  QCOMPARE(job.contradiction(report), QString());
}

// ---- attacks --------------------------------------------------------------------------------------------

void DriverContract::wrongImageDoesNotRun() {
  const auto unit = subject().make();
  QVERIFY(unit);
  const std::optional<Version> old = unit->firmware();
  ContractJob job(*unit, unit->wrongImage());
  VERIFY_OK(job.before);
  const JobReport report = job.run();
  QVERIFY2(report.outcome != Outcome::Succeeded && report.outcome != Outcome::Unknown, qPrintable(sayings(report)));
  QVERIFY(report.outcome == Outcome::Reverted || report.error);
  QVERIFY(unit->firmware() == old && unit->isConfirmed());
}

void DriverContract::failingImageIsLeftAgain() {
  const auto unit = subject().make();
  QVERIFY(unit);
  const std::optional<Image> failing = unit->failingImage();
  const bool tries = driverRegistry().find(subject().driver)->capabilities.testBoot;
  QCOMPARE(failing.has_value(), tries);
  if (!failing) {
    QSKIP("This driver's devices have no trial boot: its capabilities say so.");
  }
  const std::optional<Version> old = unit->firmware();
  ContractJob job(*unit, *failing, kMostTrials);
  VERIFY_OK(job.before);
  const JobReport report = job.run();
  QVERIFY2(report.outcome == Outcome::Reverted, qPrintable(sayings(report)));
  QVERIFY(unit->firmware() == old && unit->isConfirmed());
}

void DriverContract::writingIsNotBelieved() {
  const auto unit = subject().make();
  QVERIFY(unit);
  if (!unit->lieAboutWriting(true)) {
    QSKIP("This unit is a real one, and can't be made to lie.");
  }
  ContractJob job(*unit, unit->newImage());
  VERIFY_OK(job.before);
  const JobReport report = job.run();
  QVERIFY2(report.outcome != Outcome::Succeeded, qPrintable(sayings(report)));
  QVERIFY(report.error);
  QVERIFY2(report.error->code == ErrorCode::DeviceVerifyFailed, qPrintable(sayings(report)));
  unit->lieAboutWriting(false);
  JobReport last = report;
  for (int sight = 0; last.outcome == Outcome::Unknown && sight < kSights; ++sight) {
    last = job.settle();
  }
  QVERIFY2(last.outcome != Outcome::Unknown, qPrintable(sayings(last)));
  QCOMPARE(job.contradiction(last), QString());
}

void DriverContract::whateverHappens() {
  QFETCH(const QString, step);
  QFETCH(const int, mischief);
  QFETCH(const int, at);
  const auto what = static_cast<Mischief>(mischief);
  const auto unit = subject().make();
  QVERIFY(unit);
  ContractJob job(*unit, unit->newImage());
  VERIFY_OK(job.before);
  bool begun = false;
  QString current;  // step
  QString heardIn;  // the step during which somebody cancelled; empty: nobody did
  job.driver->entering = [&](const QString& now) {
    current = now;
    if (now != step || std::exchange(begun, true)) {
      return;
    }
    if (what == Mischief::Cancel) {
      job.links.callAt(at, [&] {
        heardIn = current;
        job.fixture.cancel.cancel();
      });
    } else {
      job.links.begin(troubleOf(what), at);
    }
  };
  job.driver->leaving = [&](const QString& now) {
    if (now == step && what != Mischief::Lost) {
      job.links.end();
    }
  };
  JobReport report = job.run();
  job.links.end();
  QString history = sayings(report);
  QVERIFY2(job.contradiction(report).isEmpty(), qPrintable(job.contradiction(report)));
  for (int sight = 0; report.outcome == Outcome::Unknown && sight < kSights; ++sight) {
    if (sight == 1) {  // a person would have done it by now
      unit->powerCycle();
    }
    report = job.settle();
    history += QStringLiteral("\n  then ") + sayings(report);
    QVERIFY2(job.contradiction(report).isEmpty(), qPrintable(history + u'\n' + job.contradiction(report)));
  }
  QVERIFY2(report.outcome != Outcome::Unknown, qPrintable(history));
  if (qEnvironmentVariableIsSet("SEALIFT_TELL")) {
    qInfo("%s", qPrintable(history));
  }
  // A cancel is heard, unless somebody was told that it no longer would be, or the new firmware ran already (and may
  // have confirmed itself).
  const bool inTime = !heardIn.isEmpty() && kSteps.indexOf(heardIn) < kSteps.indexOf(QStringLiteral("restart"));
  if (inTime && job.fixture.pointsOfNoReturn == 0) {
    QVERIFY2(report.outcome != Outcome::Succeeded, qPrintable(history));
  }
}

}  // namespace sealift::test
