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

Status StagingArea::load() {
  changes_ = empty();
  if (!files_.exists(kChangesPath)) {
    return {};
  }
  SEALIFT_TRY(Json changes, files_.readJson(kChangesPath));
  const bool hasShape = changes.is_object() && changes.contains("targets") && changes["targets"].is_object() &&
                        changes.contains("root") && (changes["root"].is_object() || changes["root"].is_null());
  if (!hasShape || changes["schema"] != 1) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("%1 is damaged.").arg(files_.absolute(kChangesPath)),
                QStringLiteral("Move the file away and stage the changes again."));
  }
  changes_ = std::move(changes);
  return {};
}

Status StagingArea::save() {
  return files_.write(kChangesPath, QByteArray::fromStdString(changes_.dump(2)) + '\n');
}

Status StagingArea::addTarget(const QString& path, const QByteArray& bytes, const Json& custom) {
  const QString hash = QString::fromLatin1(sha256(bytes).toHex());
  SEALIFT_CHECK(files_.write(blobPath(hash), bytes));
  Json entry = {{"length", static_cast<qint64>(bytes.size())}, {"hashes", {{"sha256", hash.toStdString()}}}};
  if (!custom.empty()) {
    entry["custom"] = custom;
  }
  changes_["targets"][path.toStdString()] = std::move(entry);
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
