// Deltas: what they make is what was meant, whatever the two images have in common, and damage is noticed.
#include "devices/images/delta/image_delta.h"

#include "devices/images/delta/packed_stream.h"

#include <QTest>

#include <random>

using namespace sealift;

namespace {

QByteArray noise(qsizetype size, quint32 seed) {
  std::mt19937 random(seed);
  QByteArray bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

// As code that is built again: blocks move, and each tenth word is an address that moved with them.
QByteArray program(qsizetype size, quint32 shift, quint32 seed = 1) {
  std::mt19937 random(seed);
  QByteArray bytes;
  while (bytes.size() < size) {
    quint32 word = random() % 4096;
    word += random() % 10 == 0 ? 0x08000000 + shift : 0;
    for (int i = 0; i < 4; ++i) {
      bytes.append(static_cast<char>(word >> (8 * i)));
    }
  }
  return bytes;
}

QByteArray rebuilt(QByteArray bytes) {
  bytes.insert(bytes.size() / 3, noise(300, 9));
  const QByteArray moved = bytes.mid(bytes.size() / 2, 5000);
  bytes.remove(bytes.size() / 2, 5000);
  return bytes + moved + noise(77, 10);
}

}  // namespace

class ImageDeltaTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void makesTheResult_data();
  void makesTheResult();
  void pays();
  void eachKindSaysWhatItIs();
  void damageIsNoticed_data();
  void damageIsNoticed();
  void otherBaseMakesOtherBytes();
  void wrongSizeIsRefused();
  void largeSizesAreRefused();
  void cancelIsHeard();
  void numbersComeBack();
};

