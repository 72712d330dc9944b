// Every rule of the update policy, each refusing alone.
#include "app/policy/update_policy.h"

#include <QTest>

#include <functional>

using namespace sealift;

namespace {

using Change = std::function<void(PolicyQuestion&)>;

Slot& runningSlot(PolicyQuestion& question) {
  return question.device.slots[0];
}

// 1.0.0 → 1.1.0 on a t2 of revision B: nothing speaks against it.
PolicyQuestion makeQuestion() {
  PolicyQuestion question;
  question.model.id = QStringLiteral("t2");
  question.model.name = QStringLiteral("Norrland T2");
  question.model.deviceNames = QStringList{QStringLiteral("t2-main"), QStringLiteral("t2-lite")};
  question.model.imageFormat = QStringLiteral("mcuboot");
  question.model.lifecycle.fullSupportEnds = QDate(2028, 1, 1);
  question.model.lifecycle.securitySupportEnds = QDate(2030, 1, 1);
  question.device.deviceName = QStringLiteral("t2-main");
  question.device.hardwareRevision = QStringLiteral("B");
  question.device.securityVersion = 3;
  question.device.batteryPercent = 80;
  question.device.slotBytes = 100'000;
  question.device.slots = {Slot{.name = QStringLiteral("A"),
                                .index = 0,
                                .version = Version{1, 0, 0, 0},
                                .digest = QByteArrayLiteral("old"),
                                .running = true,
                                .confirmed = true,
                                .pending = false,
                                .permanent = false,
                                .bootable = true}};
  question.capabilities.slots = true;
  question.capabilities.testBoot = true;
  question.release.modelId = QStringLiteral("t2");
  question.release.hardwareRevisions = QStringList{QStringLiteral("B"), QStringLiteral("C")};
  question.release.component = QStringLiteral("application");
  question.release.version = Version{1, 1, 0, 0};
  question.release.securityVersion = 4;
  question.release.minimumVersion = Version{0, 9, 0, 0};
  question.release.format = QStringLiteral("mcuboot");
  question.release.bytes = 100'000;
  ImageFacts facts;
  facts.version = Version{1, 1, 0, 0};
  facts.securityVersion = 4;
  facts.compatible = QStringList{QStringLiteral("t2-main")};
  question.image = facts;
  question.highestSecurityVersionSeen = 4;
  question.today = QDate(2026, 6, 1);
  return question;
}

const Check* findCheck(const QList<Check>& checks, const QString& id) {
  for (const Check& check : checks) {
    if (check.id == id) {
      return &check;
    }
  }
  return nullptr;
}

}  // namespace

class PolicyTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void allPassInTheirOrder();
  void refuses_data();
  void refuses();
  void downgrades_data();
  void downgrades();
  void allows_data();
  void allows();
  void everyRuleAnswersAlsoAfterOneRefused();
  void protectedDeviceNeedsAnAgreementOfItsOwn();
  void lifecyclePhases_data();
  void lifecyclePhases();
};

void PolicyTest::allPassInTheirOrder() {
  const QList<Check> checks = askUpdatePolicy(makeQuestion());
  QStringList ids;
  for (const Check& check : checks) {
    ids << check.id;
    QVERIFY2(check.state == CheckState::Passed, qUtf8Printable(check.id + u' ' + check.detail));
    QVERIFY(!check.title.isEmpty());
    QVERIFY(!check.detail.isEmpty());
    QCOMPARE(check.code, QString());
  }
  QCOMPARE(ids,
           (QStringList{QStringLiteral("model"), QStringLiteral("hardware-revision"),
                        QStringLiteral("image-matches-release"), QStringLiteral("version"),
                        QStringLiteral("security-version"), QStringLiteral("minimum-version"), QStringLiteral("size"),
                        QStringLiteral("fallback"), QStringLiteral("power"), QStringLiteral("lifecycle")}));
}

