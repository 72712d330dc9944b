// The engine's order, its six outcomes, cancelling at each step, and that nothing happens without a record.
#include "tests/support/job_fixture.h"

#include <QJsonDocument>
#include <QTest>

#include <algorithm>

using namespace sealift;

namespace {

const QStringList kOrder{
    QStringLiteral("identify"), QStringLiteral("prove-identity"), QStringLiteral("enter-bootloader"),
    QStringLiteral("transfer"), QStringLiteral("verify"),         QStringLiteral("activate"),
    QStringLiteral("identify"), QStringLiteral("restart"),        QStringLiteral("wait"),
    QStringLiteral("confirm"),  QStringLiteral("identify")};

QString describe(const JobReport& report) {
  return QStringLiteral("%1 in %2: %3").arg(outcomeName(report.outcome), stageName(report.stage), report.message);
}

}  // namespace

// Compares the report's outcome, and that the job's row and the audit log say the same, once.
#define COMPARE_OUTCOME(job, report, expected)                                                         \
  do {                                                                                                 \
    QVERIFY2((report).outcome == (expected), qUtf8Printable(describe(report)));                        \
    QCOMPARE((job).row().state, QStringLiteral("finished"));                                           \
    QCOMPARE((job).row().outcome, outcomeName(expected));                                              \
    QCOMPARE((job).row().stage, stageName((report).stage));                                            \
    QCOMPARE((job).row().errorCode, (report).error ? errorCodeName((report).error->code) : QString()); \
    QVERIFY((job).row().endedMs.has_value());                                                          \
    QCOMPARE((job).auditedOutcomes(), QStringList{QStringLiteral("update.") + outcomeName(expected)}); \
    QCOMPARE((job).withoutIntent, QStringList());                                                      \
  } while (false)

class JobRunnerTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void succeedsInTheEnginesOrder();
  void everyStepIsBetweenItsIntentAndItsResult();
  void progressOfTheJobNeverDecreases();

  void refusesBeforeAnythingIsWritten_data();
  void refusesBeforeAnythingIsWritten();
  void refusesAFailedCheckOfThePlan();
  void refusesOtherBytesThanConsentedTo();
  void refusesADeviceThatStartedToRunFirmware();
  void failsWhenTheDeviceCantBeAsked();

  void stepsThatFail_data();
  void stepsThatFail();
  void trialBoots_data();
  void trialBoots();
  void aDeviceThatDoesNotKeepTheConfirmationIsUnknown();
  void anotherUnitAfterTheRestartIsUnknown_data();
  void anotherUnitAfterTheRestartIsUnknown();
  void emptyDigestsProveNothing();

  void deviceThatRestartsByItselfKeepsItsTrial_data();
  void deviceThatRestartsByItselfKeepsItsTrial();
  void silentDeviceIsNotRestarted();
  void anotherUnitIsNotRestarted();
  void firmwareIsNotBlamedForWhatNobodySaw();

  void cancel_data();
  void cancel();
  void cancelledTrialThatNeverGoesBackEnds();
  void cancelOnADeviceThatConfirmedItselfTellsTheTruth();
  void cancelWhileAnotherUnitAnswersTouchesItNoFurther();
  void cancelOnADeviceThatDoesNotLetGo();

  void noRowNoStep_data();
  void noRowNoStep();
  void closedStoreNothingHappens();
};

void JobRunnerTest::succeedsInTheEnginesOrder() {
  JobFixture job;
  QVERIFY(job.makeJournal().started(QStringLiteral("1.0.0 to 1.1.0"), {}, false));
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Succeeded);
  QCOMPARE(job.driver.calls, kOrder);
  QCOMPARE(job.stages, (QList<Stage>{Stage::Check, Stage::Transfer, Stage::Verify, Stage::Activate, Stage::Restart,
                                     Stage::Confirm}));
  QCOMPARE(report.stage, Stage::Confirm);
  QVERIFY(!report.error);
  QCOMPARE(report.device->runningSlot()->version, std::optional(Version{1, 1, 0, 0}));
  QCOMPARE(job.driver.onTrial, false);
  const QString stage = QStringLiteral("update.stage");
  QCOMPARE(job.auditEvents(), (QStringList{QStringLiteral("update.started"), stage, stage, stage, stage, stage, stage,
                                           QStringLiteral("update.succeeded")}));
  const auto audit = job.station.verify();
  QVERIFY2(audit, qUtf8Printable(messageOf(audit)));
  QVERIFY(audit->isIntact());
  const QJsonObject summary = QJsonDocument::fromJson(job.row().summary).object();
  QCOMPARE(summary[QStringLiteral("message")].toString(), report.message);
}

