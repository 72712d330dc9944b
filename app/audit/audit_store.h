// Inside app/audit only: the rows of the log.
#pragma once

#include "app/audit/entry.h"
#include "app/audit/merkle.h"
#include "app/audit/tree_head.h"
#include "app/base/result.h"
#include "app/store/database.h"

#include <QByteArray>

#include <optional>

namespace sealift {

inline constexpr qint64 kAuditWordsInterval = 32;

class AuditStore {
 public:
  explicit AuditStore(Database& database) : database_(database) {}

  // Its words can be searched for once indexWords() has come by.
  Status insertEntry(qint64 sequence, const QByteArray& leaf, const QByteArray& leafHash);
  // The words of all entries whose words are not in the index yet. That index is a third of what an append writes, so
  // appends leave it to every kAuditWordsInterval-th of them, and whoever searches or verifies comes first otherwise.
  // As part of the caller's transaction, if there is one.
  Status indexWords();
  Status insertNode(int level, qint64 position, const QByteArray& hash);
  Status replaceHead(const TreeHead& head);
  Status insertCheckpoint(const TreeHead& head);

  Result<std::optional<TreeHead>> readHead();
  Result<qint64> readLastSequence();  // 0 when there are no entries
  // A complete node; AuditTampered when it is missing or of the wrong size.
  Result<QByteArray> readNode(int level, qint64 position);
  MerkleNodeReader nodeReader() {
    return [this](int level, qint64 position) { return readNode(level, position); };
  }

 private:
  Database& database_;
};

// The columns root_hash, time_ms, key_id, signature after tree_size, all from column `first` on.
TreeHead readHeadColumns(const Statement& row, int first = 0);

// What readRecord() reads, of audit_entry under the name e.
inline constexpr char kRecordColumns[] = "e.seq, CAST(e.leaf AS BLOB), e.leaf_hash";
// A leaf that can't be read (somebody changed it) still gives a record, which says so.
AuditRecord readRecord(const Statement& row);

}  // namespace sealift
