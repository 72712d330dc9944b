#include "transports/links/link_address.h"

#include <QTest>

using namespace sealift;

class LinkAddressTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void accepts_data();
  void accepts();
  void readsParity();
  void refuses_data();
  void refuses();
};

void LinkAddressTest::accepts_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("target");
  QTest::addColumn<int>("port");
  QTest::addColumn<int>("baud");
  QTest::newRow("serial") << "serial:/dev/ttyUSB0"
                          << "/dev/ttyUSB0" << 0 << 115200;
  QTest::newRow("serial with baud") << "serial:/dev/ttyUSB0?baud=921600"
                                    << "/dev/ttyUSB0" << 0 << 921600;
  QTest::newRow("serial with parity") << "serial:/dev/ttyUSB0?baud=57600&parity=even"
                                      << "/dev/ttyUSB0" << 0 << 57600;
  QTest::newRow("Windows port") << "serial:COM3"
                                << "COM3" << 0 << 115200;
  QTest::newRow("udp") << "udp:192.168.4.21:1337"
                       << "192.168.4.21" << 1337 << 115200;
  QTest::newRow("name") << "tcp:device-7.local:9000"
                        << "device-7.local" << 9000 << 115200;
  QTest::newRow("IPv6") << "tcp:[fe80::1]:9000"
                        << "fe80::1" << 9000 << 115200;
  QTest::newRow("USB") << "usb:1-2.3"
                       << "1-2.3" << 0 << 115200;
  QTest::newRow("HTTPS") << "https:panel.local:8443"
                         << "panel.local" << 8443 << 115200;
  QTest::newRow("IPv6 with scope") << "udp:[fe80::1%eth0]:1337"
                                   << "fe80::1%eth0" << 1337 << 115200;
}

void LinkAddressTest::accepts() {
  QFETCH(const QString, text);
  const auto address = LinkAddress::parse(text);
  QVERIFY(address);
  QTEST(address->target, "target");
  QTEST(static_cast<int>(address->port), "port");
  QTEST(address->baud(), "baud");
  QCOMPARE(address->toString(), text);
  const auto again = LinkAddress::parse(address->toString());
  QVERIFY(again);
  QVERIFY(*again == *address);
}

void LinkAddressTest::refuses_data() {
  QTest::addColumn<QString>("text");
  for (const char* text : {"",
                           "serial",
                           "usb:",
                           "usb:1",
                           "usb:1-",
                           "usb:1-2/../3",
                           "usb:1-2.3.4.5.6.7.8.9",
                           "https:",
                           "https://",
                           "https://user@host/",
                           "https://host/path",
                           "serial:",
                           "serial:?baud=9600",
                           "serial:/dev/ttyS0?",
                           "serial:/dev/ttyS0?baud=",
                           "serial:/dev/ttyS0?baud=0",
                           "serial:/dev/ttyS0?baud=-1",
                           "serial:/dev/ttyS0?baud=fast",
                           "serial:/dev/ttyS0?baud=99999999999",
                           "serial:/dev/ttyS0?baud=9600&baud=9600",
                           "serial:/dev/ttyS0?parity=mark",
                           "serial:/dev/ttyS0?parity=",
                           "serial:/dev/ttyS0?parity=even&parity=even",
                           "serial:/dev/ttyS0?bits=8",
                           "udp:",
                           "udp:1337",
                           "udp::1337",
                           "udp:host",
                           "udp:host:",
                           "udp:host:0",
                           "udp:host:65536",
                           "udp:host:12x",
                           "tcp:fe80::1:9000",
                           "tcp:[fe80::1:9000",
                           "tcp:[host]:9000",
                           "tcp:ho st:9",
                           "tcp:host/x:9",
                           "usb:1",
                           "SERIAL:COM1"}) {
    QTest::newRow(text) << QString::fromLatin1(text);
  }
  QTest::newRow("new line") << QStringLiteral("serial:/dev/tty\nS0");
  QTest::newRow("NUL") << QString(QStringLiteral("tcp:host") + QChar(0) + QStringLiteral(":1"));
  QTest::newRow("too long") << QString(QStringLiteral("serial:") + QString(5000, QLatin1Char('x')));
}

void LinkAddressTest::refuses() {
  QFETCH(const QString, text);
  const auto address = LinkAddress::parse(text);
  QVERIFY(!address);
  QCOMPARE(address.error().code, ErrorCode::LinkAddress);
  QVERIFY(address.error().what.endsWith(QLatin1Char('.')));
}

void LinkAddressTest::readsParity() {
  const auto parityOf = [](const char* text) { return LinkAddress::parse(QString::fromLatin1(text))->parity(); };
  QVERIFY(parityOf("serial:COM3") == SerialParity::None);
  QVERIFY(parityOf("serial:COM3?parity=none") == SerialParity::None);
  QVERIFY(parityOf("serial:COM3?parity=even&baud=9600") == SerialParity::Even);
  QVERIFY(parityOf("serial:COM3?parity=odd") == SerialParity::Odd);
}

QTEST_GUILESS_MAIN(LinkAddressTest)
#include "link_address_test.moc"