void JobRunnerTest::everyStepIsBetweenItsIntentAndItsResult() {
  JobFixture job;
  QCOMPARE(job.run().outcome, Outcome::Succeeded);
  const QList<JournalRow> rows = job.journal();
  QCOMPARE(rows.size(), 2 * kOrder.size());
  for (qsizetype i = 0; i < rows.size(); i += 2) {
    QCOMPARE(rows[i].phase, JournalPhase::Intent);
    QCOMPARE(rows[i + 1].phase, JournalPhase::Result);
    QCOMPARE(rows[i].step, rows[i + 1].step);
    QVERIFY(rows[i].step.startsWith(kOrder[i / 2]));
    const QJsonObject detail = QJsonDocument::fromJson(rows[i + 1].detail).object();
    QCOMPARE(detail[QStringLiteral("ok")].toBool(), true);
    if (rows[i].step == QLatin1String("transfer")) {
      QCOMPARE(detail[QStringLiteral("notes")].toString(), QStringLiteral("written\n"));
    }
    if (rows[i].step == QLatin1String("verify")) {
      QCOMPARE(detail[QStringLiteral("digest")].toString(), QString::fromLatin1(job.image.facts.digest.toHex()));
    }
  }
}

void JobRunnerTest::progressOfTheJobNeverDecreases() {
  JobFixture job;
  QCOMPARE(job.run().outcome, Outcome::Succeeded);
  QVERIFY(job.fractions.size() > kOrder.size());
  QVERIFY(std::is_sorted(job.fractions.begin(), job.fractions.end()));
  QVERIFY(job.fractions.constFirst() >= 0.0);
  QVERIFY(qFuzzyCompare(job.fractions.constLast(), 1.0));
}

// ---- refused ----

void JobRunnerTest::refusesBeforeAnythingIsWritten_data() {
  using Change = std::function<void(JobFixture&)>;
  QTest::addColumn<Change>("change");
  QTest::addColumn<ErrorCode>("code");
  QTest::newRow("another-unit") << Change([](JobFixture& job) { job.driver.serial = QStringLiteral("gw-0002"); })
                                << ErrorCode::DeviceChanged;
  QTest::newRow("other-firmware-version") << Change([](JobFixture& job) {
    job.driver.slots[0].version = Version{1, 0, 5, 0};
  }) << ErrorCode::ConsentPlanChanged;
  QTest::newRow("same-version-other-digest")
      << Change([](JobFixture& job) { job.driver.slots[0].digest = QByteArrayLiteral("something else"); })
      << ErrorCode::ConsentPlanChanged;
  QTest::newRow("identity-refuted") << Change([](JobFixture& job) { job.driver.identity = IdentityState::Refuted; })
                                    << ErrorCode::IdentityNotProven;
  QTest::newRow("one-bit-of-the-image") << Change([](JobFixture& job) {
    job.image.bytes[7] = static_cast<char>(job.image.bytes[7] ^ 1);
  }) << ErrorCode::ImageHashMismatch;
  QTest::newRow("a-byte-more") << Change([](JobFixture& job) { job.image.bytes += 'n'; })
                               << ErrorCode::ImageHashMismatch;
  QTest::newRow("no-image") << Change([](JobFixture& job) { job.image.bytes.clear(); }) << ErrorCode::ImageHashMismatch;
  QTest::newRow("remembered-counter") << Change([](JobFixture& job) { job.plan.highestSecurityVersionSeen = 4; })
                                      << ErrorCode::PolicySecurityVersion;
  QTest::newRow("downgrade-nobody-agreed-to") << Change([](JobFixture& job) {
    job.plan.downgrade = DowngradeTerms{.allowedHere = true, .reason = QStringLiteral("it sticks")};
  }) << ErrorCode::PolicyDowngrade;
  QTest::newRow("downgrade-not-allowed-any-more") << Change([](JobFixture& job) {
    job.plan.downgrade = DowngradeTerms{.reason = QStringLiteral("it sticks"), .agreedBy = QStringLiteral("Sam")};
    for (Slot& slot : job.plan.device.slots) {
      slot.version = slot.running ? std::optional(Version{1, 2, 0, 0}) : slot.version;
    }
    job.driver.slots[0].version = Version{1, 2, 0, 0};
  }) << ErrorCode::PolicyDowngrade;
  QTest::newRow("policy-asked-again-device-counter") << Change([](JobFixture& job) {
    job.plan.release.terms.securityVersion = 2;
    job.image.facts.securityVersion = 2;
  }) << ErrorCode::PolicySecurityVersion;
  QTest::newRow("policy-asked-again-on-trial-meanwhile")
      << Change([](JobFixture& job) { job.driver.onTrial = true; }) << ErrorCode::PolicyNoFallback;
  QTest::newRow("driver-says-other-model") << Change([](JobFixture& job) {
    job.driver.script(QStringLiteral("identify"), Mishap::Fails, ErrorCode::DeviceNotRecognised);
  }) << ErrorCode::DeviceNotRecognised;
}

