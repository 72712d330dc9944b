// Recomputes the whole log from its rows and finds what was done to it outside of Sealift: entries that were changed,
// deleted, inserted or reordered, tree nodes and heads that do not match, entries beyond or short of the signed head.
// An attacker who can also sign, or who restores an older copy of the whole database, is found only by a head that
// was exported before: give it as a known head.
#pragma once

#include "app/audit/tree_head.h"
#include "app/base/cancel_token.h"
#include "app/base/progress.h"
#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>
#include <QString>

#include <optional>

namespace sealift {

enum class AuditFindingKind {
  EntryChanged,     // an entry's bytes do not match its hash
  EntryMissing,     // a sequence number is not there
  EntryMisplaced,   // an entry stands where another belongs: reordered or inserted
  NodeWrong,        // the stored tree does not match the entries below it
  CheckpointWrong,  // a signed checkpoint is missing, not this station's, or does not match
  HeadWrong,        // the signed head is missing, not this station's, or does not match
  EntryBeyondHead,  // entries that no signed head covers
  Truncated,        // entries that the head, a checkpoint or a known head covers are not there
  KnownHeadWrong,   // a known head is not this station's, or the log had another past
  IndexWrong,       // what is shown or searched is not what is logged
};

struct AuditFinding {
  AuditFindingKind kind;
  qint64 sequence = 0;  // of the first entry that it concerns; 0 for an index
  QString what;         // one sentence
};

struct AuditReport {
  qint64 entries = 0;              // that were read
  QList<AuditFinding> findings;    // the first kMaxFindings, as they were met
  qint64 findingCount = 0;         // all of them
  std::optional<qint64> firstBad;  // the smallest sequence number that a finding concerns
  std::optional<TreeHead> head;    // that the log ends with

  static constexpr qsizetype kMaxFindings = 100;
  bool isIntact() const { return findingCount == 0; }
  // AuditTruncated when that is all that is wrong, AuditTampered for everything else; the first finding's words.
  Status toStatus() const;
};

struct AuditVerifyOptions {
  QList<PublicKey> keys;       // of the station: the present one and earlier ones
  QList<TreeHead> knownHeads;  // exported earlier
  bool checkIndexes = true;    // also compares indexes and full-text search with the entries
};

// Reads one consistent state; others may append meanwhile. Errors: Cancelled, Store…; what is wrong with the log is
// no error but a finding. Not for the GUI thread.
Result<AuditReport> verifyAuditLog(Database& database, const AuditVerifyOptions& options, Progress& progress,
                                   const CancelToken& cancel);

}  // namespace sealift
