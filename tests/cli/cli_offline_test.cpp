// Offline mode: the tool asks the system for no network socket at all, whatever it is told to do.
#include "app/store/setting_table.h"
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

// The families of every socket that the traced program tried to open (strace(1): "socket(AF_INET, …").
QList<QByteArray> triedSockets(const QString& trace) {
  QList<QByteArray> tried;
  const QList<QByteArray> lines = readFile(trace, 64 * 1024 * 1024).value_or(QByteArray()).split('\n');
  for (const QByteArray& line : lines) {
    const qsizetype call = line.indexOf("socket(AF_");
    if (call >= 0) {
      tried << line.mid(call + 7).split(',').first();
    }
  }
  return tried;
}

}  // namespace

class CliOfflineTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void noSocketIsTried_data();
  void noSocketIsTried();
  void withoutItSocketsAreTried();
  void worksWithoutAnyNetwork();
  void settingCountsForLaterRuns();
  void filesAreReachedOffline();

 private:
  // A vendor with an https and an http address beside its folder, and a device over UDP.
  void knowNetworkVendor(bool alsoFolder);
  Ran traced(const QStringList& arguments, QList<QByteArray>* tried) const;

  std::unique_ptr<CliWorld> world_;
};

void CliOfflineTest::initTestCase() {
  if (QStandardPaths::findExecutable(QStringLiteral("strace")).isEmpty()) {
    QSKIP("strace is not installed");
  }
  QProcess probe;
  probe.start(QStringLiteral("strace"),
              {QStringLiteral("-qq"), QStringLiteral("-o"), QStringLiteral("/dev/null"), QStringLiteral("true")});
  if (!probe.waitForFinished(kToolMs) || probe.exitCode() != 0) {
    QSKIP("strace may not trace here");
  }
}

void CliOfflineTest::knowNetworkVendor(bool alsoFolder) {
  world_ = std::make_unique<CliWorld>();
  world_->initRepository();
  world_->release({1, 1, 0, 0});
  Result<QByteArray> bytes = readFile(world_->vendorFile(), 1024 * 1024);
  QVERIFY(bytes);
  QJsonObject file = QJsonDocument::fromJson(*bytes).object();
  QJsonArray addresses{QStringLiteral("https://updates.example/"), QStringLiteral("http://127.0.0.1:9/")};
  if (alsoFolder) {
    addresses << QUrl::fromLocalFile(world_->publicFolder()).toString();
  }
  file[QStringLiteral("addresses")] = addresses;
  QVERIFY(writeFileAtomic(world_->vendorFile(), QJsonDocument(file).toJson()));
}

Ran CliOfflineTest::traced(const QStringList& arguments, QList<QByteArray>* tried) const {
  const QString trace = world_->file(QStringLiteral("trace"));
  QFile::remove(trace);
  QProcess process;
  process.setProcessEnvironment(CliWorld::environment());
  process.start(QStringLiteral("strace"), QStringList{QStringLiteral("-f"), QStringLiteral("-qq"), QStringLiteral("-e"),
                                                      QStringLiteral("trace=socket,connect,sendto"),
                                                      QStringLiteral("-o"), trace, QStringLiteral(SEALIFTCTL)} +
                                              world_->withDataFolder(arguments));
  process.closeWriteChannel();
  const Ran ran = CliWorld::finish(process);
  *tried = triedSockets(trace);
  return ran;
}

void CliOfflineTest::noSocketIsTried_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<bool>("alsoFolder");
  QTest::addColumn<int>("status");
  QTest::newRow("vendor-list") << QStringList{QStringLiteral("vendor"), QStringLiteral("list")} << false << 0;
  QTest::newRow("vendor-refresh") << QStringList{QStringLiteral("vendor"), QStringLiteral("refresh")} << false << 1;
  QTest::newRow("device-list") << QStringList{QStringLiteral("device"), QStringLiteral("list")} << false << 0;
  // The model is known then, so that the device would be asked.
  QTest::newRow("device-add-udp") << QStringList{QStringLiteral("device"), QStringLiteral("add"),
                                                 QStringLiteral("udp:127.0.0.1:9")}
                                  << true << 1;
  QTest::newRow("device-add-by-name") << QStringList{QStringLiteral("device"), QStringLiteral("add"),
                                                     QStringLiteral("udp:device.example:1337")}
                                      << true << 1;
}

