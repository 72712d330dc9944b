// Android sparse images: read, checked, cut into pieces.
#include "devices/images/sparse_image.h"

#include "devices/images/sparse_split.h"
#include "keystore/crypto/digest.h"
#include "tests/support/sparse_writer.h"

#include <QtTest>

#include <functional>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kBlock = SparseWriter::kBlock;

QByteArray noise(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 7;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

// What an image writes, over `before`.
QByteArray applied(const SparseImage& image, const QByteArray& before) {
  QByteArray bytes = before;
  const Status done = image.forEachWritten([&](qint64 offset, QByteArrayView piece) -> Status {
    if (offset + piece.size() > bytes.size()) {
      return fail(ErrorCode::Internal, QStringLiteral("It writes beyond its end."));
    }
    std::copy(piece.begin(), piece.end(), bytes.begin() + offset);
    return {};
  });
  return done ? bytes : QByteArray();
}

}  // namespace

class SparseImageTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void unpacks() {
    const QByteArray data = noise(3 * kBlock);
    const QByteArray whole = data + QByteArray("abcd").repeated(2 * kBlock / 4) + QByteArray(kBlock, '\0');
    SparseWriter writer;
    writer.raw(data).fill(2, "abcd").dontCare(1).crc(crc32(whole));
    writer.checksum = crc32(whole);
    const QByteArray bytes = writer.bytes();
    const auto image = SparseImage::parse(bytes);
    QVERIFY2(image.has_value(), image ? "" : qPrintable(image.error().message()));
    QCOMPARE(image->expandedBytes(), qint64{whole.size()});
    QVERIFY(image->hasDontCare());
    QCOMPARE(image->expandedDigest(), sha256(whole));
    QCOMPARE(applied(*image, QByteArray(whole.size(), '\0')), whole);
    QCOMPARE(applied(*image, QByteArray(whole.size(), '!')).right(kBlock), QByteArray(kBlock, '!'));
    const auto facts = verifyImage(QStringLiteral("sparse"), bytes, {});
    QVERIFY(facts.has_value());
    QCOMPARE(facts->digest, sha256(whole));
    QVERIFY(facts->signatureAlgorithm.isEmpty());
  }

  void longerHeadersAreSkipped() {
    SparseWriter writer;
    writer.headerSize = 32;
    writer.chunkHeaderSize = 16;
    QByteArray bytes = writer.chunkOfSize(0xCAC2, 3, QByteArray("....", 4) + "wxyz", 16 + 4).bytes();
    bytes.insert(28, "++++");
    const auto image = SparseImage::parse(bytes);
    QVERIFY2(image.has_value(), image ? "" : qPrintable(image.error().message()));
    QCOMPARE(image->chunks.at(0).pattern, QByteArrayView("wxyz"));
  }

  void damaged_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const std::function<void(SparseWriter&)>& damage,
                        ErrorCode code = ErrorCode::ImageMalformed) {
      SparseWriter writer;
      writer.raw(noise(kBlock)).fill(1, "abcd");
      damage(writer);
      QTest::newRow(name) << writer.bytes() << static_cast<int>(code);
    };
    row("another magic", [](auto& w) { w.magic ^= 1; });
    row(
        "higher major version", [](auto& w) { w.major = 2; }, ErrorCode::ImageFormatRefused);
    row("header too short", [](auto& w) { w.headerSize = 27; });
    row("header beyond the file", [](auto& w) { w.headerSize = 4000; });
    row("chunk header too short", [](auto& w) { w.chunkHeaderSize = 11; });
    row("no block size", [](auto& w) { w.blockSize = 0; });
    row("odd block size", [](auto& w) { w.blockSize = 4097; });
    row("huge block size", [](auto& w) { w.blockSize = 0x40000000; });
    row("no blocks", [](auto& w) { w.totalBlocks = 0; });
    row("fewer blocks than announced", [](auto& w) { w.totalBlocks = 3; });
    row("more blocks than announced", [](auto& w) { w.totalBlocks = 1; });
    row("a chunk too few", [](auto& w) { w.totalChunks = 3; });
    row("a chunk too many", [](auto& w) { w.totalChunks = 1; });
    row("four thousand million chunks", [](auto& w) { w.totalChunks = 0xFFFFFFFF; });
    row("block count overflows", [](auto& w) { w.dontCare(0xFFFFFFFF); });
    row("unknown chunk", [](auto& w) { w.chunk(0xCAC5, 1, {}); });
    row("raw chunk too short", [](auto& w) { w.chunk(0xCAC1, 2, noise(kBlock)); });
    row("raw chunk too long", [](auto& w) { w.chunk(0xCAC1, 1, noise(kBlock + 4)); });
    row("raw chunk of 4 GiB", [](auto& w) { w.chunkOfSize(0xCAC1, 1, noise(kBlock), 0xFFFFFFFF); });
    row("fill chunk of 5 bytes", [](auto& w) { w.chunk(0xCAC2, 1, "abcde"); });
    row("don't care with data", [](auto& w) { w.chunk(0xCAC3, 1, "abcd"); });
    row("chunk smaller than its header", [](auto& w) { w.chunkOfSize(0xCAC3, 1, {}, 11); });
    row("checksum with blocks", [](auto& w) { w.chunk(0xCAC4, 1, "abcd"); });
    row("checksum of 3 bytes", [](auto& w) { w.chunk(0xCAC4, 0, "abc"); });
    row(
        "wrong checksum", [](auto& w) { w.crc(1); }, ErrorCode::ImageHashMismatch);
    row(
        "wrong checksum in the header", [](auto& w) { w.checksum = 1; }, ErrorCode::ImageHashMismatch);
    row(
        "unpacks to too much", [](auto& w) { w.dontCare(0x00FFFFFF); }, ErrorCode::ImageTooLarge);
    SparseWriter fine;
    fine.raw(noise(kBlock));
    QTest::newRow("bytes behind it") << fine.bytes() + "x" << static_cast<int>(ErrorCode::ImageMalformed);
    QTest::newRow("cut short") << fine.bytes().chopped(1) << static_cast<int>(ErrorCode::ImageMalformed);
    QTest::newRow("nothing") << QByteArray() << static_cast<int>(ErrorCode::ImageMalformed);
  }
  void damaged() {
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    const auto image = SparseImage::parse(bytes);
    QVERIFY(!image.has_value());
    QVERIFY2(image.error().code == static_cast<ErrorCode>(code), qPrintable(image.error().message()));
  }

  void rawImages() {
    const QByteArray bytes =
        noise(2 * kBlock) + QByteArray("zzzz").repeated(3 * kBlock / 4) + QByteArray(kBlock, '\0') + noise(1001);
    const SparseImage image = SparseImage::fromRaw(bytes);
    QCOMPARE(image.chunks.size(), std::size_t{4});
    QCOMPARE(image.totalBlocks, quint32{7});
    QCOMPARE(applied(image, QByteArray(bytes.size(), '!')), bytes);
    const auto facts = verifyImage(QStringLiteral("raw"), bytes, {});
    QVERIFY(facts.has_value());
    QCOMPARE(facts->digest, sha256(bytes));
    QVERIFY(!verifyImage(QStringLiteral("raw"), {}, {}).has_value());
    QVERIFY(!imageFormatIsSigned(QStringLiteral("raw")) && !imageFormatIsSigned(QStringLiteral("sparse")));
  }

  // Every piece fits, is a whole sparse image, and all of them together write what the image writes, and nothing else.
  void pieces_data() {
    QTest::addColumn<qint64>("maxBytes");
    for (const qint64 most : {4200LL, 8192LL, 8292LL, 20'000LL, 65'536LL, 1'000'000LL}) {
      QTest::addRow("%lld", most) << qint64{most};
    }
  }
  void pieces() {
    QFETCH(qint64, maxBytes);
    SparseWriter writer;
    for (int i = 0; i < 9; ++i) {
      writer.raw(noise((i % 4 + 1) * kBlock)).fill(quint32(i + 1), "fill").dontCare(quint32(i % 3));
    }
    const QByteArray sparse = writer.bytes();
    const QByteArray raw = noise(5 * kBlock) + QByteArray(kBlock, 'x') + noise(17 * kBlock + 77);
    for (const SparseImage& image : {SparseImage::parse(sparse).value(), SparseImage::fromRaw(raw)}) {
      const auto split = SparseSplitter::make(image, maxBytes);
      QVERIFY2(split.has_value(), split ? "" : qPrintable(split.error().message()));
      QByteArray area(image.expandedBytes(), '!');
      qint64 total = 0;
      for (qsizetype i = 0; i < split->count(); ++i) {
        const QByteArray piece = split->piece(i);
        total += piece.size();
        QVERIFY(piece.size() <= maxBytes);
        const auto part = SparseImage::parse(piece);
        QVERIFY2(part.has_value(), part ? "" : qPrintable(part.error().message()));
        QCOMPARE(part->totalBlocks, image.totalBlocks);
        area = applied(*part, area);
      }
      QCOMPARE(total, split->totalBytes());
      const qsizetype whole = area.size() - (image.chunks.back().data.size() % kBlock == 0 ? 0 : kBlock);
      QCOMPARE(area.first(whole), applied(image, QByteArray(area.size(), '!')).first(whole));
      // A raw image's last block is filled up with zeros.
      if (const qsizetype rest = image.chunks.back().data.size() % kBlock; rest != 0) {
        QCOMPARE(area.right(kBlock), raw.right(rest) + QByteArray(kBlock - rest, '\0'));
      }
    }
  }

  void tooSmallForABlock() {
    const QByteArray raw = noise(5 * kBlock);
    const SparseImage image = SparseImage::fromRaw(raw);
    const auto split = SparseSplitter::make(image, 4096);
    QVERIFY(!split.has_value());
    QCOMPARE(split.error().code, ErrorCode::NotSupported);
    QVERIFY(!SparseSplitter::make(image, 0).has_value());
  }
};

QTEST_GUILESS_MAIN(SparseImageTest)
#include "sparse_image_test.moc"
