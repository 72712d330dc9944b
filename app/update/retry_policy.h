// Which failures time can heal, and how long to wait before the next try. Pure.
#pragma once

#include "app/base/result.h"

#include <chrono>

namespace sealift {

// A device that does not answer, a link that was lost, a repository that is away. Never a refusal, never what the
// device or its storage said: trying that again would only wear it out.
bool canHeal(ErrorCode code);
// The same where nothing that is known answers: it depends on why.
bool canHeal(const Error& error);

inline constexpr int kMostAttempts = 6;  // the first one among them
inline constexpr std::chrono::seconds kFirstBackOff{30};
inline constexpr std::chrono::seconds kLongestBackOff{15 * 60};

// After this many attempts, one at least: 30 s, 1 min, 2 min … 15 min.
std::chrono::seconds backOffAfter(int attempts);

}  // namespace sealift
