// Somebody with the sqlite3 shell and the tool's own data folder: verifying finds what was done, with exit status 8,
// and what is left can still be read.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

class CliAuditTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void tamperingIsFound_data();
  void tamperingIsFound();
  void olderDatabaseIsFoundAgainstAHead();
  void headOfAnotherStationIsRefused();

 private:
  QString databasePath() const { return world_->dataFolder() + QStringLiteral("/sealift.db"); }
  // True when the sqlite3 shell did it.
  bool shell(const QString& sql) const {
    QProcess sqlite;
    sqlite.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    sqlite.start(QStringLiteral("sqlite3"), {QStringLiteral("-bail"), databasePath(), sql});
    return sqlite.waitForFinished(kToolMs) && sqlite.exitStatus() == QProcess::NormalExit && sqlite.exitCode() == 0;
  }
  QByteArray databaseBytes() const {
    return shell(QStringLiteral("PRAGMA wal_checkpoint(TRUNCATE)")) ? readFile(databasePath(), 1 << 26).value()
                                                                    : QByteArray();
  }

  std::unique_ptr<CliWorld> world_;
};

void CliAuditTest::init() {
  if (QStandardPaths::findExecutable(QStringLiteral("sqlite3")).isEmpty()) {
    QSKIP("sqlite3 is not installed (package sqlite3)");
  }
  world_ = std::make_unique<CliWorld>();
  for (int run = 0; run < 4; ++run) {
    VERIFY_STATUS(world_->run("vendor list"), 0);
  }
  VERIFY_STATUS(world_->run("audit verify"), 0);
}

void CliAuditTest::tamperingIsFound_data() {
  QTest::addColumn<QString>("sql");
  const auto row = [](const char* name, const char* sql) { QTest::newRow(name) << QString::fromLatin1(sql); };
  row("changed", "UPDATE audit_entry SET leaf=replace(leaf,'signed','sighed') WHERE seq=3");
  row("deleted-in-the-middle", "DELETE FROM audit_entry WHERE seq=5");
  row("deleted-first", "DELETE FROM audit_entry WHERE seq=(SELECT min(seq) FROM audit_entry)");
  row("reordered",
      "BEGIN; CREATE TEMP TABLE two AS SELECT * FROM audit_entry WHERE seq IN (3,4);"
      "UPDATE audit_entry SET leaf=(SELECT leaf FROM two WHERE seq=7-audit_entry.seq),"
      "leaf_hash=(SELECT leaf_hash FROM two WHERE seq=7-audit_entry.seq) WHERE seq IN (3,4); COMMIT");
  row("truncated", "DELETE FROM audit_entry WHERE seq>8");
  row("truncated-with-nodes", "DELETE FROM audit_entry WHERE seq>8; DELETE FROM audit_node WHERE position>=4");
  row("inserted",
      "INSERT INTO audit_entry(seq,leaf,leaf_hash)"
      " SELECT (SELECT max(seq)+1 FROM audit_entry), leaf, leaf_hash FROM audit_entry WHERE seq=3");
  row("head-deleted", "DELETE FROM audit_head; DELETE FROM audit_checkpoint");
  row("head-forged", "UPDATE audit_head SET root_hash=zeroblob(32)");
  row("emptied", "DELETE FROM audit_entry; DELETE FROM audit_node; DELETE FROM audit_search");
}

void CliAuditTest::tamperingIsFound() {
  QFETCH(const QString, sql);
  QVERIFY(shell(sql));
  const Ran verified = world_->runJson("audit verify");
  VERIFY_STATUS(verified, 8);
  VERIFY_SCHEMA("audit-entry", verified);
  QCOMPARE(verified.json().value(QLatin1String("intact")).toBool(true), false);
  QVERIFY(verified.json().value(QLatin1String("problem")).isObject());
  const Ran text = world_->run("audit verify");
  VERIFY_STATUS(text, 8);
  QVERIFY2(text.out.contains("Not intact."), text.out.constData());
  // The evidence can be read.
  const Ran listed = world_->runJson("audit list");
  VERIFY_STATUS(listed, 0);
  VERIFY_SCHEMA("audit-entry", listed);
}

// All of the database as it was once, heads and signatures included: only a head that was kept elsewhere tells.
void CliAuditTest::olderDatabaseIsFoundAgainstAHead() {
  const QByteArray older = databaseBytes();
  QVERIFY(!older.isEmpty());
  for (int run = 0; run < 3; ++run) {
    VERIFY_STATUS(world_->run("vendor list"), 0);
  }
  const QString head = world_->file(QStringLiteral("head.json"));
  VERIFY_STATUS(world_->run({QStringLiteral("audit"), QStringLiteral("head"), head}), 0);
  const QStringList against{QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), head};
  VERIFY_STATUS(world_->run(against), 0);
  QVERIFY(!databaseBytes().isEmpty());  // nothing stays in the write-ahead log
  for (const char* suffix : {"-wal", "-shm"}) {
    QFile::remove(databasePath() + QLatin1String(suffix));
  }
  QVERIFY(writeFileAtomic(databasePath(), older));
  const Ran found = world_->runJson(against);
  VERIFY_STATUS(found, 8);
  VERIFY_SCHEMA("audit-entry", found);
  QCOMPARE(found.json().value(QLatin1String("problem")).toObject().value(QLatin1String("code")).toString(),
           QStringLiteral("audit.truncated"));
  VERIFY_STATUS(world_->run("audit verify"), 0);  // by itself it is a whole log
}

void CliAuditTest::headOfAnotherStationIsRefused() {
  CliWorld other;
  VERIFY_STATUS(other.run("vendor list"), 0);
  const QString head = other.file(QStringLiteral("head.json"));
  VERIFY_STATUS(other.run({QStringLiteral("audit"), QStringLiteral("head"), head}), 0);
  const Ran ran =
      world_->runJson({QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), head});
  VERIFY_STATUS(ran, 8);
}

QTEST_GUILESS_MAIN(CliAuditTest)
#include "cli_audit_test.moc"
