#include "app/store/connection.h"

#include "app/store/database.h"

#include <atomic>

namespace sealift {
namespace {

// Primary result codes (sqlite.org/rescode.html); the low byte of an extended code.
enum SqliteCode { kBusy = 5, kLocked = 6, kCorrupt = 11, kCantOpen = 14, kConstraint = 19, kNotADatabase = 26 };
// Extended codes.
enum SqliteExtendedCode { kConstraintForeignKey = 787, kConstraintPrimaryKey = 1555, kConstraintUnique = 2067 };

ErrorCode codeOf(int extended) {
  if (extended == kConstraintForeignKey) {
    return ErrorCode::NotFound;
  }
  if (extended == kConstraintPrimaryKey || extended == kConstraintUnique) {
    return ErrorCode::AlreadyExists;
  }
  switch (extended & 0xff) {
    case kBusy:
    case kLocked:
      return ErrorCode::StoreBusy;
    case kCorrupt:
    case kNotADatabase:
      return ErrorCode::StoreDamaged;
    case kCantOpen:
      return ErrorCode::StoreOpen;
    default:
      return ErrorCode::StoreFailed;
  }
}

QString makeConnectionName() {
  static std::atomic<quint64> counter{0};
  return QStringLiteral("sealift-%1").arg(counter.fetch_add(1));
}

}  // namespace

Error makeStoreError(const QSqlError& error, QStringView doing) {
  bool isNumber = false;
  const int native = error.nativeErrorCode().toInt(&isNumber);
  const ErrorCode code = isNumber ? codeOf(native) : ErrorCode::StoreFailed;
  const QString words = error.databaseText();
  switch (code) {
    case ErrorCode::NotFound:
      return makeError(code, QStringLiteral("The database has no row that this one refers to."));
    case ErrorCode::AlreadyExists:
      return makeError(code, QStringLiteral("The database already has this: %1.").arg(words));
    default:
      return makeError(
          code,
          QStringLiteral("The database could not %1: %2 (SQLite %3).").arg(doing, words, error.nativeErrorCode()));
  }
}

Result<std::shared_ptr<Connection>> Connection::open(const QString& path) {
  std::shared_ptr<Connection> connection(new Connection());
  connection->name_ = makeConnectionName();
  QSqlDatabase& database = connection->database_;
  database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), connection->name_);
  if (!database.isValid()) {
    return fail(ErrorCode::StoreOpen, QStringLiteral("Qt's SQLite driver is not installed."),
                QStringLiteral("Install the package libqt6sql6-sqlite."));
  }
  database.setDatabaseName(path);
  database.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=%1").arg(kStoreBusyTimeout.count()));
  if (!database.open()) {
    return fail(makeStoreError(database.lastError(), u"be opened"));
  }
  // fullfsync: only macOS needs it; there a plain fsync leaves the data in the drive's cache.
  // wal_autocheckpoint: an append to the audit log is a dozen pages; 16 MB of log make a checkpoint seldom.
  // trusted_schema stays on: SQLite 3.40 takes its own JSON functions, which the audit table's columns need, for unsafe
  // otherwise. No function with side effects is registered here, so that an edited schema finds none to call.
  for (const char* pragma :
       {"PRAGMA synchronous=FULL", "PRAGMA fullfsync=ON", "PRAGMA foreign_keys=ON", "PRAGMA cell_size_check=ON",
        "PRAGMA cache_size=-16384", "PRAGMA wal_autocheckpoint=4000"}) {
    SEALIFT_CHECK(connection->execute(QString::fromLatin1(pragma)));
  }
  return connection;
}

Connection::~Connection() {
  close();
}

void Connection::close() {
  if (!database_.isValid()) {
    return;
  }
  if (inTransaction_) {
    rollback();
  }
  // Qt wants every query and copy of the connection gone before its name is removed.
  idle_.clear();
  database_.close();
  database_ = QSqlDatabase();
  QSqlDatabase::removeDatabase(name_);
}

Result<Statement> Connection::prepare(QStringView sql) {
  auto d = std::make_unique<Statement::Private>();
  d->connection = shared_from_this();
  d->sql = sql.toString();
  if (const auto kept = idle_.find(d->sql); kept != idle_.end()) {
    d->query = std::move(*kept);
    idle_.erase(kept);
    return Statement(std::move(d));
  }
  d->query = QSqlQuery(database_);
  d->query.setForwardOnly(true);  // rows are not kept in memory
  if (!d->query.prepare(d->sql)) {
    return fail(makeStoreError(d->query.lastError(), u"understand a statement"));
  }
  return Statement(std::move(d));
}

Status Connection::execute(QStringView sql) {
  QSqlQuery query(database_);
  query.setForwardOnly(true);
  if (!query.exec(sql.toString())) {
    return fail(makeStoreError(query.lastError(), u"carry out a statement"));
  }
  return {};
}

Result<QString> Connection::readText(QStringView sql) {
  SEALIFT_TRY(Statement statement, prepare(sql));
  SEALIFT_TRY(const bool found, statement.next());
  return found ? statement.text(0) : QString();
}

Result<qint64> Connection::readInteger(QStringView sql) {
  SEALIFT_TRY(Statement statement, prepare(sql));
  SEALIFT_TRY(const bool found, statement.next());
  return found ? statement.integer(0) : 0;
}

Status Connection::begin(QStringView how) {
  if (inTransaction_) {
    return fail(ErrorCode::Internal, QStringLiteral("A transaction was begun inside another."));
  }
  SEALIFT_TRY(Statement statement, prepare(how));
  SEALIFT_CHECK(statement.run());
  inTransaction_ = true;
  return {};
}

Status Connection::commit() {
  SEALIFT_TRY(Statement statement, prepare(u"COMMIT"));
  SEALIFT_CHECK(statement.run());
  inTransaction_ = false;
  return {};
}

void Connection::rollback() {
  inTransaction_ = false;
  // An error can have rolled it back already (sqlite.org/lang_transaction.html, section 3); then this one fails.
  (void)execute(u"ROLLBACK");
}

}  // namespace sealift