void PolicyTest::refuses_data() {
  QTest::addColumn<Change>("change");
  QTest::addColumn<QString>("rule");
  QTest::addColumn<ErrorCode>("code");
  const auto row = [](const char* name, const char* rule, ErrorCode code, const Change& change) {
    QTest::newRow(name) << change << QString::fromLatin1(rule) << code;
  };
  row("nearly-empty-battery", "power", ErrorCode::PolicyPower, [](PolicyQuestion& q) { q.device.batteryPercent = 9; });
  row("release-for-another-model", "model", ErrorCode::PolicyWrongModel,
      [](PolicyQuestion& q) { q.release.modelId = QStringLiteral("t3"); });
  row("model-id-differs-in-case", "model", ErrorCode::PolicyWrongModel,
      [](PolicyQuestion& q) { q.release.modelId = QStringLiteral("T2"); });
  row("device-names-itself-otherwise", "model", ErrorCode::PolicyWrongModel, [](PolicyQuestion& q) {
    q.device.deviceName = QStringLiteral("t3-main");
    q.image->compatible.clear();
  });
  row("device-does-not-name-itself", "model", ErrorCode::PolicyWrongModel, [](PolicyQuestion& q) {
    q.device.deviceName.clear();
    q.image->compatible.clear();
  });
  row("image-for-other-hardware", "model", ErrorCode::PolicyWrongModel,
      [](PolicyQuestion& q) { q.image->compatible = QStringList{QStringLiteral("t3-main")}; });
  row("image-for-the-other-name-of-the-model", "model", ErrorCode::PolicyWrongModel,
      [](PolicyQuestion& q) { q.image->compatible = QStringList{QStringLiteral("t2-lite")}; });
  row("other-format", "model", ErrorCode::ImageFormatRefused,
      [](PolicyQuestion& q) { q.release.format = QStringLiteral("fit"); });
  row("no-format", "model", ErrorCode::ImageFormatRefused, [](PolicyQuestion& q) { q.release.format.clear(); });
  row("revision-not-told", "hardware-revision", ErrorCode::PolicyWrongRevision,
      [](PolicyQuestion& q) { q.device.hardwareRevision.clear(); });
  row("other-revision", "hardware-revision", ErrorCode::PolicyWrongRevision,
      [](PolicyQuestion& q) { q.device.hardwareRevision = QStringLiteral("A"); });
  row("image-says-higher-version", "image-matches-release", ErrorCode::ImageHashMismatch, [](PolicyQuestion& q) {
    q.image->version = Version{1, 2, 0, 0};
  });
  row("image-says-lower-version", "image-matches-release", ErrorCode::ImageHashMismatch, [](PolicyQuestion& q) {
    q.image->version = Version{0, 1, 0, 0};
  });
  row("image-says-other-build", "image-matches-release", ErrorCode::ImageHashMismatch, [](PolicyQuestion& q) {
    q.image->version = Version{1, 1, 0, 7};
  });
  row("image-says-higher-security-version", "image-matches-release", ErrorCode::ImageHashMismatch,
      [](PolicyQuestion& q) { q.image->securityVersion = 5; });
  row("image-says-lower-security-version", "image-matches-release", ErrorCode::ImageHashMismatch,
      [](PolicyQuestion& q) { q.image->securityVersion = 3; });
  row("lower-version", "version", ErrorCode::PolicyVersionLower, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{1, 1, 0, 1};
  });
  row("much-lower-version", "version", ErrorCode::PolicyVersionLower, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{10, 0, 0, 0};
  });
  row("same-version", "version", ErrorCode::PolicyVersionSame, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{1, 1, 0, 0};
  });
  row("below-the-devices-counter", "security-version", ErrorCode::PolicySecurityVersion, [](PolicyQuestion& q) {
    q.device.securityVersion = 5;
    q.highestSecurityVersionSeen.reset();
  });
  row("below-what-the-station-remembers", "security-version", ErrorCode::PolicySecurityVersion, [](PolicyQuestion& q) {
    q.device.securityVersion.reset();
    q.highestSecurityVersionSeen = 5;
  });
  row("device-forgot-its-counter", "security-version", ErrorCode::PolicySecurityVersion, [](PolicyQuestion& q) {
    q.device.securityVersion = 0;
    q.highestSecurityVersionSeen = 5;
  });
  row("counter-at-its-end", "security-version", ErrorCode::PolicySecurityVersion,
      [](PolicyQuestion& q) { q.device.securityVersion = 0xffff'ffffU; });
  row("image-without-counter", "security-version", ErrorCode::PolicySecurityVersion,
      [](PolicyQuestion& q) { q.image->securityVersion.reset(); });
  row("below-the-minimum", "minimum-version", ErrorCode::PolicyMinimumVersion, [](PolicyQuestion& q) {
    q.release.minimumVersion = Version{1, 0, 1, 0};
  });
  row("minimum-and-nothing-running", "minimum-version", ErrorCode::PolicyMinimumVersion,
      [](PolicyQuestion& q) { runningSlot(q).running = false; });
  row("minimum-and-version-not-told", "minimum-version", ErrorCode::PolicyMinimumVersion,
      [](PolicyQuestion& q) { runningSlot(q).version.reset(); });
  row("a-byte-too-large", "size", ErrorCode::ImageTooLarge, [](PolicyQuestion& q) { q.release.bytes = 100'001; });
  row("running-slot-on-trial", "fallback", ErrorCode::PolicyNoFallback,
      [](PolicyQuestion& q) { runningSlot(q).confirmed = false; });
}

void PolicyTest::refuses() {
  QFETCH(Change, change);
  QFETCH(QString, rule);
  QFETCH(ErrorCode, code);
  PolicyQuestion question = makeQuestion();
  change(question);
  const QList<Check> checks = askUpdatePolicy(question);
  QCOMPARE(checks.size(), 10);
  for (const Check& check : checks) {
    QVERIFY2((check.state == CheckState::Failed) == (check.id == rule),
             qUtf8Printable(check.id + u' ' + checkStateName(check.state) + u' ' + check.detail));
  }
  const Check* refusal = firstFailure(checks);
  QVERIFY(refusal != nullptr);
  QCOMPARE(refusal->code, errorCodeName(code));
  QVERIFY(!refusal->remedy.isEmpty());
  QVERIFY2(refusal->detail.endsWith(u'.'), qUtf8Printable(refusal->detail));
  // A refusal never stands under the words of what it denies.
  const QList<Check> asIfFine = askUpdatePolicy(makeQuestion());
  QVERIFY2(refusal->title != findCheck(asIfFine, rule)->title, qUtf8Printable(refusal->title));
}

// 1.1.0 → 1.0.0 with the same security version, and everything speaks for it. Each row changes one thing.
void PolicyTest::downgrades_data() {
  QTest::addColumn<Change>("change");
  QTest::addColumn<QString>("rule");  // that refuses; empty: none does
  QTest::addColumn<ErrorCode>("code");
  const auto row = [](const char* name, const char* rule, ErrorCode code, const Change& change) {
    QTest::newRow(name) << change << QString::fromLatin1(rule) << code;
  };
  row("agreed", "", ErrorCode::Internal, [](PolicyQuestion&) {});
  row("the-device-tells-no-counter", "", ErrorCode::Internal,
      [](PolicyQuestion& q) { q.device.securityVersion.reset(); });
  row("only-the-vendor-tells", "", ErrorCode::Internal, [](PolicyQuestion& q) {
    q.device.securityVersion.reset();
    q.highestSecurityVersionSeen.reset();
  });
  row("not-asked-for", "version", ErrorCode::PolicyVersionLower, [](PolicyQuestion& q) { q.downgrade.reset(); });
  row("newer", "version", ErrorCode::PolicyDowngrade, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{0, 9, 0, 0};
  });
  row("same", "version", ErrorCode::PolicyVersionSame, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{1, 0, 0, 0};
  });
  row("running-version-not-told", "version", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { runningSlot(q).version.reset(); });
  row("below-the-counter", "security-version", ErrorCode::PolicySecurityVersion,
      [](PolicyQuestion& q) { q.device.securityVersion = 5; });
  row("below-the-remembered", "security-version", ErrorCode::PolicySecurityVersion,
      [](PolicyQuestion& q) { q.highestSecurityVersionSeen = 5; });
  row("below-what-runs", "security-version", ErrorCode::PolicySecurityVersion, [](PolicyQuestion& q) {
    q.device.securityVersion.reset();
    q.highestSecurityVersionSeen.reset();
    q.downgrade->running->securityVersion = 5;
  });
  row("nobody-tells-a-security-version", "security-version", ErrorCode::PolicySecurityVersion, [](PolicyQuestion& q) {
    q.device.securityVersion.reset();
    q.highestSecurityVersionSeen.reset();
    q.downgrade->running.reset();
  });
  row("off-here", "downgrade-policy", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.downgrade->allowedHere = false; });
  row("vendor-forbids-to", "downgrade-vendor", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.release.downgradeTo = false; });
  row("vendor-forbids-from", "downgrade-vendor", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.downgrade->running->downgradeFrom = false; });
  row("no-reason", "downgrade-reason", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.downgrade->reason = QStringLiteral(" \t "); });
  row("endless-reason", "downgrade-reason", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.downgrade->reason = QString(501, u'x'); });
  row("reason-with-controls", "downgrade-reason", ErrorCode::PolicyDowngrade,
      [](PolicyQuestion& q) { q.downgrade->reason = QStringLiteral("fine\x1b[2J"); });
}

