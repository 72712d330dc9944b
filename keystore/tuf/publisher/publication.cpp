#include "keystore/tuf/publisher/publication.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

constexpr const char* kSpecVersion = "1.0.31";

// Whether what waits for signatures still says what would be signed now.
bool saysTheSame(Json waiting, Json wanted, const QDateTime& now) {
  if (!waiting.is_object() || expiresIn(waiting) <= now) {
    return false;
  }
  for (const char* time : {"expires", kSignedAt}) {
    waiting.erase(time);
    wanted.erase(time);
  }
  return waiting == wanted;
}

RoleNode topLevelNode(const QString& role) {
  return {role, kRoot, {}, {}, role};
}

}  // namespace

Json announceFile(qint64 version, const QByteArray& bytes) {
  return {{"version", version},
          {"length", static_cast<qint64>(bytes.size())},
          {"hashes", {{"sha256", sha256(bytes).toHex().toStdString()}}}};
}

Json freshPart(const QString& type) {
  return {{"_type", type.toStdString()}, {"spec_version", kSpecVersion}, {"version", 0}};
}

void advance(Json& signedPart, qint64 version, const QDateTime& now, int days) {
  signedPart["version"] = version;
  signedPart["expires"] = formatExpires(now.addDays(days)).toStdString();
  signedPart[kSignedAt] = formatExpires(now).toStdString();
}

bool Publication::isHalfOver(const Json& signedPart, int days) const {
  const qint64 secondsLeft = context_.now.secsTo(expiresIn(signedPart));
  return secondsLeft * 2 < qint64{days} * 86400;
}

// With a new root, files are signed for both: readers have the one or the other.
QList<SigningDemand> Publication::rootDemands(const QString& role) const {
  const RootMetadata& now = context_.published.root();
  QList<SigningDemand> demands{{now.keys, now.roles.value(role)}};
  if (hasNewRoot()) {
    demands.append({next_.root().keys, next_.root().roles.value(role)});
  }
  return demands;
}

Result<Publication::Part> Publication::makePart(const QString& role, Json signedPart,
                                                const QList<SigningDemand>& demands, int days) {
  advance(signedPart, context_.published.version(role) + 1, context_.now, days);
  Part part{{role, std::move(signedPart)}, demands, {}};
  const Json* waiting = context_.staging.prepared(role);
  if (waiting != nullptr && saysTheSame(waiting->value("signed", Json()), part.document.signedPart, context_.now) &&
      waiting->contains("signatures")) {
    part.document.signedPart = (*waiting)["signed"];
    part.document.signatures = (*waiting)["signatures"];
  }
  SEALIFT_CHECK(signWithKeyring(part.document, context_.keyring, demands));
  Status checked = checkDemands(part.document, demands);
  if (!checked && checked.error().code == ErrorCode::TrustThreshold && role != kRoot && demands.size() > 1 &&
      checkDemands(part.document, {demands.last()})) {
    rootFirst_ = true;
    return part;
  }
  if (!checked && checked.error().code != ErrorCode::TrustThreshold) {
    return fail(checked.error());
  }
  if (!checked) {
    part.missing = checked.error();
  }
  return part;
}

Status Publication::addRoot() {
  if (!hasNewRoot()) {
    return {};
  }
  SEALIFT_TRY(Part part,
              makePart(kRoot, next_.rootPart(), rootDemands(kRoot), context_.expiryDays(topLevelNode(kRoot))));
  parts_.append(std::move(part));
  return {};
}

Status Publication::addTargetsRoles() {
  for (const RoleNode& node : next_.roles()) {
    const int days = context_.expiryDays(node);
    const bool wanted =
        next_.isChanged(node.name) || context_.staging.isRenewed(node.name) || context_.staging.isRenewed(node.group);
    SEALIFT_TRY(const Json* part, next_.targetsPart(node.name));
    if (!wanted && !isHalfOver(*part, days)) {
      continue;
    }
    Json signedPart = *part;
    if (!signedPart.contains("_type")) {
      signedPart.update(freshPart(kTargets));
    }
    const QList<SigningDemand> demands =
        node.name == kTargets ? rootDemands(kTargets) : QList<SigningDemand>{{node.keys, node.roleKeys}};
    SEALIFT_TRY(Part made, makePart(node.name, std::move(signedPart), demands, days));
    // What merely grows old is renewed in passing, by whoever has its keys.
    if (wanted || !made.missing) {
      parts_.append(std::move(made));
    }
  }
  return {};
}

Status Publication::addSnapshot() {
  // Roles that were given up stay named: clients refuse a snapshot that names less than the one before (5.5.5).
  Json snapshot = context_.published.snapshotPart();
  Json meta = snapshot["meta"];
  for (const Part& part : parts_) {
    if (part.document.role != kRoot) {
      meta[part.document.role.toStdString() + ".json"] =
          announceFile(versionIn(part.document.signedPart), part.document.bytes());
    }
  }
  snapshot["meta"] = std::move(meta);
  SEALIFT_TRY(Part part, makePart(kSnapshot, std::move(snapshot), rootDemands(kSnapshot),
                                  context_.expiryDays(topLevelNode(kSnapshot))));
  parts_.append(std::move(part));
  return {};
}

Status Publication::addTimestamp() {
  const Document& snapshot = parts_.last().document;
  Json timestamp = context_.published.timestampPart();
  timestamp["meta"] = {{"snapshot.json", announceFile(versionIn(snapshot.signedPart), snapshot.bytes())}};
  SEALIFT_TRY(Part part, makePart(kTimestamp, std::move(timestamp), rootDemands(kTimestamp),
                                  context_.expiryDays(topLevelNode(kTimestamp))));
  parts_.append(std::move(part));
  return {};
}

Status Publication::prepare() {
  const auto isMissing = [this] {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.missing.has_value(); });
  };
  SEALIFT_CHECK(next_.apply());
  SEALIFT_CHECK(addRoot());
  SEALIFT_CHECK(addTargetsRoles());
  if (isMissing()) {
    return {};
  }
  SEALIFT_CHECK(addSnapshot());
  if (isMissing()) {
    return {};
  }
  SEALIFT_CHECK(addTimestamp());
  isComplete_ = !isMissing();
  return {};
}

Status Publication::write() const {
  for (const auto& [path, entry] : context_.staging.targets().items()) {
    if (!entry.is_null()) {
      SEALIFT_CHECK(context_.staging.targetBytes(path));
    }
  }
  for (const auto& [path, entry] : context_.staging.targets().items()) {
    if (!entry.is_null()) {
      SEALIFT_TRY(const QByteArray bytes, context_.staging.targetBytes(path));
      SEALIFT_CHECK(context_.files.write(RepositoryFiles::targetPath(toQString(path), sha256(bytes)), bytes));
    }
  }
  // As they stand: targets roles, snapshot, timestamp; the root, which comes first there, goes to its place here.
  QList<const Document*> order;
  for (const Part& part : parts_) {
    order.append(&part.document);
  }
  if (hasNewRoot()) {
    const Document* root = order.takeFirst();
    order.insert(rootFirst_ ? order.size() - 1 : order.size(), root);
  }
  for (const Document* document : order) {
    const qint64 version = document->role == kTimestamp ? 0 : versionIn(document->signedPart);
    SEALIFT_CHECK(context_.files.write(RepositoryFiles::metadataPath(document->role, version), document->bytes()));
  }
  return {};
}

}  // namespace sealift::tuf
