// A board with two slots that runs Debian's real swupdate daemon on a port of loopback. The slots are files; the
// program that SWUpdate runs after an update and at a restart (-p) is a shell script that does the bootloader's part,
// and writes the document by which the board tells what it runs.
//
// A payload begins with the line "SLOT VERSION BYTES" and is BYTES long. With " bad" at its end it does not boot: the
// board stays on the slot that it had.
#pragma once

#include "devices/core/model.h"
#include "devices/images/swu_image.h"
#include "tests/support/nginx_server.h"
#include "tests/support/swu_maker.h"
#include "tests/support/test_authority.h"

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonObject>
#include <QProcess>
#include <QSslSocket>

#include <csignal>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace sealift::test {

class SwupdateBoard {
 public:
  struct Options {
    QByteArray authority;  // PEM: who may sign
    QString noDowngrading = QStringLiteral("1.0.0");
    QByteArray user;  // empty: anybody
    QByteArray password = {};
    QString alternativeName = QStringLiteral("IP:127.0.0.1,DNS:localhost");  // of the TLS certificate
    QString serial = QStringLiteral("SN-7");
    QStringList extra = {};
  };

  static QString program() {
    return QStandardPaths::findExecutable(QStringLiteral("swupdate"),
                                          {QStringLiteral("/usr/bin"), QStringLiteral("/usr/sbin")});
  }
  static QByteArray payload(const QByteArray& version, qsizetype bytes, bool boots = true) {
    QByteArray made = "SLOT " + version + ' ' + QByteArray::number(bytes) + (boots ? "" : " bad") + '\n';
    made.reserve(bytes);
    for (quint32 x = 1; made.size() < bytes;) {
      x = x * 1664525U + 1013904223U;
      made.append(static_cast<char>(x >> 24));
    }
    return made;
  }

  explicit SwupdateBoard(const Options& options) : options_(options) {}
  ~SwupdateBoard() { stop(); }

  // False with log() saying why.
  bool start(const QByteArray& runningVersion = "1.5.0") {
    for (const char* name : {"www", "run", "slots"}) {
      if (!makeFolder(path(QLatin1String(name)))) {
        return false;
      }
    }
    server_ = authority_.issue(QStringLiteral("device"), QStringLiteral("/CN=device"), options_.alternativeName);
    QByteArray accounts;
    if (!options_.user.isEmpty()) {
      accounts =
          options_.user + ":swupdate:" +
          QCryptographicHash::hash(options_.user + ":swupdate:" + options_.password, QCryptographicHash::Md5).toHex() +
          '\n';
    }
    if (server_.key.isEmpty() || !writeFileAtomic(path(QStringLiteral("ca.pem")), options_.authority) ||
        !writeFileAtomic(path(QStringLiteral("accounts")), accounts) || !layOut(runningVersion) || !writeScript()) {
      return false;
    }
    return powerOn();
  }
  // As start() left it, while its daemon runs on.
  bool deliverAgain(const QByteArray& runningVersion = "1.5.0") { return layOut(runningVersion) && runBootloader(); }
  bool isAsDelivered() const {
    return readFile(path(QStringLiteral("slots/B")), 1 << 24) == spareAtDelivery() &&
           QFile::symLinkTarget(spare()) == path(QStringLiteral("slots/B"));
  }
  // That it runs; nothing when that is not whole.
  std::optional<Version> firmware() const {
    const QByteArray content = readFile(path(QStringLiteral("current")), 1 << 24).value_or(QByteArray());
    const QList<QByteArray> words = content.left(content.indexOf('\n')).split(' ');
    const auto version = Version::parse(QString::fromLatin1(words.value(1)));
    return version && content.size() == words.value(2).toLongLong() ? std::optional(*version) : std::nullopt;
  }

