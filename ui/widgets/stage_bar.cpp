#include "ui/widgets/stage_bar.h"

#include "ui/style/theme.h"
#include "ui/style/typography.h"

#include <QPainter>

#include <array>

namespace sealift {

namespace {
constexpr std::array kStages{Stage::Check,    Stage::Transfer, Stage::Verify,
                             Stage::Activate, Stage::Restart,  Stage::Confirm};
constexpr int kLine = 3;
}  // namespace

StageBar::StageBar(QWidget* parent) : PaintedWidget(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setStage(Stage::Check);
}

void StageBar::setStage(Stage stage) {
  stage_ = stage;
  setAccessibleName(
      tr("Stage %1 of %2: %3").arg(static_cast<int>(stage) + 1).arg(kStages.size()).arg(stageText(stage)));
  update();
}

QString StageBar::stageText(Stage stage) {
  switch (stage) {
    case Stage::Check:
      return tr("Check");
    case Stage::Transfer:
      return tr("Transfer");
    case Stage::Verify:
      return tr("Verify");
    case Stage::Activate:
      return tr("Activate");
    case Stage::Restart:
      return tr("Restart");
    case Stage::Confirm:
      break;
  }
  return tr("Confirm");
}

void StageBar::paintEvent(QPaintEvent*) {
  const Palette& colors = Theme::colors();
  QPainter painter(this);
  painter.fillRect(QRect(0, 0, width(), kLine), colors.border);
  const double step = static_cast<double>(width()) / static_cast<double>(kStages.size());
  for (const Stage stage : kStages) {
    const int index = static_cast<int>(stage);
    const QRectF part(index * step, 0, step, kLine);
    if (stage <= stage_) {
      painter.fillRect(part, colors.accent);
    }
    const bool present = stage == stage_;
    painter.setFont(textFont(present ? TextStyle::SmallBold : TextStyle::Small));
    painter.setPen(present ? colors.text : colors.textFaint);
    const QRectF label(part.left(), kLine + space::kXs, step - space::kXs, height() - kLine - space::kXs);
    painter.drawText(
        label, Qt::AlignLeft | Qt::AlignVCenter,
        painter.fontMetrics().elidedText(stageText(stage), Qt::ElideRight, static_cast<int>(label.width())));
  }
}

}  // namespace sealift
