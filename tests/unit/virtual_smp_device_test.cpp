// The virtual SMP device, spoken to in bytes that were made by hand from the protocol's documents.
#include "devices/virtual/virtual_smp_device.h"

#include "devices/images/mcuboot_builder.h"
#include "devices/virtual/smp_device.h"
#include "keystore/crypto/digest.h"

#include <QCborArray>
#include <QCborMap>
#include <QCborValue>
#include <QElapsedTimer>
#include <QFile>
#include <QTest>
#include <QUdpSocket>

#include <memory>

using namespace sealift;

namespace {

QByteArray hex(const char* text) {
  return QByteArray::fromHex(text);
}

QByteArray big16(qsizetype value) {
  return {QByteArray(1, static_cast<char>(value >> 8)) + static_cast<char>(value & 0xff)};
}

// A request by hand: first byte (version and op), group, command, CBOR.
QByteArray frame(quint8 first, quint16 group, quint8 command, const QByteArray& cbor, quint8 sequence = 7) {
  return QByteArray(1, static_cast<char>(first)) + '\0' + big16(cbor.size()) + big16(group) +
         static_cast<char>(sequence) + static_cast<char>(command) + cbor;
}

// RFC 8949, section 3: major types 0, 2 and 3 with 16-bit and 32-bit arguments.
QByteArray text(const char* value) {
  return QByteArray(1, static_cast<char>(0x60 + qstrlen(value))) + value;  // shorter than 24
}
QByteArray bytesItem(const QByteArray& value) {
  return '\x59' + big16(value.size()) + value;
}
QByteArray number(qsizetype value) {
  return '\x1a' + big16(value >> 16) + big16(value & 0xffff);
}

QByteArray firstChunk(const QByteArray& image, qsizetype count) {
  return '\xa4' + text("len") + number(image.size()) + text("off") + number(0) + text("sha") +
         bytesItem(sha256(image)) + text("data") + bytesItem(image.first(count));
}
QByteArray nextChunk(const QByteArray& image, qsizetype at, qsizetype count) {
  return '\xa2' + text("off") + number(at) + text("data") + bytesItem(image.mid(at, count));
}

QCborMap bodyOf(const QByteArray& response) {
  return QCborValue::fromCbor(response.mid(8)).toMap();
}
qint64 integerOf(const QByteArray& response, const char* name) {
  return bodyOf(response).value(QString::fromLatin1(name)).toInteger(-1);
}

constexpr quint8 kWrite1 = 0x02;  // version 1
constexpr quint8 kRead1 = 0x00;
constexpr quint8 kWrite2 = 0x0a;  // version 2
constexpr quint8 kRead2 = 0x08;

}  // namespace

class VirtualSmpDeviceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void answersKnownFrames_data();
  void answersKnownFrames();
  void answersNothing_data();
  void answersNothing();
  void listsImages();
  void readsSettings();
  void uploadsInOrder();
  void resumesByHash();
  void refusesUploads_data();
  void refusesUploads();
  void pretendedWritesShow();
  void updatesAndConfirms();
  void hangingFirmwareReverts();
  void unconfirmedFirmwareRevertsAfterItsTimeout();
  void deniedConfirmReverts();
  void refusesImageOfStranger();
  void losesPowerDuringUpload();
  void goesSilent();
  void takesTimeForFlash();
  void consoleKnownAnswers();
  void consoleSkipsGarbage();
  void servesUdp();
  void servesPseudoTerminal();
  void isFastEnough();

 private:
  SmpDeviceConfig config() const;
  QByteArray image(const Version& version, const char* behaviour = "healthy", qsizetype size = 5000) const;
  // Uploads by hand; the last answer.
  QByteArray upload(SmpDevice& device, const QByteArray& image, qint64 nowMs = 0) const;
  QByteArray setState(const QByteArray& image, bool confirm) const;
  QString runningVersion(SmpDevice& device, qint64 nowMs) const;

  std::unique_ptr<PrivateKey> key_;
};

void VirtualSmpDeviceTest::initTestCase() {
  Result<PrivateKey> made = PrivateKey::generate(KeyType::Ed25519);
  QVERIFY(made);
  key_ = std::make_unique<PrivateKey>(std::move(*made));
}

