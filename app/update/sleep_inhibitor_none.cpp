#include "app/update/sleep_inhibitor.h"

namespace sealift {
namespace {

class NoInhibitor final : public SleepInhibitor {
 public:
  Result<std::unique_ptr<SleepHold>> inhibit(const QString& /*why*/) override {
    return fail(ErrorCode::NotSupported, QStringLiteral("Sealift does not know how to keep this system awake."));
  }
};

}  // namespace

std::unique_ptr<SleepInhibitor> makeSystemSleepInhibitor() {
  return std::make_unique<NoInhibitor>();
}

}  // namespace sealift
