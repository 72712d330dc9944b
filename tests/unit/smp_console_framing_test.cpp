#include "transports/protocols/smp/smp_console_framing.h"

#include <QtTest>

#include <random>

using namespace sealift;

namespace {

// A packet of that size that is no run of equal bytes.
QByteArray packetOf(qsizetype size) {
  std::mt19937 random(static_cast<unsigned>(size));
  QByteArray packet;
  while (packet.size() < size) {
    packet += static_cast<char>(random());
  }
  return packet;
}

QList<QByteArray> readAll(SmpConsoleReader& reader, const QByteArray& bytes) {
  QList<QByteArray> packets;
  for (const char byte : bytes) {
    if (auto packet = reader.take(byte)) {
      packets += *packet;
    }
  }
  return packets;
}

QList<QByteArray> readAll(const QByteArray& bytes) {
  SmpConsoleReader reader;
  return readAll(reader, bytes);
}

}  // namespace

class SmpConsoleFramingTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // The base64 text was made by Python's base64 and binascii.crc_hqx (CRC-16, polynomial 0x1021, start 0).
  void knownLines_data() {
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("image state, version 1") << QByteArray::fromHex("0000000100010000a0")
                                            << QByteArray(
                                                   "\x06\x09"
                                                   "AAsAAAABAAEAAKCG/g==\n");
    QTest::newRow("image state, version 2") << QByteArray::fromHex("0800000100010000a0")
                                            << QByteArray(
                                                   "\x06\x09"
                                                   "AAsIAAABAAEAAKCvAQ==\n");
  }
  void knownLines() {
    QFETCH(QByteArray, packet);
    QFETCH(QByteArray, line);
    QCOMPARE(encodeSmpConsole(packet), line);
    QCOMPARE(readAll(line), QList<QByteArray>{packet});
  }

  // Sizes around every border of a line: lengths, markers, whole CRC in the last frame, size foretold.
  void linesKeepTheLimits() {
    for (qsizetype size = 9; size < 400; ++size) {
      const QByteArray packet = packetOf(size);
      const QByteArray text = encodeSmpConsole(packet);
      QCOMPARE(text.size(), smpConsoleSize(size));
      QCOMPARE(readAll(text), QList<QByteArray>{packet});
      const QList<QByteArray> lines = text.chopped(1).split('\n');
      for (qsizetype i = 0; i < lines.size(); ++i) {
        QVERIFY(lines[i].size() + 1 <= 127);
        QVERIFY(lines[i].startsWith(i == 0 ? "\x06\x09" : "\x04\x14"));
        QVERIFY(i == lines.size() - 1 || !lines[i].endsWith('='));
      }
      QVERIFY(QByteArray::fromBase64(lines.last().mid(2)).size() >= 2);  // the CRC is not torn
    }
  }

  void largestPacket() {
    const QByteArray packet = packetOf(kSmpConsoleMaxPacket);
    QCOMPARE(readAll(encodeSmpConsole(packet)), QList<QByteArray>{packet});
  }

  // Cut at each byte, with console output in between: before each line anything may be printed.
  void skipsNoise() {
    const QByteArray packet = packetOf(250);
    QByteArray text = "*** Booting Zephyr OS ***\r\n\x06 \x09\r\nuart:~$ ";
    for (const QByteArray& line : encodeSmpConsole(packet).chopped(1).split('\n')) {
      text += line + "\r\n[00:00:01.000] <inf> app: AAAA\x04 and \x14\xff\xfe\n";
    }
    text += "uart:~$ ";
    QCOMPARE(readAll(text + encodeSmpConsole(packet)), (QList<QByteArray>{packet, packet}));
  }

  // A frame that lost bytes anywhere is dropped; the next packet is read all the same.
  void survivesEveryMissingByte() {
    const QByteArray packet = packetOf(200);
    const QByteArray text = encodeSmpConsole(packet);
    const QByteArray next = packetOf(60);
    for (qsizetype at = 0; at < text.size() - 1; ++at) {
      QByteArray damaged = text;
      damaged.remove(at, 1);
      const QList<QByteArray> packets = readAll(damaged + "\n" + encodeSmpConsole(next));
      QVERIFY2(packets == QList<QByteArray>{next}, qPrintable(QString::number(at)));
    }
  }

  void survivesEveryCut() {
    const QByteArray packet = packetOf(200);
    const QByteArray text = encodeSmpConsole(packet);
    for (qsizetype size = 0; size < text.size(); ++size) {
      QCOMPARE(readAll(text.first(size) + text), QList<QByteArray>{packet});
    }
  }

  // Single bit errors: never another packet than the one that was sent.
  void detectsEveryFlippedBit() {
    const QByteArray packet = packetOf(100);
    const QByteArray text = encodeSmpConsole(packet);
    for (qsizetype at = 0; at < text.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        QByteArray damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        for (const QByteArray& read : readAll(damaged + '\n')) {
          QCOMPARE(read, packet);
        }
      }
    }
  }

  void dropsWhatIsOutOfTurn_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("continuation of nothing") << QByteArray(
        "\x04\x14"
        "AAAA\n");
    QTest::newRow("no length") << QByteArray(
        "\x06\x09"
        "AA==\n");
    QTest::newRow("empty frame") << QByteArray("\x06\x09\n");
    QTest::newRow("length 0") << QByteArray(
        "\x06\x09"
        "AAAAAA==\n");
    QTest::newRow("length 1, shorter than a CRC") << QByteArray(
        "\x06\x09"
        "AAEAAAAA\n");
    QTest::newRow("more than its length") << QByteArray(
        "\x06\x09"
        "AAsIAAABAAEAAKCvAQAA\n");
    QTest::newRow("wrong CRC") << QByteArray(
        "\x06\x09"
        "AAsIAAABAAEAAKCvAA==\n");
    QTest::newRow("not base64") << QByteArray(
        "\x06\x09"
        "AAs*AAABAAEAAKCvAQ==\n");
    QTest::newRow("padding in the middle") << QByteArray(
        "\x06\x09"
        "AA==AAABAAEAAKCvAQ==\n");
    QTest::newRow("line without end") << QByteArray("\x06\x09") + QByteArray(100000, 'A') + '\n';
  }
  void dropsWhatIsOutOfTurn() {
    QFETCH(QByteArray, text);
    SmpConsoleReader reader;
    QVERIFY(readAll(reader, text).isEmpty());
    QCOMPARE(reader.droppedFrames(), std::uint64_t(1));
    const QByteArray packet = packetOf(40);
    QCOMPARE(readAll(reader, encodeSmpConsole(packet)), QList<QByteArray>{packet});
  }

  void newStartReplacesUnfinishedPacket() {
    const QByteArray first = encodeSmpConsole(packetOf(300));
    const QByteArray second = packetOf(150);
    QCOMPARE(readAll(first.left(first.indexOf('\n') + 1) + encodeSmpConsole(second)), QList<QByteArray>{second});
  }
};

QTEST_GUILESS_MAIN(SmpConsoleFramingTest)
#include "smp_console_framing_test.moc"
