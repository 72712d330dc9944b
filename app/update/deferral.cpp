#include "app/update/deferral.h"

namespace sealift {

Status checkDeferral(const Release& release, const QDateTime& time) {
  if (!release.deferrableUntil || time.toUTC().date() <= *release.deferrableUntil) {
    return {};
  }
  return fail(ErrorCode::PolicyDeferral,
              QStringLiteral("Its vendor lets %1 be put off until %2, and no longer.")
                  .arg(release.terms.version.toString(), release.deferrableUntil->toString(Qt::ISODate)));
}

Status checkDeferral(const Release& release, const JobSchedule& schedule, const QDateTime& now) {
  switch (schedule.kind) {
    case JobSchedule::Kind::Now:
      return {};  // late is better than never
    case JobSchedule::Kind::At:
      return checkDeferral(release, schedule.at);
    case JobSchedule::Kind::Connect:
    case JobSchedule::Kind::Idle:
      return checkDeferral(release, now);
    case JobSchedule::Kind::Window:
      break;
  }
  const std::optional<WindowTime> window = schedule.window->currentOrNext(now);
  return checkDeferral(release, window ? window->start : QDateTime(QDate(9999, 12, 31), QTime(0, 0), Qt::UTC));
}

}  // namespace sealift
