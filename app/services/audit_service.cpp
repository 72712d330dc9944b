#include "app/services/audit_service.h"

#include "app/audit/audit_query.h"
#include "app/audit/audit_verifier.h"
#include "app/audit/export.h"
#include "app/base/file_io.h"

#include <QLocale>
#include <QSaveFile>

namespace sealift {
namespace {

AuditSelection selectionFor(const AuditFilter& filter) {
  AuditSelection selection;
  selection.text = filter.text;
  if (filter.outcome == QLatin1String("succeeded")) {  // the one outcome that people call by the job's word
    selection.event = auditEventName(AuditEvent::UpdateSucceeded);
  } else {
    selection.outcome = filter.outcome;
  }
  if (filter.since) {
    selection.fromMs = filter.since->toMSecsSinceEpoch();
  }
  if (filter.until) {
    selection.untilMs = filter.until->toMSecsSinceEpoch();
  }
  return selection;
}

Badge badgeFor(const AuditRecord& record) {
  const std::optional<AuditOutcome> outcome = auditOutcomeFromName(record.outcome);
  const bool update = record.event == QLatin1String("update.succeeded");
  switch (outcome.value_or(AuditOutcome::Recorded)) {
    case AuditOutcome::Ok:
      return {Tone::Good, update ? QStringLiteral("Succeeded") : QStringLiteral("OK")};
    case AuditOutcome::Refused:
      return {Tone::Bad, QStringLiteral("Refused")};
    case AuditOutcome::Failed:
      return {Tone::Bad, QStringLiteral("Failed")};
    case AuditOutcome::Reverted:
      return {Tone::Warning, QStringLiteral("Reverted")};
    case AuditOutcome::Unknown:
      return {Tone::Warning, QStringLiteral("Unknown")};
    case AuditOutcome::Warning:
      return {Tone::Warning, QStringLiteral("Warning")};
    case AuditOutcome::Cancelled:
      return {Tone::Neutral, QStringLiteral("Cancelled")};
    case AuditOutcome::Recorded:
      break;
  }
  return {Tone::Neutral, QStringLiteral("Recorded")};
}

AuditRow rowFor(const AuditRecord& record) {
  AuditRow row;
  row.sequence = record.sequence;
  row.time = QDateTime::fromMSecsSinceEpoch(record.timeMs, Qt::UTC);
  row.event = record.event;
  row.actor = record.actor;
  row.subject = record.subject.name.isEmpty() ? record.subject.id : record.subject.name;
  row.message = record.message;
  row.outcome = badgeFor(record);
  row.outcomeName = record.outcome;
  return row;
}

}  // namespace

void AuditService::foundAtStart(const Error& problem) {
  const std::scoped_lock lock(mutex_);
  checked_ = true;
  problem_ = problem;
}

AuditHealth AuditService::healthFrom(qint64 entries, const std::optional<TreeHead>& head) const {
  AuditHealth health;
  health.entries = entries;
  if (head) {
    health.headTime = QDateTime::fromMSecsSinceEpoch(head->timeMs, Qt::UTC);
    health.headHash = QString::fromLatin1(head->rootHash.toHex());
  }
  const std::scoped_lock lock(mutex_);
  health.checked = checked_;
  health.problem = problem_;
  health.intact = checked_ && !problem_;
  const QLocale locale;
  const QString count = locale.toString(entries);
  const QString time = locale.toString(health.headTime.toLocalTime().time(), QLocale::ShortFormat);
  if (problem_) {
    health.text = QStringLiteral("Not intact. %1").arg(problem_->message());
  } else if (checked_) {
    health.text = QStringLiteral("Intact. %1 entries, tree head signed by this station's key at %2.").arg(count, time);
  } else {
    health.text =
        QStringLiteral("%1 entries, tree head signed at %2. Not verified yet in this session.").arg(count, time);
  }
  return health;
}

AuditHealth AuditService::health() const {
  const Result<qint64> size = core_.audit->size();
  const Result<std::optional<TreeHead>> head = core_.audit->head();
  AuditHealth health = healthFrom(size.value_or(0), head.value_or(std::nullopt));
  if (!size || !head) {
    health.intact = false;
    health.problem = size ? head.error() : size.error();
    health.text = health.problem->message();
  }
  return health;
}

qint64 AuditService::count(const AuditFilter& filter) const {
  if (filter.isEmpty()) {
    return core_.audit->size().value_or(0);
  }
  return AuditQuery(*core_.database).count(selectionFor(filter)).value_or(0);
}

QList<AuditRow> AuditService::page(const AuditFilter& filter, qint64 before, int limit) const {
  AuditQuery query(*core_.database);
  const AuditSelection selection = selectionFor(filter);
  const Result<QList<AuditRecord>> records =
      before > 0 ? query.pageBefore(selection, before, limit) : query.newestPage(selection, limit);
  QList<AuditRow> rows;
  if (records) {
    for (const AuditRecord& record : *records) {
      rows << rowFor(record);
    }
  }
  return rows;
}

Result<AuditDetail> AuditService::detail(qint64 sequence) const {
  SEALIFT_TRY(const std::optional<AuditRecord> record, AuditQuery(*core_.database).find(sequence));
  if (!record) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no entry %1.").arg(sequence));
  }
  AuditDetail detail;
  detail.row = rowFor(*record);
  detail.code = record->code;
  detail.subjectId = record->subject.id;
  detail.details = record->details;
  detail.leafHash = QString::fromLatin1(record->leafHash.toHex());
  // Proven now, from the leaf's own bytes to the signed head: not a flag that somebody stored.
  SEALIFT_TRY(const std::optional<TreeHead> head, core_.audit->head());
  const Result<InclusionProof> proof =
      head ? core_.audit->proveInclusion(sequence, head->treeSize)
           : Result<InclusionProof>(fail(ErrorCode::AuditTampered, QStringLiteral("The log has no signed head.")));
  const bool ownLeaf = proof && proof->leafHash == merkleLeafHash(record->leaf);
  const bool signedHead = head && checkTreeHead(HeadKind::Head, *head, core_.signerKeys()).has_value();
  detail.included = ownLeaf && signedHead && checkInclusion(*proof, head->rootHash);
  detail.proofText = detail.included ? QStringLiteral("Included in signed head")
                                     : QStringLiteral("Not proven: the log was changed outside Sealift");
  return detail;
}

