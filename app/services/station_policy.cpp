#include "app/services/station_policy.h"

#include "app/services/proven_entry.h"

namespace sealift {
namespace {

const QString kDowngrade = QStringLiteral("downgrade.allowed");
const QString kDevices = QStringLiteral("trouble.devices");
const QString kDays = QStringLiteral("trouble.days");
const QString kSubject = QStringLiteral("policy");  // of the entries

constexpr int kMostDevices = 1000;
constexpr int kMostDays = 3650;

QJsonObject detailsOf(const PolicyView& policy) {
  return {{kDowngrade, policy.downgradeAllowed}, {kDevices, policy.troubleDevices}, {kDays, policy.troubleDays}};
}

bool isInRange(const PolicyView& policy) {
  return policy.troubleDevices >= 1 && policy.troubleDevices <= kMostDevices && policy.troubleDays >= 1 &&
         policy.troubleDays <= kMostDays;
}

}  // namespace

Result<PolicyView> StationPolicy::stored() const {
  PolicyView policy;
  SettingTable settings(*core_.database);
  SEALIFT_TRY(const std::optional<QString> downgrade, settings.find(kDowngrade));
  SEALIFT_TRY(const std::optional<QString> devices, settings.find(kDevices));
  SEALIFT_TRY(const std::optional<QString> days, settings.find(kDays));
  policy.downgradeAllowed = downgrade == QLatin1String("1");
  policy.troubleDevices = devices ? devices->toInt() : policy.troubleDevices;
  policy.troubleDays = days ? days->toInt() : policy.troubleDays;
  return policy;
}

Result<PolicyView> StationPolicy::current() const {
  SEALIFT_TRY(PolicyView policy, stored());
  const Result<std::optional<AuditRecord>> told = newestProven(core_, QStringLiteral("policy.changed"), kSubject);
  const QJsonObject agreed = told && *told ? (*told)->details : detailsOf(PolicyView());
  if (!told || agreed != detailsOf(policy) || !isInRange(policy)) {
    policy = PolicyView();
    policy.altered = true;
  }
  return policy;
}

Status StationPolicy::change(const PolicyChange& change, const QString& actor) {
  SEALIFT_TRY(PolicyView policy, current());
  policy.downgradeAllowed = change.downgradeAllowed.value_or(policy.downgradeAllowed);
  policy.troubleDevices = change.troubleDevices.value_or(policy.troubleDevices);
  policy.troubleDays = change.troubleDays.value_or(policy.troubleDays);
  if (!isInRange(policy)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A release is in trouble after 1 to %1 devices in 1 to %2 days.")
                    .arg(kMostDevices)
                    .arg(kMostDays));
  }
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SettingTable settings(*core_.database);
  SEALIFT_CHECK(settings.set(kDowngrade, policy.downgradeAllowed ? QStringLiteral("1") : QStringLiteral("0")));
  SEALIFT_CHECK(settings.set(kDevices, QString::number(policy.troubleDevices)));
  SEALIFT_CHECK(settings.set(kDays, QString::number(policy.troubleDays)));
  SEALIFT_CHECK(core_.record(
      transaction, {.event = AuditEvent::PolicyChanged,
                    .actor = actor,
                    .subject = {QStringLiteral("station"), kSubject, {}},
                    .outcome = AuditOutcome::Ok,
                    .code = {},
                    .message = QStringLiteral("Downgrades %1; a release is paused after %2 devices in %3 days.")
                                   .arg(policy.downgradeAllowed ? QStringLiteral("are possible with a supervisor")
                                                                : QStringLiteral("are off"))
                                   .arg(policy.troubleDevices)
                                   .arg(policy.troubleDays),
                    .details = detailsOf(policy)}));
  return transaction.commit();
}

}  // namespace sealift
