// Systems without ModemManager.
#include "transports/links/modem_inhibitor.h"

namespace sealift {

class ModemInhibitor::Asker {};

ModemInhibitor::ModemInhibitor(const LinkAddress& /*address*/) {}
ModemInhibitor::~ModemInhibitor() = default;

bool ModemInhibitor::isInhibited() const {
  return false;
}

std::optional<QString> ModemInhibitor::deviceUid(const LinkAddress& /*address*/, const QString& /*sysfs*/) {
  return std::nullopt;
}

}  // namespace sealift
