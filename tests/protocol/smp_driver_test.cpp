#include "devices/drivers/smp_driver.h"

#include "devices/registry.h"
#include "tests/support/smp_test_peer.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr char kOld = 'o';
constexpr char kNew = 'n';

QByteArray digestOf(char which) {
  return QByteArray(32, which);
}

// An application on MCUboot as far as image state goes: test, confirm, swap at reset, revert.
class TestUnit {
 public:
  SmpTestServer server;
  int mode = 3;                 // bootloader mode; below -1: the command is not supported
  bool marksPermanent = false;  // faulty: takes a test for a confirmation
  bool ignoresTest = false;     // faulty: says yes, does nothing
  bool ignoresConfirm = false;
  bool listsOtherHash = false;
  bool erasesPending = false;
  bool confirmed = true;
  bool pending = false;
  bool bootsNew = true;
  int silentAfterReset = 4;  // requests that are not answered while it restarts
  int losesResets = 0;       // requests to reset that never arrive
  bool answersReset = true;
  int resets = 0;
  int silent = 0;
  char running = kOld;
  char secondary = 0;
  QMap<QString, QByteArray> settings{{QStringLiteral("sealift/model"), "norrland-t2"},
                                     {QStringLiteral("sealift/serial"), "T2-0007"},
                                     {QStringLiteral("sealift/hwrev"), "B"},
                                     {QStringLiteral("sealift/seccnt"), QByteArray::fromHex("07000000")},
                                     {QStringLiteral("sealift/secboot"), QByteArray(1, '\x01')},
                                     {QStringLiteral("sealift/battery"), QByteArray(1, '\x57')}};

  TestUnit() {
    server.override_ = [this](const SmpTestPacket& request) { return answer(request); };
  }

  // Nothing: the device is away.
  std::optional<QByteArray> receive(const QByteArray& bytes) {
    const SmpTestPacket request = SmpTestPacket::parse(bytes);
    if (silent > 0) {
      --silent;
      return std::nullopt;
    }
    if (request.group == 0 && request.command == 5) {
      if (losesResets > 0) {
        --losesResets;
        return std::nullopt;
      }
      reset();
      return answersReset ? std::optional(request.reply({})) : std::nullopt;
    }
    return server.answer(bytes);
  }

 private:
  void reset() {
    ++resets;
    silent = silentAfterReset;
    if (pending && bootsNew) {
      std::swap(running, secondary);
      confirmed = false;
    } else if (!confirmed) {
      std::swap(running, secondary);
      confirmed = true;
    }
    pending = false;
  }

  QCborMap imageState() const {
    QCborArray images;
    images.append(
        QCborMap{{QStringLiteral("slot"), 0},
                 {QStringLiteral("version"), running == kOld ? QStringLiteral("2.3.1") : QStringLiteral("2.4.0.17")},
                 {QStringLiteral("hash"), digestOf(running)},
                 {QStringLiteral("bootable"), true},
                 {QStringLiteral("active"), true},
                 {QStringLiteral("confirmed"), confirmed}});
    if (secondary != 0) {
      images.append(QCborMap{{QStringLiteral("slot"), 1},
                             {QStringLiteral("version"), QStringLiteral("2.4.0")},
                             {QStringLiteral("hash"), listsOtherHash ? digestOf('x') : digestOf(secondary)},
                             {QStringLiteral("bootable"), true},
                             {QStringLiteral("pending"), pending},
                             {QStringLiteral("permanent"), pending && marksPermanent}});
    }
    return {{QStringLiteral("images"), images}};
  }

