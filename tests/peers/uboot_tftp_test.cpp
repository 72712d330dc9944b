// Images by TFTP to a real U-Boot, in a network of the test's own: the whole job, what the network may do to it, and
// what somebody in that network may try.
#include "app/base/crc.h"
#include "app/base/file_io.h"
#include "devices/drivers/uboot_driver.h"
#include "tests/support/altered_ports.h"
#include "tests/support/crc_forgery.h"
#include "tests/support/private_network.h"
#include "tests/support/rogue_tftp.h"
#include "tests/support/uboot_job.h"
#include "tests/support/uboot_machine.h"
#include "tests/support/uboot_replay.h"
#include "transports/links/udp_port.h"

#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>

using namespace sealift;
using namespace sealift::test;

namespace {

QString messageOf(const Error& error) {
  return errorCodeName(error.code) + QStringLiteral(": ") + error.message() + QStringLiteral(" | ") + error.remedy;
}

constexpr char kTryPort[] = "--try-port-69";

}  // namespace

// Evaluates once; says the error's own words.
#define REQUIRE(result)                                                                             \
  do {                                                                                              \
    const auto& required = (result);                                                                \
    QVERIFY2(required.has_value(), qPrintable(required ? QString() : messageOf(required.error()))); \
  } while (false)

class UbootTftpTest : public QObject {
  Q_OBJECT

 private:
  void setTftp(const QString& key, const QJsonValue& value) {
    QJsonObject tftp = model_.driverSettings[QStringLiteral("tftp")].toObject();
    tftp[key] = value;
    model_.driverSettings[QStringLiteral("tftp")] = tftp;
  }
  std::unique_ptr<Driver> makeDriver() {
    auto driver = UbootDriver::entry().make(model_, machine_->address(), opener_);
    return driver ? std::move(*driver) : nullptr;
  }
  QString runningVersion(const DeviceSnapshot& device) {
    const Slot* slot = device.runningSlot();
    return slot != nullptr && slot->version ? slot->version->toString() : QStringLiteral("none");
  }
  // Everything up to the transfer, and the transfer.
  Status transferTo(Driver& driver, const Image& image) {
    SEALIFT_CHECK(driver.identify(step_));
    SEALIFT_CHECK(driver.enterBootloader(step_));
    return driver.transfer(image, step_);
  }
  void nothingWasWritten() {
    const auto slot = machine_->readDisk(UbootMachine::kSlotBlock[1], 64 * 1024);
    REQUIRE(slot);
    QVERIFY(*slot == QByteArray(64 * 1024, '\0'));
  }
  void portIsFree() { QVERIFY(UdpPort::open(QHostAddress(PrivateNetwork::host()), 69)); }
  // After a failure: the device boots what it had.
  void stillRunsTheOld(Driver& driver) {
    REQUIRE(driver.abandon(step_));
    const auto after = driver.identify(step_);
    REQUIRE(after);
    QVERIFY(!after->inBootloader);
    QCOMPARE(runningVersion(*after), QStringLiteral("1.0.0"));
  }
  bool noted(const QString& words) const { return notes_.join(u'\n').contains(words); }

  QTemporaryDir folder_;
  std::unique_ptr<UbootMachine> machine_;
  AlteredPorts opener_;
  ModelDescription model_;
  StepContext step_;
  QStringList notes_;

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    auto machine = UbootMachine::make(folder_.path());
    REQUIRE(machine);
    machine_ = std::move(*machine);
    machine_->connectTo(PrivateNetwork::tap());
  }
  void init() {
    opener_.outgoing = [](int, const QByteArray& bytes) { return std::optional(bytes); };
    opener_.opening = [](const QHostAddress&, quint16) { return Status(); };
    opener_.hidesPort = false;
    opener_.sent = 0;
    model_ = machine_->model();
    setTftp(QStringLiteral("address"), QString(PrivateNetwork::device() + QStringLiteral("/24")));
    step_ = StepContext{};
    notes_.clear();
    step_.note = [this](const QString& note) { notes_ << note; };
    machine_->requireSignatures(true);
    QVERIFY(machine_->resetDisk());
    REQUIRE(machine_->start());
  }
  void cleanup() {
    if (QTest::currentTestFailed()) {
      qInfo().noquote() << machine_->consoleLog().right(6000) << notes_;
    }
    machine_->cutPower();
  }

  void updatesAndConfirms_data();
  void updatesAndConfirms();
  void wholeJob_data();
  void wholeJob();
  void addressFromTheEnvironment();
  void addressByDhcp();
  void noAddressIsSaid();
  void linkLostInTheMiddle();
  void networkLostInTheMiddle_data();
  void networkLostInTheMiddle();
  void lossIsRepaired();
  void cancelledInTheMiddle();
  void anotherServersFileIsNotWritten_data();
  void anotherServersFileIsNotWritten();
  void bytesChangedOnTheWayAreNotWritten_data();
  void bytesChangedOnTheWayAreNotWritten();
  void olderSignedImageIsNotWritten();
  void withoutProofThereIsNoTftp_data();
  void withoutProofThereIsNoTftp();
  void portMayNotBeOpened_data();
  void portMayNotBeOpened();
  void systemsOwnRefusalNamesTheRemedy();
};

