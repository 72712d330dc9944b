// The TFTP server over the loopback's real sockets: whom it serves, what it refuses, that it ends.
#include "tests/support/tftp_reader.h"
#include "transports/links/link_opener.h"
#include "transports/links/udp_port.h"
#include "transports/protocols/tftp/tftp_service.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

const QByteArray kName = "sealift-0123456789abcdef";
const QHostAddress kHost(QHostAddress::LocalHost);
const QHostAddress kOther(QStringLiteral("127.0.0.2"));

QByteArray someBytes(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 99;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

class TftpServerTest : public QObject {
  Q_OBJECT

 private:
  void serve(const QByteArray& file) {
    service_.reset();
    file_ = file;
    auto started = TftpService::start(
        [this]() -> Result<std::unique_ptr<DatagramPort>> {
          SEALIFT_TRY(auto port, UdpPort::open(kHost, 0));
          port_ = port->number();
          return port;
        },
        [this]() -> Result<std::unique_ptr<DatagramPort>> {
          ++opened_;
          return UdpPort::open(kHost, 0);
        },
        {kName, file_, kHost});
    QVERIFY2(started, started ? "" : qPrintable(started.error().message()));
    service_ = std::move(*started);
  }
  const TftpCounters& counters() const { return service_->counters(); }
  // The server's thread counts after it has answered.
  void completedIs(int count) { QTRY_COMPARE(counters().completed.load(), count); }

  QByteArray file_;
  std::unique_ptr<TftpService> service_;
  std::atomic<quint16> port_ = 0;
  std::atomic<int> opened_ = 0;

 private Q_SLOTS:
  void init() { opened_ = 0; }
  void cleanup() { service_.reset(); }
  void servesTheFile_data();
  void servesTheFile();
  void lossIsRepaired_data();
  void lossIsRepaired();
  void wrapsOverSockets();
  void refuses_data();
  void refuses();
  void errorIsNotAnswered();
  void strangersGetNoAnswer();
  void strangersPortIsToldAndTheTransferGoesOn();
  void othersPacketsToTheTransferAreIgnored();
  void repeatedRequestIsTheSameTransfer();
  void newRequestTakesThePlaceOfTheOld();
  void silenceIsRepeatedAfterTheAskedTime();
  void clientsErrorEndsItsTransferOnly();
  void floodDoesNotStopATransfer();
  void nothingListensAfterwards();
  void portInUseIsSaid();
  void ownAddressIsFound();
  void whoRefusesDatagramsRefusesPorts();
};

void TftpServerTest::servesTheFile_data() {
  QTest::addColumn<int>("size");
  QTest::addColumn<int>("block");  // 0: not asked for
  QTest::addColumn<int>("window");
  QTest::newRow("RFC 1350") << 100'000 << 0 << 0;
  QTest::newRow("empty") << 0 << 0 << 0;
  QTest::newRow("one byte") << 1 << 0 << 0;
  QTest::newRow("full blocks") << 5120 << 0 << 0;
  QTest::newRow("smallest block") << 1001 << 8 << 0;
  QTest::newRow("Ethernet") << 1'000'000 << 1468 << 0;
  QTest::newRow("Ethernet, window") << 3'000'000 << 1468 << 16;
  QTest::newRow("largest block") << 1'000'000 << 65464 << 0;
  QTest::newRow("largest window") << 1'000'000 << 1024 << 64;
  QTest::newRow("larger window than there is") << 1'000'000 << 1024 << 1000;
}

void TftpServerTest::servesTheFile() {
  QFETCH(const int, size);
  QFETCH(const int, block);
  QFETCH(const int, window);
  serve(someBytes(size));
  QList<std::pair<QByteArray, QByteArray>> options;
  if (block > 0) {
    options << std::pair<QByteArray, QByteArray>("blksize", QByteArray::number(block))
            << std::pair<QByteArray, QByteArray>("tsize", "0");
  }
  if (window > 0) {
    options << std::pair<QByteArray, QByteArray>("windowsize", QByteArray::number(window));
  }
  const TftpReading reading = tftpReadFile(port_, kName, options);
  QCOMPARE(reading.problem, QByteArray());
  QVERIFY(reading.bytes == file_);
  QCOMPARE(reading.agreed.contains("tsize"), block > 0);
  if (block > 0) {
    QCOMPARE(reading.agreed["tsize"].toInt(), size);
  }
  if (window > 0) {
    QCOMPARE(reading.agreed["windowsize"].toInt(), std::min(window, 64));
  }
  completedIs(1);
  QCOMPARE(counters().acknowledgedBytes.load(), size);
  QCOMPARE(counters().requests.load(), 1);
  QCOMPARE(counters().refused.load() + counters().strangers.load(), 0);
}

void TftpServerTest::lossIsRepaired_data() {
  QTest::addColumn<int>("window");
  QTest::addColumn<int>("every");
  QTest::newRow("one block, each 40th") << 1 << 40;
  QTest::newRow("window 8, each 50th") << 8 << 50;
  QTest::newRow("window 16, each 97th") << 16 << 97;
}

void TftpServerTest::lossIsRepaired() {
  QFETCH(const int, window);
  QFETCH(const int, every);
  serve(someBytes(200'000));
  const TftpReading reading =
      tftpReadFile(port_, kName, {{"blksize", "1024"}, {"windowsize", QByteArray::number(window)}, {"timeout", "1"}},
                   [&](int packet) { return packet % every == every - 1; });
  QCOMPARE(reading.problem, QByteArray());
  QVERIFY(reading.bytes == file_);
  completedIs(1);
  // A loss costs its window, not the rest of the file. (A busy computer's own delays cost windows, too.)
  const int blocks = 200'000 / 1024 + 1;
  QVERIFY2(reading.received <= 3 * blocks, qPrintable(QString::number(reading.received)));
}

void TftpServerTest::wrapsOverSockets() {
  serve(someBytes(8 * 66'000 + 5));
  const TftpReading reading = tftpReadFile(port_, kName, {{"blksize", "8"}, {"windowsize", "64"}});
  QCOMPARE(reading.problem, QByteArray());
  QVERIFY(reading.bytes == file_);
}

void TftpServerTest::refuses_data() {
  QTest::addColumn<QByteArray>("packet");
  QTest::addColumn<int>("code");
  QTest::newRow("another file") << tftpRequest(1, "firmware.bin") << 1;
  QTest::newRow("a part of the name") << tftpRequest(1, kName.chopped(1)) << 1;
  QTest::newRow("more than the name") << tftpRequest(1, kName + "0") << 1;
  QTest::newRow("a path to it") << tftpRequest(1, "./" + kName) << 1;
  QTest::newRow("the name in capitals") << tftpRequest(1, kName.toUpper()) << 1;
  QTest::newRow("a file of this computer's") << tftpRequest(1, "/etc/passwd") << 1;
  QTest::newRow("write") << tftpRequest(2, kName) << 2;
  QTest::newRow("netascii") << tftpRequest(1, kName, "netascii") << 4;
  QTest::newRow("mail") << tftpRequest(1, kName, "mail") << 4;
  QTest::newRow("no mode") << tftp16(1) + kName + '\0' << 4;
  QTest::newRow("too long") << tftpRequest(1, kName, "octet", {{"x", QByteArray(600, '1')}}) << 4;
  QTest::newRow("data") << tftp16(3) + tftp16(1) + "x" << 4;
  QTest::newRow("acknowledgement") << tftpAck(0) << 4;
  QTest::newRow("option acknowledgement") << tftp16(6) + "blksize" << 4;
  QTest::newRow("nothing") << QByteArray("") << 4;
  QTest::newRow("opcode 9") << tftp16(9) << 4;
}

void TftpServerTest::refuses() {
  QFETCH(const QByteArray, packet);
  QFETCH(const int, code);
  serve(someBytes(1000));
  TftpClientSocket client;
  client.send(packet, port_);
  const QByteArray answer = client.receive();
  QCOMPARE(tftpRead16(answer, 0), 5);
  QCOMPARE(tftpRead16(answer, 2), code);
  QVERIFY(answer.endsWith('\0'));
  QCOMPARE(opened_.load(), 0);
  QCOMPARE(counters().refused.load(), 1);
  QCOMPARE(tftpReadFile(port_, kName).bytes, file_);
}

// RFC 1350 section 7: two that answer each other's errors would do so for ever.
void TftpServerTest::errorIsNotAnswered() {
  serve(someBytes(1000));
  TftpClientSocket client;
  client.send(tftpError(0, "x"), port_);
  client.send(tftpRequest(1, "other"), port_);
  QCOMPARE(tftpRead16(client.receive(), 2), 1);  // the second one's answer
  QVERIFY(client.hasNothing());
}

// Answers go back in the order of the requests, so the stranger's would be there by then.
void TftpServerTest::strangersGetNoAnswer() {
  serve(someBytes(1000));
  TftpClientSocket stranger(kOther);
  stranger.send(tftpRequest(1, kName), port_);
  stranger.send(tftpRequest(1, "other"), port_);
  stranger.send("garbage", port_);
  QCOMPARE(tftpReadFile(port_, kName).bytes, file_);
  QCOMPARE(counters().strangers.load(), 3);
  QCOMPARE(counters().requests.load(), 1);
  QVERIFY(stranger.hasNothing());
}

void TftpServerTest::strangersPortIsToldAndTheTransferGoesOn() {
  serve(someBytes(1200));
  TftpClientSocket client;
  client.send(tftpRequest(1, kName), port_);
  QByteArray got = client.receive().mid(4);
  const quint16 transfer = client.from();
  QVERIFY(transfer != port_);  // RFC 1350 section 4: a port of its own
  TftpClientSocket other;
  other.send(tftpAck(1), transfer);
  const QByteArray answer = other.receive();
  QCOMPARE(tftpRead16(answer, 0), 5);
  QCOMPARE(tftpRead16(answer, 2), 5);
  other.send(tftpError(0, "stop"), transfer);  // neither ends it nor is answered
  client.send(tftpAck(1), transfer);
  const QByteArray second = client.receive();
  QCOMPARE(tftpRead16(second, 2), 2);
  got += second.mid(4);
  client.send(tftpAck(2), transfer);
  got += client.receive().mid(4);
  client.send(tftpAck(3), transfer);
  completedIs(1);
  QVERIFY(other.hasNothing());
  QVERIFY(got == file_);
}

void TftpServerTest::othersPacketsToTheTransferAreIgnored() {
  serve(someBytes(600));
  TftpClientSocket client;
  client.send(tftpRequest(1, kName), port_);
  QCOMPARE(tftpRead16(client.receive(), 2), 1);
  const quint16 transfer = client.from();
  TftpClientSocket stranger(kOther);
  stranger.send(tftpAck(1), transfer);
  stranger.send(tftpError(0, "stop"), transfer);
  client.send(tftpAck(1), transfer);
  QCOMPARE(tftpRead16(client.receive(), 2), 2);
  client.send(tftpAck(2), transfer);
  completedIs(1);
  QVERIFY(stranger.hasNothing());
}

void TftpServerTest::repeatedRequestIsTheSameTransfer() {
  serve(someBytes(600));
  TftpClientSocket client;
  client.send(tftpRequest(1, kName), port_);
  const QByteArray first = client.receive();
  const quint16 transfer = client.from();
  client.send(tftpRequest(1, kName), port_);
  QCOMPARE(client.receive(), first);
  QCOMPARE(client.from(), transfer);
  client.send(tftpAck(1), transfer);
  QCOMPARE(tftpRead16(client.receive(), 2), 2);
  client.send(tftpRequest(1, kName), port_);  // an old copy: it begins nothing anew
  // Requests are taken in their order: when this one is answered, that one was seen.
  TftpClientSocket other;
  other.send(tftpRequest(1, "other"), port_);
  QCOMPARE(tftpRead16(other.receive(), 0), 5);
  client.send(tftpAck(2), transfer);
  completedIs(1);
  QCOMPARE(opened_.load(), 1);
}

void TftpServerTest::newRequestTakesThePlaceOfTheOld() {
  serve(someBytes(2000));
  TftpClientSocket old;
  old.send(tftpRequest(1, kName), port_);
  QCOMPARE(tftpRead16(old.receive(), 2), 1);
  const TftpReading reading = tftpReadFile(port_, kName);
  QVERIFY(reading.bytes == file_);
  completedIs(1);
  QCOMPARE(counters().requests.load(), 2);
  QCOMPARE(opened_.load(), 2);
}

void TftpServerTest::silenceIsRepeatedAfterTheAskedTime() {
  serve(someBytes(600));
  TftpClientSocket client;
  QElapsedTimer timer;
  timer.start();
  client.send(tftpRequest(1, kName, "octet", {{"timeout", "1"}}), port_);
  const QByteArray options = client.receive();
  QCOMPARE(options, tftp16(6) + QByteArray("timeout\0"
                                           "1\0",
                                           10));
  QCOMPARE(client.receive(), options);
  QVERIFY(timer.elapsed() >= 1000);
  client.send(tftpAck(0), client.from());
  QCOMPARE(tftpRead16(client.receive(), 2), 1);
}

void TftpServerTest::clientsErrorEndsItsTransferOnly() {
  serve(someBytes(600));
  TftpClientSocket client;
  client.send(tftpRequest(1, kName), port_);
  (void)client.receive();
  client.send(tftpError(3, "no room"), client.from());
  QVERIFY(tftpReadFile(port_, kName).bytes == file_);
  completedIs(1);
}

void TftpServerTest::floodDoesNotStopATransfer() {
  serve(someBytes(300'000));
  TftpClientSocket stranger(kOther);
  TftpClientSocket nuisance;
  const TftpReading reading = tftpReadFile(port_, kName, {{"blksize", "1024"}}, [&](int) {
    for (int i = 0; i < 20; ++i) {
      stranger.send(QByteArray(1400, 'x'), port_);
      nuisance.send(tftpRequest(1, "other"), port_);
    }
    return false;
  });
  QCOMPARE(reading.problem, QByteArray());
  QVERIFY(reading.bytes == file_);
  QVERIFY(stranger.hasNothing());
}

void TftpServerTest::nothingListensAfterwards() {
  serve(someBytes(600));
  const quint16 port = port_;
  TftpClientSocket client;
  client.send(tftpRequest(1, kName), port);
  (void)client.receive();
  const quint16 transfer = client.from();
  QElapsedTimer timer;
  timer.start();
  service_.reset();
  QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
  // Both ports are free again.
  QVERIFY(UdpPort::open(kHost, port));
  QVERIFY(UdpPort::open(kHost, transfer));
}

void TftpServerTest::portInUseIsSaid() {
  serve(someBytes(600));
  const auto second = UdpPort::open(kHost, port_);
  QVERIFY(!second);
  QCOMPARE(second.error().code, ErrorCode::LinkOpen);
  QVERIFY(second.error().what.contains(QStringLiteral("Another program uses UDP port %1").arg(port_)));
  const auto service =
      TftpService::start([this]() -> Result<std::unique_ptr<DatagramPort>> { return UdpPort::open(kHost, port_); },
                         [] { return UdpPort::open(kHost, 0); }, {kName, file_, kHost});
  QVERIFY(!service);
  QCOMPARE(service.error().code, ErrorCode::LinkOpen);
}

void TftpServerTest::ownAddressIsFound() {
  const auto own = ownAddressTowards(QHostAddress(QStringLiteral("127.0.0.9")));
  QVERIFY(own);
  QVERIFY(own->isLoopback());
}

// Offline mode stands before openDatagrams(): no port may be had behind its back.
void TftpServerTest::whoRefusesDatagramsRefusesPorts() {
  class OfflineLinks final : public LinkOpener {
   public:
    Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress&, const CancelToken&) override {
      return fail(ErrorCode::Offline, QStringLiteral("Offline."));
    }
    Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress&, const CancelToken&) override {
      return fail(ErrorCode::Offline, QStringLiteral("Offline."));
    }
  };
  const LinkAddress peer{LinkKind::Udp, QStringLiteral("127.0.0.1"), 69, {}};
  OfflineLinks offline;
  const auto refused = offline.openPort(peer, kHost, 0, {});
  QVERIFY(!refused);
  QCOMPARE(refused.error().code, ErrorCode::Offline);
  SystemLinkOpener online;
  const auto port = online.openPort(peer, kHost, 0, {});
  QVERIFY(port);
  QVERIFY((*port)->number() != 0);
}

QTEST_GUILESS_MAIN(TftpServerTest)
#include "tftp_server_test.moc"
