// DFU's tables, the functional descriptor and DfuSe's memory maps.
#include "transports/protocols/dfu/dfu_interface.h"
#include "transports/protocols/dfu/dfuse_memory_map.h"

#include <QTest>

using namespace sealift;

class DfuCodecTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void knowsEveryState_data();
  void knowsEveryState();
  void knowsEveryStatus_data();
  void knowsEveryStatus();
  void readsAStatus();
  void refusesStatusesThatDfuDoesNotHave_data();
  void refusesStatusesThatDfuDoesNotHave();
  void findsTheFunctionalDescriptor_data();
  void findsTheFunctionalDescriptor();
  void findsInterfaces();
  void choosesAnAlternateSetting();
  void readsMemoryMaps();
  void refusesMemoryMaps_data();
  void refusesMemoryMaps();
  void erasesWhatIsCovered();
  void knowsWhereItMayWrite();
};

// USB DFU 1.1, 6.1.2.
void DfuCodecTest::knowsEveryState_data() {
  QTest::addColumn<int>("value");
  QTest::addColumn<QString>("name");
  const char* const names[] = {"appIDLE",          "appDETACH",   "dfuIDLE",
                               "dfuDNLOAD-SYNC",   "dfuDNBUSY",   "dfuDNLOAD-IDLE",
                               "dfuMANIFEST-SYNC", "dfuMANIFEST", "dfuMANIFEST-WAIT-RESET",
                               "dfuUPLOAD-IDLE",   "dfuERROR"};
  int value = 0;
  for (const char* name : names) {
    QTest::newRow(name) << value++ << QString::fromLatin1(name);
  }
}

void DfuCodecTest::knowsEveryState() {
  QFETCH(int, value);
  QFETCH(QString, name);
  const auto state = parseDfuState(QByteArray(1, static_cast<char>(value)));
  QVERIFY(state);
  QCOMPARE(dfuStateName(*state), name);
  QByteArray bytes(6, '\0');
  bytes[4] = static_cast<char>(value);
  QCOMPARE(parseDfuStatus(bytes)->state, *state);
}

void DfuCodecTest::knowsEveryStatus_data() {
  QTest::addColumn<int>("value");
  QTest::addColumn<QString>("name");
  const char* const names[] = {"OK",      "errTARGET", "errFILE",    "errWRITE",     "errERASE",    "errCHECK_ERASED",
                               "errPROG", "errVERIFY", "errADDRESS", "errNOTDONE",   "errFIRMWARE", "errVENDOR",
                               "errUSBR", "errPOR",    "errUNKNOWN", "errSTALLEDPKT"};
  int value = 0;
  for (const char* name : names) {
    QTest::newRow(name) << value++ << QString::fromLatin1(name);
  }
}

void DfuCodecTest::knowsEveryStatus() {
  QFETCH(int, value);
  QFETCH(QString, name);
  QByteArray bytes(6, '\0');
  bytes[0] = static_cast<char>(value);
  const auto status = parseDfuStatus(bytes);
  QVERIFY(status);
  QCOMPARE(dfuStatusName(status->code), name);
  QVERIFY(!dfuStatusMeaning(status->code).isEmpty());
  const Error error = dfuStatusError(*status);
  QVERIFY(error.what.contains(name));
  QVERIFY(error.what.endsWith(QLatin1Char('.')));
}

void DfuCodecTest::readsAStatus() {
  const auto status = parseDfuStatus(QByteArray::fromHex("0b0102030a07"));
  QVERIFY(status);
  QCOMPARE(*status, (DfuStatus{DfuStatusCode::ErrVendor, std::chrono::milliseconds(0x030201), DfuState::Error, 7}));
}

void DfuCodecTest::refusesStatusesThatDfuDoesNotHave_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::newRow("nothing") << QByteArray();
  QTest::newRow("short") << QByteArray(5, '\0');
  QTest::newRow("long") << QByteArray(7, '\0');
  QTest::newRow("state 11") << QByteArray::fromHex("000000000b00");
  QTest::newRow("status 16") << QByteArray::fromHex("100000000200");
  QTest::newRow("all ones") << QByteArray(6, '\xff');
}

