// Waiting for a socket to get ready. QAbstractSocket's own waitForConnected() gives up the
// connection when its time is over, and its name look-up can't be cancelled at all.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"

#include <QHostAddress>
#include <QString>

#include <functional>

namespace sealift {

// Handles this thread's events until `done` says true. `meanwhile` is called some 50 times a second; an error ends the
// waiting. Errors: Timeout, Cancelled, those of `meanwhile`.
Status waitForSocket(const std::function<bool()>& done, const Deadline& deadline, const CancelToken& cancel,
                     const std::function<Status()>& meanwhile = {});

// The first address of `host`; literal addresses are taken as they are. Errors: LinkOpen, Timeout, Cancelled.
Result<QHostAddress> resolveHost(const QString& host, const Deadline& deadline, const CancelToken& cancel);

}  // namespace sealift
