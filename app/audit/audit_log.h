// The append-only log. Each append writes the entry, the nodes of the tree that it completes and a newly signed tree
// head in one transaction. Safe from any thread; several programs may append to the same database.
#pragma once

#include "app/audit/entry.h"
#include "app/audit/head_signer.h"
#include "app/audit/merkle.h"
#include "app/audit/tree_head.h"
#include "app/base/clock.h"
#include "app/base/result.h"
#include "app/store/database.h"
#include "app/store/transaction.h"

#include <mutex>
#include <optional>

namespace sealift {

class AuditLog {
 public:
  // All three outlive the log. The signer must be usable from any thread.
  AuditLog(Database& database, const HeadSigner& signer, const Clock& clock);

  // On the disk when it returns; gives the sequence number.
  Result<qint64> append(const AuditEntry& entry);
  // As part of the caller's write transaction: there when and only when that commits.
  Result<qint64> append(Transaction& transaction, const AuditEntry& entry);

  Result<qint64> size();
  // The newest signed head; nothing while the log is empty.
  Result<std::optional<TreeHead>> head();

  // RFC 6962 section 2.1.1: the audit path of an entry in the tree of `treeSize` entries (0: the present one).
  // NotFound when there is no such entry. Merkle's verifyInclusion checks it.
  Result<InclusionProof> proveInclusion(qint64 sequence, qint64 treeSize = 0);
  // RFC 6962 section 2.1.2: that the tree of `oldSize` entries is the beginning of the one of `newSize` (0: the
  // present one).
  Result<ConsistencyProof> proveConsistency(qint64 oldSize, qint64 newSize = 0);

 private:
  Database& database_;
  const HeadSigner& signer_;
  const Clock& clock_;
};

}  // namespace sealift
