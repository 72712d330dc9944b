// The help: every family has its page, and every page tells what people look for.
#include "app/services/help_page.h"

#include "devices/registry.h"

#include <QRegularExpression>
#include <QTest>

using namespace sealift;

class HelpPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void everyDriverHasAPage();
  void familiesTellWhatIsNeeded_data();
  void familiesTellWhatIsNeeded();
  void linksLeadSomewhere();
  void namesAreNamesOnly();
};

void HelpPageTest::everyDriverHasAPage() {
  QVERIFY(!helpPages().isEmpty());
  QCOMPARE(helpPages().first().name, QStringLiteral("finding-devices"));
  for (const DriverEntry& entry : driverRegistry().entries()) {
    QVERIFY2(helpPage(entry.help).has_value(), qPrintable(entry.name));
  }
}

void HelpPageTest::familiesTellWhatIsNeeded_data() {
  QTest::addColumn<QString>("name");
  for (const DriverEntry& entry : driverRegistry().entries()) {
    QTest::newRow(qPrintable(entry.name)) << entry.help;
  }
}

// How to get the device into its bootloader, what can go wrong, what Sealift can and can't prove on it.
void HelpPageTest::familiesTellWhatIsNeeded() {
  QFETCH(const QString, name);
  const HelpPage page = *helpPage(name);
  QVERIFY(page.markdown.startsWith(QStringLiteral("# ") + page.title));
  QVERIFY(page.markdown.contains(QStringLiteral("## What can go wrong")));
  QVERIFY(page.markdown.contains(QRegularExpression(QStringLiteral("## .*(can and can.t|can, and can.t|prove)"))));
  QVERIFY(page.markdown.contains(QStringLiteral("bootloader")));
}

void HelpPageTest::linksLeadSomewhere() {
  static const QRegularExpression link(QStringLiteral("\\]\\(([^)]+)\\)"));
  for (const HelpPage& page : helpPages()) {
    QRegularExpressionMatchIterator links = link.globalMatch(page.markdown);
    while (links.hasNext()) {
      const QString target = links.next().captured(1);
      QVERIFY2(target.endsWith(QLatin1String(".md")) && helpPage(target.chopped(3)),
               qPrintable(page.name + QStringLiteral(": ") + target));
    }
  }
}

void HelpPageTest::namesAreNamesOnly() {
  QVERIFY(!helpPage(QStringLiteral("nothing")));
  QVERIFY(!helpPage(QStringLiteral("../icons/device")));
  QVERIFY(!helpPage(QString()));
}

QTEST_GUILESS_MAIN(HelpPageTest)
#include "help_page_test.moc"
