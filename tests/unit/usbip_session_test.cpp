// USB/IP from the device's end, spoken to byte by byte: what the kernel sends, and what nobody should.
#include "devices/virtual/usbip_session.h"

#include "tests/support/usb_probe_device.h"

#include <QTest>
#include <QThread>

#include <array>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sealift {

namespace {

constexpr int kPlentyMs = 20'000;

// The host's end of a session that serves a probe.
class Host {
 public:
  Host() : device_(QStringLiteral("U")), core_(device_) {
    std::array<int, 2> pair{};
    std::array<int, 2> pipe{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0 || ::pipe(pipe.data()) != 0) {
      qFatal("no sockets");
    }
    fds_ = {pair[0], pair[1], pipe[0], pipe[1]};
    core_.attach();
    session_ = std::make_unique<UsbipSession>(core_, fds_[1], fds_[2]);
    thread_.reset(QThread::create([this] {
      end_ = session_->run();
      ::shutdown(fds_[1], SHUT_RDWR);
    }));
    thread_->start();
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    stop();
    for (const int fd : fds_) {
      ::close(fd);
    }
  }

  void send(const QByteArray& bytes) const {
    QCOMPARE(::write(fds_[0], bytes.constData(), static_cast<std::size_t>(bytes.size())), bytes.size());
  }
  // What comes until there are `count` bytes, or the connection ends.
  QByteArray receive(qsizetype count) const {
    QByteArray bytes;
    char buffer[4096];
    pollfd entry{fds_[0], POLLIN, 0};
    while (bytes.size() < count && ::poll(&entry, 1, kPlentyMs) > 0) {
      const auto room = std::min<qsizetype>(count - bytes.size(), sizeof buffer);
      const ssize_t got = ::read(fds_[0], buffer, static_cast<std::size_t>(room));
      if (got <= 0) {
        break;
      }
      bytes.append(buffer, got);
    }
    return bytes;
  }
  // How the session ended.
  UsbipSession::End waitForEnd() {
    thread_->wait();
    return end_;
  }
  UsbipSession::End stop() {
    const char byte = 0;
    (void)!::write(fds_[3], &byte, 1);
    return waitForEnd();
  }
  void hangUp() const { ::shutdown(fds_[0], SHUT_RDWR); }
  std::chrono::milliseconds away() const { return session_->away(); }

 private:
  UsbProbeDevice device_;
  UsbDeviceCore core_;
  std::array<int, 4> fds_{};
  std::unique_ptr<UsbipSession> session_;
  UsbipSession::End end_ = UsbipSession::End::Stopped;
  std::unique_ptr<QThread> thread_;
};

QByteArray number(quint32 value) {
  QByteArray bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.append(static_cast<char>((value >> shift) & 0xff));
  }
  return bytes;
}

// USBIP_CMD_SUBMIT, without data.
QByteArray submit(quint32 sequence, bool toHost, quint32 endpoint, quint32 length,
                  const QByteArray& setup = QByteArray(8, '\0'), quint32 flags = 0) {
  return number(1) + number(sequence) + number(65538) + number(toHost ? 1 : 0) + number(endpoint) + number(flags) +
         number(length) + number(0) + number(0) + number(0) + setup;
}

QByteArray unlink(quint32 sequence, quint32 what) {
  return number(2) + number(sequence) + number(65538) + number(0) + number(0) + number(what) + QByteArray(24, '\0');
}

// What an answer's header begins with: command, sequence, three that are 0, status.
QByteArray answer(quint32 command, quint32 sequence, qint32 status) {
  return number(command) + number(sequence) + QByteArray(12, '\0') + number(static_cast<quint32>(status));
}

QByteArray vendorRequest(quint8 type, UsbProbeDevice::Request request, char length) {
  QByteArray setup(8, '\0');
  setup[0] = static_cast<char>(type);
  setup[1] = static_cast<char>(request);
  setup[6] = length;
  return setup;
}

}  // namespace

class UsbipSessionTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void servesDescriptors();
  void servesBulkInOrder();
  void tellsOfStalls();
  void tellsOfShortTransfersThatTheHostMinds();
  void takesTransfersBack();
  void endsWithTheDevice();
  void endsWithTheHost();
  void refusesWhatIsNotUsbip_data();
  void refusesWhatIsNotUsbip();
  void takesCommandsInPieces();
};

