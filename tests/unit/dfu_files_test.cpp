// DFU and DfuSe files: what dfu-util's own tools write is read, and nothing that is damaged.
#include "app/base/crc.h"
#include "devices/images/dfuse_file.h"
#include "devices/images/image_formats.h"
#include "keystore/crypto/digest.h"

#include <QTest>

using namespace sealift;

namespace {

// dfu-suffix 0.11: dfu-suffix -v 1209 -p 0002 -d 0213 -a, of "Sealift DFU payload".
QByteArray suffixedByDfuUtil() {
  return QByteArray::fromHex("5365616c69667420444655207061796c6f616413020200091200015546441081e6ba10");
}

// The same again, of whatever was changed before it.
QByteArray sealed(QByteArray bytes) {
  bytes.chop(4);
  const quint32 crc = ~crc32(bytes);
  for (int i = 0; i < 4; ++i) {
    bytes.append(static_cast<char>((crc >> (8 * i)) & 0xFFU));
  }
  return bytes;
}

QList<DfuseTarget> twoElements() {
  return {{0, QStringLiteral("ST..."), {{0x08000000, "ABCDEFGH"}, {0x08001000, "xyz"}}}};
}

const DfuSuffix kStm{0, 0xDF11, 0x0483, kDfuseFile};

}  // namespace

class DfuFilesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void readsTheSuffixThatDfuUtilWrites();
  void writesTheSuffixThatDfuUtilWrites();
  void refusesDamagedSuffixes_data();
  void refusesDamagedSuffixes();
  void anyBitChangedIsNoticed();
  void takesALongerSuffix();
  void wildcardsFitEveryDevice();
  void verifiesByFormat();
  void readsWhatDfusePackWrites();
  void dfuseComesBackAsItWent();
  void refusesDamagedDfuse_data();
  void refusesDamagedDfuse();
  void theDigestIsOfThePlacesToo();
  void kindsAreNotMixedUp();
};

void DfuFilesTest::readsTheSuffixThatDfuUtilWrites() {
  const auto file = parseDfuFile(suffixedByDfuUtil());
  QVERIFY2(file, qPrintable(file ? QString() : file.error().message()));
  QCOMPARE(file->suffix, (DfuSuffix{0x0213, 0x0002, 0x1209, 0x0100}));
  QCOMPARE(suffixedByDfuUtil().first(file->payloadSize), QByteArray("Sealift DFU payload"));
}

void DfuFilesTest::writesTheSuffixThatDfuUtilWrites() {
  QCOMPARE(appendDfuSuffix("Sealift DFU payload", {0x0213, 0x0002, 0x1209, 0x0100}), suffixedByDfuUtil());
}

void DfuFilesTest::refusesDamagedSuffixes_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<ErrorCode>("code");
  const QByteArray good = suffixedByDfuUtil();
  QTest::newRow("nothing") << QByteArray() << ErrorCode::ImageMalformed;
  QTest::newRow("shorter than a suffix") << good.last(15) << ErrorCode::ImageMalformed;
  QTest::newRow("a suffix of nothing") << appendDfuSuffix({}, {}) << ErrorCode::ImageMalformed;
  QTest::newRow("no suffix") << good.first(19) << ErrorCode::ImageMalformed;
  QByteArray changed = good;
  changed[changed.size() - 8] = 'D';
  QTest::newRow("another signature") << sealed(changed) << ErrorCode::ImageMalformed;
  changed = good;
  changed[changed.size() - 5] = 15;
  QTest::newRow("a suffix shorter than itself") << sealed(changed) << ErrorCode::ImageMalformed;
  changed[changed.size() - 5] = static_cast<char>(good.size());
  QTest::newRow("a suffix as long as the file") << sealed(changed) << ErrorCode::ImageMalformed;
  changed[changed.size() - 5] = '\xff';
  QTest::newRow("a suffix longer than the file") << sealed(changed) << ErrorCode::ImageMalformed;
  changed = good;
  changed[0] = 's';
  QTest::newRow("another payload") << changed << ErrorCode::ImageHashMismatch;
  changed = good;
  changed[changed.size() - 1] = static_cast<char>(changed.back() ^ 1);
  QTest::newRow("another checksum") << changed << ErrorCode::ImageHashMismatch;
}