void UbootTftpTest::updatesAndConfirms_data() {
  QTest::addColumn<int>("block");
  QTest::addColumn<int>("window");
  QTest::newRow("as U-Boot asks by itself") << 0 << 0;
  QTest::newRow("window 16") << 1024 << 16;
}

void UbootTftpTest::updatesAndConfirms() {
  QFETCH(const int, block);
  QFETCH(const int, window);
  if (block > 0) {
    setTftp(QStringLiteral("blockSize"), block);
    setTftp(QStringLiteral("windowSize"), window);
  }
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  QVERIFY(driver);
  REQUIRE(transferTo(*driver, *image));
  QVERIFY(noted(QStringLiteral("U-Boot accepts the signature of what is in its memory, version 1.1.0")));
  QVERIFY(!machine_->consoleLog().contains(QStringLiteral("loady")));
  portIsFree();
  const auto proof = driver->verifyOnDevice(*image, step_);
  REQUIRE(proof);
  QCOMPARE(proof->digest, driver->reportedDigest(*image));
  REQUIRE(driver->activate(*image, step_));
  REQUIRE(driver->restart(step_));
  const auto trial = driver->waitForReturn(*image, step_);
  REQUIRE(trial);
  QCOMPARE(runningVersion(*trial), QStringLiteral("1.1.0"));
  REQUIRE(driver->confirm(*image, step_));
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QVERIFY(after->runningSlot()->confirmed);
}

void UbootTftpTest::wholeJob_data() {
  QTest::addColumn<bool>("tftp");
  QTest::newRow("tftp") << true;
  QTest::newRow("ymodem") << false;
}

// Recorded, and played again at once: the same job without the device. With SEALIFT_RECORD_UBOOT=FOLDER the recordings
// are kept there; tests/data/uboot came from it.
void UbootTftpTest::wholeJob() {
  QFETCH(const bool, tftp);
  setTftp(QStringLiteral("server"), PrivateNetwork::host());
  if (!tftp) {
    model_.driverSettings.remove(QStringLiteral("tftp"));
  }
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  QByteArray recording;
  opener_.wrapped = [&recording](std::unique_ptr<ByteLink> link) {
    return std::make_unique<RecordedLink>(std::move(link), &recording);
  };
  const auto report = runUbootJob(*makeDriver(), model_, *image);
  opener_.wrapped = [](std::unique_ptr<ByteLink> link) { return link; };
  REQUIRE(report);
  QVERIFY2(report->outcome == Outcome::Succeeded, qPrintable(report->message));
  QCOMPARE(runningVersion(*report->device), QStringLiteral("1.1.0"));
  QCOMPARE(machine_->consoleLog().contains(QStringLiteral("TFTP from server")), tftp);
  portIsFree();

  if (const QString folder = qEnvironmentVariable("SEALIFT_RECORD_UBOOT"); !folder.isEmpty()) {
    QVERIFY(writeFileAtomic(
        folder + QStringLiteral("/session-%1.txt").arg(QString::fromLatin1(QTest::currentDataTag())), recording));
    QVERIFY(writeFileAtomic(folder + QStringLiteral("/model-%1.json").arg(QString::fromLatin1(QTest::currentDataTag())),
                            QJsonDocument(model_.driverSettings).toJson()));
    QVERIFY(writeFileAtomic(folder + QStringLiteral("/1.1.0.fit"), image->bytes));
    QVERIFY(writeFileAtomic(folder + QStringLiteral("/dev.pub.pem"), machine_->imageKey()));
  }
  UbootReplay replay(recording);
  const auto driver = UbootDriver::entry().make(model_, machine_->address(), replay);
  REQUIRE(driver);
  const auto again = runUbootJob(**driver, model_, *image);
  REQUIRE(again);
  QVERIFY2(again->outcome == Outcome::Succeeded, qPrintable(again->message));
  QCOMPARE(replay.problem(), QString());
}

