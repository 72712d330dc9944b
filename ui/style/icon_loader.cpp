#include "ui/style/icon_loader.h"

#include <QFile>
#include <QPainter>
#include <QPixmapCache>

namespace sealift {

QPixmap tintedPixmap(const QString& name, const QColor& color, int size, qreal ratio) {
  const QString key = QStringLiteral("sealift/%1/%2/%3/%4").arg(name, color.name()).arg(size).arg(ratio);
  QPixmap pixmap;
  if (QPixmapCache::find(key, &pixmap)) {
    return pixmap;
  }
  const QString path = QStringLiteral(":/icons/%1.png").arg(name);
  if (!QFile::exists(path)) {
    return {};
  }
  // QIcon chooses among the @2x and @3x files beside the path; QPixmap would not.
  pixmap = QIcon(path).pixmap(QSize(size, size), ratio);
  QPainter painter(&pixmap);
  painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
  painter.fillRect(QRect(QPoint(), pixmap.size()), color);
  painter.end();
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
