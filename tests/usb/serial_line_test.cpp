// Serial ports as the kernel has them, which pseudo terminals are not: parity, and the lines DTR and RTS. The port is
// cdc-acm's, and the kernel's own gadget is at its other end.
#include "transports/links/link_opener.h"
#include "transports/links/modem_lines.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

using namespace sealift;

namespace {

const QString kGadget = QStringLiteral("/sys/kernel/config/usb_gadget/sealift_serial");
const QString kPort = QStringLiteral("/dev/ttyACM0");
const QString kOtherEnd = QStringLiteral("/dev/ttyGS0");

bool put(const QString& name, const QByteArray& value) {
  QFile file(kGadget + u'/' + name);
  return file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && file.write(value + '\n') > 0;
}

bool waitFor(const QString& path, bool there) {
  QElapsedTimer timer;
  timer.start();
  while (QFile::exists(path) != there && timer.elapsed() < 20'000) {
    QTest::qWait(20);
  }
  return QFile::exists(path) == there;
}

// Another look at the port that is open. The right of root: it is open for one program alone.
struct Look {
  Look() : fd(::open(kPort.toLocal8Bit().constData(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {}
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;
  ~Look() { ::close(fd); }
  termios mode() const {
    termios now{};
    (void)::tcgetattr(fd, &now);
    return now;
  }
  int lines() const {
    int now = 0;
    return ::ioctl(fd, TIOCMGET, &now) == 0 ? now & (TIOCM_DTR | TIOCM_RTS) : -1;
  }
  int fd;
};

}  // namespace

class SerialLineTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void cleanupTestCase();
  void setsParity_data();
  void setsParity();
  void drivesItsLines();
  void carriesBytesWithParity();

 private:
  static Result<std::unique_ptr<ByteLink>> open(const QString& options) {
    SystemLinkOpener opener;
    return opener.openBytes(LinkAddress::parse(QStringLiteral("serial:%1?%2").arg(kPort, options)).value(), {});
  }
};

// Linux, Documentation/usb/gadget_configfs.rst.
void SerialLineTest::initTestCase() {
  const QStringList controllers =
      QDir(QStringLiteral("/sys/class/udc")).entryList(QDir::AllEntries | QDir::NoDotAndDotDot);
  if (controllers.isEmpty()) {
    QSKIP("There is no dummy_hcd here.");
  }
  QVERIFY(QDir().mkpath(kGadget + QStringLiteral("/configs/c.1")));
  QVERIFY(QDir().mkpath(kGadget + QStringLiteral("/functions/acm.0")));
  QVERIFY(put(QStringLiteral("idVendor"), "0x1209") && put(QStringLiteral("idProduct"), "0x0004"));
  QVERIFY(QFile::link(kGadget + QStringLiteral("/functions/acm.0"), kGadget + QStringLiteral("/configs/c.1/acm.0")));
  QVERIFY(put(QStringLiteral("UDC"), controllers.first().toLatin1()));
  QVERIFY2(waitFor(kPort, true) && waitFor(kOtherEnd, true), "The kernel made no port of its gadget.");
}

void SerialLineTest::cleanupTestCase() {
  (void)put(QStringLiteral("UDC"), {});
  (void)waitFor(kPort, false);
  QFile::remove(kGadget + QStringLiteral("/configs/c.1/acm.0"));
  for (const char* folder : {"/configs/c.1", "/functions/acm.0", ""}) {
    QDir().rmdir(kGadget + QLatin1String(folder));
  }
}

void SerialLineTest::setsParity_data() {
  QTest::addColumn<QString>("options");
  QTest::addColumn<bool>("parity");
  QTest::addColumn<bool>("odd");
  QTest::addColumn<int>("speed");
  QTest::newRow("even") << QStringLiteral("baud=115200&parity=even") << true << false << static_cast<int>(B115200);
  QTest::newRow("odd") << QStringLiteral("baud=57600&parity=odd") << true << true << static_cast<int>(B57600);
  QTest::newRow("none") << QStringLiteral("baud=9600&parity=none") << false << false << static_cast<int>(B9600);
  QTest::newRow("unsaid") << QStringLiteral("baud=9600") << false << false << static_cast<int>(B9600);
}

void SerialLineTest::setsParity() {
  QFETCH(const QString, options);
  const auto link = open(options);
  QVERIFY2(link, qPrintable(link ? QString() : link.error().message()));
  const Look look;
  const termios mode = look.mode();
  QTEST((mode.c_cflag & PARENB) != 0, "parity");
  QTEST((mode.c_cflag & PARODD) != 0, "odd");
  QCOMPARE(mode.c_cflag & CSIZE, static_cast<tcflag_t>(CS8));
  QVERIFY((mode.c_cflag & (CSTOPB | CRTSCTS)) == 0);
  QTEST(static_cast<int>(::cfgetospeed(&mode)), "speed");
  QCOMPARE((*link)->description().contains(QStringLiteral("even parity")), options.contains(QStringLiteral("even")));
}

void SerialLineTest::drivesItsLines() {
  const auto link = open(QStringLiteral("parity=even"));
  QVERIFY(link);
  ModemLines* lines = (*link)->modemLines();
  QVERIFY(lines != nullptr);
  const Look look;
  for (const bool dtr : {true, false}) {
    for (const bool rts : {false, true}) {
      QVERIFY(lines->setDtr(dtr) && lines->setRts(rts));
      QCOMPARE(look.lines(), (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0));
    }
  }
}

void SerialLineTest::carriesBytesWithParity() {
  const auto link = open(QStringLiteral("baud=115200&parity=even"));
  QVERIFY(link);
  QFile other(kOtherEnd);
  QVERIFY(other.open(QIODevice::ReadWrite | QIODevice::Unbuffered));
  termios raw{};
  QVERIFY(::tcgetattr(other.handle(), &raw) == 0);
  ::cfmakeraw(&raw);
  QVERIFY(::tcsetattr(other.handle(), TCSANOW, &raw) == 0);
  QByteArray all;
  for (int value = 0; value < 256; ++value) {
    all.append(static_cast<char>(value));
  }
  const auto soon = [] { return Deadline::in(std::chrono::seconds(20), QStringLiteral("the bytes")); };
  QVERIFY((*link)->write(all, soon(), {}));
  QByteArray there;
  while (there.size() < all.size()) {
    const QByteArray part = other.read(all.size() - there.size());
    QVERIFY(!part.isEmpty());
    there += part;
  }
  QCOMPARE(there, all);
  QCOMPARE(other.write(all), all.size());
  QByteArray back;
  while (back.size() < all.size()) {
    const auto part = (*link)->read(256, soon(), {});
    QVERIFY(part);
    back += *part;
  }
  QCOMPARE(back, all);
}

QTEST_GUILESS_MAIN(SerialLineTest)
#include "serial_line_test.moc"