void DfuFilesTest::refusesDamagedSuffixes() {
  QFETCH(QByteArray, bytes);
  QFETCH(ErrorCode, code);
  const auto file = parseDfuFile(bytes);
  QVERIFY(!file);
  QCOMPARE(file.error().code, code);
  QVERIFY(!verifyImage(QStringLiteral("dfu"), bytes, {}));
}

void DfuFilesTest::anyBitChangedIsNoticed() {
  const QByteArray good = suffixedByDfuUtil();
  for (qsizetype bit = 0; bit < good.size() * 8; ++bit) {
    QByteArray changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    QVERIFY2(!parseDfuFile(changed), qPrintable(QString::number(bit)));
  }
}

void DfuFilesTest::takesALongerSuffix() {
  QByteArray bytes = suffixedByDfuUtil();
  bytes[bytes.size() - 5] = 20;  // a later version's: four of the bytes before belong to it
  const auto file = parseDfuFile(sealed(bytes));
  QVERIFY(file);
  QCOMPARE(file->payloadSize, 15);
}

void DfuFilesTest::wildcardsFitEveryDevice() {
  QVERIFY(DfuSuffix{}.fits(0x1209, 0x0002));
  const DfuSuffix vendorOnly{kDfuAny, kDfuAny, 0x1209, kDfuFile};
  QVERIFY(vendorOnly.fits(0x1209, 0x7777));
  QVERIFY(!vendorOnly.fits(0x1210, 0x7777));
  const DfuSuffix both{kDfuAny, 0x0002, 0x1209, kDfuFile};
  QVERIFY(both.fits(0x1209, 0x0002));
  QVERIFY(!both.fits(0x1209, 0x0003));
}

void DfuFilesTest::verifiesByFormat() {
  QVERIFY(imageFormatNames().contains(QStringLiteral("dfu")));
  QVERIFY(imageFormatNames().contains(QStringLiteral("dfuse")));
  QVERIFY(!imageFormatIsSigned(QStringLiteral("dfu")));
  QVERIFY(!imageFormatIsSigned(QStringLiteral("dfuse")));
  const auto facts = verifyImage(QStringLiteral("dfu"), suffixedByDfuUtil(), {});
  QVERIFY(facts);
  QCOMPARE(facts->format, QStringLiteral("dfu"));
  QCOMPARE(facts->digest, sha256("Sealift DFU payload"));
  QVERIFY(!facts->version);
  QVERIFY(facts->signatureAlgorithm.isEmpty());
}

void DfuFilesTest::readsWhatDfusePackWrites() {
  // dfuse-pack -D 0x0483:0xdf11 -b 0x08000000:ABCDEFGH -b 0x08001000:xyz, whose target name is padded with NUL.
  QByteArray file("DfuSe\x01", 6);
  file += QByteArray::fromHex("4801000001");
  file += QByteArray("Target").append('\0') + QByteArray::fromHex("01000000");
  file += QByteArray("ST...").leftJustified(255, '\0');
  file += QByteArray::fromHex("1b00000002000000") + QByteArray::fromHex("0000000808000000") + "ABCDEFGH";
  file += QByteArray::fromHex("0010000803000000") + "xyz";
  file += QByteArray::fromHex("000011df83041a0155464410c10b420f");
  const auto parsed = parseDfuseFile(file);
  QVERIFY2(parsed, qPrintable(parsed ? QString() : parsed.error().message()));
  QCOMPARE(parsed->suffix, kStm);
  QCOMPARE(parsed->targets, twoElements());
  QCOMPARE(parsed->dataBytes(), 11);
  QCOMPARE(buildDfuseFile(twoElements(), kStm), file);
  file[6] = static_cast<char>(file[6] - 16);  // as others count: without the suffix
  QCOMPARE(parseDfuseFile(sealed(file))->targets, twoElements());
}

void DfuFilesTest::dfuseComesBackAsItWent() {
  const QList<DfuseTarget> targets{{0, QStringLiteral("Internal Flash"), {{0x08000000, QByteArray(5000, 'a')}}},
                                   {3, {}, {{0, QByteArray(1, 'b')}, {0xFFFFFFFF, QByteArray(1, 'c')}}}};
  const auto parsed = parseDfuseFile(buildDfuseFile(targets, kStm));
  QVERIFY2(parsed, qPrintable(parsed ? QString() : parsed.error().message()));
  QCOMPARE(parsed->targets, targets);
}