  std::optional<QCborMap> answer(const SmpTestPacket& request) {
    if (!server.complete.isEmpty()) {
      secondary = kNew;
      server.complete.clear();
    }
    if (request.group == 1 && request.command == 0) {
      if (request.op == 2) {
        const bool confirm = request.body.value(QStringLiteral("confirm")).toBool();
        const QByteArray hash = request.body.value(QStringLiteral("hash")).toByteArray();
        if (!confirm && hash == digestOf(secondary)) {
          pending = !ignoresTest;
        } else if (confirm && hash == digestOf(running) && !pending) {
          confirmed = confirmed || !ignoresConfirm;
        } else {
          return QCborMap{{QStringLiteral("err"), QCborMap{{QStringLiteral("group"), 1}, {QStringLiteral("rc"), 28}}}};
        }
      }
      return imageState();
    }
    if (request.group == 1 && request.command == 5) {
      if (pending && !erasesPending) {
        return QCborMap{{QStringLiteral("err"), QCborMap{{QStringLiteral("group"), 1}, {QStringLiteral("rc"), 9}}}};
      }
      secondary = 0;
      pending = false;
      return QCborMap();
    }
    if (request.group == 1 && request.command == 6) {
      const QCborMap slot{{QStringLiteral("slot"), 1}, {QStringLiteral("size"), 0x20000}};
      return QCborMap{{QStringLiteral("images"), QCborArray{QCborMap{{QStringLiteral("image"), 0},
                                                                     {QStringLiteral("slots"), QCborArray{slot}}}}}};
    }
    if (request.group == 0 && request.command == 8 && mode >= -1) {
      return request.body.contains(QStringLiteral("query"))
                 ? QCborMap{{QStringLiteral("mode"), mode}}
                 : QCborMap{{QStringLiteral("bootloader"), QStringLiteral("MCUboot")}};
    }
    if (request.group == 3 && request.command == 0) {
      const QString name = request.body.value(QStringLiteral("name")).toString();
      return settings.contains(name)
                 ? QCborMap{{QStringLiteral("val"), settings.value(name)}}
                 : QCborMap{{QStringLiteral("err"), QCborMap{{QStringLiteral("group"), 3}, {QStringLiteral("rc"), 3}}}};
    }
    return std::nullopt;
  }
};

class UnitLink final : public DatagramLink {
 public:
  explicit UnitLink(TestUnit& unit) : unit_(unit) {}
  Status send(QByteArrayView datagram, const Deadline&, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    if (const auto answer = unit_.receive(datagram.toByteArray())) {
      answers_.push_back(*answer);
    }
    return {};
  }
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    if (answers_.empty()) {
      return deadline.timeout();
    }
    const QByteArray answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  qsizetype maxDatagram() const override { return 65507; }
  QString description() const override { return QStringLiteral("test"); }

 private:
  TestUnit& unit_;
  std::deque<QByteArray> answers_;
};

class UnitOpener final : public LinkOpener {
 public:
  explicit UnitOpener(TestUnit& unit) : unit_(unit) {}
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress&, const CancelToken&) override {
    return fail(ErrorCode::NotSupported, QStringLiteral("No serial port here."));
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress&, const CancelToken&) override {
    return std::make_unique<UnitLink>(unit_);
  }

 private:
  TestUnit& unit_;
};

Image newImage() {
  Image image;
  image.bytes = QByteArray(20000, 'i');
  image.sha256 = QCryptographicHash::hash(image.bytes, QCryptographicHash::Sha256);
  image.facts.format = QStringLiteral("mcuboot");
  image.facts.digest = digestOf(kNew);
  return image;
}

struct Bench {
  TestUnit unit;
  UnitOpener opener{unit};
  ModelDescription model;
  StepContext step;
  QStringList notes;
  Image image = newImage();
  std::unique_ptr<Driver> driver;

  Bench() {
    model.name = QStringLiteral("Norrland T2");
    model.deviceNames = {QStringLiteral("norrland-t2")};
    model.timings.restartSeconds = 1;
    step.note = [this](const QString& note) { notes += note; };
    makeDriver();
  }
  void makeDriver() {
    driver = *driverRegistry()
                  .find(QStringLiteral("smp"))
                  ->make(model, *LinkAddress::parse(QStringLiteral("udp:127.0.0.1:1337")), opener);
  }
  // All steps up to and with the restart.
  Status bringToRestart() {
    SEALIFT_CHECK(driver->enterBootloader(step));
    SEALIFT_CHECK(driver->transfer(image, step));
    SEALIFT_CHECK(driver->verifyOnDevice(image, step));
    SEALIFT_CHECK(driver->activate(image, step));
    return driver->restart(step);
  }
};

