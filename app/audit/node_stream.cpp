#include "app/audit/node_stream.h"

namespace sealift {

Status NodeStreams::advance(Level& level) {
  SEALIFT_TRY(level.hasRow, level.rows.next());
  level.position = level.hasRow ? level.rows.integer(0) : 0;
  return {};
}

Result<NodeStreams::Level*> NodeStreams::open(int level) {
  auto found = levels_.find(level);
  if (found == levels_.end()) {
    SEALIFT_TRY(Statement rows,
                database_.prepare(u"SELECT position, hash FROM audit_node WHERE level=? ORDER BY position"));
    rows.bind(level);
    found = levels_.emplace(level, Level{std::move(rows)}).first;
    SEALIFT_CHECK(advance(found->second));
  }
  return &found->second;
}

Result<QByteArray> NodeStreams::take(int level, qint64 position) {
  SEALIFT_TRY(Level* const rows, open(level));
  while (rows->hasRow && rows->position < position) {
    SEALIFT_CHECK(advance(*rows));
  }
  if (!rows->hasRow || rows->position != position) {
    return QByteArray();
  }
  QByteArray hash = rows->rows.bytes(1);
  ++taken_;
  SEALIFT_CHECK(advance(*rows));
  return hash;
}

Result<bool> NodeStreams::isExhausted() {
  SEALIFT_TRY(Statement count, database_.prepare(u"SELECT count(*) FROM audit_node"));
  SEALIFT_CHECK(count.next());
  return count.integer(0) == taken_;
}

}  // namespace sealift