void DfuCodecTest::refusesStatusesThatDfuDoesNotHave() {
  QFETCH(QByteArray, bytes);
  QCOMPARE(parseDfuStatus(bytes).error().code, ErrorCode::ProtocolMalformed);
  QCOMPARE(parseDfuState(bytes.left(0)).error().code, ErrorCode::ProtocolMalformed);
  QCOMPARE(parseDfuState("\x0b").error().code, ErrorCode::ProtocolMalformed);
}

void DfuCodecTest::findsTheFunctionalDescriptor_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<bool>("found");
  QTest::addColumn<DfuFunctional>("expected");
  const DfuFunctional all{true, true, true, true, 0x00FF, 0x0800, 0x0110};
  QTest::newRow("DFU 1.1") << QByteArray::fromHex("09210fff0000081001") << true << all;
  QTest::newRow("DfuSe") << QByteArray::fromHex("09210bff0000081a01") << true
                         << DfuFunctional{true, true, false, true, 0x00FF, 0x0800, 0x011A};
  QTest::newRow("DFU 1.0 has no version")
      << QByteArray::fromHex("072101ff004000") << true << DfuFunctional{true, false, false, false, 255, 64, 0x0100};
  QTest::newRow("behind another") << QByteArray::fromHex("0424aabb09210fff0000081001") << true << all;
  QTest::newRow("longer than known") << QByteArray::fromHex("0b210fff0000081001ffff") << true << all;
  QTest::newRow("nothing") << QByteArray() << false << DfuFunctional{};
  QTest::newRow("cut") << QByteArray::fromHex("09210fff00000810") << false << DfuFunctional{};
  QTest::newRow("too short") << QByteArray::fromHex("06210fff0000") << false << DfuFunctional{};
  QTest::newRow("no length") << QByteArray::fromHex("00210fff0000081001") << false << DfuFunctional{};
  QTest::newRow("length of one") << QByteArray::fromHex("01210fff0000081001") << false << DfuFunctional{};
  QTest::newRow("takes nothing") << QByteArray::fromHex("09210fff0000001001") << false << DfuFunctional{};
}

void DfuCodecTest::findsTheFunctionalDescriptor() {
  QFETCH(QByteArray, bytes);
  QFETCH(bool, found);
  QFETCH(DfuFunctional, expected);
  const auto functional = findDfuFunctional(bytes);
  QCOMPARE(functional.has_value(), found);
  if (found) {
    QVERIFY(*functional == expected);
  }
}

namespace {

UsbAlternate setting(int number, int alternate, quint8 protocol, const QString& name, const QByteArray& extra) {
  UsbAlternate made;
  made.interfaceNumber = number;
  made.alternate = alternate;
  made.classCode = 0xFE;
  made.subclass = 0x01;
  made.protocol = protocol;
  made.name = name;
  made.extra = extra;
  return made;
}

UsbDeviceInfo twoMemories() {
  UsbDeviceInfo device;
  device.place = QStringLiteral("1-2");
  device.alternates = {setting(0, 0, 2, QStringLiteral("@Internal Flash  /0x08000000/04*016Kg"), {}),
                       setting(0, 1, 2, QStringLiteral("Settings"), QByteArray::fromHex("09210bff0000081a01"))};
  return device;
}

}  // namespace

