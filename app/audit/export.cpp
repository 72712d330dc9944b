#include "app/audit/export.h"

#include "app/audit/audit_store.h"
#include "app/audit/canonical_json.h"
#include "app/store/transaction.h"

#include <QByteArrayList>
#include <QDateTime>

namespace sealift {
namespace {

QByteArray csvField(const QString& text) {
  QByteArray field = text.toUtf8();
  if (!field.isEmpty() && QByteArrayView("=+-@\t\r").contains(field.front())) {
    field.prepend('\'');
  }
  if (QByteArrayView(field).contains('"') || field.contains(',') || field.contains('\n') || field.contains('\r')) {
    field.replace('"', "\"\"");
    field = '"' + field + '"';
  }
  return field;
}

QByteArray csvLine(const QStringList& fields) {
  QByteArrayList line;
  for (const QString& field : fields) {
    line.append(csvField(field));
  }
  return line.join(',') + "\r\n";
}

QByteArray csvHeader() {
  return QByteArrayLiteral(
      "sequence,time,event,actor,subject_kind,subject_id,subject_name,outcome,code,message,details,leaf_hash\r\n");
}

QByteArray csvOf(const AuditRecord& record) {
  return csvLine({QString::number(record.sequence),
                  QDateTime::fromMSecsSinceEpoch(record.timeMs, Qt::UTC).toString(Qt::ISODateWithMs), record.event,
                  record.actor, record.subject.kind, record.subject.id, record.subject.name, record.outcome,
                  record.code, record.message, QString::fromUtf8(writeCanonicalJson(record.details)),
                  QString::fromLatin1(record.leafHash.toHex())});
}

QByteArray jsonLineOf(const AuditRecord& record) {
  if (record.event.isEmpty()) {  // somebody changed it: its bytes need not be JSON, nor one line
    return "{\"unreadable\":\"" + record.leaf.toBase64() + "\",\"hash\":\"" + record.leafHash.toHex() + "\"}\n";
  }
  return "{\"leaf\":" + record.leaf + ",\"hash\":\"" + record.leafHash.toHex() + "\"}\n";
}

Status write(QIODevice& out, const QByteArray& bytes) {
  if (out.write(bytes) != bytes.size()) {
    return fail(ErrorCode::FileWrite, QStringLiteral("The export could not be written: %1.").arg(out.errorString()));
  }
  return {};
}

Status writeHead(Database& database, QIODevice& out) {
  SEALIFT_TRY(const std::optional<TreeHead> head, AuditStore(database).readHead());
  return head ? write(out, "{\"head\":" + writeTreeHead(*head) + "}\n") : Status();
}

}  // namespace

std::optional<AuditExportFormat> auditExportFormatFromName(QStringView name) {
  if (name == QLatin1String("jsonl")) {
    return AuditExportFormat::JsonLines;
  }
  if (name == QLatin1String("csv")) {
    return AuditExportFormat::Csv;
  }
  return std::nullopt;
}

Result<qint64> exportAuditLog(Database& database, const AuditSelection& filter, AuditExportFormat format,
                              QIODevice& out, Progress& progress, const CancelToken& cancel) {
  SEALIFT_TRY(const Transaction snapshot, Transaction::beginRead(database));
  AuditQuery query(database);
  SEALIFT_TRY(const qint64 total, query.count({}));
  if (format == AuditExportFormat::Csv) {
    SEALIFT_CHECK(write(out, csvHeader()));
  }
  qint64 written = 0;
  qint64 last = 0;
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_TRY(const QList<AuditRecord> page, query.pageAfter(filter, last, AuditQuery::kMaxPage));
    for (const AuditRecord& record : page) {
      SEALIFT_CHECK(write(out, format == AuditExportFormat::Csv ? csvOf(record) : jsonLineOf(record)));
    }
    written += page.size();
    if (page.size() < AuditQuery::kMaxPage) {
      break;
    }
    last = page.last().sequence;
    progress.setFraction(total > 0 ? static_cast<double>(last) / static_cast<double>(total) : 1.0);
  }
  if (format == AuditExportFormat::JsonLines && filter.isEmpty()) {
    SEALIFT_CHECK(writeHead(database, out));
  }
  progress.finish();
  return written;
}

}  // namespace sealift
