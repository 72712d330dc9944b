// Whole jobs on a real U-Boot, recorded (tests/data/uboot) and played again: driver and engine must type exactly what
// they typed then, and conclude the same.
#include "tests/support/uboot_replay.h"

#include "app/base/file_io.h"
#include "devices/drivers/uboot_driver.h"
#include "tests/support/uboot_job.h"

#include <QJsonDocument>
#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

QByteArray data(const QString& name) {
  return readFile(QStringLiteral(SEALIFT_TEST_DATA "/uboot/") + name, 1 << 20).value_or(QByteArray());
}

}  // namespace

class UbootReplayTest : public QObject {
  Q_OBJECT

 private:
  ModelDescription model(bool tftp) const {
    ModelDescription model;
    model.vendorId = QStringLiteral("tide");
    model.id = QStringLiteral("tide-gauge");
    model.name = QStringLiteral("Tide gauge");
    model.driver = QStringLiteral("uboot");
    model.deviceNames = {QStringLiteral("tide-gauge")};
    model.hardwareRevisions = {QStringLiteral("A"), QStringLiteral("B")};
    model.imageFormat = QStringLiteral("fit");
    model.imageKeys = {data(QStringLiteral("dev.pub.pem"))};
    model.driverSettings = QJsonDocument::fromJson(data(QStringLiteral("settings.json"))).object();
    if (!tftp) {
      model.driverSettings.remove(QStringLiteral("tftp"));
    }
    return model;
  }
  Image image_;

 private Q_SLOTS:
  void initTestCase() {
    image_.bytes = data(QStringLiteral("1.1.0.fit"));
    image_.sha256 = sha256(image_.bytes);
    const auto facts = verifyImage(QStringLiteral("fit"), image_.bytes, {data(QStringLiteral("dev.pub.pem"))});
    QVERIFY2(facts, facts ? "" : qPrintable(facts.error().message()));
    image_.facts = *facts;
  }

  void wholeJob_data() {
    QTest::addColumn<bool>("tftp");
    QTest::newRow("tftp") << true;
    QTest::newRow("ymodem") << false;
  }

  void wholeJob() {
    QFETCH(const bool, tftp);
    UbootReplay replay(data(QStringLiteral("session-%1.txt").arg(QString::fromLatin1(QTest::currentDataTag()))));
    const auto driver = UbootDriver::entry().make(model(tftp), {LinkKind::Serial, QStringLiteral("x"), 0, {}}, replay);
    QVERIFY(driver);
    const auto report = runUbootJob(**driver, model(tftp), image_);
    QCOMPARE(replay.problem(), QString());
    QVERIFY2(report, report ? "" : qPrintable(report.error().message()));
    QVERIFY2(report->outcome == Outcome::Succeeded, qPrintable(report->message));
    const Slot* running = report->device->runningSlot();
    QVERIFY(running != nullptr);
    QCOMPARE(running->version->toString(), QStringLiteral("1.1.0"));
    QCOMPARE(running->digest, (*driver)->reportedDigest(image_));
    QVERIFY(running->confirmed);
    QCOMPARE(report->device->serial, QStringLiteral("TG-000417"));
    QCOMPARE(report->device->securityVersion, std::optional<quint32>(2));
  }

  // The same session, while another image is meant: what is in the device's memory is not it.
  void anotherImageIsNotTakenForTheOneThatArrived() {
    Image other = image_;
    other.bytes[5000] = static_cast<char>(other.bytes[5000] ^ 1);
    other.sha256 = sha256(other.bytes);
    UbootReplay replay(data(QStringLiteral("session-tftp.txt")));
    const auto driver = UbootDriver::entry().make(model(true), {LinkKind::Serial, QStringLiteral("x"), 0, {}}, replay);
    QVERIFY(driver);
    const auto report = runUbootJob(**driver, model(true), other);
    QVERIFY2(report, report ? "" : qPrintable(report.error().message()));
    QVERIFY(report->outcome != Outcome::Succeeded);
    QCOMPARE(report->stage, Stage::Transfer);
    QCOMPARE(report->error->code, ErrorCode::DeviceWriteFailed);
    QVERIFY(!replay.problem().isEmpty());
  }
};

QTEST_GUILESS_MAIN(UbootReplayTest)
#include "uboot_replay_test.moc"
