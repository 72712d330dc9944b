// Names in a muted column, their values beside them.
#pragma once

#include "app/services/views.h"

#include <QHash>
#include <QWidget>

class QGridLayout;

namespace sealift {

class BadgeText;

class KeyValueGrid final : public QWidget {
  Q_OBJECT

 public:
  explicit KeyValueGrid(int keyWidth, QWidget* parent = nullptr);

  // Sets the value of `key`, adding a row the first time. An empty value hides the row.
  void setText(const QString& key, const QString& value, const QString& mutedValue = {});
  void setMono(const QString& key, const QString& value);
  void setBadge(const QString& key, const Badge& badge, const QString& text = {});
  void clear();

 private:
  BadgeText* row(const QString& key, bool visible);

  QGridLayout* grid_;
  QHash<QString, int> rows_;
  int keyWidth_;
};

}  // namespace sealift