Result<AuditHealth> AuditService::verify(const QString& headFile, const Progress::Sink& sink,
                                         const CancelToken& cancel) {
  AuditVerifyOptions options;
  options.keys = core_.signerKeys();
  if (!headFile.isEmpty()) {
    SEALIFT_TRY(const QByteArray bytes, readFile(headFile, kTreeHeadFileMaxBytes));
    SEALIFT_TRY(const TreeHead head, readTreeHead(bytes));
    options.knownHeads << head;
  }
  Progress progress(sink);
  SEALIFT_TRY(const AuditReport report, verifyAuditLog(*core_.database, options, progress, cancel));
  const Status status = report.toStatus();
  {
    const std::scoped_lock lock(mutex_);
    checked_ = true;
    problem_ = status ? std::nullopt : std::optional<Error>(status.error());
  }
  const AuditHealth health = healthFrom(report.entries, report.head);
  // A log that was tampered with refuses appends: signing on would cover it up. The finding itself is what counts.
  const Status recorded = core_.record(
      {.event = AuditEvent::AuditVerified,
       .actor = {},
       .subject = {QStringLiteral("station"), {}, {}},
       .outcome = status ? AuditOutcome::Ok : AuditOutcome::Failed,
       .code = status ? QString() : errorCodeName(status.error().code),
       .message = health.text,
       .details = {{QStringLiteral("entries"), report.entries}, {QStringLiteral("findings"), report.findingCount}}});
  if (status && !recorded) {
    return tl::unexpected<Error>(recorded.error());
  }
  changed_();
  return health;
}

Status AuditService::exportTo(const QString& path, const QString& format) {
  const std::optional<AuditExportFormat> wanted = auditExportFormatFromName(format);
  if (!wanted) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not an export format.").arg(format),
                QStringLiteral("Use jsonl or csv."));
  }
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be written: %2.").arg(path, file.errorString()));
  }
  Progress progress;
  SEALIFT_TRY(const qint64 entries, exportAuditLog(*core_.database, {}, *wanted, file, progress, core_.closing));
  if (!file.commit()) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be written: %2.").arg(path, file.errorString()));
  }
  SEALIFT_CHECK(core_.record({.event = AuditEvent::AuditExported,
                              .actor = {},
                              .subject = {QStringLiteral("station"), {}, {}},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("%1 entries as %2").arg(entries).arg(format),
                              .details = {}}));
  changed_();
  return {};
}

Status AuditService::exportHead(const QString& path) {
  SEALIFT_TRY(const std::optional<TreeHead> head, core_.audit->head());
  if (!head) {
    return fail(ErrorCode::NotFound, QStringLiteral("The log is empty: there is no head to export."));
  }
  SEALIFT_CHECK(writeFileAtomic(path, writeTreeHead(*head)));
  SEALIFT_CHECK(core_.record({.event = AuditEvent::AuditHeadExported,
                              .actor = {},
                              .subject = {QStringLiteral("station"), {}, {}},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Head over %1 entries").arg(head->treeSize),
                              .details = {{QStringLiteral("root"), QString::fromLatin1(head->rootHash.toHex())}}}));
  changed_();
  return {};
}

}  // namespace sealift
