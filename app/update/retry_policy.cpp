#include "app/update/retry_policy.h"

#include <algorithm>

namespace sealift {

bool canHeal(ErrorCode code) {
  switch (code) {
    case ErrorCode::Timeout:
    case ErrorCode::LinkOpen:
    case ErrorCode::LinkLost:
    case ErrorCode::DeviceBusy:
    case ErrorCode::FetchFailed:
    case ErrorCode::StoreBusy:
    case ErrorCode::KeyAbsent:
      return true;
    default:
      return false;
  }
}

bool canHeal(const Error& error) {
  return canHeal(error.code) ||
         (error.code == ErrorCode::DeviceNotRecognised && error.cause != nullptr && canHeal(*error.cause));
}

std::chrono::seconds backOffAfter(int attempts) {
  std::chrono::seconds wait = kFirstBackOff;
  for (int i = 1; i < attempts && wait < kLongestBackOff; ++i) {
    wait *= 2;
  }
  return std::min(wait, kLongestBackOff);
}

}  // namespace sealift
