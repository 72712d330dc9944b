#include "app/services/proven_entry.h"

namespace sealift {

Status proveEntry(const StationCore& core, const AuditRecord& record) {
  SEALIFT_TRY(const std::optional<TreeHead> head, core.audit->head());
  if (!head) {
    return fail(ErrorCode::AuditTampered, QStringLiteral("The log has no signed head."));
  }
  SEALIFT_CHECK(checkTreeHead(HeadKind::Head, *head, core.signerKeys()));
  SEALIFT_TRY(const InclusionProof proof, core.audit->proveInclusion(record.sequence, head->treeSize));
  if (proof.leafHash != merkleLeafHash(record.leaf) || !checkInclusion(proof, head->rootHash)) {
    return fail(ErrorCode::AuditTampered,
                QStringLiteral("Entry %1 of the audit log is not the one that was signed.").arg(record.sequence));
  }
  return {};
}

Result<std::optional<AuditRecord>> newestProven(const StationCore& core, const QString& event,
                                                const QString& subjectId) {
  AuditSelection selection;
  selection.event = event;
  selection.subjectId = subjectId;
  SEALIFT_TRY(const QList<AuditRecord> newest, AuditQuery(*core.database).newestPage(selection, 1));
  if (newest.isEmpty()) {
    return std::nullopt;
  }
  SEALIFT_CHECK(proveEntry(core, newest.first()));
  return newest.first();
}

}  // namespace sealift
