#include "app/policy/role.h"

namespace sealift {
namespace {

constexpr const char* kRoles[] = {"operator", "technician", "supervisor", "auditor"};

}  // namespace

QString roleName(Role role) {
  return QString::fromLatin1(kRoles[static_cast<int>(role)]);
}

std::optional<Role> roleFromName(QStringView name) {
  for (const Role role : {Role::Operator, Role::Technician, Role::Supervisor, Role::Auditor}) {
    if (name == QLatin1String(kRoles[static_cast<int>(role)])) {
      return role;
    }
  }
  return std::nullopt;
}

QString actName(Act act) {
  switch (act) {
    case Act::AgreeToDowngrade:
      return QStringLiteral("agree to a downgrade");
    case Act::ChangePolicy:
      return QStringLiteral("change the station's policy");
    case Act::ManageAccounts:
      return QStringLiteral("change accounts");
    case Act::LiftReleaseRule:
      return QStringLiteral("lift a block or a pin");
    case Act::ResumeRelease:
      break;
  }
  return QStringLiteral("resume a paused release");
}

// Whoever checks what others did decides nothing: an auditor may none of it.
bool mayDo(Role role, Act act) {
  switch (act) {
    case Act::AgreeToDowngrade:
    case Act::ChangePolicy:
    case Act::ManageAccounts:
    case Act::LiftReleaseRule:
    case Act::ResumeRelease:
      return role == Role::Supervisor;
  }
  return false;
}

}  // namespace sealift
