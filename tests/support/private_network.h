// A network namespace of the test's own (network_namespaces(7)): port 69 is free there, and nothing leaves this
// computer. For Linux; elsewhere, and where namespaces are not allowed, the test says why it can't run.
#pragma once

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QString>
#include <QStringList>

#ifdef Q_OS_LINUX
#include <cerrno>
#include <cstring>
#include <sched.h>
#include <unistd.h>
#endif

namespace sealift::test {

class PrivateNetwork {
 public:
  // Before the program has a second thread. Empty, or why it could not be.
  static QString enter() {
#ifdef Q_OS_LINUX
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(user == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      return QStringLiteral("no network namespace can be made here: %1")
          .arg(QString::fromLocal8Bit(std::strerror(errno)));
    }
    // user_namespaces(7): root in here is who started the test.
    const bool mapped = user == 0 || (writeText("/proc/self/setgroups", "deny") &&
                                      writeText("/proc/self/uid_map", "0 " + QByteArray::number(user) + " 1") &&
                                      writeText("/proc/self/gid_map", "0 " + QByteArray::number(group) + " 1"));
    if (!mapped) {
      return QStringLiteral("the user namespace could not be set up");
    }
    return ip({QStringLiteral("link"), QStringLiteral("set"), QStringLiteral("lo"), QStringLiteral("up")});
#else
    return QStringLiteral("network namespaces are Linux's");
#endif
  }

  // A network of this computer (192.168.77.1) and one machine, as QEMU's tap device. Empty, or why not.
  static QString addTap() {
    const QString dev = tap();
    if (!QFile::exists(QStringLiteral("/dev/net/tun"))) {
      return QStringLiteral("/dev/net/tun is missing");
    }
    QString why = ip({QStringLiteral("tuntap"), QStringLiteral("add"), QStringLiteral("dev"), dev,
                      QStringLiteral("mode"), QStringLiteral("tap")});
    if (why.isEmpty()) {
      why = ip(
          {QStringLiteral("addr"), QStringLiteral("add"), host() + QStringLiteral("/24"), QStringLiteral("dev"), dev});
    }
    return why.isEmpty() ? ip({QStringLiteral("link"), QStringLiteral("set"), dev, QStringLiteral("up")}) : why;
  }
  static QString tap() {
    return QStringLiteral("sealift-tap");
  }
  static QString host() {
    return QStringLiteral("192.168.77.1");
  }
  static QString device() {
    return QStringLiteral("192.168.77.2");
  }

 private:
  static bool writeText(const char* path, const QByteArray& text) {
    QFile file(QString::fromLatin1(path));
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
  }
  static QString ip(const QStringList& arguments) {
    const QString program = QStandardPaths::findExecutable(
        QStringLiteral("ip"), {QStringLiteral("/usr/sbin"), QStringLiteral("/sbin"), QStringLiteral("/usr/bin")});
    if (program.isEmpty()) {
      return QStringLiteral("ip is missing (package iproute2)");
    }
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForFinished(10'000) || process.exitCode() != 0) {
      return QStringLiteral("ip %1 failed: %2")
          .arg(arguments.join(u' '), QString::fromLocal8Bit(process.readAllStandardError()).trimmed());
    }
    return {};
  }
};

}  // namespace sealift::test