void DfuCodecTest::findsInterfaces() {
  UsbDeviceInfo device;
  UsbAlternate other;
  other.classCode = 0x03;  // HID uses descriptor type 0x21, too
  other.extra = QByteArray::fromHex("09210fff0000081001");
  device.alternates = {other, setting(2, 0, 1, {}, QByteArray::fromHex("092109ff0000081001"))};
  const QList<DfuInterface> found = findDfuInterfaces(device);
  QCOMPARE(found.size(), 1);
  QCOMPARE(found.first().number, 2);
  QCOMPARE(found.first().mode, DfuMode::RunTime);
  QVERIFY(!isInDfuMode(device));
  QCOMPARE(findDfuInterfaces(twoMemories(), DfuMode::Dfu).size(), 2);  // one descriptor for both
  QVERIFY(isInDfuMode(twoMemories()));
  device.alternates = {setting(0, 0, 2, {}, {})};
  QVERIFY(findDfuInterfaces(device).isEmpty());
}

void DfuCodecTest::choosesAnAlternateSetting() {
  const UsbDeviceInfo device = twoMemories();
  QCOMPARE(chooseDfuInterface(device, QStringLiteral("Settings"))->alternate, 1);
  QCOMPARE(chooseDfuInterface(device, QStringLiteral("@Internal Flash"))->alternate, 0);
  QCOMPARE(chooseDfuInterface(device, QStringLiteral("1"))->alternate, 1);
  QCOMPARE(chooseDfuInterface(device, {}).error().code, ErrorCode::DeviceNotRecognised);
  QCOMPARE(chooseDfuInterface(device, QStringLiteral("Radio")).error().code, ErrorCode::DeviceNotRecognised);
  UsbDeviceInfo twice = device;
  twice.alternates[0].name = QStringLiteral("Settings");
  QCOMPARE(chooseDfuInterface(twice, QStringLiteral("Settings")).error().code, ErrorCode::DeviceNotRecognised);
  UsbDeviceInfo one = device;
  one.alternates.removeFirst();
  QCOMPARE(chooseDfuInterface(one, {})->alternate, 1);
}

void DfuCodecTest::readsMemoryMaps() {
  const auto map =
      DfuseMemoryMap::parse(QStringLiteral("@Internal Flash  /0x08000000/03*016Ka,01*016Kg,01*064Kf,02*1Mg"));
  QVERIFY2(map, qPrintable(map ? QString() : map.error().message()));
  QCOMPARE(map->name(), QStringLiteral("Internal Flash"));
  QCOMPARE(map->sectors().size(), 4);
  QVERIFY((map->sectors()[0] == DfuseSectors{0x08000000, 16384, 3, true, false, false}));
  QVERIFY((map->sectors()[1] == DfuseSectors{0x0800C000, 16384, 1, true, true, true}));
  QVERIFY((map->sectors()[2] == DfuseSectors{0x08010000, 65536, 1, false, true, true}));
  QVERIFY((map->sectors()[3] == DfuseSectors{0x08020000, 1024 * 1024, 2, true, true, true}));
  QCOMPARE(map->writableBytes(), 16384 + 65536 + 2 * 1024 * 1024);
  // As an STM32F4 tells its option bytes and OTP memory.
  QVERIFY((DfuseMemoryMap::parse(QStringLiteral("@Option Bytes  /0x1FFFC000/01*016 e"))->sectors()[0] ==
           DfuseSectors{0x1FFFC000, 16, 1, true, false, true}));
  QCOMPARE(DfuseMemoryMap::parse(QStringLiteral("@OTP Memory /0x1FFF7800/01*512 e,01*016 e"))->sectors().size(), 2);
  const auto areas = DfuseMemoryMap::parse(QStringLiteral("@Two /0x1000/01*4Bg/0x10/1*2Bg"));
  QCOMPARE(areas->sectors().size(), 2);
  QCOMPARE(areas->sectors()[0].begin, 0x10U);
  QCOMPARE(DfuseMemoryMap::parse(QStringLiteral("@All /0x0/4*512Mg,4*512Mg"))->sectors()[1].end(), 1ULL << 32);
}

