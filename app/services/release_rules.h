// What was decided about releases for a device or for a model, for good: skipped, blocked, pinned. By version, which
// catches whatever bytes come under it, or by hash, which catches one build. Any thread.
#pragma once

#include "app/catalog/release.h"
#include "app/policy/check.h"
#include "app/services/station_core.h"
#include "app/store/release_rule_table.h"

namespace sealift {

class ReleaseRules {
 public:
  explicit ReleaseRules(StationCore& core) : core_(core) {}

  Result<QList<ReleaseRuleRow>> list() const { return ReleaseRuleTable(*core_.database).list(); }
  Result<QList<ReleaseRuleRow>> listFor(const QString& deviceId, const QString& vendorId, const QString& modelId) const;

  // Neither skipped, nor blocked, nor beyond what the device, or else its model, is pinned to. When the rules can't be
  // read, nothing is offered.
  std::function<bool(const Release&)> offeredTo(const QString& deviceId, const QString& vendorId,
                                                const QString& modelId) const;
  // The plan's checks "release-blocked" and "release-pinned", each saying who decided what, when, why, and how to lift
  // it.
  QList<Check> checks(const QString& deviceId, const Release& release) const;

  // Both are recorded. A block and a pin need a reason, and so does taking one away.
  Status set(ReleaseRuleRow rule);
  Status lift(const ReleaseRuleRow& rule, const QString& reason, const QString& actor);

 private:
  StationCore& core_;
};

ReleaseRuleView viewOf(const ReleaseRuleRow& rule);

}  // namespace sealift
