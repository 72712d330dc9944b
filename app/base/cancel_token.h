// One flag that stops a piece of work. Copies share the flag; safe from any thread.
#pragma once

#include "app/base/result.h"

#include <atomic>
#include <memory>

namespace sealift {

class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool isCancelled() const { return flag_->load(std::memory_order_relaxed); }

  // An error of code Cancelled when cancelled.
  Status check() const {
    if (isCancelled()) {
      return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
    }
    return {};
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace sealift
