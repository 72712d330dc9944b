#include "ui/widgets/text_label.h"

#include <QPainter>
#include <QStyle>

namespace sealift {

namespace {

const char* tonePropertyValue(TextTone tone) {
  switch (tone) {
    case TextTone::Muted:
      return "muted";
    case TextTone::Accent:
      return "accent";
    case TextTone::Good:
      return "good";
    case TextTone::Warning:
      return "warning";
    case TextTone::Bad:
      return "bad";
    case TextTone::Normal:
      break;
  }
  return "text";
}

}  // namespace

TextLabel::TextLabel(TextStyle style, TextTone tone, const QString& text, QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setFont(textFont(style));
  setTone(tone);
  setText(text);
}

void TextLabel::setTone(TextTone tone) {
  setProperty("tone", QString::fromLatin1(tonePropertyValue(tone)));
  style()->unpolish(this);
  style()->polish(this);
}

void TextLabel::setElided(bool elided) {
  elided_ = elided;
  setWordWrap(false);
  updateGeometry();
}

void TextLabel::setSelectable(bool selectable) {
  setTextInteractionFlags(selectable ? Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard
                                     : Qt::NoTextInteraction);
}

QSize TextLabel::minimumSizeHint() const {
  QSize size = QLabel::minimumSizeHint();
  if (elided_) {
    size.setWidth(fontMetrics().horizontalAdvance(QStringLiteral("mmm\u2026")));
  }
  return size;
}

void TextLabel::paintEvent(QPaintEvent* event) {
  const QString shown = elided_ ? fontMetrics().elidedText(text(), Qt::ElideRight, contentsRect().width()) : text();
  if (shown == text()) {
    if (elided_) {
      setToolTip({});
    }
    QLabel::paintEvent(event);
    return;
  }
  setToolTip(plainToolTip(text()));
  QPainter painter(this);
  style()->drawItemText(&painter, contentsRect(), static_cast<int>(alignment()), palette(), isEnabled(), shown,
                        foregroundRole());
}

TextLabel* makeWrappedLabel(TextStyle style, TextTone tone, const QString& text) {
  auto* label = new TextLabel(style, tone, text);
  label->setWordWrap(true);
  return label;
}

QString plainToolTip(const QString& text) {
  return text.isEmpty() ? QString() : QStringLiteral("<span>%1</span>").arg(text.toHtmlEscaped());
}

}  // namespace sealift
