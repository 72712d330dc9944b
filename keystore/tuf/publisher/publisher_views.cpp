// What a repository says, for people and for bundles.
#include "keystore/tuf/bundle.h"
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/publisher/publisher_p.h"
#include "keystore/tuf/repository_path.h"

namespace sealift::tuf {

namespace {

// The targets of these roles that a search finds: what a role lists beside its paths does not count.
Result<QList<TargetInfo>> targetsOf(const NextState& next) {
  QMap<QString, TargetInfo> found;
  for (const RoleNode& node : next.roles()) {
    SEALIFT_TRY(const Json* part, next.targetsPart(node.name));
    Json whole = freshPart(kTargets);
    whole["version"] = 1;
    whole["expires"] = "2030-01-01T00:00:00Z";
    whole["targets"] = part->at("targets");
    SEALIFT_TRY(const TargetsMetadata metadata, parseTargets({whole, {}, {}}, node.name));
    for (const TargetInfo& target : metadata.targets) {
      SEALIFT_TRY(const QString home, next.roleFor(target.path));
      if (home == node.name || !found.contains(target.path)) {
        found.insert(target.path, target);
      }
    }
  }
  return found.values();
}

}  // namespace

QList<TargetInfo> Publisher::targets() const {
  const auto next = d_->nextState();
  const auto all = next ? targetsOf(*next) : publishedTargets();
  return all.value_or(QList<TargetInfo>());
}

Result<QList<TargetInfo>> Publisher::publishedTargets() const {
  const StagingArea nothing(d_->files);
  NextState now(d_->published, nothing);
  SEALIFT_CHECK(now.apply());
  return targetsOf(now);
}

Result<QByteArray> Publisher::targetBytes(const TargetInfo& target) const {
  const std::string path = target.path.toStdString();
  if (d_->staging.targets().contains(path)) {
    return d_->staging.targetBytes(path);
  }
  const QByteArray hash = target.hashes.value(DigestAlgorithm::Sha256);
  SEALIFT_TRY(QByteArray bytes, d_->files.read(RepositoryFiles::targetPath(target.path, hash)));
  if (sha256(bytes) != hash) {
    return fail(ErrorCode::TrustHashMismatch,
                QStringLiteral("The published file of \"%1\" was changed.").arg(target.path),
                QStringLiteral("Put back the repository's public folder from a copy of it."));
  }
  return bytes;
}

TrustSummary Publisher::summary() const {
  const RootMetadata& root = d_->published.root();
  const auto inspect = [&](const QString& role, const Json& signedPart) {
    const RoleKeys keys = root.roles.value(role);
    return RoleSummary{
        role,           versionIn(signedPart), expiresIn(signedPart),
        keys.threshold, keys.keyIds,           parseExpires(toQString(signedPart.value(kSignedAt, std::string())))};
  };
  TrustSummary summary;
  if (const auto initial = parseEnvelope(rootBytes(1))) {
    summary.fingerprint = QString::fromLatin1(sha256(initial->signedBytes).toHex());
  }
  summary.consistentSnapshot = root.consistentSnapshot;
  summary.roles = {inspect(kRoot, d_->published.rootPart()), inspect(kTimestamp, d_->published.timestampPart()),
                   inspect(kSnapshot, d_->published.snapshotPart())};
  if (const auto targets = d_->published.targetsPart(kTargets)) {
    summary.roles.append(inspect(kTargets, **targets));
  }
  return summary;
}

Result<QList<RoleState>> Publisher::roles() const {
  QList<RoleState> states;
  const QList<RoleSummary> topLevel = summary().roles;
  for (const RoleSummary& role : topLevel) {
    states.append(
        {role.name, {}, role.version, role.expires, d_->expiryDays(role.name), role.threshold, role.keyIds, {}, 0, 0});
  }
  const StagingArea nothing(d_->files);
  NextState now(d_->published, nothing);
  SEALIFT_CHECK(now.apply());
  QMap<QString, qsizetype> groups;  // of bins → row
  for (const RoleNode& node : now.roles()) {
    SEALIFT_TRY(const Json* part, now.targetsPart(node.name));
    const int targets = static_cast<int>(part->at("targets").size());
    if (node.name == kTargets) {
      states.last().targets = targets;
      continue;
    }
    const QDateTime expires = expiresIn(*part);
    if (const auto row = groups.constFind(node.group); row != groups.constEnd()) {
      RoleState& state = states[*row];
      state.expires = std::min(state.expires, expires);
      state.version = std::max(state.version, versionIn(*part));
      state.targets += targets;
      ++state.bins;
      continue;
    }
    RoleState state{node.group,
                    node.delegator,
                    versionIn(*part),
                    expires,
                    d_->expiryDays(node),
                    node.roleKeys.threshold,
                    node.roleKeys.keyIds,
                    {},
                    node.group == node.name ? 0 : 1,
                    targets};
    SEALIFT_TRY(const std::optional<Delegations> delegations, now.delegations(node.delegator));
    for (const DelegatedRole& role : delegations ? delegations->roles : QList<DelegatedRole>()) {
      if (role.name == node.name) {
        state.paths = role.paths;
      }
    }
    if (state.bins > 0) {
      groups.insert(node.group, states.size());
    }
    states.append(state);
  }
  return states;
}

Status Publisher::writeBundle(const QString& path, const QList<TargetInfo>& targets, const CancelToken& cancel) const {
  QList<BundleMember> members;
  const auto addFile = [&](const QString& stored, const QString& requested) {
    members.append({requested, d_->files.absolute(stored), {}});
  };
  const auto addMetadata = [&](const QString& role, qint64 version) {
    addFile(RepositoryFiles::metadataPath(role, version),
            QStringLiteral("metadata/") + metadataFileName(role, version));
  };
  // Every root from the first on: whoever trusts an old one follows the chain (5.3).
  for (qint64 version = 1; version <= d_->published.root().version; ++version) {
    addMetadata(kRoot, version);
  }
  addMetadata(kSnapshot, d_->published.version(kSnapshot));
  const QStringList roles = d_->published.namedRoles();
  for (const QString& role : roles) {
    addMetadata(role, d_->published.version(role));
  }
  // The only file that is ever replaced, so its bytes, read before, are taken.
  SEALIFT_TRY(const QByteArray timestamp, d_->published.file(kTimestamp));
  members.append({QStringLiteral("metadata/") + metadataFileName(kTimestamp, 0), {}, timestamp});
  for (const TargetInfo& target : targets) {
    const QByteArray hash = target.hashes.value(DigestAlgorithm::Sha256);
    addFile(RepositoryFiles::targetPath(target.path, hash),
            QStringLiteral("targets/") + encodePath(hashPrefixedPath(target.path, hash)));
  }
  return tuf::writeBundle(path, members, cancel);
}

}  // namespace sealift::tuf
