#include "app/audit/audit_store.h"

namespace sealift {

TreeHead readHeadColumns(const Statement& row, int first) {
  return {row.integer(first), row.bytes(first + 1), row.integer(first + 2), row.bytes(first + 3), row.bytes(first + 4)};
}

AuditRecord readRecord(const Statement& row) {
  AuditRecord record;
  if (Result<AuditRecord> decoded = decodeLeaf(row.bytes(1))) {
    record = std::move(*decoded);
  } else {
    record.leaf = row.bytes(1);
    record.message = QStringLiteral("This entry can't be read: it was changed outside of Sealift. Verify the log.");
  }
  record.sequence = row.integer(0);
  record.leafHash = row.bytes(2);
  return record;
}

Status AuditStore::insertEntry(qint64 sequence, const QByteArray& leaf, const QByteArray& leafHash) {
  // The leaf is bound as bytes: its hash is over these very bytes, not over a conversion of them.
  SEALIFT_CHECK(database_.run(u"INSERT INTO audit_entry(seq, leaf, leaf_hash) VALUES(?, CAST(? AS TEXT), ?)", sequence,
                              leaf, leafHash));
  return {};
}

// FTS5 keeps one row an indexed entry in its table of sizes (sqlite.org/fts5.html, section 9.4).
Status AuditStore::indexWords() {
  SEALIFT_TRY(Statement newest, database_.prepare(u"SELECT coalesce(max(id), 0) FROM audit_search_docsize"));
  SEALIFT_CHECK(newest.next());
  const qint64 indexed = newest.integer(0);
  SEALIFT_TRY(const qint64 last, readLastSequence());
  if (indexed < last) {
    SEALIFT_CHECK(database_.run(
        u"INSERT INTO audit_search(rowid, words) SELECT seq, words FROM audit_entry WHERE seq>?", indexed));
  }
  return {};
}

Status AuditStore::insertNode(int level, qint64 position, const QByteArray& hash) {
  SEALIFT_CHECK(database_.run(u"INSERT INTO audit_node(level, position, hash) VALUES(?,?,?)", level, position, hash));
  return {};
}

Status AuditStore::replaceHead(const TreeHead& head) {
  SEALIFT_CHECK(database_.run(u"DELETE FROM audit_head"));
  SEALIFT_CHECK(
      database_.run(u"INSERT INTO audit_head(tree_size, root_hash, time_ms, key_id, signature) VALUES(?,?,?,?,?)",
                    head.treeSize, head.rootHash, head.timeMs, head.keyId, head.signature));
  return {};
}

Status AuditStore::insertCheckpoint(const TreeHead& head) {
  SEALIFT_CHECK(
      database_.run(u"INSERT INTO audit_checkpoint(tree_size, root_hash, time_ms, key_id, signature) VALUES(?,?,?,?,?)",
                    head.treeSize, head.rootHash, head.timeMs, head.keyId, head.signature));
  return {};
}

Result<std::optional<TreeHead>> AuditStore::readHead() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT tree_size, root_hash, time_ms, key_id, signature FROM audit_head"));
  SEALIFT_TRY(const bool found, statement.next());
  return found ? std::optional<TreeHead>(readHeadColumns(statement)) : std::nullopt;
}

Result<qint64> AuditStore::readLastSequence() {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT coalesce(max(seq), 0) FROM audit_entry"));
  SEALIFT_CHECK(statement.next());
  return statement.integer(0);
}

Result<QByteArray> AuditStore::readNode(int level, qint64 position) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(level == 0 ? u"SELECT leaf_hash FROM audit_entry WHERE seq=?"
                                           : u"SELECT hash FROM audit_node WHERE position=? AND level=?"));
  if (level == 0) {
    statement.bind(position + 1);
  } else {
    statement.bind(position, level);
  }
  SEALIFT_TRY(const bool found, statement.next());
  QByteArray hash = found ? statement.bytes(0) : QByteArray();
  if (hash.size() != kMerkleHashBytes) {
    return fail(ErrorCode::AuditTampered,
                QStringLiteral("The audit log's tree lacks node %1 of level %2.").arg(position).arg(level));
  }
  return hash;
}

}  // namespace sealift
