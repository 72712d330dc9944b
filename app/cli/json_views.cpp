#include "app/cli/json_views.h"

#include <QJsonArray>

#include <algorithm>

namespace sealift {
namespace {

QJsonValue orNull(const QString& text) {
  return text.isEmpty() ? QJsonValue() : QJsonValue(text);
}

QJsonValue time(const QDateTime& time) {
  return time.isValid() ? QJsonValue(time.toUTC().toString(Qt::ISODateWithMs)) : QJsonValue();
}

QJsonValue date(const std::optional<QDate>& date) {
  return date ? QJsonValue(date->toString(Qt::ISODate)) : QJsonValue();
}

QString conditionName(DeviceCondition condition) {
  constexpr const char* kNames[] = {"update-available", "up-to-date", "support-ending", "end-of-life", "not-managed",
                                    "offline",          "updating",   "update-refused", "problem"};
  return QString::fromLatin1(kNames[static_cast<int>(condition)]);
}

QString phaseName(SupportPhase phase) {
  constexpr const char* kNames[] = {"unknown", "full", "security-only", "end-of-life"};
  return QString::fromLatin1(kNames[static_cast<int>(phase)]);
}

}  // namespace

QJsonObject toJson(const Error& error) {
  return {{QStringLiteral("code"), errorCodeName(error.code)},
          {QStringLiteral("what"), error.message()},
          {QStringLiteral("remedy"), error.remedy}};
}

QJsonObject toJson(const DeviceView& device) {
  QJsonArray slotArray;
  for (const SlotView& slot : device.slots) {
    slotArray << QJsonObject{{QStringLiteral("name"), slot.name},
                             {QStringLiteral("version"), orNull(slot.version)},
                             {QStringLiteral("state"), slot.state.text}};
  }
  QJsonObject json{
      {QStringLiteral("id"), device.id},
      {QStringLiteral("name"), device.name},
      {QStringLiteral("vendor"), orNull(device.vendorName)},
      {QStringLiteral("model"), orNull(device.modelName)},
      {QStringLiteral("modelId"), orNull(device.modelId)},
      {QStringLiteral("hardwareRevision"), orNull(device.hardwareRevision)},
      {QStringLiteral("serial"), orNull(device.serial)},
      {QStringLiteral("address"), device.address},
      {QStringLiteral("online"), device.online},
      {QStringLiteral("lastSeen"), time(device.lastSeen)},
      {QStringLiteral("version"), orNull(device.version)},
      {QStringLiteral("condition"), conditionName(device.condition)},
      {QStringLiteral("slots"), slotArray},
      {QStringLiteral("identity"), device.identity.text},
      {QStringLiteral("secureBoot"), device.secureBoot.text},
      {QStringLiteral("securityVersion"),
       device.rollbackCounter.isEmpty() ? QJsonValue() : QJsonValue(device.rollbackCounter.toLongLong())},
      {QStringLiteral("bootloader"), orNull(device.bootloader)},
      {QStringLiteral("support"),
       QJsonObject{{QStringLiteral("phase"), phaseName(device.phase)},
                   {QStringLiteral("released"), date(device.lifecycle.released)},
                   {QStringLiteral("fullSupportEnds"), date(device.lifecycle.fullSupportEnds)},
                   {QStringLiteral("securitySupportEnds"), date(device.lifecycle.securitySupportEnds)}}},
  };
  json[QStringLiteral("offer")] =
      device.offer ? QJsonValue(QJsonObject{{QStringLiteral("release"), device.offer->releaseId},
                                            {QStringLiteral("version"), device.offer->version},
                                            {QStringLiteral("severity"), device.offer->severity},
                                            {QStringLiteral("bytes"), device.offer->downloadBytes},
                                            {QStringLiteral("returned"), orNull(device.offer->returned)},
                                            {QStringLiteral("paused"), device.offer->paused}})
                   : QJsonValue();
  json[QStringLiteral("problem")] = device.problem ? QJsonValue(toJson(*device.problem)) : QJsonValue();
  json[QStringLiteral("warning")] = orNull(device.warning);
  json[QStringLiteral("counterWarning")] = orNull(device.counterWarning);
  QJsonArray rules;
  for (const ReleaseRuleView& rule : device.rules) {
    rules << toJson(rule);
  }
  json[QStringLiteral("rules")] = rules;
  return json;
}

QJsonObject toJson(const ReleaseRuleView& rule) {
  return {{QStringLiteral("kind"), rule.kind},       {QStringLiteral("scope"), rule.scope},
          {QStringLiteral("scopeId"), rule.scopeId}, {QStringLiteral("version"), rule.version},
          {QStringLiteral("reason"), rule.reason},   {QStringLiteral("imageHash"), orNull(rule.imageHash)},
          {QStringLiteral("madeBy"), rule.madeBy},   {QStringLiteral("made"), time(rule.made)}};
}

QJsonObject toJson(const AlertView& alert) {
  return {{QStringLiteral("kind"), alert.kind},     {QStringLiteral("subject"), orNull(alert.subject)},
          {QStringLiteral("title"), alert.title},   {QStringLiteral("text"), alert.text},
          {QStringLiteral("remedy"), alert.remedy}, {QStringLiteral("since"), time(alert.since)}};
}

QJsonObject toJson(const OperatorView& account) {
  return {{QStringLiteral("name"), account.name},
          {QStringLiteral("role"), account.role},
          {QStringLiteral("changed"), time(account.changed)},
          {QStringLiteral("locked"), account.locked},
          {QStringLiteral("altered"), account.altered}};
}

QJsonObject toJson(const FoundView& found) {
  return {{QStringLiteral("kind"), found.kind},
          {QStringLiteral("address"), found.address},
          {QStringLiteral("name"), found.name},
          {QStringLiteral("detail"), found.detail},
          {QStringLiteral("place"), found.place},
          {QStringLiteral("models"), QJsonArray::fromStringList(found.models)},
          {QStringLiteral("deviceId"), orNull(found.deviceId)},
          {QStringLiteral("opened"), found.opened},
          {QStringLiteral("addable"), found.addable},
          {QStringLiteral("note"), found.note}};
}

QJsonObject toJson(const JobView& job) {
  constexpr const char* kStates[] = {"waiting", "scheduled", "paused", "running", "finished"};
  constexpr const char* kPriorities[] = {"normal", "high", "critical"};
  return {
      {QStringLiteral("id"), job.id},
      {QStringLiteral("deviceId"), job.deviceId},
      {QStringLiteral("deviceName"), job.deviceName},
      {QStringLiteral("from"), orNull(job.fromVersion)},
      {QStringLiteral("to"), job.toVersion},
      {QStringLiteral("state"), QString::fromLatin1(kStates[static_cast<int>(job.state)])},
      {QStringLiteral("stage"), stageName(job.stage)},
      {QStringLiteral("outcome"), job.outcome ? QJsonValue(outcomeName(*job.outcome)) : QJsonValue()},
      {QStringLiteral("message"), job.detail},
      {QStringLiteral("nextStep"), orNull(job.nextStep)},
      {QStringLiteral("error"), job.error ? QJsonValue(toJson(*job.error)) : QJsonValue()},
      {QStringLiteral("started"), time(job.startedAt)},
      {QStringLiteral("ended"), time(job.endedAt)},
      {QStringLiteral("schedule"), orNull(job.schedule)},
      {QStringLiteral("startsAt"), time(job.startsAt)},
      {QStringLiteral("waitsFor"), orNull(job.waitsFor)},
      {QStringLiteral("priority"), QString::fromLatin1(kPriorities[std::clamp(job.priority, 0, 2)])},
      {QStringLiteral("failedAttempts"), job.attempts},
      {QStringLiteral("mostAttempts"), job.mostAttempts},
  };
}

QJsonObject toJson(const QueueView& queue) {
  return {
      {QStringLiteral("paused"), queue.paused},
      {QStringLiteral("running"), queue.running},
      {QStringLiteral("waiting"), queue.waiting},
      {QStringLiteral("scheduled"), queue.scheduled},
      {QStringLiteral("pausedJobs"), queue.pausedJobs},
      {QStringLiteral("limits"), QJsonObject{{QStringLiteral("all"), queue.limitAll},
                                             {QStringLiteral("perHub"), queue.limitPerHub},
                                             {QStringLiteral("perAdapter"), queue.limitPerAdapter},
                                             {QStringLiteral("perHost"), queue.limitPerHost}}},
      {QStringLiteral("window"), queue.window.isEmpty()
                                     ? QJsonValue()
                                     : QJsonValue(QJsonObject{{QStringLiteral("text"), queue.window},
                                                              {QStringLiteral("start"), time(queue.windowStart)},
                                                              {QStringLiteral("end"), time(queue.windowEnd)}})},
  };
}

QJsonObject toJson(const BundleImport& imported) {
  return {{QStringLiteral("vendor"), imported.vendorId},
          {QStringLiteral("files"), imported.files},
          {QStringLiteral("models"), QJsonArray::fromStringList(imported.models)},
          {QStringLiteral("timestampVersion"), imported.timestampVersion},
          {QStringLiteral("validUntil"), time(imported.validUntil)},
          {QStringLiteral("age"), imported.ageText}};
}

QJsonObject toJson(const VendorView& vendor) {
  QJsonArray roles;
  for (const VendorRoleView& role : vendor.roles) {
    roles << QJsonObject{{QStringLiteral("role"), role.role},
                         {QStringLiteral("version"), role.version},
                         {QStringLiteral("expires"), time(role.expires)},
                         {QStringLiteral("threshold"), role.threshold},
                         {QStringLiteral("keys"), role.keys}};
  }
  return {
      {QStringLiteral("id"), vendor.id},
      {QStringLiteral("name"), vendor.name},
      {QStringLiteral("addresses"), QJsonArray::fromStringList(vendor.addresses)},
      {QStringLiteral("fingerprint"), vendor.fingerprint},
      {QStringLiteral("added"), time(vendor.added)},
      {QStringLiteral("refreshed"), time(vendor.refreshed)},
      {QStringLiteral("fresh"), vendor.fresh},
      {QStringLiteral("problem"), vendor.problem ? QJsonValue(toJson(*vendor.problem)) : QJsonValue()},
      {QStringLiteral("roles"), roles},
      {QStringLiteral("models"), QJsonArray::fromStringList(vendor.models)},
      {QStringLiteral("access"),
       QJsonObject{
           {QStringLiteral("authorities"), QJsonArray::fromStringList(vendor.authorities)},
           {QStringLiteral("clientCertificate"),
            vendor.clientCertificate.isEmpty() ? QJsonValue() : QJsonValue(vendor.clientCertificate)},
           {QStringLiteral("clientKey"), vendor.clientKey.isEmpty() ? QJsonValue() : QJsonValue(vendor.clientKey)}}},
  };
}

QJsonObject toJson(const AuditRow& row) {
  return {
      {QStringLiteral("sequence"), row.sequence},
      {QStringLiteral("time"), time(row.time)},
      {QStringLiteral("event"), row.event},
      {QStringLiteral("actor"), row.actor},
      {QStringLiteral("subject"), orNull(row.subject)},
      {QStringLiteral("message"), row.message},
      {QStringLiteral("outcome"), row.outcomeName},
  };
}

}  // namespace sealift
