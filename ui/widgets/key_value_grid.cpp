#include "ui/widgets/key_value_grid.h"

#include "ui/style/tokens.h"
#include "ui/widgets/badge_text.h"
#include "ui/widgets/text_label.h"

#include <QGridLayout>

namespace sealift {

KeyValueGrid::KeyValueGrid(int keyWidth, QWidget* parent) : QWidget(parent), keyWidth_(keyWidth) {
  grid_ = new QGridLayout(this);
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setHorizontalSpacing(space::kM);
  grid_->setVerticalSpacing(space::kS);
  grid_->setColumnStretch(1, 1);
}

void KeyValueGrid::setText(const QString& key, const QString& value, const QString& mutedValue) {
  row(key, !value.isEmpty() || !mutedValue.isEmpty())->setContent({}, value, mutedValue);
}

void KeyValueGrid::setMono(const QString& key, const QString& value) {
  row(key, !value.isEmpty())->setContent({}, value, {}, true);
}

void KeyValueGrid::setBadge(const QString& key, const Badge& badge, const QString& text) {
  row(key, !badge.text.isEmpty() || !text.isEmpty())->setContent(badge, text);
}

void KeyValueGrid::clear() {
  while (QLayoutItem* item = grid_->takeAt(0)) {
    if (QWidget* widget = item->widget()) {
      widget->hide();
      widget->deleteLater();
    }
    delete item;
  }
  rows_.clear();
}

BadgeText* KeyValueGrid::row(const QString& key, bool visible) {
  if (!rows_.contains(key)) {
    const int index = static_cast<int>(rows_.size());
    rows_.insert(key, index);
    auto* label = makeWrappedLabel(TextStyle::Body, TextTone::Muted, key);
    label->setFixedWidth(keyWidth_);
    label->setMinimumHeight(extent::kPill);
    auto* value = new BadgeText;
    grid_->addWidget(label, index, 0, Qt::AlignTop);
    grid_->addWidget(value, index, 1);
  }
  const int index = rows_.value(key);
  QWidget* label = grid_->itemAtPosition(index, 0)->widget();
  auto* value = static_cast<BadgeText*>(grid_->itemAtPosition(index, 1)->widget());
  label->setVisible(visible);
  value->setVisible(visible);
  value->setAccessibleDescription(key);
  return value;
}

}  // namespace sealift
