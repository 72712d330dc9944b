// The append-only log. Each append writes the entry, the nodes of the tree that it completes and a newly signed tree
// head in one transaction. Safe from any thread; several programs may append to the same database.
#pragma once

#include "app/audit/entry.h"
#include "app/audit/merkle.h"
#include "app/audit/tree_head.h"
#include "app/base/clock.h"
#include "app/base/result.h"
#include "app/store/database.h"
#include "app/store/transaction.h"
#include "keystore/secrets/signer.h"

#include <QList>

#include <mutex>
#include <optional>

namespace sealift {

class AuditLog {
 public:
  // Database, signer and clock outlive the log. The signer is used by one thread at a time, the one that appends.
  // `earlierKeys`: this station's keys from before the signer's was made.
  AuditLog(Database& database, Signer& signer, const Clock& clock, QList<PublicKey> earlierKeys = {});

  // On the disk when it returns; gives the sequence number. AuditTampered, and nothing is written, when the newest
  // head is not this station's or does not match the tree: signing on would cover up what was done to the log.
  Result<qint64> append(const AuditEntry& entry);
  // As part of the caller's write transaction: there when and only when that commits.
  Result<qint64> append(Transaction& transaction, const AuditEntry& entry);

  Result<qint64> size();
  // The newest signed head; nothing while the log is empty.
  Result<std::optional<TreeHead>> head();

  // RFC 6962 section 2.1.1: the audit path of an entry in the tree of `treeSize` entries (0: the present one).
  // NotFound when there is no such entry. checkInclusion() (merkle.h) checks it.
  Result<InclusionProof> proveInclusion(qint64 sequence, qint64 treeSize = 0);
  // RFC 6962 section 2.1.2: that the tree of `oldSize` entries is the beginning of the one of `newSize` (0: the
  // present one). checkConsistency() checks it.
  Result<ConsistencyProof> proveConsistency(qint64 oldSize, qint64 newSize = 0);

 private:
  Result<MerkleFrontier> loadFrontier();

  Database& database_;
  Signer& signer_;
  const Clock& clock_;
  QList<PublicKey> keys_;
  std::mutex mutex_;         // guards frontier_
  MerkleFrontier frontier_;  // as of the last append from here; used when it still is the log's
};

}  // namespace sealift
