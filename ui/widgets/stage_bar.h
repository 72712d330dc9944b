// The six stages of a job, with the present one set off.
#pragma once

#include "app/services/views.h"
#include "ui/widgets/painted_widget.h"

namespace sealift {

class StageBar final : public PaintedWidget {
  Q_OBJECT

 public:
  explicit StageBar(QWidget* parent = nullptr);

  void setStage(Stage stage);
  // "Check", "Transfer" … in the user's language.
  static QString stageText(Stage stage);

  QSize sizeHint() const override { return {420, 26}; }
  QSize minimumSizeHint() const override { return {200, 26}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Stage stage_ = Stage::Check;
};

}  // namespace sealift