void JobRunnerTest::refusesBeforeAnythingIsWritten() {
  QFETCH(std::function<void(JobFixture&)>, change);
  QFETCH(ErrorCode, code);
  JobFixture job;
  change(job);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Refused);
  QCOMPARE(report.stage, Stage::Check);
  QCOMPARE(report.error->code, code);
  for (const QString& step : std::as_const(job.driver.calls)) {
    QVERIFY2(step == QLatin1String("identify") || step == QLatin1String("prove-identity"), qUtf8Printable(step));
  }
  QVERIFY(!job.driver.slots[1].version);
}

void JobRunnerTest::refusesAFailedCheckOfThePlan() {
  JobFixture job;
  job.plan.checks << Check::failed(
      QStringLiteral("image-signature"), QStringLiteral("Image signature not valid"),
      makeError(ErrorCode::ImageSignatureInvalid, QStringLiteral("Nobody known signed it.")));
  // Another digest than the stored plan's: consent is to that one and is the caller's to check.
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Refused);
  QCOMPARE(report.error->code, ErrorCode::ImageSignatureInvalid);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("enter-bootloader")));
}

void JobRunnerTest::refusesOtherBytesThanConsentedTo() {
  JobFixture job;
  job.plan.release.sha256 = QString(64, u'0');
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Refused);
  QCOMPARE(report.error->code, ErrorCode::ImageHashMismatch);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("enter-bootloader")));
}

void JobRunnerTest::refusesADeviceThatStartedToRunFirmware() {
  JobFixture job;
  for (Slot& slot : job.plan.device.slots) {
    slot.running = false;  // when it was planned, the device sat in its bootloader
  }
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Refused);
  QCOMPARE(report.error->code, ErrorCode::ConsentPlanChanged);
}

void JobRunnerTest::failsWhenTheDeviceCantBeAsked() {
  JobFixture job;
  job.driver.away = true;
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Failed);
  QCOMPARE(report.error->code, ErrorCode::LinkLost);
  QCOMPARE(job.driver.calls, QStringList{QStringLiteral("identify")});
}

// ---- steps that go wrong ----

void JobRunnerTest::stepsThatFail_data() {
  QTest::addColumn<QString>("step");
  QTest::addColumn<Mishap>("mishap");
  QTest::addColumn<Outcome>("outcome");
  QTest::addColumn<Stage>("stage");
  const auto row = [](const char* step, Mishap mishap, const char* how, Outcome outcome, Stage stage) {
    QTest::addRow("%s-%s", step, how) << QString::fromLatin1(step) << mishap << outcome << stage;
  };
  row("enter-bootloader", Mishap::Fails, "fails", Outcome::Refused, Stage::Check);
  row("enter-bootloader", Mishap::AnswerLost, "answer-lost", Outcome::Refused, Stage::Check);
  row("enter-bootloader", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Check);
  row("transfer", Mishap::Fails, "fails", Outcome::Failed, Stage::Transfer);
  row("transfer", Mishap::AnswerLost, "answer-lost", Outcome::Failed, Stage::Transfer);
  row("transfer", Mishap::Lies, "lies", Outcome::Failed, Stage::Verify);  // told as written: verify sees it
  row("transfer", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Transfer);
  row("verify", Mishap::Fails, "fails", Outcome::Failed, Stage::Verify);
  row("verify", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Verify);
  row("activate", Mishap::Fails, "fails", Outcome::Failed, Stage::Activate);
  row("activate", Mishap::AnswerLost, "answer-lost", Outcome::Failed, Stage::Activate);
  row("activate", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Activate);
  row("restart", Mishap::AnswerLost, "answer-lost", Outcome::Succeeded, Stage::Confirm);
  row("restart", Mishap::Fails, "fails", Outcome::Failed, Stage::Restart);  // not Reverted: it never tried
  row("restart", Mishap::Lies, "lies", Outcome::Failed, Stage::Restart);
  row("restart", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Restart);
  row("wait", Mishap::Fails, "fails", Outcome::Unknown, Stage::Restart);
  row("wait", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Restart);
  row("confirm", Mishap::Fails, "fails", Outcome::Unknown, Stage::Confirm);
  row("confirm", Mishap::AnswerLost, "answer-lost", Outcome::Succeeded, Stage::Confirm);  // the device is looked at
  row("confirm", Mishap::Lies, "lies", Outcome::Unknown, Stage::Confirm);
  row("confirm", Mishap::Loses, "loses-device", Outcome::Unknown, Stage::Confirm);
}

