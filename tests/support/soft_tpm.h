// swtpm as a TPM 2.0 of this test's own, on loopback, that can lose power and come back with what it kept.
#pragma once

#include <QDir>
#include <QProcess>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>

#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
#endif

namespace sealift {

class SoftTpm {
 public:
  SoftTpm() : folder_(QStringLiteral(SEALIFT_BINARY_DIR "/swtpm-XXXXXX")) { QDir().mkpath(path(u"state")); }
  ~SoftTpm() { stop(); }

  // On the same port again after stop(): the address of the TPM stays.
  bool start() {
    for (int attempt = 0; attempt < 5; ++attempt) {
      if (port_ == 0 && !choosePorts()) {
        return false;
      }
      process_.setProcessChannelMode(QProcess::MergedChannels);
#ifdef __linux__
      process_.setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });  // also when the test is killed
#endif
      process_.start(QStringLiteral("swtpm"),
                     {QStringLiteral("socket"), QStringLiteral("--tpm2"), QStringLiteral("--tpmstate"),
                      QStringLiteral("dir=") + path(u"state"), QStringLiteral("--server"),
                      QStringLiteral("type=tcp,port=%1,bindaddr=127.0.0.1").arg(port_), QStringLiteral("--ctrl"),
                      QStringLiteral("type=tcp,port=%1,bindaddr=127.0.0.1").arg(port_ + 1), QStringLiteral("--flags"),
                      QStringLiteral("not-need-init,startup-clear")});
      if (process_.waitForStarted(10'000) && answers()) {
        return true;
      }
      stop();
      port_ = started_ ? port_ : 0;  // somebody else took it in between
    }
    return false;
  }

  // As if its plug was pulled: it says no good-bye to the TPM's users.
  void stop() {
    if (process_.state() != QProcess::NotRunning) {
      process_.kill();
      process_.waitForFinished(10'000);
    }
    log_ += process_.isOpen() ? process_.readAll() : QByteArray();
  }

  QString tcti() const {
    return QStringLiteral("swtpm:host=127.0.0.1,port=%1").arg(port_);
  }
  QString path(QStringView name) const {
    return folder_.filePath(name.toString());
  }
  QByteArray log() const {
    return log_;
  }

  // One of tpm2-tools, on this TPM.
  bool tool(const QString& program, const QStringList& arguments) {
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.setWorkingDirectory(folder_.path());
    process.start(program, QStringList{QStringLiteral("-T"), tcti()} + arguments);
    const bool ended = process.waitForFinished(60'000);
    log_ += process.readAll();
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  }

 private:
  // The data port and the one after it, where tss2's swtpm connection expects the control channel.
  bool choosePorts() {
    for (int i = 0; i < 100; ++i) {
      QTcpServer data;
      QTcpServer control;
      if (data.listen(QHostAddress::LocalHost) &&
          control.listen(QHostAddress::LocalHost, static_cast<quint16>(data.serverPort() + 1))) {
        port_ = data.serverPort();
        return true;
      }
    }
    return false;
  }
  // A connection to the control channel only: the data channel serves one at a time.
  bool answers() {
    for (int i = 0; i < 200 && process_.state() == QProcess::Running; ++i) {
      QTcpSocket socket;
      socket.connectToHost(QHostAddress::LocalHost, static_cast<quint16>(port_ + 1));
      if (socket.waitForConnected(1'000)) {
        started_ = true;
        return true;
      }
      process_.waitForFinished(50);
    }
    return false;
  }

  QTemporaryDir folder_;
  QProcess process_;
  quint16 port_ = 0;
  bool started_ = false;
  QByteArray log_;
};

}  // namespace sealift