void UbootTftpTest::addressFromTheEnvironment() {
  setTftp(QStringLiteral("address"), QStringLiteral("environment"));
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  // As an environment that was saved has it: typed here, in the same session of U-Boot's.
  {
    QFile console(machine_->consolePath());
    QVERIFY(console.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    console.write("setenv ipaddr 192.168.77.2; setenv netmask 255.255.255.0\r");
  }
  REQUIRE(driver->transfer(*image, step_));
  QVERIFY(noted(QStringLiteral("The device at 192.168.77.2 takes the image by TFTP from 192.168.77.1.")));
}

// With a DHCP server that also names another server and file: neither is used.
void UbootTftpTest::addressByDhcp() {
  const QString dnsmasq = QStandardPaths::findExecutable(QStringLiteral("dnsmasq"),
                                                         {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")});
  if (dnsmasq.isEmpty()) {
    QSKIP("dnsmasq is missing (package dnsmasq-base)");
  }
  QProcess dhcp;
  dhcp.setProcessChannelMode(QProcess::MergedChannels);
  dhcp.start(dnsmasq,
             {QStringLiteral("--no-daemon"), QStringLiteral("--conf-file=/dev/null"), QStringLiteral("--port=0"),
              QStringLiteral("--user=root"), QStringLiteral("--group=root"), QStringLiteral("--pid-file="),
              QStringLiteral("--interface=") + PrivateNetwork::tap(), QStringLiteral("--bind-interfaces"),
              QStringLiteral("--dhcp-range=192.168.77.50,192.168.77.50,1h"),
              QStringLiteral("--dhcp-boot=evil.bin,evil,192.168.77.66"),
              QStringLiteral("--dhcp-leasefile=") + folder_.filePath(QStringLiteral("leases"))});
  QVERIFY(dhcp.waitForStarted());
  QByteArray said;
  while (!said.contains("DHCP, IP range") && dhcp.waitForReadyRead(10'000)) {
    said += dhcp.readAll();
  }
  QVERIFY2(said.contains("DHCP, IP range"), said.constData());
  setTftp(QStringLiteral("address"), QStringLiteral("dhcp"));
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  dhcp.kill();
  dhcp.waitForFinished();
  REQUIRE(transferred);
  QVERIFY(noted(QStringLiteral("The device at 192.168.77.50 takes the image by TFTP from 192.168.77.1.")));
  QVERIFY(!machine_->consoleLog().contains(QStringLiteral("evil.bin'")));
}

void UbootTftpTest::noAddressIsSaid() {
  setTftp(QStringLiteral("address"), QStringLiteral("environment"));
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::LinkOpen);
  QVERIFY(transferred.error().remedy.contains(QStringLiteral("ipaddr")));
  nothingWasWritten();
  stillRunsTheOld(*driver);
}

void UbootTftpTest::linkLostInTheMiddle() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  opener_.outgoing = [this](int index, const QByteArray& bytes) {
    if (index == 10) {
      machine_->cutPowerNow();
    }
    return std::optional(bytes);
  };
  auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::LinkLost);
  portIsFree();
  nothingWasWritten();
  opener_.outgoing = [](int, const QByteArray& bytes) { return std::optional(bytes); };
  REQUIRE(machine_->restart());
  const auto still = driver->identify(step_);
  REQUIRE(still);
  QCOMPARE(runningVersion(*still), QStringLiteral("1.0.0"));
  REQUIRE(driver->enterBootloader(step_));
  REQUIRE(driver->transfer(*image, step_));
  REQUIRE(driver->verifyOnDevice(*image, step_));
}

void UbootTftpTest::networkLostInTheMiddle_data() {
  QTest::addColumn<bool>("fallback");
  QTest::newRow("and no other way") << false;
  QTest::newRow("and YMODEM instead") << true;
}

void UbootTftpTest::networkLostInTheMiddle() {
  QFETCH(const bool, fallback);
  if (fallback) {
    setTftp(QStringLiteral("fallback"), QStringLiteral("ymodem"));
  }
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  opener_.outgoing = [](int index, const QByteArray& bytes) {
    return index < 10 ? std::optional(bytes) : std::nullopt;
  };
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  portIsFree();
  if (fallback) {
    REQUIRE(transferred);
    QVERIFY(noted(QStringLiteral("TFTP is not possible, so the image goes over the console")));
    REQUIRE(driver->verifyOnDevice(*image, step_));
    return;
  }
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::ProtocolRefused);
  QVERIFY2(transferred.error().what.contains(QStringLiteral("Retry count exceeded")),
           qPrintable(transferred.error().what));
  nothingWasWritten();
  stillRunsTheOld(*driver);
}

