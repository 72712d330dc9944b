#include "tests/support/usb_link_contract.h"

#include "transports/links/usb_devices.h"

#include <QElapsedTimer>
#include <QTest>
#include <QThread>

namespace sealift {

namespace {

using std::chrono::milliseconds;
using Request = UsbProbeDevice::Request;

constexpr milliseconds kPlenty{20'000};  // the guest is emulated in software
constexpr quint8 kVendorToHost = 0xc0;
constexpr quint8 kVendorToDevice = 0x40;
const CancelToken kNever;

Deadline plenty() {
  return Deadline::in(kPlenty, QStringLiteral("answer of the probe"));
}

UsbRequest ask(Request request, quint16 value = 0) {
  return {kVendorToHost, request, value, 0};
}

UsbRequest tell(Request request, quint16 value = 0) {
  return {kVendorToDevice, request, value, 0};
}

QByteArray pattern(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

template <class T>
ErrorCode codeOf(const Result<T>& result) {
  return result ? ErrorCode::UpToDate : result.error().code;  // UpToDate: there was no error
}

// What went wrong; empty when nothing did.
template <class T>
QString faultOf(const Result<T>& result) {
  return result ? QString() : result.error().message();
}

std::shared_ptr<UsbProbeDevice> probe(const QString& serial = QStringLiteral("P-1")) {
  return std::make_shared<UsbProbeDevice>(serial);
}

}  // namespace

#define QVERIFY_OK(result) QCOMPARE(faultOf(result), QString())
#define QCOMPARE_CODE(result, expected) QCOMPARE(errorCodeName(codeOf(result)), errorCodeName(expected))

QString UsbLinkContract::plugIn(const std::shared_ptr<UsbFunction>& function) {
  const QString place = bus_->plugIn(function);
  const quint16 product = function->description().productId;
  const auto seen = waitFor(place, product);
  if (!seen) {
    qWarning("%s", qPrintable(seen.error().message()));
    return {};
  }
  return place;
}

Result<UsbDeviceInfo> UsbLinkContract::waitFor(const QString& place, quint16 productId) {
  // The kernel lists a device before it has configured it.
  const auto isIt = [&](const UsbDeviceInfo& device) {
    return device.productId == productId && !device.alternates.isEmpty() && !device.alternates.first().name.isEmpty();
  };
  return waitForUsbDevice(bus_->opener(), place, isIt, Deadline::in(kPlenty, QStringLiteral("the probe")), kNever);
}

std::unique_ptr<UsbLink> UsbLinkContract::open(const QString& place) {
  auto link = bus_->opener().openUsb({LinkKind::Usb, place, 0, {}}, kNever);
  if (!link) {
    qWarning("%s", qPrintable(link.error().message()));
    return nullptr;
  }
  return std::move(*link);
}

std::unique_ptr<UsbLink> UsbLinkContract::openClaimed(const QString& place, int alternate) {
  std::unique_ptr<UsbLink> link = open(place);
  const Status claimed = link ? link->claim(0, alternate, kNever) : Status();
  if (!claimed) {
    qWarning("%s", qPrintable(claimed.error().message()));
    return nullptr;
  }
  return link;
}

void UsbLinkContract::cleanup() {
  bus_->unplugAll();
}

void UsbLinkContract::listsWhatIsPluggedIn() {
  const auto device = probe();
  const QString place = plugIn(device);
  QVERIFY(!place.isEmpty());
  const auto seen = waitFor(place, UsbProbeDevice::kProduct);
  QVERIFY_OK(seen);
  QCOMPARE(seen->place, place);
  QCOMPARE(seen->address().toString(), QStringLiteral("usb:") + place);
  QCOMPARE(seen->vendorId, UsbProbeDevice::kVendor);
  QCOMPARE(seen->productId, UsbProbeDevice::kProduct);
  QCOMPARE(seen->release, 0x0123);
  QCOMPARE(seen->manufacturer, QStringLiteral("Fjällräven Prüfstände"));
  QCOMPARE(seen->product, QStringLiteral("Probe"));
  QCOMPARE(seen->serial, QStringLiteral("P-1"));
  QVERIFY(seen->readable);
  QCOMPARE(seen->alternates.size(), 2);
  QList<UsbAlternate> expected = device->description().alternates;
  expected[1].name.clear();  // not in use
  QVERIFY(seen->alternates == expected);
}

void UsbLinkContract::readsAllNamesWhenOpened() {
  const auto device = probe();
  const auto link = open(plugIn(device));
  QVERIFY(link);
  QVERIFY(link->device().alternates == device->description().alternates);
  QCOMPARE(link->device().alternates.at(1).name, QStringLiteral("With all € ends"));
  QVERIFY(link->description().contains(QStringLiteral("1209:0001")));
}

void UsbLinkContract::controlCarriesBytes() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  for (const int size : {0, 1, 63, 64, 65, 512, 4095, 4096}) {
    const QByteArray bytes = pattern(size);
    QVERIFY_OK(link->controlOut(tell(Request::Store), bytes, plenty(), kNever));
    const auto back = link->controlIn(ask(Request::Store), 4096, plenty(), kNever);
    QVERIFY_OK(back);
    QCOMPARE(*back, bytes);
  }
}

void UsbLinkContract::controlAnswerMayBeShorter() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  QVERIFY_OK(link->controlOut(tell(Request::Store), "abcdef", plenty(), kNever));
  const auto part = link->controlIn(ask(Request::Store), 3, plenty(), kNever);
  QVERIFY_OK(part);
  QCOMPARE(*part, QByteArray("abc"));
}

void UsbLinkContract::controlTooLongIsRefusedHere() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  QCOMPARE_CODE(link->controlOut(tell(Request::Store), pattern(4097), plenty(), kNever), ErrorCode::InvalidArgument);
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 4097, plenty(), kNever), ErrorCode::InvalidArgument);
}

