#include "keystore/tuf/delegations.h"

#include "keystore/tuf/member_reader.h"
#include "keystore/tuf/path_pattern.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

bool isHashPrefix(const QString& text) {
  return !text.isEmpty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](QChar c) {
    return (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
  });
}

Result<DelegatedRole> parseDelegatedRole(const Json& value) {
  MemberReader reader(value, QStringLiteral("delegation"));
  DelegatedRole role;
  role.name = reader.text("name");
  role.roleKeys = reader.roleKeys();
  // The format shows it as required, the specification's own example leaves it out.
  role.terminating = reader.find("terminating") != nullptr && reader.truth("terminating");
  if (role.name.isEmpty() || isTopLevelRole(role.name)) {
    reader.note(QStringLiteral("has a name that is empty or a top-level role's"));
  }
  const bool hasPaths = reader.find("paths") != nullptr;
  const bool hasPrefixes = reader.find("path_hash_prefixes") != nullptr;
  if (hasPaths && hasPrefixes) {
    reader.note(QStringLiteral("has both \"paths\" and \"path_hash_prefixes\""));
  } else if (hasPaths) {
    role.paths = reader.texts("paths");
  } else if (hasPrefixes) {
    role.hashPrefixes = reader.texts("path_hash_prefixes");
    if (!std::all_of(role.hashPrefixes.begin(), role.hashPrefixes.end(), isHashPrefix)) {
      reader.note(QStringLiteral("has a hash prefix that is not lower-case hexadecimal"));
    }
  }  // both are optional: without them no path is delegated
  SEALIFT_CHECK(reader.status());
  return role;
}

Result<SuccinctRoles> parseSuccinctRoles(const Json& value) {
  MemberReader reader(value, QStringLiteral("succinct delegation"));
  SuccinctRoles roles;
  roles.roleKeys = reader.roleKeys();
  roles.namePrefix = reader.text("name_prefix");
  const qint64 bits = reader.integer("bit_length", 1);
  if (bits > 32) {
    reader.note(QStringLiteral("has a \"bit_length\" above 32"));
  }
  roles.bitLength = static_cast<int>(std::min<qint64>(bits, 32));
  SEALIFT_CHECK(reader.status());
  return roles;
}

}  // namespace

Result<Delegations> parseDelegations(const Json& value) {
  MemberReader reader(value, QStringLiteral("delegations"));
  Delegations delegations;
  delegations.keys = reader.keys();
  const Json* succinct = reader.find("succinct_roles");
  if ((succinct != nullptr) == (reader.find("roles") != nullptr)) {
    reader.note(QStringLiteral("have not exactly one of \"roles\" and \"succinct_roles\""));
  }
  SEALIFT_CHECK(reader.status());
  if (succinct != nullptr) {
    SEALIFT_TRY(delegations.succinct, parseSuccinctRoles(*succinct));
    return delegations;
  }
  QSet<QString> names;
  for (const Json& element : reader.array("roles")) {
    SEALIFT_TRY(const DelegatedRole role, parseDelegatedRole(element));
    if (names.contains(role.name)) {
      reader.note(QStringLiteral("name the role \"%1\" twice").arg(role.name.left(80)));
    }
    names.insert(role.name);
    delegations.roles.append(role);
  }
  SEALIFT_CHECK(reader.status());
  return delegations;
}

bool DelegatedRole::delegates(const QString& targetPath) const {
  const QString hash = QString::fromLatin1(sha256(targetPath.toUtf8()).toHex());
  return std::any_of(paths.begin(), paths.end(), [&](const QString& p) { return matchesPathPattern(p, targetPath); }) ||
         std::any_of(hashPrefixes.begin(), hashPrefixes.end(), [&](const QString& p) { return hash.startsWith(p); });
}

QString SuccinctRoles::roleName(quint64 bin) const {
  const int hexDigits = (bitLength + 3) / 4;
  return namePrefix + QLatin1Char('-') + QStringLiteral("%1").arg(bin, hexDigits, 16, QLatin1Char('0'));
}

QString SuccinctRoles::roleFor(const QString& targetPath) const {
  const QByteArray hash = sha256(targetPath.toUtf8());
  quint64 first32 = 0;
  for (int i = 0; i < 4; ++i) {
    first32 = (first32 << 8) | static_cast<quint8>(hash.at(i));
  }
  return roleName(first32 >> (32 - bitLength));
}

bool SuccinctRoles::contains(const QString& name) const {
  bool isHex = false;
  const quint64 bin = name.mid(namePrefix.size() + 1).toULongLong(&isHex, 16);
  return isHex && bin < (1ULL << bitLength) && name == roleName(bin);
}

const RoleKeys* Delegations::roleKeysOf(const QString& roleName) const {
  if (succinct) {
    return succinct->contains(roleName) ? &succinct->roleKeys : nullptr;
  }
  const auto at = std::find_if(roles.begin(), roles.end(), [&](const auto& role) { return role.name == roleName; });
  return at == roles.end() ? nullptr : &at->roleKeys;
}

}  // namespace sealift::tuf
