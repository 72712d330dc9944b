#include "app/store/release_pause_table.h"

#include "app/store/table_util.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace sealift {
namespace {

constexpr QStringView kSelect =
    u"SELECT release, vendor_id, model_id, version, devices, paused_ms, resumed_ms, resumed_by, "
    u"resume_reason, forgiven FROM release_pause ";

QStringList readTexts(const QString& json) {
  QStringList texts;
  const QJsonArray array = QJsonDocument::fromJson(json.toUtf8()).array();
  for (const QJsonValue& text : array) {
    texts << text.toString();
  }
  return texts;
}

QString writeTexts(const QStringList& texts) {
  return QString::fromUtf8(QJsonDocument(QJsonArray::fromStringList(texts)).toJson(QJsonDocument::Compact));
}

ReleasePauseRow readPause(const Statement& row) {
  return {row.text(0),
          row.text(1),
          row.text(2),
          row.text(3),
          readTexts(row.text(4)),
          row.integer(5),
          row.optionalInteger(6),
          row.text(7),
          row.text(8),
          readTexts(row.text(9))};
}

}  // namespace

Status ReleasePauseTable::set(const ReleasePauseRow& row) {
  return toStatus(database_.run(
      u"INSERT OR REPLACE INTO release_pause(release, vendor_id, model_id, version, devices, paused_ms, resumed_ms, "
      u"resumed_by, resume_reason, forgiven) VALUES(?,?,?,?,?,?,?,?,?,?)",
      row.release, row.vendorId, row.modelId, row.version, writeTexts(row.devices), row.pausedMs, row.resumedMs,
      row.resumedBy, row.resumeReason, writeTexts(row.forgiven)));
}

Result<std::optional<ReleasePauseRow>> ReleasePauseTable::find(const QString& release) {
  SEALIFT_TRY(Statement statement, database_.prepare(kSelect.toString() + QStringLiteral("WHERE release=?")));
  return readRow(statement.bind(release), readPause);
}

Result<QList<ReleasePauseRow>> ReleasePauseTable::listPaused() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(kSelect.toString() + QStringLiteral("WHERE resumed_ms IS NULL ORDER BY paused_ms")));
  return readRows(statement, readPause);
}

}  // namespace sealift
