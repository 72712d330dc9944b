#include "ui/views/page.h"

#include "ui/style/tokens.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

namespace sealift {

Page::Page(const QString& name, QWidget* parent) : QWidget(parent) {
  setObjectName(name);
}

void Page::buildFrame(const QString& title) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kPage, space::kXl, 0, 0);
  layout->setSpacing(space::kL);
  auto* header = new QHBoxLayout;
  header->setContentsMargins(0, 0, space::kPage, 0);
  header->setSpacing(space::kS);
  title_ = new TextLabel(TextStyle::Heading, TextTone::Normal, title);
  title_->setElided(true);
  title_->setMinimumHeight(extent::kButton);
  header->addWidget(title_, 1);
  actions_ = new QHBoxLayout;
  actions_->setSpacing(space::kS);
  header->addLayout(actions_);
  layout->addLayout(header);
  body_ = new QVBoxLayout;
  body_->setContentsMargins(0, 0, space::kPage, space::kXl);
  body_->setSpacing(space::kL);
  layout->addLayout(body_, 1);
  setAccessibleName(title);
}

void Page::setTitle(const QString& title) {
  title_->setText(title);
  setAccessibleName(title);
}

void Page::addHeaderAction(QPushButton* button) {
  actions_->addWidget(button);
}

QVBoxLayout* Page::buildScrollBody(const QString& name) {
  auto* content = new QWidget;
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(0, 0, space::kPage, space::kXl);
  layout->setSpacing(space::kL);
  body_->setContentsMargins(0, 0, 0, 0);
  body_->addWidget(new ScrollPane(content, space::kPage, name), 1);
  return layout;
}

void clearLayout(QLayout* layout) {
  while (QLayoutItem* item = layout->takeAt(0)) {
    if (QWidget* widget = item->widget()) {
      widget->hide();
      widget->deleteLater();
    } else if (QLayout* inner = item->layout()) {
      clearLayout(inner);
    }
    delete item;
  }
}

}  // namespace sealift
