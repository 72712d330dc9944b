// What changes from one version of a role's metadata to the next, in words for whoever is to sign it. Nothing that
// differs goes unmentioned: what has no words of its own is named by its member.
#pragma once

#include "keystore/tuf/strict_json.h"

#include <QStringList>

namespace sealift::tuf {

// Signed parts; `before` null when the role is new. Version, expiry and the time of signing are left to the
// caller.
QStringList describeChanges(const Json& before, const Json& after);

}  // namespace sealift::tuf