void UbootTftpTest::lossIsRepaired() {
  setTftp(QStringLiteral("windowSize"), 8);
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  opener_.outgoing = [](int index, const QByteArray& bytes) {
    return index % 13 == 12 ? std::nullopt : std::optional(bytes);
  };
  const auto driver = makeDriver();
  REQUIRE(transferTo(*driver, *image));
  REQUIRE(driver->verifyOnDevice(*image, step_));
}

void UbootTftpTest::cancelledInTheMiddle() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const CancelToken cancel;
  opener_.outgoing = [cancel](int index, const QByteArray& bytes) -> std::optional<QByteArray> {
    if (index < 10) {
      return bytes;
    }
    cancel.cancel();
    return std::nullopt;
  };
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  StepContext cancelled = step_;
  cancelled.cancel = cancel;
  const Status transferred = driver->transfer(*image, cancelled);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::Cancelled);
  portIsFree();
  nothingWasWritten();
  stillRunsTheOld(*driver);
}

void UbootTftpTest::anotherServersFileIsNotWritten_data() {
  QTest::addColumn<QByteArray>("bytes");
  const QByteArray good = machine_->imageBytes(QStringLiteral("1.1.0.fit")).value_or(QByteArray());
  QVERIFY(good.size() > 10'000);
  QByteArray changed = good;
  changed[5000] = static_cast<char>(changed[5000] ^ 1);
  QTest::newRow("one bit") << changed;
  QTest::newRow("the same checksum") << withCrc32(changed, 20'000, crc32(good));
  QTest::newRow("a part") << good.first(20'000);
  QTest::newRow("more") << good + QByteArray(5000, '\0');
  QTest::newRow("the very image") << good;  // who sent it can't be known, so it is not taken
}

void UbootTftpTest::anotherServersFileIsNotWritten() {
  QFETCH(const QByteArray, bytes);
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  setTftp(QStringLiteral("fallback"), QStringLiteral("ymodem"));  // is no way out of an attack
  opener_.hidesPort = true;
  const RogueTftp rogue(PrivateNetwork::host(), 69, bytes);
  QVERIFY(rogue.works());
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::DeviceWriteFailed);
  QVERIFY(transferred.error().what.contains(QStringLiteral("another TFTP server answered")));
  QTRY_VERIFY(rogue.served() > 0);
  nothingWasWritten();
  stillRunsTheOld(*driver);
}

void UbootTftpTest::bytesChangedOnTheWayAreNotWritten_data() {
  QTest::addColumn<bool>("sameChecksum");
  QTest::newRow("one bit") << false;
  QTest::newRow("the same checksum") << true;
}

// Somebody who speaks for our server, so that all looks well but the bytes.
void UbootTftpTest::bytesChangedOnTheWayAreNotWritten() {
  QFETCH(const bool, sameChecksum);
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  QByteArray other = image->bytes;
  other[5000] = static_cast<char>(other[5000] ^ 1);
  if (sameChecksum) {
    other = withCrc32(other, 20'000, crc32(image->bytes));
    QCOMPARE(crc32(other), crc32(image->bytes));
  }
  opener_.outgoing = [other](int, const QByteArray& bytes) {
    const int block = tftpRead16(bytes, 2);
    return std::optional(tftpRead16(bytes, 0) == 3 ? bytes.first(4) + other.mid((block - 1) * 1468, bytes.size() - 4)
                                                   : bytes);
  };
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::DeviceWriteFailed);
  QVERIFY2(transferred.error().what.contains(sameChecksum ? QStringLiteral("refuses the signature")
                                                          : QStringLiteral("differs from the image (CRC-32")),
           qPrintable(transferred.error().what));
  nothingWasWritten();
  stillRunsTheOld(*driver);
}

// Signed by the vendor, of the same length and checksum: only its version tells.
void UbootTftpTest::olderSignedImageIsNotWritten() {
  auto image = machine_->unverifiedImage(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  image->bytes += QByteArray(64, '\0');
  image->sha256 = sha256(image->bytes);
  const auto older = machine_->imageBytes(QStringLiteral("1.0.0.fit"));
  REQUIRE(older);
  QCOMPARE(older->size() + 64, image->bytes.size());
  const QByteArray other = withCrc32(*older + QByteArray(64, '\0'), older->size() + 60, crc32(image->bytes));
  opener_.outgoing = [other](int, const QByteArray& bytes) {
    const int block = tftpRead16(bytes, 2);
    return std::optional(tftpRead16(bytes, 0) == 3 ? bytes.first(4) + other.mid((block - 1) * 1468, bytes.size() - 4)
                                                   : bytes);
  };
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::DeviceWriteFailed);
  QVERIFY2(transferred.error().what.contains(QStringLiteral("another version")), qPrintable(transferred.error().what));
  nothingWasWritten();
}

void UbootTftpTest::withoutProofThereIsNoTftp_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QJsonValue>("value");
  QTest::newRow("and no other way") << QString() << QJsonValue();
  QTest::newRow("and YMODEM instead") << QStringLiteral("fallback") << QJsonValue(QStringLiteral("ymodem"));
  QTest::newRow("but the network is trusted") << QStringLiteral("trustNetwork") << QJsonValue(true);
}

// A U-Boot that requires no signature and has no `hash`.
void UbootTftpTest::withoutProofThereIsNoTftp() {
  QFETCH(const QString, key);
  QFETCH(const QJsonValue, value);
  machine_->requireSignatures(false);
  REQUIRE(machine_->restart());
  if (!key.isEmpty()) {
    setTftp(key, value);
  }
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  const bool usedTftp = machine_->consoleLog().contains(QStringLiteral("TFTP from server"));
  QCOMPARE(usedTftp, key == QLatin1String("trustNetwork"));
  if (key.isEmpty()) {
    QVERIFY(!transferred);
    QCOMPARE(transferred.error().code, ErrorCode::NotSupported);
    nothingWasWritten();
    stillRunsTheOld(*driver);
    return;
  }
  REQUIRE(transferred);
  QVERIFY(noted(usedTftp ? QStringLiteral("the CRC-32 alone has to do") : QStringLiteral("TFTP is not possible")));
  REQUIRE(driver->verifyOnDevice(*image, step_));
}

void UbootTftpTest::portMayNotBeOpened_data() {
  QTest::addColumn<bool>("fallback");
  QTest::newRow("and no other way") << false;
  QTest::newRow("and YMODEM instead") << true;
}

void UbootTftpTest::portMayNotBeOpened() {
  QFETCH(const bool, fallback);
  if (fallback) {
    setTftp(QStringLiteral("fallback"), QStringLiteral("ymodem"));
  }
  opener_.opening = [](const QHostAddress&, quint16 port) -> Status {
    return fail(ErrorCode::LinkPermission, QStringLiteral("This program may not open UDP port %1.").arg(port),
                QStringLiteral("The remedy."));
  };
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  const Status transferred = transferTo(*driver, *image);
  if (fallback) {
    REQUIRE(transferred);
    QVERIFY(noted(QStringLiteral("This program may not open UDP port 69.")));
    REQUIRE(driver->verifyOnDevice(*image, step_));
    return;
  }
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::LinkPermission);
  QCOMPARE(transferred.error().remedy, QStringLiteral("The remedy."));
  nothingWasWritten();
}

