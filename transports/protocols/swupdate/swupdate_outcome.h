// Follows one installation by what the daemon says, in whatever order it comes.
#pragma once

#include "app/base/result.h"
#include "transports/protocols/swupdate/swupdate_event.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

// Plain words and a code for what the daemon printed when it refused. The daemon's own words follow in the sentence.
// DeviceWriteFailed when nothing of it is known.
Error swupdateRefusal(const QStringList& errors);

class SwupdateOutcome {
 public:
  // `fileName`: the name that this upload has; the daemon repeats it when it begins.
  explicit SwupdateOutcome(const QByteArray& fileName) : fileName_(QString::fromLatin1(fileName)) {}

  void take(const SwupdateEvent& event);

  // The installer works on this request, as far as is known. The last words about the one before may come after this
  // one was sent.
  bool hasBegun() const { return begun_; }
  // Words were missed, and the first may be among them: what comes now is taken to be about this request.
  void loseTrack() { begun_ = true; }
  bool hasFailed() const { return failed_; }
  // Whether its reason came, too: it may follow the failure.
  bool hasReason() const { return reason_; }
  Error refusal() const { return swupdateRefusal(errors_); }
  bool hasSucceeded() const { return succeeded_ && begun_ && !others_; }
  // The daemon waits for the next request: what it runs after an installation has ended, too.
  bool isIdleAgain() const { return idle_; }
  bool isOthers() const { return others_; }        // the daemon is installing something else
  double installed() const { return installed_; }  // 0 … 1, never decreasing
  const QString& part() const { return part_; }

 private:
  QString fileName_;
  QStringList errors_;
  QString part_;
  double installed_ = 0.0;
  bool begun_ = false;
  bool failed_ = false;
  bool reason_ = false;
  bool succeeded_ = false;
  bool idle_ = false;
  bool others_ = false;
};

}  // namespace sealift
