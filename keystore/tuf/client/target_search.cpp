#include "keystore/tuf/client/target_search.h"

namespace sealift::tuf {

namespace {

// Every role that this metadata delegates to, but not many more than `most`.
QStringList delegatedRoles(const TargetsMetadata& metadata, int most) {
  QStringList names;
  if (!metadata.delegations) {
    return names;
  }
  if (const auto& succinct = metadata.delegations->succinct) {
    const quint64 bins = 1ULL << succinct->bitLength;
    for (quint64 bin = 0; bin < bins && names.size() <= most; ++bin) {
      names.append(succinct->roleName(bin));
    }
  }
  for (const DelegatedRole& role : metadata.delegations->roles) {
    names.append(role.name);
  }
  return names;
}

}  // namespace

Result<TargetInfo> findTarget(const TrustedMetadataSet& set, const QString& path, int mostRoles,
                              const LoadRole& loadRole) {
  struct Visit {
    QString role;
    QString delegator;
    int depth = 0;
  };
  QList<Visit> toVisit{{kTargets, kRoot}};
  QStringList delegationPath;  // the roles from "targets" to where we are
  int visited = 0;
  while (!toVisit.isEmpty()) {
    const Visit visit = toVisit.takeLast();
    delegationPath.resize(visit.depth);
    // 5.6.7.1: one that stands in the path by which we came here is skipped, so that there are no circles …
    if (delegationPath.contains(visit.role)) {
      continue;
    }
    // … and there is an end to the roles that are visited.
    if (++visited > mostRoles) {
      return fail(ErrorCode::TrustTargetMissing,
                  QStringLiteral("\"%1\" was not found in the first %2 roles.").arg(path, QString::number(mostRoles)));
    }
    delegationPath.append(visit.role);
    SEALIFT_CHECK(loadRole(visit.role, visit.delegator));
    const TargetsMetadata* metadata = set.targets(visit.role);
    const auto found = metadata->targets.constFind(path);
    if (found != metadata->targets.constEnd()) {
      return *found;
    }
    if (!metadata->delegations) {
      continue;
    }
    const int depth = visit.depth + 1;
    if (metadata->delegations->succinct) {
      toVisit.append({metadata->delegations->succinct->roleFor(path), visit.role, depth});
      continue;
    }
    // 5.6.7.2: in the order of the delegations; a terminating one that matches ends the search after itself. That every
    // role of the chain is trusted with the path (4.5, "paths") follows from the way we came.
    QList<Visit> children;
    for (const DelegatedRole& role : metadata->delegations->roles) {
      if (!role.delegates(path)) {
        continue;
      }
      children.prepend({role.name, visit.role, depth});
      if (role.terminating) {
        toVisit.clear();
        break;
      }
    }
    toVisit.append(children);
  }
  return fail(ErrorCode::TrustTargetMissing, QStringLiteral("The vendor does not publish \"%1\".").arg(path));
}

Result<TargetListing> listTargets(const TrustedMetadataSet& set, int mostRoles, int mostRolesPerTarget,
                                  const LoadRole& loadRole) {
  TargetListing listing;
  QHash<std::pair<QString, QString>, Error> failed;  // by role and delegator; not asked for again
  const LoadRole loadOnce = [&](const QString& role, const QString& delegator) -> Status {
    const std::pair<QString, QString> way(role, delegator);
    if (const auto before = failed.constFind(way); before != failed.constEnd()) {
      return fail(*before);
    }
    Status loaded = loadRole(role, delegator);
    if (!loaded && loaded.error().code != ErrorCode::Cancelled) {
      failed.insert(way, loaded.error());
      listing.problems.append({role, loaded.error()});
    }
    return loaded;
  };
  // Each role is expanded once, and loaded once for each of its delegators.
  QStringList toExpand{kTargets};
  QSet<QString> known{kTargets};
  QSet<QString> paths;
  for (qsizetype i = 0; i < toExpand.size(); ++i) {
    const QString delegator = toExpand.at(i);
    const TargetsMetadata* metadata = set.targets(delegator);
    for (auto target = metadata->targets.begin(); target != metadata->targets.end(); ++target) {
      paths.insert(target.key());
    }
    const QStringList children = delegatedRoles(*metadata, mostRoles);
    if (known.size() + children.size() > mostRoles) {
      return fail(ErrorCode::TrustLength,
                  QStringLiteral("The repository has more than %1 roles; it can't be listed.").arg(mostRoles));
    }
    for (const QString& child : children) {
      const Status loaded = loadOnce(child, delegator);
      if (!loaded && loaded.error().code == ErrorCode::Cancelled) {
        return fail(loaded.error());
      }
      if (loaded && !known.contains(child)) {
        known.insert(child);
        toExpand.append(child);
      }
    }
  }
  // A role may list what it was not delegated: only what a search finds counts.
  QMap<QString, TargetInfo> found;
  for (const QString& path : paths) {
    const auto target = findTarget(set, path, mostRolesPerTarget, loadOnce);
    if (target) {
      found.insert(path, *target);
    } else if (target.error().code == ErrorCode::Cancelled) {
      return fail(target.error());
    }
  }
  listing.targets = found.values();
  return listing;
}

}  // namespace sealift::tuf
