// Devices that come and go by themselves, as the station sees them: what is opened and what never is, who is who, and
// that jobs are left alone.
#include "app/services/local_station.h"
#include "app/store/job_table.h"
#include "app/store/transaction.h"
#include "devices/images/dfu_suffix.h"
#include "devices/registry.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "tests/support/plug_board.h"
#include "tests/support/vendor_folder.h"

using namespace sealift;
using namespace sealift::test;
using std::chrono::milliseconds;

namespace {

constexpr int kWaitMs = 30'000;
const QString kUnit = QStringLiteral("norrland/u1/NU1-0001");
const QString kPort = QStringLiteral("/dev/ttyTEST0");

}  // namespace

class StationDiscoveryTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup() {
    station_.reset();
    vendor_.reset();
    board_.reset();
  }
  void pluggedInIsThere();
  void unpluggedIsAway();
  void pluggedInElsewhereIsTheSame();
  void anotherUnitAtTheSamePlace();
  void whatNoModelNamesIsNotOpened();
  void namedWhenItsVendorIsAdded();
  void missingPermissionIsTold();
  void equalSerialsAreTwoDevices();
  void equalSerialsFromTheStart();
  void equalSerialsStayApart();
  void hostileSerialsAreNoPlaces();
  void updateGoesToTheChosenTwin();
  void jobIsNotDisturbed();
  void interruptedJobGoesOnWhenPluggedInAgain();
  void interruptedJobFindsItsDeviceElsewhere();
  void interruptedJobOfASerialPortFindsItsDevice();
  void oldUnknownJobIsSettledDaysLater();
  void resumedByAPersonElsewhere();
  void portOfANamedAdapter();
  void portThatFailsIsTriedAgain();
  void portWithOptionsIsOnePort();
  void serviceIsLookedAt();
  void networkSearchCanBeOff();
  void removedStaysAwayUntilReplugged();
  void discoverLooksOnce();
  void hostileNamesAreMadeSafe();

 private:
  void open(bool watch = true, bool settleByItself = true);
  void addModels();
  void trustVendor();
  void releaseDfu();
  QString interruptUpdate();
  std::shared_ptr<VirtualDfuDevice> plug(const QString& place, const QString& serial = QStringLiteral("NU1-0001"),
                                         quint16 product = 1);
  static VirtualDfuDeviceConfig config(const QString& serial, quint16 product);
  std::optional<DeviceView> online(const QString& id) {
    std::optional<DeviceView> seen;
    (void)QTest::qWaitFor(
        [&] {
          seen = station_->device(id);
          return seen && seen->online;
        },
        kWaitMs);
    return seen && seen->online ? seen : std::nullopt;
  }
  bool isAway(const QString& id) {
    return QTest::qWaitFor(
        [&] {
          const std::optional<DeviceView> seen = station_->device(id);
          return seen && !seen->online;
        },
        kWaitMs);
  }
  std::optional<FoundView> found(const QString& address, const std::function<bool(const FoundView&)>& is = {}) {
    std::optional<FoundView> seen;
    (void)QTest::qWaitFor(
        [&] {
          for (const FoundView& each : station_->found()) {
            if (each.address == address && (!is || is(each))) {
              seen = each;
            }
          }
          return seen.has_value();
        },
        kWaitMs);
    return seen;
  }
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  int auditCount(const QString& event, const QString& subject) const {
    int count = 0;
    for (const AuditRow& row : station_->auditPage({}, 0, 1000)) {
      count += row.event == event && station_->auditDetail(row.sequence)->subjectId == subject ? 1 : 0;
    }
    return count;
  }
  SerialPortInfo adapter(const QString& port = kPort, const QString& place = QStringLiteral("1-7")) const {
    SerialPortInfo info;
    info.port = port;
    info.onUsb = true;
    info.vendorId = 0x1209;
    info.productId = 0x00aa;
    info.product = QStringLiteral("Test adapter");
    info.place = place;
    info.interfaceNumber = 0;
    return info;
  }

  std::unique_ptr<PlugBoard> board_;
  std::unique_ptr<VendorFolder> vendor_;
  SystemClock clock_;
  std::unique_ptr<LocalStation> station_;
};

void StationDiscoveryTest::open(bool watch, bool settleByItself) {
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.lockFolder = setup.dataFolder;  // other tests have a bus with these places, too
  setup.clock = &clock_;
  setup.links = board_.get();
  setup.drivers = &driverRegistry();
  setup.lookEvery = milliseconds(20);
  setup.settleByItself = settleByItself;
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
  if (watch) {
    station_->watchDevices();
  }
}

