#include "app/audit/audit_log.h"

#include "app/audit/audit_store.h"

namespace sealift {

AuditLog::AuditLog(Database& database, Signer& signer, const Clock& clock, QList<PublicKey> earlierKeys)
    : database_(database), signer_(signer), clock_(clock), keys_(std::move(earlierKeys)) {
  keys_.prepend(signer.publicKey());
}

Result<qint64> AuditLog::append(const AuditEntry& entry) {
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(database_));
  SEALIFT_TRY(const qint64 sequence, append(transaction, entry));
  SEALIFT_CHECK(transaction.commit());
  return sequence;
}

Result<qint64> AuditLog::append(Transaction& transaction, const AuditEntry& entry) {
  if (&transaction.database() != &database_ || !transaction.isWrite()) {
    return fail(ErrorCode::Internal, QStringLiteral("An audit entry was appended outside of its database's turn."));
  }
  AuditStore store(database_);
  SEALIFT_TRY(MerkleFrontier frontier, loadFrontier());
  const qint64 sequence = frontier.size() + 1;
  const qint64 timeMs = clock_.nowUtc().toMSecsSinceEpoch();
  const QByteArray leaf = encodeLeaf(entry, sequence, timeMs);
  const QByteArray leafHash = merkleLeafHash(leaf);
  SEALIFT_CHECK(store.insertEntry(sequence, leaf, leafHash));
  if (sequence % kAuditWordsInterval == 0) {
    SEALIFT_CHECK(store.indexWords());
  }

  Status written;
  frontier.append(leafHash, [&](int level, qint64 position, const QByteArray& hash) {
    if (written) {
      written = store.insertNode(level, position, hash);
    }
  });
  SEALIFT_CHECK(written);

  const QByteArray root = frontier.root();
  SEALIFT_TRY(const TreeHead head, signTreeHead(HeadKind::Head, sequence, root, timeMs, signer_));
  SEALIFT_CHECK(store.replaceHead(head));
  if (sequence % kAuditCheckpointInterval == 0) {
    SEALIFT_TRY(const TreeHead checkpoint, signTreeHead(HeadKind::Checkpoint, sequence, root, timeMs, signer_));
    SEALIFT_CHECK(store.insertCheckpoint(checkpoint));
  }
  const std::scoped_lock lock(mutex_);
  frontier_ = std::move(frontier);
  return sequence;
}

Result<MerkleFrontier> AuditLog::loadFrontier() {
  AuditStore store(database_);
  SEALIFT_TRY(const std::optional<TreeHead> stored, store.readHead());
  const TreeHead now = stored.value_or(TreeHead{0, merkleEmptyRoot(), 0, {}, {}});
  // Another program may have appended, or a transaction that this frontier was part of was rolled back. The root
  // hash says which of it holds.
  {
    const std::scoped_lock lock(mutex_);
    if (frontier_.size() == now.treeSize && frontier_.size() > 0 && frontier_.root() == now.rootHash) {
      return frontier_;
    }
  }
  SEALIFT_TRY(const qint64 lastSequence, store.readLastSequence());
  if (lastSequence != now.treeSize) {
    return fail(ErrorCode::AuditTampered, QStringLiteral("The audit log's last entry is %1, but its head is for %2.")
                                              .arg(lastSequence)
                                              .arg(now.treeSize));
  }
  if (stored) {
    SEALIFT_CHECK(checkTreeHead(HeadKind::Head, *stored, keys_));
  }
  SEALIFT_TRY(MerkleFrontier frontier, readFrontier(now.treeSize, store.nodeReader()));
  if (frontier.root() != now.rootHash) {
    return fail(ErrorCode::AuditTampered, QStringLiteral("The audit log's tree does not match its signed head."));
  }
  return frontier;
}

Result<qint64> AuditLog::size() {
  SEALIFT_TRY(const std::optional<TreeHead> now, head());
  return now ? now->treeSize : 0;
}

Result<std::optional<TreeHead>> AuditLog::head() {
  return AuditStore(database_).readHead();
}

Result<InclusionProof> AuditLog::proveInclusion(qint64 sequence, qint64 treeSize) {
  SEALIFT_TRY(const qint64 present, size());
  const qint64 wanted = treeSize == 0 ? present : treeSize;
  if (wanted < 0 || wanted > present) {
    return fail(ErrorCode::NotFound, QStringLiteral("The log has %1 entries, not %2.").arg(present).arg(wanted));
  }
  return buildInclusionProof(sequence - 1, wanted, AuditStore(database_).nodeReader());
}

Result<ConsistencyProof> AuditLog::proveConsistency(qint64 oldSize, qint64 newSize) {
  SEALIFT_TRY(const qint64 present, size());
  const qint64 wanted = newSize == 0 ? present : newSize;
  if (wanted < 0 || wanted > present) {
    return fail(ErrorCode::NotFound, QStringLiteral("The log has %1 entries, not %2.").arg(present).arg(wanted));
  }
  return buildConsistencyProof(oldSize, wanted, AuditStore(database_).nodeReader());
}

}  // namespace sealift
