#include "transports/links/socket_wait.h"

#include <QEventLoop>
#include <QHostInfo>
#include <QTimer>

#include <optional>

namespace sealift {

Status waitForSocket(const std::function<bool()>& done, const Deadline& deadline, const CancelToken& cancel,
                     const std::function<Status()>& meanwhile) {
  QEventLoop loop;
  QTimer tick;  // wakes the loop, so that cancel and deadline are seen
  tick.start(20);
  while (!done()) {
    SEALIFT_CHECK(cancel.check());
    if (deadline.passed()) {
      return deadline.timeout();
    }
    if (meanwhile) {
      SEALIFT_CHECK(meanwhile());
    }
    loop.processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::ExcludeUserInputEvents);
  }
  return {};
}

Result<QHostAddress> resolveHost(const QString& host, const Deadline& deadline, const CancelToken& cancel) {
  const QHostAddress literal(host);
  if (!literal.isNull()) {
    return literal;
  }
  std::optional<QHostInfo> found;
  QObject context;  // lives in this thread: the answer is delivered to the loop below
  const int lookup = QHostInfo::lookupHost(host, &context, [&found](const QHostInfo& info) { found = info; });
  if (const Status waited = waitForSocket([&found] { return found.has_value(); }, deadline, cancel); !waited) {
    QHostInfo::abortHostLookup(lookup);
    return tl::unexpected<Error>(waited.error());
  }
  if (found->addresses().isEmpty()) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The host %1 was not found: %2.").arg(host, found->errorString()),
                QStringLiteral("Check the host's name and the network."));
  }
  return found->addresses().constFirst();
}

}  // namespace sealift
