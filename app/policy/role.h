// What a person may decide at a station. Pure; any thread.
#pragma once

#include <QString>
#include <QStringView>

#include <optional>

namespace sealift {

enum class Role { Operator, Technician, Supervisor, Auditor };

QString roleName(Role role);  // stable: "operator", "technician", "supervisor", "auditor"
std::optional<Role> roleFromName(QStringView name);

// What needs somebody who signs in for it.
enum class Act {
  AgreeToDowngrade,
  ChangePolicy,
  ManageAccounts,
  LiftReleaseRule,  // takes a block or a pin away; making one needs nobody
  ResumeRelease,
};

QString actName(Act act);  // for sentences: "agree to a downgrade"
bool mayDo(Role role, Act act);

}  // namespace sealift