// u1: DFU over USB. t2: SMP behind a serial adapter, or on the network.
void StationDiscoveryTest::addModels() {
  ModelDescription u1;
  u1.id = QStringLiteral("u1");
  u1.name = QStringLiteral("Norrland U1");
  u1.driver = QStringLiteral("dfu");
  u1.links = {LinkKind::Usb};
  u1.usbIds = {{0x1209, 1}, {0x1209, 2}};
  u1.deviceNames = {QStringLiteral("Norrland U1")};
  u1.imageFormat = QStringLiteral("dfu");
  u1.timings = {.restartSeconds = 5, .confirmSeconds = 2};
  ModelDescription t3;
  t3.id = QStringLiteral("t3");
  t3.name = QStringLiteral("Norrland T3");
  t3.driver = QStringLiteral("smp");
  t3.links = {LinkKind::Serial, LinkKind::Udp};
  t3.usbIds = {{0x1209, 0x00aa}};
  t3.serviceTypes = {QStringLiteral("_smp._udp")};
  t3.deviceNames = {QStringLiteral("t2")};  // as the virtual device calls itself
  t3.imageFormat = QStringLiteral("mcuboot");
  t3.imageKeys = {vendor_->firmware.publicKey()};
  for (const ModelDescription& model : {u1, t3}) {
    const QString path = vendor_->file(model.id + QStringLiteral(".json"));
    QVERIFY(writeFileAtomic(path, writeModel(model)));
    const Result<QString> added = vendor_->desk().addModel(path);
    QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
  }
}

void StationDiscoveryTest::releaseDfu() {
  NewRelease wanted;
  wanted.imagePath = vendor_->file(QStringLiteral("u1.dfu"));
  QVERIFY(writeFileAtomic(wanted.imagePath,
                          appendDfuSuffix(makeUsbFirmware(0x0213, 9000, 2), {kDfuAny, 2, 0x1209, kDfuFile})));
  wanted.modelId = QStringLiteral("u1");
  wanted.version = Version{2, 1, 3, 0};
  wanted.securityVersion = 0;
  const auto added = vendor_->desk().addRelease(wanted);
  QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
}

void StationDiscoveryTest::trustVendor() {
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  const Result<VendorView> added = await(station_->addVendor(*candidate, candidate->fingerprint));
  QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
}

void StationDiscoveryTest::init() {
  board_ = std::make_unique<PlugBoard>();
  vendor_ = std::make_unique<VendorFolder>();
  vendor_->initRepository();
  addModels();
  releaseDfu();
  vendor_->publish();
  open();
  if (qstrcmp(QTest::currentTestFunction(), "namedWhenItsVendorIsAdded") != 0) {
    trustVendor();
  }
}

VirtualDfuDeviceConfig StationDiscoveryTest::config(const QString& serial, quint16 product) {
  VirtualDfuDeviceConfig config;
  config.usb.serial = serial;
  config.usb.dfuSerial = serial;
  config.usb.productId = product;
  config.usb.absence = milliseconds(50);
  config.firmware = makeUsbFirmware(0x0100, 9000, 1);
  return config;
}

std::shared_ptr<VirtualDfuDevice> StationDiscoveryTest::plug(const QString& place, const QString& serial,
                                                             quint16 product) {
  auto device = std::make_shared<VirtualDfuDevice>(config(serial, product));
  board_->bus.plugIn(place, device);
  return device;
}

void StationDiscoveryTest::pluggedInIsThere() {
  const auto unit = plug(QStringLiteral("1-2.3"));
  const std::optional<DeviceView> seen = online(kUnit);
  QVERIFY(seen);
  QCOMPARE(seen->name, QStringLiteral("Norrland U1"));
  QCOMPARE(seen->version, QStringLiteral("1.0.0"));
  QCOMPARE(seen->address, QStringLiteral("usb:1-2.3"));
  QCOMPARE(seen->badge.text, QStringLiteral("2.1.3 available"));
  QVERIFY(seen->warning.isEmpty());
  const auto known = found(QStringLiteral("usb:1-2.3"), [](const FoundView& each) { return each.opened; });
  QVERIFY(known);
  QCOMPARE(known->deviceId, kUnit);
  QCOMPARE(known->models, QStringList{QStringLiteral("Norrland U1")});
  QCOMPARE(unit->mode(), DfuMachine::Mode::Application);
}

void StationDiscoveryTest::unpluggedIsAway() {
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  board_->bus.unplug(QStringLiteral("1-2"));
  QVERIFY(isAway(kUnit));
  const std::optional<DeviceView> away = station_->device(kUnit);
  QCOMPARE(away->condition, DeviceCondition::Offline);
  QCOMPARE(away->version, QStringLiteral("1.0.0"));  // what was seen last
  QTRY_VERIFY(station_->found().isEmpty());
  station_.reset();  // and it stays known
  open();
  QCOMPARE(station_->devices().size(), 1);
  QVERIFY(!station_->device(kUnit)->online);
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QCOMPARE(station_->devices().size(), 1);
}

