// nginx as a process of the test's own, on a port of loopback, with everything that it writes in a temporary folder.
#pragma once

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>

namespace sealift::test {

class NginxServer {
 public:
  ~NginxServer() { kill(); }

  static QString program() {
    return QStandardPaths::findExecutable(QStringLiteral("nginx"),
                                          {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")});
  }
  static quint16 freePort() {
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    return server.serverPort();
  }

  // `servers`: what stands in the http block. Its access log says: method, address, status, bytes of the body, what was
  // asked for by Range and If-Range, and who the client is.
  bool start(const QByteArray& servers, quint16 port) {
    port_ = port;
    const QByteArray folder = folder_.path().toUtf8();
    QFile conf(path(QStringLiteral("nginx.conf")));
    if (!conf.open(QIODevice::WriteOnly)) {
      return false;
    }
    conf.write("daemon off;\nmaster_process off;\npid " + folder + "/nginx.pid;\nerror_log " + folder +
               "/error.log;\nevents { worker_connections 64; }\nhttp {\n"
               "log_format told '$request_method $request_uri $status $body_bytes_sent range=$http_range "
               "if-range=$http_if_range client=$ssl_client_s_dn';\naccess_log " +
               folder + "/access.log told;\nclient_body_temp_path " + folder + "/b;\nproxy_temp_path " + folder +
               "/p;\nfastcgi_temp_path " + folder + "/f;\nuwsgi_temp_path " + folder + "/u;\nscgi_temp_path " + folder +
               "/s;\ntcp_nodelay on;\n" + servers + "\n}\n");
    conf.close();
    return startAgain();
  }
  bool startAgain() {
    process_.setProcessChannelMode(QProcess::MergedChannels);
    process_.start(program(),
                   {QStringLiteral("-p"), folder_.path(), QStringLiteral("-e"), path(QStringLiteral("error.log")),
                    QStringLiteral("-c"), path(QStringLiteral("nginx.conf"))});
    if (!process_.waitForStarted(10'000)) {
      return false;
    }
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 20'000 && process_.state() == QProcess::Running) {
      QTcpSocket socket;
      socket.connectToHost(QHostAddress::LocalHost, port_);
      if (socket.waitForConnected(1'000)) {
        return true;
      }
      process_.waitForFinished(50);
    }
    return false;
  }
  // As a crash does.
  void kill() {
    process_.kill();
    process_.waitForFinished(10'000);
  }
  QByteArray log() {
    QFile error(path(QStringLiteral("error.log")));
    return process_.readAll() + (error.open(QIODevice::ReadOnly) ? error.readAll() : QByteArray());
  }
  // One line a request; nginx writes it when the request has ended.
  QList<QByteArray> requests() const {
    QFile access(path(QStringLiteral("access.log")));
    QList<QByteArray> lines = access.open(QIODevice::ReadOnly) ? access.readAll().split('\n') : QList<QByteArray>();
    lines.removeAll(QByteArray());
    return lines;
  }
  QString path(const QString& name) const { return folder_.filePath(name); }
  quint16 port() const { return port_; }

 private:
  QTemporaryDir folder_;
  QProcess process_;
  quint16 port_ = 0;
};

}  // namespace sealift::test
