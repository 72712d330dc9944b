// What somebody decided about a release for a device or a model, for good: to skip it, to block it, or to go no further
// than it.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

enum class RuleScope { Device, Model };
enum class RuleKind {
  Skip,   // not offered; whoever names it gets it
  Block,  // never
  Pin,    // nothing beyond it; one a scope
};

QString ruleScopeName(RuleScope scope);  // stable: "device", "model"
QString ruleKindName(RuleKind kind);     // stable: "skip", "block", "pin"

struct ReleaseRuleRow {
  RuleScope scope = RuleScope::Device;
  QString scopeId;  // a device's id, or vendor/model
  RuleKind kind = RuleKind::Skip;
  QString version;
  QString imageHash;  // lower-case hex: this build of the version only; empty: whatever bytes come under it
  QString reason;
  QString madeBy;
  qint64 madeMs = 0;  // UTC, milliseconds since 1970-01-01
};

class ReleaseRuleTable {
 public:
  explicit ReleaseRuleTable(Database& database) : database_(database) {}
  // One for a scope, kind, version and hash; a pin replaces the scope's other one.
  Status set(const ReleaseRuleRow& row);
  Status remove(const ReleaseRuleRow& row);  // NotFound; by scope, kind, version and hash
  Result<QList<ReleaseRuleRow>> list();      // oldest first
  // Those for a device and for its model, oldest first.
  Result<QList<ReleaseRuleRow>> listFor(const QString& deviceId, const QString& modelId);

 private:
  Database& database_;
};

}  // namespace sealift
