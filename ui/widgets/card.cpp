#include "ui/widgets/card.h"

#include "ui/style/style_sheet.h"
#include "ui/widgets/text_label.h"

#include <QStyle>
#include <QVBoxLayout>

namespace sealift {

Card::Card(const QString& title, QWidget* parent) : QFrame(parent) {
  setProperty("frame", QStringLiteral("card"));
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(space::kL, space::kL, space::kL, space::kL);
  outer->setSpacing(space::kM);
  titleRow_ = new QHBoxLayout;
  titleRow_->setSpacing(space::kS);
  title_ = new TextLabel(TextStyle::BodyBold, TextTone::Muted, title);
  titleRow_->addWidget(title_, 1);
  outer->addLayout(titleRow_);
  body_ = new QVBoxLayout;
  body_->setSpacing(space::kS);
  outer->addLayout(body_);
  setTitle(title);
}

void Card::setTitle(const QString& title) {
  title_->setText(title);
  title_->setVisible(!title.isEmpty());
  if (!title.isEmpty()) {
    setAccessibleName(title);
  }
}

void Card::setBorderTone(Tone tone) {
  setProperty("borderTone", tonePropertyName(tone));
  style()->unpolish(this);
  style()->polish(this);
}

QFrame* makeLine(QWidget* parent) {
  auto* line = new QFrame(parent);
  line->setProperty("frame", QStringLiteral("line"));
  line->setFixedHeight(1);
  return line;
}

}  // namespace sealift