void UsbipSessionTest::servesDescriptors() {
  const Host host;
  host.send(submit(1, true, 0, 18, QByteArray::fromHex("8006000100001200")));
  const QByteArray got = host.receive(48 + 18);
  QCOMPARE(got.size(), 48 + 18);
  QCOMPARE(got.left(24), answer(3, 1, 0));
  QCOMPARE(got.mid(24, 4), number(18));
  QCOMPARE(got.mid(48), QByteArray::fromHex("120100020000004009120100230101020301"));
}

void UsbipSessionTest::servesBulkInOrder() {
  const Host host;
  host.send(submit(1, true, 1, 512));  // waits for something to be there
  host.send(submit(2, false, 1, 5) + "first");
  QCOMPARE(host.receive(48).left(24), answer(3, 2, 0));
  const QByteArray got = host.receive(48 + 5);
  QCOMPARE(got.left(24), answer(3, 1, 0));
  QCOMPARE(got.mid(24, 4), number(5));
  QCOMPARE(got.mid(48), QByteArray("first"));
}

void UsbipSessionTest::tellsOfStalls() {
  const Host host;
  host.send(submit(7, true, 0, 8, vendorRequest(0xc0, UsbProbeDevice::Stall, 8)));
  QCOMPARE(host.receive(48).left(28), answer(3, 7, -32) + number(0));
  host.send(submit(8, true, 9, 512));  // an endpoint that is not there
  QCOMPARE(host.receive(48).left(24), answer(3, 8, -32));
}

void UsbipSessionTest::tellsOfShortTransfersThatTheHostMinds() {
  const Host host;
  host.send(submit(1, false, 1, 3) + "abc");
  (void)host.receive(48);
  host.send(submit(2, true, 1, 512, QByteArray(8, '\0'), 1));
  QCOMPARE(host.receive(48 + 3).left(28), answer(3, 2, -121) + number(3));
}

void UsbipSessionTest::takesTransfersBack() {
  const Host host;
  host.send(submit(1, true, 1, 512) + unlink(2, 1));
  QCOMPARE(host.receive(48).left(24), answer(4, 2, -104));
  host.send(unlink(3, 1));  // it is no more
  QCOMPARE(host.receive(48).left(24), answer(4, 3, 0));
  host.send(submit(4, false, 1, 1) + "x" + submit(5, true, 1, 512));
  (void)host.receive(48);
  QCOMPARE(host.receive(49).mid(48), QByteArray("x"));  // not lost to the one that was taken back
}

void UsbipSessionTest::endsWithTheDevice() {
  Host host;
  host.send(submit(1, false, 0, 0, vendorRequest(0x40, UsbProbeDevice::BecomeOther, 0)));
  QCOMPARE(host.receive(100).left(24), answer(3, 1, 0));  // the answer is out before it leaves
  QCOMPARE(host.waitForEnd(), UsbipSession::End::Left);
  QCOMPARE(host.away().count(), 0);
  Host other;
  other.send(submit(1, true, 0, 8, vendorRequest(0xc0, UsbProbeDevice::Vanish, 8)));
  QVERIFY(other.receive(1).isEmpty());
  QCOMPARE(other.waitForEnd(), UsbipSession::End::Left);
  QVERIFY(other.away().count() < 0);
}

void UsbipSessionTest::endsWithTheHost() {
  Host host;
  host.send(submit(1, true, 1, 512));
  host.hangUp();
  QCOMPARE(host.waitForEnd(), UsbipSession::End::HostGone);
  Host stopped;
  QCOMPARE(stopped.stop(), UsbipSession::End::Stopped);
}

void UsbipSessionTest::refusesWhatIsNotUsbip_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::newRow("another command") << number(9) + QByteArray(44, '\0');
  QTest::newRow("an answer") << number(3) + QByteArray(44, '\0');
  QTest::newRow("endpoint 16") << submit(1, true, 16, 8);
  QTest::newRow("4 GiB") << submit(1, false, 1, 0xffffffff);
  QTest::newRow("text") << QByteArray("GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n");
}

void UsbipSessionTest::refusesWhatIsNotUsbip() {
  QFETCH(QByteArray, bytes);
  Host host;
  host.send(bytes);
  QVERIFY(host.receive(1).isEmpty());
  QCOMPARE(host.waitForEnd(), UsbipSession::End::HostGone);
}

void UsbipSessionTest::takesCommandsInPieces() {
  const Host host;
  const QByteArray all = submit(1, false, 1, 4) + "bits" + submit(2, true, 1, 512);
  for (const char byte : all) {
    host.send(QByteArray(1, byte));
  }
  (void)host.receive(48);
  QCOMPARE(host.receive(52).mid(48), QByteArray("bits"));
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::UsbipSessionTest)
#include "usbip_session_test.moc"
