#include "app/services/security_floor.h"

#include <algorithm>

namespace sealift {
namespace {

// Units that are told apart by their places only share what their serial number is remembered for: the safe side.
QString unitOf(const QString& deviceId) {
  return deviceId.section(u'@', 0, 0);
}

bool isSharedSerial(const QString& deviceId) {
  return deviceId.contains(u'@');
}

}  // namespace

Status SecurityFloor::noteTold(const AuditSubject& subject, quint32 counter) {
  SecurityFloorTable table(*core_.database);
  const QString unit = unitOf(subject.id);
  SEALIFT_TRY(const std::optional<SecurityFloorRow> row, table.find(unit));
  if (!row || !row->told || counter > *row->told) {
    SEALIFT_CHECK(table.raiseTold(unit, counter));
  }
  const bool fell = row && row->told && counter < *row->told && !isSharedSerial(subject.id);
  if (!fell) {
    return row && row->fellTo ? table.setFall(unit, std::nullopt, 0) : Status();
  }
  if (row->fellTo == counter) {
    return {};
  }
  SecurityFloorRow now = *row;
  now.fellTo = counter;
  now.fellMs = core_.nowMs();
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(table.setFall(unit, counter, *now.fellMs));
  SEALIFT_CHECK(
      core_.record(transaction, {.event = AuditEvent::DeviceCounterFell,
                                 .actor = {},
                                 .subject = subject,
                                 .outcome = AuditOutcome::Warning,
                                 .code = errorCodeName(ErrorCode::PolicySecurityVersion),
                                 .message = textOf(now),
                                 .details = {{QStringLiteral("told"), static_cast<qint64>(counter)},
                                             {QStringLiteral("remembered"), static_cast<qint64>(*row->told)}}}));
  return transaction.commit();
}

Status SecurityFloor::noteInstalled(const QString& deviceId, quint32 securityVersion) {
  return SecurityFloorTable(*core_.database).raiseInstalled(unitOf(deviceId), securityVersion);
}

Result<std::optional<quint32>> SecurityFloor::highest(const QString& deviceId) const {
  SEALIFT_TRY(const std::optional<SecurityFloorRow> row, SecurityFloorTable(*core_.database).find(unitOf(deviceId)));
  if (!row) {
    return std::nullopt;
  }
  return std::max(row->told.value_or(0), row->installed.value_or(0));
}

Result<std::optional<SecurityFloorRow>> SecurityFloor::fallOf(const QString& deviceId) const {
  SEALIFT_TRY(std::optional<SecurityFloorRow> row, SecurityFloorTable(*core_.database).find(unitOf(deviceId)));
  if (row && !row->fellTo) {
    row.reset();
  }
  return row;
}

Result<QList<SecurityFloorRow>> SecurityFloor::falls() const {
  return SecurityFloorTable(*core_.database).listFallen();
}

QString SecurityFloor::textOf(const SecurityFloorRow& fall) {
  return QStringLiteral(
             "The device's rollback counter says %1 and once said %2: it was reset, or another device answers in its "
             "name. Nothing below %3 is installed.")
      .arg(fall.fellTo.value_or(0))
      .arg(fall.told.value_or(0))
      .arg(std::max(fall.told.value_or(0), fall.installed.value_or(0)));
}

}  // namespace sealift
