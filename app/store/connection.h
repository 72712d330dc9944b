// Inside app/store only: one thread's connection and its compiled statements.
#pragma once

#include "app/base/result.h"
#include "app/store/statement.h"

#include <QHash>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QString>
#include <QStringView>

#include <memory>

namespace sealift {

// What SQLite said, as an Error of the code that fits (sqlite.org/rescode.html), e.g. StoreDamaged for SQLITE_CORRUPT.
Error makeStoreError(const QSqlError& error, QStringView doing);

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Opens an existing file and sets this connection's pragmas. Does not read the database yet.
  static Result<std::shared_ptr<Connection>> open(const QString& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // Rolls back what is open. Nothing may be called afterwards.
  void close();
  bool isOpen() const { return database_.isValid(); }

  Result<Statement> prepare(QStringView sql);
  // For statements that are run once: not kept.
  Status execute(QStringView sql);
  // The single value of a query's first row, e.g. of a PRAGMA.
  Result<QString> readText(QStringView sql);
  Result<qint64> readInteger(QStringView sql);

  bool inTransaction() const { return inTransaction_; }
  Status begin(QStringView how);
  Status commit();
  void rollback();

 private:
  friend class Statement;
  Connection() = default;

  QString name_;
  QSqlDatabase database_;
  QHash<QString, QSqlQuery> idle_;  // compiled, not in use now
  bool inTransaction_ = false;
};

struct Statement::Private {
  std::shared_ptr<Connection> connection;
  QString sql;
  QSqlQuery query;
  int bound = 0;
  bool executed = false;
};

}  // namespace sealift
