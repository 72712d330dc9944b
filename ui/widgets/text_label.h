// A label in one of the named text styles and tones.
// Always plain text: names and messages come from devices and vendors, and a QLabel
// left to itself would render markup in them.
#pragma once

#include "ui/style/typography.h"

#include <QLabel>

namespace sealift {

enum class TextTone { Normal, Muted, Accent, Good, Warning, Bad };

class TextLabel : public QLabel {
  Q_OBJECT

 public:
  explicit TextLabel(TextStyle style, TextTone tone = TextTone::Normal, const QString& text = {},
                     QWidget* parent = nullptr);

  void setTone(TextTone tone);
  // One line that ends in … when it doesn't fit; the whole text is then its tool tip.
  void setElided(bool elided);
  void setSelectable(bool selectable);

  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  bool elided_ = false;
};

// The same, wrapping.
TextLabel* makeWrappedLabel(TextStyle style, TextTone tone = TextTone::Normal, const QString& text = {});

// Text for a tool tip that must not be read as markup.
QString plainToolTip(const QString& text);

}  // namespace sealift
