// How PINs and passphrases are asked for, the same for every keeper: people may try again as long as the keeper lets
// them, other sources answer once, and never spend a token's last try.
#pragma once

#include "keystore/secrets/pin_source.h"

namespace sealift {

// Asks and gives the answer to `attempt` until it succeeds or fails with anything but KeyPin. What the keeper tells
// about tries left is read by `attempt` and written into `request`.
template <class T, class Attempt>
Result<T> askUntilRight(PinSource& pins, PinRequest& request, Attempt attempt) {
  while (true) {
    if (request.triesLeft == 1 && !pins.interactive()) {
      return fail(
          ErrorCode::KeyPin,
          QStringLiteral("One more wrong PIN locks %1, so it is not tried without a person.").arg(request.keeper),
          QStringLiteral("Enter the right PIN once at a terminal; that resets the count."));
    }
    SEALIFT_TRY(const SecretBytes answer, pins.ask(request));
    Result<T> result = attempt(answer);
    if (result || result.error().code != ErrorCode::KeyPin || !pins.interactive()) {
      return result;
    }
    request.lastWasWrong = true;
  }
}

}  // namespace sealift