void JobRunnerTest::stepsThatFail() {
  QFETCH(QString, step);
  QFETCH(Mishap, mishap);
  QFETCH(Outcome, outcome);
  QFETCH(Stage, stage);
  JobFixture job;
  job.driver.script(step, mishap);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, outcome);
  QCOMPARE(report.stage, stage);
  QCOMPARE(report.error.has_value(), outcome != Outcome::Succeeded);
  if (outcome == Outcome::Failed || outcome == Outcome::Refused) {
    QVERIFY(job.driver.calls.contains(QStringLiteral("abandon")));
    QCOMPARE(job.driver.running, 0);
    QVERIFY(!job.driver.marked);
  }
}

void JobRunnerTest::trialBoots_data() {
  QTest::addColumn<TrialBoot>("boot");
  QTest::addColumn<Outcome>("outcome");
  QTest::newRow("runs-new") << TrialBoot::RunsNew << Outcome::Succeeded;
  QTest::newRow("confirms-itself") << TrialBoot::ConfirmsItself << Outcome::Succeeded;
  QTest::newRow("went-back") << TrialBoot::StaysOld << Outcome::Reverted;
  QTest::newRow("runs-neither") << TrialBoot::RunsNeither << Outcome::Unknown;
  QTest::newRow("never-returns") << TrialBoot::NeverReturns << Outcome::Unknown;
  QTest::newRow("not-tried") << TrialBoot::NotTried << Outcome::Failed;
}

void JobRunnerTest::trialBoots() {
  QFETCH(TrialBoot, boot);
  QFETCH(Outcome, outcome);
  JobFixture job;
  job.driver.trialBoot = boot;
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, outcome);
  // Confirmed only what was seen running and was not confirmed yet.
  QCOMPARE(job.driver.calls.contains(QStringLiteral("confirm")), boot == TrialBoot::RunsNew);
}

void JobRunnerTest::aDeviceThatDoesNotKeepTheConfirmationIsUnknown() {
  JobFixture job;
  job.driver.keepsConfirmation = false;
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.stage, Stage::Confirm);
  QVERIFY(report.device && !report.device->runningSlot()->confirmed);
}

void JobRunnerTest::anotherUnitAfterTheRestartIsUnknown_data() {
  QTest::addColumn<QString>("step");
  QTest::newRow("while-waiting") << QStringLiteral("wait");
  QTest::newRow("while-confirming") << QStringLiteral("confirm");
}

void JobRunnerTest::anotherUnitAfterTheRestartIsUnknown() {
  QFETCH(QString, step);
  JobFixture job;
  job.driver.script(step, Mishap::Swapped);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.error->code, ErrorCode::DeviceChanged);
}

void JobRunnerTest::emptyDigestsProveNothing() {
  JobFixture job;
  job.image.facts.digest.clear();
  const JobReport report = job.run();
  QVERIFY2(report.outcome != Outcome::Succeeded, qUtf8Printable(describe(report)));
  QVERIFY(!job.driver.calls.contains(QStringLiteral("confirm")));
}

// ---- a device that restarts before it is told to ----

