#include "ui/dialogs/add_vendor_dialog.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
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
constexpr qsizetype kWordsInRow = 4;
constexpr int kKeyWidth = 112;
}  // namespace

AddVendorDialog::AddVendorDialog(Station& station, const VendorCandidate& candidate, QWidget* parent)
    : DialogFrame(
          QStringLiteral("addVendorDialog"), tr("Trust this vendor?"),
          tr("Firmware that this vendor signs may be installed on your devices. Compare the fingerprint with the "
             "one that the vendor publishes elsewhere: on paper, on its website, or by telephone, word by word."),
          parent),
      station_(station),
      candidate_(candidate) {
  auto* facts = new KeyValueGrid(kKeyWidth);
  facts->setText(tr("Vendor"), candidate.name);
  facts->setText(tr("Addresses"), candidate.addresses.join(QLatin1String(", ")));
  facts->setText(tr("Servers"), candidate.authorities.isEmpty()
                                    ? tr("proven by the authorities that this computer trusts")
                                    : tr("proven by %1 alone").arg(candidate.authorities.join(QLatin1String(", "))));
  facts->setText(tr("Trusted for"), tr("firmware of this vendor's own models, as long as its keys sign it"));
  facts->setText(tr("Root keys"), tr("%1 of %2 must sign").arg(candidate.rootThreshold).arg(candidate.rootKeys));
  body()->addWidget(facts);

  auto* card = new Card(tr("Fingerprint"));
  card->setObjectName(QStringLiteral("addVendorFingerprint"));
  card->setAccessibleDescription(candidate.words.join(QLatin1String(", ")));
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(space::kM);
  for (qsizetype i = 0; i < candidate.words.size(); ++i) {
    auto* word = new TextLabel(TextStyle::Body, TextTone::Normal, candidate.words.at(i));
    word->setMinimumHeight(QFontMetrics(textFont(TextStyle::Body)).height() + space::kXs);
    grid->addWidget(word, static_cast<int>(i / kWordsInRow), static_cast<int>(i % kWordsInRow));
  }
  card->body()->addLayout(grid);
  TextLabel* hex = makeWrappedLabel(TextStyle::Mono, TextTone::Muted, groupHex(candidate.fingerprint));
  hex->setObjectName(QStringLiteral("addVendorHex"));
  hex->setSelectable(true);
  hex->setFocusPolicy(Qt::NoFocus);
  card->body()->addWidget(hex);
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
