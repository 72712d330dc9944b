// Update files as a vendor makes them: signed by openssl(1), packed by cpio(1). With an authority, signers under it,
// and a stranger's.
#pragma once

#include "app/base/file_io.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QStringList>
#include <QTemporaryDir>

#include <openssl/evp.h>

namespace sealift::test {

struct SwuFile {
  QByteArray name;
  QByteArray content;
};

class SwuMaker {
 public:
  // The first tool that is missing; empty when all are there.
  static QString missingTool() {
    for (const char* tool : {"openssl", "cpio"}) {
      if (QStandardPaths::findExecutable(QLatin1String(tool)).isEmpty()) {
        return QLatin1String(tool);
      }
    }
    return {};
  }

  SwuMaker() {
    isReady_ = makeAuthority(QStringLiteral("ca"), QStringLiteral("Norrland Firmware CA")) &&
               makeAuthority(QStringLiteral("other-ca"), QStringLiteral("Somebody Else CA")) &&
               makeSigner(QStringLiteral("mail"), QStringLiteral("ca"), "emailProtection") &&
               makeSigner(QStringLiteral("code"), QStringLiteral("ca"), "codeSigning") &&
               makeSigner(QStringLiteral("server"), QStringLiteral("ca"), "serverAuth") &&
               makeSigner(QStringLiteral("stranger"), QStringLiteral("other-ca"), "emailProtection") &&
               makeSigner(QStringLiteral("rsa"), QStringLiteral("ca"), "emailProtection", QStringLiteral("rsa:2048"));
  }
  bool isReady() const { return isReady_; }
  QByteArray log() const { return log_; }

  QByteArray authority() const { return pem(QStringLiteral("ca.pem")); }
  QByteArray otherAuthority() const { return pem(QStringLiteral("other-ca.pem")); }
  QByteArray certificate(const QString& signer) const { return pem(signer + QStringLiteral(".pem")); }
  QByteArray publicKey(const QString& signer) {
    return run(QStringLiteral("openssl"),
               {QStringLiteral("x509"), QStringLiteral("-in"), path(signer + QStringLiteral(".pem")),
                QStringLiteral("-noout"), QStringLiteral("-pubkey")})
               ? lastOut_
               : QByteArray();
  }
  QString path(const QString& name) const { return folder_.filePath(name); }

  static QByteArray sha256Hex(const QByteArray& bytes) {
    QByteArray digest(32, Qt::Uninitialized);
    unsigned int size = 0;
    EVP_Digest(bytes.constData(), static_cast<std::size_t>(bytes.size()),
               reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(), nullptr);
    return digest.toHex();
  }
  // One image for the handler "raw".
  static QByteArray description(const QByteArray& version, const QByteArray& payload, const QByteArray& device,
                                const QByteArray& revision = "1.0") {
    return "software =\n{\n  version = \"" + version + "\";\n  description = \"Firmware of the test\";\n" +
           "  hardware-compatibility: [ \"" + revision +
           "\" ];\n  images: (\n    {\n      filename = \"rootfs.bin\";\n" + "      device = \"" + device +
           "\";\n      type = \"raw\";\n      sha256 = \"" + sha256Hex(payload) + "\";\n    }\n  );\n}\n";
  }

