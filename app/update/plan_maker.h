// Makes plans: chooses the release, fetches and verifies the image, asks every question.
// Touches no device; what the device said comes in as a snapshot.
#pragma once

#include "app/catalog/vendor_repository.h"
#include "app/update/plan.h"
#include "devices/core/driver.h"

#include <optional>

namespace sealift {

// The newest release that fits the unit's model and revision and can be reached from what it runs.
// Nothing when there is none above the running version. `skip` says which releases somebody chose to pass over.
std::optional<Release> chooseRelease(
    const VendorContents& contents, const ModelDescription& model, const DeviceSnapshot& device,
    const std::function<bool(const Release&)>& skip = [](const Release&) { return false; });

struct MadePlan {
  Plan plan;
  std::optional<Image> image;  // verified; nothing when a check on it failed
};

struct PlanRequest {
  QString deviceId;
  QString deviceName;
  LinkAddress address;
  ModelDescription model;
  DeviceSnapshot device;
  Capabilities capabilities;
  Release release;
  QString language;  // of the notes, e.g. "de"; "en" is the fall-back
  std::optional<quint32> highestSecurityVersionSeen;
  std::optional<DowngradeTerms> downgrade = {};
  bool eraseEverything = false;
  std::optional<Error> refreshProblem;  // why the vendor's metadata could not be refreshed just now
};

// Every check runs, also after one has failed, so that a person sees all of them. An error comes back
// only when the plan can't be made at all (cancelled, notes can't be fetched).
Result<MadePlan> makePlan(const PlanRequest& request, VendorRepository& repository, const Clock& clock,
                          const CancelToken& cancel);

}  // namespace sealift