void StationDiscoveryTest::pluggedInElsewhereIsTheSame() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QVERIFY(station_->renameDevice(kUnit, QStringLiteral("Door")));
  board_->bus.unplug(QStringLiteral("1-2"));
  QVERIFY(isAway(kUnit));
  board_->bus.plugIn(QStringLiteral("3-1.4"), unit);
  const std::optional<DeviceView> back = online(kUnit);
  QVERIFY(back);
  QCOMPARE(back->address, QStringLiteral("usb:3-1.4"));
  QCOMPARE(back->name, QStringLiteral("Door"));
  QCOMPARE(station_->devices().size(), 1);
}

void StationDiscoveryTest::anotherUnitAtTheSamePlace() {
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QVERIFY(station_->renameDevice(kUnit, QStringLiteral("Door")));
  (void)plug(QStringLiteral("1-2"), QStringLiteral("NU1-0002"));  // swapped between two looks
  const std::optional<DeviceView> other = online(QStringLiteral("norrland/u1/NU1-0002"));
  QVERIFY(other);
  QCOMPARE(other->name, QStringLiteral("Norrland U1"));
  QVERIFY(isAway(kUnit));
  QCOMPARE(station_->device(kUnit)->name, QStringLiteral("Door"));
  QVERIFY(other->warning.isEmpty());
}

void StationDiscoveryTest::whatNoModelNamesIsNotOpened() {
  (void)plug(QStringLiteral("1-2"), QStringLiteral("X"), 0x0777);
  SerialPortInfo stranger = adapter();
  stranger.productId = 0x00bb;
  board_->plugPort(stranger);
  SerialPortInfo builtIn;
  builtIn.port = QStringLiteral("/dev/ttyS0");
  board_->plugPort(builtIn);
  const auto usb = found(QStringLiteral("usb:1-2"));
  const auto port = found(QStringLiteral("serial:") + kPort);
  const auto plain = found(QStringLiteral("serial:/dev/ttyS0"));
  QVERIFY(usb && port && plain);
  for (const auto& each : {usb, port, plain}) {
    QVERIFY(!each->opened && each->models.isEmpty());
    QVERIFY2(each->note.contains(QStringLiteral("has not opened it")), qPrintable(each->note));
  }
  QVERIFY(usb->note.contains(QStringLiteral("1209:0777")));
  QVERIFY(!usb->addable && port->addable && plain->addable);
  QVERIFY(await(station_->lookAtDevices()));
  QCOMPARE(board_->openedInAll(), 0);
  QVERIFY(station_->devices().isEmpty());
  // Not even when somebody asks: nothing knows how to speak with it.
  const Result<DeviceView> added = await(station_->addDevice(QStringLiteral("usb:1-2"), {}, {}));
  QVERIFY(!added);
  QCOMPARE(added.error().code, ErrorCode::DeviceNotRecognised);
  QCOMPARE(board_->openedInAll(), 0);
  // A port is opened for who asks.
  QVERIFY(!await(station_->addDevice(QStringLiteral("serial:") + kPort, {}, {})));
  QVERIFY(board_->opened(QStringLiteral("serial:") + kPort) > 0);
}

void StationDiscoveryTest::namedWhenItsVendorIsAdded() {
  (void)plug(QStringLiteral("1-2"));
  const auto before = found(QStringLiteral("usb:1-2"));
  QVERIFY(before && before->models.isEmpty());
  QVERIFY(board_->askedTypes().isEmpty());
  trustVendor();
  QVERIFY(online(kUnit));
  QTRY_COMPARE(board_->askedTypes(), QStringList{QStringLiteral("_smp._udp")});
  QVERIFY(station_->removeVendor(QStringLiteral("norrland")));
  QTRY_VERIFY(board_->askedTypes().isEmpty());
}

