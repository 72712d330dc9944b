// The icons that the program asks for by name are in the resources, at all three scales, drawn and in one colour.
#include <QDir>
#include <QImage>
#include <QTest>

class IconsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void isRendered_data();
  void isRendered();
  void hasNoSourceLeftOut();
};

namespace {

constexpr int kLineIconSize = 20;
constexpr int kApplicationIconSize = 64;
const QString kApplicationIcon = QStringLiteral("sealift");

QStringList svgNames() {
  QStringList names;
  const QDir folder(QStringLiteral(SEALIFT_SOURCE_DIR) + QStringLiteral("/resources/icons"));
  const QFileInfoList files = folder.entryInfoList({QStringLiteral("*.svg")}, QDir::Files, QDir::Name);
  for (const QFileInfo& file : files) {
    names.append(file.completeBaseName());
  }
  return names;
}

}  // namespace

void IconsTest::isRendered_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<int>("size");
  QTest::addColumn<bool>("oneColour");
  const QStringList names = svgNames();
  QVERIFY(names.contains(kApplicationIcon));
  for (const QString& name : names) {
    const bool isApplication = name == kApplicationIcon;
    const int size = isApplication ? kApplicationIconSize : kLineIconSize;
    const QStringList suffixes = {QString(), QStringLiteral("@2x"), QStringLiteral("@3x")};
    for (int scale = 1; scale <= suffixes.size(); ++scale) {
      const QString path = QStringLiteral(":/icons/%1%2.png").arg(name, suffixes.at(scale - 1));
      QTest::newRow(qPrintable(path)) << path << size * scale << !isApplication;
    }
  }
}

void IconsTest::isRendered() {
  QFETCH(const QString, path);
  QFETCH(const int, size);
  QFETCH(const bool, oneColour);
  // Decoded from memory: QImage would take the @2x file's scale from its name.
  QFile file(path);
  QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.errorString()));
  const QImage image = QImage::fromData(file.readAll(), "PNG").convertToFormat(QImage::Format_ARGB32);
  QCOMPARE(image.size(), QSize(size, size));
  int drawn = 0;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const QRgb pixel = image.pixel(x, y);
      if (qAlpha(pixel) > 0) {
        ++drawn;
        // Tinting replaces the colour and keeps the coverage: any other colour than black would be lost.
        QVERIFY2(!oneColour || (pixel & 0xffffffU) == qRgba(0, 0, 0, 0), "A line icon has a colour of its own.");
      }
    }
  }
  QVERIFY2(drawn > size, "Nothing to see is drawn.");
  QVERIFY2(qAlpha(image.pixel(0, 0)) == 0, "The corner must be transparent.");
}

void IconsTest::hasNoSourceLeftOut() {
  const QStringList names = svgNames();
  const QStringList rendered = QDir(QStringLiteral(":/icons")).entryList({QStringLiteral("*.png")}, QDir::Files);
  QCOMPARE(rendered.size(), 3 * names.size());
}

QTEST_GUILESS_MAIN(IconsTest)
#include "icons_test.moc"
