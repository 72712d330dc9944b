// An HTTP server on loopback with one file, whose answers to Range a test chooses, and which counts what it sends.
// Lives in the test's thread and is served by its event loop.
#pragma once

#include <QHash>
#include <QRegularExpression>
#include <QTcpServer>
#include <QTcpSocket>

#include <algorithm>
#include <functional>

namespace sealift::test {

class RangeServer : public QTcpServer {
 public:
  enum class Ranges {
    Obeyed,         // 206, If-Range looked at (RFC 9110, 13.1.5)
    Ignored,        // 200 with the whole file
    Unsatisfiable,  // 416 to every range
    Shifted,        // 206, but from one byte later on
    NotNamed,       // 206 without Content-Range
    OtherState      // 206 with another entity tag than was asked for
  };

  RangeServer() {
    listen(QHostAddress::LocalHost);
    connect(this, &QTcpServer::newConnection, this, [this] {
      QTcpSocket* socket = nextPendingConnection();
      connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
      connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
        heads_.remove(socket);
        rest_.remove(socket);
        socket->deleteLater();
      });
      connect(socket, &QTcpSocket::bytesWritten, this, [this, socket] { send(socket); });
    });
  }

  QString base() const { return QStringLiteral("http://127.0.0.1:%1/").arg(serverPort()); }

  QByteArray content;
  QByteArray entityTag = "\"one\"";  // empty: none is sent
  Ranges ranges = Ranges::Obeyed;
  qint64 pauseAfter = -1;                // bytes of one answer's body, after which no more is sent
  std::function<void()> paused = [] {};  // called then, once an answer
  QList<QByteArray> requests;            // whole heads
  QList<int> statuses;
  qint64 sent = 0;  // bytes of bodies

 private:
  struct Rest {
    QByteArray bytes;
    qint64 done = 0;
    bool isPaused = false;
  };

  void read(QTcpSocket* socket) {
    QByteArray& head = heads_[socket];
    head += socket->readAll();
    if (!head.contains("\r\n\r\n")) {
      return;
    }
    const QByteArray request = std::exchange(head, QByteArray());
    requests << request;
    static const QRegularExpression kRange(QStringLiteral("\r\nRange: bytes=(\\d+)-\r\n"),
                                           QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression kIfRange(QStringLiteral("\r\nIf-Range: ([^\r]*)\r\n"),
                                             QRegularExpression::CaseInsensitiveOption);
    const auto range = kRange.match(QString::fromLatin1(request));
    const auto ifRange = kIfRange.match(QString::fromLatin1(request));
    qint64 from = range.hasMatch() ? range.captured(1).toLongLong() : 0;
    bool isPart = range.hasMatch() && ranges != Ranges::Ignored;
    if (ranges == Ranges::Obeyed && ifRange.hasMatch() && ifRange.captured(1).toLatin1() != entityTag) {
      isPart = false;
    }
    if (range.hasMatch() && (ranges == Ranges::Unsatisfiable || (isPart && from >= content.size()))) {
      statuses << 416;
      socket->write("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (isPart && ranges == Ranges::Shifted) {
      ++from;
    }
    const QByteArray body = isPart ? content.mid(from) : content;
    statuses << (isPart ? 206 : 200);
    QByteArray answer = isPart ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n";
    if (isPart && ranges != Ranges::NotNamed) {
      answer += "Content-Range: bytes " + QByteArray::number(from) + '-' + QByteArray::number(content.size() - 1) +
                '/' + QByteArray::number(content.size()) + "\r\n";
    }
    const QByteArray tag = isPart && ranges == Ranges::OtherState ? QByteArrayLiteral("\"two\"") : entityTag;
    if (!tag.isEmpty()) {
      answer += "ETag: " + tag + "\r\n";
    }
    socket->write(answer + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n");
    rest_[socket] = {body, 0, false};
    send(socket);
  }

  void send(QTcpSocket* socket) {
    constexpr qint64 kPiece = 64 * 1024;
    const auto rest = rest_.find(socket);
    if (rest == rest_.end() || rest->isPaused || socket->bytesToWrite() > kPiece) {
      return;
    }
    qint64 count = std::min(kPiece, rest->bytes.size() - rest->done);
    if (pauseAfter >= 0) {
      count = std::min(count, pauseAfter - rest->done);
      if (count <= 0) {
        rest->isPaused = true;
        paused();
        return;
      }
    }
    if (count > 0) {
      socket->write(rest->bytes.constData() + rest->done, count);
      rest->done += count;
      sent += count;
    }
  }

  QHash<QTcpSocket*, QByteArray> heads_;
  QHash<QTcpSocket*, Rest> rest_;
};

}  // namespace sealift::test
