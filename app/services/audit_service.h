// The audit log as people see it: pages, details with proofs, verification, exports. Any thread.
#pragma once

#include "app/base/progress.h"
#include "app/services/station_core.h"

namespace sealift {

class AuditService {
 public:
  AuditService(StationCore& core, std::function<void()> changed) : core_(core), changed_(std::move(changed)) {}

  // The log itself refused an entry when the station was opened.
  void foundAtStart(const Error& problem);

  AuditHealth health() const;
  qint64 count(const AuditFilter& filter) const;
  QList<AuditRow> page(const AuditFilter& filter, qint64 before, int limit) const;
  Result<AuditDetail> detail(qint64 sequence) const;
  Result<AuditHealth> verify(const QString& headFile, const Progress::Sink& sink, const CancelToken& cancel);
  Status exportTo(const QString& path, const QString& format);
  Status exportHead(const QString& path);

 private:
  AuditHealth healthFrom(qint64 entries, const std::optional<TreeHead>& head) const;

  StationCore& core_;
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  bool checked_ = false;          // a full verification ran in this run
  std::optional<Error> problem_;  // what it found
};

}  // namespace sealift