void CliOfflineTest::noSocketIsTried() {
  QFETCH(QStringList, arguments);
  QFETCH(bool, alsoFolder);
  QFETCH(int, status);
  knowNetworkVendor(alsoFolder);
  QList<QByteArray> tried;
  const Ran added = traced({QStringLiteral("--offline"), QStringLiteral("vendor"), QStringLiteral("add"),
                            world_->vendorFile(), QStringLiteral("--accept"), world_->fingerprint()},
                           &tried);
  VERIFY_STATUS(added, alsoFolder ? 0 : 1);
  QVERIFY2(!tried.contains("AF_INET") && !tried.contains("AF_INET6"), tried.join(' ').constData());
  const Ran ran = traced(QStringList{QStringLiteral("--offline")} + arguments, &tried);
  VERIFY_STATUS(ran, status);
  QVERIFY2(!tried.contains("AF_INET") && !tried.contains("AF_INET6"), tried.join(' ').constData());
  if (status != 0) {
    QVERIFY2(ran.err.contains("Offline mode is on"), ran.err.constData());
  }
}

// The same without the option, so that the trace is known to see them.
void CliOfflineTest::withoutItSocketsAreTried() {
  knowNetworkVendor(false);
  QList<QByteArray> tried;
  (void)traced({QStringLiteral("vendor"), QStringLiteral("add"), world_->vendorFile(), QStringLiteral("--accept"),
                world_->fingerprint()},
               &tried);
  QVERIFY2(tried.contains("AF_INET") || tried.contains("AF_INET6"), tried.join(' ').constData());
}

// In a network namespace of its own, where not even loopback is up.
void CliOfflineTest::worksWithoutAnyNetwork() {
  QProcess probe;
  probe.start(QStringLiteral("unshare"), {QStringLiteral("-rn"), QStringLiteral("true")});
  if (!probe.waitForFinished(kToolMs) || probe.exitCode() != 0) {
    QSKIP("a network namespace of one's own is not permitted here");
  }
  knowNetworkVendor(true);
  QProcess process;
  process.setProcessEnvironment(CliWorld::environment());
  process.start(
      QStringLiteral("unshare"),
      QStringList{QStringLiteral("-rn"), QStringLiteral(SEALIFTCTL)} +
          world_->withDataFolder({QStringLiteral("--offline"), QStringLiteral("vendor"), QStringLiteral("add"),
                                  world_->vendorFile(), QStringLiteral("--accept"), world_->fingerprint()}));
  process.closeWriteChannel();
  const Ran added = CliWorld::finish(process);
  VERIFY_STATUS(added, 0);
  QVERIFY2(added.out.contains("Norrland T2"), added.out.constData());
}

void CliOfflineTest::settingCountsForLaterRuns() {
  knowNetworkVendor(false);
  VERIFY_STATUS(world_->run({QStringLiteral("--offline"), QStringLiteral("vendor"), QStringLiteral("add"),
                             world_->vendorFile(), QStringLiteral("--accept"), world_->fingerprint()}),
                1);
  {
    const auto database = Database::open(world_->dataFolder());
    QVERIFY(database);
    QVERIFY(SettingTable(**database).set(QStringLiteral("network.offline"), QStringLiteral("1")));
  }
  QList<QByteArray> tried;
  const Ran ran = traced(
      {QStringLiteral("vendor"), QStringLiteral("refresh"), QStringLiteral("norrland"), QStringLiteral("--json")},
      &tried);
  QCOMPARE(ran.errorCode(), QStringLiteral("offline"));
  QVERIFY2(!tried.contains("AF_INET") && !tried.contains("AF_INET6"), tried.join(' ').constData());
}

void CliOfflineTest::filesAreReachedOffline() {
  knowNetworkVendor(true);
  QList<QByteArray> tried;
  const Ran added = traced({QStringLiteral("--offline"), QStringLiteral("vendor"), QStringLiteral("add"),
                            world_->vendorFile(), QStringLiteral("--accept"), world_->fingerprint()},
                           &tried);
  VERIFY_STATUS(added, 0);
  QVERIFY2(added.out.contains("Norrland T2"), added.out.constData());
  QVERIFY2(!tried.contains("AF_INET") && !tried.contains("AF_INET6"), tried.join(' ').constData());
}

QTEST_GUILESS_MAIN(CliOfflineTest)
#include "cli_offline_test.moc"
