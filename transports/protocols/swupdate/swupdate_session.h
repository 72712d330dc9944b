// SWUpdate's daemon with its web server (mongoose), over a link by HTTP.
//
// The status of an HTTP answer is never the result: the daemon answers 200 to files that it then finds damaged, and
// cuts the connection when it refuses one. What counts is what it says on its WebSocket.
#pragma once

#include "app/base/progress.h"
#include "transports/links/http_link.h"
#include "transports/protocols/swupdate/swupdate_outcome.h"

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>
#include <functional>

namespace sealift {

struct SwupdatePaths {
  QByteArray upload = "/upload";
  QByteArray webSocket = "/ws";
  QByteArray restart = "/restart";
};

// The installer tells that it begins as soon as an upload does. Longer than a busy daemon takes to say so (README.md).
inline constexpr std::chrono::milliseconds kSwupdateBeginTime = std::chrono::seconds(45);

class SwupdateSession {
 public:
  // `link` must outlive the session. One thread.
  SwupdateSession(HttpLink& link, const SwupdatePaths& paths, std::chrono::milliseconds beginTime = kSwupdateBeginTime)
      : link_(link), paths_(paths), beginTime_(beginTime) {}

  // A document from the device's web server, at most 64 KiB. NotFound, and what the link reports.
  Result<QByteArray> readDocument(const QByteArray& path, const CancelToken& cancel);
  // Uploads the update file and follows its installation to the end. `note` gets what the device says of importance.
  // A daemon whose installer does not begin is asked once more: that of SWUpdate 2022.12 misses a request that comes
  // while it finishes another one (core/stream_interface.c waits for a signal that was given already), and wakes up at
  // the next.
  // Errors: what swupdateRefusal() says; DeviceBusy; LinkLost, Timeout when the end can't be known.
  Status install(QByteArrayView update, Progress& progress, const std::function<void(const QString&)>& note,
                 const CancelToken& cancel);
  // Starts what the device does after an update; for most that is a restart.
  Status restart(const CancelToken& cancel);

 private:
  struct Watch;
  Status upload(Watch& watch, const QByteArray& name, QByteArrayView update, Progress& progress,
                const CancelToken& cancel);
  Status openWatch(Watch& watch, const CancelToken& cancel);
  Status drain(Watch& watch);
  Status followToTheEnd(Watch& watch, Progress& progress, const CancelToken& cancel);
  Status failureOf(Watch& watch, const CancelToken& cancel);

  HttpLink& link_;
  SwupdatePaths paths_;
  std::chrono::milliseconds beginTime_;
};

}  // namespace sealift