void DfuCodecTest::refusesMemoryMaps_data() {
  QTest::addColumn<QString>("text");
  for (const char* text : {"",
                           "@",
                           "Internal Flash /0x08000000/04*016Kg",
                           "@Flash",
                           "@Flash/0x08000000",
                           "@Flash/0x08000000/",
                           "@Flash//04*016Kg",
                           "@Flash/08000000/04*016Kg",
                           "@Flash/0x/04*016Kg",
                           "@Flash/0x108000000/04*016Kg",
                           "@Flash/0x08000000/04",
                           "@Flash/0x08000000/04*",
                           "@Flash/0x08000000/04*016",
                           "@Flash/0x08000000/04*016K",
                           "@Flash/0x08000000/04*016Kh",
                           "@Flash/0x08000000/04*016K`",
                           "@Flash/0x08000000/04*016Gg",
                           "@Flash/0x08000000/00*016Kg",
                           "@Flash/0x08000000/04*000Kg",
                           "@Flash/0x08000000/-4*016Kg",
                           "@Flash/0x08000000/04*016Kg,",
                           "@Flash/0x08000000/04*016Kg,,04*016Kg",
                           "@Flash/0x08000000/9999999*016Kg",
                           "@Flash/0x08000000/04*99999999Kg",
                           "@Flash/0xFFFFFFFF/01*2Bg",
                           "@Flash/0x0/9*512Mg",
                           "@Flash/0x08000000/04*016Kg/0x08000000/1*1Kg",
                           "@Flash/0x08000000/04*016Kg/0x1000",
                           "@Flash/0x08000000/04*016Kgg"}) {
    QTest::newRow(text) << QString::fromLatin1(text);
  }
  QTest::newRow("without end") << QStringLiteral("@Flash/0x0/") + QStringLiteral("1*1Bg,").repeated(1000);
}

void DfuCodecTest::refusesMemoryMaps() {
  QFETCH(QString, text);
  const auto map = DfuseMemoryMap::parse(text);
  QVERIFY(!map);
  QCOMPARE(map.error().code, ErrorCode::ProtocolMalformed);
}

void DfuCodecTest::erasesWhatIsCovered() {
  const auto map = DfuseMemoryMap::parse(QStringLiteral("@Flash /0x1000/04*001Kg,02*002Kg,01*001Ke"));
  QVERIFY(map);
  using Sectors = QList<quint32>;
  QCOMPARE(map->sectorsToErase(0x1000, 0x1001), Sectors{0x1000});
  QCOMPARE(map->sectorsToErase(0x13FF, 0x1401), (Sectors{0x1000, 0x1400}));
  QCOMPARE(map->sectorsToErase(0x1400, 0x1800), Sectors{0x1400});
  QCOMPARE(map->sectorsToErase(0x1C00, 0x2801), (Sectors{0x1C00, 0x2000, 0x2800}));
  QCOMPARE(map->sectorsToErase(0x3000, 0x3400), Sectors{});  // is not erased before it is written
  QCOMPARE(map->sectorsToErase(0x1000, 0x1000), Sectors{});
  QCOMPARE(map->sectorsToErase(0, 1ULL << 32).size(), 6);
}

void DfuCodecTest::knowsWhereItMayWrite() {
  const auto map = DfuseMemoryMap::parse(QStringLiteral("@Flash /0x1000/02*001Kg,01*001Ka/0x3000/01*001Kg"));
  QVERIFY(map);
  QVERIFY(map->isWritable(0x1000, 0x1800));
  QVERIFY(!map->isWritable(0x0FFF, 0x1800));
  QVERIFY(!map->isWritable(0x1000, 0x1801));
  QVERIFY(map->isReadable(0x1000, 0x1C00));
  QVERIFY(!map->isReadable(0x1000, 0x3001));
  QVERIFY(map->isWritable(0x3000, 0x3400));
  QVERIFY(map->isWritable(0x3000, 0x3000));
  QVERIFY(!map->isWritable(0x33FF, 0x3401));
}

QTEST_GUILESS_MAIN(DfuCodecTest)
#include "dfu_codec_test.moc"
