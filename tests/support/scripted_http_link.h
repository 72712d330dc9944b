// A device by HTTP as a script tells it, which is text that people can read and edit:
//
//   # a comment                        ignored, as are empty lines
//   > POST /upload 4194815             a request: method, path, bytes of its body ("*": any); then what comes of it:
//   < 200 text                         the answer's status, and the rest of the line as its body
//   < lost                             the connection is cut instead, when everything was sent
//   < cut                              the same in the middle of the body
//   < silence                          nothing comes, as long as the one who asks waits
//   ! {"type": "status", …}            a message of the WebSocket; NAME stands for the name of the uploaded file
//   ! lost                             the WebSocket is closed
//
// Messages that stand before a request's answer come while it is under way, those behind it afterwards. Nothing waits:
// a message that is not there is a timeout at once.
#pragma once

#include "transports/links/http_link.h"

#include <QRegularExpression>

#include <deque>

namespace sealift::test {

class ScriptedHttpLink final : public HttpLink {
 public:
  explicit ScriptedHttpLink(const QByteArray& script) {
    for (const QByteArray& line : script.split('\n')) {
      if (!line.trimmed().isEmpty() && !line.startsWith('#')) {
        lines_.push_back(line.trimmed());
      }
    }
  }

  const QStringList& complaints() const { return complaints_; }  // what was asked for and isn't in the script
  bool isAtEnd() const { return lines_.empty(); }
  qsizetype linesLeft() const { return static_cast<qsizetype>(lines_.size()); }

  Result<HttpResponse> exchange(const HttpRequest& request, qint64 /*maxBytes*/, const Deadline& deadline,
                                const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    QByteArray body;
    for (const QByteArrayView& piece : request.body) {
      body += piece;
    }
    static const QRegularExpression name(QStringLiteral("filename=\"([^\"]*)\""));
    if (const auto match = name.match(QString::fromLatin1(body.left(1000))); match.hasMatch()) {
      fileName_ = match.captured(1).toLatin1();
    }
    takeMessages();
    const QList<QByteArray> wanted = takeLine('>').split(' ');
    if (wanted.size() != 3 || wanted[0] != request.method || wanted[1] != request.path ||
        (wanted[2] != "*" && wanted[2].toLongLong() != body.size())) {
      complaints_ << QStringLiteral("%1 %2 %3")
                         .arg(QString::fromLatin1(request.method), QString::fromLatin1(request.path))
                         .arg(body.size());
      return fail(ErrorCode::ProtocolUnexpected, QStringLiteral("The script has another request here."));
    }
    const bool cut = !lines_.empty() && lines_.front() == "< cut";
    for (qint64 sent = 0; request.sending && sent < body.size() && !(cut && sent > 0);) {
      sent = std::min<qint64>(body.size(), sent + 1'000'000);
      takeMessages();
      SEALIFT_CHECK(request.sending(sent, body.size()));
    }
    takeMessages();
    const QByteArray answer = takeLine('<');
    while (answer == "silence" && !deadline.passed()) {
      SEALIFT_CHECK(cancel.check());
      if (request.waiting) {
        SEALIFT_CHECK(request.waiting());
      }
    }
    if (answer == "silence") {
      return deadline.timeout();
    }
    if (answer == "lost" || cut) {
      takeMessages();
      return fail(ErrorCode::LinkLost, QStringLiteral("The connection was cut."));
    }
    HttpResponse response;
    response.head.status = answer.left(3).toInt();
    response.body = answer.mid(4);
    takeMessages();
    return response;
  }

  Result<std::unique_ptr<WebSocketLink>> openWebSocket(const QByteArray& /*path*/, qsizetype /*maxMessageBytes*/,
                                                       const Deadline& /*deadline*/,
                                                       const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    closed_ = false;
    return std::make_unique<Socket>(*this);
  }
  QString description() const override { return QStringLiteral("HTTPS, scripted"); }

 private:
  class Socket final : public WebSocketLink {
   public:
    explicit Socket(ScriptedHttpLink& link) : link_(link) {}
    Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
      SEALIFT_CHECK(cancel.check());
      link_.takeMessages();
      Result<QByteArray> message = takeReceived();
      return message && message->isEmpty() ? deadline.timeout() : message;
    }
    Result<QByteArray> takeReceived() override {
      if (!link_.messages_.empty()) {
        const QByteArray message = link_.messages_.front();
        link_.messages_.pop_front();
        return message;
      }
      if (link_.closed_) {
        return fail(ErrorCode::LinkLost, QStringLiteral("The WebSocket was closed."));
      }
      return QByteArray();
    }

   private:
    ScriptedHttpLink& link_;
  };

  void takeMessages() {
    while (!lines_.empty() && lines_.front().startsWith('!') && !closed_) {
      QByteArray message = lines_.front().mid(2);
      lines_.pop_front();
      if (message == "lost") {
        closed_ = true;
        return;
      }
      messages_.push_back(message.replace("NAME", fileName_));
    }
  }
  QByteArray takeLine(char kind) {
    if (lines_.empty() || lines_.front().front() != kind) {
      return {};
    }
    const QByteArray line = lines_.front().mid(2);
    lines_.pop_front();
    return line;
  }

  std::deque<QByteArray> lines_;
  std::deque<QByteArray> messages_;
  QStringList complaints_;
  QByteArray fileName_;
  bool closed_ = false;
};

}  // namespace sealift::test
