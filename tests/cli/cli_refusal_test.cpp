// What must not be installed isn't: the exit status is 3, the reason is told by its stable name, it stands in the
// audit log, and not one flash operation of the device happened.
#include "tests/cli/cli_world.h"
#include "tests/support/udp_switch.h"

#include <QDir>

using namespace sealift;
using namespace sealift::test;

namespace {

// Changes one byte in the middle.
void damage(const QString& path) {
  QFile file(path);
  QVERIFY2(file.open(QIODevice::ReadWrite), qPrintable(path));
  QByteArray bytes = file.readAll();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x01);
  file.seek(0);
  QCOMPARE(file.write(bytes), bytes.size());
}

void copyFolder(const QString& from, const QString& to) {
  QDirIterator files(from, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    const QString target = to + path.mid(from.size());
    QVERIFY(QDir().mkpath(QFileInfo(target).path()));
    QFile::remove(target);
    QVERIFY2(QFile::copy(path, target), qPrintable(target));
  }
}

const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliRefusalTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void unfitReleases_data();
  void unfitReleases();
  void hostileRepositories_data();
  void hostileRepositories();
  void consentIsToOnePlan_data();
  void consentIsToOnePlan();
  void swappedDevice();
};

void CliRefusalTest::unfitReleases_data() {
  QTest::addColumn<QString>("release");  // as named on the command line; empty: the offered one
  QTest::addColumn<QString>("code");
  const auto row = [](const char* name, const char* release, const char* code) {
    QTest::newRow(name) << QString::fromLatin1(release) << QString::fromLatin1(code);
  };
  row("image-of-a-stranger", "", "image.unknown-key");
  row("image-changed-after-signing", "", "image.hash-mismatch");
  row("image-cut-short", "", "image.malformed");
  row("image-without-signature", "", "image.unsigned");
  row("image-says-another-version", "", "image.hash-mismatch");
  row("other-model", "MODEL", "policy.wrong-model");
  row("other-revision", "1.1.0", "policy.wrong-revision");
  row("lower-version", "0.9.0", "policy.version-lower");
  row("same-version", "1.0.0", "policy.version-same");
  row("lower-security-version", "", "policy.security-version");
  row("too-large", "", "image.too-large");
}

