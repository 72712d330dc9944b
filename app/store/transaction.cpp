#include "app/store/transaction.h"

#include "app/store/connection.h"
#include "app/store/database.h"
#include "app/store/database_p.h"

namespace sealift {

Result<Transaction> Transaction::beginWrite(Database& database) {
  SEALIFT_TRY(std::shared_ptr<Connection> connection, database.connection());
  if (connection->inTransaction()) {  // asked before the queue: waiting for oneself would never end
    return fail(ErrorCode::Internal, QStringLiteral("A transaction was begun inside another."));
  }
  std::unique_lock<std::timed_mutex> turn(database.d_->writers, std::defer_lock);
  if (!turn.try_lock_for(kStoreBusyTimeout)) {
    return fail(ErrorCode::StoreBusy,
                QStringLiteral("The database was busy writing for %1 s.").arg(kStoreBusyTimeout.count() / 1000));
  }
  SEALIFT_CHECK(connection->begin(u"BEGIN IMMEDIATE"));
  return Transaction(database, std::move(connection), std::move(turn));
}

Result<Transaction> Transaction::beginRead(Database& database) {
  SEALIFT_TRY(std::shared_ptr<Connection> connection, database.connection());
  SEALIFT_CHECK(connection->begin(u"BEGIN"));
  return Transaction(database, std::move(connection), {});
}

Transaction::~Transaction() {
  if (connection_) {
    connection_->rollback();
  }
}

Status Transaction::commit() {
  if (!connection_) {
    return fail(ErrorCode::Internal, QStringLiteral("A transaction was ended twice."));
  }
  SEALIFT_CHECK(connection_->commit());
  connection_.reset();
  if (turn_.owns_lock()) {
    turn_.unlock();
  }
  return {};
}

}  // namespace sealift
