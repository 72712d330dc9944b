// USB DFU 1.1 against the virtual device, which holds to the specification's state tables: first the device itself
// with requests made by hand, then the session.
#include "transports/protocols/dfu/dfu_session.h"

#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "devices/virtual/virtual_usb_bus.h"

#include <QElapsedTimer>
#include <QTest>
#include <QThread>

#include <atomic>

using namespace sealift;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr quint8 kOut = 0x21;
constexpr quint8 kIn = 0xA1;
enum Request : quint8 { kDetach, kDnload, kUpload, kGetStatus, kClrStatus, kGetState, kAbort };

const QString kPlace = QStringLiteral("1-2");

// Only where an end of patience is what is tested.
DfuPatience shortPatience() {
  return {milliseconds(200), milliseconds(200), milliseconds(200), milliseconds(200), milliseconds(200)};
}

DfuPatience usualPatience() {
  DfuPatience patience;
  patience.longestPoll = milliseconds(200);
  return patience;
}

// A device in its socket and a link to it.
struct Bench {
  explicit Bench(VirtualDfuDeviceConfig config = {}, bool inBootloader = true,
                 const DfuPatience& patience = usualPatience())
      : patience_(patience) {
    if (config.firmware.isEmpty()) {
      config.firmware = makeUsbFirmware(0x0100, 5000);
    }
    config.usb.absence = milliseconds(5);
    device = std::make_shared<VirtualDfuDevice>(config);
    device->holdBootButton(inBootloader);
    bus.plugIn(kPlace, device);
    device->holdBootButton(false);
    connect();
  }

  void connect() {
    link.reset();
    link = bus.openUsb({LinkKind::Usb, kPlace, 0, {}}, cancel).value();
    const QList<DfuInterface> found = findDfuInterfaces(link->device());
    session = std::make_unique<DfuSession>(*link, found.first(), patience_);
    QVERIFY(session->claim(cancel));
  }

  Deadline soon() const { return Deadline::in(seconds(5), QStringLiteral("an answer")); }
  Status out(quint8 request, const QByteArray& data = {}, quint16 value = 0) {
    return link->controlOut({kOut, request, value, 0}, data, soon(), cancel);
  }
  Result<QByteArray> in(quint8 request, quint16 length, quint16 value = 0) {
    return link->controlIn({kIn, request, value, 0}, length, soon(), cancel);
  }
  // bStatus and bState.
  std::pair<int, int> status() {
    const auto bytes = in(kGetStatus, 6);
    return bytes && bytes->size() == 6 ? std::pair(int{(*bytes)[0]}, int{(*bytes)[4]}) : std::pair(-1, -1);
  }

  const DfuPatience patience_;
  CancelToken cancel;
  Progress progress;
  VirtualUsbBus bus;
  std::shared_ptr<VirtualDfuDevice> device;
  std::unique_ptr<UsbLink> link;
  std::unique_ptr<DfuSession> session;
};

using State = DfuMachine::State;

// Brings the device into a state by requests made by hand.
void reach(Bench& bench, State state) {
  switch (state) {
    case State::kDnloadSync:
      QVERIFY(bench.out(kDnload, QByteArray(64, 'x')));
      break;
    case State::kDnBusy:
      reach(bench, State::kDnloadSync);
      QCOMPARE(bench.status().second, int{State::kDnBusy});
      break;
    case State::kDnloadIdle:
      reach(bench, State::kDnloadSync);
      QCOMPARE(bench.status().second, int{State::kDnloadIdle});
      break;
    case State::kManifestSync:
      reach(bench, State::kDnloadIdle);
      QVERIFY(bench.out(kDnload, {}, 1));
      break;
    case State::kManifest:
      reach(bench, State::kManifestSync);
      QCOMPARE(bench.status().second, int{State::kManifest});
      break;
    case State::kUploadIdle:
      QVERIFY(bench.in(kUpload, 64));
      break;
    case State::kError:
      QVERIFY(!bench.out(kClrStatus));
      break;
    default:
      break;
  }
}