void PolicyTest::downgrades() {
  QFETCH(Change, change);
  QFETCH(QString, rule);
  QFETCH(ErrorCode, code);
  PolicyQuestion question = makeQuestion();
  runningSlot(question).version = Version{1, 1, 0, 0};
  question.release.version = Version{1, 0, 0, 0};
  question.image->version = Version{1, 0, 0, 0};
  question.release.minimumVersion.reset();
  question.device.securityVersion = 4;
  DowngradeTerms terms;
  terms.allowedHere = true;
  terms.reason = QStringLiteral("The valve sticks.");
  terms.running = question.release;
  terms.running->version = Version{1, 1, 0, 0};
  question.downgrade = terms;
  change(question);
  const QList<Check> checks = askUpdatePolicy(question);
  for (const Check& check : checks) {
    QVERIFY2((check.state == CheckState::Failed) == (check.id == rule),
             qUtf8Printable(check.id + u' ' + checkStateName(check.state) + u' ' + check.detail));
  }
  if (rule.isEmpty()) {
    QCOMPARE(checkStateName(findCheck(checks, QStringLiteral("version"))->state), QStringLiteral("warning"));
    QVERIFY(findCheck(checks, QStringLiteral("version"))->title.startsWith(QStringLiteral("Downgrade")));
  } else {
    QCOMPARE(firstFailure(checks)->code, errorCodeName(code));
  }
}

