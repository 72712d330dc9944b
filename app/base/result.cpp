#include "app/base/result.h"

namespace sealift {

Error makeError(ErrorCode code, const QString& what, const QString& remedy) {
  return Error{code, what, remedy.isEmpty() ? errorCodeRemedy(code) : remedy, nullptr};
}

tl::unexpected<Error> failBecause(ErrorCode code, const QString& what, const Error& cause) {
  Error error = makeError(code, what);
  error.cause = std::make_shared<const Error>(cause);
  return tl::unexpected<Error>(std::move(error));
}

QString Error::message() const {
  QString text = what;
  for (const Error* at = cause.get(); at != nullptr; at = at->cause.get()) {
    text += QStringLiteral(" (cause: %1)").arg(at->what);
  }
  return text;
}

}  // namespace sealift
