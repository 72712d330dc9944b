// What an attacker can do to the log with the sqlite3 shell, and that verifying finds it.
#include "app/audit/audit_verifier.h"
#include "app/audit/merkle.h"
#include "tests/support/audit_fixture.h"

#include <QTest>

using namespace sealift;

namespace {

constexpr int kEntries = 2100;  // two checkpoints and a part

QString hexBlob(const QByteArray& bytes) {
  return QStringLiteral("x'%1'").arg(QString::fromLatin1(bytes.toHex()));
}

bool has(const AuditReport& report, AuditFindingKind kind) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [kind](const AuditFinding& finding) { return finding.kind == kind; });
}

}  // namespace

class AuditTamperTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<AuditStation> station_;
  QByteArray pristine_;  // the database before anybody touched it

  // Rewrites one entry and, as far as can be done without the key, everything over it.
  void rewriteEntryAndTree(qint64 sequence, bool alsoRootsOfHeads) {
    QString leafText;
    QVERIFY(station_->runShell(QStringLiteral("SELECT leaf FROM audit_entry WHERE seq=%1").arg(sequence), &leafText));
    const QByteArray leaf = leafText.toUtf8().replace("entry", "nothing");
    QString list;
    QVERIFY(station_->runShell(QStringLiteral("SELECT hex(leaf_hash) FROM audit_entry ORDER BY seq"), &list));
    QStringList hashes = list.split(QLatin1Char('\n'));
    hashes[sequence - 1] = QString::fromLatin1(merkleLeafHash(leaf).toHex());
    QString sql = QStringLiteral("BEGIN; UPDATE audit_entry SET leaf=CAST(%1 AS TEXT), leaf_hash=%2 WHERE seq=%3;")
                      .arg(hexBlob(leaf), hexBlob(merkleLeafHash(leaf)))
                      .arg(sequence);
    MerkleFrontier frontier;
    for (const QString& hash : hashes) {
      frontier.append(QByteArray::fromHex(hash.toLatin1()), [&](int level, qint64 position, const QByteArray& node) {
        if (position == (sequence - 1) >> level) {
          sql += QStringLiteral("UPDATE audit_node SET hash=%1 WHERE level=%2 AND position=%3;")
                     .arg(hexBlob(node))
                     .arg(level)
                     .arg(position);
        }
      });
      const QString root = hexBlob(frontier.root());
      if (alsoRootsOfHeads && frontier.size() % kAuditCheckpointInterval == 0 && frontier.size() >= sequence) {
        sql += QStringLiteral("UPDATE audit_checkpoint SET root_hash=%1 WHERE tree_size=%2;")
                   .arg(root)
                   .arg(frontier.size());
      }
    }
    if (alsoRootsOfHeads) {
      sql += QStringLiteral("UPDATE audit_head SET root_hash=%1;").arg(hexBlob(frontier.root()));
    }
    QVERIFY(
        station_->runShell(sql + QStringLiteral("INSERT INTO audit_search(audit_search) VALUES('rebuild');COMMIT;")));
  }

 private Q_SLOTS:
  void initTestCase() {
    station_ = std::make_unique<AuditStation>();
    QVERIFY(station_->isOpen());
    QVERIFY(station_->fill(kEntries));
    QVERIFY(station_->verify().value().isIntact());
    station_->close();
    pristine_ = readFile(station_->databasePath(), 100'000'000).value();
  }
  void init() {
    station_->close();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      QFile::remove(station_->databasePath() + QLatin1String(suffix));
    }
    QVERIFY(writeFileAtomic(station_->databasePath(), pristine_, true));
    station_->reopen();
    QVERIFY(station_->isOpen());
  }
  void cleanupTestCase() { station_.reset(); }

  void isFound_data() {
    QTest::addColumn<QString>("sql");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("firstBad");
    const auto row = [](const char* name, AuditFindingKind kind, int firstBad, const char* sql) {
      QTest::newRow(name) << QString::fromLatin1(sql) << static_cast<int>(kind) << firstBad;
    };
    using Kind = AuditFindingKind;
    row("changed message", Kind::EntryChanged, 50,
        "UPDATE audit_entry SET leaf=replace(leaf,'entry 50','entry 51') WHERE seq=50");
    row("changed white space", Kind::EntryChanged, 50, "UPDATE audit_entry SET leaf=leaf||' ' WHERE seq=50");
    row("changed outcome of the last", Kind::EntryChanged, 2100,
        "UPDATE audit_entry SET leaf=replace(leaf,'recorded','ok') WHERE seq=2100");
    row("changed first and last", Kind::EntryChanged, 1,
        "UPDATE audit_entry SET leaf=replace(leaf,'recorded','ok') WHERE seq IN (1,2100)");
    row("changed hash", Kind::EntryChanged, 7, "UPDATE audit_entry SET leaf_hash=zeroblob(32) WHERE seq=7");
    row("deleted one", Kind::EntryMissing, 1000, "DELETE FROM audit_entry WHERE seq=1000");
    row("deleted the first", Kind::EntryMissing, 1, "DELETE FROM audit_entry WHERE seq=1");
    row("deleted many", Kind::EntryMissing, 100, "DELETE FROM audit_entry WHERE seq BETWEEN 100 AND 199");
    row("deleted and closed the gap", Kind::EntryMisplaced, 1000,
        "DELETE FROM audit_entry WHERE seq=1000;"
        "UPDATE audit_entry SET seq=-seq WHERE seq>1000; UPDATE audit_entry SET seq=-seq-1 WHERE seq<0");
    row("reordered", Kind::EntryMisplaced, 10,
        "UPDATE audit_entry SET seq=-10 WHERE seq=10; UPDATE audit_entry SET seq=10 WHERE seq=20;"
        "UPDATE audit_entry SET seq=20 WHERE seq=-10");
    row("inserted a copy", Kind::EntryMisplaced, 2101,
        "INSERT INTO audit_entry(seq,leaf,leaf_hash) SELECT 2101,leaf,leaf_hash FROM audit_entry WHERE seq=5");
    row("inserted before the first", Kind::EntryMisplaced, 0,
        "INSERT INTO audit_entry(seq,leaf,leaf_hash) SELECT 0,leaf,leaf_hash FROM audit_entry WHERE seq=5");
    row("appended by hand", Kind::EntryBeyondHead, 2101,
        "INSERT INTO audit_entry(seq,leaf,leaf_hash) SELECT 2101,replace(leaf,'\"seq\":5','\"seq\":2101'),leaf_hash "
        "FROM audit_entry WHERE seq=5");
    row("truncated", Kind::Truncated, 2001, "DELETE FROM audit_entry WHERE seq>2000");
    row("emptied", Kind::Truncated, 1, "DELETE FROM audit_entry; DELETE FROM audit_node");
    row("changed node", Kind::NodeWrong, 17, "UPDATE audit_node SET hash=zeroblob(32) WHERE level=3 AND position=2");
    row("changed top node", Kind::NodeWrong, 1, "UPDATE audit_node SET hash=zeroblob(32) WHERE level=11");
    row("deleted node", Kind::NodeWrong, 17, "DELETE FROM audit_node WHERE level=3 AND position=2");
    row("added node", Kind::NodeWrong, 2101, "INSERT INTO audit_node VALUES(12,0,zeroblob(32))");
    row("added node below", Kind::NodeWrong, 2101, "INSERT INTO audit_node VALUES(0,0,zeroblob(32))");
    row("deleted head", Kind::HeadWrong, 1, "DELETE FROM audit_head");
    row("changed root of head", Kind::HeadWrong, 2100, "UPDATE audit_head SET root_hash=zeroblob(32)");
    row("changed size of head", Kind::HeadWrong, 2099, "UPDATE audit_head SET tree_size=2099");
    row("checkpoint as head", Kind::HeadWrong, 2048,
        "DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM audit_checkpoint WHERE tree_size=2048");
    row("deleted checkpoint", Kind::CheckpointWrong, 1024, "DELETE FROM audit_checkpoint WHERE tree_size=1024");
    row("changed checkpoint", Kind::CheckpointWrong, 1024,
        "UPDATE audit_checkpoint SET time_ms=time_ms+1 WHERE tree_size=1024");
    row("hidden from search", Kind::IndexWrong, 1,
        "INSERT INTO audit_search(audit_search,rowid,words) SELECT 'delete',seq,words FROM audit_entry WHERE seq=9");
  }
  void isFound() {
    QFETCH(QString, sql);
    QFETCH(int, kind);
    QFETCH(int, firstBad);
    QVERIFY(station_->runShell(sql));
    const Result<AuditReport> report = station_->verify();
    QVERIFY2(report, qUtf8Printable(messageOf(report)));
    QVERIFY(!report->isIntact());
    for (const AuditFinding& finding : report->findings) {
      qInfo("%lld: %s", static_cast<long long>(finding.sequence), qUtf8Printable(finding.what));
      QVERIFY(finding.what.endsWith(QLatin1Char('.')));
    }
    QVERIFY(has(*report, static_cast<AuditFindingKind>(kind)));
    if (kind != static_cast<int>(AuditFindingKind::IndexWrong)) {
      QCOMPARE(report->firstBad.value(), firstBad);
    }
    QVERIFY(!report->toStatus());
  }

  void aLeafAndItsHashTogether() {
    const QByteArray leaf = encodeLeaf(makeAuditEntry(QStringLiteral("forged")), 50, 1);
    QVERIFY(station_->runShell(QStringLiteral("UPDATE audit_entry SET leaf=CAST(%1 AS TEXT), leaf_hash=%2 WHERE seq=50")
                                   .arg(hexBlob(leaf), hexBlob(merkleLeafHash(leaf)))));
    const AuditReport report = station_->verify().value();
    QVERIFY(has(report, AuditFindingKind::NodeWrong));
    QCOMPARE(report.firstBad.value(), 49);  // the pair that the lowest node covers
  }

  void aWholeTreeRewrittenWithoutTheKey() {
    rewriteEntryAndTree(1500, false);
    AuditReport report = station_->verify().value();
    QVERIFY(has(report, AuditFindingKind::HeadWrong));
    QCOMPARE(report.firstBad.value(), 1025);  // the checkpoint for 1024 still holds
    rewriteEntryAndTree(1501, true);
    report = station_->verify().value();
    QVERIFY(has(report, AuditFindingKind::HeadWrong));
    QVERIFY(has(report, AuditFindingKind::CheckpointWrong));
  }

  void aTreeOfAnotherKey() {
    const std::unique_ptr<KeySigner> forger = KeySigner::generate();
    QVERIFY(
        station_->runShell(QStringLiteral("DELETE FROM audit_entry; DELETE FROM audit_node; DELETE FROM "
                                          "audit_head; DELETE FROM audit_checkpoint; INSERT INTO "
                                          "audit_search(audit_search) VALUES('rebuild')")));
    AuditLog forged(station_->database(), *forger, station_->clock());
    QVERIFY(forged.append(makeAuditEntry(QStringLiteral("nothing ever happened"))));
    QVERIFY(has(station_->verify().value(), AuditFindingKind::HeadWrong));
  }

  void anOlderCopyIsFoundOnlyByAnExportedHead() {
    station_->close();
    const QString copy = station_->folder() + QStringLiteral("/old-copy.db");
    QVERIFY(QFile::copy(station_->databasePath(), copy));
    station_->reopen();
    QVERIFY(station_->fill(100));
    const TreeHead exported = readTreeHead(writeTreeHead(station_->log().head().value().value())).value();
    station_->close();
    QVERIFY(QFile::remove(station_->databasePath()));
    QVERIFY(QFile::rename(copy, station_->databasePath()));
    station_->reopen();

    QVERIFY2(station_->verify().value().isIntact(), "the old copy by itself is a good log");
    const AuditReport report = station_->verify({exported}).value();
    QVERIFY(has(report, AuditFindingKind::Truncated));
    QCOMPARE(report.firstBad.value(), kEntries + 1);
    QCOMPARE(report.toStatus().error().code, ErrorCode::AuditTruncated);

    // Going on from the old copy does not help: the past is another one.
    QVERIFY(station_->fill(200));
    QVERIFY(station_->verify().value().isIntact());
    QVERIFY(has(station_->verify({exported}).value(), AuditFindingKind::KnownHeadWrong));
  }

  void anExportedHeadOfTheSameLogHolds() {
    const TreeHead exported = station_->log().head().value().value();
    QVERIFY(station_->fill(50));
    const AuditReport report = station_->verify({exported}).value();
    QVERIFY2(report.isIntact(), qUtf8Printable(messageOf(report.toStatus())));
  }

  void anExportedHeadOfAnotherStationDoesNot() {
    AuditStation other;
    QVERIFY(other.fill(10));
    QVERIFY(has(station_->verify({other.log().head().value().value()}).value(), AuditFindingKind::KnownHeadWrong));
  }

  void severalFindingsAreToldApart() {
    QVERIFY(station_->runShell(
        QStringLiteral("UPDATE audit_entry SET leaf=replace(leaf,'recorded','ok') WHERE seq%100=0")));
    const AuditReport report = station_->verify().value();
    QVERIFY(report.findingCount >= kEntries / 100);
    QCOMPARE(report.firstBad.value(), 100);
    QVERIFY(!has(report, AuditFindingKind::NodeWrong));  // only the entries were touched
    QVERIFY(!has(report, AuditFindingKind::HeadWrong));
  }
};

QTEST_GUILESS_MAIN(AuditTamperTest)
#include "audit_tamper_test.moc"
