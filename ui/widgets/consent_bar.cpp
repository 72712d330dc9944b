#include "ui/widgets/consent_bar.h"

#include "ui/style/tokens.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QVBoxLayout>

namespace sealift {

ConsentBar::ConsentBar(const QString& name, QWidget* parent) : QWidget(parent) {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(space::kPage, 0, space::kPage, space::kXl);
  auto* card = new Card;
  row_ = new QHBoxLayout;
  row_->setSpacing(space::kM);
  box_ = new QCheckBox;
  box_->setObjectName(name);
  row_->addWidget(box_);
  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  text_ = makeWrappedLabel(TextStyle::Control, TextTone::Normal);
  text_->setFont(textFont(TextStyle::Body));
  text_->setBuddy(box_);
  hint_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  words->addWidget(text_);
  words->addWidget(hint_);
  row_->addLayout(words, 1);
  card->body()->addLayout(row_);
  outer->addWidget(card);
  connect(box_, &QCheckBox::toggled, this, &ConsentBar::changed);
}

void ConsentBar::addButton(QPushButton* button) {
  row_->addWidget(button);
}

void ConsentBar::setText(const QString& text) {
  box_->setAccessibleName(text);
  text_->setText(text);
}

void ConsentBar::setHint(const QString& text) {
  hint_->setText(text);
}

void ConsentBar::setPossible(bool possible) {
  box_->setEnabled(possible);
  text_->setEnabled(possible);
}

bool ConsentBar::isAgreed() const {
  return box_->isEnabled() && box_->isChecked();
}

void ConsentBar::clear() {
  box_->setChecked(false);
}

}  // namespace sealift
