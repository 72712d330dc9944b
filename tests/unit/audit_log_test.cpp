#include "app/audit/audit_log.h"

#include "app/store/job_table.h"
#include "app/store/journal_table.h"
#include "app/store/plan_table.h"
#include "tests/support/audit_fixture.h"

#include <QTest>

#include <atomic>
#include <thread>
#include <vector>

using namespace sealift;

class AuditLogTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<AuditStation> station_;

 private Q_SLOTS:
  void init() {
    station_ = std::make_unique<AuditStation>();
    QVERIFY(station_->isOpen());
  }
  void cleanup() { station_.reset(); }

  void countsFromOneAndSignsEachHead() {
    QVERIFY(!station_->log().head().value());
    for (qint64 i = 1; i <= 5; ++i) {
      QCOMPARE(station_->log().append(makeAuditEntry(QStringLiteral("entry"))).value(), i);
      const TreeHead head = station_->log().head().value().value();
      QCOMPARE(head.treeSize, i);
      QVERIFY(checkTreeHead(HeadKind::Head, head, {station_->signer().publicKey()}));
      QVERIFY(!checkTreeHead(HeadKind::Checkpoint, head, {station_->signer().publicKey()}));
    }
    const AuditReport report = station_->verify().value();
    QVERIFY2(report.isIntact(), qUtf8Printable(messageOf(report.toStatus())));
    QCOMPARE(report.entries, 5);
  }

  void everythingInAHeadIsSigned() {
    QVERIFY(station_->fill(3));
    const TreeHead head = station_->log().head().value().value();
    const QList<PublicKey> keys{station_->signer().publicKey()};
    TreeHead other = head;
    other.treeSize = 2;
    QVERIFY(!checkTreeHead(HeadKind::Head, other, keys));
    other = head;
    other.timeMs += 1;
    QVERIFY(!checkTreeHead(HeadKind::Head, other, keys));
    other = head;
    other.rootHash[0] = static_cast<char>(other.rootHash[0] ^ 1);
    QVERIFY(!checkTreeHead(HeadKind::Head, other, keys));
    other = head;
    other.keyId[0] = static_cast<char>(other.keyId[0] ^ 1);
    QVERIFY(!checkTreeHead(HeadKind::Head, other, keys));
    QVERIFY(!checkTreeHead(HeadKind::Head, head, {KeySigner::generate()->publicKey()}));
  }

  void exportedHeadComesBackWhole() {
    QVERIFY(station_->fill(3));
    const TreeHead head = station_->log().head().value().value();
    const QByteArray json = writeTreeHead(head);
    const TreeHead read = readTreeHead(json).value();
    QVERIFY(checkTreeHead(HeadKind::Head, read, {station_->signer().publicKey()}));
    QCOMPARE(writeTreeHead(read), json);
    for (const char* name : {"type", "version", "treeSize", "rootHash", "time", "keyId", "signature"}) {
      QByteArray without = json;
      without.replace('"' + QByteArray(name) + '"', "\"x\"");
      const Result<TreeHead> refused = readTreeHead(without);
      QVERIFY2(!refused && refused.error().code == ErrorCode::InvalidArgument, name);
    }
    QVERIFY(!readTreeHead("not json"));
    QVERIFY(!readTreeHead(QByteArray(kTreeHeadFileMaxBytes + 1, ' ')));
  }

  void continuesAfterARestart() {
    QVERIFY(station_->fill(1500));  // past a checkpoint
    station_->reopen();
    QCOMPARE(station_->log().append(makeAuditEntry(QStringLiteral("after"))).value(), 1501);
    QVERIFY(station_->verify().value().isIntact());
  }

  void provesInclusionAndConsistency() {
    QVERIFY(station_->fill(37));
    const TreeHead old = station_->log().head().value().value();
    QVERIFY(station_->fill(64));
    const TreeHead now = station_->log().head().value().value();
    for (qint64 n = 1; n <= now.treeSize; ++n) {
      QVERIFY(checkInclusion(station_->log().proveInclusion(n).value(), now.rootHash));
    }
    QVERIFY(checkInclusion(station_->log().proveInclusion(20, old.treeSize).value(), old.rootHash));
    QVERIFY(checkConsistency(station_->log().proveConsistency(old.treeSize).value(), old.rootHash, now.rootHash));
    QCOMPARE(station_->log().proveInclusion(now.treeSize + 1).error().code, ErrorCode::NotFound);
    QCOMPARE(station_->log().proveInclusion(0).error().code, ErrorCode::NotFound);
    QCOMPARE(station_->log().proveConsistency(now.treeSize + 1).error().code, ErrorCode::NotFound);
    QCOMPARE(station_->log().proveInclusion(1, now.treeSize + 1).error().code, ErrorCode::NotFound);
  }

  void commitsTogetherWithTheJournal() {
    QVERIFY(PlanTable(station_->database()).insert({QStringLiteral("d"), QStringLiteral("gw"), "{}", 1}));
    JobRow job;
    job.id = QStringLiteral("j");
    job.planDigest = QStringLiteral("d");
    QVERIFY(JobTable(station_->database()).insert(job));
    const auto record = [&](bool commit) -> Status {
      SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(station_->database()));
      SEALIFT_CHECK(JournalTable(station_->database())
                        .append({job.id, 0, 1, QStringLiteral("transfer"), JournalPhase::Intent, "{}"}));
      SEALIFT_CHECK(station_->log().append(transaction, makeAuditEntry(QStringLiteral("transfer"))));
      return commit ? transaction.commit() : Status();
    };
    for (const bool commit : {true, false, true}) {
      QVERIFY(record(commit));
    }
    QCOMPARE(JournalTable(station_->database()).list(job.id).value().size(), 2);
    QCOMPARE(station_->log().size().value(), 2);
    QVERIFY(station_->verify().value().isIntact());
    const Result<Transaction> open = Transaction::beginWrite(station_->database());
    QCOMPARE(station_->log().append(makeAuditEntry(QStringLiteral("nested"))).error().code, ErrorCode::Internal);
  }

  void threadsLoseNothing() {
    constexpr int kThreads = 4;
    constexpr int kEach = 50;
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) {
          failures += station_->log().append(makeAuditEntry(QStringLiteral("entry"))) ? 0 : 1;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    QCOMPARE(failures.load(), 0);
    const AuditReport report = station_->verify().value();
    QVERIFY2(report.isIntact(), qUtf8Printable(messageOf(report.toStatus())));
    QCOMPARE(report.entries, kThreads * kEach);
  }

  void twoLogsOfOneDatabaseKeepOneTree() {
    Result<std::unique_ptr<Database>> second = Database::open(station_->folder());
    QVERIFY(second);
    AuditLog other(**second, station_->signer(), station_->clock());
    for (int i = 0; i < 10; ++i) {
      QCOMPARE(station_->log().append(makeAuditEntry(QStringLiteral("here"))).value(), 2 * i + 1);
      QCOMPARE(other.append(makeAuditEntry(QStringLiteral("there"))).value(), 2 * i + 2);
    }
    QVERIFY(station_->verify().value().isIntact());
  }

  void aNewKeyGoesOnWhenTheOldOneIsKnown() {
    QVERIFY(station_->fill(3));
    const std::unique_ptr<KeySigner> newKey = KeySigner::generate();
    AuditLog stranger(station_->database(), *newKey, station_->clock());
    QCOMPARE(stranger.append(makeAuditEntry(QStringLiteral("no"))).error().code, ErrorCode::AuditTampered);
    AuditLog successor(station_->database(), *newKey, station_->clock(), {station_->signer().publicKey()});
    QCOMPARE(successor.append(makeAuditEntry(QStringLiteral("yes"))).value(), 4);
  }

  void doesNotSignWhatWasTamperedWith_data() {
    QTest::addColumn<QString>("sql");
    QTest::newRow("head deleted") << QStringLiteral("DELETE FROM audit_head");
    QTest::newRow("last entry deleted") << QStringLiteral("DELETE FROM audit_entry WHERE seq=12");
    QTest::newRow("peak replaced") << QStringLiteral("UPDATE audit_node SET hash=zeroblob(32) WHERE level=3");
    QTest::newRow("head's root replaced") << QStringLiteral("UPDATE audit_head SET root_hash=zeroblob(32)");
    QTest::newRow("entry added") << QStringLiteral(
        "INSERT INTO audit_entry(seq, leaf, leaf_hash) SELECT 13, leaf, leaf_hash FROM audit_entry WHERE seq=12");
  }
  void doesNotSignWhatWasTamperedWith() {
    QFETCH(QString, sql);
    QVERIFY(station_->fill(12));
    QVERIFY(station_->runShell(sql));
    station_->reopen();
    const Result<qint64> refused = station_->log().append(makeAuditEntry(QStringLiteral("next")));
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::AuditTampered);
  }

  void verifyingCanBeCancelledAndTellsProgress() {
    QVERIFY(station_->fill(10));
    CancelToken cancelled;
    cancelled.cancel();
    Progress silent;
    const Result<AuditReport> refused =
        verifyAuditLog(station_->database(), {{station_->signer().publicKey()}, {}, true}, silent, cancelled);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::Cancelled);
    double last = 0.0;
    Progress progress([&](const ProgressUpdate& update) { last = update.fraction; });
    QVERIFY(verifyAuditLog(station_->database(), {{station_->signer().publicKey()}, {}, true}, progress, {}));
    QCOMPARE(last, 1.0);
  }
};

QTEST_GUILESS_MAIN(AuditLogTest)
#include "audit_log_test.moc"
