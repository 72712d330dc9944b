#include "app/store/database.h"
#include "app/store/deferral_table.h"
#include "app/store/migrations.h"
#include "app/store/release_rule_table.h"
#include "app/store/security_floor_table.h"
#include "app/store/setting_table.h"
#include "app/store/transaction.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QSqlDatabase>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <atomic>
#include <thread>
#include <vector>

using namespace sealift;

namespace {

bool runShell(const QString& path, const QString& sql) {
  QProcess shell;
  shell.start(QStringLiteral("sqlite3"), {QStringLiteral("-bail"), path, sql});
  return shell.waitForFinished(30'000) && shell.exitStatus() == QProcess::NormalExit && shell.exitCode() == 0;
}

QString readPragma(Database& database, const QString& name) {
  Result<Statement> statement = database.prepare(QStringLiteral("PRAGMA ") + name);
  return statement && statement->next().value_or(false) ? statement->text(0) : QString();
}

bool overwrite(const QString& path, qint64 at, const QByteArray& bytes) {
  QFile file(path);
  return file.open(QIODevice::ReadWrite) && file.seek(at) && file.write(bytes) == bytes.size();
}

// Takes back what the migrations from 3 on made.
QString backToSchema2() {
  return QStringLiteral(
      "DROP TABLE queue; DROP TABLE security_floor; DROP TABLE operator_account; DROP TABLE release_rule; DROP TABLE "
      "release_pause; "
      "DROP INDEX job_of_release; ALTER TABLE job DROP COLUMN release; ALTER TABLE consent DROP COLUMN reason; "
      "ALTER TABLE consent DROP COLUMN agreed_by;");
}

constexpr QFileDevice::Permissions kForOthers = QFileDevice::ReadGroup | QFileDevice::WriteGroup |
                                                QFileDevice::ReadOther | QFileDevice::WriteOther |
                                                QFileDevice::ExeGroup | QFileDevice::ExeOther;

}  // namespace

class StoreDatabaseTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<QTemporaryDir> temporary_;
  QString folder_;
  QString path_;

  std::unique_ptr<Database> open(DamagePolicy policy = DamagePolicy::SetAside) {
    Result<std::unique_ptr<Database>> opened = Database::open(folder_, policy);
    return opened ? std::move(*opened) : nullptr;
  }
  // Makes a database with a setting in it, closed again.
  bool prepareDatabase() {
    const std::unique_ptr<Database> database = open();
    return database && SettingTable(*database).set(QStringLiteral("a"), QStringLiteral("1"));
  }

 private Q_SLOTS:
  void init() {
    temporary_ = std::make_unique<QTemporaryDir>();
    folder_ = temporary_->path() + QStringLiteral("/data");
    path_ = folder_ + QStringLiteral("/sealift.db");
  }