void DfuFilesTest::refusesDamagedDfuse_data() {
  QTest::addColumn<QByteArray>("bytes");
  const QByteArray good = buildDfuseFile(twoElements(), kStm);
  const auto with = [&](qsizetype at, const QByteArray& bytes) {
    QByteArray changed = good;
    changed.replace(at, bytes.size(), bytes);
    return sealed(changed);
  };
  QTest::newRow("another prefix") << with(0, "DfuXX");
  QTest::newRow("another version") << with(5, "\x02");
  QTest::newRow("a size too small") << with(6, QByteArray::fromHex("47010000"));
  QTest::newRow("a size too large") << with(6, QByteArray::fromHex("ffffffff"));
  QTest::newRow("no target") << with(10, QByteArray(1, '\0'));
  QTest::newRow("a target too many") << with(10, QByteArray(1, 2));
  QTest::newRow("another target prefix") << with(11, "target");
  QTest::newRow("a target too small") << with(11 + 266, QByteArray::fromHex("1a000000"));
  QTest::newRow("a target too large") << with(11 + 266, QByteArray::fromHex("ffffffff"));
  QTest::newRow("no element") << with(11 + 270, QByteArray::fromHex("00000000"));
  QTest::newRow("an element too few") << with(11 + 270, QByteArray::fromHex("01000000"));
  QTest::newRow("an element too many") << with(11 + 270, QByteArray::fromHex("03000000"));
  QTest::newRow("elements without end") << with(11 + 270, QByteArray::fromHex("ffffffff"));
  QTest::newRow("an element too large") << with(11 + 278, QByteArray::fromHex("ffffffff"));
  QTest::newRow("an empty element") << buildDfuseFile({{0, {}, {{0x08000000, {}}}}}, kStm);
  QTest::newRow("beyond the address space") << buildDfuseFile({{0, {}, {{0xFFFFFFFF, "ab"}}}}, kStm);
  QTest::newRow("overlap") << buildDfuseFile({{0, {}, {{0x1001, "ab"}, {0x1000, "ab"}}}}, kStm);
  QTest::newRow("overlap of targets") << buildDfuseFile({{0, {}, {{4, "a"}}}, {0, {}, {{4, "b"}}}}, kStm);
  QTest::newRow("a suffix alone") << appendDfuSuffix("D", kStm);
}

void DfuFilesTest::refusesDamagedDfuse() {
  QFETCH(QByteArray, bytes);
  const auto parsed = parseDfuseFile(bytes);
  QVERIFY(!parsed);
  QVERIFY(parsed.error().code == ErrorCode::ImageMalformed || parsed.error().code == ErrorCode::ImageFormatRefused);
  QVERIFY(!verifyImage(QStringLiteral("dfuse"), bytes, {}));
}

void DfuFilesTest::theDigestIsOfThePlacesToo() {
  const auto digestOf = [](const QList<DfuseTarget>& targets) {
    return verifyImage(QStringLiteral("dfuse"), buildDfuseFile(targets, kStm), {}).value().digest;
  };
  const QByteArray digest = digestOf(twoElements());
  QCOMPARE(digest, sha256(QByteArray::fromHex("000000000808000000") + "ABCDEFGH" +
                          QByteArray::fromHex("000010000803000000") + "xyz"));
  QList<DfuseTarget> other = twoElements();
  other[0].name = QStringLiteral("renamed");
  QCOMPARE(digestOf(other), digest);
  other[0].elements[1].address = 0x08002000;
  QVERIFY(digestOf(other) != digest);
  other = twoElements();
  other[0].alternate = 1;
  QVERIFY(digestOf(other) != digest);
}

void DfuFilesTest::kindsAreNotMixedUp() {
  QCOMPARE(parseDfuseFile(suffixedByDfuUtil()).error().code, ErrorCode::ImageFormatRefused);
  QCOMPARE(verifyDfuFile(buildDfuseFile(twoElements(), kStm), {}).error().code, ErrorCode::ImageFormatRefused);
}

QTEST_GUILESS_MAIN(DfuFilesTest)
#include "dfu_files_test.moc"
