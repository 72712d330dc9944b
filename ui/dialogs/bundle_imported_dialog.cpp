#include "ui/dialogs/bundle_imported_dialog.h"

#include "ui/style/format.h"
#include "ui/widgets/key_value_grid.h"

#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kKeyWidth = 112;
}

BundleImportedDialog::BundleImportedDialog(const BundleImport& imported, QWidget* parent)
    : DialogFrame(QStringLiteral("bundleImportedDialog"), tr("Imported from %1").arg(imported.vendorName),
                  imported.ageText, parent) {
  auto* facts = new KeyValueGrid(kKeyWidth);
  facts->setText(tr("Verified files"), QString::number(imported.files));
  facts->setText(tr("Releases for"),
                 imported.models.isEmpty() ? tr("no model") : imported.models.join(QLatin1String(", ")));
  facts->setText(tr("Valid until"), formatDateTime(imported.validUntil));
  body()->addWidget(facts);
  QPushButton* close = addButton(tr("Close"), QStringLiteral("bundleImportedClose"), ButtonKind::Primary);
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  close->setFocus();
}

}  // namespace sealift
