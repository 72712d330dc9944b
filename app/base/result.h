// Result<T>: a value, or an Error that says what happened and what to do.
// No exception crosses a folder; whoever can't go on returns an Error.
#pragma once

#include "app/base/error_code.h"

#include <QString>

#include <memory>
#include <tl/expected.hpp>
#include <utility>

namespace sealift {

struct Error {
  ErrorCode code = ErrorCode::Internal;
  QString what;                        // what happened, a sentence in plain words
  QString remedy;                      // what to do; the code's own remedy unless set
  std::shared_ptr<const Error> cause;  // what led to it; may be null

  // "what (cause: …)" in one line, for logs and terminals.
  QString message() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

Error makeError(ErrorCode code, const QString& what, const QString& remedy = {});

inline tl::unexpected<Error> fail(ErrorCode code, const QString& what, const QString& remedy = {}) {
  return tl::unexpected<Error>(makeError(code, what, remedy));
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
// A new error on top of the one that led to it.
tl::unexpected<Error> failBecause(ErrorCode code, const QString& what, const Error& cause);

}  // namespace sealift

#define SEALIFT_CONCAT2(a, b) a##b
#define SEALIFT_CONCAT(a, b) SEALIFT_CONCAT2(a, b)

// SEALIFT_TRY(auto value, expression): takes the value out of a Result or returns its error.
#define SEALIFT_TRY(declaration, expression)                                                          \
  auto SEALIFT_CONCAT(sealiftTry, __LINE__) = (expression);                                           \
  if (!SEALIFT_CONCAT(sealiftTry, __LINE__))                                                          \
    return tl::unexpected<::sealift::Error>(std::move(SEALIFT_CONCAT(sealiftTry, __LINE__)).error()); \
  declaration = std::move(*SEALIFT_CONCAT(sealiftTry, __LINE__)) /* NOLINT(bugprone-macro-parentheses) */

// SEALIFT_CHECK(expression): returns the error of a Result, ignores its value.
#define SEALIFT_CHECK(expression)                                               \
  do {                                                                          \
    if (auto sealiftCheck = (expression); !sealiftCheck)                        \
      return tl::unexpected<::sealift::Error>(std::move(sealiftCheck).error()); \
  } while (false)
