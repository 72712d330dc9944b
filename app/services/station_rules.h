// Who may decide what at this station, and what was decided. Inside app/services only.
#pragma once

#include "app/services/operators.h"
#include "app/services/release_rules.h"
#include "app/services/release_trouble.h"
#include "app/services/station_policy.h"

namespace sealift {

struct StationRules {
  // `troubleChanged`: a release was paused or resumed.
  StationRules(StationCore& core, BootClock clock, std::function<void()> troubleChanged)
      : operators(core, std::move(clock)),
        policy(core),
        trouble(core, policy, std::move(troubleChanged)),
        releases(core) {}

  Operators operators;
  StationPolicy policy;
  ReleaseTrouble trouble;
  ReleaseRules releases;
};

}  // namespace sealift
