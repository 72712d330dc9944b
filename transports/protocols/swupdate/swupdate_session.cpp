#include "transports/protocols/swupdate/swupdate_session.h"

#include <QRandomGenerator>

namespace sealift {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerTime = 10s;
constexpr auto kConnectTime = 10s;
// The daemon checks, unpacks and writes while it takes the file in: its pace is the storage's.
constexpr auto kUploadTime = 30min;
// Between two words of the daemon: handlers may erase or unpack for long without one.
constexpr auto kSilence = 180s;
// Reasons come on another way than results, a little sooner or later.
constexpr auto kReasonTime = 1s;
// The daemon says "done" before it starts what it runs after an update, and when that has ended nothing but a trace.
constexpr auto kAfterSuccess = 10s;
constexpr qint64 kMostDocument = 64 * 1024;
constexpr qint64 kMostPage = 16 * 1024;
constexpr int kReconnects = 3;

constexpr double kUploadShare = 0.7;

}  // namespace

struct SwupdateSession::Watch {
  SwupdateOutcome outcome;
  std::unique_ptr<WebSocketLink> socket;
  const std::function<void(const QString&)>& note;
  Deadline begin;
  bool missed = false;  // the installer did not begin in time

  void lose() {
    socket.reset();
    outcome.loseTrack();
  }
  void take(const QByteArray& message) {
    if (const auto event = parseSwupdateEvent(message)) {
      outcome.take(*event);
      if (event->kind == SwupdateEvent::Kind::Message && event->level <= 3) {
        note(QStringLiteral("The device says: %1").arg(event->text));
      }
    }
  }
  Status checkBegun() { return !outcome.hasBegun() && begin.passed() ? notBegun() : Status(); }
  Status notBegun() {
    missed = true;
    return fail(ErrorCode::DeviceBusy,
                QStringLiteral("The device takes the update in and does not begin to install it."),
                QStringLiteral("It may be at work: wait a moment, then try again. If it stays, restart the device."));
  }
};

Result<QByteArray> SwupdateSession::readDocument(const QByteArray& path, const CancelToken& cancel) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  SEALIFT_TRY(const HttpResponse response,
              link_.exchange(request, kMostDocument,
                             Deadline::in(kAnswerTime, QStringLiteral("the device's answer to its state")), cancel));
  if (response.head.status == 404) {
    return fail(ErrorCode::NotFound, QStringLiteral("The device has no document %1.").arg(QString::fromLatin1(path)));
  }
  if (response.head.status != 200) {
    return fail(ErrorCode::ProtocolRefused, QStringLiteral("The device answers %1 to the request for %2.")
                                                .arg(response.head.status)
                                                .arg(QString::fromLatin1(path)));
  }
  return response.body;
}

Status SwupdateSession::openWatch(Watch& watch, const CancelToken& cancel) {
  SEALIFT_TRY(watch.socket,
              link_.openWebSocket(paths_.webSocket, kSwupdateMaxMessageBytes,
                                  Deadline::in(kConnectTime, QStringLiteral("the device's WebSocket")), cancel));
  return {};
}

// Everything that has come so far. A socket that broke is no failure here; it is opened again later.
Status SwupdateSession::drain(Watch& watch) {
  while (watch.socket) {
    Result<QByteArray> message = watch.socket->takeReceived();
    if (!message) {
      watch.lose();
      return message.error().code == ErrorCode::LinkLost ? Status() : Status(tl::unexpected<Error>(message.error()));
    }
    if (message->isEmpty()) {
      break;
    }
    watch.take(*message);
  }
  return {};
}

Status SwupdateSession::install(QByteArrayView update, Progress& progress,
                                const std::function<void(const QString&)>& note, const CancelToken& cancel) {
  for (bool again = false;; again = true) {
    const QByteArray name =
        "sealift-" + QByteArray::number(QRandomGenerator::system()->generate64(), 16).rightJustified(16, '0') + ".swu";
    Watch watch{.outcome = SwupdateOutcome(name),
                .socket = nullptr,
                .note = note,
                .begin = Deadline::in(beginTime_, QStringLiteral("the device's installer"))};
    SEALIFT_CHECK(openWatch(watch, cancel));  // before the upload: nothing that the daemon says is missed
    const Status installed = upload(watch, name, update, progress, cancel);
    if (installed || again || !watch.missed) {
      return installed;
    }
    note(QStringLiteral("The device's installer did not begin: it is asked once more."));
  }
}