QByteArray VirtualSmpDeviceTest::image(const Version& version, const char* behaviour, qsizetype size) const {
  McubootImageSpec spec;
  spec.version = version;
  spec.payload = QByteArray(size, static_cast<char>('A' + version.minor)) + kBehaviourMarker + behaviour + '\n';
  spec.securityCounter = version.minor;
  return buildMcubootImage(spec, *key_).value();
}

SmpDeviceConfig VirtualSmpDeviceTest::config() const {
  SmpDeviceConfig config;
  config.serial = QStringLiteral("T2-0042");
  config.imageKeys = {key_->publicKey().toPem()};
  config.firmware = image({2, 3, 1, 4});
  config.imageSectors = 16;
  config.sectorSize = 1024;
  config.resetMs = 10;
  config.bootMs = 100;
  return config;
}

QByteArray VirtualSmpDeviceTest::upload(SmpDevice& device, const QByteArray& image, qint64 nowMs) const {
  QByteArray answer = device.handle(frame(kWrite2, 1, 1, firstChunk(image, 501)), nowMs);
  for (qint64 at = integerOf(answer, "off"); at > 0 && at < image.size(); at = integerOf(answer, "off")) {
    answer = device.handle(frame(kWrite2, 1, 1, nextChunk(image, at, 1001)), nowMs);
  }
  return answer;
}

QByteArray VirtualSmpDeviceTest::setState(const QByteArray& image, bool confirm) const {
  return frame(kWrite2, 1, 0,
               '\xa2' + text("hash") + bytesItem(parseMcubootImage(image)->hash) + text("confirm") +
                   (confirm ? '\xf5' : '\xf4'));
}

QString VirtualSmpDeviceTest::runningVersion(SmpDevice& device, qint64 nowMs) const {
  const QCborArray images =
      bodyOf(device.handle(frame(kRead2, 1, 0, hex("a0")), nowMs)).value(QStringLiteral("images")).toArray();
  return images.isEmpty() ? QString() : images.first().toMap().value(QStringLiteral("version")).toString();
}

void VirtualSmpDeviceTest::answersKnownFrames_data() {
  QTest::addColumn<QByteArray>("request");
  QTest::addColumn<QByteArray>("response");
  const auto row = [](const char* name, const char* request, const char* response) {
    QTest::newRow(name) << hex(request) << hex(response);
  };
  // {"d": "hi"} → {"r": "hi"}
  row("echo, write, version 1", "0200000600004200a16164626869", "0300000600004200a16172626869");
  row("echo, read, version 2", "080000060000ff00a16164626869", "090000060000ff00a16172626869");
  // {"buf_size": 2048, "buf_count": 4}
  row("parameters", "0800000100000106a0", "0900001800000106a2686275665f73697a65190800696275665f636f756e7404");
  row("parameters, no body", "0800000000000106", "0900001800000106a2686275665f73697a65190800696275665f636f756e7404");
  // {"bootloader": "MCUboot"}; {"query": "mode"} → {"mode": 1}
  row("bootloader", "0800000100000108a0", "0900001400000108a16a626f6f746c6f61646572674d4355626f6f74");
  row("bootloader mode", "0800000c00000108a1657175657279646d6f6465", "0900000700000108a1646d6f646501");
  // {"rc": 8}: not supported, an error of SMP itself in both versions
  row("unknown group, version 1", "0000000100630900a0", "0100000500630900a162726308");
  row("unknown command, version 2", "0800000100000963a0", "0900000500000963a162726308");
  row("echo without text", "0200000100000900a0", "0300000500000900a162726303");
  // {"name": "x"}: {"rc": 5} in version 1, {"err": {"group": 3, "rc": 3}} in version 2
  row("unknown setting, version 1", "0000000800030100a1646e616d656178", "0100000500030100a162726305");
  row("unknown setting, version 2", "0800000800030100a1646e616d656178",
      "0900001100030100a163657272a26567726f757003627263"
      "03");
  // {"confirm": false} without a hash: invalid hash (24)
  row("state without hash", "0a00000a00010500a167636f6e6669726df4",
      "0b00001200010500a163657272a26567726f7570016272631818");
}

void VirtualSmpDeviceTest::answersKnownFrames() {
  QFETCH(const QByteArray, request);
  QFETCH(const QByteArray, response);
  SmpDeviceConfig plain = config();
  SmpDevice device(plain);
  device.powerOn(0);
  QCOMPARE(device.handle(request, 200).toHex(), response.toHex());
}

