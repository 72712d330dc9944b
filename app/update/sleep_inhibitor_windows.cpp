#include "app/update/sleep_inhibitor.h"

#include <string>
#include <windows.h>

namespace sealift {
namespace {

class PowerRequest final : public SleepHold {
 public:
  explicit PowerRequest(HANDLE request) : request_(request) {}
  ~PowerRequest() override {
    PowerClearRequest(request_, PowerRequestSystemRequired);
    CloseHandle(request_);
  }

 private:
  HANDLE request_;
};

class WindowsInhibitor final : public SleepInhibitor {
 public:
  Result<std::unique_ptr<SleepHold>> inhibit(const QString& why) override {
    std::wstring reason = why.toStdWString();
    REASON_CONTEXT context{};
    context.Version = POWER_REQUEST_CONTEXT_VERSION;
    context.Flags = POWER_REQUEST_CONTEXT_SIMPLE_STRING;
    context.Reason.SimpleReasonString = reason.data();
    const HANDLE request = PowerCreateRequest(&context);
    if (request == INVALID_HANDLE_VALUE) {
      return fail(ErrorCode::NotSupported, QStringLiteral("Windows makes no power request."));
    }
    if (PowerSetRequest(request, PowerRequestSystemRequired) == 0) {
      CloseHandle(request);
      return fail(ErrorCode::NotSupported, QStringLiteral("Windows does not take the wish to stay awake."));
    }
    return std::make_unique<PowerRequest>(request);
  }
};

}  // namespace

std::unique_ptr<SleepInhibitor> makeSystemSleepInhibitor() {
  return std::make_unique<WindowsInhibitor>();
}

}  // namespace sealift
