// A pill followed by words that wrap around under it, as one paragraph.
#pragma once

#include "app/services/views.h"

#include <QWidget>

namespace sealift {

class BadgeText final : public QWidget {
  Q_OBJECT

 public:
  explicit BadgeText(QWidget* parent = nullptr);

  // `mutedText` follows `text` in the muted colour.
  void setContent(const Badge& badge, const QString& text, const QString& mutedText = {}, bool mono = false);

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override { return layOut(width, nullptr); }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  int layOut(int width, QPainter* painter) const;
  QString wholeText() const;

  Badge badge_;
  QString text_;
  QString mutedText_;
  bool mono_ = false;
};

}  // namespace sealift
