// Links of the operating system, over loopback and pseudo terminals.
#include "transports/links/fd_link.h"
#include "transports/links/link_opener.h"
#include "transports/links/pty_pair.h"
#include "transports/links/serial_link.h"
#include "transports/links/tcp_link.h"
#include "transports/links/udp_link.h"

#include <QElapsedTimer>
#include <QTcpServer>
#include <QTest>
#include <QThread>
#include <QUdpSocket>

#include <atomic>
#include <functional>
#include <memory>

using namespace sealift;

namespace {

constexpr auto kLong = std::chrono::seconds(30);

Deadline soon(std::chrono::milliseconds time = kLong) {
  return Deadline::in(time, QStringLiteral("the test"));
}

QByteArray pattern(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 12345;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

Result<QByteArray> readExactly(ByteLink& link, qsizetype count, const CancelToken& cancel = {}) {
  QByteArray all;
  while (all.size() < count) {
    SEALIFT_TRY(const QByteArray more, link.read(count - all.size(), soon(), cancel));
    all += more;
  }
  return all;
}

// Runs `work` in a thread of its own while the test goes on.
class Helper {
 public:
  explicit Helper(std::function<void()> work) : thread_(QThread::create(std::move(work))) { thread_->start(); }
  ~Helper() { thread_->wait(); }

 private:
  std::unique_ptr<QThread> thread_;
};

}  // namespace

class LinksTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void serialCarriesAllBytes();
  void serialIsFast();
  void serialAnswersWithoutDelay();
  void serialDeadline();
  void serialCancel();
  void serialWriteToFullPortTimesOut();
  void serialPulledCableIsLost();
  void serialDiscardInput();
  void serialMissingPort();
  void serialBusyPort();
  void ptyKeepsControlCharacters();
  void tcpCarriesAllBytes();
  void tcpClosedIsLost();
  void tcpCancelAndDeadline();
  void tcpRefused();
  void udpIgnoresOthers();
  void udpDeadlineAndCancel();
  void udpAbsentPeerIsNoError();
  void udpTooLong();
  void openerChecksKinds();
};

void LinksTest::serialCarriesAllBytes() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY2(link, link ? "" : qPrintable(link.error().what));
  QByteArray every(256, '\0');
  for (int i = 0; i < 256; ++i) {
    every[i] = static_cast<char>(i);
  }
  QVERIFY((*link)->write(every, soon(), {}));
  const auto there = readExactly((*pty)->master(), every.size());
  QVERIFY(there);
  QCOMPARE(*there, every);
  QVERIFY((*pty)->master().write(every, soon(), {}));
  const auto back = readExactly(**link, every.size());
  QVERIFY(back);
  QCOMPARE(*back, every);
}

// 4 MiB in each direction; a stall of 50 ms for each buffer would take more than 10 s.
void LinksTest::serialIsFast() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 921600);
  QVERIFY(link);
  const QByteArray sent = pattern(4 << 20);
  QElapsedTimer timer;
  timer.start();
  std::atomic<bool> written = false;
  {
    const Helper device([&] { written = (*pty)->master().write(sent, soon(), {}).has_value(); });
    const auto got = readExactly(**link, sent.size());
    QVERIFY(got);
    QVERIFY(*got == sent);
  }
  QVERIFY(written);
  Result<QByteArray> got = QByteArray();
  {
    const Helper device([&] { got = readExactly((*pty)->master(), sent.size()); });
    QVERIFY((*link)->write(sent, soon(), {}));
  }
  QVERIFY(got);
  QVERIFY(*got == sent);
  qInfo("8 MiB over a pty in %lld ms", timer.elapsed());
  QVERIFY(timer.elapsed() < 10'000);
}

void LinksTest::serialAnswersWithoutDelay() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  constexpr int kRounds = 500;
  QElapsedTimer timer;
  timer.start();
  const Helper device([&] {
    for (int i = 0; i < kRounds; ++i) {
      const auto byte = (*pty)->master().read(1, soon(), {});
      if (!byte || !(*pty)->master().write(*byte, soon(), {})) {
        return;
      }
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    QVERIFY((*link)->write("x", soon(), {}));
    QVERIFY((*link)->read(16, soon(), {}));
  }
  qInfo("%d round trips in %lld ms", kRounds, timer.elapsed());
  QVERIFY(timer.elapsed() < kRounds * 20);  // far below the 50 ms slice of a wait
}

void LinksTest::serialDeadline() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  const auto nothing = (*link)->read(10, soon(std::chrono::milliseconds(120)), {});
  QVERIFY(!nothing);
  QCOMPARE(nothing.error().code, ErrorCode::Timeout);
  QVERIFY(nothing.error().what.contains(QStringLiteral("the test")));
  // The link still works afterwards.
  QVERIFY((*pty)->master().write("later", soon(), {}));
  const auto later = readExactly(**link, 5);
  QVERIFY(later);
  QCOMPARE(*later, QByteArray("later"));
}

