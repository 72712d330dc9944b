#include "app/services/release_deltas.h"

#include "app/catalog/documents.h"
#include "devices/images/delta/image_delta.h"

namespace sealift {
namespace {

const QString kAllVersions = QStringLiteral("all");

// An image that a difference can start from.
struct Base {
  tuf::TargetInfo target;
  Release release;
};

// Releases of the same model and component, but for the one that the new one replaces.
QList<Base> earlierReleases(const tuf::Publisher& publisher, const DeltaGoal& goal) {
  QList<Base> bases;
  const QList<tuf::TargetInfo> targets = publisher.targets();
  for (const tuf::TargetInfo& target : targets) {
    const Result<TargetKind> kind = parseTargetKind(target.custom);
    if (!kind || kind->kind != QLatin1String("firmware") || kind->model != goal.modelId ||
        target.path == goal.targetPath) {
      continue;
    }
    const Result<Release> release = parseRelease(QString(), target.path, target.length,
                                                 target.hashes.value(DigestAlgorithm::Sha256), target.custom);
    if (release && release->terms.component == goal.component && release->terms.version != goal.version) {
      bases << Base{target, *release};
    }
  }
  return bases;
}

Result<QList<Base>> chooseBases(const QList<Base>& all, const QStringList& versions) {
  if (versions.contains(kAllVersions)) {
    return all;
  }
  QList<Base> chosen;
  for (const QString& text : versions) {
    const std::optional<Version> version = Version::parse(text);
    const qsizetype before = chosen.size();
    for (const Base& base : all) {
      if (base.release.terms.version == version) {
        chosen << base;
      }
    }
    if (chosen.size() == before) {
      return fail(ErrorCode::NotFound,
                  QStringLiteral("There is no earlier release \"%1\" to start a delta from.").arg(text),
                  QStringLiteral("Add that release first, or name another one; \"all\" takes each that there is."));
    }
  }
  return chosen;
}

QJsonObject describe(const Base& base, const DeltaGoal& goal, DeltaKind kind) {
  QJsonObject sealift{
      {QStringLiteral("kind"), QStringLiteral("delta")},
      {QStringLiteral("model"), goal.modelId},
      {QStringLiteral("component"), goal.component},
      {QStringLiteral("to"), goal.targetPath},
      {QStringLiteral("deltaKind"), deltaKindName(kind)},
      {QStringLiteral("fromSha256"), base.release.sha256},
      {QStringLiteral("fromBytes"), base.target.length},
      {QStringLiteral("fromVersion"), base.release.terms.version.toString()},
  };
  if (!base.release.imageDigest.isEmpty()) {
    sealift[QStringLiteral("fromDigest")] = QString::fromLatin1(base.release.imageDigest.toHex());
  }
  return sealift;
}

}  // namespace

QJsonObject targetCustom(QJsonObject sealift) {
  sealift[QStringLiteral("schema")] = 1;
  return {{QStringLiteral("sealift"), sealift}};
}

Result<QList<tuf::NewTarget>> makeReleaseDeltas(const tuf::Publisher& publisher, const DeltaGoal& goal,
                                                const QStringList& fromVersions, QList<AddedDelta>& told,
                                                const CancelToken& cancel) {
  QList<tuf::NewTarget> made;
  if (fromVersions.isEmpty()) {
    return made;
  }
  SEALIFT_TRY(const QList<Base> bases, chooseBases(earlierReleases(publisher, goal), fromVersions));
  for (const Base& base : bases) {
    SEALIFT_TRY(const QByteArray image, publisher.targetBytes(base.target));
    SEALIFT_TRY(const QByteArray delta, makeSmallestDelta(image, goal.image, cancel));
    SEALIFT_TRY(const QByteArray applied, applyDelta(image, delta, goal.image.size(), cancel));
    if (applied != goal.image) {
      return fail(ErrorCode::Internal, QStringLiteral("A delta did not make what it was made for."));
    }
    SEALIFT_TRY(const DeltaKind kind, deltaKindOf(delta));
    AddedDelta row{base.release.terms.version.toString(), deltaKindName(kind), {}, delta.size()};
    if (deltaPaysOff(delta.size(), goal.image.size())) {
      row.path = QStringLiteral("%1/from-%2-%3.delta")
                     .arg(goal.targetPath.section(u'/', 0, -2), row.fromVersion, base.release.sha256.left(8));
      const QJsonObject custom = targetCustom(describe(base, goal, kind));
      SEALIFT_CHECK(parseDelta(row.path, delta.size(), custom));  // what is published must be what the client reads
      made << tuf::NewTarget{row.path, delta, custom};
    }
    told << row;
  }
  return made;
}

}  // namespace sealift
