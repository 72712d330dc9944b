#include "ui/widgets/banner.h"

#include "ui/style/tokens.h"
#include "ui/widgets/icon_label.h"
#include "ui/widgets/text_label.h"

#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace sealift {

namespace {
constexpr int kReadable = 280;  // narrowest room for the words beside the buttons
}

Banner::Banner(const QString& name, QWidget* parent) : Card({}, parent) {
  setObjectName(name);
  auto* row = new QHBoxLayout;
  row->setSpacing(space::kM);
  icon_ = new IconLabel({}, Tone::Accent, IconLabel::Shape::Bare, extent::kIcon);
  row->addWidget(icon_, 0, Qt::AlignTop);
  auto* texts = new QVBoxLayout;
  texts->setSpacing(space::kXs);
  title_ = makeWrappedLabel(TextStyle::Lead);
  title_->setObjectName(name + QLatin1String("Title"));
  detail_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  detail_->setObjectName(name + QLatin1String("Detail"));
  code_ = new TextLabel(TextStyle::Mono, TextTone::Muted);
  code_->setObjectName(name + QLatin1String("Code"));
  code_->setSelectable(true);
  extra_ = new QVBoxLayout;
  extra_->setSpacing(space::kXs);
  texts->addStretch(1);
  texts->addWidget(title_);
  texts->addWidget(detail_);
  texts->addWidget(code_);
  texts->addLayout(extra_);
  texts->addStretch(1);
  row->addLayout(texts, 1);
  buttons_ = new QHBoxLayout;
  buttons_->setSpacing(space::kM);
  row_ = new QBoxLayout(QBoxLayout::LeftToRight);
  row_->setSpacing(space::kL);
  row_->addLayout(row, 1);
  row_->addLayout(buttons_);
  body()->addLayout(row_);
  setMessage(Tone::Accent, {}, {}, {});
}

void Banner::setMessage(Tone tone, const QString& icon, const QString& title, const QString& detail) {
  setBorderTone(tone);
  icon_->setIcon(icon, tone);
  icon_->setVisible(!icon.isEmpty());
  title_->setText(title);
  title_->setVisible(!title.isEmpty());
  detail_->setText(detail);
  detail_->setVisible(!detail.isEmpty());
  code_->hide();
  setAccessibleName(title);
  setAccessibleDescription(detail);
}

void Banner::setError(const Error& error) {
  setMessage(Tone::Bad, QStringLiteral("alert"), error.what,
             error.remedy.isEmpty() ? errorCodeRemedy(error.code) : error.remedy);
  code_->setText(tr("Code: %1").arg(errorCodeName(error.code)));
  code_->show();
}

void Banner::addButton(QPushButton* button) {
  buttons_->addWidget(button, 0, Qt::AlignVCenter);
}

QSize Banner::minimumSizeHint() const {
  QSize size = Card::minimumSizeHint();
  // The buttons may go below the words, so that they don't dictate the width together.
  if (row_->direction() == QBoxLayout::LeftToRight) {
    size.setWidth(std::min(size.width(), buttons_->sizeHint().width() + 2 * space::kXl));
  }
  return size;
}

void Banner::resizeEvent(QResizeEvent* event) {
  Card::resizeEvent(event);
  arrange();
}

// Beside the words while those keep a readable line, otherwise below them.
void Banner::arrange() {
  const int buttons = buttons_->sizeHint().width();
  const bool beside = buttons == 0 || width() - buttons >= kReadable;
  row_->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
  buttons_->setAlignment(beside ? Qt::Alignment() : Qt::AlignLeft);
}

}  // namespace sealift
