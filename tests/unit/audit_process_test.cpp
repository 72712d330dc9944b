// Several processes append to one log; processes are killed while they do.
#include "app/audit/audit_verifier.h"
#include "app/base/file_io.h"
#include "tests/support/audit_fixture.h"

#include <QSet>
#include <QTest>

#include <array>

using namespace sealift;

class AuditProcessTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  QString dataFolder_;
  QString keyFile_;
  std::optional<PublicKey> publicKey_;

  void start(QProcess& process, int count) {
    process.start(QStringLiteral(SEALIFT_AUDIT_APPENDER), {dataFolder_, keyFile_, QString::number(count)});
  }
  static QList<qint64> readAcknowledged(QProcess& process) {
    QList<qint64> numbers;
    while (process.canReadLine()) {
      numbers.append(process.readLine().trimmed().toLongLong());
    }
    return numbers;
  }
  Result<AuditReport> verify() {
    SEALIFT_TRY(const std::unique_ptr<Database> database, Database::open(dataFolder_));
    Progress progress;
    return verifyAuditLog(*database, {{*publicKey_}, {}, true}, progress, CancelToken());
  }

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    dataFolder_ = folder_->path() + QStringLiteral("/data");
    keyFile_ = folder_->path() + QStringLiteral("/key.pem");
    const Result<PrivateKey> key = PrivateKey::generate(KeyType::Ed25519);
    QVERIFY(key);
    publicKey_ = key->publicKey();
    const Result<SecretBytes> pem = key->toPem();
    QVERIFY(pem);
    QVERIFY(writeFileAtomic(keyFile_, QByteArray(pem->view().data(), pem->view().size()), true));
  }

  void twoProcessesKeepOneTree() {
    constexpr int kEach = 60;
    std::array<QProcess, 2> processes;
    for (QProcess& process : processes) {
      start(process, kEach);
    }
    QSet<qint64> numbers;
    for (QProcess& process : processes) {
      QVERIFY(process.waitForFinished(60'000));
      QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
      const QList<qint64> acknowledged = readAcknowledged(process);
      QCOMPARE(acknowledged.size(), kEach);
      numbers.unite(QSet<qint64>(acknowledged.begin(), acknowledged.end()));
    }
    QCOMPARE(numbers.size(), 2 * kEach);  // no number was given twice
    const Result<AuditReport> report = verify();
    QVERIFY2(report && report->isIntact(), qUtf8Printable(messageOf(report) + messageOf(report->toStatus())));
    QCOMPARE(report->entries, 2 * kEach);
  }

  void killedWhileAppending() {
    qint64 lastAcknowledged = 0;
    for (int round = 0; round < 8; ++round) {
      QProcess process;
      start(process, 0);
      // Killed as soon as it has told of a few more, wherever it is then.
      const qint64 killAfter = lastAcknowledged + 1 + 3 * round;
      qint64 seen = 0;
      while (seen < killAfter) {
        QVERIFY2(process.waitForReadyRead(30'000), process.readAllStandardError().constData());
        for (const qint64 number : readAcknowledged(process)) {
          seen = number;
        }
      }
      process.kill();
      QVERIFY(process.waitForFinished(30'000));
      for (const qint64 number : readAcknowledged(process)) {
        seen = number;
      }
      lastAcknowledged = seen;
      const Result<AuditReport> report = verify();
      QVERIFY2(report && report->isIntact(), qUtf8Printable(messageOf(report) + messageOf(report->toStatus())));
      // One more may have been committed than could be told.
      QVERIFY(report->entries == lastAcknowledged || report->entries == lastAcknowledged + 1);
    }
  }
};

QTEST_GUILESS_MAIN(AuditProcessTest)
#include "audit_process_test.moc"
