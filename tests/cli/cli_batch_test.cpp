// Several devices and one consent, at a terminal: what is shown, what is left out, what is agreed to.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliBatchTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void updatesAllThatHaveAnOffer();
  void onlyThoseThatAreNamed();
  void consentIsToThesePlans();
  void leavesOutWhatIsRefused();
  void waitsForItsTime();

 private:
  using Units = std::vector<std::unique_ptr<VirtualSmpDevice>>;
  static Units units(CliWorld& world, int count) {
    world.initRepository();
    world.release(kNew);
    world.addVendor();
    Units made;
    for (int i = 0; i < count && !QTest::currentTestFailed(); ++i) {
      SmpDeviceConfig config = world.deviceConfig();
      config.serial = QStringLiteral("B%1").arg(i);
      made.push_back(world.addDevice(config));
    }
    return made;
  }
  static int updated(const Units& units) {
    return static_cast<int>(std::count_if(units.begin(), units.end(), [](const auto& unit) {
      const auto now = unit->snapshot();
      return now.running == kNew && now.confirmed;
    }));
  }
  static QString digestOf(const Ran& ran) { return ran.json().value(QLatin1String("batch")).toString(); }
};

void CliBatchTest::updatesAllThatHaveAnOffer() {
  CliWorld world;
  const Units all = units(world, 5);
  QVERIFY(!QTest::currentTestFailed());
  const Ran planned = world.runJson("update batch --plan");
  VERIFY_STATUS(planned, 0);
  VERIFY_SCHEMA("batch", planned);
  const QString digest = digestOf(planned);
  QCOMPARE(digest.size(), 64);
  QCOMPARE(planned.json().value(QLatin1String("devices")).toArray().size(), 5);
  QCOMPARE(updated(all), 0);
  const Ran shown = world.run("update batch --plan");
  VERIFY_STATUS(shown, 0);
  QCOMPARE(shown.out.count("What changes"), 1);  // one release
  QVERIFY2(shown.out.contains("Batch " + digest.toLatin1()), shown.out.constData());
  const Ran done =
      world.runJson({QStringLiteral("update"), QStringLiteral("batch"), QStringLiteral("--accept"), digest});
  VERIFY_STATUS(done, 0);
  VERIFY_SCHEMA("batch", done);
  QCOMPARE(updated(all), 5);
  for (const QJsonValue& device : done.json().value(QLatin1String("devices")).toArray()) {
    QCOMPARE(device[QLatin1String("job")][QLatin1String("outcome")].toString(), QStringLiteral("succeeded"));
  }
  VERIFY_STATUS(world.run("update batch"), 9);
}

void CliBatchTest::onlyThoseThatAreNamed() {
  CliWorld world;
  const Units all = units(world, 3);
  QVERIFY(!QTest::currentTestFailed());
  const QStringList two{QStringLiteral("update"), QStringLiteral("batch"), QStringLiteral("B0"), QStringLiteral("B2"),
                        QStringLiteral("B0")};
  const Ran planned = world.runJson(two + QStringList{QStringLiteral("--plan")});
  VERIFY_STATUS(planned, 0);
  QCOMPARE(planned.json().value(QLatin1String("devices")).toArray().size(), 2);
  const Ran done = world.run(two + QStringList{QStringLiteral("--accept"), digestOf(planned)});
  VERIFY_STATUS(done, 0);
  QCOMPARE(done.out.count("Succeeded"), 2);
  QCOMPARE(updated(all), 2);
  QVERIFY(all[1]->snapshot().running == kOld);
}

void CliBatchTest::consentIsToThesePlans() {
  CliWorld world;
  const Units all = units(world, 2);
  QVERIFY(!QTest::currentTestFailed());
  const auto written = [&] { return all[0]->snapshot().flashOperations + all[1]->snapshot().flashOperations; };
  const quint64 before = written();
  Ran ran = world.runJson("update batch");  // nobody can be asked
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("consent.missing"));
  const QString ofOne = digestOf(world.runJson("update batch B0 --plan"));
  ran = world.runJson({QStringLiteral("update"), QStringLiteral("batch"), QStringLiteral("--accept"), ofOne});
  VERIFY_STATUS(ran, 3);
  QCOMPARE(ran.errorCode(), QStringLiteral("consent.plan-changed"));
  QCOMPARE(updated(all), 0);
  QCOMPARE(written(), before);
}

void CliBatchTest::leavesOutWhatIsRefused() {
  CliWorld world;
  const Units all = units(world, 2);
  QVERIFY(!QTest::currentTestFailed());
  VERIFY_STATUS(world.run("release block 1.1.0 --device B1 --reason drains"), 0);
  const QString command = QStringLiteral("update batch B0 B1 nobody --release 1.1.0");
  const Ran planned = world.runJson((command + QStringLiteral(" --plan")).split(u' '));
  VERIFY_STATUS(planned, 3);
  VERIFY_SCHEMA("batch", planned);
  const Ran done = world.run((command + QStringLiteral(" --accept ") + digestOf(planned)).split(u' '));
  VERIFY_STATUS(done, 3);
  QCOMPARE(done.out.count("LEFT OUT"), 2);
  QVERIFY(all[0]->snapshot().running == kNew);
  QVERIFY(all[1]->snapshot().running == kOld);
}

void CliBatchTest::waitsForItsTime() {
  CliWorld world;
  const Units all = units(world, 2);
  QVERIFY(!QTest::currentTestFailed());
  const QString digest = digestOf(world.runJson("update batch --plan"));
  const Ran agreed =
      world.run(QStringLiteral("update batch --when 2099-01-01T00:00:00Z --accept %1").arg(digest).split(u' '));
  VERIFY_STATUS(agreed, 0);
  QVERIFY2(agreed.out.contains("2 of them have not begun"), agreed.out.constData());
  QCOMPARE(world.runJson("update queue").json().value(QLatin1String("jobs")).toArray().size(), 2);
  QCOMPARE(updated(all), 0);
}

QTEST_GUILESS_MAIN(CliBatchTest)
#include "cli_batch_test.moc"
