#include "ui/widgets/navigation_rail.h"

#include "ui/style/tokens.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/navigation_button.h"

#include <QButtonGroup>
#include <QVBoxLayout>

namespace sealift {

NavigationRail::NavigationRail(QWidget* parent) : QFrame(parent), group_(new QButtonGroup(this)) {
  setObjectName(QStringLiteral("navigationRail"));
  setProperty("frame", QStringLiteral("rail"));
  setAccessibleName(tr("Pages"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kS, space::kM, space::kS - 1, space::kM);
  layout->setSpacing(0);
  addPage(PageId::Devices, QStringLiteral("devices"), tr("Devices"), QStringLiteral("navDevices"));
  addPage(PageId::Updates, QStringLiteral("updates"), tr("Updates"), QStringLiteral("navUpdates"));
  addPage(PageId::Provisioning, QStringLiteral("provisioning"), tr("Provisioning"), QStringLiteral("navProvisioning"));
  addPage(PageId::Audit, QStringLiteral("audit"), tr("Audit log"), QStringLiteral("navAudit"));
  addPage(PageId::Vendors, QStringLiteral("keys"), tr("Vendors & keys"), QStringLiteral("navVendors"));
  layout->addStretch(1);
  addPage(PageId::Settings, QStringLiteral("settings"), tr("Settings"), QStringLiteral("navSettings"));
  tabToChecked(group_);
  setCompact(false);
  setCurrent(PageId::Devices);
}

void NavigationRail::addPage(PageId page, const QString& icon, const QString& label, const QString& name) {
  auto* button = new NavigationButton(icon, label, this);
  button->setObjectName(name);
  group_->addButton(button);
  buttons_.insert(page, button);
  layout()->addWidget(button);
  connect(button, &QAbstractButton::clicked, this, [this, page] { Q_EMIT pageChosen(page); });
}

void NavigationRail::setCurrent(PageId page) {
  buttons_.value(page)->setChecked(true);
}

void NavigationRail::setLabel(PageId page, const QString& label) {
  buttons_.value(page)->setLabel(label);
}

void NavigationRail::setCount(PageId page, int count, const QString& meaning) {
  buttons_.value(page)->setCount(count, meaning);
}

void NavigationRail::setPageVisible(PageId page, bool visible) {
  buttons_.value(page)->setVisible(visible);
}

void NavigationRail::setCompact(bool compact) {
  setFixedWidth(compact ? extent::kRailCompact : extent::kRail);
  for (NavigationButton* button : std::as_const(buttons_)) {
    button->setCompact(compact);
  }
}

}  // namespace sealift