// The kernel's own refusal, to this program without its rights.
void UbootTftpTest::systemsOwnRefusalNamesTheRemedy() {
  const QString setpriv = QStandardPaths::findExecutable(QStringLiteral("setpriv"));
  if (setpriv.isEmpty() || ::geteuid() != 0) {
    QSKIP("setpriv and root are needed to give up the right");
  }
  QProcess child;
  child.start(setpriv,
              {QStringLiteral("--reuid=65534"), QStringLiteral("--regid=65534"), QStringLiteral("--clear-groups"),
               QCoreApplication::applicationFilePath(), QString::fromLatin1(kTryPort)});
  QVERIFY(child.waitForFinished(30'000));
  const QByteArray said = child.readAllStandardOutput();
  if (said.isEmpty()) {
    QSKIP("another user can't run this program where it is");
  }
  QVERIFY2(said.startsWith("link.permission"), said.constData());
  QVERIFY2(said.contains("setcap cap_net_bind_service=+ep") && said.contains("ip_unprivileged_port_start=69"),
           said.constData());
}

int main(int argc, char** argv) {
  if (argc == 2 && QByteArray(argv[1]) == kTryPort) {
    QCoreApplication application(argc, argv);
    const auto port = UdpPort::open(QHostAddress(QHostAddress::LocalHost), 69);
    std::printf("%s\n", port ? "open" : qPrintable(messageOf(port.error())));
    return 0;
  }
  QString why = UbootMachine::whyNotHere();
  if (why.isEmpty()) {
    why = PrivateNetwork::enter();
  }
  // Emulated hardware on a busy computer is slow; ctest has the timeout.
  qputenv("QTEST_FUNCTION_TIMEOUT", "1200000");
  QCoreApplication application(argc, argv);
  if (why.isEmpty()) {
    why = PrivateNetwork::addTap();
  }
  if (!why.isEmpty()) {
    std::printf("SKIP: %s\n", qPrintable(why));
    return 77;
  }
  UbootTftpTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_tftp_test.moc"
