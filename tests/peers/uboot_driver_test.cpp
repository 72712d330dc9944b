// The driver's steps, in the engine's order, against a real U-Boot.
#include "devices/drivers/uboot_driver.h"

#include "keystore/crypto/digest.h"
#include "tests/support/uboot_machine.h"

#include <QTemporaryDir>
#include <QTest>

#include <functional>
#include <random>

using namespace sealift;

namespace {

// The system's own links, with a look at everything that is written.
class WatchedLink final : public ByteLink {
 public:
  WatchedLink(std::unique_ptr<ByteLink> inner, std::function<void(QByteArrayView)> written)
      : inner_(std::move(inner)), written_(std::move(written)) {}
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    return inner_->read(maxBytes, deadline, cancel);
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    const Status status = inner_->write(bytes, deadline, cancel);
    written_(bytes);
    return status;
  }
  Status discardInput() override { return inner_->discardInput(); }
  QString description() const override { return inner_->description(); }

 private:
  std::unique_ptr<ByteLink> inner_;
  std::function<void(QByteArrayView)> written_;
};

class WatchedOpener final : public LinkOpener {
 public:
  std::function<void(QByteArrayView)> written = [](QByteArrayView) {};

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
    SEALIFT_TRY(auto link, system_.openBytes(address, cancel));
    return std::make_unique<WatchedLink>(std::move(link), [this](QByteArrayView bytes) { written(bytes); });
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override {
    return system_.openDatagrams(address, cancel);
  }

 private:
  SystemLinkOpener system_;
};

QString messageOf(const Error& error) {
  return errorCodeName(error.code) + QStringLiteral(": ") + error.message();
}

}  // namespace

// Evaluates once; says the error's own words.
#define REQUIRE(result)                                                                             \
  do {                                                                                              \
    const auto& required = (result);                                                                \
    QVERIFY2(required.has_value(), qPrintable(required ? QString() : messageOf(required.error()))); \
  } while (false)

class UbootDriverTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void init();
  void cleanup();
  void updatesAndConfirms();
  void stoppedAutobootBootsOn();
  void promptIsLeftAlone();
  void wrongKeyIsRefusedByTheDevice();
  void legacyImageIsRefusedByTheDevice();
  void lowerSecurityVersionIsRefusedByTheDevice();
  void crashingFirmwareGoesBackAfterItsTries();
  void hangingFirmwareDoesNotReturnUntilPowerCycled();
  void powerCutDuringTheWrite_data();
  void powerCutDuringTheWrite();
  void powerCutWhileActivating();
  void halfWrittenSlotIsNotVerified();
  void cancelledTransferLeavesTheOldFirmware();
  void sendsOnlyWhatTheDeviceLacks();
  void trialCanBeTakenBack();
  void swappedBoardIsNoticed();
  void anotherModelIsNotRecognised();
  void damagedBootStateStillBootsAndUpdates();

 private:
  std::unique_ptr<Driver> makeDriver();
  // enterBootloader … activate.
  void installOnTrial(Driver& driver, const Image& image);
  QString runningVersion(const DeviceSnapshot& device) {
    const Slot* slot = device.runningSlot();
    return slot != nullptr && slot->version ? slot->version->toString() : QStringLiteral("none");
  }

  QTemporaryDir folder_;
  std::unique_ptr<UbootMachine> machine_;
  WatchedOpener opener_;
  qint64 typed_ = 0;  // bytes, where a test counts them
  ModelDescription model_;
  StepContext step_;
};

void UbootDriverTest::initTestCase() {
  QVERIFY(folder_.isValid());
  auto machine = UbootMachine::make(folder_.path());
  REQUIRE(machine);
  machine_ = std::move(*machine);
}

void UbootDriverTest::init() {
  opener_.written = [](QByteArrayView) {};
  model_ = machine_->model();
  step_ = StepContext{};
  QVERIFY(machine_->resetDisk());
  REQUIRE(machine_->start());
}

void UbootDriverTest::cleanup() {
  if (QTest::currentTestFailed()) {
    qInfo().noquote() << machine_->consoleLog().right(6000);
  }
  machine_->cutPower();
}

std::unique_ptr<Driver> UbootDriverTest::makeDriver() {
  auto driver = UbootDriver::entry().make(model_, machine_->address(), opener_);
  return driver ? std::move(*driver) : nullptr;
}

