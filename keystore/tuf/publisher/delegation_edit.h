// Delegations (TUF 1.0, 4.5.1) of targets metadata that is being edited: JSON that nobody signed yet.
#pragma once

#include "keystore/tuf/metadata.h"

namespace sealift::tuf {

// What `targetsPart`, the signed part of a targets role, delegates; nothing when it doesn't.
Result<std::optional<Delegations>> delegationsIn(const Json& targetsPart);

// The role that the first matching delegation gives the path to.
std::optional<QString> childFor(const Delegations& delegations, const QString& path);
// Every role that is delegated to, in order; all bins of succinct roles.
QStringList childrenOf(const Delegations& delegations);
// Whether the same paths go to the same roles; keys aside.
bool routesAlike(const std::optional<Delegations>& left, const std::optional<Delegations>& right);

// The object of `role` with its "keyids" and "threshold" within a "delegations" object; null when there is none. Bins
// share one, found by the name of any of them or by their prefix.
Json* findRole(Json& delegations, const QString& role);

// Takes out of a "keys" object those that none of `roles` lists any more.
void keepUsedKeys(Json& keys, const QList<const Json*>& roles);

}  // namespace sealift::tuf
