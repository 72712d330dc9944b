// The station's own rules: whether older versions may be installed, and when a release is in trouble. A rule stands in
// the settings and, with who changed it, in the audit log; one that the log doesn't tell of is not believed. Any
// thread.
#pragma once

#include "app/services/station_core.h"

namespace sealift {

class StationPolicy {
 public:
  explicit StationPolicy(StationCore& core) : core_(core) {}

  // Where settings and log differ, the strict rules, with `altered` set.
  Result<PolicyView> current() const;
  // InvalidArgument when a number is out of its range. `actor`: whoever may, see Authority.
  Status change(const PolicyChange& change, const QString& actor);

 private:
  Result<PolicyView> stored() const;

  StationCore& core_;
};

}  // namespace sealift
