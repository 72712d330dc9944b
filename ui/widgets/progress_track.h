// A thin progress bar in a tone. Its value is what screen readers read.
#pragma once

#include "app/services/views.h"

#include <QProgressBar>

namespace sealift {

class ProgressTrack final : public QProgressBar {
  Q_OBJECT

 public:
  explicit ProgressTrack(QWidget* parent = nullptr);

  void setProgress(double fraction, Tone tone);  // 0 … 1
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  double fraction_ = 0.0;
  Tone tone_ = Tone::Accent;
};

}  // namespace sealift
