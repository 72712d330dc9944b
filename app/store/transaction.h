// All or nothing on the calling thread's connection; everything that the thread does with the Database while it
// lives takes part. Rolled back when it ends without commit(). Not nested: beginning a second one is an error.
#pragma once

#include "app/base/result.h"

#include <memory>
#include <mutex>

namespace sealift {

class Connection;
class Database;

class Transaction {
 public:
  // BEGIN IMMEDIATE: waits for the turn to write (StoreBusy after kStoreBusyTimeout).
  static Result<Transaction> beginWrite(Database& database);
  // BEGIN: all reads see the database as it was at the first of them; writers are not held up.
  static Result<Transaction> beginRead(Database& database);

  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Status commit();
  Database& database() const { return *database_; }
  bool isWrite() const { return turn_.owns_lock(); }

 private:
  Transaction(Database& database, std::shared_ptr<Connection> connection, std::unique_lock<std::timed_mutex> turn)
      : database_(&database), connection_(std::move(connection)), turn_(std::move(turn)) {}

  Database* database_;
  std::shared_ptr<Connection> connection_;   // null once committed or moved from
  std::unique_lock<std::timed_mutex> turn_;  // writers of one program queue here, fairly and without polling
};

}  // namespace sealift
