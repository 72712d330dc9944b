#include "app/services/release_offers.h"

#include "app/store/deferral_table.h"
#include "app/update/deferral.h"
#include "app/update/plan_maker.h"

namespace sealift {

Result<Release> ReleaseOffers::find(const KnownDevice& device, const QString& text) const {
  if (const std::optional<Release> named = byId(text)) {
    return *named;
  }
  const std::shared_ptr<VendorRepository> repository = vendors_.repository(device.vendorId);
  const VendorContents contents = repository ? repository->contents() : VendorContents();
  const Release* found = nullptr;
  for (const Release& release : contents.releases) {
    if (release.terms.modelId != device.modelId || release.terms.version.toString() != text) {
      continue;
    }
    const bool forRevision = release.terms.hardwareRevisions.isEmpty() ||
                             release.terms.hardwareRevisions.contains(device.snapshot->hardwareRevision);
    if (found == nullptr || forRevision) {  // one version may come as an image for each revision
      found = &release;
    }
  }
  if (found == nullptr) {
    return fail(ErrorCode::NotFound,
                QStringLiteral("The vendor publishes no release \"%1\" for this device.").arg(text));
  }
  return *found;
}

std::optional<Release> ReleaseOffers::offerFor(const KnownDevice& device) const {
  const std::shared_ptr<VendorRepository> repository = vendors_.repository(device.vendorId);
  if (!repository || !device.snapshot) {
    return std::nullopt;
  }
  const VendorContents contents = repository->contents();
  const ModelDescription* model = contents.model(device.modelId);
  if (model == nullptr) {
    return std::nullopt;
  }
  DeferralTable deferrals(*core_.database);
  return chooseRelease(contents, *model, *device.snapshot, [&](const Release& release) {
    const Result<std::optional<DeferralRow>> row = deferrals.find(DeferralScope::Device, device.id, release.targetPath);
    return row && *row && (*row)->kind == DeferralKind::Skip && (*row)->imageHash == release.sha256;
  });
}

void ReleaseOffers::noteRefusal(const QString& deviceId, const QString& releaseId, const std::optional<Error>& error) {
  const std::scoped_lock lock(mutex_);
  const QString key = deviceId + u' ' + releaseId;
  if (error) {
    refusals_.insert(key, *error);
  } else {
    refusals_.remove(key);
  }
}

std::optional<Error> ReleaseOffers::refusalOf(const QString& deviceId, const QString& releaseId) const {
  const std::scoped_lock lock(mutex_);
  const auto it = refusals_.find(deviceId + u' ' + releaseId);
  return it == refusals_.end() ? std::nullopt : std::optional(*it);
}

std::optional<QDateTime> ReleaseOffers::remindAt(const QString& deviceId, const Release& release) const {
  const Result<std::optional<DeferralRow>> row =
      DeferralTable(*core_.database).find(DeferralScope::Device, deviceId, release.targetPath);
  if (!row || !*row || (*row)->kind != DeferralKind::Remind || !(*row)->untilMs) {
    return std::nullopt;
  }
  return QDateTime::fromMSecsSinceEpoch(*(*row)->untilMs, Qt::UTC);
}

std::optional<Release> ReleaseOffers::byId(const QString& releaseId) const {
  for (const std::shared_ptr<VendorRepository>& repository : vendors_.repositories()) {
    const VendorContents contents = repository->contents();
    for (const Release& release : contents.releases) {
      if (release.id() == releaseId) {
        return release;
      }
    }
  }
  return std::nullopt;
}

Status ReleaseOffers::remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) {
  const std::optional<Release> release = byId(releaseId);
  if (!release) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no release \"%1\".").arg(releaseId));
  }
  SEALIFT_CHECK(checkDeferral(*release, when));
  SEALIFT_CHECK(DeferralTable(*core_.database)
                    .set({.scope = DeferralScope::Device,
                          .scopeId = deviceId,
                          .releasePath = release->targetPath,
                          .version = release->terms.version.toString(),
                          .imageHash = release->sha256,
                          .kind = DeferralKind::Remind,
                          .untilMs = when.toMSecsSinceEpoch(),
                          .madeMs = core_.nowMs()}));
  SEALIFT_CHECK(
      core_.record({.event = AuditEvent::ReleaseDeferred,
                    .actor = {},
                    .subject = {QStringLiteral("device"), deviceId, {}},
                    .outcome = AuditOutcome::Recorded,
                    .code = {},
                    .message = QStringLiteral("%1, remind again %2")
                                   .arg(release->terms.version.toString(), when.toUTC().toString(Qt::ISODate)),
                    .details = {{QStringLiteral("release"), releaseId}}}));
  changed_(deviceId);
  return {};
}

Status ReleaseOffers::skip(const QString& deviceId, const QString& releaseId, bool skip) {
  const std::optional<Release> release = byId(releaseId);
  if (!release) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no release \"%1\".").arg(releaseId));
  }
  DeferralTable table(*core_.database);
  if (skip) {
    SEALIFT_CHECK(table.set({.scope = DeferralScope::Device,
                             .scopeId = deviceId,
                             .releasePath = release->targetPath,
                             .version = release->terms.version.toString(),
                             .imageHash = release->sha256,
                             .kind = DeferralKind::Skip,
                             .untilMs = std::nullopt,
                             .madeMs = core_.nowMs()}));
  } else {
    SEALIFT_CHECK(table.remove(DeferralScope::Device, deviceId, release->targetPath));
  }
  SEALIFT_CHECK(core_.record({.event = skip ? AuditEvent::ReleaseSkipped : AuditEvent::ReleaseUnskipped,
                              .actor = {},
                              .subject = {QStringLiteral("device"), deviceId, {}},
                              .outcome = AuditOutcome::Recorded,
                              .code = {},
                              .message = release->terms.version.toString(),
                              .details = {{QStringLiteral("release"), releaseId}}}));
  changed_(deviceId);
  return {};
}

}  // namespace sealift
