#include "ui/widgets/badge_text.h"

#include "ui/style/theme.h"
#include "ui/style/typography.h"
#include "ui/widgets/pill.h"

#include <QPainter>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace sealift {

namespace {
constexpr int kLine = extent::kPill;
constexpr int kNarrowest = 96;
constexpr int kPreferred = 280;
}  // namespace

BadgeText::BadgeText(QWidget* parent) : QWidget(parent) {
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void BadgeText::setContent(const Badge& badge, const QString& text, const QString& mutedText, bool mono) {
  badge_ = badge;
  text_ = text;
  mutedText_ = mutedText;
  mono_ = mono;
  setAccessibleName(QStringList({badge.text, text, mutedText}).join(QLatin1Char(' ')).simplified());
  updateGeometry();
  update();
}

QSize BadgeText::sizeHint() const {
  return {kPreferred, layOut(kPreferred, nullptr)};
}

QSize BadgeText::minimumSizeHint() const {
  return {std::max(kNarrowest, badge_.text.isEmpty() ? 0 : Pill::sizeOf(badge_).width()), kLine};
}

QString BadgeText::wholeText() const {
  return mutedText_.isEmpty() ? text_ : text_ + QLatin1Char(' ') + mutedText_;
}

int BadgeText::layOut(int width, QPainter* painter) const {
  const Palette& colors = Theme::colors();
  int indent = 0;
  if (!badge_.text.isEmpty()) {
    const QSize size = Pill::sizeOf(badge_).boundedTo(QSize(width, extent::kPill));
    indent = size.width() + space::kS;
    if (painter != nullptr) {
      Pill::paint(painter, QRect(QPoint(0, 0), QSize(size.width(), kLine)), badge_);
    }
  }
  QTextLayout layout(wholeText(), textFont(mono_ ? TextStyle::Mono : TextStyle::Body));
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  QTextLayout::FormatRange muted;
  muted.start = static_cast<int>(text_.size());
  muted.length = static_cast<int>(wholeText().size() - text_.size());
  muted.format.setForeground(colors.textMuted);
  layout.setFormats({muted});
  int lines = 0;
  // A first word that doesn't fit beside the pill begins under it.
  const double firstWord = QFontMetricsF(layout.font()).horizontalAdvance(wholeText().section(QLatin1Char(' '), 0, 0));
  if (indent > 0 && !wholeText().isEmpty() && firstWord > width - indent) {
    lines = 1;
  }
  layout.beginLayout();
  for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    const int room = width - (lines == 0 ? indent : 0);
    line.setLineWidth(std::max(room, 1));
    const double top = lines * kLine + (kLine - line.height()) / 2.0;
    line.setPosition(QPointF(lines == 0 ? indent : 0, top));
    ++lines;
  }
  layout.endLayout();
  if (painter != nullptr) {
    painter->setPen(colors.text);
    layout.draw(painter, QPointF(0, 0));
  }
  return std::max(lines, 1) * kLine;
}

void BadgeText::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  layOut(width(), &painter);
}

}  // namespace sealift
