// SoftHSM 2 with tokens of this test's own.
#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

namespace sealift {

inline const QString kSoftHsmModule = QStringLiteral("/usr/lib/softhsm/libsofthsm2.so");

class SoftHsm {
 public:
  // Sets SOFTHSM2_CONF for this process and its children. Below the build folder, apart from all others.
  SoftHsm() : folder_(QStringLiteral(SEALIFT_BINARY_DIR "/softhsm-XXXXXX")) {
    QDir().mkpath(tokens());
    QFile conf(folder_.filePath(QStringLiteral("softhsm2.conf")));
    if (conf.open(QIODevice::WriteOnly)) {
      conf.write("directories.tokendir = " + QFile::encodeName(tokens()) +
                 "\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n");
    }
    qputenv("SOFTHSM2_CONF", QFile::encodeName(conf.fileName()));
  }

  bool makeToken(const QString& label, const QString& pin) {
    return run(QStringLiteral("softhsm2-util"),
               {QStringLiteral("--init-token"), QStringLiteral("--free"), QStringLiteral("--label"), label,
                QStringLiteral("--pin"), pin, QStringLiteral("--so-pin"), QStringLiteral("so-") + pin});
  }
  // Another program's key, of pkcs11-tool from OpenSC.
  bool makeKey(const QString& token, const QString& pin, const QString& type, const QString& label, const QString& id) {
    return run(QStringLiteral("pkcs11-tool"),
               {QStringLiteral("--module"), kSoftHsmModule, QStringLiteral("--login"), QStringLiteral("--pin"), pin,
                QStringLiteral("--token-label"), token, QStringLiteral("--keypairgen"), QStringLiteral("--key-type"),
                type, QStringLiteral("--label"), label, QStringLiteral("--id"), id});
  }

  // Pulls all tokens out of their slots, and puts them back.
  bool remove() { return QDir().rename(tokens(), folder_.filePath(QStringLiteral("removed"))); }
  bool putBack() { return QDir().rename(folder_.filePath(QStringLiteral("removed")), tokens()); }

  QByteArray log() const { return log_; }
  QString path(QStringView name) const { return folder_.filePath(name.toString()); }

 private:
  QString tokens() const { return folder_.filePath(QStringLiteral("tokens")); }
  bool run(const QString& program, const QStringList& arguments) {
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    const bool ended = process.waitForFinished(60'000);
    log_ += process.readAll();
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  }

  QTemporaryDir folder_;
  QByteArray log_;
};

}  // namespace sealift