#define VERIFY_OK(expression)                                                            \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY2(outcome.has_value(), outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)

#define COMPARE_ERROR(expression, expected)   \
  do {                                        \
    const auto outcome = (expression);        \
    QVERIFY(!outcome.has_value());            \
    QCOMPARE(outcome.error().code, expected); \
  } while (false)

}  // namespace

class SmpDriverTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tellsWhatTheDeviceIs() {
    Bench bench;
    bench.unit.secondary = kNew;
    const auto snapshot = bench.driver->identify(bench.step);
    QVERIFY2(snapshot.has_value(), snapshot ? "" : qPrintable(snapshot.error().message()));
    QCOMPARE(snapshot->deviceName, QStringLiteral("norrland-t2"));
    QCOMPARE(snapshot->serial, QStringLiteral("T2-0007"));
    QCOMPARE(snapshot->hardwareRevision, QStringLiteral("B"));
    QCOMPARE(snapshot->securityVersion, std::optional<quint32>(7));
    QCOMPARE(snapshot->secureBoot, TriState::Yes);
    QCOMPARE(snapshot->batteryPercent, std::optional<int>(87));
    QCOMPARE(snapshot->slotBytes, 0x20000);
    QCOMPARE(snapshot->bootloader, QStringLiteral("MCUboot, swap using move · SMP over UDP"));
    QVERIFY(!snapshot->inBootloader);
    QCOMPARE(snapshot->slots.size(), 2);
    const Slot* running = snapshot->runningSlot();
    QVERIFY(running != nullptr);
    QCOMPARE(running->index, 0);
    QVERIFY(running->confirmed && running->bootable && !running->pending);
    QCOMPARE(running->version->toString(), QStringLiteral("2.3.1"));
    QCOMPARE(running->digest, digestOf(kOld));
    QCOMPARE(bench.driver->proveIdentity(bench.step)->state, IdentityState::CannotBeVerified);
  }

  void absentSettingsAreUnknown() {
    Bench bench;
    bench.model.deviceNames.clear();
    bench.makeDriver();
    bench.unit.settings.clear();
    bench.unit.mode = -2;
    const auto snapshot = bench.driver->identify(bench.step);
    QVERIFY(snapshot.has_value());
    QVERIFY(snapshot->serial.isEmpty() && snapshot->deviceName.isEmpty() && snapshot->hardwareRevision.isEmpty());
    QVERIFY(!snapshot->securityVersion && !snapshot->batteryPercent);
    QCOMPARE(snapshot->secureBoot, TriState::Unknown);
    QVERIFY(snapshot->bootloader.startsWith(QStringLiteral("bootloader not told")));
  }

  void refusesAnotherModel() {
    Bench bench;
    bench.unit.settings[QStringLiteral("sealift/model")] = "norrland-t3";
    COMPARE_ERROR(bench.driver->identify(bench.step), ErrorCode::DeviceNotRecognised);
    bench.unit.settings.remove(QStringLiteral("sealift/model"));
    COMPARE_ERROR(bench.driver->identify(bench.step), ErrorCode::DeviceNotRecognised);
  }

  void refusesMalformedSettings_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("counter of three bytes") << QStringLiteral("sealift/seccnt") << QByteArray(3, '\0');
    QTest::newRow("serial with an escape") << QStringLiteral("sealift/serial") << QByteArray("\x1b[2J");
    QTest::newRow("serial that is no UTF-8") << QStringLiteral("sealift/serial") << QByteArray("\xff\xfe");
    QTest::newRow("serial too long") << QStringLiteral("sealift/serial") << QByteArray(65, 'x');
  }
  void refusesMalformedSettings() {
    QFETCH(QString, name);
    QFETCH(QByteArray, value);
    Bench bench;
    bench.unit.settings[name] = value;
    COMPARE_ERROR(bench.driver->identify(bench.step), ErrorCode::ProtocolMalformed);
  }

  void updates() {
    Bench bench;
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    QCOMPARE(bench.unit.running, kOld);
    QVERIFY(!bench.unit.pending);
    const auto proof = bench.driver->verifyOnDevice(bench.image, bench.step);
    QVERIFY(proof.has_value());
    QCOMPARE(proof->digest, digestOf(kNew));
    QVERIFY(proof->method.contains(QStringLiteral("SHA-256 computed by the device")));
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    QVERIFY(bench.unit.pending);
    VERIFY_OK(bench.driver->restart(bench.step));
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QCOMPARE(back->runningSlot()->digest, digestOf(kNew));
    QCOMPARE(back->runningSlot()->version->toString(), QStringLiteral("2.4.0+17"));
    QVERIFY(!back->runningSlot()->confirmed);
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    QVERIFY(bench.unit.confirmed);
    QCOMPARE(bench.unit.resets, 1);
  }

  // Every step in a driver of its own, as after a crash of the station between steps.
  void everyStepStandsAlone() {
    Bench bench;
    bench.makeDriver();
    VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    bench.makeDriver();
    const auto proof = bench.driver->verifyOnDevice(bench.image, bench.step);
    QVERIFY(proof.has_value());
    QVERIFY(!proof->method.contains(QStringLiteral("SHA-256 computed by the device")));  // this driver did not hear it
    bench.makeDriver();
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));  // again: no harm
    bench.makeDriver();
    VERIFY_OK(bench.driver->restart(bench.step));
    bench.makeDriver();
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    bench.makeDriver();
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
  }

  void nothingIsProvenByAcknowledgements() {
    Bench bench;
    VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    bench.unit.listsOtherHash = true;
    COMPARE_ERROR(bench.driver->verifyOnDevice(bench.image, bench.step), ErrorCode::DeviceVerifyFailed);
    bench.unit.listsOtherHash = false;
    bench.unit.ignoresTest = true;
    COMPARE_ERROR(bench.driver->activate(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
    bench.unit.ignoresTest = false;
    bench.unit.marksPermanent = true;
    COMPARE_ERROR(bench.driver->activate(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
    bench.unit.marksPermanent = false;
    VERIFY_OK(bench.driver->restart(bench.step));
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    bench.unit.ignoresConfirm = true;
    COMPARE_ERROR(bench.driver->confirm(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
  }

  void emptySlotVerifiesNothing() {
    Bench bench;
    COMPARE_ERROR(bench.driver->verifyOnDevice(bench.image, bench.step), ErrorCode::DeviceVerifyFailed);
    bench.image.facts.digest.clear();  // must never equal a device that tells no hash
    COMPARE_ERROR(bench.driver->verifyOnDevice(bench.image, bench.step), ErrorCode::InvalidArgument);
  }

  void refusesModesWithoutAWayBack_data() {
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("works");
    for (const int mode : {-1, 1, 3, 9}) {
      QTest::addRow("mode %d", mode) << mode << true;
    }
    for (const int mode : {0, 2, 4, 5, 6, 7, 8, 10}) {
      QTest::addRow("mode %d", mode) << mode << false;
    }
  }
  void refusesModesWithoutAWayBack() {
    QFETCH(int, mode);
    QFETCH(bool, works);
    Bench bench;
    bench.unit.mode = mode;
    VERIFY_OK(bench.driver->identify(bench.step));
    QCOMPARE(bench.driver->capabilities().testBoot, works);
    QCOMPARE(bench.driver->enterBootloader(bench.step).has_value(), works);
    QCOMPARE(bench.driver->transfer(bench.image, bench.step).has_value(), works);
    QCOMPARE(bench.unit.server.firstChunks, works ? 1 : 0);
  }

  void refusesWithoutFallback() {
    Bench bench;
    bench.unit.confirmed = false;
    COMPARE_ERROR(bench.driver->enterBootloader(bench.step), ErrorCode::PolicyNoFallback);
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::PolicyNoFallback);
    bench.unit.confirmed = true;
    bench.unit.secondary = kNew;
    bench.unit.pending = true;
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::PolicyNoFallback);
    QCOMPARE(bench.unit.server.firstChunks, 0);
  }

  void refusesTooLargeImages() {
    Bench bench;
    bench.image.bytes = QByteArray(0x20001, 'i');
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::ImageTooLarge);
    QCOMPARE(bench.unit.server.firstChunks, 0);
  }

  // The bootloader refuses the image: the device is back, with the old one. The engine judges.
  void tellsAReturnWithTheOldImage() {
    Bench bench;
    bench.unit.bootsNew = false;
    VERIFY_OK(bench.bringToRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->digest, digestOf(kOld));
    COMPARE_ERROR(bench.driver->confirm(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
  }

  void lostResetIsRepeatedLostAnswerIsNot_data() {
    QTest::addColumn<int>("lost");
    QTest::addColumn<bool>("answered");
    QTest::newRow("request lost") << 1 << true;
    QTest::newRow("answer lost") << 0 << false;
    QTest::newRow("both") << 1 << false;
  }
  void lostResetIsRepeatedLostAnswerIsNot() {
    QFETCH(int, lost);
    QFETCH(bool, answered);
    Bench bench;
    bench.unit.losesResets = lost;
    bench.unit.answersReset = answered;
    VERIFY_OK(bench.bringToRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->digest, digestOf(kNew));
    QCOMPARE(bench.unit.resets, 1);
  }

  void deviceThatStaysAwayOrNeverRestarts() {
    Bench bench;
    bench.unit.silentAfterReset = 1000000;
    VERIFY_OK(bench.bringToRestart());
    COMPARE_ERROR(bench.driver->waitForReturn(bench.image, bench.step), ErrorCode::DeviceDidNotReturn);
    Bench idle;
    VERIFY_OK(idle.driver->transfer(idle.image, idle.step));
    VERIFY_OK(idle.driver->activate(idle.image, idle.step));
    COMPARE_ERROR(idle.driver->waitForReturn(idle.image, idle.step), ErrorCode::DeviceDidNotReturn);
  }

  void cancelEndsTheWait() {
    Bench bench;
    bench.step.cancel.cancel();
    COMPARE_ERROR(bench.driver->waitForReturn(bench.image, bench.step), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::Cancelled);
  }

  void abandons() {
    Bench bench;
    VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    VERIFY_OK(bench.driver->abandon(bench.step));
    QCOMPARE(bench.unit.secondary, kNew);  // not marked: stays for a resume
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    // A server that does not let go of a pending image: said, not hidden.
    COMPARE_ERROR(bench.driver->abandon(bench.step), ErrorCode::ProtocolRefused);
    bench.unit.erasesPending = true;
    VERIFY_OK(bench.driver->abandon(bench.step));
    QVERIFY(!bench.unit.pending);
    QCOMPARE(bench.unit.running, kOld);
  }

  void registryKnowsIt() {
    const DriverEntry* entry = driverRegistry().find(QStringLiteral("smp"));
    if (entry == nullptr) {
      QFAIL("the table has no row \"smp\"");
    }
    QVERIFY(entry->links.contains(LinkKind::Udp) && entry->links.contains(LinkKind::Serial));
    Bench bench;
    COMPARE_ERROR(entry->make(bench.model, *LinkAddress::parse(QStringLiteral("tcp:127.0.0.1:1")), bench.opener),
                  ErrorCode::LinkAddress);
  }
};

QTEST_GUILESS_MAIN(SmpDriverTest)
#include "smp_driver_test.moc"