// The error and its remedy stand in the device's row; it is not tried again and again; the plug makes it try anew.
void StationDiscoveryTest::missingPermissionIsTold() {
  board_->bus.denyPermission(QStringLiteral("1-2"), true);
  const auto unit = plug(QStringLiteral("1-2"));
  const QString address = QStringLiteral("usb:1-2");
  QTRY_VERIFY_WITH_TIMEOUT(station_->device(address) && station_->device(address)->problem, kWaitMs);
  const DeviceView seen = *station_->device(address);
  QCOMPARE(seen.problem->code, ErrorCode::LinkPermission);
  QVERIFY(!seen.problem->remedy.isEmpty());
  QCOMPARE(seen.condition, DeviceCondition::Problem);
  QCOMPARE(seen.badge.text, QStringLiteral("No permission"));
  QCOMPARE(seen.name, QStringLiteral("Norrland U1"));
  QVERIFY(!seen.online);
  const int tries = board_->opened(address);
  QTest::qWait(1500);  // many looks at the bus, and more than one of the station's seconds
  QCOMPARE(board_->opened(address), tries);
  board_->bus.unplug(QStringLiteral("1-2"));
  QTRY_VERIFY(station_->devices().isEmpty());
  board_->bus.denyPermission(QStringLiteral("1-2"), false);
  board_->bus.plugIn(QStringLiteral("1-2"), unit);
  QVERIFY(online(kUnit));
  QCOMPARE(station_->devices().size(), 1);

  // A known device that may not be opened any more says so in its own row.
  board_->bus.unplug(QStringLiteral("1-2"));
  QVERIFY(isAway(kUnit));
  board_->bus.denyPermission(QStringLiteral("1-2"), true);
  board_->bus.plugIn(QStringLiteral("1-2"), unit);
  QTRY_COMPARE_WITH_TIMEOUT(station_->device(kUnit)->condition, DeviceCondition::Problem, kWaitMs);
  // The rights may come without the plug: udev sets them a moment after the device was seen.
  board_->bus.denyPermission(QStringLiteral("1-2"), false);
  QVERIFY(online(kUnit));
}

void StationDiscoveryTest::equalSerialsAreTwoDevices() {
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QVERIFY(station_->renameDevice(kUnit, QStringLiteral("First")));
  (void)plug(QStringLiteral("1-3"));
  const QString second = kUnit + QStringLiteral("@usb:1-3");
  const std::optional<DeviceView> twin = online(second);
  QVERIFY(twin);
  QCOMPARE(station_->devices().size(), 2);
  QCOMPARE(twin->address, QStringLiteral("usb:1-3"));
  QCOMPARE(twin->name, QStringLiteral("Norrland U1"));
  QVERIFY2(twin->warning.contains(QStringLiteral("usb:1-2")), qPrintable(twin->warning));
  const DeviceView first = *station_->device(kUnit);
  QVERIFY(first.online);
  QCOMPARE(first.address, QStringLiteral("usb:1-2"));
  QCOMPARE(first.name, QStringLiteral("First"));
  QVERIFY2(first.warning.contains(QStringLiteral("usb:1-3")), qPrintable(first.warning));
  QVERIFY(!station_->device(QStringLiteral("NU1-0001")));  // which of them?
  const Result<DeviceView> unclear = await(station_->lookAtDevice(QStringLiteral("NU1-0001")));
  QVERIFY(!unclear);
  QVERIFY2(unclear.error().what.contains(QStringLiteral("More than one")), qPrintable(unclear.error().what));
  // Each answers for itself.
  QCOMPARE(await(station_->lookAtDevice(second))->address, QStringLiteral("usb:1-3"));
  QCOMPARE(await(station_->lookAtDevice(kUnit))->address, QStringLiteral("usb:1-2"));
  QVERIFY(await(station_->lookAtDevices()));
  QCOMPARE(station_->devices().size(), 2);
  board_->bus.unplug(QStringLiteral("1-2"));
  QVERIFY(isAway(kUnit));
  QVERIFY(station_->device(second)->online);
  QVERIFY(station_->device(second)->warning.contains(QStringLiteral("place")));
}

// Which of them was known before can't be told, so neither is taken for it.
void StationDiscoveryTest::equalSerialsFromTheStart() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QVERIFY(station_->renameDevice(kUnit, QStringLiteral("First")));
  station_.reset();
  (void)plug(QStringLiteral("1-3"));
  open();
  QVERIFY(online(kUnit + QStringLiteral("@usb:1-2")));
  QVERIFY(online(kUnit + QStringLiteral("@usb:1-3")));
  QVERIFY(!station_->device(kUnit)->online);
  for (const DeviceView& device : station_->devices()) {
    QCOMPARE(device.name == QStringLiteral("First"), device.id == kUnit);
  }
}

// Once two were seen, one of them alone is told by its place, too.
void StationDiscoveryTest::equalSerialsStayApart() {
  const auto one = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const auto two = plug(QStringLiteral("1-3"));
  QVERIFY(online(kUnit + QStringLiteral("@usb:1-3")));
  board_->bus.unplug(QStringLiteral("1-2"));
  board_->bus.unplug(QStringLiteral("1-3"));
  QVERIFY(isAway(kUnit));
  board_->bus.plugIn(QStringLiteral("1-4"), two);
  QVERIFY(online(kUnit + QStringLiteral("@usb:1-4")));
  QVERIFY(!station_->device(kUnit)->online);
  QCOMPARE(auditCount(QStringLiteral("device.seen"), kUnit), 2);  // the first sight, and the warning
}

