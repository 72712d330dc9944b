// Releases that somebody chose to skip, or to be reminded of later, for a device or for a model.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

enum class DeferralScope { Device, Model };
enum class DeferralKind { Skip, Remind };

struct DeferralRow {
  DeferralScope scope = DeferralScope::Device;
  QString scopeId;  // device or model id
  QString releasePath;
  QString version;
  QString imageHash;  // lower-case hex: a release that changes under the same version is offered again
  DeferralKind kind = DeferralKind::Skip;
  std::optional<qint64> untilMs;  // Remind: when; UTC, milliseconds since 1970-01-01
  qint64 madeMs = 0;
};

class DeferralTable {
 public:
  explicit DeferralTable(Database& database) : database_(database) {}
  Status set(const DeferralRow& row);  // one for a scope and release path; replaces
  Status remove(DeferralScope scope, const QString& scopeId, const QString& releasePath);  // NotFound
  Result<std::optional<DeferralRow>> find(DeferralScope scope, const QString& scopeId, const QString& releasePath);
  Result<QList<DeferralRow>> list();

 private:
  Database& database_;
};

}  // namespace sealift
