// A badge: a few words on a rounded ground of their tone. The words carry the meaning.
#pragma once

#include "app/services/views.h"

#include <QLabel>

class QPainter;

namespace sealift {

class Pill final : public QLabel {
  Q_OBJECT

 public:
  explicit Pill(const Badge& badge = {}, QWidget* parent = nullptr);

  void setBadge(const Badge& badge);

  // For delegates: the size that a badge needs, and its painting into the middle of `rect`'s height.
  static QSize sizeOf(const Badge& badge);
  static void paint(QPainter* painter, const QRect& rect, const Badge& badge);
};

}  // namespace sealift
