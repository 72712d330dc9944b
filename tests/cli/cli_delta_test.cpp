// Differences, from the vendor's desk to the device, as people see them.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr quint32 kSeed = 5;  // of all images: they are alike

QJsonObject deliveryOf(const Ran& plan) {
  return plan.json().value(QLatin1String("delivery")).toObject();
}

}  // namespace

class CliDeltaTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void vendorIsToldWhatPays();
  void deviceGetsAnUpdate();
  void nextOneIsADifference();
  void deviceThatCannotGetsTheWholeImage();
  void damagedDifferenceIsNoHindrance();

 private:
  QString image(const Version& version) {
    const QString path = world_.file(QStringLiteral("t2-%1.bin").arg(version.toString()));
    return writeFileAtomic(path, world_.firmware.build(version, "healthy", 30'000, 1, kSeed)) ? path : QString();
  }
  Ran repo(const QStringList& arguments) {
    return world_.runJson(
        QStringList{QStringLiteral("repo"), arguments.first(), QStringLiteral("--repo"), world_.repo()} +
        arguments.mid(1));
  }
  // Adds and publishes a release.
  Ran add(const Version& version, const QStringList& more) {
    const Ran added = repo(
        QStringList{QStringLiteral("add-release"), image(version), QStringLiteral("--model"), world_.model} + more);
    world_.publish();
    return added;
  }
  Ran plan() { return world_.runJson("update plan 0001"); }
  void update() {
    const Ran applied = world_.runJson(world_.applyCommand(world_.planDigest()));
    VERIFY_STATUS(applied, 0);
    QCOMPARE(applied.json().value(QLatin1String("outcome")).toString(), QStringLiteral("succeeded"));
  }

  CliWorld world_;
  std::unique_ptr<VirtualSmpDevice> device_;
};

void CliDeltaTest::initTestCase() {
  world_.initRepository();
  VERIFY_STATUS(add({1, 1, 0, 0}, {}), 0);
  world_.addVendor();
  SmpDeviceConfig config = world_.deviceConfig();
  config.firmware = world_.firmware.build({1, 0, 0, 0}, "healthy", 30'000, 1, kSeed);
  config.deltaImage = 2;
  device_ = world_.addDevice(config);
  QVERIFY(device_);
}

void CliDeltaTest::vendorIsToldWhatPays() {
  const Ran unknown = repo({QStringLiteral("add-release"), image({1, 2, 0, 0}), QStringLiteral("--model"), world_.model,
                            QStringLiteral("--delta-from"), QStringLiteral("0.9.0")});
  VERIFY_STATUS(unknown, 1);
  VERIFY_SCHEMA("error", unknown);
  QCOMPARE(unknown.errorCode(), QStringLiteral("not-found"));
}

// Nothing is known here of what the device runs, so the whole image is fetched.
void CliDeltaTest::deviceGetsAnUpdate() {
  const Ran planned = plan();
  VERIFY_STATUS(planned, 0);
  VERIFY_SCHEMA("plan", planned);
  const QJsonObject delivery = deliveryOf(planned);
  QCOMPARE(delivery.value(QLatin1String("downloadBytes")),
           planned.json()[QStringLiteral("to")].toObject()[QStringLiteral("bytes")]);
  QVERIFY(delivery.value(QLatin1String("download")).toString().contains(QStringLiteral("full image")));
  update();
}

void CliDeltaTest::nextOneIsADifference() {
  const Ran added = add({1, 2, 0, 0}, {QStringLiteral("--delta-from"), QStringLiteral("all")});
  VERIFY_STATUS(added, 0);
  VERIFY_SCHEMA("repository", added);
  const QJsonArray deltas = added.json().value(QLatin1String("deltas")).toArray();
  QCOMPARE(deltas.size(), 1);
  const qint64 bytes = deltas.first().toObject().value(QLatin1String("bytes")).toInteger();
  QVERIFY2(bytes > 0 && bytes < 1000, qPrintable(QString::number(bytes)));

  const Ran planned = plan();
  VERIFY_STATUS(planned, 0);
  VERIFY_SCHEMA("plan", planned);
  const QJsonObject delivery = deliveryOf(planned);
  QCOMPARE(delivery.value(QLatin1String("downloadBytes")).toInteger(), bytes);
  QVERIFY(delivery.value(QLatin1String("download")).toString().contains(QStringLiteral("difference to 1.1.0")));
  QCOMPARE(delivery.value(QLatin1String("sendBytes")).toInteger(), bytes);
  const Ran told = world_.run("update plan 0001");
  QVERIFY2(told.out.contains("which the device applies itself") || told.out.contains("that the device applies itself"),
           told.out.constData());
  const qint64 before = device_->snapshot().uploadedBytes;
  update();
  QCOMPARE(device_->snapshot().uploadedBytes, before);  // no image came over the link
  QCOMPARE(device_->snapshot().running, std::optional(Version{1, 2, 0, 0}));
}

// The same vendor, station and releases; the device has no code for it.
void CliDeltaTest::deviceThatCannotGetsTheWholeImage() {
  SmpDeviceConfig config = world_.deviceConfig();
  config.firmware = world_.firmware.build({1, 1, 0, 0}, "healthy", 30'000, 1, kSeed);
  config.serial = QStringLiteral("0002");
  const auto other = world_.addDevice(config);
  QVERIFY(other);
  const Ran planned = world_.runJson("update plan 0002");
  const QJsonObject delivery = deliveryOf(planned);
  QCOMPARE(delivery.value(QLatin1String("downloadBytes")).toInteger(), 0);  // kept from the other one's update
  QCOMPARE(delivery.value(QLatin1String("sendBytes")),
           planned.json()[QStringLiteral("to")].toObject()[QStringLiteral("bytes")]);
}

// What the vendor's server gives for it is not what was published: the whole image is fetched, and the plan says why.
void CliDeltaTest::damagedDifferenceIsNoHindrance() {
  VERIFY_STATUS(add({1, 3, 0, 0}, {QStringLiteral("--delta-from"), QStringLiteral("1.2.0")}), 0);
  QDirIterator files(world_.publicFolder(), QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    if (path.endsWith(QStringLiteral(".delta"))) {
      const Result<QByteArray> bytes = readFile(path, 1 << 20);
      QVERIFY(bytes && writeFileAtomic(path, QByteArray(bytes->size(), 'x')));
    }
  }
  const Ran planned = plan();
  VERIFY_STATUS(planned, 0);
  const QJsonObject delivery = deliveryOf(planned);
  QVERIFY2(delivery.value(QLatin1String("download")).toString().contains(QStringLiteral("did not do")),
           qPrintable(delivery.value(QLatin1String("download")).toString()));
  QVERIFY2(delivery.value(QLatin1String("send")).toString().contains(QStringLiteral("could not be had")),
           qPrintable(delivery.value(QLatin1String("send")).toString()));
  update();
  QCOMPARE(device_->snapshot().running, std::optional(Version{1, 3, 0, 0}));
}

QTEST_GUILESS_MAIN(CliDeltaTest)
#include "cli_delta_test.moc"
