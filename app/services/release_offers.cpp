#include "app/services/release_offers.h"

#include "app/base/time_text.h"
#include "app/store/deferral_table.h"
#include "app/update/deferral.h"
#include "app/update/plan_maker.h"

#include <algorithm>

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
    const bool forRevision =
        release.terms.hardwareRevisions.isEmpty() ||
        (device.snapshot && release.terms.hardwareRevisions.contains(device.snapshot->hardwareRevision));
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
  const auto offered = rules_.releases.offeredTo(device.id, device.vendorId, device.modelId);
  return chooseRelease(contents, *model, *device.snapshot, [&](const Release& release) { return !offered(release); });
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
  SEALIFT_CHECK(core_.record(
      {.event = AuditEvent::ReleaseDeferred,
       .actor = {},
       .subject = {QStringLiteral("device"), deviceId, {}},
       .outcome = AuditOutcome::Recorded,
       .code = {},
       .message = QStringLiteral("%1, remind again %2").arg(release->terms.version.toString(), timeText(when)),
       .details = {{QStringLiteral("release"), releaseId}}}));
  changed_(deviceId);
  return {};
}

Status ReleaseOffers::skip(const QString& deviceId, const QString& releaseId, bool skip) {
  const std::optional<Release> release = byId(releaseId);
  if (!release) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no release \"%1\".").arg(releaseId));
  }
  ReleaseRuleRow rule;
  rule.scopeId = deviceId;
  rule.version = release->terms.version.toString();
  rule.imageHash = release->sha256;
  SEALIFT_CHECK(skip ? rules_.releases.set(rule) : rules_.releases.lift(rule, {}, core_.operatorName()));
  changed_(deviceId);
  return {};
}

std::optional<ReleaseTerms> ReleaseOffers::runningTerms(const KnownDevice& device) const {
  const std::shared_ptr<VendorRepository> repository = vendors_.repository(device.vendorId);
  const Slot* running = device.snapshot ? device.snapshot->runningSlot() : nullptr;
  if (!repository || running == nullptr || !running->version) {
    return std::nullopt;
  }
  std::optional<ReleaseTerms> terms;
  const VendorContents contents = repository->contents();
  for (const Release& release : contents.releases) {
    const bool other =
        !release.imageDigest.isEmpty() && !running->digest.isEmpty() && release.imageDigest != running->digest;
    if (release.terms.modelId != device.modelId || release.terms.version != *running->version || other) {
      continue;
    }
    if (!terms) {
      terms = release.terms;
      continue;
    }
    // One version as several images, and the device doesn't tell which it runs: the strictest counts.
    terms->securityVersion = std::max(terms->securityVersion, release.terms.securityVersion);
    terms->downgradeFrom = terms->downgradeFrom && release.terms.downgradeFrom;
  }
  return terms;
}

Result<ReleaseRuleRow> ReleaseOffers::ruleFor(const ReleaseRuleChange& change,
                                              const std::optional<KnownDevice>& device) const {
  ReleaseRuleRow rule;
  if (!change.deviceId.isEmpty() && !device) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\".").arg(change.deviceId));
  }
  KnownDevice scope;
  if (device) {
    scope = *device;
    rule.scopeId = device->id;
  } else {
    rule.scope = RuleScope::Model;
    rule.scopeId = change.modelId;
    scope.vendorId = change.modelId.section(u'/', 0, 0);
    scope.modelId = change.modelId.section(u'/', 1);
    const std::shared_ptr<VendorRepository> repository = vendors_.repository(scope.vendorId);
    if (!repository || repository->contents().model(scope.modelId) == nullptr) {
      return fail(ErrorCode::NotFound, QStringLiteral("There is no model \"%1\".").arg(change.modelId),
                  QStringLiteral("Write it as VENDOR/MODEL."));
    }
  }
  rule.kind = change.kind == QLatin1String("block") ? RuleKind::Block
              : change.kind == QLatin1String("pin") ? RuleKind::Pin
                                                    : RuleKind::Skip;
  rule.reason = change.reason;
  if (const Result<Release> release = find(scope, change.release)) {
    rule.version = release->terms.version.toString();
    rule.imageHash = change.everyBuild ? QString() : release->sha256;
    return rule;
  }
  const std::optional<Version> version = Version::parse(change.release);
  if (!change.everyBuild || !version) {
    return fail(
        ErrorCode::NotFound, QStringLiteral("The vendor publishes no release \"%1\" for it.").arg(change.release),
        QStringLiteral("A version that is not published (yet) can be meant by its version alone, not by hash."));
  }
  rule.version = version->toString();
  return rule;
}

Result<ReleaseRuleRow> ReleaseOffers::standingRule(const ReleaseRuleChange& change,
                                                   const std::optional<KnownDevice>& device) const {
  if (!change.deviceId.isEmpty() && !device) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\".").arg(change.deviceId));
  }
  const QString scopeId = device ? device->id : change.modelId;
  const QString hash = change.release.section(u'#', -1);  // of a release's id
  SEALIFT_TRY(const QList<ReleaseRuleRow> rules, rules_.releases.list());
  QList<ReleaseRuleRow> fitting;
  for (const ReleaseRuleRow& rule : rules) {
    const bool named = rule.version == change.release || (hash.size() >= 8 && rule.imageHash.startsWith(hash));
    const bool inScope = rule.scopeId == scopeId && (rule.scope == RuleScope::Device) == device.has_value();
    if (named && inScope && ruleKindName(rule.kind) == change.kind &&
        (!change.everyBuild || rule.imageHash.isEmpty())) {
      fitting << rule;
    }
  }
  if (fitting.size() == 1) {
    return fitting.first();
  }
  return fitting.isEmpty()
             ? fail(ErrorCode::NotFound,
                    QStringLiteral("There is no %1 of %2 for %3.").arg(change.kind, change.release, scopeId),
                    QStringLiteral("See what there is: sealiftctl release list."))
             : fail(ErrorCode::InvalidArgument,
                    QStringLiteral("Several rules fit %1 for %2.").arg(change.release, scopeId),
                    QStringLiteral(
                        "Name the build by its hash as sealiftctl release list shows it, or add --by-version."));
}

}  // namespace sealift
