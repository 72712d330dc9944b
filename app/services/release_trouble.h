// Releases that fail: on this device, and on others. A release that went wrong on several devices is paused, for all of
// them, until somebody resumes it with a reason. Any thread.
//
// A device counts once, by its newest job of this release: Reverted, Unknown, or Failed after something had been sent.
// One that succeeded later, or whose unknown job was settled well, no longer counts. Jobs that had ended when the
// release was resumed don't, either: by their ids, since a clock may have been set back meanwhile.
#pragma once

#include "app/policy/check.h"
#include "app/services/station_policy.h"
#include "app/store/job_table.h"
#include "app/store/release_pause_table.h"
#include "app/update/outcome.h"

#include <QHash>

#include <functional>
#include <optional>

namespace sealift {

struct Release;

class ReleaseTrouble {
 public:
  // `changed` is called after a release was paused or resumed, in the thread that did it.
  ReleaseTrouble(StationCore& core, const StationPolicy& policy, std::function<void()> changed)
      : core_(core), policy_(policy), changed_(std::move(changed)) {}

  // By Release::id(). Nothing: what waits of it may begin. An error: that could not be read, so nothing may.
  Result<std::optional<ReleasePauseRow>> pauseOf(const QString& releaseId) const;
  Result<QList<ReleasePauseRow>> pauses() const;
  // One sentence: what failed where, and since when.
  static QString textOf(const ReleasePauseRow& pause);

  // The plan's check "release-trouble": it stays the same one when a release is resumed.
  Check check(const Release& release) const;
  // By which the device went back from the release by itself, if it has not succeeded with it since. For the plan's
  // check "tried-before".
  Result<std::optional<JobRow>> returnOf(const QString& deviceId, const QString& releaseId) const;

  // In the transaction that ends a job of the release, after its row was changed: pauses the release when it is time.
  Status noteEnd(Transaction& transaction, const Release& release, Outcome outcome);
  void tellChanged() const { changed_(); }  // once that transaction is committed

  // NotFound when it isn't paused. `actor`: whoever may, see Authority.
  Status resume(const QString& releaseId, const QString& reason, const QString& actor);

 private:
  Result<QHash<QString, QString>> inTrouble(const QString& releaseId, const QStringList& forgiven,
                                            qint64 sinceMs) const;

  StationCore& core_;
  const StationPolicy& policy_;
  std::function<void()> changed_;
};

}  // namespace sealift
