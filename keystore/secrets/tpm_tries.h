// The TPM's protection against dictionary attacks (TPM 2.0 Library, Part 1, 19.8): how many wrong authorization
// values it still takes. Internal to this folder.
#pragma once

#include <QString>

#include <chrono>
#include <optional>

namespace sealift {

struct TpmTries {
  int left = 0;
  std::chrono::seconds oneMoreAfter{0};  // how long the TPM waits until it forgets one wrong try; 0: never
};

// Asks the TPM itself. Nothing when it can't be asked, or this build can't. The TPM must not be in use by this
// process: a simulated one serves one connection at a time.
std::optional<TpmTries> readTpmTries(const QString& tcti);

}  // namespace sealift