void JobRunnerTest::deviceThatRestartsByItselfKeepsItsTrial_data() {
  QTest::addColumn<bool>("seenAtOnce");
  QTest::addColumn<bool>("restarted");
  QTest::newRow("back-when-it-is-looked-at") << true << true;
  QTest::newRow("still-restarting-when-it-is-looked-at") << false << true;
  QTest::newRow("silent-for-a-moment") << false << false;
}

void JobRunnerTest::deviceThatRestartsByItselfKeepsItsTrial() {
  QFETCH(bool, seenAtOnce);
  QFETCH(bool, restarted);
  JobFixture job;
  job.driver.after = [&](const QString& step) {
    if (step == QLatin1String("activate") && restarted) {
      job.driver.powerCycle();
    }
  };
  if (!seenAtOnce) {
    job.driver.script(QStringLiteral("identify"), Mishap::Fails, ErrorCode::Timeout, 2);
  }
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Succeeded);
  QCOMPARE(job.driver.running, 1);
  QVERIFY(!job.driver.onTrial);
  QCOMPARE(job.driver.calls.count(QStringLiteral("restart")), restarted ? 0 : 1);
}

// It may be on its trial: a restart is not sent into the dark.
void JobRunnerTest::silentDeviceIsNotRestarted() {
  JobFixture job;
  job.driver.script(QStringLiteral("identify"), Mishap::Loses, ErrorCode::LinkLost, 2);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.stage, Stage::Activate);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("restart")));
  job.driver.away = false;
  job.driver.powerCycle();
  QVERIFY(job.settle().outcome == Outcome::Succeeded);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("restart")));
}

void JobRunnerTest::anotherUnitIsNotRestarted() {
  JobFixture job;
  job.driver.script(QStringLiteral("identify"), Mishap::Swapped, ErrorCode::Internal, 2);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.error->code, ErrorCode::DeviceChanged);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("restart")));
}

// Firmware that fails, and a device that loses its power while it is tried, look the same from here.
void JobRunnerTest::firmwareIsNotBlamedForWhatNobodySaw() {
  JobFixture job;
  job.driver.after = [&](const QString& step) {
    if (step == QLatin1String("wait")) {
      job.driver.powerCycle();
    }
  };
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Reverted);
  QVERIFY2(report.message.contains(QStringLiteral("or the device was restarted during its trial")),
           qUtf8Printable(report.message));
}

// ---- cancelling ----

void JobRunnerTest::cancel_data() {
  QTest::addColumn<QString>("step");
  QTest::addColumn<int>("call");
  QTest::addColumn<Mishap>("mishap");
  for (qsizetype at = 0; at + 1 < kOrder.size(); ++at) {
    const QString& step = kOrder[at];
    const auto call = static_cast<int>(kOrder.first(at + 1).count(step));
    QTest::addRow("during-%s-%d", qPrintable(step), call) << step << call << Mishap::Cancels;
    if (step != QLatin1String("confirm")) {
      QTest::addRow("right-after-%s-%d", qPrintable(step), call) << step << call << Mishap::CancelsLate;
    }
  }
}

void JobRunnerTest::cancel() {
  QFETCH(QString, step);
  QFETCH(int, call);
  QFETCH(Mishap, mishap);
  JobFixture job;
  job.driver.script(step, mishap, ErrorCode::ProtocolRefused, call);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Cancelled);
  QCOMPARE(report.error->code, ErrorCode::Cancelled);
  // The device runs what it ran, for good, and no step forward came after the cancelling.
  QCOMPARE(job.driver.running, 0);
  QVERIFY(!job.driver.onTrial);
  QVERIFY(!job.driver.marked);
  QVERIFY(call == 1 || !job.driver.calls.contains(QStringLiteral("restart")));
  QVERIFY(!job.driver.calls.mid(job.driver.calls.indexOf(step) + 1).contains(QStringLiteral("confirm")));
  const qsizetype at = kOrder.indexOf(step, call == 1 ? 0 : kOrder.indexOf(QStringLiteral("activate")));
  QCOMPARE(job.driver.calls.contains(QStringLiteral("abandon")),
           at >= kOrder.indexOf(QStringLiteral("enter-bootloader")));
  for (const QString& later : kOrder.mid(at + 1, 3)) {
    if (later != QLatin1String("restart") && later != QLatin1String("wait") && later != QLatin1String("identify")) {
      QVERIFY2(!job.driver.calls.contains(later), qUtf8Printable(later));
    }
  }
}

