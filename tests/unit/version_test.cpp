#include "devices/images/version.h"

#include <QTest>

using namespace sealift;

class VersionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void parses_data();
  void parses();
  void refuses_data();
  void refuses();
  void orders();
};

void VersionTest::parses_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("canonical");
  QTest::newRow("one") << QStringLiteral("2") << QStringLiteral("2.0.0");
  QTest::newRow("two") << QStringLiteral("2.3") << QStringLiteral("2.3.0");
  QTest::newRow("three") << QStringLiteral("2.3.1") << QStringLiteral("2.3.1");
  QTest::newRow("build") << QStringLiteral("2.3.1+881") << QStringLiteral("2.3.1+881");
  QTest::newRow("fourth number") << QStringLiteral("2.3.1.881") << QStringLiteral("2.3.1+881");
  QTest::newRow("build after two") << QStringLiteral("2.3+7") << QStringLiteral("2.3.0+7");
  QTest::newRow("largest") << QStringLiteral("4294967295.0.0") << QStringLiteral("4294967295.0.0");
}

void VersionTest::parses() {
  QFETCH(const QString, text);
  QFETCH(const QString, canonical);
  const std::optional<Version> version = Version::parse(text);
  QVERIFY(version);
  QCOMPARE(version->toString(), canonical);
  QCOMPARE(Version::parse(canonical), version);
}

void VersionTest::refuses_data() {
  QTest::addColumn<QString>("text");
  for (const char* text : {"", ".", "1.", ".1", "1..2", "1.2.3.4.5", "1.2.3.4+5", "1+2+3", "+1", "1+", "v1.2",
                           "1.2-rc1", "-1.0.0", "1.0 ", "4294967296.0.0", "1.0.0x"}) {
    QTest::newRow(text) << QString::fromLatin1(text);
  }
}

void VersionTest::refuses() {
  QFETCH(const QString, text);
  QVERIFY(!Version::parse(text));
}

void VersionTest::orders() {
  const QStringList ascending{QStringLiteral("0.9.9"), QStringLiteral("1.0.0"),    QStringLiteral("1.0.0+1"),
                              QStringLiteral("1.0.1"), QStringLiteral("1.2.0"),    QStringLiteral("1.10.0"),
                              QStringLiteral("2.0.0"), QStringLiteral("10.0.0+3"), QStringLiteral("10.0.0+20")};
  for (qsizetype i = 1; i < ascending.size(); ++i) {
    QVERIFY2(*Version::parse(ascending[i - 1]) < *Version::parse(ascending[i]), qPrintable(ascending[i]));
  }
}

QTEST_GUILESS_MAIN(VersionTest)
#include "version_test.moc"
