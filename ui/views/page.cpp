#include "ui/views/page.h"

#include "ui/style/tokens.h"
#include "ui/widgets/text_label.h"

#include <QScrollArea>
#include <QVBoxLayout>

namespace sealift {

Page::Page(const QString& name, QWidget* parent) : QWidget(parent) {
  setObjectName(name);
}

void Page::buildFrame(const QString& title) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kPage, space::kXl, space::kPage, space::kXl);
  layout->setSpacing(space::kL);
  auto* header = new QHBoxLayout;
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

QScrollArea* makeScrollArea(QWidget* content, const QString& name) {
  auto* area = new QScrollArea;
  area->setObjectName(name);
  area->setFrameShape(QFrame::NoFrame);
  area->setWidgetResizable(true);
  area->setFocusPolicy(Qt::NoFocus);
  area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  content->setProperty("scrollContent", true);
  area->setWidget(content);
  return area;
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
