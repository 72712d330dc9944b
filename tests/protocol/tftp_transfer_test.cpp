// TFTP packet by packet: what is read, what is agreed on, what is sent when. No socket, no clock.
#include "transports/protocols/tftp/tftp_transfer.h"

#include "tests/support/tftp_reader.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

QByteArray someBytes(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 7;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

TftpTerms terms(qsizetype blockBytes, int windowBlocks) {
  TftpTerms terms;
  terms.blockBytes = blockBytes;
  terms.windowBlocks = windowBlocks;
  return terms;
}

// The block numbers of DATA packets.
QList<int> numbers(const QList<QByteArray>& packets) {
  QList<int> numbers;
  for (const QByteArray& packet : packets) {
    numbers << (tftpRead16(packet, 0) == 3 ? tftpRead16(packet, 2) : -1);
  }
  return numbers;
}

QList<int> range(int first, int last) {
  QList<int> list;
  for (int i = first; i <= last; ++i) {
    list << i;
  }
  return list;
}

}  // namespace

class TftpTransferTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsRequests_data();
  void readsRequests();
  void refusesRequests_data();
  void refusesRequests();
  void readsErrors();
  void agrees_data();
  void agrees();
  void sendsBlockByBlock();
  void fullLastBlockIsFollowedByAnEmptyOne();
  void emptyFileIsOneEmptyBlock();
  void optionsAreAcknowledgedFirst();
  void repeatedAcknowledgementIsNotAnswered();
  void otherAcknowledgementsAreNotAnswered_data();
  void otherAcknowledgementsAreNotAnswered();
  void silenceRepeats();
  void askedTimeoutStays();
  void givesUpAfterItsRepeats();
  void clientsErrorEnds();
  void windowsFollowEachOther();
  void lossInAWindow();
  void lossOfAWindowsBeginningIsRepairedOnce();
  void lastWindowIsShort();
  void blockNumbersWrap_data();
  void blockNumbersWrap();
  void garbageChangesNothing();
};

void TftpTransferTest::readsRequests_data() {
  QTest::addColumn<QByteArray>("packet");
  QTest::addColumn<QByteArray>("name");
  QTest::addColumn<QByteArray>("mode");
  QTest::addColumn<int>("options");
  QTest::newRow("plain") << tftpRequest(1, "a") << QByteArray("a") << QByteArray("octet") << 0;
  QTest::newRow("mode in capitals") << tftpRequest(1, "a", "OcTeT") << QByteArray("a") << QByteArray("octet") << 0;
  QTest::newRow("write") << tftpRequest(2, "w") << QByteArray("w") << QByteArray("octet") << 0;
  QTest::newRow("as U-Boot asks") << tftpRequest(1, "f", "octet",
                                                 {{"timeout", "1"}, {"blksize", "1468"}, {"windowsize", "8"}})
                                  << QByteArray("f") << QByteArray("octet") << 3;
  QTest::newRow("twice the same option") << tftpRequest(1, "f", "octet", {{"blksize", "8"}, {"BLKSIZE", "9"}})
                                         << QByteArray("f") << QByteArray("octet") << 1;
  QTest::newRow("empty option") << tftpRequest(1, "f", "octet", {{"", ""}}) << QByteArray("f") << QByteArray("octet")
                                << 1;
  QTest::newRow("512 bytes") << tftpRequest(1, QByteArray(503, 'n')) << QByteArray(503, 'n') << QByteArray("octet")
                             << 0;
}

void TftpTransferTest::readsRequests() {
  QFETCH(const QByteArray, packet);
  const auto request = TftpRequest::parse(packet);
  QVERIFY(request);
  QCOMPARE(static_cast<int>(request->opcode), tftpRead16(packet, 0));
  QTEST(request->fileName, "name");
  QTEST(request->mode, "mode");
  QTEST(static_cast<int>(request->options.size()), "options");
}

void TftpTransferTest::refusesRequests_data() {
  QTest::addColumn<QByteArray>("packet");
  const QByteArray good = tftpRequest(1, "file", "octet", {{"blksize", "512"}});
  QTest::newRow("nothing") << QByteArray();
  QTest::newRow("half an opcode") << good.first(1);
  QTest::newRow("opcode alone") << good.first(2);
  QTest::newRow("name without end") << good.first(6);
  QTest::newRow("no mode") << good.first(7);
  QTest::newRow("mode without end") << good.first(12);
  QTest::newRow("option without value") << good.first(21);
  QTest::newRow("value without end") << good.first(good.size() - 1);
  QTest::newRow("no name") << tftpRequest(1, "");
  QTest::newRow("opcode 0") << tftpRequest(0, "file");
  QTest::newRow("opcode 7") << tftpRequest(7, "file");
  QTest::newRow("opcode 257") << tftpRequest(257, "file");
  QTest::newRow("data") << tftp16(3) + tftp16(1) + "x";
  QTest::newRow("513 bytes") << tftpRequest(1, QByteArray(504, 'n'));
}

