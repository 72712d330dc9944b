#include "ui/views/vendors_page.h"

#include "ui/dialogs/add_vendor_dialog.h"
#include "ui/dialogs/bundle_imported_dialog.h"
#include "ui/dialogs/confirm_dialog.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/views/vendor_card.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kKeyWidth = 116;
}

VendorsPage::VendorsPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("vendorsPage"), parent), station_(station), clock_(clock) {
  buildFrame(tr("Vendors & keys"));
  import_ = makeButton(tr("Import bundle\u2026"), QStringLiteral("vendorsImport"), ButtonKind::Secondary);
  addHeaderAction(import_);
  connect(import_, &QPushButton::clicked, this, &VendorsPage::chooseFile);
  QPushButton* add = makeButton(tr("Add vendor\u2026"), QStringLiteral("vendorsAdd"), ButtonKind::Primary);
  addHeaderAction(add);
  connect(add, &QPushButton::clicked, this, &VendorsPage::chooseFile);
  error_ = new Banner(QStringLiteral("vendorsError"));
  error_->hide();
  QVBoxLayout* layout = buildScrollBody(QStringLiteral("vendorsScroll"));
  layout->addWidget(error_);
  cardsLayout_ = new QVBoxLayout;
  cardsLayout_->setSpacing(space::kL);
  layout->addLayout(cardsLayout_);
  empty_ = new EmptyState(
      QStringLiteral("shield"), tr("No vendor is trusted yet"),
      tr("A vendor file names a vendor, where it publishes and its first keys. Add one to be offered its "
         "updates; you compare its fingerprint before anything is trusted."));
  empty_->setObjectName(QStringLiteral("vendorsEmpty"));
  layout->addWidget(empty_, 1);
  auto* key = new Card(tr("This station's key"));
  key->setObjectName(QStringLiteral("vendorsStationKey"));
  stationFacts_ = new KeyValueGrid(kKeyWidth);
  key->body()->addWidget(stationFacts_);
  key->body()->addWidget(
      makeWrappedLabel(TextStyle::Small, TextTone::Muted,
                       tr("It signs the audit log's tree heads. Auditors need this key ID to check them.")));
  QPushButton* copy = makeButton(tr("Copy key ID"), QStringLiteral("vendorsCopyKey"), ButtonKind::Secondary, true);
  connect(copy, &QPushButton::clicked, this,
          [this] { QGuiApplication::clipboard()->setText(station_.info().publicKeyId); });
  key->titleRow()->addWidget(copy);
  layout->addWidget(key);
  layout->addStretch(1);
  connect(&station_, &Station::vendorsChanged, this, &VendorsPage::load);
  connect(&station_, &Station::infoChanged, this, &VendorsPage::load);
  load();
}

void VendorsPage::load() {
  clearLayout(cardsLayout_);
  cards_.clear();
  const QList<VendorView> vendors = station_.vendors();
  for (const VendorView& vendor : vendors) {
    auto* card = new VendorCard(vendor, clock_.nowUtc());
    card->setBusy(refreshing_.contains(vendor.id));
    if (refreshErrors_.contains(vendor.id)) {
      card->showError(refreshErrors_.value(vendor.id));
    }
    connect(card, &VendorCard::refreshRequested, this, &VendorsPage::refreshVendor);
    connect(card, &VendorCard::removeRequested, this, &VendorsPage::removeVendor);
    cardsLayout_->addWidget(card);
    cards_.insert(vendor.id, card);
  }
  empty_->setVisible(vendors.isEmpty());
  const StationInfo info = station_.info();
  stationFacts_->setText(tr("Station"), info.name);
  stationFacts_->setMono(tr("Key ID"), groupHex(info.publicKeyId));
}

void VendorsPage::refresh() {
  const QStringList ids = cards_.keys();
  for (const QString& id : ids) {
    refreshVendor(id);
  }
}

void VendorsPage::refreshVendor(const QString& id) {
  if (refreshing_.contains(id)) {
    return;
  }
  refreshing_.insert(id);
  refreshErrors_.remove(id);
  if (VendorCard* card = cards_.value(id)) {
    card->setBusy(true);
  }
  whenDone(this, station_.refreshVendor(id), [this, id](const Result<VendorView>& vendor) {
    refreshing_.remove(id);
    if (!vendor) {
      refreshErrors_.insert(id, vendor.error());
    }
    load();
  });
}

void VendorsPage::removeVendor(const QString& id) {
  QString name;
  const QList<VendorView> vendors = station_.vendors();
  for (const VendorView& vendor : vendors) {
    if (vendor.id == id) {
      name = vendor.name;
    }
  }
  const Question question{
      .name = QStringLiteral("removeVendorDialog"),
      .title = tr("Stop trusting %1?").arg(name),
      .text = tr("Its devices are no longer managed and get no updates. To trust it again you have to compare "
                 "its fingerprint again. The audit log keeps its entries."),
      .yes = tr("Stop trusting"),
      .no = tr("Keep")};
  (new ConfirmDialog(
       question, [this, id] { return station_.removeVendor(id); }, window()))
      ->open();
}

void VendorsPage::chooseFile() {
  auto* dialog = new QFileDialog(window(), tr("Choose a vendor file or an offline bundle"));
  dialog->setObjectName(QStringLiteral("vendorFileDialog"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, &VendorsPage::openFile);
  dialog->open();
}

void VendorsPage::openFile(const QString& path) {
  error_->hide();
  if (station_.isBundle(path)) {
    importBundle(path);
  } else {
    openVendorFile(path);
  }
}

void VendorsPage::importBundle(const QString& path) {
  import_->setEnabled(false);
  import_->setText(tr("Verifying\u2026"));
  whenDone(this, station_.importBundle(path), [this](const Result<BundleImport>& imported) {
    import_->setEnabled(true);
    import_->setText(tr("Import bundle\u2026"));
    error_->setVisible(!imported);
    if (!imported) {
      error_->setError(imported.error());
      return;
    }
    (new BundleImportedDialog(*imported, window()))->open();
  });
}

void VendorsPage::openVendorFile(const QString& path) {
  const Result<VendorCandidate> candidate = station_.readVendorFile(path);
  error_->setVisible(!candidate);
  if (!candidate) {
    error_->setError(candidate.error());
    return;
  }
  (new AddVendorDialog(station_, *candidate, window()))->open();
}

void VendorsPage::setHomeMode(bool home) {
  setTitle(home ? tr("Vendors") : tr("Vendors & keys"));
}

}  // namespace sealift
