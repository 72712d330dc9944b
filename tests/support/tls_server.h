// `openssl s_server` on loopback that lets in only clients with a certificate of its own authority, and answers each
// line with the line reversed. Certificates are made for the occasion by `openssl`.
#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslSocket>
#include <QTemporaryDir>

#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
#endif

namespace sealift {

class TlsServer {
 public:
  // False with `log()` saying why.
  bool makeAuthority() {
    return run({QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"), QStringLiteral("ec"),
                QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:P-256"), QStringLiteral("-nodes"),
                QStringLiteral("-keyout"), path(u"ca.key"), QStringLiteral("-out"), path(u"ca.pem"),
                QStringLiteral("-days"), QStringLiteral("30"), QStringLiteral("-subj"),
                QStringLiteral("/CN=Test CA")}) &&
           run({QStringLiteral("req"),
                QStringLiteral("-newkey"),
                QStringLiteral("ec"),
                QStringLiteral("-pkeyopt"),
                QStringLiteral("ec_paramgen_curve:P-256"),
                QStringLiteral("-nodes"),
                QStringLiteral("-keyout"),
                path(u"server.key"),
                QStringLiteral("-x509"),
                QStringLiteral("-CA"),
                path(u"ca.pem"),
                QStringLiteral("-CAkey"),
                path(u"ca.key"),
                QStringLiteral("-out"),
                path(u"server.pem"),
                QStringLiteral("-days"),
                QStringLiteral("30"),
                QStringLiteral("-subj"),
                QStringLiteral("/CN=localhost"),
                QStringLiteral("-addext"),
                QStringLiteral("subjectAltName=DNS:localhost")});
  }

  // A client certificate for a public key whose private half may be anywhere. Empty when it failed.
  QByteArray certify(const QByteArray& publicKeyPem) {
    QFile key(path(u"client-public.pem"));
    if (!key.open(QIODevice::WriteOnly | QIODevice::Truncate) || key.write(publicKeyPem) != publicKeyPem.size()) {
      return {};
    }
    key.close();
    if (!run({QStringLiteral("x509"), QStringLiteral("-new"), QStringLiteral("-force_pubkey"), key.fileName(),
              QStringLiteral("-CA"), path(u"ca.pem"), QStringLiteral("-CAkey"), path(u"ca.key"),
              QStringLiteral("-subj"), QStringLiteral("/CN=client"), QStringLiteral("-days"), QStringLiteral("30"),
              QStringLiteral("-out"), path(u"client.pem")})) {
      return {};
    }
    QFile certificate(path(u"client.pem"));
    return certificate.open(QIODevice::ReadOnly) ? certificate.readAll() : QByteArray();
  }

  // `version`: "-tls1_2" or "-tls1_3".
  bool start(const QString& version) {
    process_.setProcessChannelMode(QProcess::MergedChannels);
#ifdef __linux__
    process_.setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });  // also when the test is killed
#endif
    process_.start(QStringLiteral("openssl"),
                   {QStringLiteral("s_server"), QStringLiteral("-accept"), QStringLiteral("127.0.0.1:0"), version,
                    QStringLiteral("-cert"), path(u"server.pem"), QStringLiteral("-key"), path(u"server.key"),
                    QStringLiteral("-CAfile"), path(u"ca.pem"), QStringLiteral("-Verify"), QStringLiteral("2"),
                    QStringLiteral("-verify_return_error"), QStringLiteral("-rev")});
    static const QRegularExpression accept(QStringLiteral("ACCEPT 127\\.0\\.0\\.1:(\\d+)"));
    while (process_.state() != QProcess::NotRunning) {
      log_ += process_.readAll();
      if (const auto match = accept.match(QString::fromUtf8(log_)); match.hasMatch()) {
        port_ = static_cast<quint16>(match.captured(1).toUInt());
        return true;
      }
      if (!process_.waitForReadyRead(10'000)) {
        break;
      }
    }
    return false;
  }

  QSslConfiguration clientConfiguration() const {
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setCaCertificates(QSslCertificate::fromPath(path(u"ca.pem")));
    return configuration;
  }

  // The answer to one line, or what went wrong. With TLS 1.3 a refused certificate shows only here.
  QByteArray exchange(const QSslConfiguration& configuration) {
    QSslSocket socket;
    socket.setSslConfiguration(configuration);
    socket.setPeerVerifyName(QStringLiteral("localhost"));
    socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), port_);
    if (!socket.waitForEncrypted(20'000)) {
      return "error: " + socket.errorString().toUtf8();
    }
    socket.write("sealift\n");
    while (!socket.canReadLine() && socket.waitForReadyRead(20'000)) {
    }
    const QByteArray answer = socket.readLine();
    return answer.isEmpty() ? "error: " + socket.errorString().toUtf8() : answer.trimmed();
  }

  void stop() {
    if (process_.state() != QProcess::NotRunning) {
      process_.kill();
      process_.waitForFinished(10'000);
      log_ += process_.readAll();
    }
  }
  ~TlsServer() {
    stop();
  }
  QByteArray log() const {
    return log_;
  }
  QString path(QStringView name) const {
    return folder_.filePath(name.toString());
  }

 private:
  bool run(const QStringList& arguments) {
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QStringLiteral("openssl"), arguments);
    const bool ended = process.waitForFinished(30'000);
    log_ += process.readAll();
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  }

  QTemporaryDir folder_;
  QProcess process_;
  QByteArray log_;
  quint16 port_ = 0;
};

}  // namespace sealift
