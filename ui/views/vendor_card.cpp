#include "ui/views/vendor_card.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/static_table.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

namespace sealift {

namespace {

constexpr int kKeyWidth = 116;

Badge freshness(const VendorView& vendor) {
  if (vendor.problem) {
    return {Tone::Bad, VendorCard::tr("Problem")};
  }
  return vendor.fresh ? Badge{Tone::Good, VendorCard::tr("Fresh")}
                      : Badge{Tone::Warning, VendorCard::tr("Out of date")};
}

}  // namespace

VendorCard::VendorCard(const VendorView& vendor, const QDateTime& now, QWidget* parent) : Card({}, parent) {
  setObjectName(QStringLiteral("vendor-%1").arg(vendor.id));
  setAccessibleName(vendor.name);
  auto* row = new QHBoxLayout;
  row->setSpacing(space::kM);
  auto* name = new TextLabel(TextStyle::Lead, TextTone::Normal, vendor.name);
  name->setElided(true);
  refresh_ = makeButton(tr("Refresh"), QStringLiteral("vendorRefresh"), ButtonKind::Secondary, true);
  refresh_->setAccessibleName(tr("Refresh %1").arg(vendor.name));
  remove_ = makeButton(tr("Remove\u2026"), QStringLiteral("vendorRemove"), ButtonKind::Secondary, true);
  remove_->setAccessibleName(tr("Remove %1").arg(vendor.name));
  row->addWidget(name);
  row->addWidget(new Pill(freshness(vendor)));
  row->addStretch(1);
  row->addWidget(refresh_);
  row->addWidget(remove_);
  body()->setSpacing(space::kM);
  body()->addLayout(row);
  problem_ = new Banner(QStringLiteral("vendorProblem"));
  problem_->setVisible(vendor.problem.has_value());
  if (vendor.problem) {
    problem_->setError(*vendor.problem);
  }
  body()->addWidget(problem_);

  auto* facts = new KeyValueGrid(kKeyWidth);
  facts->setText(tr("Refreshed"), formatAgo(vendor.refreshed, now));
  facts->setText(tr("Added"), formatDate(vendor.added.toLocalTime().date()));
  facts->setMono(vendor.addresses.size() == 1 ? tr("Address") : tr("Addresses"),
                 vendor.addresses.join(QLatin1Char('\n')));
  facts->setMono(tr("Fingerprint"), groupHex(vendor.fingerprint));
  facts->setText(tr("Models"), vendor.models.join(QLatin1String(", ")));
  body()->addWidget(facts);

  QList<QList<TableCell>> rows;
  for (const VendorRoleView& role : vendor.roles) {
    const bool expired = role.expires.isValid() && role.expires < now;
    rows.append({TableCell::plain(role.role), TableCell::mono(QString::number(role.version)),
                 TableCell::plain(formatDateTime(role.expires)),
                 TableCell::plain(tr("%1 of %2 keys").arg(role.threshold).arg(role.keys)),
                 expired ? TableCell::badge({Tone::Bad, tr("Expired")}) : TableCell::badge({Tone::Good, tr("Valid")})});
  }
  if (!rows.isEmpty()) {
    auto* table = new StaticTable({tr("Role"), tr("Version"), tr("Expires"), tr("Must sign"), tr("State")}, 5, -1);
    table->setRows(rows);
    body()->addWidget(table);
  }
  connect(refresh_, &QPushButton::clicked, this, [this, id = vendor.id] { Q_EMIT refreshRequested(id); });
  connect(remove_, &QPushButton::clicked, this, [this, id = vendor.id] { Q_EMIT removeRequested(id); });
}

void VendorCard::setBusy(bool busy) {
  refresh_->setEnabled(!busy);
  refresh_->setText(busy ? tr("Refreshing\u2026") : tr("Refresh"));
}

void VendorCard::showError(const Error& error) {
  problem_->setError(error);
  problem_->show();
}

}  // namespace sealift