Status SwupdateSession::upload(Watch& watch, const QByteArray& name, QByteArrayView update, Progress& progress,
                               const CancelToken& cancel) {
  // multipart/form-data (RFC 7578) around the file; the random name is the boundary, too.
  const QByteArray boundary = "----" + name.chopped(4);
  const QByteArray before = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
                            "\"\r\nContent-Type: application/octet-stream\r\n\r\n";
  const QByteArray after = "\r\n--" + boundary + "--\r\n";
  Progress uploading = progress.part(kUploadShare, QStringLiteral("Uploading"));
  HttpRequest request;
  request.method = "POST";
  request.path = paths_.upload;
  request.contentType = "multipart/form-data; boundary=" + boundary;
  request.body = {before, update, after};
  bool allSent = false;
  request.sending = [&](qint64 sent, qint64 total) -> Status {
    uploading.setBytes(sent, total);
    allSent = sent == total;
    SEALIFT_CHECK(drain(watch));
    if (watch.outcome.hasFailed()) {
      return failureOf(watch, cancel);
    }
    return {};
  };
  request.waiting = [&]() -> Status {
    SEALIFT_CHECK(drain(watch));
    return watch.checkBegun();
  };
  const Result<HttpResponse> answer =
      link_.exchange(request, 0, Deadline::in(kUploadTime, QStringLiteral("the end of the upload")), cancel);
  if (answer && answer->head.status >= 400) {
    SEALIFT_CHECK(drain(watch));
    if (!watch.outcome.hasFailed()) {
      return answer->head.status >= 500
                 ? fail(ErrorCode::DeviceBusy,
                        QStringLiteral("The device does not take an update now (%1).").arg(answer->head.status),
                        QStringLiteral("It may be installing another one: wait until it has ended, then try again."))
                 : fail(ErrorCode::ProtocolRefused,
                        QStringLiteral("The device refuses the upload (%1).").arg(answer->head.status));
    }
  }
  if (!answer && answer.error().code != ErrorCode::LinkLost) {
    return tl::unexpected<Error>(answer.error());
  }
  if (!answer) {
    // The daemon cuts the connection when it refuses; and at times when it has everything, before its answer is read.
    SEALIFT_CHECK(failureOf(watch, cancel));
    if (!allSent) {
      return tl::unexpected<Error>(answer.error());
    }
  }
  uploading.finish();
  Progress installing = progress.part(1.0 - kUploadShare, QStringLiteral("The device installs it"));
  return followToTheEnd(watch, installing, cancel);
}

// The refusal when there is one, with the reason if that comes in time; success when nothing speaks of a failure.
Status SwupdateSession::failureOf(Watch& watch, const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(kReasonTime, QStringLiteral("the device's reason"));
  while (watch.socket && !watch.outcome.hasSucceeded() && !(watch.outcome.hasFailed() && watch.outcome.hasReason())) {
    Result<QByteArray> message = watch.socket->receive(deadline, cancel);
    if (!message) {
      if (message.error().code == ErrorCode::Cancelled) {
        return tl::unexpected<Error>(message.error());
      }
      break;
    }
    watch.take(*message);
  }
  return watch.outcome.hasFailed() || watch.outcome.hasReason() ? Status(fail(watch.outcome.refusal())) : Status();
}

Status SwupdateSession::followToTheEnd(Watch& watch, Progress& progress, const CancelToken& cancel) {
  int reconnects = 0;
  SEALIFT_CHECK(drain(watch));
  while (!watch.outcome.hasSucceeded()) {
    if (watch.outcome.hasFailed()) {
      const Status refused = failureOf(watch, cancel);
      return refused ? Status(fail(watch.outcome.refusal())) : refused;
    }
    progress.setFraction(watch.outcome.installed());
    if (!watch.socket) {
      if (++reconnects > kReconnects) {
        return fail(ErrorCode::LinkLost,
                    QStringLiteral("The device cut the connection while it installed the update."));
      }
      SEALIFT_CHECK(openWatch(watch, cancel));
    }
    const Deadline silence = Deadline::in(kSilence, QStringLiteral("the device to install the update"));
    Result<QByteArray> message = watch.socket->receive(watch.outcome.hasBegun() ? silence : watch.begin, cancel);
    if (!message && message.error().code == ErrorCode::LinkLost) {
      watch.lose();
      continue;
    }
    if (!message && message.error().code == ErrorCode::Timeout && !watch.outcome.hasBegun()) {
      return watch.notBegun();
    }
    SEALIFT_CHECK(message);
    watch.take(*message);
  }
  progress.finish();
  // What the device runs after an update runs now; a restart must not come in between.
  const Deadline deadline = Deadline::in(kAfterSuccess, QStringLiteral("the end of the installation"));
  while (watch.socket && !watch.outcome.isIdleAgain()) {
    const Result<QByteArray> message = watch.socket->receive(deadline, cancel);
    if (!message) {
      return message.error().code == ErrorCode::Cancelled ? Status(tl::unexpected<Error>(message.error())) : Status();
    }
    watch.take(*message);
  }
  return {};
}

Status SwupdateSession::restart(const CancelToken& cancel) {
  HttpRequest request;
  request.method = "POST";
  request.path = paths_.restart;
  request.body = {QByteArrayView("")};  // with Content-Length 0: without one the daemon waits for ever
  SEALIFT_TRY(const HttpResponse response,
              link_.exchange(request, 0, Deadline::in(kAnswerTime, QStringLiteral("the answer to the restart command")),
                             cancel));
  if (response.head.status / 100 != 2) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("The device answers %1 to the restart command.").arg(response.head.status));
  }
  return {};
}

}  // namespace sealift