void PolicyTest::allows_data() {
  QTest::addColumn<Change>("change");
  QTest::addColumn<QString>("rule");
  QTest::addColumn<CheckState>("state");
  const auto row = [](const char* name, const char* rule, CheckState state, const Change& change) {
    QTest::newRow(name) << change << QString::fromLatin1(rule) << state;
  };
  row("any-name-when-the-model-has-none", "model", CheckState::Passed, [](PolicyQuestion& q) {
    q.model.deviceNames.clear();
    q.device.deviceName = QStringLiteral("whatever");
    q.image->compatible.clear();
  });
  row("image-for-the-model-id", "model", CheckState::Passed, [](PolicyQuestion& q) {
    q.image->compatible = QStringList{QStringLiteral("x"), QStringLiteral("t2")};
  });
  row("all-revisions", "hardware-revision", CheckState::Passed, [](PolicyQuestion& q) {
    q.release.hardwareRevisions.clear();
    q.device.hardwareRevision.clear();
  });
  row("image-not-accepted", "image-matches-release", CheckState::NotApplicable,
      [](PolicyQuestion& q) { q.image.reset(); });
  row("image-tells-no-version", "image-matches-release", CheckState::Passed,
      [](PolicyQuestion& q) { q.image->version.reset(); });
  row("next-build", "version", CheckState::Passed, [](PolicyQuestion& q) {
    runningSlot(q).version = Version{1, 1, 0, 0};
    q.release.version = Version{1, 1, 0, 1};
    q.image->version = Version{1, 1, 0, 1};
  });
  row("version-not-told", "version", CheckState::Warning, [](PolicyQuestion& q) {
    runningSlot(q).version.reset();
    q.release.minimumVersion.reset();
  });
  row("counter-equal", "security-version", CheckState::Passed, [](PolicyQuestion& q) { q.device.securityVersion = 4; });
  row("no-counter-anywhere", "security-version", CheckState::Passed, [](PolicyQuestion& q) {
    q.device.securityVersion.reset();
    q.highestSecurityVersionSeen.reset();
    q.image->securityVersion.reset();
  });
  row("minimum-exactly-installed", "minimum-version", CheckState::Passed, [](PolicyQuestion& q) {
    q.release.minimumVersion = Version{1, 0, 0, 0};
  });
  row("slot-size-not-told", "size", CheckState::Passed, [](PolicyQuestion& q) {
    q.device.slotBytes = 0;
    q.release.bytes = 1'000'000'000;
  });
  row("no-second-slot", "fallback", CheckState::Warning, [](PolicyQuestion& q) { q.capabilities.slots = false; });
  row("no-trial-boot", "fallback", CheckState::Warning, [](PolicyQuestion& q) { q.capabilities.testBoot = false; });
  row("nothing-running", "fallback", CheckState::Warning, [](PolicyQuestion& q) {
    runningSlot(q).running = false;
    q.release.minimumVersion.reset();
  });
  row("low-battery", "power", CheckState::Warning, [](PolicyQuestion& q) { q.device.batteryPercent = 29; });
  row("battery-at-the-limit", "power", CheckState::Warning, [](PolicyQuestion& q) { q.device.batteryPercent = 10; });
  row("enough-battery", "power", CheckState::Passed, [](PolicyQuestion& q) { q.device.batteryPercent = 30; });
  row("no-battery", "power", CheckState::NotApplicable, [](PolicyQuestion& q) { q.device.batteryPercent.reset(); });
}