void TftpTransferTest::refusesRequests() {
  QFETCH(const QByteArray, packet);
  QVERIFY(!TftpRequest::parse(packet));
}

void TftpTransferTest::readsErrors() {
  QCOMPARE(TftpError::parse(test::tftpError(3, "disk full"))->message, QByteArray("disk full"));
  QCOMPARE(TftpError::parse(test::tftpError(3, "disk full"))->code, quint16(3));
  QCOMPARE(TftpError::parse(tftp16(5) + tftp16(1) + "no end")->message, QByteArray("no end"));
  QCOMPARE(TftpError::parse(test::tftpError(0, "a\x1b[31m\xff"))->message, QByteArray("a?[31m?"));
  QCOMPARE(TftpError::parse(test::tftpError(0, QByteArray(5000, 'x')))->message.size(), 120);
  QVERIFY(!TftpError::parse(tftp16(5) + '\0'));
  QVERIFY(!TftpError::parse(tftp16(4) + tftp16(0)));
}

void TftpTransferTest::agrees_data() {
  QTest::addColumn<QByteArray>("name");
  QTest::addColumn<QByteArray>("value");
  QTest::addColumn<QByteArray>("answer");  // empty: not acknowledged
  const auto row = [](const char* name, const char* value, const char* answer) {
    QTest::addRow("%s %s", name, value) << QByteArray(name) << QByteArray(value) << QByteArray(answer);
  };
  row("blksize", "8", "8");
  row("blksize", "1468", "1468");
  row("blksize", "65464", "65464");
  row("blksize", "65465", "65464");
  row("blksize", "4294967304", "65464");
  row("blksize", "7", "");
  row("blksize", "0", "");
  row("blksize", "-8", "");
  row("blksize", "+512", "");
  row("blksize", " 512", "");
  row("blksize", "512x", "");
  row("blksize", "", "");
  row("blksize", "99999999999999999999", "");
  row("windowsize", "1", "1");
  row("windowsize", "16", "16");
  row("windowsize", "65535", "64");
  row("windowsize", "0", "");
  row("timeout", "1", "1");
  row("timeout", "255", "255");
  row("timeout", "0", "");
  row("timeout", "256", "");
  row("tsize", "0", "100000");
  row("tsize", "x", "");
  row("multicast", "1", "");
  row("", "1", "");
}