void StationDiscoveryTest::hostileSerialsAreNoPlaces() {
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  (void)plug(QStringLiteral("1-3"), QStringLiteral("NU1-0001@usb:1-2"));
  const QString written = QStringLiteral("norrland/u1/NU1-0001%40usb:1-2");
  QVERIFY(online(written));
  QVERIFY(station_->device(written)->warning.isEmpty());
}

void StationDiscoveryTest::updateGoesToTheChosenTwin() {
  const auto one = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const auto two = plug(QStringLiteral("1-3"));
  const QString second = kUnit + QStringLiteral("@usb:1-3");
  QVERIFY(online(second));
  const quint64 untouched = one->flashOperations();
  const Result<PlanView> plan = await(station_->planUpdate(second));
  QVERIFY2(plan, plan ? "" : qPrintable(plan.error().message()));
  QVERIFY2(plan->allowed, qPrintable(plan->checks.isEmpty() ? QString() : plan->checks.last().detail));
  const auto warns = [](const Check& check) {
    return check.id == QLatin1String("unique-serial") && check.state == CheckState::Warning &&
           check.detail.contains(QStringLiteral("usb:1-2")) && check.detail.contains(QStringLiteral("usb:1-3"));
  };
  QVERIFY(std::any_of(plan->checks.cbegin(), plan->checks.cend(), warns));
  const Result<QString> job =
      await(station_->applyUpdate(second, {plan->digest, plan->notesHash, QStringLiteral("window")}));
  QVERIFY2(job, job ? "" : qPrintable(job.error().message()));
  const JobView ended = await(station_->waitForJob(*job));
  QVERIFY2(ended.outcome == Outcome::Succeeded, qPrintable(ended.detail));
  QCOMPARE(one->flashOperations(), untouched);
  QVERIFY(two->flashOperations() > 0);
  QTRY_COMPARE(station_->device(second)->version, QStringLiteral("2.1.3"));
  QCOMPARE(station_->device(second)->history.size(), 1);
  QCOMPARE(station_->device(kUnit)->version, QStringLiteral("1.0.0"));
  QVERIFY(station_->device(kUnit)->history.isEmpty());
  QCOMPARE(station_->devices().size(), 2);
}

// The device leaves the bus and comes back as another one, twice. Nobody but the job opens it meanwhile.
void StationDiscoveryTest::jobIsNotDisturbed() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const Result<PlanView> plan = await(station_->planUpdate(kUnit));
  QVERIFY2(plan, plan ? "" : qPrintable(plan.error().message()));
  QStringList seenAway;
  connect(station_.get(), &Station::deviceChanged, this, [&](const QString& id) {
    const std::optional<DeviceView> now = station_->device(id);
    if (now && now->condition == DeviceCondition::Updating && !now->online) {
      seenAway << id;
    }
  });
  const Result<QString> job =
      await(station_->applyUpdate(kUnit, {plan->digest, plan->notesHash, QStringLiteral("window")}));
  QVERIFY(job);
  const JobView ended = await(station_->waitForJob(*job));
  QVERIFY2(ended.outcome == Outcome::Succeeded, qPrintable(ended.detail));
  QVERIFY(seenAway.isEmpty());
  QTRY_COMPARE(station_->device(kUnit)->version, QStringLiteral("2.1.3"));
  QVERIFY(online(kUnit));
  QCOMPARE(station_->devices().size(), 1);
  QVERIFY(station_->device(kUnit)->warning.isEmpty());
}

void StationDiscoveryTest::interruptedJobGoesOnWhenPluggedInAgain() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const Result<PlanView> plan = await(station_->planUpdate(kUnit));
  QVERIFY(plan);
  board_->bus.unplugAtTransfer(QStringLiteral("1-2"), 12);  // in the middle of the image
  const Result<QString> job =
      await(station_->applyUpdate(kUnit, {plan->digest, plan->notesHash, QStringLiteral("window")}));
  QVERIFY(job);
  const JobView ended = await(station_->waitForJob(*job));
  QVERIFY(ended.outcome && ended.outcome != Outcome::Succeeded);
  QVERIFY2(ended.outcome == Outcome::Unknown || ended.outcome == Outcome::Failed, qPrintable(ended.detail));
  QVERIFY(isAway(kUnit));
  board_->bus.unplug(QStringLiteral("1-2"));
  board_->bus.plugIn(QStringLiteral("1-2"), unit);
  if (ended.outcome == Outcome::Unknown) {
    QTRY_VERIFY_WITH_TIMEOUT(station_->job(*job)->outcome != Outcome::Unknown, kWaitMs);
  }
  QVERIFY(online(kUnit));
}

