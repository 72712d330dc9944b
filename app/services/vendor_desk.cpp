#include "app/services/vendor_desk.h"

#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/catalog/vendor_file.h"
#include "app/services/key_type_name.h"
#include "app/services/release_deltas.h"
#include "devices/images/image.h"
#include "keystore/crypto/digest.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/fingerprint_words.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QUuid>

namespace sealift {
namespace {

QString modelTarget(const QString& id) {
  return QStringLiteral("models/%1.json").arg(id);
}

// The model as published or staged: a release is checked against what devices will trust.
Result<ModelDescription> findModel(tuf::Publisher& publisher, const QString& folder, const QString& vendorId,
                                   const QString& modelId) {
  SEALIFT_TRY(const QByteArray bytes,
              readFile(QStringLiteral("%1/models/%2.json").arg(folder, modelId), kModelMaxBytes));
  const QByteArray hash = sha256(bytes);
  const QList<tuf::TargetInfo> targets = publisher.targets();
  for (const tuf::TargetInfo& target : targets) {
    if (target.path == modelTarget(modelId) && target.hashes.value(DigestAlgorithm::Sha256) == hash) {
      return parseModel(vendorId, bytes);
    }
  }
  return fail(ErrorCode::NotFound, QStringLiteral("The repository has no model \"%1\".").arg(modelId),
              QStringLiteral("Add it first: sealiftctl repo add-model."));
}

// A path part made of what is safe everywhere.
Status checkPathPart(const QString& part, const QString& what) {
  for (const QChar c : part) {
    if (!(c.unicode() < 0x80 && (c.isLetterOrNumber() || c == u'-' || c == u'_' || c == u'.'))) {
      return fail(
          ErrorCode::InvalidArgument,
          QStringLiteral("%1 must be made of letters, digits, '-', '_' and '.', and \"%2\" is not.").arg(what, part));
    }
  }
  if (part.isEmpty() || part.startsWith(u'.')) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 must not be empty or begin with a dot.").arg(what));
  }
  return {};
}

QJsonValue dateOrNull(const std::optional<QDate>& date) {
  return date ? QJsonValue(date->toString(Qt::ISODate)) : QJsonValue();
}

}  // namespace

Result<QString> VendorDesk::init(const NewRepository& wanted) {
  SEALIFT_TRY(const KeyType keyType, keyTypeFromName(wanted.keyType));
  tuf::RepositoryPolicy policy;
  policy.keyType = keyType;
  const std::pair<QString, tuf::RolePolicy*> roles[] = {{QStringLiteral("root"), &policy.root},
                                                        {QStringLiteral("targets"), &policy.targets},
                                                        {QStringLiteral("snapshot"), &policy.snapshot},
                                                        {QStringLiteral("timestamp"), &policy.timestamp}};
  for (const auto& [name, role] : roles) {
    role->threshold = wanted.thresholds.value(name, role->threshold);
    role->keys = wanted.keys.value(name, role->threshold);
    role->expiryDays = wanted.expiryDays.value(name, role->expiryDays);
  }
  VendorFile file{
      .id = wanted.vendorId, .name = wanted.vendorName, .addresses = wanted.addresses, .root = "{}", .authorities = {}};
  if (const Result<VendorFile> fine = VendorFile::parse(file.toBytes()); !fine) {  // before anything is made
    return fail(ErrorCode::InvalidArgument, fine.error().message());
  }
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::init(folder_, policy, clock_));
  file.root = publisher->rootBytes(1);
  SEALIFT_CHECK(writeFileAtomic(vendorFile(folder_, file.id), file.toBytes()));
  SEALIFT_TRY(const tuf::TrustSummary root, tuf::Client::inspectRoot(file.root));
  return root.fingerprint;
}

QStringList VendorDesk::fingerprintWords(const QString& fingerprint) {
  return tuf::fingerprintWords(fingerprint);
}

