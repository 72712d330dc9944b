#include "app/store/release_rule_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

constexpr QStringView kSelect =
    u"SELECT scope, scope_id, kind, version, image_hash, reason, made_by, made_ms FROM release_rule ";

ReleaseRuleRow readRule(const Statement& row) {
  const QString kind = row.text(2);
  return {row.text(0) == QLatin1String("model") ? RuleScope::Model : RuleScope::Device,
          row.text(1),
          kind == QLatin1String("block") ? RuleKind::Block
          : kind == QLatin1String("pin") ? RuleKind::Pin
                                         : RuleKind::Skip,
          row.text(3),
          row.text(4),
          row.text(5),
          row.text(6),
          row.integer(7)};
}

}  // namespace

QString ruleScopeName(RuleScope scope) {
  return scope == RuleScope::Device ? QStringLiteral("device") : QStringLiteral("model");
}

QString ruleKindName(RuleKind kind) {
  constexpr const char* kNames[] = {"skip", "block", "pin"};
  return QString::fromLatin1(kNames[static_cast<int>(kind)]);
}

// OR REPLACE also takes the place of a pin to another release: its index is unique.
Status ReleaseRuleTable::set(const ReleaseRuleRow& row) {
  return toStatus(database_.run(
      u"INSERT OR REPLACE INTO release_rule(scope, scope_id, kind, version, image_hash, reason, made_by, made_ms) "
      u"VALUES(?,?,?,?,?,?,?,?)",
      ruleScopeName(row.scope), row.scopeId, ruleKindName(row.kind), row.version, row.imageHash, row.reason, row.madeBy,
      row.madeMs));
}

Status ReleaseRuleTable::remove(const ReleaseRuleRow& row) {
  return expectChanged(
      database_.run(u"DELETE FROM release_rule WHERE scope=? AND scope_id=? AND kind=? AND version=? AND image_hash=?",
                    ruleScopeName(row.scope), row.scopeId, ruleKindName(row.kind), row.version, row.imageHash),
      QStringLiteral("%1 of %2 for %3").arg(ruleKindName(row.kind), row.version, row.scopeId));
}

Result<QList<ReleaseRuleRow>> ReleaseRuleTable::list() {
  SEALIFT_TRY(Statement statement, database_.prepare(kSelect.toString() + QStringLiteral("ORDER BY made_ms, version")));
  return readRows(statement, readRule);
}

Result<QList<ReleaseRuleRow>> ReleaseRuleTable::listFor(const QString& deviceId, const QString& modelId) {
  SEALIFT_TRY(
      Statement statement,
      database_.prepare(kSelect.toString() +
                        QStringLiteral("WHERE (scope='device' AND scope_id=?) OR (scope='model' AND scope_id=?) "
                                       "ORDER BY made_ms, version")));
  return readRows(statement.bind(deviceId, modelId), readRule);
}

}  // namespace sealift
