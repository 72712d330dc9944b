// The checks of a plan with their real results; a failed one says what to do.
#pragma once

#include "app/services/views.h"

#include <QWidget>

namespace sealift {

class CheckList final : public QWidget {
  Q_OBJECT

 public:
  explicit CheckList(QWidget* parent = nullptr);

  void setChecks(const QList<CheckView>& checks);

 private:
  QWidget* makeRow(const CheckView& check);
};

}  // namespace sealift