void VirtualSmpDeviceTest::answersNothing_data() {
  QTest::addColumn<QByteArray>("request");
  QTest::newRow("empty") << QByteArray();
  QTest::newRow("short header") << hex("02000006000042");
  QTest::newRow("length too large") << hex("0200000700004200a16164626869");
  QTest::newRow("length too small") << hex("0200000500004200a16164626869");
  QTest::newRow("a response") << hex("0300000600004200a16172626869");
  QTest::newRow("version 3") << hex("1200000600004200a16164626869");
  QTest::newRow("no map") << hex("020000010000420001");
  QTest::newRow("cut CBOR") << hex("0200000500004200a161646268");
  QTest::newRow("larger than the buffer") << frame(kWrite1, 0, 0, '\xa1' + text("d") + QByteArray(3000, 'x'));
}

void VirtualSmpDeviceTest::answersNothing() {
  QFETCH(const QByteArray, request);
  SmpDevice device(config());
  device.powerOn(0);
  QCOMPARE(device.handle(request, 200), QByteArray());
  QVERIFY(!device.handle(hex("0200000600004200a16164626869"), 200).isEmpty());
}

void VirtualSmpDeviceTest::listsImages() {
  SmpDeviceConfig frugal = config();
  frugal.frugalLists = true;
  SmpDevice device(frugal);
  device.powerOn(0);
  // {"images": [{"slot": 0, "version": "2.3.1.4", "hash": …, "bootable": true, "confirmed": true, "active": true}]}
  QByteArray body = hex("a166696d6167657381a664736c6f74006776657273696f6e67322e332e312e3464686173685820");
  body += parseMcubootImage(frugal.firmware)->hash;
  body += hex("68626f6f7461626c65f569636f6e6669726d6564f566616374697665f5");
  QCOMPARE(device.handle(frame(kRead1, 1, 0, hex("a0")), 200).mid(8).toHex(), body.toHex());

  SmpDeviceConfig older = config();
  older.indefiniteMaps = true;
  older.successCarriesRc = true;
  SmpDevice second(older);
  second.powerOn(0);
  const QByteArray answer = second.handle(frame(kRead1, 1, 0, hex("a0")), 200);
  QVERIFY(answer.mid(8).startsWith('\xbf') && answer.endsWith('\xff'));
  QCOMPARE(integerOf(answer, "rc"), 0);
  const QCborMap entry = bodyOf(answer).value(QStringLiteral("images")).toArray().first().toMap();
  QCOMPARE(entry.value(QStringLiteral("pending")), QCborValue(false));
}

void VirtualSmpDeviceTest::readsSettings() {
  SmpDeviceConfig with = config();
  with.securityCounter = 0x01020304;
  with.firmware = image({2, 3, 1, 4});
  with.securityCounter = 2;
  with.batteryPercent = 87;
  SmpDevice device(with);
  device.powerOn(0);
  const auto read = [&](const char* name) {
    return bodyOf(device.handle(frame(kRead2, 3, 0, '\xa1' + text("name") + text(name)), 200))
        .value(QStringLiteral("val"))
        .toByteArray();
  };
  QCOMPARE(read("sealift/serial"), QByteArray("T2-0042"));
  QCOMPARE(read("sealift/model"), QByteArray("t2"));
  QCOMPARE(read("sealift/hwrev"), QByteArray("A"));
  QCOMPARE(read("sealift/secboot"), QByteArray("\x01"));
  QCOMPARE(read("sealift/battery"), QByteArray("\x57"));
  QCOMPARE(read("sealift/seccnt"), hex("03000000"));  // raised by the image that runs
}

void VirtualSmpDeviceTest::uploadsInOrder() {
  SmpDevice device(config());
  device.powerOn(0);
  const QByteArray next = image({2, 4, 0, 17});
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, nextChunk(next, 512, 64)), 200), "off"), 0);  // no upload yet
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, firstChunk(next, 501)), 200), "off"), 501);
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, nextChunk(next, 1501, 1000)), 200), "off"), 501);  // a gap
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, nextChunk(next, 501, 1000)), 200), "off"), 1501);
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, nextChunk(next, 501, 1000)), 200), "off"), 1501);  // again
  QByteArray last;
  for (qint64 at = 1501; at < next.size(); at = integerOf(last, "off")) {
    last = device.handle(frame(kWrite1, 1, 1, nextChunk(next, at, 999)), 200);
  }
  QCOMPARE(bodyOf(last).value(QStringLiteral("match")), QCborValue(true));
  QCOMPARE(device.bootloader().image(McubootModel::kSecondary)->hash, parseMcubootImage(next)->hash);
  QCOMPARE(device.uploadedBytes(), next.size());
}