// Restarting is tried a counted number of times; then the truth is told.
void JobRunnerTest::cancelledTrialThatNeverGoesBackEnds() {
  JobFixture job;
  job.driver.goesBack = false;
  job.driver.script(QStringLiteral("wait"), Mishap::CancelsLate);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.error->code, ErrorCode::Cancelled);
  QVERIFY(job.driver.onTrial);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("confirm")));
  QVERIFY(job.driver.calls.size() < 40);
}

void JobRunnerTest::cancelOnADeviceThatConfirmedItselfTellsTheTruth() {
  JobFixture job;
  job.driver.trialBoot = TrialBoot::ConfirmsItself;
  job.driver.script(QStringLiteral("restart"), Mishap::CancelsLate);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Succeeded);  // it runs the new firmware and keeps it
  QCOMPARE(job.driver.calls.count(QStringLiteral("restart")), 1);
}

void JobRunnerTest::cancelWhileAnotherUnitAnswersTouchesItNoFurther() {
  JobFixture job;
  job.driver.script(QStringLiteral("wait"), Mishap::Cancels);
  job.driver.script(QStringLiteral("identify"), Mishap::Swapped, ErrorCode::Internal, 3);
  const JobReport report = job.run();
  COMPARE_OUTCOME(job, report, Outcome::Unknown);
  QCOMPARE(report.error->code, ErrorCode::DeviceChanged);
  QCOMPARE(job.driver.calls.count(QStringLiteral("restart")), 1);
}

void JobRunnerTest::cancelOnADeviceThatDoesNotLetGo() {
  {
    JobFixture job;  // before the restart: left as it is, and told
    job.driver.letsGo = false;
    job.driver.script(QStringLiteral("activate"), Mishap::CancelsLate);
    const JobReport report = job.run();
    COMPARE_OUTCOME(job, report, Outcome::Cancelled);
    QCOMPARE(job.driver.running, 0);
    QVERIFY(job.driver.marked);
    QVERIFY2(report.message.contains(QStringLiteral("did not let go")), qUtf8Printable(report.message));
    QVERIFY(!job.driver.calls.contains(QStringLiteral("restart")));
  }
  {
    JobFixture job;  // from the restart on: restarted until the trial is over
    job.driver.letsGo = false;
    job.driver.script(QStringLiteral("restart"), Mishap::Cancels);
    const JobReport report = job.run();
    COMPARE_OUTCOME(job, report, Outcome::Cancelled);
    QCOMPARE(job.driver.running, 0);
    QVERIFY(!job.driver.marked);
    QVERIFY(!job.driver.calls.contains(QStringLiteral("confirm")));
  }
}

// ---- the record ----

void JobRunnerTest::noRowNoStep_data() {
  QTest::addColumn<int>("rows");
  for (int rows = 0; rows < 2 * kOrder.size(); ++rows) {
    QTest::addRow("%02d-rows", rows) << rows;
  }
}

void JobRunnerTest::noRowNoStep() {
  QFETCH(int, rows);
  JobFixture job;
  QVERIFY(job.stopStoreAfter(rows));
  const JobReport report = job.run();
  // Each step that happened has its intent; the one whose intent could not be written did not happen.
  QCOMPARE(job.journal().size(), rows);
  QCOMPARE(job.driver.calls.size(), (rows + 1) / 2);
  QCOMPARE(job.driver.calls, kOrder.first((rows + 1) / 2));
  QCOMPARE(job.withoutIntent, QStringList());
  QVERIFY(report.outcome == Outcome::Failed || report.outcome == Outcome::Unknown ||
          (report.outcome == Outcome::Succeeded && rows == 2 * kOrder.size() - 1));
  QVERIFY2(report.message.contains(QStringLiteral("could not be written")), qUtf8Printable(report.message));
  QCOMPARE(job.auditedOutcomes(), QStringList());
  QCOMPARE(job.row().state, QStringLiteral("running"));  // so that it is settled later
}

void JobRunnerTest::closedStoreNothingHappens() {
  JobFixture job;
  QVERIFY(job.execute(QStringLiteral("DROP TABLE journal")));
  job.driver.inside = [](const QString&) {};
  const JobReport report = job.run();
  QVERIFY(report.outcome == Outcome::Failed);
  QCOMPARE(job.driver.calls, QStringList());
}

QTEST_GUILESS_MAIN(JobRunnerTest)
#include "job_runner_test.moc"
