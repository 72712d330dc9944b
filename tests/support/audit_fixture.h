// A station's audit log in a folder of its own, for tests.
#pragma once

#include "app/audit/audit_log.h"
#include "app/audit/audit_verifier.h"
#include "app/base/clock.h"
#include "app/base/file_io.h"
#include "app/store/database.h"
#include "keystore/crypto/private_key.h"
#include "keystore/secrets/signer.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>

#include <memory>

namespace sealift {

// Signs with a key in memory.
class KeySigner final : public Signer {
 public:
  explicit KeySigner(PrivateKey key) : key_(std::move(key)) {}
  static std::unique_ptr<KeySigner> generate() {
    Result<PrivateKey> key = PrivateKey::generate(KeyType::Ed25519);
    return key ? std::make_unique<KeySigner>(std::move(*key)) : nullptr;
  }
  const PublicKey& publicKey() const override { return key_.publicKey(); }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override {
    return key_.sign(scheme, message);
  }

 private:
  PrivateKey key_;
};

inline QString messageOf(const Status& status) {
  return status ? QString() : status.error().message();
}
template <class T>
QString messageOf(const Result<T>& result) {
  return result ? QString() : result.error().message();
}

inline AuditEntry makeAuditEntry(const QString& message, AuditEvent event = AuditEvent::DeviceSeen,
                                 AuditOutcome outcome = AuditOutcome::Recorded, const QString& subjectId = {}) {
  AuditEntry entry;
  entry.event = event;
  entry.actor = QStringLiteral("operator-1");
  entry.subject = {QStringLiteral("device"), subjectId.isEmpty() ? QStringLiteral("gw-0001") : subjectId,
                   QStringLiteral("Gateway")};
  entry.outcome = outcome;
  entry.message = message;
  return entry;
}

class AuditStation {
 public:
  AuditStation() : signer_(KeySigner::generate()), clock_(QDateTime::fromMSecsSinceEpoch(1'700'000'000'000, Qt::UTC)) {
    reopen();
  }
  ~AuditStation() { close(); }

  QString folder() const { return folder_.path() + QStringLiteral("/data"); }
  QString databasePath() const { return folder() + QStringLiteral("/sealift.db"); }
  Database& database() { return *database_; }
  AuditLog& log() { return *log_; }
  KeySigner& signer() { return *signer_; }
  ManualClock& clock() { return clock_; }
  bool isOpen() const { return log_ != nullptr; }

  void close() {
    log_.reset();
    database_.reset();
  }
  void reopen() {
    close();
    Result<std::unique_ptr<Database>> opened = Database::open(folder());
    if (opened) {
      database_ = std::move(*opened);
      log_ = std::make_unique<AuditLog>(*database_, *signer_, clock_);
    } else {
      qWarning("%s", qUtf8Printable(opened.error().message()));
    }
  }

  // Appends entries "entry 1", "entry 2" …, a second apart, in one transaction.
  Status fill(int count) {
    SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*database_));
    SEALIFT_TRY(qint64 number, log_->size());
    for (int i = 0; i < count; ++i) {
      clock_.advanceSeconds(1);
      SEALIFT_CHECK(log_->append(transaction, makeAuditEntry(QStringLiteral("entry %1").arg(++number))));
    }
    return transaction.commit();
  }

  Result<AuditReport> verify(const QList<TreeHead>& knownHeads = {}) {
    Progress progress;
    return verifyAuditLog(*database_, {{signer_->publicKey()}, knownHeads, true}, progress, CancelToken());
  }

  // Runs SQL as an attacker would, with the sqlite3 shell, beside the program. What it printed; false: it failed.
  bool runShell(const QString& sql, QString* output = nullptr) {
    QProcess shell;
    shell.start(QStringLiteral("sqlite3"), {QStringLiteral("-bail"), databasePath(), sql});
    if (!shell.waitForFinished(30'000)) {
      return false;
    }
    if (output) {
      *output = QString::fromUtf8(shell.readAllStandardOutput()).trimmed();
    }
    const QByteArray errors = shell.readAllStandardError();
    if (!errors.isEmpty()) {
      qWarning("sqlite3: %s", errors.constData());
    }
    return shell.exitStatus() == QProcess::NormalExit && shell.exitCode() == 0;
  }

 private:
  QTemporaryDir folder_;
  std::unique_ptr<KeySigner> signer_;
  ManualClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<AuditLog> log_;
};

}  // namespace sealift