void VirtualSmpDeviceTest::resumesByHash() {
  SmpDevice device(config());
  device.powerOn(0);
  const QByteArray next = image({2, 4, 0, 17});
  (void)device.handle(frame(kWrite2, 1, 1, firstChunk(next, 501)), 200);
  (void)device.handle(frame(kWrite2, 1, 1, nextChunk(next, 501, 1000)), 200);
  QCOMPARE(integerOf(device.handle(frame(kWrite2, 1, 1, firstChunk(next, 501)), 200), "off"), 1501);
  const QByteArray other = image({2, 5, 0, 0});
  QCOMPARE(integerOf(device.handle(frame(kWrite2, 1, 1, firstChunk(other, 400)), 200), "off"), 400);  // begins anew
  device.powerOff();
  device.powerOn(300);
  QCOMPARE(integerOf(device.handle(frame(kWrite2, 1, 1, firstChunk(other, 300)), 500), "off"), 300);  // forgotten
}

void VirtualSmpDeviceTest::refusesUploads_data() {
  QTest::addColumn<QByteArray>("cbor");
  QTest::addColumn<int>("groupRc");
  const QByteArray good = image({2, 4, 0, 0});
  const QByteArray big(20000, 'x');
  QByteArray noMagic = good;
  noMagic[0] = 'x';
  QTest::newRow("no header") << firstChunk(good, 31) << 22;
  QTest::newRow("no magic") << firstChunk(noMagic, 500) << 23;
  QTest::newRow("too large") << firstChunk(good.first(500) + big, 500) << 30;
  QTest::newRow("more than announced") << '\xa3' + text("len") + number(100) + text("off") + number(0) + text("data") +
                                              bytesItem(good.first(500))
                                       << 31;
  QTest::newRow("no length") << '\xa2' + text("off") + number(0) + text("data") + bytesItem(good.first(500)) << 21;
  QTest::newRow("not an upgrade") << '\xa4' + text("len") + number(good.size()) + text("off") + number(0) +
                                         text("upgrade") + '\xf5' + text("data") +
                                         bytesItem(image({2, 3, 1, 9}).first(500))
                                  << 27;
}

void VirtualSmpDeviceTest::refusesUploads() {
  QFETCH(const QByteArray, cbor);
  QFETCH(const int, groupRc);
  SmpDevice device(config());
  device.powerOn(0);
  const QCborMap error = bodyOf(device.handle(frame(kWrite2, 1, 1, cbor), 200)).value(QStringLiteral("err")).toMap();
  QCOMPARE(error.value(QStringLiteral("group")).toInteger(), 1);
  QCOMPARE(error.value(QStringLiteral("rc")).toInteger(), groupRc);
  QCOMPARE(device.uploadedBytes(), 0);
}

void VirtualSmpDeviceTest::pretendedWritesShow() {
  SmpDevice device(config());
  device.powerOn(0);
  device.faults().pretendToWrite = true;
  const QByteArray last = upload(device, image({2, 4, 0, 0}), 200);
  QCOMPARE(bodyOf(last).value(QStringLiteral("match")), QCborValue(false));
  QVERIFY(!device.bootloader().image(McubootModel::kSecondary));
}