void LinksTest::serialCancel() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  const CancelToken cancel;
  const Helper user([&] {
    QThread::msleep(100);
    cancel.cancel();
  });
  const auto nothing = (*link)->read(10, soon(), cancel);
  QVERIFY(!nothing);
  QCOMPARE(nothing.error().code, ErrorCode::Cancelled);
  QCOMPARE((*link)->write("x", soon(), cancel).error().code, ErrorCode::Cancelled);
}

void LinksTest::serialWriteToFullPortTimesOut() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  const Status stuck = (*link)->write(pattern(1 << 20), soon(std::chrono::milliseconds(300)), {});
  QVERIFY(!stuck);
  QCOMPARE(stuck.error().code, ErrorCode::Timeout);
}

void LinksTest::serialPulledCableIsLost() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  pty->reset();
  const auto gone = (*link)->read(10, soon(), {});
  QVERIFY(!gone);
  QCOMPARE(gone.error().code, ErrorCode::LinkLost);
  QCOMPARE((*link)->write("x", soon(), {}).error().code, ErrorCode::LinkLost);
}

void LinksTest::serialDiscardInput() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  QVERIFY((*pty)->master().write("old", soon(), {}));
  QVERIFY(readExactly(**link, 1));  // the rest is in the port's own buffer now
  QVERIFY((*link)->discardInput());
  QVERIFY((*pty)->master().write("new", soon(), {}));
  const auto fresh = readExactly(**link, 3);
  QVERIFY(fresh);
  QCOMPARE(*fresh, QByteArray("new"));
}

void LinksTest::serialMissingPort() {
  const auto link = openSerialLink(QStringLiteral("/dev/sealift-no-such-port"), 115200);
  QVERIFY(!link);
  QCOMPARE(link.error().code, ErrorCode::LinkOpen);
  QVERIFY(link.error().what.contains(QStringLiteral("/dev/sealift-no-such-port")));
}

void LinksTest::serialBusyPort() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto first = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(first);
  const auto second = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(!second);
  QCOMPARE(second.error().code, ErrorCode::LinkOpen);
  QVERIFY(second.error().what.contains(QStringLiteral("in use")));
}

void LinksTest::ptyKeepsControlCharacters() {
  auto pty = PtyPair::open();
  QVERIFY(pty);
  auto link = openSerialLink((*pty)->slavePath(), 115200);
  QVERIFY(link);
  const QByteArray special("\x03\x04\x11\x13\x1a\x7f\r\n\xff\x00", 10);
  QVERIFY((*pty)->master().write(special, soon(), {}));
  const auto got = readExactly(**link, special.size());
  QVERIFY(got);
  QCOMPARE(*got, special);
}

