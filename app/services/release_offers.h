// What a device is offered, and what its owner said of it: skipped, or to be reminded of. Any thread.
#pragma once

#include "app/services/device_service.h"
#include "app/services/station_core.h"
#include "app/services/station_rules.h"
#include "app/services/vendor_service.h"

#include <QHash>

#include <functional>
#include <mutex>
#include <optional>

namespace sealift {

class ReleaseOffers {
 public:
  using Changed = std::function<void(const QString& deviceId)>;

  ReleaseOffers(StationCore& core, VendorService& vendors, StationRules& rules, Changed changed)
      : core_(core), vendors_(vendors), rules_(rules), changed_(std::move(changed)) {}

  StationRules& rules() const { return rules_; }

  // The best release that the rules let through; nothing when the device runs it already.
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
  // What the vendor's metadata says of the firmware that the device runs, where it does.
  std::optional<ReleaseTerms> runningTerms(const KnownDevice& device) const;
  // The rule that a change is about. NotFound when its release isn't published and can't be meant by its version alone.
  Result<ReleaseRuleRow> ruleFor(const ReleaseRuleChange& change, const std::optional<KnownDevice>& device) const;
  // A rule that stands, by its version, its release's id, or (one that is not published any more) its hash's beginning.
  Result<ReleaseRuleRow> standingRule(const ReleaseRuleChange& change, const std::optional<KnownDevice>& device) const;

 private:
  StationCore& core_;
  VendorService& vendors_;
  StationRules& rules_;
  Changed changed_;
  mutable std::mutex mutex_;
  QHash<QString, Error> refusals_;  // device id + release id → the check that failed
};

}  // namespace sealift