QByteArray stateName(State state) {
  return dfuStateName(static_cast<DfuState>(state)).toLatin1();
}

}  // namespace

class DfuSessionTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void deviceHoldsToTheStateTables_data();
  void deviceHoldsToTheStateTables();
  void deviceWaitsForItsReset();
  void deviceAppliesTheDetachTimeout();
  void deviceKeepsToItsPollTimeout();

  void downloadsAndReadsBack_data();
  void downloadsAndReadsBack();
  void finishesManifestation_data();
  void finishesManifestation();
  void becomesIdleFromEverywhere_data();
  void becomesIdleFromEverywhere();
  void tellsEveryStatus_data();
  void tellsEveryStatus();
  void pollTimeoutIsHonouredButBounded();
  void busyForEverEnds();
  void garbageAndSilenceEnd_data();
  void garbageAndSilenceEnd();
  void refusedRequests();
  void cancelledAtEachRequest();
  void lostAtEachTransfer();
  void unplugsAndComesBack();
  void powerCutAtEachFlashOperation();
  void notMadeForDownloadOrUpload();
};

// ---- the device -----------------------------------------------------------------------------------------

void DfuSessionTest::deviceHoldsToTheStateTables_data() {
  QTest::addColumn<int>("from");
  QTest::addColumn<int>("request");
  QTest::addColumn<bool>("taken");
  QTest::addColumn<int>("to");
  const auto row = [](State from, Request request, bool taken, State to) {
    static const char* const kNames[] = {"DETACH", "DNLOAD", "UPLOAD", "GETSTATUS", "CLRSTATUS", "GETSTATE", "ABORT"};
    QTest::newRow(stateName(from) + " " + kNames[request]) << int{from} << int{request} << taken << int{to};
  };
  // Tables A.2.3 to A.2.11. DNLOAD with data, UPLOAD of less than there is.
  row(State::kDfuIdle, kDetach, false, State::kError);
  row(State::kDfuIdle, kDnload, true, State::kDnloadSync);
  row(State::kDfuIdle, kUpload, true, State::kUploadIdle);
  row(State::kDfuIdle, kGetStatus, true, State::kDfuIdle);
  row(State::kDfuIdle, kClrStatus, false, State::kError);
  row(State::kDfuIdle, kGetState, true, State::kDfuIdle);
  row(State::kDfuIdle, kAbort, true, State::kDfuIdle);
  row(State::kDnloadSync, kDetach, false, State::kError);
  row(State::kDnloadSync, kDnload, false, State::kError);
  row(State::kDnloadSync, kUpload, false, State::kError);
  row(State::kDnloadSync, kGetStatus, true, State::kDnBusy);
  row(State::kDnloadSync, kClrStatus, false, State::kError);
  row(State::kDnloadSync, kGetState, true, State::kDnloadSync);
  row(State::kDnloadSync, kAbort, false, State::kError);
  for (const Request request : {kDetach, kDnload, kUpload, kGetStatus, kClrStatus, kGetState, kAbort}) {
    row(State::kDnBusy, request, false, State::kError);
    row(State::kManifest, request, false, State::kError);
  }
  row(State::kDnloadIdle, kDetach, false, State::kError);
  row(State::kDnloadIdle, kDnload, true, State::kDnloadSync);
  row(State::kDnloadIdle, kUpload, false, State::kError);
  row(State::kDnloadIdle, kGetStatus, true, State::kDnloadIdle);
  row(State::kDnloadIdle, kClrStatus, false, State::kError);
  row(State::kDnloadIdle, kGetState, true, State::kDnloadIdle);
  row(State::kDnloadIdle, kAbort, true, State::kDfuIdle);
  row(State::kManifestSync, kDetach, false, State::kError);
  row(State::kManifestSync, kDnload, false, State::kError);
  row(State::kManifestSync, kUpload, false, State::kError);
  row(State::kManifestSync, kGetStatus, true, State::kManifest);
  row(State::kManifestSync, kClrStatus, false, State::kError);
  row(State::kManifestSync, kGetState, true, State::kManifestSync);
  row(State::kManifestSync, kAbort, false, State::kError);
  row(State::kUploadIdle, kDetach, false, State::kError);
  row(State::kUploadIdle, kDnload, false, State::kError);
  row(State::kUploadIdle, kUpload, true, State::kUploadIdle);
  row(State::kUploadIdle, kGetStatus, true, State::kUploadIdle);
  row(State::kUploadIdle, kClrStatus, false, State::kError);
  row(State::kUploadIdle, kGetState, true, State::kUploadIdle);
  row(State::kUploadIdle, kAbort, true, State::kDfuIdle);
  row(State::kError, kDetach, false, State::kError);
  row(State::kError, kDnload, false, State::kError);
  row(State::kError, kUpload, false, State::kError);
  row(State::kError, kGetStatus, true, State::kError);
  row(State::kError, kClrStatus, true, State::kDfuIdle);
  row(State::kError, kGetState, true, State::kError);
  row(State::kError, kAbort, false, State::kError);
}