void UsbLinkContract::stalledControlIsRefusedOnce() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  QCOMPARE_CODE(link->controlIn(ask(Request::Stall), 8, plenty(), kNever), ErrorCode::ProtocolRefused);
  QCOMPARE_CODE(link->controlOut(tell(Request::Stall), "x", plenty(), kNever), ErrorCode::ProtocolRefused);
  QVERIFY_OK(link->controlOut(tell(Request::Store), "x", plenty(), kNever));
}

void UsbLinkContract::bulkCarriesBytes() {
  const auto link = openClaimed(plugIn(probe()));
  QVERIFY(link);
  for (const int size : {1, 511, 512, 513, 16384, 16385, 100'000, 131'072, 1'000'000}) {
    const QByteArray bytes = pattern(size);
    QVERIFY_OK(link->bulkOut(UsbProbeDevice::kOut, bytes, plenty(), kNever));
    const auto back = link->bulkIn(UsbProbeDevice::kIn, size, plenty(), kNever);
    QVERIFY_OK(back);
    QVERIFY2(*back == bytes, QByteArray::number(size));
  }
}

void UsbLinkContract::shortPacketEndsATransfer() {
  const auto link = openClaimed(plugIn(probe()));
  QVERIFY(link);
  QVERIFY_OK(link->bulkOut(UsbProbeDevice::kOut, pattern(100), plenty(), kNever));
  const auto back = link->bulkIn(UsbProbeDevice::kIn, 1'000'000, plenty(), kNever);
  QVERIFY_OK(back);
  QCOMPARE(*back, pattern(100));
}

void UsbLinkContract::moreThanAskedIsMalformed() {
  // On the wire a packet can't be cut: asking for less than one is the mistake that shows a device's babble.
  class Babbler final : public UsbFunction {
   public:
    UsbDescription description() const override { return UsbProbeDevice(QStringLiteral("B")).description(); }
    UsbAnswer control(const UsbSetup& /*setup*/, QByteArrayView /*data*/) override { return UsbAnswer::stall(); }
    UsbAnswer transferIn(quint8 /*endpoint*/, qsizetype maxBytes) override {
      return UsbAnswer::done(pattern(maxBytes + 1));
    }
  };
  const auto link = openClaimed(plugIn(std::make_shared<Babbler>()));
  QVERIFY(link);
  QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kIn, 512, plenty(), kNever), ErrorCode::ProtocolMalformed);
}

void UsbLinkContract::stalledEndpointIsCleared() {
  const auto link = openClaimed(plugIn(probe()), 1);
  QVERIFY(link);
  for (int i = 0; i < 3; ++i) {
    QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kStallIn, 512, plenty(), kNever), ErrorCode::ProtocolRefused);
  }
  const auto status = link->controlIn({0x82, 0, 0, UsbProbeDevice::kStallIn}, 2, plenty(), kNever);  // GET_STATUS
  QVERIFY_OK(status);
  QCOMPARE(*status, QByteArray(2, '\0'));  // not halted
  QVERIFY_OK(link->bulkOut(UsbProbeDevice::kOut, "still here", plenty(), kNever));
}

void UsbLinkContract::choosesAlternateSettings() {
  const auto link = openClaimed(plugIn(probe()), 1);
  QVERIFY(link);
  const auto one = link->controlIn(ask(Request::Alternate), 1, plenty(), kNever);
  QVERIFY_OK(one);
  QCOMPARE(*one, QByteArray(1, '\1'));
  QVERIFY_OK(link->claim(0, 0, kNever));
  const auto zero = link->controlIn(ask(Request::Alternate), 1, plenty(), kNever);
  QVERIFY_OK(zero);
  QCOMPARE(*zero, QByteArray(1, '\0'));
  QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kStallIn, 512, plenty(), kNever), ErrorCode::InvalidArgument);
  QCOMPARE_CODE(link->claim(0, 2, kNever), ErrorCode::NotFound);
  QCOMPARE_CODE(link->claim(1, 0, kNever), ErrorCode::NotFound);
}