void UbootDriverTest::installOnTrial(Driver& driver, const Image& image) {
  REQUIRE(driver.enterBootloader(step_));
  REQUIRE(driver.transfer(image, step_));
  const auto proof = driver.verifyOnDevice(image, step_);
  REQUIRE(proof);
  QCOMPARE(proof->digest, driver.reportedDigest(image));
  REQUIRE(driver.activate(image, step_));
}

void UbootDriverTest::updatesAndConfirms() {
  const auto driver = makeDriver();
  QVERIFY(driver);
  const auto before = driver->identify(step_);
  REQUIRE(before);
  QCOMPARE(before->deviceName, QStringLiteral("tide-gauge"));
  QCOMPARE(before->serial, QStringLiteral("TG-000417"));
  QCOMPARE(before->hardwareRevision, QStringLiteral("B"));
  QCOMPARE(runningVersion(*before), QStringLiteral("1.0.0"));
  QVERIFY(before->runningSlot()->confirmed);
  QCOMPARE(before->securityVersion, std::optional<quint32>(1));
  QCOMPARE(before->secureBoot, TriState::Yes);
  const auto old = machine_->image(QStringLiteral("1.0.0.fit"));
  REQUIRE(old);
  QCOMPARE(before->runningSlot()->digest, driver->reportedDigest(*old));
  const auto identity = driver->proveIdentity(step_);
  REQUIRE(identity);
  QCOMPARE(identity->state, IdentityState::CannotBeVerified);

  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  installOnTrial(*driver, *image);
  const auto waiting = driver->identify(step_);
  REQUIRE(waiting);
  QVERIFY(waiting->inBootloader);
  QVERIFY(waiting->sameUnit(*before));
  QCOMPARE(runningVersion(*waiting), QStringLiteral("1.0.0"));
  QCOMPARE(waiting->runningSlot()->digest, before->runningSlot()->digest);
  QVERIFY(waiting->slots.at(1).pending);
  QCOMPARE(waiting->slots.at(1).version->toString(), QStringLiteral("1.1.0"));
  QCOMPARE(waiting->slots.at(1).digest, driver->reportedDigest(*image));
  QCOMPARE(waiting->secureBoot, TriState::Yes);
  QVERIFY(waiting->secureBootDetail.contains(QStringLiteral("key-dev")));

  REQUIRE(driver->restart(step_));
  const auto trial = driver->waitForReturn(*image, step_);
  REQUIRE(trial);
  QCOMPARE(runningVersion(*trial), QStringLiteral("1.1.0"));
  QVERIFY(!trial->runningSlot()->confirmed);
  QCOMPARE(trial->securityVersion, std::optional<quint32>(1));
  REQUIRE(driver->confirm(*image, step_));
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QCOMPARE(runningVersion(*after), QStringLiteral("1.1.0"));
  QVERIFY(after->runningSlot()->confirmed);
  QCOMPARE(after->runningSlot()->digest, driver->reportedDigest(*image));
  QCOMPARE(after->securityVersion, std::optional<quint32>(2));

  REQUIRE(machine_->restart());
  const auto later = makeDriver()->identify(step_);
  REQUIRE(later);
  QCOMPARE(runningVersion(*later), QStringLiteral("1.1.0"));
  QVERIFY(later->runningSlot()->confirmed);
}

// Looking at a device that is just starting must not keep it from booting.
void UbootDriverTest::stoppedAutobootBootsOn() {
  const auto driver = makeDriver();
  const auto found = driver->identify(step_);
  REQUIRE(found);
  QCOMPARE(runningVersion(*found), QStringLiteral("1.0.0"));
  QVERIFY(!found->inBootloader);
  // U-Boot was asked: it knows the empty slot, too.
  QVERIFY(!found->slots.at(1).bootable);
  const auto again = driver->identify(step_);
  REQUIRE(again);
  QVERIFY(!again->inBootloader);
  QCOMPARE(again->runningSlot()->digest, found->runningSlot()->digest);
}

void UbootDriverTest::promptIsLeftAlone() {
  const auto driver = makeDriver();
  REQUIRE(driver->enterBootloader(step_));
  // Another driver would open the port; this one lets go of it with abandon, restart or its end.
  const auto first = driver->identify(step_);
  REQUIRE(first);
  const auto second = driver->identify(step_);
  REQUIRE(second);
  QVERIFY(second->inBootloader);
  REQUIRE(driver->abandon(step_));
  const auto running = driver->identify(step_);
  REQUIRE(running);
  QVERIFY(!running->inBootloader);
}