void VirtualSmpDeviceTest::updatesAndConfirms() {
  SmpDevice device(config());
  device.powerOn(0);
  QCOMPARE(device.handle(frame(kRead2, 1, 0, hex("a0")), 99), QByteArray());  // still starting
  QCOMPARE(runningVersion(device, 100), QStringLiteral("2.3.1.4"));
  const QByteArray next = image({2, 4, 0, 17});
  (void)upload(device, next, 200);
  const QCborArray images = bodyOf(device.handle(setState(next, false), 300)).value(QStringLiteral("images")).toArray();
  QCOMPARE(images.size(), 2);
  QCOMPARE(images.at(1).toMap().value(QStringLiteral("pending")), QCborValue(true));
  QCOMPARE(images.at(1).toMap().value(QStringLiteral("permanent")), QCborValue(false));
  // Now the slot is taken: no upload, no erase.
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 1, firstChunk(image({2, 9, 0, 0}), 500)), 300), "rc"), 6);
  QCOMPARE(integerOf(device.handle(frame(kWrite1, 1, 5, hex("a0")), 300), "rc"), 6);

  QCOMPARE(device.handle(frame(kWrite2, 0, 5, hex("a0")), 400).mid(8), hex("a0"));
  QCOMPARE(runningVersion(device, 405), QStringLiteral("2.3.1.4"));  // resets at 410
  QCOMPARE(runningVersion(device, 509), QString());
  QCOMPARE(runningVersion(device, 510), QStringLiteral("2.4.0.17"));
  QCOMPARE(device.bootloader().securityCounter(), 3U);
  QVERIFY(!device.bootloader().isPrimaryConfirmed());
  QVERIFY(!device.handle(setState(next, true), 600).isEmpty());
  QVERIFY(device.bootloader().isPrimaryConfirmed());
  QCOMPARE(device.bootloader().securityCounter(), 4U);
  (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 700);
  QCOMPARE(runningVersion(device, 1000), QStringLiteral("2.4.0.17"));
}

void VirtualSmpDeviceTest::hangingFirmwareReverts() {
  for (const char* behaviour : {"hang", "boot-loop"}) {
    SmpDevice device(config());
    device.powerOn(0);
    const QByteArray next = image({2, 4, 0, 0}, behaviour);
    (void)upload(device, next, 200);
    (void)device.handle(setState(next, false), 200);
    (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 200);
    QCOMPARE(runningVersion(device, 320), QString());
    QCOMPARE(device.phase(), SmpDevice::Phase::Hanging);
    QCOMPARE(device.running()->version.minor, 4U);
    QCOMPARE(runningVersion(device, 2420), QStringLiteral("2.3.1.4"));
    QCOMPARE(device.boots(), 3U);
    QCOMPARE(device.watchdogResets(), qstrcmp(behaviour, "hang") == 0 ? 1U : 0U);
    QVERIFY(device.bootloader().isPrimaryConfirmed());
    QCOMPARE(device.nextEventMs(), SmpDevice::kNever);
  }
}

void VirtualSmpDeviceTest::unconfirmedFirmwareRevertsAfterItsTimeout() {
  SmpDeviceConfig impatient = config();
  impatient.confirmTimeoutMs = 1000;
  for (const bool confirm : {false, true}) {
    SmpDevice device(impatient);
    device.powerOn(0);
    const QByteArray next = image({2, 4, 0, 0});
    (void)upload(device, next, 200);
    (void)device.handle(setState(next, false), 200);
    (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 200);
    QCOMPARE(runningVersion(device, 1309), QStringLiteral("2.4.0"));
    if (confirm) {
      (void)device.handle(setState(next, true), 1309);
    }
    QCOMPARE(runningVersion(device, 1500), confirm ? QStringLiteral("2.4.0") : QStringLiteral("2.3.1.4"));
  }
}

void VirtualSmpDeviceTest::deniedConfirmReverts() {
  SmpDevice device(config());
  device.powerOn(0);
  const QByteArray next = image({2, 4, 0, 0}, "deny-confirm");
  (void)upload(device, next, 200);
  (void)device.handle(setState(next, false), 200);
  (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 200);
  const QCborMap error = bodyOf(device.handle(setState(next, true), 400)).value(QStringLiteral("err")).toMap();
  QCOMPARE(error.value(QStringLiteral("rc")).toInteger(), 32);
  (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 500);
  QCOMPARE(runningVersion(device, 700), QStringLiteral("2.3.1.4"));
}

void VirtualSmpDeviceTest::refusesImageOfStranger() {
  const Result<PrivateKey> stranger = PrivateKey::generate(KeyType::Ed25519);
  QVERIFY(stranger);
  McubootImageSpec spec;
  spec.version = {2, 4, 0, 0};
  spec.payload = QByteArray(2000, 'x');
  spec.securityCounter = 9;
  const QByteArray next = buildMcubootImage(spec, *stranger).value();
  SmpDevice device(config());
  device.powerOn(0);
  (void)upload(device, next, 200);
  (void)device.handle(setState(next, true), 200);
  (void)device.handle(frame(kWrite2, 0, 5, hex("a0")), 200);
  QCOMPARE(runningVersion(device, 500), QStringLiteral("2.3.1.4"));
  QCOMPARE(device.boots(), 2U);
}

