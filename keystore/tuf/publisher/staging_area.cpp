#include "keystore/tuf/publisher/staging_area.h"

#include <QSet>

namespace sealift::tuf {

namespace {

const QString kChangesPath = QStringLiteral("staging/changes.json");

QString blobPath(const QString& hexSha256) {
  return QStringLiteral("staging/targets/") + hexSha256;
}

QString hashOf(const Json& entry) {
  static const Json::json_pointer kHash("/hashes/sha256");
  return entry.contains(kHash) && entry[kHash].is_string() ? toQString(entry[kHash].get_ref<const std::string&>())
                                                           : QString();
}

}  // namespace

Json StagingArea::empty() {
  return {{"schema", 2},
          {"targets", Json::object()},
          {"root", nullptr},
          {"delegations", Json::object()},
          {"renewals", Json::array()},
          {"prepared", Json::object()}};
}

Status StagingArea::load() {
  changes_ = empty();
  if (!files_.exists(kChangesPath)) {
    return {};
  }
  SEALIFT_TRY(Json changes, files_.readJson(kChangesPath));
  bool hasShape = changes.is_object() && changes.value("schema", Json()).is_number_integer();
  if (hasShape && changes["schema"] == 1) {  // before there were delegations
    for (const char* member : {"delegations", "renewals", "prepared"}) {
      changes[member] = changes_[member];
    }
    changes["schema"] = 2;
  }
  for (const char* member : {"targets", "delegations", "prepared"}) {
    hasShape = hasShape && changes.contains(member) && changes[member].is_object();
  }
  hasShape = hasShape && changes.contains("root") && (changes["root"].is_object() || changes["root"].is_null()) &&
             changes.contains("renewals") && changes["renewals"].is_array();
  if (!hasShape || changes["schema"] != 2) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("%1 is damaged.").arg(files_.absolute(kChangesPath)),
                QStringLiteral("Move the file away and stage the changes again."));
  }
  changes_ = std::move(changes);
  return {};
}

Status StagingArea::save() {
  return files_.write(kChangesPath, QByteArray::fromStdString(changes_.dump(2)) + '\n');
}

Status StagingArea::addTargets(const QList<NewTarget>& targets) {
  for (const NewTarget& target : targets) {
    const QString hash = QString::fromLatin1(sha256(target.bytes).toHex());
    SEALIFT_TRY(const Json custom, fromQtJson(target.custom));
    SEALIFT_CHECK(files_.write(blobPath(hash), target.bytes));
    Json entry = {{"length", static_cast<qint64>(target.bytes.size())}, {"hashes", {{"sha256", hash.toStdString()}}}};
    if (!custom.empty()) {
      entry["custom"] = custom;
    }
    changes_["targets"][target.path.toStdString()] = std::move(entry);
  }
  return save();
}

Status StagingArea::removeTarget(const QString& path) {
  changes_["targets"][path.toStdString()] = nullptr;
  return save();
}

Status StagingArea::dropTarget(const QString& path) {
  changes_["targets"].erase(path.toStdString());
  return save();
}

Status StagingArea::setRoot(const Json& root) {
  changes_["root"] = root;
  return save();
}

Status StagingArea::setDelegations(const QString& delegator, const Json& delegations) {
  changes_["delegations"][delegator.toStdString()] = delegations;
  return save();
}

Status StagingArea::addRenewal(const QString& role) {
  if (isRenewed(role)) {
    return {};
  }
  changes_["renewals"].push_back(role.toStdString());
  return save();
}

Status StagingArea::setPrepared(const QString& role, const Json& document) {
  changes_["prepared"][role.toStdString()] = document;
  return save();
}

bool StagingArea::isRenewed(const QString& role) const {
  return renewals().contains(role);
}

QStringList StagingArea::renewals() const {
  QStringList roles;
  for (const Json& role : changes_["renewals"]) {
    if (role.is_string()) {
      roles.append(toQString(role.get_ref<const std::string&>()));
    }
  }
  return roles;
}

const Json* StagingArea::prepared(const QString& role) const {
  const auto at = changes_["prepared"].find(role.toStdString());
  return at == changes_["prepared"].end() ? nullptr : &*at;
}

bool StagingArea::isEmpty() const {
  return targets().empty() && root().is_null() && delegations().empty() && changes_["renewals"].empty();
}

Status StagingArea::clear() {
  QSet<QString> blobs;
  for (const auto& [path, entry] : changes_["targets"].items()) {
    if (!entry.is_null()) {
      blobs.insert(hashOf(entry));
    }
  }
  SEALIFT_CHECK(files_.remove(kChangesPath));
  changes_ = empty();
  for (const QString& hash : blobs) {
    SEALIFT_CHECK(files_.remove(blobPath(hash)));
  }
  return {};
}

Result<QByteArray> StagingArea::targetBytes(const std::string& path) const {
  const QString hash = hashOf(changes_["targets"].value(path, Json()));
  SEALIFT_TRY(QByteArray bytes, files_.read(blobPath(hash)));
  if (QString::fromLatin1(sha256(bytes).toHex()) != hash) {
    return fail(ErrorCode::TrustHashMismatch,
                QStringLiteral("The staged file of \"%1\" was changed after it was added.").arg(toQString(path)),
                QStringLiteral("Add the target again."));
  }
  return bytes;
}

}  // namespace sealift::tuf
