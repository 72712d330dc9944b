#include "app/update/sleep_inhibitor.h"

#include <IOKit/pwr_mgt/IOPMLib.h>

namespace sealift {
namespace {

class Assertion final : public SleepHold {
 public:
  explicit Assertion(IOPMAssertionID id) : id_(id) {}
  ~Assertion() override { IOPMAssertionRelease(id_); }

 private:
  IOPMAssertionID id_;
};

class MacInhibitor final : public SleepInhibitor {
 public:
  Result<std::unique_ptr<SleepHold>> inhibit(const QString& why) override {
    const CFStringRef name = why.toCFString();
    IOPMAssertionID id = kIOPMNullAssertionID;
    const IOReturn taken =
        IOPMAssertionCreateWithName(kIOPMAssertionTypePreventUserIdleSystemSleep, kIOPMAssertionLevelOn, name, &id);
    CFRelease(name);
    if (taken != kIOReturnSuccess) {
      return fail(ErrorCode::NotSupported, QStringLiteral("macOS does not take the wish to stay awake."));
    }
    return std::make_unique<Assertion>(id);
  }
};

}  // namespace

std::unique_ptr<SleepInhibitor> makeSystemSleepInhibitor() {
  return std::make_unique<MacInhibitor>();
}

}  // namespace sealift
