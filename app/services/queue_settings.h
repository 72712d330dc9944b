// The station's own settings of its queue, kept in the store: how much runs side by side, when, and whether at all.
// Any thread.
#pragma once

#include "app/services/station_core.h"
#include "app/update/job_queue.h"
#include "app/update/maintenance_window.h"

#include <optional>

namespace sealift {

class QueueSettings {
 public:
  explicit QueueSettings(StationCore& core) : core_(core) {}

  QueueLimits limits() const;
  // 1 … kHighestLimit each. InvalidArgument; recorded.
  Status setLimits(const QueueLimits& limits);

  bool isPaused() const;
  Status setPaused(bool paused);  // recorded

  // The station's maintenance window; none until somebody sets one.
  std::optional<MaintenanceWindow> window() const;
  Status setWindow(const std::optional<MaintenanceWindow>& window);  // recorded

 private:
  Status keep(const QString& key, const QString& value, AuditEvent event, const QString& message,
              const QJsonObject& details);

  StationCore& core_;
};

}  // namespace sealift