void VirtualSmpDeviceTest::losesPowerDuringUpload() {
  SmpDeviceConfig returning = config();
  returning.powerReturnMs = 50;
  SmpDevice device(returning);
  device.powerOn(0);
  device.flash().cutPowerAtOperation(6);
  const QByteArray next = image({2, 4, 0, 0});
  QCOMPARE(upload(device, next, 200), QByteArray());
  QCOMPARE(device.phase(), SmpDevice::Phase::Off);
  QCOMPARE(runningVersion(device, 400), QStringLiteral("2.3.1.4"));
  QCOMPARE(bodyOf(upload(device, next, 400)).value(QStringLiteral("match")), QCborValue(true));
}

void VirtualSmpDeviceTest::goesSilent() {
  SmpDevice device(config());
  device.powerOn(0);
  device.faults().goSilentAfterBytes = 1500;
  QCOMPARE(upload(device, image({2, 4, 0, 0}), 200), QByteArray());
  QCOMPARE(device.uploadedBytes(), 1502);
  QCOMPARE(runningVersion(device, 5000), QString());
  device.powerOff();
  device.powerOn(6000);
  QCOMPARE(runningVersion(device, 6100), QStringLiteral("2.3.1.4"));
  device.faults().dropRequests = 1;
  QCOMPARE(runningVersion(device, 6100), QString());
  device.faults().dropResponses = 1;
  QCOMPARE(runningVersion(device, 6100), QString());
  QCOMPARE(runningVersion(device, 6100), QStringLiteral("2.3.1.4"));
}

void VirtualSmpDeviceTest::takesTimeForFlash() {
  SmpDeviceConfig slow = config();
  slow.eraseSectorMs = 40;
  slow.programUsPerKiB = 8000;
  slow.eraseProgressively = false;
  SmpDevice device(slow);
  device.powerOn(0);
  const QByteArray next = image({2, 4, 0, 0});
  (void)device.handle(frame(kWrite2, 1, 1, firstChunk(next, 1024)), 200);
  QVERIFY2(device.lastBusyMs() >= 17 * 40 + 8, qPrintable(QString::number(device.lastBusyMs())));  // slot and trailer
  (void)device.handle(frame(kWrite2, 1, 1, nextChunk(next, 1024, 1024)), 1200);
  QCOMPARE(device.lastBusyMs(), 8);
}

void VirtualSmpDeviceTest::consoleKnownAnswers() {
  QCOMPARE(virtual_smp::crc16("123456789"), quint16(0x31c3));  // CRC-16/XMODEM's check value
  const QByteArray echo = hex("0200000600004200a16164626869");
  const QList<QByteArray> lines = virtual_smp::encodeConsoleLines(echo);
  QCOMPARE(lines, QList<QByteArray>{QByteArray("\x06\x09") + "ABACAAAGAABCAKFhZGJoaXBh" + '\n'});
  virtual_smp::ConsoleDecoder decoder(2048);
  QCOMPARE(decoder.add(lines.first()), QList<QByteArray>{echo});

  const QByteArray longPacket(1000, 'l');
  QByteArray stream;
  for (const QByteArray& line : virtual_smp::encodeConsoleLines(longPacket)) {
    QVERIFY(line.size() <= 127);
    QVERIFY(line.startsWith(stream.isEmpty() ? "\x06\x09" : "\x04\x14"));
    stream += line;
  }
  QList<QByteArray> packets;
  for (const char c : stream) {  // byte by byte
    packets += decoder.add(QByteArrayView(&c, 1));
  }
  QCOMPARE(packets, QList<QByteArray>{longPacket});
}

void VirtualSmpDeviceTest::consoleSkipsGarbage() {
  const QByteArray echo = hex("0200000600004200a16164626869");
  const QByteArray good = virtual_smp::encodeConsoleLines(echo).first();
  QByteArray badCrc = good;
  badCrc[6] = badCrc[6] == 'A' ? 'B' : 'A';
  const QByteArray partialFirst = "\x04\x14" + good.mid(2);
  const QByteArray tooLong = virtual_smp::encodeConsoleLines(QByteArray(3000, 'x')).first();
  virtual_smp::ConsoleDecoder decoder(2048);
  for (const QByteArray& garbage : {QByteArray("uart:~$ log line\r\n"), badCrc, partialFirst, tooLong,
                                    QByteArray("\x06\x09!!!!\n"), QByteArray("\x06\x09\n"),
                                    QByteArray("\x06\x09"
                                               "AAA=\n"),
                                    QByteArray(10000, 'y') + '\n'}) {
    QCOMPARE(decoder.add(garbage), QList<QByteArray>{});
    QCOMPARE(decoder.add(good), QList<QByteArray>{echo});
  }
}