void UsbLinkContract::unclaimedInterfaceIsNotUsed() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  QCOMPARE_CODE(link->bulkOut(UsbProbeDevice::kOut, "x", plenty(), kNever), ErrorCode::InvalidArgument);
  QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kIn, 1, plenty(), kNever), ErrorCode::InvalidArgument);
  QCOMPARE_CODE(link->controlIn({0xa1, Request::Store, 0, 0}, 1, plenty(), kNever), ErrorCode::InvalidArgument);
  QVERIFY_OK(link->claim(0, 0, kNever));
  QVERIFY_OK(link->controlIn({0xa1, Request::Store, 0, 0}, 1, plenty(), kNever));
}

void UsbLinkContract::claimIsForOneAlone() {
  const QString place = plugIn(probe());
  auto first = openClaimed(place);
  const auto second = open(place);
  QVERIFY(first && second);
  QCOMPARE_CODE(second->claim(0, 0, kNever), ErrorCode::LinkOpen);
  QVERIFY_OK(first->claim(0, 1, kNever));  // its own, again
  first.reset();
  QVERIFY_OK(second->claim(0, 0, kNever));
}

void UsbLinkContract::timesOut() {
  const auto link = openClaimed(plugIn(probe()), 1);
  QVERIFY(link);
  const milliseconds time{200};
  QElapsedTimer timer;
  timer.start();
  QCOMPARE_CODE(link->controlIn(ask(Request::Silence), 8, Deadline::in(time, QStringLiteral("nothing")), kNever),
                ErrorCode::Timeout);
  QVERIFY(timer.elapsed() >= time.count());
  timer.restart();
  QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kSilentIn, 512, Deadline::in(time, QStringLiteral("nothing")), kNever),
                ErrorCode::Timeout);
  QVERIFY(timer.elapsed() >= time.count());
  // The transfers were taken back: the pipes are free for others.
  QVERIFY_OK(link->controlOut(tell(Request::Store), "after", plenty(), kNever));
  QVERIFY_OK(link->bulkOut(UsbProbeDevice::kOut, "after", plenty(), kNever));
  const auto back = link->bulkIn(UsbProbeDevice::kIn, 512, plenty(), kNever);
  QVERIFY_OK(back);
  QCOMPARE(*back, QByteArray("after"));
}

void UsbLinkContract::slowAnswerIsWaitedFor() {
  const auto link = open(plugIn(probe()));
  QVERIFY(link);
  QElapsedTimer timer;
  timer.start();
  const auto answer = link->controlIn(ask(Request::Slow, 150), 8, plenty(), kNever);
  QVERIFY_OK(answer);
  QCOMPARE(*answer, QByteArray("slow"));
  QVERIFY(timer.elapsed() >= 150);
}

void UsbLinkContract::cancelIsNoticedSoon() {
  const auto link = openClaimed(plugIn(probe()), 1);
  QVERIFY(link);
  const CancelToken cancel;
  QElapsedTimer timer;
  qint64 cancelledAt = 0;
  timer.start();
  const std::unique_ptr<QThread> other(QThread::create([&] {
    QThread::msleep(100);
    cancelledAt = timer.elapsed();
    cancel.cancel();
  }));
  other->start();
  const auto answer = link->bulkIn(UsbProbeDevice::kSilentIn, 512, plenty(), cancel);
  const qint64 returnedAt = timer.elapsed();
  other->wait();
  QCOMPARE_CODE(answer, ErrorCode::Cancelled);
  qInfo("noticed after %lld ms", returnedAt - cancelledAt);
  QVERIFY(returnedAt - cancelledAt < 1000);  // 50 ms are promised; emulation has its hiccups
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 8, plenty(), cancel), ErrorCode::Cancelled);
  QVERIFY_OK(link->controlOut(tell(Request::Store), "usable", plenty(), kNever));
}

void UsbLinkContract::vanishesDuringControl() {
  const QString place = plugIn(probe());
  const auto link = open(place);
  QVERIFY(link);
  QCOMPARE_CODE(link->controlIn(ask(Request::Vanish), 8, plenty(), kNever), ErrorCode::LinkLost);
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 8, plenty(), kNever), ErrorCode::LinkLost);
}

