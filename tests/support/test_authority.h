// A certificate authority of openssl(1), with certificates for servers and clients, expired ones, and revocation.
#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>

namespace sealift::test {

struct TestCertificate {
  QString certificate;  // path, PEM, the authority's after it
  QString key;          // path, PEM, not encrypted
};

class TestAuthority {
 public:
  explicit TestAuthority(const QString& name) {
    write(QStringLiteral("ca.cnf"),
          "[ca]\ndefault_ca=here\n[here]\ndatabase=" + path(QStringLiteral("index.txt")).toUtf8() +
              "\nnew_certs_dir=" + folder_.path().toUtf8() + "\ncertificate=" + certificate().toUtf8() +
              "\nprivate_key=" + path(QStringLiteral("ca.key")).toUtf8() +
              "\nrand_serial=yes\ndefault_md=sha256\npolicy=any\ndefault_crl_days=30\nunique_subject=no\n"
              "[any]\ncommonName=supplied\norganizationName=optional\norganizationalUnitName=optional\n");
    write(QStringLiteral("index.txt"), {});
    isReady_ = openssl({QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"), QStringLiteral("ec"),
                        QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:P-256"), QStringLiteral("-nodes"),
                        QStringLiteral("-keyout"), path(QStringLiteral("ca.key")), QStringLiteral("-out"),
                        certificate(), QStringLiteral("-days"), QStringLiteral("3650"), QStringLiteral("-subj"),
                        QStringLiteral("/CN=") + name}) &&
               writeRevocationList();
  }

  bool isReady() const { return isReady_; }
  QByteArray log() const { return log_; }
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString certificate() const { return path(QStringLiteral("ca.pem")); }
  QString revocationList() const { return path(QStringLiteral("ca.crl")); }

  // `alternativeName`: "IP:127.0.0.1,DNS:localhost", or empty for a client. Dates as YYYYMMDDHHMMSSZ.
  TestCertificate issue(const QString& name, const QString& subject, const QString& alternativeName = {},
                        const QString& from = QStringLiteral("20200101000000Z"),
                        const QString& to = QStringLiteral("20491231235959Z"), const QString& csr = {}) {
    const TestCertificate made{path(name + QStringLiteral(".pem")), path(name + QStringLiteral(".key"))};
    const QString request = csr.isEmpty() ? path(name + QStringLiteral(".csr")) : csr;
    const bool isServer = !alternativeName.isEmpty();
    write(name + QStringLiteral(".ext"),
          QByteArray("basicConstraints=CA:false\nextendedKeyUsage=") + (isServer ? "serverAuth" : "clientAuth") +
              (isServer ? "\nsubjectAltName=" + alternativeName.toUtf8() : QByteArray()) + "\n");
    const bool asked = !csr.isEmpty() || openssl({QStringLiteral("req"), QStringLiteral("-new"),
                                                  QStringLiteral("-newkey"), QStringLiteral("ec"),
                                                  QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:P-256"),
                                                  QStringLiteral("-nodes"), QStringLiteral("-keyout"), made.key,
                                                  QStringLiteral("-out"), request, QStringLiteral("-subj"), subject});
    const bool issued = asked && openssl({QStringLiteral("ca"), QStringLiteral("-batch"), QStringLiteral("-notext"),
                                          QStringLiteral("-config"), path(QStringLiteral("ca.cnf")),
                                          QStringLiteral("-in"), request, QStringLiteral("-out"), made.certificate,
                                          QStringLiteral("-startdate"), from, QStringLiteral("-enddate"), to,
                                          QStringLiteral("-extfile"), path(name + QStringLiteral(".ext"))});
    QFile key(made.key);
    if (key.exists()) {
      key.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }
    return issued ? made : TestCertificate();
  }

  // A client's certificate for a key that stays where it is. Its path; empty when it failed.
  QString certify(const QString& name, const QString& subject, const QByteArray& publicKeyPem) {
    write(name + QStringLiteral(".pub"), publicKeyPem);
    write(name + QStringLiteral(".ext"), "basicConstraints=CA:false\nextendedKeyUsage=clientAuth\n");
    const QString made = path(name + QStringLiteral(".pem"));
    const bool issued = openssl({QStringLiteral("x509"), QStringLiteral("-new"), QStringLiteral("-force_pubkey"),
                                 path(name + QStringLiteral(".pub")), QStringLiteral("-CA"), certificate(),
                                 QStringLiteral("-CAkey"), path(QStringLiteral("ca.key")), QStringLiteral("-subj"),
                                 subject, QStringLiteral("-days"), QStringLiteral("30"), QStringLiteral("-extfile"),
                                 path(name + QStringLiteral(".ext")), QStringLiteral("-out"), made});
    return issued ? made : QString();
  }

  bool revoke(const TestCertificate& certificate) {
    return openssl({QStringLiteral("ca"), QStringLiteral("-config"), path(QStringLiteral("ca.cnf")),
                    QStringLiteral("-revoke"), certificate.certificate}) &&
           writeRevocationList();
  }

  bool openssl(const QStringList& arguments) {
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QStringLiteral("openssl"), arguments);
    const bool ended = process.waitForFinished(60'000);
    log_ += process.readAll();
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  }

 private:
  bool writeRevocationList() {
    return openssl({QStringLiteral("ca"), QStringLiteral("-config"), path(QStringLiteral("ca.cnf")),
                    QStringLiteral("-gencrl"), QStringLiteral("-out"), revocationList()});
  }
  void write(const QString& name, const QByteArray& bytes) {
    QFile file(path(name));
    if (file.open(QIODevice::WriteOnly)) {
      file.write(bytes);
    }
  }

  QTemporaryDir folder_;
  QByteArray log_;
  bool isReady_ = false;
};

}  // namespace sealift::test
