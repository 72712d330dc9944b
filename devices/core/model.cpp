#include "devices/core/model.h"

#include <QRegularExpression>

namespace sealift {

Result<UsbId> UsbId::parse(const QString& text) {
  static const QRegularExpression shape(QStringLiteral("\\A([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})\\z"));
  const QRegularExpressionMatch match = shape.match(text);
  if (!match.hasMatch()) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("\"%1\" is not a USB identity of the form 0483:df11.").arg(text.left(40)));
  }
  return UsbId{.vendor = static_cast<quint16>(match.capturedView(1).toUInt(nullptr, 16)),
               .product = static_cast<quint16>(match.capturedView(2).toUInt(nullptr, 16))};
}

QString UsbId::toString() const {
  return QStringLiteral("%1:%2").arg(vendor, 4, 16, QLatin1Char('0')).arg(product, 4, 16, QLatin1Char('0'));
}

}  // namespace sealift
