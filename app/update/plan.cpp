#include "app/update/plan.h"

#include "app/update/host_power.h"

#include <QCryptographicHash>
#include <QJsonArray>
#include <QJsonDocument>

namespace sealift {
namespace {

QJsonObject decided(const Plan& plan) {
  const Slot* running = plan.device.runningSlot();
  QJsonArray answers;
  for (const Check& check : plan.checks) {
    if (check.id == QLatin1String(kHostPowerCheck)) {
      continue;  // of this computer at this moment: asked again each time, and agreed to by nobody
    }
    answers << QJsonObject{{QStringLiteral("id"), check.id},
                           {QStringLiteral("state"), checkStateName(check.state)},
                           {QStringLiteral("code"), check.code}};
  }
  QJsonObject json{
      {QStringLiteral("schema"), 1},
      {QStringLiteral("device"),
       QJsonObject{{QStringLiteral("vendor"), plan.model.vendorId},
                   {QStringLiteral("model"), plan.model.id},
                   {QStringLiteral("serial"), plan.device.serial},
                   {QStringLiteral("hardwareRevision"), plan.device.hardwareRevision},
                   {QStringLiteral("address"),
                    plan.device.serial.isEmpty() ? QJsonValue(plan.address.toString()) : QJsonValue()}}},
      {QStringLiteral("from"),
       QJsonObject{{QStringLiteral("version"), plan.fromVersion()},
                   {QStringLiteral("digest"), QString::fromLatin1(running ? running->digest.toHex() : QByteArray())}}},
      {QStringLiteral("to"),
       QJsonObject{{QStringLiteral("version"), plan.release.terms.version.toString()},
                   {QStringLiteral("securityVersion"), static_cast<qint64>(plan.release.terms.securityVersion)},
                   {QStringLiteral("target"), plan.release.targetPath},
                   {QStringLiteral("sha256"), plan.release.sha256},
                   {QStringLiteral("bytes"), plan.release.terms.bytes}}},
      {QStringLiteral("notesHash"), plan.notesHash},
      {QStringLiteral("canFallBack"), plan.canFallBack},
      {QStringLiteral("checks"), answers},
  };
  if (plan.eraseEverything) {
    json[QStringLiteral("eraseEverything")] = true;
  }
  if (plan.downgrade) {
    json[QStringLiteral("downgrade")] = QJsonObject{{QStringLiteral("reason"), plan.downgrade->reason}};
  }
  return json;
}

}  // namespace

QString Plan::fromVersion() const {
  const Slot* running = device.runningSlot();
  return running != nullptr && running->version ? running->version->toString() : QString();
}

QString Plan::digest() const {
  // QJsonObject keeps its keys sorted, and every value here is text, a boolean or a whole number:
  // compact output is canonical.
  const QByteArray bytes = QJsonDocument(decided(*this)).toJson(QJsonDocument::Compact);
  return QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

QJsonObject Plan::toJson() const {
  QJsonObject json = decided(*this);
  QJsonArray checkArray;
  for (const Check& check : checks) {
    checkArray << QJsonObject{
        {QStringLiteral("id"), check.id},       {QStringLiteral("state"), checkStateName(check.state)},
        {QStringLiteral("title"), check.title}, {QStringLiteral("detail"), check.detail},
        {QStringLiteral("code"), check.code},   {QStringLiteral("remedy"), check.remedy}};
  }
  json[QStringLiteral("checks")] = checkArray;
  json[QStringLiteral("plan")] = digest();
  json[QStringLiteral("allowed")] = allowed();
  json[QStringLiteral("deviceId")] = deviceId;
  json[QStringLiteral("deviceName")] = deviceName;
  json[QStringLiteral("severity")] = release.severity;
  json[QStringLiteral("released")] = release.released.toString(Qt::ISODate);
  json[QStringLiteral("notes")] = notesMarkdown;
  json[QStringLiteral("offlineSeconds")] = release.offlineSeconds;
  json[QStringLiteral("expectedSeconds")] = expectedSeconds;
  json[QStringLiteral("delivery")] = QJsonObject{{QStringLiteral("downloadBytes"), delivery.downloadBytes},
                                                 {QStringLiteral("download"), delivery.download},
                                                 {QStringLiteral("sendBytes"), delivery.sendBytes},
                                                 {QStringLiteral("send"), delivery.send}};
  json[QStringLiteral("deferrableUntil")] =
      release.deferrableUntil ? QJsonValue(release.deferrableUntil->toString(Qt::ISODate)) : QJsonValue();
  return json;
}

}  // namespace sealift
