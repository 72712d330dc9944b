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

#include <functional>

namespace sealift {

struct SwupdatePaths {
  QByteArray upload = "/upload";
  QByteArray webSocket = "/ws";
  QByteArray restart = "/restart";
};

class SwupdateSession {
 public:
  // `link` must outlive the session. One thread.
  SwupdateSession(HttpLink& link, const SwupdatePaths& paths) : link_(link), paths_(paths) {}

  // A document from the device's web server, at most 64 KiB. NotFound, and what the link reports.
  Result<QByteArray> readDocument(const QByteArray& path, const CancelToken& cancel);
  // Uploads the update file and follows its installation to the end. `note` gets what the device says of importance.
  // Errors: what swupdateRefusal() says; DeviceBusy; LinkLost, Timeout when the end can't be known.
  Status install(QByteArrayView update, Progress& progress, const std::function<void(const QString&)>& note,
                 const CancelToken& cancel);
  // Starts what the device does after an update; for most that is a restart.
  Status restart(const CancelToken& cancel);

 private:
  struct Watch;
  Status openWatch(Watch& watch, const CancelToken& cancel);
  Status drain(Watch& watch);
  Status followToTheEnd(Watch& watch, Progress& progress, const CancelToken& cancel);
  Status failureOf(Watch& watch, const CancelToken& cancel);

  HttpLink& link_;
  SwupdatePaths paths_;
};

}  // namespace sealift
