#include "keystore/tuf/publisher/published_state.h"

#include "keystore/tuf/publisher/delegation_edit.h"

namespace sealift::tuf {

qint64 versionIn(const Json& signedPart) {
  return signedPart.value("version", Json::number_integer_t{0});
}

QDateTime expiresIn(const Json& signedPart) {
  return parseExpires(toQString(signedPart.value("expires", std::string())));
}

Result<Json> PublishedState::signedPart(const QString& role, qint64 version) const {
  SEALIFT_TRY(const QByteArray bytes, files_.read(RepositoryFiles::metadataPath(role, version)));
  SEALIFT_TRY(Envelope envelope, parseEnvelope(bytes));
  return std::move(envelope.signedPart);
}

Status PublishedState::load() {
  qint64 rootVersion = 1;
  while (files_.exists(RepositoryFiles::metadataPath(kRoot, rootVersion + 1))) {
    ++rootVersion;
  }
  SEALIFT_TRY(rootPart_, signedPart(kRoot, rootVersion));
  SEALIFT_TRY(root_, parseRoot({rootPart_, {}, {}}));
  SEALIFT_TRY(timestampPart_, signedPart(kTimestamp, 0));
  SEALIFT_TRY(const TimestampMetadata timestamp, parseTimestamp({timestampPart_, {}, {}}));
  SEALIFT_TRY(snapshotPart_, signedPart(kSnapshot, timestamp.snapshot.version));
  SEALIFT_TRY(snapshot_, parseSnapshot({snapshotPart_, {}, {}}));
  targetsParts_.clear();
  delegated_ = {kTargets};
  return walk(kTargets);
}

Status PublishedState::walk(const QString& role) {
  SEALIFT_TRY(const Json* part, targetsPart(role));
  SEALIFT_TRY(const std::optional<Delegations> delegations, delegationsIn(*part));
  const QStringList children = delegations ? childrenOf(*delegations) : QStringList();
  for (const QString& child : children) {
    const bool isNew = !delegated_.contains(child);
    delegated_.insert(child);
    if (isNew && !delegations->succinct) {  // bins delegate no further
      SEALIFT_CHECK(walk(child));
    }
  }
  return {};
}

Result<const Json*> PublishedState::targetsPart(const QString& role) const {
  const auto known = targetsParts_.find(role);
  if (known != targetsParts_.end()) {
    return &known->second;
  }
  SEALIFT_TRY(Json part, signedPart(role, version(role)));
  SEALIFT_CHECK(parseTargets({part, {}, {}}, role));
  return &targetsParts_.emplace(role, std::move(part)).first->second;
}

Result<QByteArray> PublishedState::file(const QString& role) const {
  return files_.read(RepositoryFiles::metadataPath(role, role == kTimestamp ? 0 : version(role)));
}

qint64 PublishedState::version(const QString& role) const {
  if (role == kRoot) {
    return root_.version;
  }
  if (role == kTimestamp) {
    return versionIn(timestampPart_);
  }
  return role == kSnapshot ? versionIn(snapshotPart_) : snapshot_.files.value(role).version;
}

}  // namespace sealift::tuf