  void stop() {
    if (process_.state() == QProcess::NotRunning) {
      return;
    }
    // The daemon's children stay when it alone is ended; they are all of one group, which is ours.
    const auto group = static_cast<pid_t>(process_.processId());
    process_.terminate();
    process_.waitForFinished(3'000);
    ::kill(-group, SIGKILL);
    process_.waitForFinished(3'000);
  }
  // The board loses its power, and has it again: what runs first then is the bootloader's part.
  void cutPower() {
    if (process_.state() != QProcess::NotRunning) {
      ::kill(-static_cast<pid_t>(process_.processId()), SIGKILL);
      process_.waitForFinished(3'000);
    }
  }
  bool powerOn() { return runBootloader() && startDaemon(); }
  bool restartDaemon() {
    stop();
    return startDaemon();
  }

  quint16 port() const { return port_; }
  QString address() const { return QStringLiteral("https:127.0.0.1:%1").arg(port_); }
  QByteArray tlsAuthority() const { return readFile(authority_.certificate(), 1 << 20).value_or(QByteArray()); }
  QString tlsAuthorityPath() const { return authority_.certificate(); }
  TestAuthority& authority() { return authority_; }
  QString spare() const { return path(QStringLiteral("spare")); }
  QString path(const QString& name) const { return folder_.filePath(name); }
  QByteArray status() const {
    return readFile(path(QStringLiteral("www/status.json")), 1 << 16).value_or(QByteArray());
  }
  QByteArray log() {
    return readFile(path(QStringLiteral("daemon.log")), 1 << 24).value_or(QByteArray()) + authority_.log();
  }
  qint64 daemonPid() const { return process_.processId(); }

  // `authority` (PEM) may sign its images.
  ModelDescription model(const QByteArray& authority) const {
    ModelDescription model;
    model.vendorId = QStringLiteral("norrland");
    model.id = QStringLiteral("gateway");
    model.name = QStringLiteral("Norrland Gateway");
    model.driver = QStringLiteral("swupdate");
    model.links = {LinkKind::Https};
    model.deviceNames = {QStringLiteral("board")};
    model.imageFormat = QStringLiteral("swu");
    model.imageKeys = {authority};
    model.timings = {.restartSeconds = 10, .confirmSeconds = 5};
    model.driverSettings = driverSettings();
    return model;
  }
  // The model's settings that fit this board.
  QJsonObject driverSettings() const {
    return {
        {QStringLiteral("serverCas"), QJsonArray{QString::fromLatin1(tlsAuthority())}},
        {QStringLiteral("status"), QJsonObject{{QStringLiteral("path"), QStringLiteral("/status.json")},
                                               {QStringLiteral("version"), QStringLiteral("/version")},
                                               {QStringLiteral("name"), QStringLiteral("/board")},
                                               {QStringLiteral("serial"), QStringLiteral("/serial")},
                                               {QStringLiteral("revision"), QStringLiteral("/revision")},
                                               {QStringLiteral("slot"), QStringLiteral("/slot")},
                                               {QStringLiteral("digest"), QStringLiteral("/digest")},
                                               {QStringLiteral("boot"), QStringLiteral("/boot")},
                                               {QStringLiteral("confirmed"), QStringLiteral("/confirmed")},
                                               {QStringLiteral("writtenVersion"), QStringLiteral("/written/version")},
                                               {QStringLiteral("writtenDigest"), QStringLiteral("/written/digest")}}},
        {QStringLiteral("digestOf"), QStringLiteral("rootfs.bin")},
        {QStringLiteral("trialBoot"), true}};
  }

 private:
  static QByteArray spareAtDelivery() { return payload("1.0.0", 4096); }
  bool layOut(const QByteArray& runningVersion) {
    for (const char* name : {"current", "spare", "pending"}) {
      (void)QFile::remove(path(QLatin1String(name)));
    }
    return writeFileAtomic(path(QStringLiteral("slots/A")), payload(runningVersion, 4096)) &&
           writeFileAtomic(path(QStringLiteral("slots/B")), spareAtDelivery()) &&
           writeFileAtomic(path(QStringLiteral("boot")), "1\n") &&
           QFile::link(path(QStringLiteral("slots/A")), path(QStringLiteral("current"))) &&
           QFile::link(path(QStringLiteral("slots/B")), spare());
  }
  bool runBootloader() {
    QProcess first;
    first.start(path(QStringLiteral("post.sh")), {QStringLiteral("start")});
    return first.waitForFinished(20'000) && first.exitCode() == 0;
  }
  bool writeScript() {
    const QByteArray script = R"sh(#!/bin/sh
# SWUpdate runs this after an update and at a restart; the test runs it once as "start".
cd ')sh" + folder_.path().toUtf8() +
                              R"sh(' || exit 1
version() { head -n 1 "$1" | cut -d ' ' -f 2; }
digest() { head -c "$(head -n 1 "$1" | cut -d ' ' -f 3)" "$1" | sha256sum | cut -d ' ' -f 1; }
spare=$(stat -L -c %y spare)  # an update writes it, a restart does not
if [ "$1" = start ]; then
  echo "$spare" > marked
elif [ "$spare" != "$(cat marked)" ]; then
  echo "$spare" > marked
  touch pending
else
  echo $(($(cat boot) + 1)) > boot
  if [ -e pending ]; then
    rm pending
    if ! head -n 1 spare | grep -q bad; then
      old=$(readlink current)
      ln -sfn "$(readlink spare)" current
      ln -sfn "$old" spare
      stat -L -c %y spare > marked
    fi
  fi
fi
written=null
if [ -e pending ]; then
  written="{\"version\": \"$(version spare)\", \"digest\": \"$(digest spare)\"}"
fi
cat > www/status.new <<END
{"board": "board", "serial": ")sh" +
                              options_.serial.toUtf8() + R"sh(", "revision": "1.0", "version": "$(version current)",
 "digest": "$(digest current)", "slot": "$(basename "$(readlink current)")", "boot": "$(cat boot)", "confirmed": true,
 "written": $written}
END
mv www/status.new www/status.json
)sh";
    QFile file(path(QStringLiteral("post.sh")));
    return file.open(QIODevice::WriteOnly) && file.write(script) == script.size() &&
           file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
  }

  bool startDaemon() {
    port_ = NginxServer::freePort();
    QString web = QStringLiteral("-p 127.0.0.1:%1 -s -C %2 -K %3 -r %4")
                      .arg(port_)
                      .arg(server_.certificate, server_.key, path(QStringLiteral("www")));
    if (!options_.user.isEmpty()) {
      web += QStringLiteral(" --auth-domain swupdate --global-auth-file ") + path(QStringLiteral("accounts"));
    }
    process_.setProcessChannelMode(QProcess::MergedChannels);
    process_.setStandardOutputFile(path(QStringLiteral("daemon.log")));
    process_.setWorkingDirectory(folder_.path());
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("TMPDIR"), path(QStringLiteral("run")));
    process_.setProcessEnvironment(environment);
    process_.setChildProcessModifier([] {
      ::setpgid(0, 0);  // so that its children can be ended with it
#ifdef __linux__
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test is killed
#endif
    });
    QStringList arguments{
        QStringLiteral("-l"), QStringLiteral("5"),         QStringLiteral("-k"), path(QStringLiteral("ca.pem")),
        QStringLiteral("-H"), QStringLiteral("board:1.0"), QStringLiteral("-p"), path(QStringLiteral("post.sh"))};
    if (!options_.noDowngrading.isEmpty()) {
      arguments << QStringLiteral("--no-downgrading") << options_.noDowngrading;
    }
    process_.start(program(), arguments + options_.extra + QStringList{QStringLiteral("-w"), web});
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 20'000) {
      QTcpSocket socket;
      socket.connectToHost(QHostAddress::LocalHost, port_);
      if (socket.waitForConnected(1'000)) {
        return true;
      }
      if (process_.state() == QProcess::NotRunning) {
        return false;
      }
      process_.waitForFinished(50);
    }
    return false;
  }

  Options options_;
  QTemporaryDir folder_;
  TestAuthority authority_{QStringLiteral("Norrland Device CA")};
  TestCertificate server_;
  QProcess process_;
  quint16 port_ = 0;
};

}  // namespace sealift::test