  // DER; empty when it failed.
  QByteArray sign(const QByteArray& content, const QString& signer = QStringLiteral("mail"),
                  const QString& digest = QStringLiteral("sha256")) {
    const QString in = path(QStringLiteral("to-sign"));
    const QString out = path(QStringLiteral("signed.der"));
    QFile::remove(out);
    return writeFileAtomic(in, content) &&
                   run(QStringLiteral("openssl"),
                       {QStringLiteral("cms"), QStringLiteral("-sign"), QStringLiteral("-in"), in,
                        QStringLiteral("-out"), out, QStringLiteral("-signer"), path(signer + QStringLiteral(".pem")),
                        QStringLiteral("-inkey"), path(signer + QStringLiteral(".key")), QStringLiteral("-outform"),
                        QStringLiteral("DER"), QStringLiteral("-nosmimecap"), QStringLiteral("-binary"),
                        QStringLiteral("-md"), digest})
               ? readFile(out, 1 << 20).value_or(QByteArray())
               : QByteArray();
  }
  // In this order. `format`: "crc" or "newc".
  QByteArray pack(const QList<SwuFile>& files, const QString& format = QStringLiteral("crc")) {
    QTemporaryDir folder;
    QByteArray names;
    for (const SwuFile& file : files) {
      if (!writeFileAtomic(folder.filePath(QString::fromLatin1(file.name)), file.content)) {
        return {};
      }
      names += file.name + '\n';
    }
    QProcess cpio;
    cpio.setWorkingDirectory(folder.path());
    cpio.start(QStringLiteral("cpio"), {QStringLiteral("-o"), QStringLiteral("-H"), format, QStringLiteral("--quiet")});
    cpio.write(names);
    cpio.closeWriteChannel();
    const bool ended = cpio.waitForFinished(120'000);
    log_ += cpio.readAllStandardError();
    return ended && cpio.exitCode() == 0 ? cpio.readAllStandardOutput() : QByteArray();
  }
  QByteArray make(const QByteArray& version, const QByteArray& payload, const QByteArray& device,
                  const QByteArray& revision = "1.0", const QString& signer = QStringLiteral("mail")) {
    const QByteArray text = description(version, payload, device, revision);
    return pack({{"sw-description", text}, {"sw-description.sig", sign(text, signer)}, {"rootfs.bin", payload}});
  }

 private:
  QByteArray pem(const QString& name) const { return readFile(path(name), 1 << 20).value_or(QByteArray()); }
  bool run(const QString& program, const QStringList& arguments) {
    QProcess process;
    process.start(program, arguments);
    const bool ended = process.waitForFinished(120'000);
    lastOut_ = process.readAllStandardOutput();
    log_ += process.readAllStandardError();
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
  }
  bool makeAuthority(const QString& name, const QString& title) {
    return run(QStringLiteral("openssl"),
               {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"), QStringLiteral("ec"),
                QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:P-256"), QStringLiteral("-nodes"),
                QStringLiteral("-keyout"), path(name + QStringLiteral(".key")), QStringLiteral("-out"),
                path(name + QStringLiteral(".pem")), QStringLiteral("-days"), QStringLiteral("3650"),
                QStringLiteral("-subj"), QStringLiteral("/CN=") + title});
  }
  bool makeSigner(const QString& name, const QString& issuer, const QByteArray& purpose,
                  const QString& key = QStringLiteral("ec")) {
    QStringList arguments{QStringLiteral("req"),
                          QStringLiteral("-x509"),
                          QStringLiteral("-newkey"),
                          key,
                          QStringLiteral("-nodes"),
                          QStringLiteral("-keyout"),
                          path(name + QStringLiteral(".key")),
                          QStringLiteral("-out"),
                          path(name + QStringLiteral(".pem")),
                          QStringLiteral("-CA"),
                          path(issuer + QStringLiteral(".pem")),
                          QStringLiteral("-CAkey"),
                          path(issuer + QStringLiteral(".key")),
                          QStringLiteral("-days"),
                          QStringLiteral("3650"),
                          QStringLiteral("-subj"),
                          QStringLiteral("/CN=Signer ") + name,
                          QStringLiteral("-addext"),
                          QStringLiteral("basicConstraints=CA:false"),
                          QStringLiteral("-addext"),
                          QStringLiteral("extendedKeyUsage=") + QString::fromLatin1(purpose)};
    if (key == QLatin1String("ec")) {
      arguments << QStringLiteral("-pkeyopt") << QStringLiteral("ec_paramgen_curve:P-256");
    }
    return run(QStringLiteral("openssl"), arguments);
  }

  QTemporaryDir folder_;
  QByteArray log_;
  QByteArray lastOut_;
  bool isReady_ = false;
};

}  // namespace sealift::test