void DfuSessionTest::deviceHoldsToTheStateTables() {
  QFETCH(int, from);
  QFETCH(int, request);
  QFETCH(bool, taken);
  QFETCH(int, to);
  VirtualDfuDeviceConfig config;
  // Busy wherever that is to be seen, for longer than a test takes.
  const bool busy = from == State::kDnBusy || (from == State::kDnloadSync && request == kGetStatus);
  config.usb.blockTime = busy ? minutes(10) : milliseconds(0);
  config.usb.manifestTime = minutes(10);
  Bench bench(config);
  reach(bench, static_cast<State>(from));
  QCOMPARE(int{bench.device->state()}, from);
  const bool toHost = request == kUpload || request == kGetStatus || request == kGetState;
  const quint16 block = from == State::kDnloadIdle || from == State::kUploadIdle ? 1 : 0;
  const bool wasTaken =
      toHost ? bench.in(static_cast<quint8>(request),
                        request == kGetState    ? 1
                        : request == kGetStatus ? 6
                                                : 64,
                        block)
                   .has_value()
             : bench.out(static_cast<quint8>(request), request == kDnload ? QByteArray(64, 'y') : QByteArray(), block)
                   .has_value();
  QCOMPARE(wasTaken, taken);
  QCOMPARE(int{bench.device->state()}, to);
}

void DfuSessionTest::deviceWaitsForItsReset() {
  VirtualDfuDeviceConfig config;
  config.usb.manifestationTolerant = false;
  Bench bench(config);
  reach(bench, State::kManifest);
  QCOMPARE(bench.status(), std::pair(0, int{State::kManifestWaitReset}));
  QVERIFY(!bench.out(kAbort));
  QCOMPARE(bench.status(), std::pair(0, int{State::kManifestWaitReset}));
  QVERIFY(bench.link->reset(bench.cancel));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
}

void DfuSessionTest::deviceAppliesTheDetachTimeout() {
  VirtualDfuDeviceConfig config;
  config.usb.willDetach = false;
  config.usb.detachTimeOut = 1;
  Bench bench(config, false);
  QCOMPARE(bench.status(), std::pair(0, int{State::kAppIdle}));
  QVERIFY(!bench.out(kDnload, "x"));
  QVERIFY(bench.out(kDetach, {}, 1));
  QTRY_COMPARE(bench.status().second, int{State::kAppIdle});  // the reset didn't come in time
  QVERIFY(bench.link->reset(bench.cancel));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
}

void DfuSessionTest::deviceKeepsToItsPollTimeout() {
  VirtualDfuDeviceConfig config;
  config.usb.blockTime = minutes(10);
  Bench bench(config);
  reach(bench, State::kDnBusy);
  QVERIFY(!bench.in(kGetStatus, 6));  // asked too early
  QCOMPARE(bench.status(), std::pair(0x0F, int{State::kError}));
}

