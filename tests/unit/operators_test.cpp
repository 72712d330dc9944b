// Accounts: who may what, wrong passwords and how long they lock, and accounts that were made with a database tool.
#include "app/services/operators.h"

#include "app/audit/audit_query.h"
#include "keystore/crypto/password_hash.h"
#include "tests/support/audit_fixture.h"

#include <QTest>

using namespace sealift;

namespace {

const SignIn kSam{QStringLiteral("Sam"), "correct horse", {}};
const SignIn kTine{QStringLiteral("Tine"), "battery staple", {}};
// So that the tests are quick; what a password costs by default is tested apart.
const ScryptCost kCheap{.n = 1024, .r = 8, .p = 1};
const QString kOwner = QStringLiteral("owner");

SecretBytes secret(const char* text) {
  return SecretBytes(QByteArrayView(text));
}

}  // namespace

class OperatorsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup();
  void passwordsAreHashedAndCompared();
  void aStoredLineMustBeSane_data();
  void aStoredLineMustBeSane();
  void theOwnerDecidesUntilThereAreAccounts();
  void theFirstAccountIsASupervisors();
  void onlySupervisorsDecide();
  void namesAreFolded();
  void theLastSupervisorStays();
  void wrongPasswordsLockForLonger();
  void neitherRestartNorClockShortensALock();
  void lockedMeansLockedForTheRightPassword();
  void editedAccountsMayNothing_data();
  void editedAccountsMayNothing();
  void removedAccountsAreMissed();
  void ownPasswordNeedsThePresentOne();

 private:
  ErrorCode tryTo(Act act, const SignIn& who) {
    const Result<QString> permitted = operators_->permit(act, who);
    return permitted ? ErrorCode::UpToDate : permitted.error().code;  // UpToDate: it was permitted
  }
  qsizetype count(const QString& event) {
    AuditSelection selection;
    selection.event = event;
    return static_cast<qsizetype>(AuditQuery(*core_->database).count(selection).value());
  }
  void edit(const QString& sql) { QVERIFY(core_->database->run(sql).value() > 0); }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<ManualClock> clock_;
  std::unique_ptr<StationCore> core_;
  std::unique_ptr<Operators> operators_;
  BootMoment now_;
};

void OperatorsTest::init() {
  folder_ = std::make_unique<QTemporaryDir>();
  clock_ = std::make_unique<ManualClock>(QDateTime(QDate(2026, 6, 1), QTime(8, 0), Qt::UTC));
  core_ = std::make_unique<StationCore>();
  core_->clock = clock_.get();
  core_->database = std::move(*Database::open(folder_->filePath(QStringLiteral("station"))));
  core_->signer = KeySigner::generate();
  core_->audit = std::make_unique<AuditLog>(*core_->database, *core_->signer, *core_->clock);
  core_->setOperatorName(kOwner);
  now_ = {QStringLiteral("boot-1"), 1'000'000};
  operators_ = std::make_unique<Operators>(
      *core_, [this] { return now_; }, kCheap);
}

void OperatorsTest::cleanup() {
  operators_.reset();
  core_.reset();
}

void OperatorsTest::passwordsAreHashedAndCompared() {
  const QString stored = hashPassword(secret("correct horse")).value();
  QVERIFY(stored.startsWith(QStringLiteral("scrypt$32768$8$3$")));
  QVERIFY(!stored.contains(QStringLiteral("horse")));
  QVERIFY2(stored != hashPassword(secret("correct horse")).value(), "each has a salt of its own");
  QVERIFY(checkPassword(secret("correct horse"), stored).value());
  QVERIFY(!checkPassword(secret("correct horsf"), stored).value());
  QVERIFY(!checkPassword(secret("correct horse "), stored).value());
  // RFC 7914 section 12: "pleaseletmein" with "SodiumChloride" has another salt's length than ours, so the parameters
  // are checked by what a line with other ones gives.
  const QString cheap = hashPassword(secret("x"), {.n = 1024, .r = 8, .p = 1}).value();
  QVERIFY(cheap.startsWith(QStringLiteral("scrypt$1024$8$1$")));
  QVERIFY(checkPassword(secret("x"), cheap).value());
}

void OperatorsTest::aStoredLineMustBeSane_data() {
  QTest::addColumn<QString>("line");
  const QString tail = QStringLiteral("$") + QString(32, u'a') + u'$' + QString(64, u'b');
  QTest::newRow("empty") << QString();
  QTest::newRow("another scheme") << QStringLiteral("plain$32768$8$3") + tail;
  QTest::newRow("asks for a terabyte") << QStringLiteral("scrypt$1099511627776$8$1") + tail;
  QTest::newRow("wraps around") << QStringLiteral("scrypt$9223372036854775808$4294967295$1") + tail;
  QTest::newRow("too many lanes") << QStringLiteral("scrypt$1024$8$100000") + tail;
  QTest::newRow("not a power of two") << QStringLiteral("scrypt$1000$8$1") + tail;
  QTest::newRow("no salt") << QStringLiteral("scrypt$1024$8$1$$") + QString(64, u'b');
  QTest::newRow("short hash") << QStringLiteral("scrypt$1024$8$1$") + QString(32, u'a') + QStringLiteral("$bb");
}