// Begins an update, pulls the plug in the middle of the image, and leaves the unit unplugged.
QString StationDiscoveryTest::interruptUpdate() {
  const Result<PlanView> plan = await(station_->planUpdate(kUnit));
  if (!plan) {
    return {};
  }
  board_->bus.unplugAtTransfer(QStringLiteral("1-2"), 20);
  const Result<QString> job =
      await(station_->applyUpdate(kUnit, {plan->digest, plan->notesHash, QStringLiteral("window")}));
  if (!job) {
    return {};
  }
  const JobView ended = await(station_->waitForJob(*job));
  if (ended.outcome != Outcome::Unknown || !isAway(kUnit)) {
    qWarning("it ended otherwise: %s", qUtf8Printable(ended.detail + ended.statusText));
    return {};
  }
  return *job;
}

// Another socket, another name, another run of the program, and a twin in the old socket: the job is the unit's.
void StationDiscoveryTest::interruptedJobFindsItsDeviceElsewhere() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const QString job = interruptUpdate();
  QVERIFY(!job.isEmpty());
  QVERIFY(station_->renameDevice(kUnit, QStringLiteral("Door")));
  station_.reset();
  const auto other = plug(QStringLiteral("1-2"), QStringLiteral("NU1-0002"));
  const QByteArray untouched = other->content();
  open();
  QVERIFY(online(QStringLiteral("norrland/u1/NU1-0002")));
  QVERIFY(station_->interruptedJobs().contains(job));
  QVERIFY(station_->job(job)->outcome == Outcome::Unknown);
  QCOMPARE(other->content(), untouched);
  board_->bus.plugIn(QStringLiteral("3-1.4"), unit);
  QTRY_VERIFY_WITH_TIMEOUT(station_->job(job)->outcome == Outcome::Succeeded, kWaitMs);
  QVERIFY(releaseOfUsbFirmware(unit->content()) == 0x0213);
  QCOMPARE(other->content(), untouched);
  QCOMPARE(auditCount(QStringLiteral("update.succeeded"), kUnit), 1);
  QCOMPARE(auditCount(QStringLiteral("update.started"), QStringLiteral("norrland/u1/NU1-0002")), 0);
}

