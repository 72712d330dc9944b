// Single-colour icons from the resources, tinted with a colour of the theme.
// A name that the resources lack gives a null pixmap; callers then draw no icon.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>

namespace sealift {

// `size` in logical pixels; `ratio` is the device pixel ratio to render for.
QPixmap tintedPixmap(const QString& name, const QColor& color, int size, qreal ratio);
QIcon tintedIcon(const QString& name, const QColor& color);

// The icon of a DeviceView's linkKind.
QString linkIconName(const QString& linkKind);

}  // namespace sealift