void OperatorsTest::aStoredLineMustBeSane() {
  QFETCH(QString, line);
  const Result<bool> checked = checkPassword(secret("x"), line);
  QVERIFY(!checked);
  QCOMPARE(checked.error().code, ErrorCode::CryptoKey);
}

void OperatorsTest::theOwnerDecidesUntilThereAreAccounts() {
  QCOMPARE(operators_->permit(Act::ChangePolicy, {}).value(), kOwner);
  const Result<QString> downgrade = operators_->permitDowngrade({}, kOwner, /*homeMode=*/false);
  QVERIFY(!downgrade);
  QCOMPARE(downgrade.error().code, ErrorCode::PolicyRole);
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  QCOMPARE(tryTo(Act::ChangePolicy, {}), ErrorCode::PolicyRole);
}

void OperatorsTest::theFirstAccountIsASupervisors() {
  QVERIFY(!operators_->add(kTine.name, Role::Technician, kTine, kOwner));
  QVERIFY2(!operators_->add(QStringLiteral(" "), Role::Supervisor, kSam, kOwner), "a name can be read");
  QVERIFY2(!operators_->add(kSam.name, Role::Supervisor, {kSam.name, "short", {}}, kOwner), "8 characters at least");
  QVERIFY(operators_->list().value().isEmpty());
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  QCOMPARE(operators_->list().value().size(), 1);
  QVERIFY(operators_->checkAll());
}

void OperatorsTest::onlySupervisorsDecide() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  for (const Role role : {Role::Operator, Role::Technician, Role::Auditor}) {
    const SignIn who{roleName(role), "long enough", {}};
    QVERIFY(operators_->add(who.name, role, who, kSam.name));
    for (const Act act :
         {Act::AgreeToDowngrade, Act::ChangePolicy, Act::ManageAccounts, Act::LiftReleaseRule, Act::ResumeRelease}) {
      QCOMPARE(mayDo(role, act), false);
    }
    QCOMPARE(tryTo(Act::ChangePolicy, who), ErrorCode::PolicyRole);
  }
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::UpToDate);
  QCOMPARE(count(QStringLiteral("operator.refused")), 3);
  QCOMPARE(count(QStringLiteral("operator.signed-in")), 1);
}

void OperatorsTest::namesAreFolded() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  const Status again = operators_->add(QStringLiteral("SAM"), Role::Operator, kTine, kSam.name);
  QVERIFY(!again);
  QCOMPARE(again.error().code, ErrorCode::AlreadyExists);
  const Result<QString> self = operators_->permitDowngrade(kSam, QStringLiteral(" sAm "), false);
  QVERIFY2(!self, "the same person in other letters");
  QCOMPARE(operators_->permitDowngrade(kSam, kOwner, false).value(), kSam.name);
  QCOMPARE(operators_->permitDowngrade(kSam, kSam.name, true).value(), kSam.name);  // at home, the only one
}

void OperatorsTest::theLastSupervisorStays() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  QVERIFY(operators_->add(kTine.name, Role::Technician, kTine, kSam.name));
  QVERIFY(!operators_->remove(kSam.name, kSam.name));
  QVERIFY(!operators_->changeRole(kSam.name, Role::Operator, kSam.name));
  QVERIFY(operators_->changeRole(kTine.name, Role::Supervisor, kSam.name));
  QVERIFY(operators_->remove(kSam.name, kTine.name));
  QCOMPARE(tryTo(Act::ChangePolicy, kTine), ErrorCode::UpToDate);
  QVERIFY(operators_->remove(kTine.name, kTine.name));
  QCOMPARE(operators_->permit(Act::ChangePolicy, {}).value(), kOwner);
  QVERIFY(operators_->checkAll());
}

void OperatorsTest::wrongPasswordsLockForLonger() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  const SignIn wrong{kSam.name, "wrong horse", {}};
  for (int i = 0; i < 3; ++i) {
    QCOMPARE(tryTo(Act::ChangePolicy, wrong), ErrorCode::OperatorSignIn);
  }
  for (const qint64 wait : {30'000, 60'000, 120'000}) {
    QCOMPARE(tryTo(Act::ChangePolicy, wrong), ErrorCode::OperatorLocked);
    now_.sinceMs += wait - 1;
    QCOMPARE(tryTo(Act::ChangePolicy, wrong), ErrorCode::OperatorLocked);
    now_.sinceMs += 1;
    QCOMPARE(tryTo(Act::ChangePolicy, wrong), ErrorCode::OperatorSignIn);
  }
  QVERIFY(operators_->list().value().constFirst().locked);
  now_.sinceMs += 240'000;
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::UpToDate);
  QCOMPARE(tryTo(Act::ChangePolicy, wrong), ErrorCode::OperatorSignIn);  // a good one begins anew
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::UpToDate);
}