void UbootDriverTest::wrongKeyIsRefusedByTheDevice() {
  const auto refused = machine_->image(QStringLiteral("1.1.0-wrong-key.fit"));
  QVERIFY(!refused);  // Sealift itself never sends it
  const auto image = machine_->unverifiedImage(QStringLiteral("1.1.0-wrong-key.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto back = driver->waitForReturn(*image, step_);
  REQUIRE(back);
  QCOMPARE(runningVersion(*back), QStringLiteral("1.0.0"));
  QVERIFY(back->runningSlot()->confirmed);
  QVERIFY(machine_->consoleLog().contains(QStringLiteral("Failed to verify required signature 'key-dev'")));
  // confirm() must not make something permanent that does not run.
  const Status confirmed = driver->confirm(*image, step_);
  QVERIFY(!confirmed);
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QCOMPARE(runningVersion(*after), QStringLiteral("1.0.0"));
}

void UbootDriverTest::legacyImageIsRefusedByTheDevice() {
  const auto image = machine_->unverifiedImage(QStringLiteral("legacy.uimg"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto back = driver->waitForReturn(*image, step_);
  REQUIRE(back);
  QCOMPARE(runningVersion(*back), QStringLiteral("1.0.0"));
  QVERIFY(!machine_->consoleLog().contains(QStringLiteral("Booting kernel from Legacy Image")));
}

void UbootDriverTest::lowerSecurityVersionIsRefusedByTheDevice() {
  const auto image = machine_->image(QStringLiteral("1.3.0-security-version-0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto back = driver->waitForReturn(*image, step_);
  REQUIRE(back);
  QCOMPARE(runningVersion(*back), QStringLiteral("1.0.0"));
  QCOMPARE(back->securityVersion, std::optional<quint32>(1));
}

void UbootDriverTest::crashingFirmwareGoesBackAfterItsTries() {
  const auto image = machine_->image(QStringLiteral("1.2.0-crashes.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto back = driver->waitForReturn(*image, step_);
  REQUIRE(back);
  QCOMPARE(runningVersion(*back), QStringLiteral("1.0.0"));
  QVERIFY(back->runningSlot()->confirmed);
  const QString log = machine_->consoleLog();
  QCOMPARE(log.count(QStringLiteral("Boot: slot B, trial 1")), 3);
  for (const char* line : {"tries left 2", "tries left 1", "tries left 0", "slot B did not prove itself"}) {
    QVERIFY2(log.contains(QString::fromLatin1(line)), line);
  }
}

void UbootDriverTest::hangingFirmwareDoesNotReturnUntilPowerCycled() {
  model_.timings.restartSeconds = 6;
  QJsonObject state = model_.driverSettings[QStringLiteral("bootState")].toObject();
  state[QStringLiteral("tries")] = 1;
  model_.driverSettings[QStringLiteral("bootState")] = state;
  const auto image = machine_->image(QStringLiteral("1.2.0-hangs.fit"));
  REQUIRE(image);
  auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto silent = driver->waitForReturn(*image, step_);
  QVERIFY(!silent);
  QCOMPARE(silent.error().code, ErrorCode::DeviceDidNotReturn);
  REQUIRE(machine_->restart());
  driver = makeDriver();
  const auto back = driver->waitForReturn(*image, step_);
  REQUIRE(back);
  QCOMPARE(runningVersion(*back), QStringLiteral("1.0.0"));
  QVERIFY(back->runningSlot()->confirmed);
}

void UbootDriverTest::powerCutDuringTheWrite_data() {
  QTest::addColumn<int>("milliseconds");
  QTest::newRow("at once") << 0;
  QTest::newRow("2 ms in") << 2;
  QTest::newRow("10 ms in") << 10;
}

void UbootDriverTest::powerCutDuringTheWrite() {
  QFETCH(const int, milliseconds);
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  auto driver = makeDriver();
  const auto before = driver->identify(step_);
  REQUIRE(before);
  REQUIRE(driver->enterBootloader(step_));
  QByteArray typed;
  bool cut = false;
  opener_.written = [&](QByteArrayView bytes) {
    typed = (typed + bytes.toByteArray()).right(200);
    if (!cut && bytes == QByteArrayView("\r") && typed.contains("virtio write 44000000 4800")) {
      QTest::qSleep(std::max(milliseconds, 1));
      machine_->cutPower();
      cut = true;
    }
  };
  const Status transferred = driver->transfer(*image, step_);
  QVERIFY(cut);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::LinkLost);
  opener_.written = [](QByteArrayView) {};

  // Also the worst case of a write that was cut: the beginning is new, the rest is not.
  REQUIRE(machine_->writeDisk(UbootMachine::kSlotBlock[1], image->bytes.first(20 * 1024)));
  REQUIRE(machine_->writeDisk(UbootMachine::kSlotBlock[1] + 40, QByteArray(30 * 1024, '\x5A')));
  REQUIRE(machine_->start());
  const auto still = driver->identify(step_);
  REQUIRE(still);
  QCOMPARE(runningVersion(*still), QStringLiteral("1.0.0"));
  QCOMPARE(still->runningSlot()->digest, before->runningSlot()->digest);

  driver = makeDriver();  // Sealift, too, was started again
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto trial = driver->waitForReturn(*image, step_);
  REQUIRE(trial);
  QCOMPARE(runningVersion(*trial), QStringLiteral("1.1.0"));
  REQUIRE(driver->confirm(*image, step_));
}

void UbootDriverTest::powerCutWhileActivating() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  REQUIRE(driver->transfer(*image, step_));
  QByteArray typed;
  bool cut = false;
  opener_.written = [&](QByteArrayView bytes) {
    typed = (typed + bytes.toByteArray()).right(200);
    if (!cut && bytes == QByteArrayView("\r") && typed.contains("virtio write 43f00000 5001")) {
      machine_->cutPower();
      cut = true;
    }
  };
  // The link was opened with the callback by reference, so it sees this write.
  const Status activated = driver->activate(*image, step_);
  QVERIFY(cut);
  QVERIFY(!activated);
  opener_.written = [](QByteArrayView) {};
  // The copy that was being written is torn; the other one still says A.
  REQUIRE(machine_->writeDisk(UbootMachine::kStateBlock[1], QByteArray(100, '\x5A')));
  REQUIRE(machine_->start());
  const auto still = makeDriver()->identify(step_);
  REQUIRE(still);
  QCOMPARE(runningVersion(*still), QStringLiteral("1.0.0"));
  QVERIFY(still->runningSlot()->confirmed);
  QCOMPARE(still->securityVersion, std::optional<quint32>(1));
}

// The device said that it wrote; what is there says otherwise.
void UbootDriverTest::halfWrittenSlotIsNotVerified() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  REQUIRE(driver->transfer(*image, step_));
  driver.reset();
  machine_->cutPower();
  QByteArray last = image->bytes.sliced(20 * 1024, 512);
  last[100] = static_cast<char>(last[100] ^ 1);
  REQUIRE(machine_->writeDisk(UbootMachine::kSlotBlock[1] + 40, last));
  REQUIRE(machine_->start());
  driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  const auto proof = driver->verifyOnDevice(*image, step_);
  QVERIFY(!proof);
  QCOMPARE(proof.error().code, ErrorCode::DeviceVerifyFailed);
  const Status activated = driver->activate(*image, step_);
  QVERIFY(!activated);
  QCOMPARE(activated.error().code, ErrorCode::DeviceVerifyFailed);
  REQUIRE(driver->abandon(step_));
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QCOMPARE(runningVersion(*after), QStringLiteral("1.0.0"));
}

void UbootDriverTest::cancelledTransferLeavesTheOldFirmware() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  StepContext cancelled;
  cancelled.progress = Progress([&cancelled](const ProgressUpdate& update) {
    if (update.fraction > 0.3) {
      cancelled.cancel.cancel();
    }
  });
  const Status transferred = driver->transfer(*image, cancelled);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::Cancelled);
  REQUIRE(driver->abandon(step_));
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QVERIFY(!after->inBootloader);
  QCOMPARE(runningVersion(*after), QStringLiteral("1.0.0"));
  QVERIFY(after->runningSlot()->confirmed);
  // Nothing reached the slot.
  const auto slot = machine_->readDisk(UbootMachine::kSlotBlock[1], 4096);
  REQUIRE(slot);
  QCOMPARE(*slot, QByteArray(4096, '\0'));
}

// Images of which three quarters are the same: they come from the slot that runs. What an interrupted transfer brought
// stays in the memory, and what a slot holds already is not written again.
void UbootDriverTest::sendsOnlyWhatTheDeviceLacks() {
  constexpr qint64 kSameFrom = 64 * 1024;
  QByteArray same(192 * 1024, '\0');
  std::mt19937 random(3);
  std::generate(same.begin(), same.end(), [&] { return static_cast<char>(random()); });
  machine_->cutPower();
  REQUIRE(machine_->writeDisk(UbootMachine::kSlotBlock[0] + kSameFrom / UbootMachine::kBlockBytes, same));
  REQUIRE(machine_->start());
  const auto fit = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(fit);
  Image image = *fit;
  image.bytes = image.bytes.leftJustified(kSameFrom, '\0') + same;
  image.sha256 = sha256(image.bytes);

  QStringList notes;
  step_.note = [&](const QString& line) { notes << line; };
  auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  REQUIRE(driver->enterBootloader(step_));
  // A cancel in the middle of what has to be sent.
  typed_ = 0;
  opener_.written = [this](QByteArrayView bytes) {
    typed_ += bytes.size();
    if (typed_ > 40'000) {
      step_.cancel.cancel();
    }
  };
  const Status cancelled = driver->transfer(image, step_);
  QVERIFY(!cancelled && cancelled.error().code == ErrorCode::Cancelled);
  step_.cancel = CancelToken();
  opener_.written = [this](QByteArrayView bytes) { typed_ += bytes.size(); };
  typed_ = 0;
  REQUIRE(driver->transfer(image, step_));
  QVERIFY2(typed_ < 40'000, qPrintable(QStringLiteral("%1 bytes: %2").arg(typed_).arg(notes.join(u' '))));
  REQUIRE(driver->verifyOnDevice(image, step_));
  const auto stored = machine_->readDisk(UbootMachine::kSlotBlock[1], image.bytes.size());
  REQUIRE(stored);
  QVERIFY(*stored == image.bytes);

  notes.clear();
  typed_ = 0;
  REQUIRE(driver->transfer(image, step_));
  QVERIFY2(typed_ < 4'000, qPrintable(QString::number(typed_)));
  QVERIFY2(notes.join(u' ').contains(QStringLiteral("Wrote 0 of 512 blocks")), qPrintable(notes.join(u' ')));
  REQUIRE(driver->verifyOnDevice(image, step_));
}

void UbootDriverTest::trialCanBeTakenBack() {
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto trial = driver->waitForReturn(*image, step_);
  REQUIRE(trial);
  QCOMPARE(runningVersion(*trial), QStringLiteral("1.1.0"));
  REQUIRE(driver->abandon(step_));
  const auto after = driver->identify(step_);
  REQUIRE(after);
  QCOMPARE(runningVersion(*after), QStringLiteral("1.0.0"));
  QVERIFY(after->runningSlot()->confirmed);
}

void UbootDriverTest::swappedBoardIsNoticed() {
  const auto driver = makeDriver();
  REQUIRE(driver->identify(step_));
  machine_->cutPower();
  REQUIRE(machine_->writeDisk(
      UbootMachine::kFactoryBlock,
      UbootMachine::environmentBlock("factory_serial=TG-000999\nfactory_board=tide-gauge\nfactory_board_rev=B\n")));
  REQUIRE(machine_->start());
  const Status entered = driver->enterBootloader(step_);
  QVERIFY(!entered);
  QCOMPARE(entered.error().code, ErrorCode::DeviceChanged);
}

void UbootDriverTest::anotherModelIsNotRecognised() {
  model_.deviceNames = {QStringLiteral("rain-gauge")};
  const auto found = makeDriver()->identify(step_);
  QVERIFY(!found);
  QCOMPARE(found.error().code, ErrorCode::DeviceNotRecognised);
}

void UbootDriverTest::damagedBootStateStillBootsAndUpdates() {
  machine_->cutPower();
  REQUIRE(machine_->writeDisk(UbootMachine::kStateBlock[0], QByteArray(1024, '\x5A')));
  REQUIRE(machine_->start());
  const auto driver = makeDriver();
  const auto before = driver->identify(step_);
  REQUIRE(before);
  QCOMPARE(runningVersion(*before), QStringLiteral("1.0.0"));
  const auto image = machine_->image(QStringLiteral("1.1.0.fit"));
  REQUIRE(image);
  installOnTrial(*driver, *image);
  REQUIRE(driver->restart(step_));
  const auto trial = driver->waitForReturn(*image, step_);
  REQUIRE(trial);
  QCOMPARE(runningVersion(*trial), QStringLiteral("1.1.0"));
}

int main(int argc, char** argv) {
  const QString why = UbootMachine::whyNotHere();
  if (!why.isEmpty()) {
    qWarning().noquote() << "Skipped:" << why;
    return 77;
  }
  // Emulated hardware on a busy computer is slow; ctest has the timeout.
  qputenv("QTEST_FUNCTION_TIMEOUT", "1200000");
  QCoreApplication application(argc, argv);
  UbootDriverTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_driver_test.moc"
