// Colours, and values as people read them.
#include "ui/style/format.h"
#include "ui/style/style_sheet.h"
#include "ui/style/theme.h"

#include <QLocale>
#include <QTest>

namespace sealift {

class StyleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
  void contrastFormula();
  void contrast_data();
  void contrast();
  void styleSheetHasNoUnknownToken();
  void values();
};

// WCAG 2.1 gives black on white as 21:1, and #767676 on white as the greyest grey that passes 4.5:1.
void StyleTest::contrastFormula() {
  QVERIFY(qAbs(contrastRatio(Qt::black, Qt::white) - 21.0) < 0.001);
  QVERIFY(contrastRatio(QColor(0x76, 0x76, 0x76), Qt::white) >= 4.5);
  QVERIFY(contrastRatio(QColor(0x77, 0x77, 0x77), Qt::white) < 4.5);
}

void StyleTest::contrast_data() {
  QTest::addColumn<QColor>("text");
  QTest::addColumn<QColor>("ground");
  QTest::addColumn<double>("atLeast");
  const auto addAll = [](const char* theme, const Palette& p) {
    const auto add = [&](const char* what, const QColor& text, const QColor& ground, double atLeast = 4.5) {
      QTest::addRow("%s %s", theme, what) << text << ground << atLeast;
    };
    const QList<std::pair<const char*, QColor>> grounds{
        {"window", p.window}, {"chrome", p.chrome}, {"surface", p.surface},    {"field", p.field},
        {"hover", p.hover},   {"tile", p.tile},     {"selected", p.accentSoft}};
    for (const auto& [name, ground] : grounds) {
      add(qPrintable(QStringLiteral("text on %1").arg(QLatin1String(name))), p.text, ground);
      add(qPrintable(QStringLiteral("muted on %1").arg(QLatin1String(name))), p.textMuted, ground);
    }
    for (const auto& [name, ground] : grounds.mid(0, 4)) {
      add(qPrintable(QStringLiteral("faint on %1").arg(QLatin1String(name))), p.textFaint, ground);
      add(qPrintable(QStringLiteral("accent on %1").arg(QLatin1String(name))), p.accent, ground);
      add(qPrintable(QStringLiteral("outline on %1").arg(QLatin1String(name))), p.outline, ground, 3.0);
    }
    for (const Tone tone : {Tone::Neutral, Tone::Accent, Tone::Good, Tone::Warning, Tone::Bad}) {
      add(qPrintable(QStringLiteral("pill %1").arg(tonePropertyName(tone))), toneColor(p, tone),
          toneSoftColor(p, tone));
      add(qPrintable(QStringLiteral("%1 on surface").arg(tonePropertyName(tone))), toneColor(p, tone), p.surface);
    }
    add("disabled button", p.textFaint, p.tile);
    add("primary button", p.onAccent, p.accent);
    add("primary button under the pointer", p.onAccent, p.accentHover);
    add("danger button", p.onBad, p.bad);
  };
  addAll("light", lightPalette());
  addAll("dark", darkPalette());
}

void StyleTest::contrast() {
  QFETCH(QColor, text);
  QFETCH(QColor, ground);
  QFETCH(double, atLeast);
  const double ratio = contrastRatio(text, ground);
  QVERIFY2(ratio >= atLeast, qPrintable(QStringLiteral("%1 on %2: %3").arg(text.name(), ground.name()).arg(ratio)));
}

void StyleTest::styleSheetHasNoUnknownToken() {
  for (const Palette& palette : {lightPalette(), darkPalette()}) {
    const QString sheet = buildStyleSheet(palette);
    QVERIFY(!sheet.contains(QLatin1Char('@')));
    QVERIFY(!sheet.contains(QLatin1String(": ;")));  // an unknown token leaves nothing
    QVERIFY(!sheet.contains(QLatin1String("solid ;")));
    QCOMPARE(sheet.count(QLatin1Char('{')), sheet.count(QLatin1Char('}')));
  }
}

void StyleTest::values() {
  QCOMPARE(formatSize(412'000), QStringLiteral("412 KB"));
  QCOMPARE(formatSize(3'900'000), QStringLiteral("3.9 MB"));
  QCOMPARE(formatDuration(59), QStringLiteral("59 s"));
  QCOMPARE(formatDuration(72), QStringLiteral("1 min 12 s"));
  QCOMPARE(formatDuration(120), QStringLiteral("2 min"));
  QCOMPARE(formatDuration(3660), QStringLiteral("1 h 1 min"));
  QCOMPARE(formatCount(12408), QStringLiteral("12,408"));
  QCOMPARE(shortenHash(QStringLiteral("c41e9a0212fd77b0")), QStringLiteral("c41e\u202677b0"));
  QCOMPARE(groupHex(QStringLiteral("9f31c2a07b")), QStringLiteral("9f31 c2a0 7b"));
  QCOMPARE(joinParts({QStringLiteral("a"), {}, QStringLiteral("b")}), QStringLiteral("a \u00b7 b"));
  const QDateTime now(QDate(2026, 11, 21), QTime(8, 41), Qt::UTC);
  QCOMPARE(formatAgo(now.addSecs(-10), now), QStringLiteral("now"));
  QCOMPARE(formatAgo(now.addSecs(-250), now), QStringLiteral("4 min ago"));
  QCOMPARE(formatAgo(now.addSecs(-7300), now), QStringLiteral("2 h ago"));
  QCOMPARE(formatAgo(QDateTime(), now), QStringLiteral("never"));
}

}  // namespace sealift

QTEST_MAIN(sealift::StyleTest)
#include "style_test.moc"
