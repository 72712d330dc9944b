// Going back, people and rules on releases, as scripts use them: exit status, JSON against its schemas, and what is
// refused.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliRollbackTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void peopleAndADowngrade();
  void rulesOnReleases();
  void homeTypesTheVersion();

 private:
  // Runs 1.1.0; the vendor publishes 1.0.0 and 1.1.0.
  static std::unique_ptr<VirtualSmpDevice> ready(CliWorld& world) {
    world.initRepository();
    world.release(kOld);
    world.release(kNew);
    world.addVendor();
    return QTest::currentTestFailed() ? nullptr : world.addDevice(world.deviceConfig(kNew, 1));
  }
  static QString passwordFile(const CliWorld& world, const QString& name, const QByteArray& password) {
    const QString path = world.file(name);
    return writeFileAtomic(path, password + '\n', /*ownerOnly=*/true) ? path : QString();
  }
};

void CliRollbackTest::peopleAndADowngrade() {
  CliWorld world;
  const auto device = ready(world);
  QVERIFY(device);
  const QString sam = passwordFile(world, QStringLiteral("sam"), "correct horse");
  const QString tine = passwordFile(world, QStringLiteral("tine"), "battery staple");
  const auto words = [](const QString& text) { return text.split(u' '); };

  Ran ran = world.runJson("operator list");
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("operators", ran);
  VERIFY_STATUS(world.run(words(QStringLiteral("operator add Tine --role technician --new-password-file ") + tine)), 2);
  VERIFY_STATUS(world.run(words(QStringLiteral("operator add Sam --role supervisor --new-password-file ") + sam)), 0);
  VERIFY_STATUS(world.run(words(QStringLiteral("operator add Tine --role technician --new-password-file ") + tine)), 3);
  ran =
      world.runJson(words(QStringLiteral("operator add Tine --role technician --new-password-file %1 --supervisor Sam "
                                         "--password-file %2")
                              .arg(tine, sam)));
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("operators", ran);
  QCOMPARE(ran.json()[QLatin1String("operators")].toArray().size(), 2);

  const QString downgrade = QStringLiteral("update downgrade 0001 --release 1.0.0 --reason sticks");
  ran = world.runJson(words(downgrade + QStringLiteral(" --plan")));
  VERIFY_STATUS(ran, 3);  // the policy is off
  VERIFY_SCHEMA("plan", ran);
  VERIFY_STATUS(world.run("station policy --allow-downgrade yes"), 3);
  VERIFY_STATUS(world.run(words(
                    QStringLiteral("station policy --allow-downgrade yes --supervisor Tine --password-file ") + tine)),
                3);
  ran = world.runJson(
      words(QStringLiteral("station policy --allow-downgrade yes --supervisor Sam --password-file ") + sam));
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("station-status", ran);

  VERIFY_STATUS(world.run("update apply 0001 --release 1.0.0 --accept 00"), 3);
  ran = world.run(words(downgrade + QStringLiteral(" --plan")));
  VERIFY_STATUS(ran, 0);
  QVERIFY2(ran.out.contains("DOWNGRADE 1.1.0"), ran.out.constData());
  ran = world.runJson(words(downgrade + QStringLiteral(" --plan")));
  VERIFY_SCHEMA("plan", ran);
  const QString digest = ran.json()[QLatin1String("plan")].toString();
  const quint64 written = device->snapshot().flashOperations;
  const QString accepted = downgrade + QStringLiteral(" --accept ") + digest;
  ran = world.runJson(words(accepted));
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("policy.role"));
  ran = world.runJson(words(accepted + QStringLiteral(" --supervisor Tine --password-file ") + tine));
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("policy.role"));
  ran = world.runJson(words(accepted + QStringLiteral(" --supervisor Sam --password-file ") + tine));
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("operator.sign-in"));
  QVERIFY(QFile::setPermissions(sam, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
  ran = world.runJson(words(accepted + QStringLiteral(" --supervisor Sam --password-file ") + sam));
  QVERIFY2(ran.status != 0, "a password file that others may read is no secret");
  QVERIFY(QFile::setPermissions(sam, QFileDevice::ReadOwner | QFileDevice::WriteOwner));
  QCOMPARE(device->snapshot().flashOperations, written);
  ran = world.runJson(words(accepted + QStringLiteral(" --supervisor Sam --password-file ") + sam));
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("job", ran);
  QVERIFY(device->snapshot().running == kOld);
}

void CliRollbackTest::rulesOnReleases() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  VERIFY_STATUS(world.run("release block 1.1.0 --device 0001"), 2);
  VERIFY_STATUS(world.run("release block 1.1.0 --reason drains"), 2);
  VERIFY_STATUS(world.run("release block 1.1.0 --model norrland/other --reason drains"), 1);
  Ran ran = world.runJson("release block 1.1.0 --device 0001 --reason drains --by-version");
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("release-rules", ran);
  ran = world.runJson("device show 0001");
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("device", ran);
  QVERIFY(ran.json()[QLatin1String("offer")].isNull());
  ran = world.runJson("update plan 0001 --release 1.1.0");
  VERIFY_STATUS(ran, 3);
  VERIFY_SCHEMA("plan", ran);
  VERIFY_STATUS(world.run("update plan 0001"), 9);
  VERIFY_STATUS(world.run("release unblock 1.1.0 --device 0001 --reason fixed"), 0);
  VERIFY_STATUS(world.run("release pin 1.0.0 --model norrland/t2 --reason hold --by-version"), 0);
  VERIFY_STATUS(world.run("update plan 0001 --release 1.1.0"), 3);
  VERIFY_STATUS(world.run("release unpin 1.0.0 --model norrland/t2 --reason go"), 0);
  VERIFY_STATUS(world.run("release skip 1.1.0 --device 0001"), 0);
  VERIFY_STATUS(world.run("update plan 0001"), 9);
  VERIFY_STATUS(world.run("update plan 0001 --release 1.1.0"), 0);
  VERIFY_STATUS(world.run("release unskip 1.1.0 --device 0001"), 0);
  VERIFY_STATUS(world.run("update plan 0001"), 0);
  VERIFY_STATUS(world.run("release resume norrland/nothing#0 --reason why"), 1);
  ran = world.runJson("station status");
  VERIFY_STATUS(ran, 0);
  VERIFY_SCHEMA("station-status", ran);
}

void CliRollbackTest::homeTypesTheVersion() {
  CliWorld world;
  const auto device = ready(world);
  QVERIFY(device);
  VERIFY_STATUS(world.run("station mode home"), 0);
  VERIFY_STATUS(world.run("station policy --allow-downgrade yes"), 0);
  const QStringList downgrade = QStringLiteral("update downgrade 0001 --release 1.0.0 --reason sticks").split(u' ');
  const QString digest =
      world.runJson(downgrade + QStringList{QStringLiteral("--plan")}).json()[QLatin1String("plan")].toString();
  const QStringList accepted = downgrade + QStringList{QStringLiteral("--accept"), digest};
  const Ran ran = world.runJson(accepted);
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("consent.missing"));
  VERIFY_STATUS(world.run(accepted + QStringList{QStringLiteral("--confirm"), QStringLiteral("1.0.0")}), 0);
  QVERIFY(device->snapshot().running == kOld);
}

QTEST_GUILESS_MAIN(CliRollbackTest)
#include "cli_rollback_test.moc"
