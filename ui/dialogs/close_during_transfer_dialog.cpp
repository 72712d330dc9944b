#include "ui/dialogs/close_during_transfer_dialog.h"

#include "ui/widgets/card.h"
#include "ui/widgets/stage_bar.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kMostShown = 4;
}

CloseDuringTransferDialog::CloseDuringTransferDialog(const QList<JobView>& running, QWidget* parent)
    : DialogFrame(
          QStringLiteral("closeDialog"),
          running.size() == 1 ? tr("An update is in progress") : tr("%1 updates are in progress").arg(running.size()),
          tr("If you close Sealift now, it stops where it is and carries on when you start it again. "
             "What that means until then:"),
          parent) {
  int shown = 0;
  for (const JobView& job : running) {
    if (++shown > kMostShown) {
      body()->addWidget(
          new TextLabel(TextStyle::Body, TextTone::Muted, tr("and %1 more").arg(running.size() - kMostShown)));
      break;
    }
    auto* card = new Card;
    auto* name = new TextLabel(TextStyle::BodyBold, TextTone::Normal,
                               QStringLiteral("%1 \u00b7 %2").arg(job.deviceName, StageBar::stageText(job.stage)));
    name->setElided(true);
    card->body()->addWidget(name);
    card->body()->addWidget(makeWrappedLabel(
        TextStyle::Body, TextTone::Muted,
        job.cancelEffect.isEmpty() ? tr("What the device does then is not known. Better wait.") : job.cancelEffect));
    body()->addWidget(card);
  }
  QPushButton* close = addButton(tr("Close now"), QStringLiteral("closeNow"), ButtonKind::Danger);
  QPushButton* later = addButton(tr("Close when finished"), QStringLiteral("closeWhenDone"), ButtonKind::Secondary);
  QPushButton* stay = addButton(tr("Keep open"), QStringLiteral("closeStay"), ButtonKind::Primary);
  connect(stay, &QPushButton::clicked, this, &QDialog::reject);
  connect(later, &QPushButton::clicked, this, [this] {
    accept();
    Q_EMIT closeWhenDone();
  });
  connect(close, &QPushButton::clicked, this, [this] {
    accept();
    Q_EMIT closeNow();
  });
  stay->setFocus();
}

}  // namespace sealift
