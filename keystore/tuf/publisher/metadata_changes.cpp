#include "keystore/tuf/publisher/metadata_changes.h"

#include "keystore/tuf/metadata.h"

#include <QSet>

namespace sealift::tuf {

namespace {

// Shapes were checked by the parser that clients use; members that are left out are treated as empty.
const Json& memberOf(const Json& object, const char* name) {
  static const Json kNothing;
  const auto at = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && at != object.end() ? *at : kNothing;
}

QString textOf(const Json& value) {
  return value.is_string() ? toQString(value.get_ref<const std::string&>())
                           : toQString(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// "release 2.3.1 of t2", or nothing for a target that Sealift's catalogue knows nothing of.
QString meaningOf(const Json& entry) {
  const Json& sealift = memberOf(memberOf(entry, "custom"), "sealift");
  const Json& kind = memberOf(sealift, "kind");
  if (!kind.is_string()) {
    return {};
  }
  QString words = textOf(kind);
  if (const Json& version = memberOf(sealift, "version"); version.is_string()) {
    words += u' ' + textOf(version);
  }
  if (const Json& model = memberOf(sealift, "model"); model.is_string()) {
    words += QStringLiteral(" of ") + textOf(model);
  }
  return QStringLiteral(" (%1)").arg(words);
}

QString sizeAndHash(const Json& entry) {
  QStringList hashes;
  for (const auto& [name, value] : memberOf(entry, "hashes").items()) {
    hashes.append(toQString(name) + u' ' + textOf(value));
  }
  const QString size =
      QStringLiteral("%1 bytes, %2").arg(textOf(memberOf(entry, "length")), hashes.join(QStringLiteral(", ")));
  const Json& custom = memberOf(entry, "custom");
  return custom.is_null() ? size : QStringLiteral("%1; it says %2").arg(size, textOf(custom));
}

QStringList describeTargets(const Json& before, const Json& after) {
  QStringList lines;
  for (const auto& [path, entry] : after.items()) {
    const auto former = before.find(path);
    const QString name = QStringLiteral("\"%1\"%2").arg(toQString(path), meaningOf(entry));
    if (former == before.end()) {
      lines.append(QStringLiteral("Adds %1: %2.").arg(name, sizeAndHash(entry)));
    } else if (memberOf(*former, "hashes") != memberOf(entry, "hashes") ||
               memberOf(*former, "length") != memberOf(entry, "length")) {
      lines.append(QStringLiteral("Replaces %1: %2.").arg(name, sizeAndHash(entry)));
    } else if (*former != entry) {
      lines.append(QStringLiteral("Says something else of %1: %2.").arg(name, textOf(entry)));
    }
  }
  for (const auto& [path, entry] : before.items()) {
    if (!after.contains(path)) {
      lines.append(QStringLiteral("Withdraws \"%1\"%2.").arg(toQString(path), meaningOf(entry)));
    }
  }
  return lines;
}

QStringList idsOf(const Json& role) {
  QStringList ids;
  for (const Json& id : memberOf(role, "keyids")) {
    ids.append(textOf(id));
  }
  return ids;
}

// Keys and threshold of one role.
QStringList describeRoleKeys(const QString& role, const Json& before, const Json& after) {
  QStringList lines;
  const QStringList former = idsOf(before);
  const QStringList next = idsOf(after);
  for (const QString& id : next) {
    if (!former.contains(id)) {
      lines.append(QStringLiteral("%1: trusts the key %2 from now on.").arg(role, id));
    }
  }
  for (const QString& id : former) {
    if (!next.contains(id)) {
      lines.append(QStringLiteral("%1: does not trust the key %2 any more.").arg(role, id));
    }
  }
  const Json& threshold = memberOf(after, "threshold");
  if (memberOf(before, "threshold") != threshold) {
    lines.append(QStringLiteral("%1: needs %2 signatures (before: %3).")
                     .arg(role, textOf(threshold),
                          before.is_null() ? QStringLiteral("none") : textOf(memberOf(before, "threshold"))));
  }
  return lines;
}

// Two objects with some members set aside; names what else differs.
QStringList describeRest(const QString& where, const Json& before, const Json& after, const QSet<QString>& told) {
  QStringList lines;
  QSet<QString> names;
  for (const Json* object : {&before, &after}) {
    if (object->is_object()) {
      for (const auto& [name, value] : object->items()) {
        names.insert(toQString(name));
      }
    }
  }
  QStringList sorted(names.begin(), names.end());
  sorted.sort();
  for (const QString& name : sorted) {
    const std::string key = name.toStdString();
    const Json& next = memberOf(after, key.c_str());
    if (!told.contains(name) && memberOf(before, key.c_str()) != next) {
      lines.append(QStringLiteral("%1\"%2\" becomes %3.")
                       .arg(where, name, next.is_null() ? QStringLiteral("absent") : textOf(next).left(2000)));
    }
  }
  return lines;
}

// The keys' own bytes: a known id with another key under it would change everything.
QStringList describeKeys(const Json& before, const Json& after) {
  QStringList lines;
  for (const auto& [id, key] : after.items()) {
    const auto former = before.find(id);
    if (former == before.end()) {
      lines.append(QStringLiteral("Introduces the key %1 (%2).").arg(toQString(id), textOf(memberOf(key, "keytype"))));
    } else if (*former != key) {
      lines.append(QStringLiteral("Puts ANOTHER key under the id %1.").arg(toQString(id)));
    }
  }
  for (const auto& [id, key] : before.items()) {
    if (!after.contains(id)) {
      lines.append(QStringLiteral("Drops the key %1.").arg(toQString(id)));
    }
  }
  return lines;
}

const Json* roleNamed(const Json& delegations, const Json& name) {
  for (const Json& role : memberOf(delegations, "roles")) {
    if (memberOf(role, "name") == name) {
      return &role;
    }
  }
  return nullptr;
}

QStringList namesOf(const Json& delegations) {
  QStringList names;
  for (const Json& role : memberOf(delegations, "roles")) {
    names.append(textOf(memberOf(role, "name")));
  }
  return names;
}

QStringList describeDelegations(const Json& before, const Json& after) {
  static const Json kNothing;
  static const Json kNoKeys = Json::object();
  const Json& keysBefore = memberOf(before, "keys");
  const Json& keysAfter = memberOf(after, "keys");
  QStringList lines =
      describeKeys(keysBefore.is_object() ? keysBefore : kNoKeys, keysAfter.is_object() ? keysAfter : kNoKeys);
  const QSet<QString> keyMembers{QStringLiteral("name"), QStringLiteral("keyids"), QStringLiteral("threshold")};
  for (const Json& role : memberOf(after, "roles")) {
    const QString name = textOf(memberOf(role, "name"));
    const Json* former = roleNamed(before, memberOf(role, "name"));
    if (former == nullptr) {
      lines.append(
          QStringLiteral("Delegates %1 to the new role \"%2\".")
              .arg(textOf(role.contains("paths") ? memberOf(role, "paths") : memberOf(role, "path_hash_prefixes")),
                   name));
    }
    const Json& was = former == nullptr ? kNothing : *former;
    lines += describeRoleKeys(name, was, role);
    if (former != nullptr) {
      lines += describeRest(QStringLiteral("%1: ").arg(name), was, role, keyMembers);
    }
  }
  for (const Json& role : memberOf(before, "roles")) {
    if (roleNamed(after, memberOf(role, "name")) == nullptr) {
      lines.append(QStringLiteral("Delegates to the role \"%1\" no more.").arg(textOf(memberOf(role, "name"))));
    }
  }
  const QStringList order = namesOf(after);
  QStringList kept = namesOf(before);
  kept.removeIf([&](const QString& name) { return !order.contains(name); });
  QStringList common = order;
  common.removeIf([&](const QString& name) { return !kept.contains(name); });
  if (kept != common) {
    lines.append(
        QStringLiteral("Asks the delegated roles in another order: %1.").arg(order.join(QStringLiteral(", "))));
  }
  const Json& bins = memberOf(after, "succinct_roles");
  if (!bins.is_null() && memberOf(before, "succinct_roles").is_null()) {
    lines.append(QStringLiteral("Spreads the targets over hash bins."));
  }
  if (bins.is_null() && !memberOf(before, "succinct_roles").is_null()) {
    lines.append(QStringLiteral("Gives up the hash bins."));
  }
  if (!bins.is_null()) {
    lines += describeRoleKeys(QStringLiteral("hash bins"), memberOf(before, "succinct_roles"), bins);
    lines += describeRest(QStringLiteral("hash bins: "), memberOf(before, "succinct_roles"), bins, keyMembers);
  }
  lines += describeRest(QStringLiteral("delegations: "), before, after,
                        {QStringLiteral("keys"), QStringLiteral("roles"), QStringLiteral("succinct_roles")});
  return lines;
}

}  // namespace

QStringList describeChanges(const Json& before, const Json& after) {
  static const Json kEmpty = Json::object();
  const auto objectOf = [](const Json& part, const char* name) -> const Json& {
    const Json& member = memberOf(part, name);
    return member.is_object() ? member : kEmpty;
  };
  QSet<QString> told{QStringLiteral("version"), QStringLiteral("expires"), QLatin1String(kSignedAt)};
  if (before.is_null()) {
    told += {QStringLiteral("_type"), QStringLiteral("spec_version")};
  }
  QStringList lines;
  if (memberOf(after, "_type") == "root") {
    told += {QStringLiteral("keys"), QStringLiteral("roles")};
    lines += describeKeys(objectOf(before, "keys"), objectOf(after, "keys"));
    const Json& rolesBefore = objectOf(before, "roles");
    const Json& rolesAfter = objectOf(after, "roles");
    for (const auto& [name, role] : rolesAfter.items()) {
      lines += describeRoleKeys(toQString(name), memberOf(rolesBefore, name.c_str()), role);
      lines += describeRest(toQString(name) + QStringLiteral(": "), memberOf(rolesBefore, name.c_str()), role,
                            {QStringLiteral("keyids"), QStringLiteral("threshold")});
    }
  } else if (memberOf(after, "_type") == "targets") {
    told += {QStringLiteral("targets"), QStringLiteral("delegations")};
    lines += describeTargets(objectOf(before, "targets"), objectOf(after, "targets"));
    lines += describeDelegations(memberOf(before, "delegations"), memberOf(after, "delegations"));
  } else if (memberOf(after, "_type") == "snapshot" || memberOf(after, "_type") == "timestamp") {
    told.insert(QStringLiteral("meta"));
    for (const auto& [name, file] : objectOf(after, "meta").items()) {
      const Json& former = memberOf(objectOf(before, "meta"), name.c_str());
      if (former != file) {
        lines.append(QStringLiteral("%1 is now version %2 (before: %3).")
                         .arg(toQString(name), textOf(memberOf(file, "version")),
                              former.is_null() ? QStringLiteral("none") : textOf(memberOf(former, "version"))));
      }
    }
    for (const auto& [name, file] : objectOf(before, "meta").items()) {
      if (!objectOf(after, "meta").contains(name)) {
        lines.append(QStringLiteral("%1 is not part of the repository any more.").arg(toQString(name)));
      }
    }
  }
  lines += describeRest(QString(), before, after, told);
  return lines;
}

}  // namespace sealift::tuf
