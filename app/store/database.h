// The station's database: one SQLite file in the data folder (design, section 6).
// Write-ahead log with synchronous=FULL, so that what was committed survives a loss of power
// (sqlite.org/pragma.html#pragma_synchronous). Safe from any thread: each thread gets a connection of its own
// (Qt: a connection may only be used by the thread that made it), closed when the thread or the Database ends.
// Several programs may have the same folder open; writers take turns.
#pragma once

#include "app/base/result.h"
#include "app/store/statement.h"

#include <QString>
#include <QStringView>

#include <chrono>
#include <memory>

namespace sealift {

// How long a writer waits for its turn before it gives StoreBusy.
inline constexpr std::chrono::milliseconds kStoreBusyTimeout{30'000};
// Up to this size the whole file is checked when it is opened; a larger one by checkIntegrity() when there is time.
inline constexpr qint64 kCheckOnOpenMaxBytes = 32LL * 1024 * 1024;

enum class DamagePolicy {
  SetAside,    // a damaged database is renamed beside; the error says where it is; no new one is started
  StartFresh,  // as above, then a new one is started; Database::setAsidePath() says where the old one is
};

class Database {
 public:
  // Opens or makes `folder`/sealift.db and brings it to the newest schema. The folder becomes 0700, the file 0600.
  // Errors: StoreNewer (written by a newer program; untouched), StoreDamaged (see DamagePolicy), StoreOpen,
  // StoreBusy, StoreFailed. Once a damaged one was set aside, opening with SetAside goes on to give StoreDamaged
  // until somebody asks to StartFresh or puts a good database in its place: nobody loses a log unawares.
  static Result<std::unique_ptr<Database>> open(const QString& folder, DamagePolicy policy = DamagePolicy::SetAside);
  ~Database();  // no other thread may be inside a call any more
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  QString path() const;
  // Where the damaged database went when this opening had to start a fresh one; otherwise empty.
  QString setAsidePath() const;

  Result<Statement> prepare(QStringView sql);
  // For one statement without rows.
  template <class... Values>
  Result<qint64> run(QStringView sql, const Values&... values) {
    SEALIFT_TRY(Statement statement, prepare(sql));
    return statement.bind(values...).run();
  }

  // PRAGMA integrity_check of everything, also that every index agrees with its table; StoreDamaged says what is
  // wrong. Takes seconds on a large database: not for the GUI thread.
  Status checkIntegrity();

 private:
  friend class Transaction;
  struct Private;
  explicit Database(std::unique_ptr<Private> d);
  Result<std::shared_ptr<Connection>> connection();

  std::unique_ptr<Private> d_;
};

}  // namespace sealift
