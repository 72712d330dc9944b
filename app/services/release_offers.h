// What a device is offered, and what its owner said of it: skipped, or to be reminded of. Any thread.
#pragma once

#include "app/services/device_service.h"
#include "app/services/station_core.h"
#include "app/services/vendor_service.h"

#include <QHash>

#include <functional>
#include <mutex>
#include <optional>

namespace sealift {

class ReleaseOffers {
 public:
  using Changed = std::function<void(const QString& deviceId)>;

  ReleaseOffers(StationCore& core, VendorService& vendors, Changed changed)
      : core_(core), vendors_(vendors), changed_(std::move(changed)) {}

  // The best release that isn't skipped; nothing when the device runs it already.
  std::optional<Release> offerFor(const KnownDevice& device) const;
  std::optional<Release> byId(const QString& releaseId) const;
  // By id or by version. One that doesn't fit is found, too: the policy says what stands against it.
  Result<Release> find(const KnownDevice& device, const QString& text) const;

  // What stood against a plan when it was last made; nothing when nothing did.
  void noteRefusal(const QString& deviceId, const QString& releaseId, const std::optional<Error>& error);
  std::optional<Error> refusalOf(const QString& deviceId, const QString& releaseId) const;

  std::optional<QDateTime> remindAt(const QString& deviceId, const Release& release) const;
  Status remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when);
  Status skip(const QString& deviceId, const QString& releaseId, bool skip);

 private:
  StationCore& core_;
  VendorService& vendors_;
  Changed changed_;
  mutable std::mutex mutex_;
  QHash<QString, Error> refusals_;  // device id + release id → the check that failed
};

}  // namespace sealift