  void isPrivateDurableAndMigrated() {
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    QVERIFY(SettingTable(*database).set(QStringLiteral("a"), QStringLiteral("1")));
    QCOMPARE(QFileInfo(folder_).permissions() & kForOthers, QFileDevice::Permissions());
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const QString file = path_ + QLatin1String(suffix);
      QVERIFY2(QFile::exists(file), qUtf8Printable(file));
      QCOMPARE(QFileInfo(file).permissions() & kForOthers, QFileDevice::Permissions());
    }
    QCOMPARE(readPragma(*database, QStringLiteral("journal_mode")), QStringLiteral("wal"));
    QCOMPARE(readPragma(*database, QStringLiteral("synchronous")), QStringLiteral("2"));
    QCOMPARE(readPragma(*database, QStringLiteral("foreign_keys")), QStringLiteral("1"));
    QVERIFY(readPragma(*database, QStringLiteral("user_version")).toInt() > 0);
    QVERIFY(database->checkIntegrity());
  }

  void migratesAnEmptyFile() {
    QVERIFY(QDir().mkpath(folder_));
    QFile file(path_);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.close();
    QVERIFY(file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    QVERIFY(SettingTable(*database).all());
    QCOMPARE(QFileInfo(path_).permissions() & kForOthers, QFileDevice::Permissions());
  }

  void keepsWhatWasWritten() {
    QVERIFY(prepareDatabase());
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    QCOMPARE(SettingTable(*database).find(QStringLiteral("a")).value(), QStringLiteral("1"));
    QVERIFY(database->setAsidePath().isEmpty());
  }

  void migratesAnOlderDatabase() {
    QVERIFY(prepareDatabase());
    QVERIFY(runShell(path_, backToSchema2() + QStringLiteral("DROP TABLE audit_entry; DROP TABLE audit_search; "
                                                             "DROP TABLE audit_node; DROP TABLE audit_head; "
                                                             "DROP TABLE audit_checkpoint; PRAGMA user_version=1;")));
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    QVERIFY(database->prepare(u"SELECT count(*) FROM audit_entry"));
    QCOMPARE(SettingTable(*database).find(QStringLiteral("a")).value(), QStringLiteral("1"));
  }

  // What older programs remembered of counters and skipped releases still counts.
  void rulesAndCountersMoveToTheirTables() {
    QVERIFY(prepareDatabase());
    QVERIFY(runShell(path_, backToSchema2() +
                                QStringLiteral("INSERT INTO setting VALUES('security-version.v/m/1','7'), "
                                               "('security-version.v/m/2@usb:1-2','4'), ('security-version.v/m/2','3');"
                                               "INSERT INTO deferral VALUES('device','v/m/1','m/a.bin','1.1.0','ab',"
                                               "'skip',NULL,5), ('device','v/m/1','m/b.bin','1.2.0','cd','remind',9,6);"
                                               "PRAGMA user_version=2;")));
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    SecurityFloorTable floors(*database);
    QCOMPARE(floors.find(QStringLiteral("v/m/1")).value()->told, 7U);
    QCOMPARE(floors.find(QStringLiteral("v/m/2")).value()->told, 4U);
    QCOMPARE(SettingTable(*database).all().value().size(), 1);
    const QList<ReleaseRuleRow> rules = ReleaseRuleTable(*database).list().value();
    QCOMPARE(rules.size(), 1);
    QVERIFY(rules[0].kind == RuleKind::Skip && rules[0].scope == RuleScope::Device);
    QCOMPARE(rules[0].version, QStringLiteral("1.1.0"));
    QCOMPARE(rules[0].imageHash, QStringLiteral("ab"));
    QCOMPARE(DeferralTable(*database).list().value().size(), 1);
  }

  void aMigrationThatFailsLeavesTheOldSchema() {
    QVERIFY(prepareDatabase());
    QVERIFY(runShell(
        path_,
        backToSchema2() + QStringLiteral("DROP TABLE audit_entry; DROP TABLE audit_search; DROP TABLE audit_head; "
                                         "PRAGMA user_version=1;")));  // audit_node is in the way
    QVERIFY(!Database::open(folder_));
    QVERIFY(runShell(path_, QStringLiteral("DROP TABLE audit_node; DROP TABLE audit_checkpoint;")));
    QVERIFY2(open(), "the tables that the migration made before it failed must be gone");
  }

  void refusesANewerDatabase() {
    QVERIFY(prepareDatabase());
    const QString version = readPragma(*open(), QStringLiteral("user_version"));
    QVERIFY(runShell(path_, QStringLiteral("PRAGMA user_version=1000;")));
    const Result<std::unique_ptr<Database>> opened = Database::open(folder_, DamagePolicy::StartFresh);
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::StoreNewer);
    QVERIFY(runShell(path_, QStringLiteral("PRAGMA user_version=%1;").arg(version)));
    QVERIFY2(open(), "it must have been left alone");
  }

  void refusesAnotherProgramsDatabase() {
    QVERIFY(QDir().mkpath(folder_));
    QVERIFY(runShell(path_, QStringLiteral("CREATE TABLE other(a);")));
    const Result<std::unique_ptr<Database>> opened = Database::open(folder_, DamagePolicy::StartFresh);
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::StoreOpen);
    QVERIFY(QFile::exists(path_));
  }

  void setsADamagedDatabaseAside_data() {
    QTest::addColumn<int>("damage");
    QTest::newRow("not a database") << 0;
    QTest::newRow("overwritten pages") << 1;
    QTest::newRow("malformed schema") << 2;
    QTest::newRow("cut short") << 3;
  }
  void setsADamagedDatabaseAside() {
    QFETCH(int, damage);
    QVERIFY(prepareDatabase());
    switch (damage) {
      case 0:
        QVERIFY(overwrite(path_, 0, QByteArray(4096, 'x')));
        break;
      case 1:
        QVERIFY(overwrite(path_, 4096, QByteArray(8 * 4096, '\x7f')));
        break;
      case 2:
        QVERIFY(runShell(path_, QStringLiteral("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE "
                                               "TABLE setting(' WHERE name='setting';")));
        break;
      default: {
        QFile file(path_);
        QVERIFY(file.resize(file.size() / 2));
      }
    }
    QFile before(path_);
    QVERIFY(before.open(QIODevice::ReadOnly));
    const QByteArray bytes = before.readAll();

    const Result<std::unique_ptr<Database>> opened = Database::open(folder_);
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::StoreDamaged);
    const QStringList asides = QDir(folder_).entryList({QStringLiteral("sealift.db.damaged-*Z")}, QDir::Files);
    QCOMPARE(asides.size(), 1);
    QVERIFY2(opened.error().what.contains(asides.first()), qUtf8Printable(opened.error().what));
    QFile aside(folder_ + QLatin1Char('/') + asides.first());
    QVERIFY(aside.open(QIODevice::ReadOnly));
    QCOMPARE(aside.readAll(), bytes);

    // Nobody asked for a fresh one, so none is made, now or later.
    const Result<std::unique_ptr<Database>> again = Database::open(folder_);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::StoreDamaged);
    QVERIFY(!QFile::exists(path_));
    const std::unique_ptr<Database> fresh = open(DamagePolicy::StartFresh);
    QVERIFY(fresh);
    QVERIFY(SettingTable(*fresh).all().value().isEmpty());
  }

  void startsFreshWhenAsked() {
    QVERIFY(prepareDatabase());
    QVERIFY(overwrite(path_, 0, QByteArray(4096, 'x')));
    const std::unique_ptr<Database> fresh = open(DamagePolicy::StartFresh);
    QVERIFY(fresh);
    QVERIFY(QFile::exists(fresh->setAsidePath()));
    QVERIFY(SettingTable(*fresh).set(QStringLiteral("b"), QStringLiteral("2")));
  }

  void refusesSharedFolders() {
    for (const QString& folder : {QDir::homePath(), QDir::tempPath(), QDir::rootPath()}) {
      const Result<std::unique_ptr<Database>> opened = Database::open(folder);
      QVERIFY(!opened);
      QCOMPARE(opened.error().code, ErrorCode::StoreOpen);
    }
  }

  void rollsBackWithoutCommit() {
    const std::unique_ptr<Database> database = open();
    SettingTable settings(*database);
    {
      const Result<Transaction> transaction = Transaction::beginWrite(*database);
      QVERIFY(transaction);
      QVERIFY(settings.set(QStringLiteral("a"), QStringLiteral("1")));
      const Result<Transaction> nested = Transaction::beginWrite(*database);
      QVERIFY(!nested);
      QCOMPARE(nested.error().code, ErrorCode::Internal);
    }
    QVERIFY(!settings.find(QStringLiteral("a")).value());
    Result<Transaction> second = Transaction::beginWrite(*database);
    QVERIFY(second);
    QVERIFY(settings.set(QStringLiteral("a"), QStringLiteral("2")));
    QVERIFY(second->commit());
    QVERIFY(!second->commit());
    QCOMPARE(settings.find(QStringLiteral("a")).value(), QStringLiteral("2"));
  }

  void readTransactionSeesOneState() {
    const std::unique_ptr<Database> database = open();
    SettingTable settings(*database);
    const Result<Transaction> snapshot = Transaction::beginRead(*database);
    QVERIFY(snapshot);
    QVERIFY(settings.all().value().isEmpty());
    std::thread writer([&] { QVERIFY(SettingTable(*database).set(QStringLiteral("a"), QStringLiteral("1"))); });
    writer.join();
    QVERIFY(settings.all().value().isEmpty());
  }

  // Whoever waited for a thread may end everything: nothing of it is left that would still close.
  void connectionEndsBeforeItsThread() {
    const std::unique_ptr<Database> database = open();
    QVERIFY(database);
    const qsizetype before = QSqlDatabase::connectionNames().size();
    for (int i = 0; i < 200; ++i) {
      const std::unique_ptr<QThread> thread(
          QThread::create([&] { QVERIFY(SettingTable(*database).set(QStringLiteral("a"), QStringLiteral("1"))); }));
      thread->start();
      thread->wait();
      QCOMPARE(QSqlDatabase::connectionNames().size(), before);
    }
  }

  void threadsTakeTurns() {
    const std::unique_ptr<Database> database = open();
    QVERIFY(SettingTable(*database).set(QStringLiteral("n"), QStringLiteral("0")));
    constexpr int kThreads = 4;
    constexpr int kRounds = 25;
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          Result<Transaction> transaction = Transaction::beginWrite(*database);
          SettingTable settings(*database);
          const int n = transaction ? settings.find(QStringLiteral("n")).value().value_or(QString()).toInt() : -1;
          if (n < 0 || !settings.set(QStringLiteral("n"), QString::number(n + 1)) || !transaction->commit()) {
            ++failures;
          }
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    QCOMPARE(failures.load(), 0);
    QCOMPARE(SettingTable(*database).find(QStringLiteral("n")).value(), QString::number(kThreads * kRounds));
  }

  void tellsErrorsApart() {
    const std::unique_ptr<Database> database = open();
    QVERIFY(database->run(u"CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL UNIQUE)"));
    QVERIFY(database->run(u"INSERT INTO t VALUES(1, ?)", QStringLiteral("x")));
    QCOMPARE(database->run(u"INSERT INTO t VALUES(1, 'y')").error().code, ErrorCode::AlreadyExists);
    QCOMPARE(database->run(u"INSERT INTO t VALUES(2, 'x')").error().code, ErrorCode::AlreadyExists);
    QCOMPARE(database->run(u"INSERT INTO t VALUES(3, ?)", std::optional<qint64>()).error().code,
             ErrorCode::StoreFailed);
    QCOMPARE(database->run(u"INSERT INTO nothing VALUES(3)").error().code, ErrorCode::StoreFailed);
    QCOMPARE(database->run(u"INSERT INTO consent(plan_digest, operator, notes_hash, given_ms) VALUES('p','o','n',1)")
                 .error()
                 .code,
             ErrorCode::NotFound);
  }

  void keepsValuesExactly() {
    const std::unique_ptr<Database> database = open();
    const QByteArray blob("\0\xff'\"", 4);
    const QString text = QStringLiteral("'; DROP TABLE setting; --\u00e4\U0001F6A2");
    Result<Statement> statement = database->prepare(u"SELECT ?, ?, ?, ?, ?");
    QVERIFY(statement);
    statement->bind(std::numeric_limits<qint64>::min(), blob, text, std::optional<qint64>(), QString());
    QVERIFY(statement->next().value());
    QCOMPARE(statement->integer(0), std::numeric_limits<qint64>::min());
    QCOMPARE(statement->bytes(1), blob);
    QCOMPARE(statement->text(2), text);
    QVERIFY(statement->isNull(3));
    QVERIFY(!statement->optionalInteger(3));
    QVERIFY(!statement->isNull(4));
    QVERIFY(!statement->next().value());
  }

  void closesWhenTheThreadOrTheDatabaseEnds() {
    {
      const std::unique_ptr<Database> database = open();
      std::thread([&] { QVERIFY(SettingTable(*database).set(QStringLiteral("a"), QStringLiteral("1"))); }).join();
    }
    // SQLite removes the write-ahead log when the last connection closes.
    QVERIFY(!QFile::exists(path_ + QStringLiteral("-wal")));
  }
};

QTEST_GUILESS_MAIN(StoreDatabaseTest)
#include "store_database_test.moc"
