#include "app/services/release_rules.h"

#include "app/policy/reason.h"

#include <algorithm>

namespace sealift {
namespace {

QString modelScopeId(const QString& vendorId, const QString& modelId) {
  return vendorId + u'/' + modelId;
}

bool catches(const ReleaseRuleRow& rule, const Release& release) {
  return rule.version == release.terms.version.toString() &&
         (rule.imageHash.isEmpty() || rule.imageHash == release.sha256);
}

// Another build of the pinned version is beyond it, too, when one build was pinned.
bool isBeyond(const ReleaseRuleRow& pin, const Release& release) {
  const std::optional<Version> version = Version::parse(pin.version);
  return !version || release.terms.version > *version ||
         (release.terms.version == *version && !pin.imageHash.isEmpty() && pin.imageHash != release.sha256);
}

// A device's own pin stands above its model's.
const ReleaseRuleRow* pinOf(const QList<ReleaseRuleRow>& rules) {
  const ReleaseRuleRow* pin = nullptr;
  for (const ReleaseRuleRow& rule : rules) {
    if (rule.kind == RuleKind::Pin && (pin == nullptr || rule.scope == RuleScope::Device)) {
      pin = &rule;
    }
  }
  return pin;
}

const ReleaseRuleRow* blockOf(const QList<ReleaseRuleRow>& rules, const Release& release) {
  for (const ReleaseRuleRow& rule : rules) {
    if (rule.kind == RuleKind::Block && catches(rule, release)) {
      return &rule;
    }
  }
  return nullptr;
}

QString whatOf(const ReleaseRuleRow& rule) {
  return rule.imageHash.isEmpty() ? rule.version
                                  : QStringLiteral("%1 (build %2)").arg(rule.version, rule.imageHash.left(16));
}

// "By NAME on DATE for the model a/b: REASON"
QString whoOf(const ReleaseRuleRow& rule) {
  return QStringLiteral("by %1 on %2 for the %3 %4: %5")
      .arg(rule.madeBy, QDateTime::fromMSecsSinceEpoch(rule.madeMs, Qt::UTC).date().toString(Qt::ISODate),
           ruleScopeName(rule.scope), rule.scopeId, rule.reason);
}

QString howToLift(const ReleaseRuleRow& rule) {
  const QString scope = rule.scope == RuleScope::Device ? QStringLiteral("--device") : QStringLiteral("--model");
  const QString verb = rule.kind == RuleKind::Pin ? QStringLiteral("unpin") : QStringLiteral("unblock");
  return QStringLiteral("To lift it: sealiftctl release %1 %2 %3 \"%4\" --reason TEXT.")
      .arg(verb, rule.version, scope, rule.scopeId);
}

AuditEvent eventOf(RuleKind kind, bool lifted) {
  switch (kind) {
    case RuleKind::Block:
      return lifted ? AuditEvent::ReleaseUnblocked : AuditEvent::ReleaseBlocked;
    case RuleKind::Pin:
      return lifted ? AuditEvent::ReleaseUnpinned : AuditEvent::ReleasePinned;
    case RuleKind::Skip:
      break;
  }
  return lifted ? AuditEvent::ReleaseUnskipped : AuditEvent::ReleaseSkipped;
}

AuditEntry entryOf(const ReleaseRuleRow& rule, bool lifted, const QString& reason, const QString& actor) {
  return {.event = eventOf(rule.kind, lifted),
          .actor = actor,
          .subject = {ruleScopeName(rule.scope), rule.scopeId, {}},
          .outcome = AuditOutcome::Recorded,
          .code = {},
          .message = reason.isEmpty() ? whatOf(rule) : QStringLiteral("%1: %2").arg(whatOf(rule), reason),
          .details = {{QStringLiteral("version"), rule.version},
                      {QStringLiteral("image"), rule.imageHash},
                      {QStringLiteral("reason"), reason}}};
}

}  // namespace

ReleaseRuleView viewOf(const ReleaseRuleRow& rule) {
  return {ruleKindName(rule.kind),
          ruleScopeName(rule.scope),
          rule.scopeId,
          rule.version,
          rule.imageHash,
          rule.reason,
          rule.madeBy,
          QDateTime::fromMSecsSinceEpoch(rule.madeMs, Qt::UTC)};
}

Result<QList<ReleaseRuleRow>> ReleaseRules::listFor(const QString& deviceId, const QString& vendorId,
                                                    const QString& modelId) const {
  return ReleaseRuleTable(*core_.database).listFor(deviceId, modelScopeId(vendorId, modelId));
}

std::function<bool(const Release&)> ReleaseRules::offeredTo(const QString& deviceId, const QString& vendorId,
                                                            const QString& modelId) const {
  const Result<QList<ReleaseRuleRow>> rules = listFor(deviceId, vendorId, modelId);
  if (!rules) {
    return [](const Release&) { return false; };
  }
  return [all = *rules](const Release& release) {
    const ReleaseRuleRow* pin = pinOf(all);
    if (blockOf(all, release) != nullptr || (pin != nullptr && isBeyond(*pin, release))) {
      return false;
    }
    return std::none_of(all.cbegin(), all.cend(), [&](const ReleaseRuleRow& rule) {
      return rule.kind == RuleKind::Skip && catches(rule, release);
    });
  };
}

QList<Check> ReleaseRules::checks(const QString& deviceId, const Release& release) const {
  const QString blockId = QStringLiteral("release-blocked");
  const QString pinId = QStringLiteral("release-pinned");
  const Result<QList<ReleaseRuleRow>> rules = listFor(deviceId, release.vendorId, release.terms.modelId);
  if (!rules) {
    return {Check::failed(blockId, QStringLiteral("It can't be told whether somebody blocked it"), rules.error())};
  }
  QList<Check> checks;
  const ReleaseRuleRow* block = blockOf(*rules, release);
  checks << (block == nullptr
                 ? Check::passed(blockId, QStringLiteral("Not blocked"), release.terms.version.toString())
                 : Check::failed(blockId, QStringLiteral("Blocked"),
                                 makeError(ErrorCode::PolicyBlocked,
                                           QStringLiteral("%1 was blocked %2.").arg(whatOf(*block), whoOf(*block)),
                                           howToLift(*block))));
  if (const ReleaseRuleRow* pin = pinOf(*rules); pin != nullptr) {
    checks << (isBeyond(*pin, release)
                   ? Check::failed(pinId, QStringLiteral("Beyond what it is pinned to"),
                                   makeError(ErrorCode::PolicyPinned,
                                             QStringLiteral("Nothing beyond %1, %2.").arg(whatOf(*pin), whoOf(*pin)),
                                             howToLift(*pin)))
                   : Check::passed(pinId, QStringLiteral("Within what it is pinned to"),
                                   QStringLiteral("%1, %2").arg(whatOf(*pin), whoOf(*pin))));
  }
  return checks;
}

Status ReleaseRules::set(ReleaseRuleRow rule) {
  if (rule.kind != RuleKind::Skip || !rule.reason.isEmpty()) {
    SEALIFT_TRY(rule.reason, readReason(rule.reason));
  }
  rule.madeBy = core_.operatorName();
  rule.madeMs = core_.nowMs();
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(ReleaseRuleTable(*core_.database).set(rule));
  SEALIFT_CHECK(core_.record(transaction, entryOf(rule, /*lifted=*/false, rule.reason, rule.madeBy)));
  return transaction.commit();
}

Status ReleaseRules::lift(const ReleaseRuleRow& rule, const QString& reason, const QString& actor) {
  QString why = reason;
  if (rule.kind != RuleKind::Skip || !reason.isEmpty()) {
    SEALIFT_TRY(why, readReason(reason));
  }
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(ReleaseRuleTable(*core_.database).remove(rule));
  SEALIFT_CHECK(core_.record(transaction, entryOf(rule, /*lifted=*/true, why, actor)));
  return transaction.commit();
}

}  // namespace sealift
