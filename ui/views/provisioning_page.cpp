#include "ui/views/provisioning_page.h"

#include "ui/style/tokens.h"
#include "ui/widgets/card.h"
#include "ui/widgets/empty_state.h"

#include <QVBoxLayout>

namespace sealift {

ProvisioningPage::ProvisioningPage(QWidget* parent) : Page(QStringLiteral("provisioningPage"), parent) {
  buildFrame(tr("Provisioning"));
  auto* card = new Card;
  auto* empty = new EmptyState(QStringLiteral("provisioning"), tr("No recipes are installed"),
                               tr("A recipe is the ordered list of steps that makes a new device ready to ship: erase, "
                                  "write the signed image, create "
                                  "its key, issue its certificate, lock the bootloader, print its label. This version "
                                  "of Sealift does not run recipes "
                                  "yet. Devices that are already provisioned are updated on the Devices page."));
  empty->setObjectName(QStringLiteral("provisioningEmpty"));
  card->body()->addWidget(empty, 1);
  body()->addWidget(card, 1);
}

}  // namespace sealift