void StationDiscoveryTest::interruptedJobOfASerialPortFindsItsDevice() {
  vendor_->release({1, 1, 0, 0}, {.model = QStringLiteral("t3")});
  vendor_->publish();
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.programUsPerKiB = 20'000;
  VirtualSmpDevice unit(config, VirtualSmpDevice::Transport::Pty);
  config.serial = QStringLiteral("0002");
  VirtualSmpDevice other(config, VirtualSmpDevice::Transport::Pty);
  QVERIFY(unit.start() && other.start());
  board_->plugPort(adapter(), unit.address());
  const QString id = QStringLiteral("norrland/t3/0001");
  QVERIFY(online(id));
  const Result<PlanView> plan = await(station_->planUpdate(id));
  QVERIFY2(plan, plan ? "" : qPrintable(plan.error().message()));
  const Result<QString> job =
      await(station_->applyUpdate(id, {plan->digest, plan->notesHash, QStringLiteral("window")}));
  QVERIFY(job);
  QVERIFY(unit.waitUntil([](const auto& seen) { return seen.uploadedBytes > 5'000; }, kWaitMs));
  unit.stop();  // its port with it: the next one is another
  QVERIFY(await(station_->waitForJob(*job)).outcome == Outcome::Unknown);
  // The adapters were exchanged meanwhile.
  board_->unplugPort(kPort);
  QVERIFY(isAway(id));
  QVERIFY(unit.start());
  board_->plugPort(adapter(), other.address());
  QVERIFY(online(QStringLiteral("norrland/t3/0002")));
  const quint64 untouched = other.snapshot().flashOperations;
  QVERIFY(station_->job(*job)->outcome == Outcome::Unknown);
  board_->plugPort(adapter(QStringLiteral("/dev/ttyTEST1"), QStringLiteral("1-8")), unit.address());
  QTRY_VERIFY_WITH_TIMEOUT(station_->job(*job)->outcome == Outcome::Succeeded, kWaitMs);
  QVERIFY(unit.snapshot().running == (Version{1, 1, 0, 0}));
  QCOMPARE(other.snapshot().flashOperations, untouched);
}

// Hundreds of jobs of other devices came after it.
void StationDiscoveryTest::oldUnknownJobIsSettledDaysLater() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const QString job = interruptUpdate();
  QVERIFY(!job.isEmpty());
  const QString folder = station_->info().dataFolder;
  station_.reset();
  {
    const auto database = Database::open(folder);
    QVERIFY(database);
    JobTable jobs(**database);
    JobRow later = **jobs.find(job);
    later.deviceId = QStringLiteral("norrland/u1/another");
    later.outcome = outcomeName(Outcome::Succeeded);
    Result<Transaction> transaction = Transaction::beginWrite(**database);
    QVERIFY(transaction);
    for (int i = 0; i < 600; ++i) {
      later.id = QStringLiteral("later-%1").arg(i);
      later.startedMs += 60'000;
      QVERIFY(jobs.insert(later));
    }
    QVERIFY(transaction->commit());
  }
  open();
  QVERIFY(station_->interruptedJobs().contains(job));
  board_->bus.plugIn(QStringLiteral("1-2"), unit);
  QTRY_VERIFY_WITH_TIMEOUT(station_->job(job)->outcome == Outcome::Succeeded, kWaitMs);
}

// As `sealiftctl update resume` does: nothing is watched, and nothing was looked at yet.
void StationDiscoveryTest::resumedByAPersonElsewhere() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  const QString job = interruptUpdate();
  QVERIFY(!job.isEmpty());
  station_.reset();
  board_->bus.plugIn(QStringLiteral("3-1.4"), unit);
  open(/*watch=*/false, /*settleByItself=*/false);
  const Result<QString> resumed = await(station_->resumeJob(job));
  QVERIFY2(resumed, resumed ? "" : qPrintable(resumed.error().message()));
  QVERIFY(await(station_->waitForJob(job)).outcome == Outcome::Succeeded);
  const Result<QString> again = await(station_->resumeJob(job));
  QVERIFY(!again);
  QCOMPARE(again.error().code, ErrorCode::InvalidArgument);
}

void StationDiscoveryTest::portOfANamedAdapter() {
  VirtualSmpDevice unit(vendor_->deviceConfig(), VirtualSmpDevice::Transport::Pty);
  QVERIFY(unit.start());
  board_->plugPort(adapter(), unit.address());
  const QString id = QStringLiteral("norrland/t3/0001");
  const std::optional<DeviceView> seen = online(id);
  QVERIFY(seen);
  QCOMPARE(seen->address, QStringLiteral("serial:") + kPort);
  QCOMPARE(seen->version, QStringLiteral("1.0.0"));
  board_->unplugPort(kPort);
  QVERIFY(isAway(id));
  const QString renumbered = QStringLiteral("/dev/ttyTEST1");
  board_->plugPort(adapter(renumbered), unit.address());
  QVERIFY(online(id));
  QCOMPARE(station_->device(id)->address, QStringLiteral("serial:") + renumbered);
  QCOMPARE(station_->devices().size(), 1);

  // Another adapter under that name is not opened, though a device was known behind it.
  board_->unplugPort(renumbered);
  QVERIFY(isAway(id));
  const int opened = board_->opened(QStringLiteral("serial:") + renumbered);
  SerialPortInfo stranger = adapter(renumbered);
  stranger.productId = 0x00bb;
  board_->plugPort(stranger, unit.address());
  QVERIFY(found(QStringLiteral("serial:") + renumbered));
  QVERIFY(await(station_->lookAtDevices()));
  QCOMPARE(board_->opened(QStringLiteral("serial:") + renumbered), opened);
  QVERIFY(!station_->device(id)->online);
}

// Another program has it for a moment.
void StationDiscoveryTest::portThatFailsIsTriedAgain() {
  VirtualSmpDevice unit(vendor_->deviceConfig(), VirtualSmpDevice::Transport::Pty);
  QVERIFY(unit.start());
  board_->plugPort(adapter());
  const QString address = QStringLiteral("serial:") + kPort;
  QTRY_VERIFY_WITH_TIMEOUT(station_->device(address) && station_->device(address)->problem, kWaitMs);
  QCOMPARE(station_->device(address)->condition, DeviceCondition::Problem);
  board_->plugPort(adapter(), unit.address());  // the same port, free now
  QVERIFY(online(QStringLiteral("norrland/t3/0001")));
  QCOMPARE(station_->devices().size(), 1);
}

// A device that somebody added with a baud rate is not looked at a second time with another.
void StationDiscoveryTest::portWithOptionsIsOnePort() {
  station_.reset();
  open(/*watch=*/false);
  VirtualSmpDevice unit(vendor_->deviceConfig(), VirtualSmpDevice::Transport::Pty);
  QVERIFY(unit.start());
  board_->plugPort(adapter(), unit.address());
  const QString address = QStringLiteral("serial:%1?baud=57600").arg(kPort);
  QVERIFY(await(station_->addDevice(address, {}, {})));
  station_->watchDevices();
  const auto seen = found(QStringLiteral("serial:") + kPort, [](const FoundView& each) { return each.opened; });
  QVERIFY(seen);
  QCOMPARE(seen->deviceId, QStringLiteral("norrland/t3/0001"));
  QVERIFY(await(station_->lookAtDevices()));
  QCOMPARE(board_->opened(QStringLiteral("serial:") + kPort), 0);
  QCOMPARE(station_->devices().size(), 1);
  QCOMPARE(station_->devices().first().address, address);
}

void StationDiscoveryTest::serviceIsLookedAt() {
  VirtualSmpDevice unit(vendor_->deviceConfig());
  QVERIFY(unit.start());
  QTRY_COMPARE(board_->askedTypes(), QStringList{QStringLiteral("_smp._udp")});
  DnsSdService service;
  service.type = QStringLiteral("_smp._udp");
  service.instance = QStringLiteral("Boiler");
  service.host = QStringLiteral("boiler.local");
  service.port = unit.address().port;
  service.addresses = {QHostAddress(QHostAddress::LocalHost)};
  DnsSdService other = service;  // of a type that nobody asked for
  other.type = QStringLiteral("_ipp._tcp");
  other.port = 631;
  DnsSdService again = service;  // heard on another interface
  again.interfaceIndex = 9;
  board_->announce({service, other, again});
  const QString id = QStringLiteral("norrland/t3/0001");
  QVERIFY(online(id));
  QCOMPARE(station_->found().size(), 1);
  QCOMPARE(station_->found().first().name, QStringLiteral("Boiler"));
  // Silent, and yet there; then really gone.
  board_->announce({});
  QTRY_VERIFY(station_->found().isEmpty());
  QVERIFY(await(station_->lookAtDevice(id)));
  QVERIFY(station_->device(id)->online);
  board_->announce({service});
  QVERIFY(found(unit.address().toString(), [](const FoundView& each) { return each.opened; }));
  unit.powerOff();
  board_->announce({});
  QVERIFY(isAway(id));
}

void StationDiscoveryTest::networkSearchCanBeOff() {
  QTRY_VERIFY(!board_->askedTypes().isEmpty());
  QVERIFY(station_->info().searchesNetwork);
  QVERIFY(station_->setSearchesNetwork(false));
  QVERIFY(board_->askedTypes().isEmpty());
  station_.reset();
  open();
  QVERIFY(!station_->info().searchesNetwork);
  QVERIFY(board_->askedTypes().isEmpty());
  QVERIFY(station_->setSearchesNetwork(true));
  QVERIFY(!board_->askedTypes().isEmpty());
  QVERIFY(station_->setOffline(true));
  QVERIFY(board_->askedTypes().isEmpty());
  QVERIFY(station_->setOffline(false));
  QVERIFY(!board_->askedTypes().isEmpty());
}

void StationDiscoveryTest::removedStaysAwayUntilReplugged() {
  const auto unit = plug(QStringLiteral("1-2"));
  QVERIFY(online(kUnit));
  QVERIFY(station_->removeDevice(kUnit));
  QVERIFY(await(station_->lookAtDevices()));
  QVERIFY(station_->devices().isEmpty());
  const auto seen = found(QStringLiteral("usb:1-2"));
  QVERIFY(seen && seen->deviceId.isEmpty());
  QVERIFY2(seen->note.contains(QStringLiteral("removed")), qPrintable(seen->note));
  board_->bus.unplug(QStringLiteral("1-2"));
  QTRY_VERIFY(station_->found().isEmpty());
  board_->bus.plugIn(QStringLiteral("1-2"), unit);
  QVERIFY(online(kUnit));
}

// As the command line does: one look, without watching.
void StationDiscoveryTest::discoverLooksOnce() {
  station_.reset();
  open(/*watch=*/false);
  (void)plug(QStringLiteral("1-2"));
  QVERIFY(station_->found().isEmpty());
  QVERIFY(await(station_->discover(0)));
  QVERIFY(station_->device(kUnit)->online);
  QCOMPARE(station_->found().size(), 1);
  QVERIFY(!board_->askedTypes().isEmpty());
  board_->bus.unplug(QStringLiteral("1-2"));
  QVERIFY(await(station_->lookAtDevices()));
  QVERIFY(!station_->device(kUnit)->online);
  (void)plug(QStringLiteral("1-5"));
  QVERIFY(await(station_->lookAtDevices()));
  QVERIFY(station_->device(kUnit)->online);
  QCOMPARE(station_->device(kUnit)->address, QStringLiteral("usb:1-5"));
}

void StationDiscoveryTest::hostileNamesAreMadeSafe() {
  SerialPortInfo port = adapter();
  port.productId = 0x00bb;
  port.product = QStringLiteral("Good") + QChar(0x202e) + QStringLiteral("bad\n\033[2J") + QString(500, u'x');
  board_->plugPort(port);
  const auto seen = found(QStringLiteral("serial:") + kPort);
  QVERIFY(seen);
  QVERIFY(seen->name.size() <= 80);
  for (const QChar c : seen->name) {
    QVERIFY(c.category() != QChar::Other_Control && c.category() != QChar::Other_Format);
  }
}

QTEST_GUILESS_MAIN(StationDiscoveryTest)
#include "station_discovery_test.moc"
