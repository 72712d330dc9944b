#include "ui/dialogs/add_vendor_dialog.h"

#include "ui/style/format.h"
#include "ui/style/typography.h"
#include "ui/widgets/card.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kGroupsInRow = 8;
constexpr int kKeyWidth = 112;
}  // namespace

AddVendorDialog::AddVendorDialog(Station& station, const VendorCandidate& candidate, QWidget* parent)
    : DialogFrame(
          QStringLiteral("addVendorDialog"), tr("Trust this vendor?"),
          tr("Firmware that this vendor signs may be installed on your devices. Compare the fingerprint with the "
             "one that the vendor publishes elsewhere: on paper, by telephone, on its website."),
          parent),
      station_(station),
      candidate_(candidate) {
  auto* facts = new KeyValueGrid(kKeyWidth);
  facts->setText(tr("Vendor"), candidate.name);
  facts->setText(tr("Addresses"), candidate.addresses.join(QLatin1Char('\n')));
  facts->setText(tr("Root keys"), tr("%1 of %2 must sign").arg(candidate.rootThreshold).arg(candidate.rootKeys));
  body()->addWidget(facts);

  auto* card = new Card(tr("Fingerprint"));
  card->setObjectName(QStringLiteral("addVendorFingerprint"));
  QStringList groups = candidate.words;
  if (groups.isEmpty()) {
    groups = groupHex(candidate.fingerprint).split(QLatin1Char(' '));
  }
  card->setAccessibleDescription(groups.join(QLatin1String(", ")));
  auto* grid = new QGridLayout;
  for (int i = 0; i < groups.size(); ++i) {
    auto* label = new TextLabel(TextStyle::Mono, TextTone::Normal, groups.at(i));
    label->setSelectable(true);
    label->setFocusPolicy(Qt::NoFocus);
    grid->addWidget(label, i / kGroupsInRow, i % kGroupsInRow);
  }
  card->body()->addLayout(grid);
  body()->addWidget(card);

  confirmed_ = new QCheckBox(tr("I compared the fingerprint and it is the same."));
  confirmed_->setObjectName(QStringLiteral("addVendorConfirm"));
  confirmed_->setFont(textFont(TextStyle::Control));
  body()->addWidget(confirmed_, 0, Qt::AlignLeft);

  QPushButton* cancel = addButton(tr("Don't trust"), QStringLiteral("addVendorCancel"), ButtonKind::Secondary);
  ok_ = addButton(tr("Trust this vendor"), QStringLiteral("addVendorOk"), ButtonKind::Primary);
  ok_->setEnabled(false);
  connect(confirmed_, &QCheckBox::toggled, ok_, &QWidget::setEnabled);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok_, &QPushButton::clicked, this, &AddVendorDialog::trust);
  confirmed_->setFocus();
}

void AddVendorDialog::trust() {
  hideError();
  ok_->setEnabled(false);
  ok_->setText(tr("Fetching\u2026"));
  whenDone(this, station_.addVendor(candidate_, candidate_.fingerprint), [this](const Result<VendorView>& added) {
    ok_->setEnabled(confirmed_->isChecked());
    ok_->setText(tr("Trust this vendor"));
    if (!added) {
      showError(added.error());
      return;
    }
    accept();
  });
}

}  // namespace sealift