void UsbLinkContract::vanishesDuringBulk() {
  const auto device = probe();
  const QString place = plugIn(device);
  const auto link = openClaimed(place);
  QVERIFY(link);
  QVERIFY_OK(link->bulkOut(UsbProbeDevice::kOut, pattern(1000), plenty(), kNever));
  // The second of its transfers from here; a big one is several.
  bus_->unplugAtTransfer(place, 2);
  Status status;
  for (int i = 0; i < 3 && status; ++i) {
    status = link->bulkOut(UsbProbeDevice::kOut, pattern(300'000), plenty(), kNever);
  }
  QCOMPARE_CODE(status, ErrorCode::LinkLost);
  QVERIFY(device->taken() > 0 && device->taken() < 900'000);
  QCOMPARE_CODE(link->bulkIn(UsbProbeDevice::kIn, 512, plenty(), kNever), ErrorCode::LinkLost);
  QCOMPARE_CODE(link->reset(kNever), ErrorCode::LinkLost);
  const auto gone = [&] {
    return codeOf(bus_->opener().openUsb({LinkKind::Usb, place, 0, {}}, kNever)) == ErrorCode::LinkOpen;
  };
  QTRY_VERIFY_WITH_TIMEOUT(gone(), 20'000);
  QCOMPARE(device->unplugged(), 1);
}

void UsbLinkContract::comesBackAsAnother() {
  const auto device = probe();
  const QString place = plugIn(device);
  const auto link = open(place);
  QVERIFY(link);
  QVERIFY_OK(link->controlOut(tell(Request::BecomeOther, 100), {}, plenty(), kNever));
  const auto other = waitFor(place, UsbProbeDevice::kOtherProduct);
  QVERIFY_OK(other);
  QCOMPARE(other->place, place);
  QCOMPARE(other->product, QStringLiteral("Other"));
  QCOMPARE_CODE(checkSameUsbDevice(link->device(), *other), ErrorCode::DeviceChanged);
  // What was opened stays what it was, and lost.
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 8, plenty(), kNever), ErrorCode::LinkLost);
  const auto again = openClaimed(place);
  QVERIFY(again);
  QVERIFY_OK(again->controlOut(tell(Request::Store), "new", plenty(), kNever));
  QCOMPARE(device->attached(), 2);
}

void UsbLinkContract::resetThatChangesNothing() {
  const auto device = probe();
  const QString place = plugIn(device);
  auto link = openClaimed(place);
  QVERIFY(link);
  QVERIFY_OK(link->reset(kNever));
  QCOMPARE(device->resets(), 1);
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 8, plenty(), kNever), ErrorCode::LinkLost);
  link.reset();
  const auto same = waitFor(place, UsbProbeDevice::kProduct);
  QVERIFY_OK(same);
  link = openClaimed(place);
  QVERIFY(link);
  QVERIFY_OK(link->controlOut(tell(Request::Store), "again", plenty(), kNever));
}

void UsbLinkContract::resetIntoAnother() {
  const auto device = probe();
  const QString place = plugIn(device);
  const auto link = open(place);
  QVERIFY(link);
  device->becomeOtherAfterReset();
  QVERIFY_OK(link->reset(kNever));
  const auto other = waitFor(place, UsbProbeDevice::kOtherProduct);
  QVERIFY_OK(other);
  QCOMPARE(device->resets(), 1);
  QCOMPARE(device->attached(), 1);
  QCOMPARE_CODE(link->controlIn(ask(Request::Store), 8, plenty(), kNever), ErrorCode::LinkLost);
}

void UsbLinkContract::equalSerialNumbersAreToldApartByPlace() {
  const QString first = plugIn(probe(QStringLiteral("SAME")));
  const QString second = plugIn(probe(QStringLiteral("SAME")));
  QVERIFY(first != second);
  const auto a = open(first);
  const auto b = open(second);
  QVERIFY(a && b);
  QCOMPARE(a->device().serial, b->device().serial);
  QCOMPARE_CODE(checkSameUsbDevice(a->device(), b->device()), ErrorCode::DeviceChanged);
  QVERIFY_OK(a->controlOut(tell(Request::Store), "first", plenty(), kNever));
  QVERIFY_OK(b->controlOut(tell(Request::Store), "second", plenty(), kNever));
  const auto fromA = a->controlIn(ask(Request::Store), 64, plenty(), kNever);
  QVERIFY_OK(fromA);
  QCOMPARE(*fromA, QByteArray("first"));
}

void UsbLinkContract::nothingThere() {
  const QString place = plugIn(probe());
  bus_->unplug(place);
  const auto opened = [&] { return codeOf(bus_->opener().openUsb({LinkKind::Usb, place, 0, {}}, kNever)); };
  QTRY_COMPARE_WITH_TIMEOUT(opened(), ErrorCode::LinkOpen, 20'000);
  QCOMPARE_CODE(bus_->opener().openUsb({LinkKind::Tcp, place, 1, {}}, kNever), ErrorCode::NotSupported);
}

}  // namespace sealift
