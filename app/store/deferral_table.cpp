#include "app/store/deferral_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

QString toText(DeferralScope scope) {
  return scope == DeferralScope::Device ? QStringLiteral("device") : QStringLiteral("model");
}

QString toText(DeferralKind kind) {
  return kind == DeferralKind::Skip ? QStringLiteral("skip") : QStringLiteral("remind");
}

DeferralRow readDeferral(const Statement& row) {
  return {row.text(0) == QLatin1String("model") ? DeferralScope::Model : DeferralScope::Device,
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          row.text(5) == QLatin1String("remind") ? DeferralKind::Remind : DeferralKind::Skip,
          row.optionalInteger(6),
          row.integer(7)};
}

}  // namespace

Status DeferralTable::set(const DeferralRow& row) {
  return toStatus(database_.run(
      u"INSERT INTO deferral(scope, scope_id, release_path, version, image_hash, kind, until_ms, made_ms) "
      u"VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(scope, scope_id, release_path) DO UPDATE SET version=excluded.version, "
      u"image_hash=excluded.image_hash, kind=excluded.kind, until_ms=excluded.until_ms, made_ms=excluded.made_ms",
      toText(row.scope), row.scopeId, row.releasePath, row.version, row.imageHash, toText(row.kind), row.untilMs,
      row.madeMs));
}

Status DeferralTable::remove(DeferralScope scope, const QString& scopeId, const QString& releasePath) {
  return expectChanged(database_.run(u"DELETE FROM deferral WHERE scope=? AND scope_id=? AND release_path=?",
                                     toText(scope), scopeId, releasePath),
                       QStringLiteral("choice about %1 for %2").arg(releasePath, scopeId));
}

Result<std::optional<DeferralRow>> DeferralTable::find(DeferralScope scope, const QString& scopeId,
                                                       const QString& releasePath) {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT scope, scope_id, release_path, version, image_hash, "
                                                     u"kind, until_ms, made_ms FROM deferral "
                                                     u"WHERE scope=? AND scope_id=? AND release_path=?"));
  return readRow(statement.bind(toText(scope), scopeId, releasePath), readDeferral);
}

Result<QList<DeferralRow>> DeferralTable::list() {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT scope, scope_id, release_path, version, image_hash, "
                                                     u"kind, until_ms, made_ms FROM deferral ORDER BY made_ms"));
  return readRows(statement, readDeferral);
}

}  // namespace sealift