void VirtualSmpDeviceTest::servesUdp() {
  SmpDeviceConfig quick = config();
  quick.bootMs = 0;
  VirtualSmpDevice first(quick);
  quick.serial = QStringLiteral("T2-0043");
  VirtualSmpDevice second(quick);
  QVERIFY(first.start() && second.start());
  QVERIFY(first.address().port != second.address().port);
  for (VirtualSmpDevice* device : {&first, &second}) {
    QVERIFY(device->waitUntil([](const auto& now) { return now.phase == SmpDevice::Phase::Running; }, 5000));
    QUdpSocket socket;
    QVERIFY(socket.bind(QHostAddress::LocalHost, 0));
    QCOMPARE(device->address().target, QStringLiteral("127.0.0.1"));
    socket.writeDatagram(frame(kRead2, 3, 0, '\xa1' + text("name") + text("sealift/serial")), QHostAddress::LocalHost,
                         device->address().port);
    QVERIFY(socket.waitForReadyRead(5000));
    QByteArray answer(2000, '\0');
    answer.resize(socket.readDatagram(answer.data(), answer.size()));
    QCOMPARE(bodyOf(answer).value(QStringLiteral("val")).toByteArray(),
             QByteArray(device == &first ? "T2-0042" : "T2-0043"));
  }
  QCOMPARE(first.snapshot().running, (Version{2, 3, 1, 4}));
  first.powerOff();
  QCOMPARE(first.snapshot().phase, SmpDevice::Phase::Off);
  first.stop();
  first.stop();
}

void VirtualSmpDeviceTest::servesPseudoTerminal() {
  SmpDeviceConfig quick = config();
  quick.bootMs = 0;
  VirtualSmpDevice device(quick, VirtualSmpDevice::Transport::Pty);
  QVERIFY(device.start());
  QVERIFY(device.waitUntil([](const auto& now) { return now.phase == SmpDevice::Phase::Running; }, 5000));
  QFile terminal(device.address().target);
  QVERIFY(terminal.open(QIODevice::ReadWrite | QIODevice::Unbuffered));
  QVERIFY(terminal.write(QByteArray("\x06\x09") + "ABACAAAGAABCAKFhZGJoaXBh" + '\n') > 0);
  QByteArray received;
  const QByteArray expected = QByteArray("\x06\x09") + "ABADAAAGAABCAKFhcmJoaTc+" + '\n';
  QElapsedTimer timer;
  timer.start();
  while (!received.contains(expected) && timer.elapsed() < 5000) {
    received += terminal.read(1);  // blocks; the device always answers or the test's own time limit ends it
  }
  QVERIFY(received.contains("*** Booting MCUboot ***\r\n"));
  QVERIFY2(received.endsWith(expected), received.constData());
}

// The device must not be what limits a measurement of the client.
void VirtualSmpDeviceTest::isFastEnough() {
  SmpDeviceConfig fast = config();
  fast.imageSectors = 300;
  fast.sectorSize = 4096;
  fast.bufferSize = 2048;
  SmpDevice device(fast);
  device.powerOn(0);
  const QByteArray big = image({2, 4, 0, 0}, "healthy", 1024 * 1024);
  QElapsedTimer timer;
  timer.start();
  QByteArray answer = device.handle(frame(kWrite2, 1, 1, firstChunk(big, 1500)), 200);
  for (qint64 at = 1500; at < big.size(); at = integerOf(answer, "off")) {
    answer = device.handle(frame(kWrite2, 1, 1, nextChunk(big, at, 1900)), 200);
  }
  QCOMPARE(bodyOf(answer).value(QStringLiteral("match")), QCborValue(true));
  const double rate = static_cast<double>(big.size()) / static_cast<double>(std::max<qint64>(timer.elapsed(), 1));
  qInfo("%.0f kB/s", rate);
  QVERIFY(rate > 500.0);
}

QTEST_GUILESS_MAIN(VirtualSmpDeviceTest)
#include "virtual_smp_device_test.moc"
