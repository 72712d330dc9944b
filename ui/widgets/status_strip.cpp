#include "ui/widgets/status_strip.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/widgets/status_dot.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>

#include <algorithm>

namespace sealift {

namespace {
constexpr int kHeight = 29;
}

StatusStrip::StatusStrip(QWidget* parent) : QFrame(parent) {
  setObjectName(QStringLiteral("statusStrip"));
  setProperty("frame", QStringLiteral("status"));
  setAccessibleName(tr("Status"));
  setFixedHeight(kHeight);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(space::kL, 1, space::kL, 0);
  layout->setSpacing(0);
  dot_ = new StatusDot;
  audit_ = new TextLabel(TextStyle::Small, TextTone::Muted);
  audit_->setObjectName(QStringLiteral("statusAudit"));
  vendors_ = new TextLabel(TextStyle::Small, TextTone::Muted);
  vendors_->setObjectName(QStringLiteral("statusVendors"));
  vendors_->setElided(true);
  station_ = new TextLabel(TextStyle::Small, TextTone::Muted);
  station_->setObjectName(QStringLiteral("statusStation"));
  station_->setElided(true);
  station_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  layout->addWidget(dot_);
  layout->addSpacing(space::kS - 2);
  layout->addWidget(audit_);
  layout->addSpacing(20);
  layout->addWidget(vendors_, 1);
  layout->addSpacing(space::kM);
  layout->addWidget(station_);
}

void StatusStrip::showAudit(const AuditHealth& health) {
  const QString entries = tr("%1 entries").arg(formatCount(health.entries));
  if (health.problem || (health.checked && !health.intact)) {
    dot_->setTone(Tone::Bad);
    audit_->setText(joinParts({tr("Audit chain damaged"), entries}));
  } else if (health.checked) {
    dot_->setTone(Tone::Good);
    audit_->setText(joinParts({tr("Audit chain intact"), entries}));
  } else {
    dot_->setTone(Tone::Neutral);
    audit_->setText(joinParts({tr("Audit chain not verified yet"), entries}));
  }
}

void StatusStrip::showVendors(const QList<VendorView>& vendors, const QDateTime& now) {
  if (vendors.isEmpty()) {
    vendors_->setText(tr("No vendor is trusted yet"));
    return;
  }
  const VendorView* oldest = &vendors.constFirst();
  for (const VendorView& vendor : vendors) {
    if (vendor.problem || !vendor.fresh) {
      vendors_->setText(joinParts({tr("Metadata of %1 is not fresh").arg(vendor.name),
                                   tr("last checked %1").arg(formatAgo(vendor.refreshed, now))}));
      return;
    }
    if (vendor.refreshed < oldest->refreshed) {
      oldest = &vendor;
    }
  }
  vendors_->setText(joinParts({tr("Vendor metadata fresh"), tr("checked %1").arg(formatAgo(oldest->refreshed, now))}));
}

void StatusStrip::showStation(const StationInfo& info) {
  const QString place = info.homeMode ? info.operatorName : tr("Station %1").arg(info.name);
  station_->setText(joinParts({info.demo ? tr("Demonstration") : QString(), place, info.role}));
}

}  // namespace sealift