void OperatorsTest::neitherRestartNorClockShortensALock() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  for (int i = 0; i < 3; ++i) {
    QCOMPARE(tryTo(Act::ChangePolicy, {kSam.name, "wrong horse", {}}), ErrorCode::OperatorSignIn);
  }
  clock_->advanceSeconds(365LL * 24 * 3600);
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::OperatorLocked);
  operators_ = std::make_unique<Operators>(
      *core_, [this] { return now_; }, kCheap);
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::OperatorLocked);
  now_ = {QStringLiteral("boot-2"), 20'000};  // another start of the computer: the wait begins anew
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::OperatorLocked);
  now_.sinceMs = 30'000;
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::UpToDate);
}

void OperatorsTest::lockedMeansLockedForTheRightPassword() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  for (int i = 0; i < 3; ++i) {
    QCOMPARE(tryTo(Act::ChangePolicy, {kSam.name, "wrong horse", {}}), ErrorCode::OperatorSignIn);
  }
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::OperatorLocked);
  QCOMPARE(tryTo(Act::ChangePolicy, {QStringLiteral("Nobody"), "wrong horse", {}}), ErrorCode::OperatorSignIn);
}

void OperatorsTest::editedAccountsMayNothing_data() {
  QTest::addColumn<QString>("edit");
  QTest::newRow("role") << QStringLiteral("UPDATE operator_account SET role='supervisor' WHERE key='tine'");
  QTest::newRow("password") << QStringLiteral(
      "UPDATE operator_account SET password=(SELECT password FROM operator_account WHERE key='tine'), "
      "name='Tine', role='supervisor' WHERE key='sam'");
  QTest::newRow("another account") << QStringLiteral(
      "INSERT INTO operator_account(key, name, role, password, changed_ms) "
      "SELECT 'eve', 'Eve', 'supervisor', password, 1 FROM operator_account WHERE key='tine'");
}

void OperatorsTest::editedAccountsMayNothing() {
  QFETCH(QString, edit);
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  QVERIFY(operators_->add(kTine.name, Role::Technician, kTine, kSam.name));
  QVERIFY(operators_->recordAlterations());
  QCOMPARE(count(QStringLiteral("operator.altered")), 0);
  this->edit(edit);
  const Status found = operators_->checkAll();
  QVERIFY(!found);
  QCOMPARE(found.error().code, ErrorCode::OperatorAltered);
  for (const QString& name : {QStringLiteral("Sam"), QStringLiteral("Tine"), QStringLiteral("Eve")}) {
    const Result<QString> permitted = operators_->permit(Act::ChangePolicy, {name, kTine.password, {}});
    QVERIFY2(!permitted, qPrintable(name));
  }
  QVERIFY(operators_->recordAlterations());
  QVERIFY(operators_->recordAlterations());
  QCOMPARE(count(QStringLiteral("operator.altered")), 1);
  QVERIFY2(!operators_->add(QStringLiteral("Ann"), Role::Operator, kSam, kSam.name),
           "nothing is put on top of what was altered");
}

// With all accounts gone from the table the owner must not be asked again.
void OperatorsTest::removedAccountsAreMissed() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  edit(QStringLiteral("DELETE FROM operator_account"));
  QVERIFY(operators_->exist().value());
  QCOMPARE(tryTo(Act::ChangePolicy, {}), ErrorCode::PolicyRole);
  QVERIFY(!operators_->checkAll());
  QVERIFY(!operators_->add(kTine.name, Role::Supervisor, kTine, kOwner));
}

void OperatorsTest::ownPasswordNeedsThePresentOne() {
  QVERIFY(operators_->add(kSam.name, Role::Supervisor, kSam, kOwner));
  const SignIn next{kSam.name, "another horse", {}};
  QVERIFY(!operators_->changeOwnPassword({kSam.name, "wrong horse", {}}, next));
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::UpToDate);
  QVERIFY(operators_->changeOwnPassword(kSam, next));
  QCOMPARE(tryTo(Act::ChangePolicy, kSam), ErrorCode::OperatorSignIn);
  QCOMPARE(tryTo(Act::ChangePolicy, next), ErrorCode::UpToDate);
  QVERIFY(operators_->checkAll());
}

QTEST_GUILESS_MAIN(OperatorsTest)
#include "operators_test.moc"