void TftpTransferTest::agrees() {
  QFETCH(const QByteArray, name);
  QFETCH(const QByteArray, value);
  QFETCH(const QByteArray, answer);
  const TftpTerms agreed = TftpTerms::agree({{name, value}}, 100'000);
  QCOMPARE(agreed.acknowledged, answer.isEmpty() ? QList<TftpOption>() : (QList<TftpOption>{{name, answer}}));
  QCOMPARE(agreed.blockBytes, name == "blksize" && !answer.isEmpty() ? answer.toInt() : 512);
  QCOMPARE(agreed.windowBlocks, name == "windowsize" && !answer.isEmpty() ? answer.toInt() : 1);
  QCOMPARE(agreed.isTimeoutFixed, name == "timeout" && !answer.isEmpty());
  if (agreed.isTimeoutFixed) {
    QCOMPARE(agreed.timeout, std::chrono::milliseconds(answer.toInt() * 1'000));
  }
}

void TftpTransferTest::sendsBlockByBlock() {
  const QByteArray file = someBytes(1300);
  TftpTransfer transfer(file, terms(512, 1));
  QList<QByteArray> sent = transfer.begin();
  QByteArray got;
  for (int block = 1; block <= 3; ++block) {
    QCOMPARE(numbers(sent), QList<int>{block});
    got += sent[0].mid(4);
    QCOMPARE(transfer.state(), TftpTransfer::State::Running);
    sent = transfer.take(tftpAck(block));
    QCOMPARE(transfer.acknowledgedBytes(), std::min(block * 512, 1300));
  }
  QCOMPARE(got, file);
  QVERIFY(sent.isEmpty());
  QCOMPARE(transfer.state(), TftpTransfer::State::Done);
  QVERIFY(transfer.take(tftpAck(3)).isEmpty());
}

void TftpTransferTest::fullLastBlockIsFollowedByAnEmptyOne() {
  const QByteArray file = someBytes(1024);
  TftpTransfer transfer(file, terms(512, 1));
  (void)transfer.begin();
  (void)transfer.take(tftpAck(1));
  const QList<QByteArray> last = transfer.take(tftpAck(2));
  QCOMPARE(last, QList<QByteArray>{tftp16(3) + tftp16(3)});
  QCOMPARE(transfer.state(), TftpTransfer::State::Running);
  QVERIFY(transfer.take(tftpAck(3)).isEmpty());
  QCOMPARE(transfer.state(), TftpTransfer::State::Done);
}

void TftpTransferTest::emptyFileIsOneEmptyBlock() {
  TftpTransfer transfer({}, terms(512, 8));
  QCOMPARE(transfer.begin(), QList<QByteArray>{tftp16(3) + tftp16(1)});
  (void)transfer.take(tftpAck(1));
  QCOMPARE(transfer.state(), TftpTransfer::State::Done);
}

void TftpTransferTest::optionsAreAcknowledgedFirst() {
  const QByteArray file = someBytes(100);
  TftpTransfer transfer(file, TftpTerms::agree({{"tsize", "0"}, {"x", "1"}, {"blksize", "64"}}, file.size()));
  const QByteArray options = tftp16(6) + QByteArray(
                                             "tsize\0"
                                             "100\0blksize\0"
                                             "64\0",
                                             21);
  QCOMPARE(transfer.begin(), QList<QByteArray>{options});
  QVERIFY(transfer.take(tftpAck(1)).isEmpty());  // of a block that was never sent
  QCOMPARE(transfer.timedOut(), QList<QByteArray>{options});
  QCOMPARE(numbers(transfer.take(tftpAck(0))), QList<int>{1});
  QVERIFY(transfer.take(tftpAck(0)).isEmpty());
}

// RFC 1123 section 4.2.3.1: a doubled ACK must not double all the data after it.
void TftpTransferTest::repeatedAcknowledgementIsNotAnswered() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, terms(512, 1));
  (void)transfer.begin();
  QCOMPARE(numbers(transfer.take(tftpAck(1))), QList<int>{2});
  for (int i = 0; i < 100; ++i) {
    QVERIFY(transfer.take(tftpAck(1)).isEmpty());
  }
  QCOMPARE(numbers(transfer.take(tftpAck(2))), QList<int>{3});
}

void TftpTransferTest::otherAcknowledgementsAreNotAnswered_data() {
  QTest::addColumn<int>("window");
  QTest::addColumn<int>("number");
  for (const int window : {1, 4}) {
    for (const int number : {0, 3, 40, 32768, 65535}) {
      QTest::addRow("window %d, block %d", window, number) << window << number;
    }
    QTest::addRow("window %d, the one after what was sent", window) << window << 4 + window + 1;
  }
}

void TftpTransferTest::otherAcknowledgementsAreNotAnswered() {
  QFETCH(const int, window);
  QFETCH(const int, number);
  const QByteArray file = someBytes(60'000);
  TftpTransfer transfer(file, terms(512, window));
  (void)transfer.begin();
  for (int block = 1; block <= 4; ++block) {
    (void)transfer.take(tftpAck(block));
  }
  QCOMPARE(transfer.acknowledgedBytes(), 4 * 512);
  QVERIFY(transfer.take(tftpAck(number)).isEmpty());
  QCOMPARE(transfer.acknowledgedBytes(), 4 * 512);
}

void TftpTransferTest::silenceRepeats() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, terms(512, 4));
  const QList<QByteArray> first = transfer.begin();
  QCOMPARE(transfer.timeout().count(), 1000);
  QCOMPARE(transfer.timedOut(), first);
  QCOMPARE(transfer.timeout().count(), 2000);
  QCOMPARE(transfer.timedOut(), first);
  QCOMPARE(transfer.timeout().count(), 4000);
  QCOMPARE(numbers(transfer.take(tftpAck(4))), range(5, 8));
  QCOMPARE(transfer.timeout().count(), 1000);
}

void TftpTransferTest::askedTimeoutStays() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, TftpTerms::agree({{"timeout", "3"}}, file.size()));
  (void)transfer.begin();
  (void)transfer.timedOut();
  (void)transfer.timedOut();
  QCOMPARE(transfer.timeout().count(), 3000);
}

void TftpTransferTest::givesUpAfterItsRepeats() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, terms(512, 1));
  (void)transfer.begin();
  for (int i = 0; i < TftpTransfer::kRepeats; ++i) {
    QCOMPARE(numbers(transfer.timedOut()), QList<int>{1});
    QVERIFY(transfer.timeout().count() <= 8000);
  }
  QVERIFY(transfer.timedOut().isEmpty());
  QCOMPARE(transfer.state(), TftpTransfer::State::GivenUp);
  QVERIFY(transfer.take(tftpAck(1)).isEmpty());
}

