// A tinted icon, by itself or on a rounded tile. Decoration: words beside it say the same.
#pragma once

#include "app/services/views.h"

#include <QWidget>

namespace sealift {

class IconLabel final : public QWidget {
  Q_OBJECT

 public:
  enum class Shape { Bare, Tile, Disc };  // Disc: a round ground in the tone's soft colour

  IconLabel(const QString& name, Tone tone, Shape shape, int size, QWidget* parent = nullptr);

  void setIcon(const QString& name, Tone tone);
  QSize sizeHint() const override { return {size_, size_}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString name_;
  Tone tone_;
  Shape shape_;
  int size_;
};

}  // namespace sealift