void ImageDeltaTest::makesTheResult_data() {
  QTest::addColumn<QByteArray>("base");
  QTest::addColumn<QByteArray>("result");
  const QByteArray code = program(60'000, 0);
  QTest::newRow("empty to empty") << QByteArray() << QByteArray();
  QTest::newRow("empty to some") << QByteArray() << noise(1000, 1);
  QTest::newRow("some to empty") << noise(1000, 1) << QByteArray();
  QTest::newRow("one byte") << QByteArray("a") << QByteArray("b");
  QTest::newRow("the same") << code << code;
  QTest::newRow("nothing in common") << noise(20'000, 1) << noise(30'000, 2);
  QTest::newRow("one byte changed") << code << QByteArray(code).replace(30'000, 1, "!");
  QTest::newRow("rebuilt") << code << rebuilt(program(60'000, 0x100));
  QTest::newRow("grown") << code << code + code + noise(100, 3);
  QTest::newRow("shrunk") << code << code.mid(10'000, 20'000);
  QTest::newRow("halves swapped") << code << code.mid(30'000) + code.first(30'000);
  QTest::newRow("zeros") << QByteArray(50'000, '\0') << QByteArray(70'000, '\0');
  QTest::newRow("end of the base first") << QByteArray("abcdefghijklmnopqrstuvwxyz")
                                         << QByteArray("uvwxyzabcdefghijklmnopqrst");
}

void ImageDeltaTest::makesTheResult() {
  QFETCH(const QByteArray, base);
  QFETCH(const QByteArray, result);
  for (const DeltaKind kind : {DeltaKind::Zstd, DeltaKind::Suffix}) {
    const auto delta = makeDelta(kind, base, result, CancelToken());
    QVERIFY2(delta, delta ? "" : qPrintable(delta.error().message()));
    const auto made = applyDelta(base, *delta, result.size(), CancelToken());
    QVERIFY2(made, made ? "" : qPrintable(deltaKindName(kind) + made.error().message()));
    QCOMPARE(*made, result);
  }
}

void ImageDeltaTest::pays() {
  const QByteArray base = program(200'000, 0);
  const QByteArray result = rebuilt(program(200'000, 0x40));
  const auto zstd = makeDelta(DeltaKind::Zstd, base, result, CancelToken());
  const auto suffix = makeDelta(DeltaKind::Suffix, base, result, CancelToken());
  const auto smallest = makeSmallestDelta(base, result, CancelToken());
  QVERIFY(zstd && suffix && smallest);
  QCOMPARE(smallest->size(), std::min(zstd->size(), suffix->size()));
  QVERIFY2(suffix->size() < result.size() / 20, qPrintable(QString::number(suffix->size())));
  QVERIFY(suffix->size() < zstd->size());  // addresses that moved are what it is for
}

void ImageDeltaTest::eachKindSaysWhatItIs() {
  const auto zstd = makeDelta(DeltaKind::Zstd, "aaaa", "aaab", CancelToken());
  const auto suffix = makeDelta(DeltaKind::Suffix, "aaaa", "aaab", CancelToken());
  QVERIFY(zstd && suffix);
  QVERIFY(deltaKindOf(*zstd) == DeltaKind::Zstd && deltaKindOf(*suffix) == DeltaKind::Suffix);
  for (const QByteArray& other :
       {QByteArray(), QByteArray("SLD"), QByteArray("SLDs"), QByteArray("SLDq123"), QByteArray("BSDIFF40........")}) {
    const auto kind = deltaKindOf(other);
    QVERIFY(!kind && kind.error().code == ErrorCode::ImageMalformed);
  }
}

void ImageDeltaTest::damageIsNoticed_data() {
  QTest::addColumn<char>("kind");
  QTest::newRow("zstd") << 'z';
  QTest::newRow("suffix") << 's';
}

// By an error, or by bytes that the caller's digest tells apart; never by a crash or a result of another size.
void ImageDeltaTest::damageIsNoticed() {
  QFETCH(const char, kind);
  const QByteArray base = program(8'000, 0);
  const QByteArray result = rebuilt(program(8'000, 0x100));
  const auto delta = makeDelta(static_cast<DeltaKind>(kind), base, result, CancelToken());
  QVERIFY(delta);
  int silent = 0;
  for (qsizetype at = 0; at < delta->size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      QByteArray damaged = *delta;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto made = applyDelta(base, damaged, result.size(), CancelToken());
      QVERIFY(!made || made->size() == result.size());
      silent += made && *made == result ? 1 : 0;
    }
    const auto cut = applyDelta(base, delta->first(at), result.size(), CancelToken());
    QVERIFY(!cut);
  }
  QVERIFY2(silent < 8, qPrintable(QString::number(silent)));  // bits that a codec does not look at
}

void ImageDeltaTest::otherBaseMakesOtherBytes() {
  const QByteArray base = program(8'000, 0);
  const QByteArray result = rebuilt(program(8'000, 0x100));
  for (const DeltaKind kind : {DeltaKind::Zstd, DeltaKind::Suffix}) {
    const auto delta = makeDelta(kind, base, result, CancelToken());
    for (const QByteArray& other : {QByteArray(), base.first(4'000), program(8'000, 0, 2)}) {
      const auto made = applyDelta(other, *delta, result.size(), CancelToken());
      QVERIFY(!made || *made != result);
    }
  }
}

void ImageDeltaTest::wrongSizeIsRefused() {
  const QByteArray base = program(8'000, 0);
  const QByteArray result = rebuilt(base);
  for (const DeltaKind kind : {DeltaKind::Zstd, DeltaKind::Suffix}) {
    const auto delta = makeDelta(kind, base, result, CancelToken());
    for (const qint64 size : {qint64{0}, result.size() - 1, result.size() + 1, 10 * result.size()}) {
      const auto made = applyDelta(base, *delta, size, CancelToken());
      QVERIFY2(!made, qPrintable(deltaKindName(kind) + QString::number(size)));
      QVERIFY(made.error().code == ErrorCode::ImageMalformed);
    }
  }
}

void ImageDeltaTest::largeSizesAreRefused() {
  const auto delta = makeDelta(DeltaKind::Suffix, "a", "b", CancelToken());
  for (const qint64 size : {qint64{-1}, kMaxDeltaImage + 1}) {
    const auto made = applyDelta("a", *delta, size, CancelToken());
    QVERIFY(!made && made.error().code == ErrorCode::FileTooLarge);
  }
}

void ImageDeltaTest::cancelIsHeard() {
  CancelToken cancel;
  cancel.cancel();
  for (const DeltaKind kind : {DeltaKind::Zstd, DeltaKind::Suffix}) {
    const auto delta = makeDelta(kind, "aaaa", "aaab", cancel);
    QVERIFY(!delta && delta.error().code == ErrorCode::Cancelled);
    const auto made = applyDelta("aaaa", *makeDelta(kind, "aaaa", "aaab", CancelToken()), 4, cancel);
    QVERIFY(!made && made.error().code == ErrorCode::Cancelled);
  }
}

void ImageDeltaTest::numbersComeBack() {
  for (const quint64 number :
       {quint64{0}, quint64{1}, quint64{127}, quint64{128}, quint64{16'384}, quint64{0x7FFF'FFFF'FFFF'FFFF}}) {
    QByteArray bytes;
    appendVarint(bytes, number);
    ByteReader reader(bytes);
    QCOMPARE(takeVarint(reader), number);
    QVERIFY(!reader.failed() && reader.remaining() == 0);
  }
  ByteReader endless(QByteArrayView("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
  (void)takeVarint(endless);
  QVERIFY(endless.failed());
}

QTEST_GUILESS_MAIN(ImageDeltaTest)
#include "image_delta_test.moc"