void TftpTransferTest::clientsErrorEnds() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, terms(512, 1));
  (void)transfer.begin();
  QVERIFY(transfer.take(test::tftpError(3, "File too large")).isEmpty());
  QCOMPARE(transfer.state(), TftpTransfer::State::Refused);
  QCOMPARE(transfer.clientError()->message, QByteArray("File too large"));
  QVERIFY(transfer.timedOut().isEmpty());
}

void TftpTransferTest::windowsFollowEachOther() {
  const QByteArray file = someBytes(512 * 100);
  TftpTransfer transfer(file, terms(512, 16));
  QCOMPARE(numbers(transfer.begin()), range(1, 16));
  QCOMPARE(numbers(transfer.take(tftpAck(16))), range(17, 32));
  QCOMPARE(transfer.acknowledgedBytes(), 16 * 512);
}

// RFC 7440 section 4: the receiver names the last block in order, and the sender goes on from there.
void TftpTransferTest::lossInAWindow() {
  const QByteArray file = someBytes(512 * 100);
  TftpTransfer transfer(file, terms(512, 8));
  (void)transfer.begin();
  QCOMPARE(numbers(transfer.take(tftpAck(3))), range(4, 11));
  // The packets after the lost one make a receiver say it again: that must not send it all again each time.
  for (int i = 0; i < 4; ++i) {
    QVERIFY(transfer.take(tftpAck(3)).isEmpty());
  }
  QCOMPARE(numbers(transfer.take(tftpAck(11))), range(12, 19));
}

void TftpTransferTest::lossOfAWindowsBeginningIsRepairedOnce() {
  const QByteArray file = someBytes(512 * 100);
  TftpTransfer transfer(file, terms(512, 8));
  (void)transfer.begin();
  (void)transfer.take(tftpAck(8));
  QCOMPARE(numbers(transfer.take(tftpAck(8))), range(9, 16));
  for (int i = 0; i < 50; ++i) {
    QVERIFY(transfer.take(tftpAck(8)).isEmpty());
  }
  QCOMPARE(numbers(transfer.timedOut()), range(9, 16));
  QVERIFY(transfer.take(tftpAck(8)).isEmpty());
  QCOMPARE(numbers(transfer.take(tftpAck(16))), range(17, 24));
}

void TftpTransferTest::lastWindowIsShort() {
  const QByteArray file = someBytes(512 * 9 + 100);
  TftpTransfer transfer(file, terms(512, 8));
  (void)transfer.begin();
  const QList<QByteArray> last = transfer.take(tftpAck(8));
  QCOMPARE(numbers(last), range(9, 10));
  QCOMPARE(last[1].size(), 104);
  (void)transfer.take(tftpAck(10));
  QCOMPARE(transfer.state(), TftpTransfer::State::Done);
  QCOMPARE(transfer.acknowledgedBytes(), file.size());
}

void TftpTransferTest::blockNumbersWrap_data() {
  QTest::addColumn<int>("window");
  QTest::newRow("one") << 1;
  QTest::newRow("window") << 64;
  QTest::newRow("window that does not divide 65536") << 7;
}

// 140000 blocks: over 65535 twice.
void TftpTransferTest::blockNumbersWrap() {
  QFETCH(const int, window);
  const QByteArray file = someBytes(8 * 140'000 + 3);
  TftpTransfer transfer(file, terms(8, window));
  QByteArray got;
  qint64 last = 0;
  QList<QByteArray> sent = transfer.begin();
  while (!sent.isEmpty()) {
    for (const QByteArray& packet : sent) {
      ++last;
      if (tftpRead16(packet, 2) != static_cast<int>(last % 65536)) {
        QFAIL("wrong block number");
      }
      got += packet.mid(4);
    }
    sent = transfer.take(tftpAck(static_cast<int>(last % 65536)));
  }
  QCOMPARE(transfer.state(), TftpTransfer::State::Done);
  QCOMPARE(last, 140'001);
  QVERIFY(got == file);
}

void TftpTransferTest::garbageChangesNothing() {
  const QByteArray file = someBytes(5000);
  TftpTransfer transfer(file, terms(512, 4));
  (void)transfer.begin();
  for (const QByteArray& packet :
       {QByteArray(), QByteArray(1, '\4'), tftp16(4), tftpAck(4) + 'x', tftp16(4) + '\0', tftpRequest(1, "a"),
        tftp16(3) + tftp16(1), tftp16(6) + "blksize", tftp16(0) + tftp16(4), QByteArray(60'000, '\xff')}) {
    QVERIFY(transfer.take(packet).isEmpty());
    QCOMPARE(transfer.state(), TftpTransfer::State::Running);
    QCOMPARE(transfer.acknowledgedBytes(), 0);
  }
}

QTEST_GUILESS_MAIN(TftpTransferTest)
#include "tftp_transfer_test.moc"
