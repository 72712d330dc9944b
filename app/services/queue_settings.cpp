#include "app/services/queue_settings.h"

#include <QJsonDocument>

namespace sealift {
namespace {

const QString kLimitsKey = QStringLiteral("queue.limits");
const QString kPausedKey = QStringLiteral("queue.paused");
const QString kWindowKey = QStringLiteral("queue.window");

QJsonObject toJson(const QueueLimits& limits) {
  return {{QStringLiteral("all"), limits.all},
          {QStringLiteral("perHub"), limits.perHub},
          {QStringLiteral("perAdapter"), limits.perAdapter},
          {QStringLiteral("perHost"), limits.perHost}};
}

QString valueOf(Database& database, const QString& key) {
  const Result<std::optional<QString>> value = SettingTable(database).find(key);
  return value && *value ? **value : QString();
}

}  // namespace

Status QueueSettings::keep(const QString& key, const QString& value, AuditEvent event, const QString& message,
                           const QJsonObject& details) {
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(SettingTable(*core_.database).set(key, value));
  SEALIFT_CHECK(
      core_.record(transaction, {.event = event,
                                 .actor = {},
                                 .subject = {QStringLiteral("station"), core_.signer->publicKey().keyId(), {}},
                                 .outcome = AuditOutcome::Ok,
                                 .code = {},
                                 .message = message,
                                 .details = details}));
  return transaction.commit();
}

QueueLimits QueueSettings::limits() const {
  const QJsonObject json = QJsonDocument::fromJson(valueOf(*core_.database, kLimitsKey).toUtf8()).object();
  QueueLimits limits;
  limits.all = json[QStringLiteral("all")].toInt(limits.all);
  limits.perHub = json[QStringLiteral("perHub")].toInt(limits.perHub);
  limits.perAdapter = json[QStringLiteral("perAdapter")].toInt(limits.perAdapter);
  limits.perHost = json[QStringLiteral("perHost")].toInt(limits.perHost);
  return limits;
}

Status QueueSettings::setLimits(const QueueLimits& limits) {
  for (const int limit : {limits.all, limits.perHub, limits.perAdapter, limits.perHost}) {
    if (limit < 1 || limit > kHighestLimit) {
      return fail(ErrorCode::InvalidArgument,
                  QStringLiteral("A limit on jobs side by side is a number from 1 to %1.").arg(kHighestLimit));
    }
  }
  return keep(kLimitsKey, QString::fromUtf8(QJsonDocument(toJson(limits)).toJson(QJsonDocument::Compact)),
              AuditEvent::SettingsChanged,
              QStringLiteral("Jobs side by side: %1 in all, %2 on a hub, %3 on a serial adapter, %4 at a host.")
                  .arg(limits.all)
                  .arg(limits.perHub)
                  .arg(limits.perAdapter)
                  .arg(limits.perHost),
              toJson(limits));
}

bool QueueSettings::isPaused() const {
  return valueOf(*core_.database, kPausedKey) == QLatin1String("1");
}

Status QueueSettings::setPaused(bool paused) {
  if (paused == isPaused()) {
    return {};
  }
  return keep(kPausedKey, paused ? QStringLiteral("1") : QStringLiteral("0"),
              paused ? AuditEvent::QueuePaused : AuditEvent::QueueContinued,
              paused ? QStringLiteral("No further job begins.") : QStringLiteral("Jobs begin again."), {});
}

std::optional<MaintenanceWindow> QueueSettings::window() const {
  const QString text = valueOf(*core_.database, kWindowKey);
  const Result<MaintenanceWindow> window = MaintenanceWindow::parse(text);
  return window ? std::optional(*window) : std::nullopt;
}

Status QueueSettings::setWindow(const std::optional<MaintenanceWindow>& window) {
  const QString text = window ? window->toString() : QString();
  return keep(kWindowKey, text, AuditEvent::SettingsChanged,
              window ? QStringLiteral("Maintenance window: %1.").arg(text)
                     : QStringLiteral("The maintenance window was taken away."),
              {{QStringLiteral("window"), text}});
}

}  // namespace sealift