Result<QString> VendorDesk::addModel(const QString& path) {
  SEALIFT_TRY(const QByteArray bytes, readFile(path, kModelMaxBytes));
  SEALIFT_TRY(const ModelDescription model, parseModel(QString(), bytes));
  SEALIFT_CHECK(checkPathPart(model.id, QStringLiteral("The model's id")));
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  const QString target = modelTarget(model.id);
  SEALIFT_CHECK(publisher->addTarget(
      target, bytes,
      targetCustom({{QStringLiteral("kind"), QStringLiteral("model")}, {QStringLiteral("model"), model.id}})));
  SEALIFT_CHECK(makeFolder(folder_ + QStringLiteral("/models")));
  SEALIFT_CHECK(writeFileAtomic(QStringLiteral("%1/models/%2.json").arg(folder_, model.id), bytes));
  return target;
}

Result<AddedRelease> VendorDesk::addRelease(const NewRelease& wanted, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray image, readFile(wanted.imagePath, kMaxImageBytes));
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  SEALIFT_TRY(const ModelDescription model, findModel(*publisher, folder_, QString(), wanted.modelId));
  std::optional<ImageFacts> facts;
  if (!wanted.skipImageCheck) {
    SEALIFT_TRY(facts, verifyImage(model.imageFormat, image, model.imageKeys));
  }
  const auto contradicts = [&](const QString& what) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The image itself says another %1.").arg(what));
  };
  if (facts && facts->version && wanted.version && *facts->version != *wanted.version) {
    return contradicts(QStringLiteral("version, %1").arg(facts->version->toString()));
  }
  if (facts && facts->securityVersion && wanted.securityVersion && *facts->securityVersion != *wanted.securityVersion) {
    return contradicts(QStringLiteral("security version, %1").arg(*facts->securityVersion));
  }
  const std::optional<Version> version = wanted.version ? wanted.version : (facts ? facts->version : std::nullopt);
  if (!version) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The image does not say its version."),
                QStringLiteral("Give it with --version-number."));
  }
  const quint32 securityVersion = wanted.securityVersion.value_or(facts ? facts->securityVersion.value_or(0) : 0);
  const QString folder = QStringLiteral("firmware/%1/%2/").arg(model.id, version->toString());
  const QString fileName = QFileInfo(wanted.imagePath).fileName();
  SEALIFT_CHECK(checkPathPart(fileName, QStringLiteral("The image's file name")));

  QJsonObject notes;
  for (auto it = wanted.notes.begin(); it != wanted.notes.end(); ++it) {
    SEALIFT_CHECK(checkPathPart(it.key(), QStringLiteral("The notes' language")));
    SEALIFT_TRY(const QByteArray text, readFile(it.value(), kNotesMaxBytes));
    const QString target = folder + QStringLiteral("notes.%1.md").arg(it.key());
    SEALIFT_CHECK(publisher->addTarget(
        target, text,
        targetCustom({{QStringLiteral("kind"), QStringLiteral("notes")}, {QStringLiteral("model"), model.id}})));
    notes[it.key()] = target;
  }
  QJsonArray advisories;
  for (const Advisory& advisory : wanted.advisories) {
    advisories << QJsonObject{{QStringLiteral("id"), advisory.id},
                              {QStringLiteral("severity"), advisory.severity},
                              {QStringLiteral("summary"), advisory.summary}};
  }
  QJsonObject sealift{
      {QStringLiteral("kind"), QStringLiteral("firmware")},
      {QStringLiteral("model"), model.id},
      {QStringLiteral("hardwareRevisions"), QJsonArray::fromStringList(wanted.hardwareRevisions)},
      {QStringLiteral("component"), wanted.component},
      {QStringLiteral("version"), version->toString()},
      {QStringLiteral("securityVersion"), static_cast<qint64>(securityVersion)},
      {QStringLiteral("format"), model.imageFormat},
      {QStringLiteral("severity"), wanted.severity},
      {QStringLiteral("released"),
       (wanted.released.isValid() ? wanted.released : clock_.nowUtc().date()).toString(Qt::ISODate)},
      {QStringLiteral("notes"), notes},
      {QStringLiteral("advisories"), advisories},
      {QStringLiteral("restart"), wanted.restart},
      {QStringLiteral("offlineSeconds"), wanted.offlineSeconds},
  };
  if (wanted.minimumVersion) {
    sealift[QStringLiteral("minimumVersion")] = wanted.minimumVersion->toString();
  }
  if (wanted.deferralDays) {
    sealift[QStringLiteral("deferral")] = QJsonObject{{QStringLiteral("untilDays"), *wanted.deferralDays}};
  }
  if (facts && !facts->digest.isEmpty()) {
    sealift[QStringLiteral("imageDigest")] = QString::fromLatin1(facts->digest.toHex());
  }
  AddedRelease added{folder + fileName, image.size(), {}};
  const QString& target = added.path;
  const QJsonObject description = targetCustom(sealift);
  // What is published must be what the client reads.
  SEALIFT_CHECK(parseRelease(QString(), target, image.size(), sha256(image), description));
  SEALIFT_TRY(const QList<tuf::NewTarget> deltas,
              makeReleaseDeltas(*publisher, {model.id, wanted.component, *version, target, image}, wanted.deltaFrom,
                                added.deltas, cancel));
  SEALIFT_CHECK(publisher->addTarget(target, image, description));
  SEALIFT_CHECK(publisher->addTargets(deltas));
  return added;
}

