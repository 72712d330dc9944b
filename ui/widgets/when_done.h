// Takes a future's result into a widget's thread.
#pragma once

#include "app/base/result.h"

#include <QFuture>
#include <QFutureWatcher>
#include <QObject>

#include <utility>

namespace sealift {

// Calls `use(result)` in `context`'s thread once the future has finished; never when `context` has
// died before. A future that was dropped without a result gives T's error Cancelled, so that a
// page that waits always hears of the end. T is a Result or Status.
//
// QFuture::then(context, …) would do, but Qt 6.4 asserts there when the context dies first.
template <class T, class Use>
void whenDone(QObject* context, const QFuture<T>& future, Use use) {
  auto* watcher = new QFutureWatcher<T>(context);
  QObject::connect(watcher, &QFutureWatcherBase::finished, context, [watcher, use = std::move(use)]() mutable {
    watcher->deleteLater();
    if (watcher->future().resultCount() > 0) {
      use(watcher->future().result());
    } else {
      use(T(fail(ErrorCode::Cancelled, QStringLiteral("The work was stopped before it ended."))));
    }
  });
  watcher->setFuture(future);
}

}  // namespace sealift
