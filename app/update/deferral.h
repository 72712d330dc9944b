// How long an update may be put off: the vendor's signed word. Pure.
#pragma once

#include "app/catalog/release.h"
#include "app/update/job_schedule.h"

namespace sealift {

// Error PolicyDeferral, with the date, when `time` is after the last day to which the release may be put off.
Status checkDeferral(const Release& release, const QDateTime& time);
// The same for a start: for the earliest moment that it allows. One that no time decides (on connect, when idle) may be
// chosen up to the last day.
Status checkDeferral(const Release& release, const JobSchedule& schedule, const QDateTime& now);

}  // namespace sealift