void PolicyTest::allows() {
  QFETCH(Change, change);
  QFETCH(QString, rule);
  QFETCH(CheckState, state);
  PolicyQuestion question = makeQuestion();
  change(question);
  const QList<Check> checks = askUpdatePolicy(question);
  const Check* refusal = firstFailure(checks);
  QVERIFY2(refusal == nullptr, refusal ? qUtf8Printable(refusal->detail) : "");
  const Check* answer = findCheck(checks, rule);
  QVERIFY(answer != nullptr);
  QCOMPARE(checkStateName(answer->state), checkStateName(state));
}

void PolicyTest::everyRuleAnswersAlsoAfterOneRefused() {
  PolicyQuestion question = makeQuestion();
  question.release.modelId = QStringLiteral("t3");
  question.device.hardwareRevision = QStringLiteral("A");
  question.image->version = Version{7, 0, 0, 0};
  question.image->securityVersion = 1;
  runningSlot(question).version = Version{2, 0, 0, 0};
  runningSlot(question).confirmed = false;
  question.device.securityVersion = 9;
  question.release.minimumVersion = Version{3, 0, 0, 0};
  question.release.bytes = 1'000'000;
  qsizetype failed = 0;
  const QList<Check> checks = askUpdatePolicy(question);
  for (const Check& check : checks) {
    failed += check.state == CheckState::Failed ? 1 : 0;
  }
  QCOMPARE(failed, 8);
  QCOMPARE(firstFailure(checks)->id, QStringLiteral("model"));
}

void PolicyTest::protectedDeviceNeedsAnAgreementOfItsOwn() {
  PolicyQuestion question = makeQuestion();
  question.device.readProtected = true;
  const QString id = QStringLiteral("read-out-protection");
  const QList<Check> refused = askUpdatePolicy(question);
  QCOMPARE(firstFailure(refused)->id, id);
  QCOMPARE(firstFailure(refused)->code, QStringLiteral("device.protected"));
  question.eraseAgreed = true;
  const QList<Check> agreed = askUpdatePolicy(question);
  QVERIFY(firstFailure(agreed) == nullptr);
  QCOMPARE(findCheck(agreed, id)->state, CheckState::Warning);
  question.device.readProtected = false;  // a bootloader tells only when it is read
  QCOMPARE(findCheck(askUpdatePolicy(question), id)->state, CheckState::Warning);
  question.eraseAgreed = false;
  QVERIFY(findCheck(askUpdatePolicy(question), id) == nullptr);
}

void PolicyTest::lifecyclePhases_data() {
  QTest::addColumn<QDate>("today");
  QTest::addColumn<bool>("dated");
  QTest::addColumn<CheckState>("state");
  QTest::newRow("full") << QDate(2027, 12, 31) << true << CheckState::Passed;
  QTest::newRow("security-only-from-its-day-on") << QDate(2028, 1, 1) << true << CheckState::Passed;
  QTest::newRow("last-day") << QDate(2029, 12, 31) << true << CheckState::Passed;
  QTest::newRow("end-of-life-from-its-day-on") << QDate(2030, 1, 1) << true << CheckState::Warning;
  QTest::newRow("unknown-is-not-invented") << QDate(2090, 1, 1) << false << CheckState::NotApplicable;
}

void PolicyTest::lifecyclePhases() {
  QFETCH(QDate, today);
  QFETCH(bool, dated);
  QFETCH(CheckState, state);
  PolicyQuestion question = makeQuestion();
  question.today = today;
  if (!dated) {
    question.model.lifecycle = Lifecycle();
  }
  const QList<Check> checks = askUpdatePolicy(question);
  QCOMPARE(checkStateName(findCheck(checks, QStringLiteral("lifecycle"))->state), checkStateName(state));
  QVERIFY(firstFailure(checks) == nullptr);
}

QTEST_GUILESS_MAIN(PolicyTest)
#include "policy_test.moc"