Result<QString> VendorDesk::addLifecycle(const QString& modelId, const std::optional<QDate>& released,
                                         const std::optional<QDate>& fullSupportEnds,
                                         const std::optional<QDate>& securitySupportEnds) {
  if (fullSupportEnds && securitySupportEnds && *securitySupportEnds < *fullSupportEnds) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("Security updates can't end before full support does."));
  }
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  SEALIFT_CHECK(findModel(*publisher, folder_, QString(), modelId));
  const QJsonObject document{{QStringLiteral("model"), modelId},
                             {QStringLiteral("released"), dateOrNull(released)},
                             {QStringLiteral("fullSupportEnds"), dateOrNull(fullSupportEnds)},
                             {QStringLiteral("securitySupportEnds"), dateOrNull(securitySupportEnds)}};
  const QString target = QStringLiteral("lifecycle/%1.json").arg(modelId);
  SEALIFT_CHECK(publisher->addTarget(
      target, QJsonDocument(document).toJson(QJsonDocument::Indented),
      targetCustom({{QStringLiteral("kind"), QStringLiteral("lifecycle")}, {QStringLiteral("model"), modelId}})));
  return target;
}

Status VendorDesk::publish() {
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  return publisher->publish();
}

Result<QString> VendorDesk::rotateKey(const QString& role, const QString& oldKeyId, const QString& keyType) {
  SEALIFT_TRY(const KeyType type, keyTypeFromName(keyType));
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  QString old = oldKeyId;
  const QList<tuf::RoleSummary> roles = publisher->summary().roles;
  for (const tuf::RoleSummary& summary : roles) {
    if (summary.name == role && old.isEmpty()) {
      if (summary.keyIds.size() != 1) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("The role %1 has %2 keys.").arg(role).arg(summary.keyIds.size()),
                    QStringLiteral("Say which one is replaced: --old KEYID, one of %1.")
                        .arg(summary.keyIds.join(QStringLiteral(", "))));
      }
      old = summary.keyIds.first();
    }
  }
  const QString name = QStringLiteral("%1-%2").arg(role, QUuid::createUuid().toString(QUuid::Id128).left(8));
  SEALIFT_TRY(const QString newKeyId, publisher->generateKey(name, type));
  SEALIFT_CHECK(publisher->rotateKey(role, old, newKeyId));
  return newKeyId;
}

Status VendorDesk::refreshTimestamp() {
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  return publisher->refreshTimestamp();
}

Result<QString> VendorDesk::publicFolder() {
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher, tuf::Publisher::open(folder_, clock_));
  return publisher->publicFolder();
}

}  // namespace sealift
