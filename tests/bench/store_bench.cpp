// store_bench [SECONDS]: how many rows of a job's journal and entries of the audit log reach the disk each second, one
// commit each, against what SQLite itself commits in the same run on the same disk with the same durability (WAL,
// synchronous=FULL) for rows of the same size. The three take turns in short rounds, so that a disk whose mood changes
// changes it for all. Prints medians and ratios; exits with 1 when one is below 0.8.
#include "app/store/job_table.h"
#include "app/store/plan_table.h"
#include "app/update/journal.h"
#include "tests/bench/bench_support.h"
#include "tests/support/audit_fixture.h"

#include <QFileInfo>

#include <functional>
#include <sqlite3.h>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kAppends = 40;  // a round
constexpr double kLeast = 0.8;
constexpr int kLogPages = 4000;  // as app/store/connection.cpp sets it
constexpr qint64 kLogBytes = qint64{kLogPages} * 4096;

// SQLite alone, as this program sets it up (app/store/connection.cpp).
class PlainSqlite {
 public:
  explicit PlainSqlite(const QString& path) {
    const QByteArray name = path.toUtf8();
    if (sqlite3_open(name.constData(), &database_) != SQLITE_OK) {
      give(QStringLiteral("SQLite does not open %1.").arg(path));
    }
    for (const char* sql :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-16384",
          "PRAGMA wal_autocheckpoint=4000", "CREATE TABLE plain(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)"}) {
      run(sql);
    }
    if (sqlite3_prepare_v2(database_, "INSERT INTO plain(bytes) VALUES(?)", -1, &insert_, nullptr) != SQLITE_OK) {
      give(QStringLiteral("SQLite does not prepare."));
    }
  }
  PlainSqlite(const PlainSqlite&) = delete;
  PlainSqlite& operator=(const PlainSqlite&) = delete;
  ~PlainSqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  void fillLog(const QByteArray& bytes) {
    run("PRAGMA synchronous=OFF");
    for (int i = 0; i < 2 * kLogPages; ++i) {
      commit(bytes);
    }
    run("PRAGMA synchronous=FULL");
  }
  void commit(const QByteArray& bytes) {
    sqlite3_bind_blob(insert_, 1, bytes.constData(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
    if (sqlite3_step(insert_) != SQLITE_DONE || sqlite3_reset(insert_) != SQLITE_OK) {
      give(QString::fromUtf8(sqlite3_errmsg(database_)));
    }
  }

 private:
  void run(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      give(QString::fromUtf8(sqlite3_errmsg(database_)));
    }
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

double perSecond(const std::function<void(int)>& append) {
  QElapsedTimer timer;
  timer.start();
  for (int i = 0; i < kAppends; ++i) {
    append(i);
  }
  return kAppends / seconds(timer);
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  const int time = std::clamp(QCoreApplication::arguments().value(1, QStringLiteral("12")).toInt(), 1, 600);
  AuditStation station;
  if (!station.isOpen()) {
    give(QStringLiteral("The store does not open."));
  }
  must(PlanTable(station.database()).insert({QStringLiteral("plan"), QStringLiteral("d-1"), "{}", 0}));
  must(JobTable(station.database())
           .insert({.id = QStringLiteral("job"),
                    .deviceId = QStringLiteral("d-1"),
                    .planDigest = QStringLiteral("plan"),
                    .state = QStringLiteral("running"),
                    .stage = QStringLiteral("check"),
                    .outcome = {},
                    .errorCode = {},
                    .startedMs = 0,
                    .endedMs = {},
                    .summary = "{}"}));
  Journal journal(station.database(), station.log(), station.clock(), QStringLiteral("job"),
                  {QStringLiteral("device"), QStringLiteral("d-1"), {}}, QStringLiteral("operator-1"));
  PlainSqlite plain(station.folder() + QStringLiteral("/plain.db"));
  const AuditEntry entry = makeAuditEntry(QStringLiteral("The gateway in hall 7 was seen at its address."));
  const QByteArray row(120, 'j');   // a journal's row: names, times and a short detail
  const QByteArray leaf(420, 'a');  // an entry's leaf

  // Until both write-ahead logs were checkpointed once and are written over: a file that grows costs more.
  plain.fillLog(row);
  while (QFileInfo(station.databasePath() + QStringLiteral("-wal")).size() < kLogBytes) {
    must(station.log().append(entry));
  }
  must(station.log().append(entry));

  std::vector<double> plainRow;
  std::vector<double> plainLeaf;
  std::vector<double> journalled;
  std::vector<double> audited;
  QElapsedTimer timer;
  for (timer.start(); seconds(timer) < time || plainRow.size() < 5;) {
    plainRow.push_back(perSecond([&](int) { plain.commit(row); }));
    journalled.push_back(perSecond([&](int i) {
      must(i % 2 == 0 ? journal.intent(QStringLiteral("transfer"))
                      : journal.result(QStringLiteral("transfer"), {{QStringLiteral("ok"), true}}));
    }));
    plainLeaf.push_back(perSecond([&](int) { plain.commit(leaf); }));
    audited.push_back(perSecond([&](int) { must(station.log().append(entry)); }));
  }
  const double journalRatio = median(journalled) / median(plainRow);
  const double auditRatio = median(audited) / median(plainLeaf);
  std::printf("%-46s %10.1f commits/s\n", "SQLite alone, rows of 120 bytes", median(plainRow));
  std::printf("%-46s %10.1f rows/s    %6.2f of SQLite\n", "journal, each row on the disk", median(journalled),
              journalRatio);
  std::printf("%-46s %10.1f commits/s\n", "SQLite alone, rows of 420 bytes", median(plainLeaf));
  std::printf("%-46s %10.1f entries/s %6.2f of SQLite\n", "audit log, each entry signed and on the disk",
              median(audited), auditRatio);
  return journalRatio >= kLeast && auditRatio >= kLeast ? 0 : 1;
}
