#include "app/store/database.h"

#include "app/base/file_lock.h"
#include "app/store/data_folder.h"
#include "app/store/database_p.h"
#include "app/store/migrations.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QThread>
#include <QThreadStorage>

#include <atomic>
#include <map>

namespace sealift {
namespace {

// A thread's connections, by Database::Private::id.
using ThreadConnections = std::map<quint64, std::shared_ptr<Connection>>;

// This thread's. Closed when it ends, before QThread::wait() returns: a thread_local would be later than that, when
// Qt's own table of connections may be gone. Never deleted, since threads may end after everything static.
ThreadConnections& threadConnections() {
  static auto* const storage = new QThreadStorage<ThreadConnections>;
  return storage->localData();
}

quint64 nextDatabaseId() {
  static std::atomic<quint64> counter{1};
  return counter.fetch_add(1);
}

tl::unexpected<Error> damaged(const QString& what) {
  return fail(ErrorCode::StoreDamaged, what);
}

// quick_check and integrity_check give the one row "ok", or what they found (sqlite.org/pragma.html).
Status runCheck(Connection& connection, QStringView pragma) {
  SEALIFT_TRY(const QString found, connection.readText(pragma));
  if (found != QLatin1String("ok")) {
    return damaged(QStringLiteral("The database is damaged: %1.").arg(found));
  }
  return {};
}

// Reads the header and the whole schema; of a small database every page.
Status checkReadable(Connection& connection, const QString& path) {
  SEALIFT_CHECK(connection.readInteger(u"SELECT count(*) FROM sqlite_schema"));
  if (QFileInfo(path).size() <= kCheckOnOpenMaxBytes) {
    SEALIFT_CHECK(runCheck(connection, u"PRAGMA quick_check(1)"));
  }
  return {};
}

Status useWriteAheadLog(Connection& connection) {
  SEALIFT_TRY(const QString mode, connection.readText(u"PRAGMA journal_mode=WAL"));
  if (mode != QLatin1String("wal")) {
    return fail(ErrorCode::StoreOpen,
                QStringLiteral("The data folder's file system does not support SQLite's "
                               "write-ahead log."),
                QStringLiteral("Use a folder on a local disk."));
  }
  return {};
}

// One program at a time makes, migrates or sets aside, however long it takes. A crash leaves no lock behind.
Result<FileLock> lockOpening(const QString& path) {
  const QDeadlineTimer patience(kStoreBusyTimeout);
  for (;;) {
    SEALIFT_TRY(std::optional<FileLock> lock,
                FileLock::tryLock(path + QStringLiteral(".opening"), FileLock::Mode::Exclusive, FileLock::For::Owner));
    if (lock) {
      return std::move(*lock);
    }
    if (patience.hasExpired()) {
      return fail(ErrorCode::StoreBusy,
                  QStringLiteral("Another Sealift is opening the data folder %1.").arg(QFileInfo(path).path()));
    }
    QThread::msleep(20);
  }
}

// Everything that can find damage; the connection is closed again so that the file can be renamed.
Status prepareDatabase(const QString& path) {
  SEALIFT_TRY(const std::shared_ptr<Connection> connection, Connection::open(path));
  SEALIFT_CHECK(checkReadable(*connection, path));
  SEALIFT_CHECK(checkSchemaVersion(*connection));
  SEALIFT_CHECK(useWriteAheadLog(*connection));
  return migrate(*connection);
}

}  // namespace

Database::Database(std::unique_ptr<Private> d) : d_(std::move(d)) {}

Database::~Database() {
  const std::scoped_lock lock(d_->mutex);
  for (const std::weak_ptr<Connection>& known : d_->connections) {
    if (const std::shared_ptr<Connection> connection = known.lock()) {
      connection->close();
    }
  }
  threadConnections().erase(d_->id);
}

Result<std::unique_ptr<Database>> Database::open(const QString& folder, DamagePolicy policy) {
  SEALIFT_CHECK(makeDataFolder(folder));
  auto d = std::make_unique<Private>();
  d->id = nextDatabaseId();
  d->path = QDir(folder).absoluteFilePath(QLatin1String(kDatabaseName));

  SEALIFT_TRY(const FileLock opening, lockOpening(d->path));
  if (!QFile::exists(d->path) && policy == DamagePolicy::SetAside) {
    if (const QString earlier = newestSetAside(d->path); !earlier.isEmpty()) {
      return damaged(QStringLiteral("The database was damaged and is now %1; no new one was started.").arg(earlier));
    }
  }
  SEALIFT_CHECK(makeDatabaseFile(d->path));
  Status prepared = prepareDatabase(d->path);
  if (!prepared && prepared.error().code == ErrorCode::StoreDamaged) {
    SEALIFT_TRY(d->setAsidePath, setDatabaseAside(d->path));
    if (policy == DamagePolicy::SetAside) {
      return failBecause(ErrorCode::StoreDamaged,
                         QStringLiteral("The database is damaged and is now %1.").arg(d->setAsidePath),
                         prepared.error());
    }
    SEALIFT_CHECK(makeDatabaseFile(d->path));
    prepared = prepareDatabase(d->path);
  }
  SEALIFT_CHECK(prepared);
  return std::unique_ptr<Database>(new Database(std::move(d)));
}

QString Database::path() const {
  return d_->path;
}

QString Database::setAsidePath() const {
  return d_->setAsidePath;
}

Result<std::shared_ptr<Connection>> Database::connection() {
  ThreadConnections& connections = threadConnections();
  std::erase_if(connections, [](const auto& entry) { return !entry.second->isOpen(); });
  std::shared_ptr<Connection>& mine = connections[d_->id];
  if (!mine) {
    Result<std::shared_ptr<Connection>> opened = Connection::open(d_->path);
    if (!opened) {
      connections.erase(d_->id);
      return opened;
    }
    mine = std::move(*opened);
    const std::scoped_lock lock(d_->mutex);
    std::erase_if(d_->connections, [](const auto& known) { return known.expired(); });
    d_->connections.push_back(mine);
  }
  return mine;
}

Result<Statement> Database::prepare(QStringView sql) {
  SEALIFT_TRY(const std::shared_ptr<Connection> mine, connection());
  return mine->prepare(sql);
}

Status Database::checkIntegrity() {
  SEALIFT_TRY(const std::shared_ptr<Connection> mine, connection());
  return runCheck(*mine, u"PRAGMA integrity_check(1)");
}

}  // namespace sealift