void LinksTest::tcpCarriesAllBytes() {
  QTcpServer server;
  QVERIFY(server.listen(QHostAddress::LocalHost));
  auto link = TcpLink::open(QStringLiteral("localhost"), server.serverPort(), soon(), {});
  QVERIFY2(link, link ? "" : qPrintable(link.error().what));
  QVERIFY(server.hasPendingConnections() || server.waitForNewConnection(10'000));
  std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
  const QByteArray sent = pattern(100'000);
  peer->write(sent);
  QVERIFY(peer->flush());
  QByteArray got;
  while (got.size() < sent.size()) {
    peer->waitForBytesWritten(0);
    const auto more = (*link)->read(65536, soon(), {});
    QVERIFY(more);
    got += *more;
  }
  QVERIFY(got == sent);
  QVERIFY((*link)->write("hello", soon(), {}));
  QVERIFY(peer->waitForReadyRead(10'000));
  QCOMPARE(peer->readAll(), QByteArray("hello"));
}

void LinksTest::tcpClosedIsLost() {
  QTcpServer server;
  QVERIFY(server.listen(QHostAddress::LocalHost));
  auto link = TcpLink::open(QStringLiteral("127.0.0.1"), server.serverPort(), soon(), {});
  QVERIFY(link);
  QVERIFY(server.hasPendingConnections() || server.waitForNewConnection(10'000));
  std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
  peer->write("last words");
  peer->flush();
  peer->close();
  peer.reset();
  // What was sent before the end is still delivered.
  const auto words = readExactly(**link, 10);
  QVERIFY(words);
  const auto gone = (*link)->read(1, soon(), {});
  QVERIFY(!gone);
  QCOMPARE(gone.error().code, ErrorCode::LinkLost);
}

void LinksTest::tcpCancelAndDeadline() {
  QTcpServer server;
  QVERIFY(server.listen(QHostAddress::LocalHost));
  auto link = TcpLink::open(QStringLiteral("127.0.0.1"), server.serverPort(), soon(), {});
  QVERIFY(link);
  QCOMPARE((*link)->read(1, soon(std::chrono::milliseconds(100)), {}).error().code, ErrorCode::Timeout);
  const CancelToken cancel;
  const Helper user([&] {
    QThread::msleep(100);
    cancel.cancel();
  });
  QCOMPARE((*link)->read(1, soon(), cancel).error().code, ErrorCode::Cancelled);
}

void LinksTest::tcpRefused() {
  QTcpServer server;
  QVERIFY(server.listen(QHostAddress::LocalHost));
  const quint16 port = server.serverPort();
  server.close();
  const auto link = TcpLink::open(QStringLiteral("127.0.0.1"), port, soon(), {});
  QVERIFY(!link);
  QCOMPARE(link.error().code, ErrorCode::LinkOpen);
  const CancelToken cancelled;
  cancelled.cancel();
  QCOMPARE(TcpLink::open(QStringLiteral("127.0.0.1"), port, soon(), cancelled).error().code, ErrorCode::Cancelled);
}

void LinksTest::udpIgnoresOthers() {
  QUdpSocket peer;
  QUdpSocket stranger;
  QVERIFY(peer.bind(QHostAddress::LocalHost));
  QVERIFY(stranger.bind(QHostAddress::LocalHost));
  auto link = UdpLink::open(QStringLiteral("127.0.0.1"), peer.localPort(), soon(), {});
  QVERIFY(link);
  QVERIFY((*link)->send("ping", soon(), {}));
  QVERIFY(peer.waitForReadyRead(10'000));
  QHostAddress from;
  quint16 port = 0;
  QByteArray got(16, '\0');
  got.resize(peer.readDatagram(got.data(), got.size(), &from, &port));
  QCOMPARE(got, QByteArray("ping"));
  QCOMPARE(stranger.writeDatagram("evil", 4, from, port), 4);
  // Borders of datagrams are kept, also of empty ones.
  QCOMPARE(peer.writeDatagram("one", 3, from, port), 3);
  QCOMPARE(peer.writeDatagram("", 0, from, port), 0);
  QCOMPARE(peer.writeDatagram("two", 3, from, port), 3);
  for (const char* wanted : {"one", "", "two"}) {
    const auto datagram = (*link)->receive(soon(), {});
    QVERIFY(datagram);
    QCOMPARE(*datagram, QByteArray(wanted));
  }
}

void LinksTest::udpDeadlineAndCancel() {
  QUdpSocket peer;
  QVERIFY(peer.bind(QHostAddress::LocalHost));
  auto link = UdpLink::open(QStringLiteral("localhost"), peer.localPort(), soon(), {});
  QVERIFY(link);
  QCOMPARE((*link)->receive(soon(std::chrono::milliseconds(100)), {}).error().code, ErrorCode::Timeout);
  const CancelToken cancel;
  const Helper user([&] {
    QThread::msleep(100);
    cancel.cancel();
  });
  QCOMPARE((*link)->receive(soon(), cancel).error().code, ErrorCode::Cancelled);
}

// A device that restarts answers with ICMP "port unreachable" for a while.
void LinksTest::udpAbsentPeerIsNoError() {
  QUdpSocket peer;
  QVERIFY(peer.bind(QHostAddress::LocalHost));
  const quint16 port = peer.localPort();
  peer.close();
  auto link = UdpLink::open(QStringLiteral("127.0.0.1"), port, soon(), {});
  QVERIFY(link);
  for (int i = 0; i < 3; ++i) {
    QVERIFY((*link)->send("anybody?", soon(), {}));
    QCOMPARE((*link)->receive(soon(std::chrono::milliseconds(60)), {}).error().code, ErrorCode::Timeout);
  }
  QVERIFY(peer.bind(QHostAddress::LocalHost, port));
  QVERIFY((*link)->send("again", soon(), {}));
  QVERIFY(peer.waitForReadyRead(10'000));
}

void LinksTest::udpTooLong() {
  auto link = UdpLink::open(QStringLiteral("127.0.0.1"), 9, soon(), {});
  QVERIFY(link);
  QCOMPARE((*link)->send(QByteArray((*link)->maxDatagram() + 1, 'x'), soon(), {}).error().code,
           ErrorCode::InvalidArgument);
}

void LinksTest::openerChecksKinds() {
  SystemLinkOpener opener;
  const auto udp = LinkAddress::parse(QStringLiteral("udp:127.0.0.1:1337"));
  const auto serial = LinkAddress::parse(QStringLiteral("serial:/dev/ttyS0"));
  QVERIFY(udp && serial);
  QCOMPARE(opener.openBytes(*udp, {}).error().code, ErrorCode::NotSupported);
  QCOMPARE(opener.openDatagrams(*serial, {}).error().code, ErrorCode::NotSupported);
  QVERIFY(opener.openDatagrams(*udp, {}));
}

QTEST_GUILESS_MAIN(LinksTest)
#include "links_test.moc"
