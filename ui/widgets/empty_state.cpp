#include "ui/widgets/empty_state.h"

#include "ui/style/tokens.h"
#include "ui/widgets/icon_label.h"
#include "ui/widgets/text_label.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kTextWidth = 420;  // a comfortable line
constexpr int kIconSize = 48;
}  // namespace

EmptyState::EmptyState(const QString& icon, const QString& title, const QString& text, QWidget* parent)
    : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kXl, space::kXl, space::kXl, space::kXl);
  layout->setSpacing(space::kM);
  icon_ = new IconLabel(icon, Tone::Neutral, IconLabel::Shape::Disc, kIconSize);
  title_ = makeWrappedLabel(TextStyle::Lead);
  text_ = makeWrappedLabel(TextStyle::Body, TextTone::Muted);
  for (TextLabel* label : {title_, text_}) {
    label->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    label->setMaximumWidth(kTextWidth);
  }
  layout->addStretch(1);
  layout->addWidget(icon_, 0, Qt::AlignHCenter);
  for (TextLabel* label : {title_, text_}) {
    auto* row = new QHBoxLayout;  // centred, yet wrapping to the width that there is
    row->addStretch(1);
    row->addWidget(label, 1000);
    row->addStretch(1);
    layout->addLayout(row);
  }
  layout->addStretch(1);
  setMessage(icon, title, text);
}

void EmptyState::setMessage(const QString& icon, const QString& title, const QString& text) {
  icon_->setIcon(icon, Tone::Neutral);
  title_->setText(title);
  text_->setText(text);
  setAccessibleName(title);
  setAccessibleDescription(text);
}

void EmptyState::addButton(QPushButton* button) {
  auto* layout = static_cast<QVBoxLayout*>(this->layout());
  layout->insertWidget(layout->count() - 1, button, 0, Qt::AlignHCenter);
}

}  // namespace sealift