void CliRefusalTest::unfitReleases() {
  QFETCH(QString, release);
  QFETCH(const QString, code);
  const QString name = QString::fromLatin1(QTest::currentDataTag());
  const auto is = [&](const char* other) { return name == QLatin1String(other); };
  CliWorld world;
  world.initRepository();
  if (is("image-of-a-stranger")) {
    world.release(kNew, {.image = VirtualVendor().build(kNew)});
  } else if (is("image-changed-after-signing")) {
    QByteArray image = world.firmware.build(kNew);
    image[1000] = static_cast<char>(image[1000] ^ 0x80);
    world.release(kNew, {.image = image});
  } else if (is("image-cut-short")) {
    world.release(kNew, {.image = world.firmware.build(kNew).chopped(40)});
  } else if (is("image-without-signature")) {
    const Result<QByteArray> image =
        readFile(QStringLiteral(SEALIFT_TEST_DATA "/mcuboot/app-2.4.0+17-counter8-unsigned.bin"), 1 << 20);
    QVERIFY(image);
    world.release({2, 4, 0, 17}, {.counter = 8, .image = *image});
  } else if (is("image-says-another-version")) {
    world.release(kNew, {.image = world.firmware.build({1, 0, 5, 0})});
  } else if (is("other-model")) {
    world.addModel(QStringLiteral("z9"));
    world.release({2, 0, 0, 0}, {.model = QStringLiteral("z9")});
  } else if (is("other-revision")) {
    world.release(kNew, {.revisions = {QStringLiteral("B")}});
  } else if (is("lower-version")) {
    world.release({0, 9, 0, 0});
  } else if (is("same-version")) {
    world.release(kOld, {.payload = 20'000});
  } else if (is("lower-security-version")) {
    world.release(kNew, {.counter = 4});
  } else if (is("too-large")) {
    world.release(kNew, {.payload = 300'000});
  }
  world.addVendor();
  const auto device = world.addDevice(world.deviceConfig(kOld, is("lower-security-version") ? 5 : 1));
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  if (release == QLatin1String("MODEL")) {  // by its id, which the offer to a device of that model would tell
    const Result<QByteArray> image = readFile(world.file(QStringLiteral("z9-2.0.0.bin")), 1 << 20);
    QVERIFY(image);
    release = QStringLiteral("norrland/firmware/z9/2.0.0/z9-2.0.0.bin#") +
              QString::fromLatin1(sha256(*image).toHex()).left(16);
  }
  QStringList options;
  if (!release.isEmpty()) {
    options = {QStringLiteral("--release"), release};
  }
  const Ran plan =
      world.runJson(QStringList{QStringLiteral("update"), QStringLiteral("plan"), QStringLiteral("0001")} + options);
  VERIFY_STATUS(plan, 3);
  VERIFY_SCHEMA("plan", plan);
  QCOMPARE(plan.json().value(QLatin1String("allowed")).toBool(true), false);
  QStringList failed;
  const QJsonArray checks = plan.json().value(QLatin1String("checks")).toArray();
  for (const QJsonValue& check : checks) {
    failed << check.toObject().value(QLatin1String("code")).toString();
  }
  QVERIFY2(failed.contains(code), qPrintable(failed.join(u' ')));

  // Neither with the plan's own digest nor otherwise.
  const QString digest = plan.json().value(QLatin1String("plan")).toString();
  const Ran applied = world.runJson(world.applyCommand(digest) + options);
  VERIFY_STATUS(applied, 3);
  VERIFY_SCHEMA("job", applied);
  QCOMPARE(applied.json().value(QLatin1String("outcome")).toString(), QStringLiteral("refused"));
  VERIFY_STATUS(
      world.run(QStringList{QStringLiteral("update"), QStringLiteral("apply"), QStringLiteral("0001")} + options), 3);
  QCOMPARE(device->snapshot().flashOperations, written);
  QCOMPARE(device->snapshot().boots, 1U);
  const QByteArray log = world.run("audit list --outcome refused").out;
  QVERIFY2(log.contains("update.refused") && log.contains("check.failed"), log.constData());
  QVERIFY(!world.run("audit list --limit 1000").out.contains("consent.given"));
}

void CliRefusalTest::hostileRepositories_data() {
  QTest::addColumn<QString>("code");
  QTest::addColumn<bool>("planned");  // there is a plan that tells it; otherwise an error
  const auto row = [](const char* name, const char* code, bool planned) {
    QTest::newRow(name) << QString::fromLatin1(code) << planned;
  };
  row("image-file-changed", "trust.hash-mismatch", true);
  row("notes-file-changed", "trust.hash-mismatch", false);
  row("targets-changed", "trust.", false);
  row("timestamp-changed", "trust.", true);
  row("older-metadata-replayed", "trust.rollback", true);
  row("metadata-expired", "trust.expired", true);
}

void CliRefusalTest::hostileRepositories() {
  QFETCH(const QString, code);
  QFETCH(const bool, planned);
  const QString name = QString::fromLatin1(QTest::currentDataTag());
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  if (name == QLatin1String("image-file-changed")) {
    damage(world.published(QStringLiteral("t2-1.1.0.bin")));
  } else if (name == QLatin1String("notes-file-changed")) {
    damage(world.published(QStringLiteral("notes.en.md")));
  } else if (name == QLatin1String("targets-changed")) {
    world.release({1, 2, 0, 0});  // news, so that the file is fetched
    QString newest;
    for (int version = 1; version < 20; ++version) {
      const QString path = world.published(QStringLiteral("/%1.targets.json").arg(version));
      newest = path.isEmpty() ? newest : path;
    }
    damage(newest);
  } else if (name == QLatin1String("timestamp-changed")) {
    damage(world.published(QStringLiteral("timestamp.json")));
  } else if (name == QLatin1String("older-metadata-replayed")) {
    copyFolder(world.publicFolder(), world.file(QStringLiteral("old")));
    world.release({1, 2, 0, 0});
    VERIFY_STATUS(world.run("vendor refresh"), 0);
    copyFolder(world.file(QStringLiteral("old")), world.publicFolder());
  } else {
    const ManualClock longAgo(QDateTime::currentDateTimeUtc().addYears(-3));
    QVERIFY(world.desk(longAgo).refreshTimestamp());
  }
  const Ran plan = world.runJson("update plan 0001");
  VERIFY_STATUS(plan, 3);
  if (planned) {
    VERIFY_SCHEMA("plan", plan);
  } else {
    VERIFY_SCHEMA("error", plan);
  }
  QVERIFY2(plan.out.contains((QStringLiteral("\"") + code).toUtf8()), plan.out.constData());
  const QString digest = plan.json().value(QLatin1String("plan")).toString();
  const Ran applied = world.run(world.applyCommand(digest.isEmpty() ? QString(64, u'0') : digest));
  VERIFY_STATUS(applied, 3);
  QCOMPARE(device->snapshot().flashOperations, written);
  QVERIFY(world.run("audit list --outcome refused").out.contains("update.refused"));
}

void CliRefusalTest::consentIsToOnePlan_data() {
  QTest::addColumn<QString>("code");
  QTest::newRow("nobody-asked") << QStringLiteral("consent.missing");
  QTest::newRow("made-up-digest") << QStringLiteral("consent.plan-changed");
  QTest::newRow("newer-release-since") << QStringLiteral("consent.plan-changed");
  QTest::newRow("other-notes-since") << QStringLiteral("consent.plan-changed");
  QTest::newRow("other-image-since") << QStringLiteral("consent.plan-changed");
}

void CliRefusalTest::consentIsToOnePlan() {
  QFETCH(const QString, code);
  const QString name = QString::fromLatin1(QTest::currentDataTag());
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  QString digest = world.planDigest();
  QCOMPARE(digest.size(), 64);
  if (name == QLatin1String("nobody-asked")) {
    digest.clear();
  } else if (name == QLatin1String("made-up-digest")) {
    digest = QString(64, u'a');
  } else if (name == QLatin1String("newer-release-since")) {
    world.release({1, 2, 0, 0});
  } else if (name == QLatin1String("other-notes-since")) {
    world.release(kNew, {.notes = "## Known issues\n\n- Erases all settings.\n", .sameImage = true});
  } else {
    world.release(kNew, {.payload = 31'000});
  }
  QStringList command = world.applyCommand(digest);
  if (digest.isEmpty()) {
    command.resize(3);
  }
  const Ran applied = world.runJson(command);
  VERIFY_STATUS(applied, 3);
  VERIFY_SCHEMA("error", applied);
  QCOMPARE(applied.errorCode(), code);
  VERIFY_STATUS(world.run(command), 3);
  QCOMPARE(device->snapshot().flashOperations, written);
  const Ran log = world.runJson("audit list --outcome refused");
  QVERIFY2(log.out.contains("update.refused"), log.out.constData());
}

// Another unit of the same model at the address since the plan was agreed to.
void CliRefusalTest::swappedDevice() {
  CliWorld world;
  world.initRepository();
  world.release(kNew);
  world.addVendor();
  SmpDeviceConfig config = world.deviceConfig();
  VirtualSmpDevice device(config);
  config.serial = QStringLiteral("0002");
  VirtualSmpDevice other(config);
  QVERIFY(device.start() && other.start());
  UdpSwitch port;
  port.leadTo(device.address());
  VERIFY_STATUS(world.run({QStringLiteral("device"), QStringLiteral("add"), port.address().toString()}), 0);
  const QString digest = world.planDigest();
  const quint64 written = other.snapshot().flashOperations;
  port.leadTo(other.address());
  const Ran applied = world.runJson(world.applyCommand(digest));
  VERIFY_STATUS(applied, 3);
  VERIFY_SCHEMA("error", applied);
  QCOMPARE(other.snapshot().flashOperations, written);
  QVERIFY(other.snapshot().running == kOld);
}

QTEST_GUILESS_MAIN(CliRefusalTest)
#include "cli_refusal_test.moc"
