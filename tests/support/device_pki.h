// A vendor's device CA for tests, and openssl(1) beside it, so that what one makes the other reads.
#pragma once

#include "keystore/crypto/device_certificate.h"
#include "keystore/crypto/pem.h"
#include "keystore/secrets/certificate_issuer.h"
#include "keystore/secrets/file_signer.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

namespace sealift::test {

inline const QDateTime kFactoryDay(QDate(2026, 3, 1), QTime(8, 0), Qt::UTC);

// openssl(1) in a folder of its own.
class OpensslTool {
 public:
  struct Run {
    int exitCode = -1;
    QByteArray out;  // and what it said on its error stream
  };

  QString path(const QString& name) const { return folder_.filePath(name); }

  Run run(const QString& command) const {
    QProcess process;
    process.setWorkingDirectory(folder_.path());
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QStringLiteral("openssl"), QProcess::splitCommand(command));
    const bool ended = process.waitForFinished(60'000);
    return {ended && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAll()};
  }
  // Of commands that prepare something: their failure ends the test.
  void mustRun(const QString& command) const {
    const Run ran = run(command);
    if (ran.exitCode != 0) {
      qFatal("openssl %s: %s", qPrintable(command), ran.out.constData());
    }
  }
  void write(const QString& name, const QByteArray& bytes) const {
    QFile file(path(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
      qFatal("%s can't be written.", qPrintable(name));
    }
  }
  QByteArray read(const QString& name) const {
    QFile file(path(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }

 private:
  QTemporaryDir folder_;
};

inline PrivateKey copyOf(const PrivateKey& key) {
  return std::move(*PrivateKey::fromPem(key.toPem()->view()));
}

// One CA of Sealift's own. Its key is in memory, so that tests can also make what no CA should.
struct DeviceCa {
  PrivateKey key;
  QByteArray certificate;
  CertificateIssuer issuer;

  static DeviceCa make(const QString& name = QStringLiteral("Example Device CA"), KeyType type = KeyType::EcP256,
                       const std::optional<QDateTime>& notAfter = {}) {
    PrivateKey key = std::move(*PrivateKey::generate(type, 2048));
    const IssuerOrder order{name, QStringLiteral("Example"), kFactoryDay.addDays(-30), notAfter};
    const auto signer = [&] { return std::make_shared<FileSigner>(copyOf(key)); };
    const Result<QByteArray> certificate = CertificateIssuer::makeCertificate(order, signer());
    if (!certificate) {
      qFatal("%s", qPrintable(certificate.error().message()));
    }
    Result<CertificateIssuer> issuer = CertificateIssuer::make(*certificate, signer());
    if (!issuer) {
      qFatal("%s", qPrintable(issuer.error().message()));
    }
    return {std::move(key), *certificate, std::move(*issuer)};
  }

  // The newest list, valid for 30 days from `from`.
  QByteArray list(const QList<RevokedCertificate>& revoked = {}, const QDateTime& from = kFactoryDay) {
    const Result<QByteArray> made = issuer.issueList({1, from, from.addDays(30), revoked, {}});
    if (!made) {
      qFatal("%s", qPrintable(made.error().message()));
    }
    return *made;
  }
};

inline DeviceName deviceNamed(const QString& serialNumber) {
  return {serialNumber, QStringLiteral("Thermo T2"), QStringLiteral("Example"),
          HardwareModule{QStringLiteral("1.3.6.1.4.1.99999.1"), QByteArrayLiteral("\x01\x02\xff")}};
}

}  // namespace sealift::test