// ---- the session ----------------------------------------------------------------------------------------

void DfuSessionTest::downloadsAndReadsBack_data() {
  QTest::addColumn<qsizetype>("size");
  QTest::addColumn<quint16>("transferSize");
  for (const qsizetype size : {qsizetype{24}, qsizetype{2047}, qsizetype{2048}, qsizetype{2049}, qsizetype{100'001}}) {
    for (const quint16 transferSize : {quint16{64}, quint16{2048}, quint16{4096}, quint16{65528}}) {
      QTest::addRow("%lld bytes in %d", static_cast<long long>(size), transferSize) << size << transferSize;
    }
  }
}

void DfuSessionTest::downloadsAndReadsBack() {
  QFETCH(qsizetype, size);
  QFETCH(quint16, transferSize);
  VirtualDfuDeviceConfig config;
  config.usb.transferSize = transferSize;
  Bench bench(config);
  QVERIFY(bench.session->blockSize() <= 4096 && bench.session->blockSize() <= transferSize);
  const QByteArray firmware = makeUsbFirmware(0x0213, size, 7);
  QVERIFY(bench.session->becomeIdle(bench.cancel));
  const Status sent = bench.session->download(firmware, bench.progress, bench.cancel);
  QVERIFY2(sent, qPrintable(sent ? QString() : sent.error().message()));
  QCOMPARE(*bench.session->finishDownload(bench.cancel), DfuManifested::Idle);
  QCOMPARE(bench.device->content(), firmware);
  QCOMPARE(*bench.session->readBack(size, bench.progress, bench.cancel), firmware);
  QCOMPARE(bench.device->state(), State::kDfuIdle);
  if (size > 64) {
    QCOMPARE(*bench.session->readBack(64, bench.progress, bench.cancel), firmware.first(64));
    QCOMPARE(bench.device->state(), State::kDfuIdle);
  }
  QCOMPARE(*bench.session->readBack(size + 5000, bench.progress, bench.cancel), firmware);  // no more than there is
}

void DfuSessionTest::finishesManifestation_data() {
  QTest::addColumn<bool>("tolerant");
  QTest::addColumn<bool>("answers");
  QTest::addColumn<int>("time");
  QTest::addColumn<int>("result");
  QTest::newRow("tolerant") << true << true << 0 << static_cast<int>(DfuManifested::Idle);
  QTest::newRow("tolerant, slow") << true << true << 30 << static_cast<int>(DfuManifested::Idle);
  QTest::newRow("waits for reset") << false << true << 20 << static_cast<int>(DfuManifested::NeedsReset);
  QTest::newRow("waits in silence") << false << false << 0 << static_cast<int>(DfuManifested::NeedsReset);
}

void DfuSessionTest::finishesManifestation() {
  QFETCH(bool, tolerant);
  QFETCH(bool, answers);
  QFETCH(int, time);
  QFETCH(int, result);
  VirtualDfuDeviceConfig config;
  config.usb.manifestationTolerant = tolerant;
  config.usb.answersBeforeReset = answers;
  config.usb.manifestTime = std::chrono::milliseconds(time);
  Bench bench(config);
  const QByteArray firmware = makeUsbFirmware(0x0213, 3000);
  QVERIFY(bench.session->download(firmware, bench.progress, bench.cancel));
  const auto manifested = bench.session->finishDownload(bench.cancel);
  QVERIFY2(manifested, qPrintable(manifested ? QString() : manifested.error().message()));
  QCOMPARE(static_cast<int>(*manifested), result);
  QCOMPARE(bench.device->content(), firmware);
}

void DfuSessionTest::becomesIdleFromEverywhere_data() {
  QTest::addColumn<int>("from");
  for (const State state : {State::kDfuIdle, State::kDnloadSync, State::kDnBusy, State::kDnloadIdle,
                            State::kManifestSync, State::kManifest, State::kUploadIdle, State::kError}) {
    QTest::newRow(stateName(state)) << int{state};
  }
}

void DfuSessionTest::becomesIdleFromEverywhere() {
  QFETCH(int, from);
  VirtualDfuDeviceConfig config;
  config.usb.blockTime = from == State::kDnBusy ? milliseconds(20) : milliseconds(0);
  config.usb.manifestTime = milliseconds(20);
  Bench bench(config);
  reach(bench, static_cast<State>(from));
  if (from == State::kDnBusy || from == State::kManifest) {
    QTest::qWait(30);  // whoever asks before would be the one who breaks the rules
  }
  const Status idle = bench.session->becomeIdle(bench.cancel);
  QVERIFY2(idle, qPrintable(idle ? QString() : idle.error().message()));
  QCOMPARE(bench.device->state(), State::kDfuIdle);
}

void DfuSessionTest::tellsEveryStatus_data() {
  QTest::addColumn<int>("status");
  for (int status = 1; status <= kDfuLastStatus; ++status) {
    QTest::newRow(dfuStatusName(static_cast<DfuStatusCode>(status)).toLatin1()) << status;
  }
}

void DfuSessionTest::tellsEveryStatus() {
  QFETCH(int, status);
  Bench bench;
  VirtualDfuFaults faults;
  faults.failAtBlock = 1;
  faults.failWith = static_cast<quint8>(status);
  bench.device->setFaults(faults);
  const Status sent = bench.session->download(makeUsbFirmware(0x0213, 9000), bench.progress, bench.cancel);
  QVERIFY(!sent);
  QVERIFY2(sent.error().what.contains(dfuStatusName(static_cast<DfuStatusCode>(status))),
           qPrintable(sent.error().what));
  QCOMPARE(bench.session->lastStatus().state, DfuState::Error);
  bench.device->setFaults({});
  QVERIFY(bench.session->becomeIdle(bench.cancel));
  QVERIFY(bench.session->download(makeUsbFirmware(0x0213, 9000), bench.progress, bench.cancel));
  QVERIFY(bench.session->finishDownload(bench.cancel));
}

void DfuSessionTest::pollTimeoutIsHonouredButBounded() {
  VirtualDfuDeviceConfig config;
  config.usb.blockTime = milliseconds(20);
  Bench bench(config);
  const QByteArray firmware = makeUsbFirmware(0x0213, 6000);
  // The device stalls whoever asks earlier than it said.
  QVERIFY(bench.session->download(firmware, bench.progress, bench.cancel));
  QVERIFY(bench.session->finishDownload(bench.cancel));
  VirtualDfuFaults faults;
  faults.pollTimeout = std::chrono::milliseconds(0xFFFFFF);  // four and a half hours
  bench.device->setFaults(faults);
  QElapsedTimer timer;
  timer.start();
  QVERIFY(bench.session->download(firmware, bench.progress, bench.cancel));
  QVERIFY(timer.elapsed() >= 3 * 200 && timer.elapsed() < 30'000);
  QVERIFY(bench.session->finishDownload(bench.cancel));
  faults.pollTimeout = milliseconds(1);  // too early: it says busy again
  bench.device->setFaults(faults);
  QVERIFY(bench.session->download(firmware, bench.progress, bench.cancel));
  QVERIFY(bench.session->finishDownload(bench.cancel));
  QCOMPARE(bench.device->content(), firmware);
}

void DfuSessionTest::busyForEverEnds() {
  Bench bench({}, true, shortPatience());
  VirtualDfuFaults faults;
  faults.busyForEver = true;
  bench.device->setFaults(faults);
  const Status sent = bench.session->download(makeUsbFirmware(0x0213, 6000), bench.progress, bench.cancel);
  QVERIFY(!sent);
  QCOMPARE(sent.error().code, ErrorCode::Timeout);
}

void DfuSessionTest::garbageAndSilenceEnd_data() {
  QTest::addColumn<bool>("silent");
  QTest::addColumn<int>("at");
  for (int at = 1; at <= 11; ++at) {
    QTest::addRow("silent from request %d", at) << true << at;
    QTest::addRow("garbage from request %d", at) << false << at;
  }
}

void DfuSessionTest::garbageAndSilenceEnd() {
  QFETCH(bool, silent);
  QFETCH(int, at);
  Bench bench({}, true, shortPatience());
  VirtualDfuFaults faults;
  (silent ? faults.silentFromRequest : faults.garbageFromRequest) = static_cast<quint64>(at);
  bench.device->setFaults(faults);
  const QByteArray firmware = makeUsbFirmware(0x0213, 5000);  // 3 blocks, 6 requests; the end, 2; reading, 4
  Status done = bench.session->download(firmware, bench.progress, bench.cancel);
  if (done) {
    const auto manifested = bench.session->finishDownload(bench.cancel);
    done = manifested ? Status() : tl::unexpected(manifested.error());
  }
  if (done) {
    const auto read = bench.session->readBack(5000, bench.progress, bench.cancel);
    QVERIFY(!read || *read != firmware);
    done = read ? Status() : tl::unexpected(read.error());
    if (!silent) {
      return;  // what is read may be anything; whoever asked compares it
    }
  }
  QVERIFY(!done);
  QCOMPARE(done.error().code, silent ? ErrorCode::Timeout : ErrorCode::ProtocolMalformed);
}

void DfuSessionTest::refusedRequests() {
  Bench bench;
  VirtualDfuFaults faults;
  faults.refusesEverything = true;
  bench.device->setFaults(faults);
  const Status sent = bench.session->download("firmware", bench.progress, bench.cancel);
  QCOMPARE(sent.error().code, ErrorCode::ProtocolRefused);
  QCOMPARE(bench.session->becomeIdle(bench.cancel).error().code, ErrorCode::ProtocolRefused);
  QCOMPARE(bench.session->getState(bench.cancel).error().code, ErrorCode::ProtocolRefused);
}

void DfuSessionTest::cancelledAtEachRequest() {
  // Busy without end, so that the cancel comes while the session waits.
  VirtualDfuDeviceConfig config;
  config.usb.blockTime = minutes(10);
  Bench bench(config);
  DfuSession patient(*bench.link, bench.session->interface());
  bench.cancel.cancel();
  QCOMPARE(patient.download("firmware", bench.progress, bench.cancel).error().code, ErrorCode::Cancelled);
  QCOMPARE(bench.device->state(), State::kDfuIdle);
  const CancelToken later;
  std::atomic<bool> over = false;
  const std::unique_ptr<QThread> canceller(QThread::create([&] {
    while (!over && bench.device->state() != State::kDnBusy) {
      QThread::msleep(1);
    }
    later.cancel();
  }));
  canceller->start();
  const Status cancelled = patient.download("firmware", bench.progress, later);
  over = true;
  canceller->wait();
  QVERIFY(!cancelled);
  QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
}

void DfuSessionTest::lostAtEachTransfer() {
  const QByteArray firmware = makeUsbFirmware(0x0213, 5000);
  quint64 nth = 1;
  for (;; ++nth) {
    Bench bench;
    bench.bus.unplugAtTransfer(kPlace, nth);
    const Status sent = bench.session->download(firmware, bench.progress, bench.cancel);
    if (!sent) {
      QCOMPARE(sent.error().code, ErrorCode::LinkLost);
      continue;
    }
    const auto manifested = bench.session->finishDownload(bench.cancel);
    QVERIFY(manifested);
    if (*manifested == DfuManifested::Gone) {
      continue;
    }
    const auto read = bench.session->readBack(firmware.size(), bench.progress, bench.cancel);
    if (!read) {
      QCOMPARE(read.error().code, ErrorCode::LinkLost);
      continue;
    }
    QCOMPARE(*read, firmware);
    break;
  }
  QCOMPARE(nth, 3U * 2 + 2 + 3 + 1);
}

void DfuSessionTest::unplugsAndComesBack() {
  Bench bench({}, false);
  QVERIFY(bench.session->detach(bench.cancel));
  const auto came = awaitUsbDevice(
      bench.bus, kPlace, [](const UsbDeviceInfo& now) -> Result<bool> { return isInDfuMode(now); },
      Deadline::in(seconds(5), QStringLiteral("the bootloader")), bench.cancel);
  QVERIFY(came);
  QCOMPARE(came->productId, 0x0002);
  QCOMPARE(bench.session->getStatus(bench.cancel).error().code, ErrorCode::LinkLost);
  const auto never = awaitUsbDevice(
      bench.bus, QStringLiteral("1-3"), [](const UsbDeviceInfo&) -> Result<bool> { return true; },
      Deadline::in(milliseconds(50), QStringLiteral("nobody")), bench.cancel);
  QCOMPARE(never.error().code, ErrorCode::DeviceDidNotReturn);
  bench.cancel.cancel();
  QCOMPARE(awaitUsbDevice(
               bench.bus, QStringLiteral("1-3"), [](const UsbDeviceInfo&) -> Result<bool> { return true; },
               Deadline::in(milliseconds(50), QStringLiteral("nobody")), bench.cancel)
               .error()
               .code,
           ErrorCode::Cancelled);
}

void DfuSessionTest::powerCutAtEachFlashOperation() {
  const QByteArray old = makeUsbFirmware(0x0100, 9000, 1);
  const QByteArray fresh = makeUsbFirmware(0x0213, 9000, 2);
  bool uncut = false;
  for (quint64 nth = 1; !uncut; ++nth) {
    VirtualDfuDeviceConfig config;
    config.firmware = old;
    Bench bench(config);
    bench.device->cutPowerAtFlashOperation(nth);
    const Status sent = bench.session->download(fresh, bench.progress, bench.cancel);
    const auto ended = sent ? bench.session->finishDownload(bench.cancel) : Result<DfuManifested>(DfuManifested::Gone);
    uncut = sent && ended == DfuManifested::Idle;
    QVERIFY(sent || sent.error().code == ErrorCode::LinkLost);
    // Back in the socket: it never runs something in between.
    bench.bus.unplug(kPlace);
    bench.device->cutPowerAtFlashOperation(0);
    bench.bus.plugIn(kPlace, bench.device);
    if (bench.device->mode() == DfuMachine::Mode::Application) {
      QVERIFY(bench.device->content() == fresh || (bench.device->content() == old && nth == 1));
      continue;
    }
    QVERIFY(bench.device->content().isEmpty());
    bench.connect();
    QCOMPARE(bench.session->getStatus(bench.cancel)->code, DfuStatusCode::ErrFirmware);
    QVERIFY(bench.session->becomeIdle(bench.cancel));
    QVERIFY(bench.session->download(fresh, bench.progress, bench.cancel));
    QVERIFY(bench.session->finishDownload(bench.cancel));
    QCOMPARE(bench.device->content(), fresh);
  }
}

void DfuSessionTest::notMadeForDownloadOrUpload() {
  VirtualDfuDeviceConfig config;
  config.usb.canDownload = false;
  config.usb.canUpload = false;
  Bench bench(config);
  QCOMPARE(bench.session->download("firmware", bench.progress, bench.cancel).error().code, ErrorCode::NotSupported);
  QCOMPARE(bench.session->readBack(10, bench.progress, bench.cancel).error().code, ErrorCode::NotSupported);
  QCOMPARE(bench.device->state(), State::kDfuIdle);  // nothing was sent
}

QTEST_GUILESS_MAIN(DfuSessionTest)
#include "dfu_session_test.moc"
