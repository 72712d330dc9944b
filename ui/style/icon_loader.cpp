#include "ui/style/icon_loader.h"

#include <QFile>
#include <QImageReader>
#include <QPainter>
#include <QPixmapCache>

namespace sealift {

namespace {
constexpr int kDrawn = 20;  // width of an icon's first drawing; @2x and @3x stand beside it
}

QPixmap tintedPixmap(const QString& name, const QColor& color, int size, qreal ratio) {
  const QString key = QStringLiteral("sealift/%1/%2/%3/%4").arg(name, color.name()).arg(size).arg(ratio);
  QPixmap pixmap;
  if (QPixmapCache::find(key, &pixmap)) {
    return pixmap;
  }
  // The smallest drawing that need not be enlarged.
  const int pixels = qRound(size * ratio);
  const QString suffix = pixels <= kDrawn       ? QString()
                         : pixels <= 2 * kDrawn ? QStringLiteral("@2x")
                                                : QStringLiteral("@3x");
  const QString path = QStringLiteral(":/icons/%1%2.png").arg(name, suffix);
  if (!QFile::exists(path)) {
    return {};
  }
  QImage image = QImageReader(path).read();
  if (image.width() != pixels) {
    image = image.scaled(pixels, pixels, Qt::KeepAspectRatio, Qt::SmoothTransformation);
  }
  image = image.convertToFormat(QImage::Format_ARGB32_Premultiplied);
  image.setDevicePixelRatio(1.0);
  pixmap = QPixmap::fromImage(image);
  QPainter painter(&pixmap);
  painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
  painter.fillRect(QRect(QPoint(), pixmap.size()), color);
  painter.end();
  pixmap.setDevicePixelRatio(ratio);
  QPixmapCache::insert(key, pixmap);
  return pixmap;
}

QIcon tintedIcon(const QString& name, const QColor& color) {
  QIcon icon;
  for (const qreal ratio : {1.0, 2.0, 3.0}) {
    const QPixmap pixmap = tintedPixmap(name, color, 20, ratio);
    if (!pixmap.isNull()) {
      icon.addPixmap(pixmap);
    }
  }
  return icon;
}

QString linkIconName(const QString& linkKind) {
  if (linkKind == QLatin1String("serial") || linkKind == QLatin1String("usb")) {
    return linkKind;
  }
  if (linkKind == QLatin1String("udp") || linkKind == QLatin1String("tcp") || linkKind == QLatin1String("tls")) {
    return QStringLiteral("network");
  }
  return QStringLiteral("question");
}

}  // namespace sealift
