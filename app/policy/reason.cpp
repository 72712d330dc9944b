#include "app/policy/reason.h"

#include <algorithm>

namespace sealift {

Result<QString> readReason(const QString& text) {
  const QString reason = text.simplified();
  const auto isUnprintable = [](QChar c) { return !c.isPrint() && !c.isSurrogate(); };
  if (reason.isEmpty() || std::all_of(reason.cbegin(), reason.cend(), isUnprintable)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("No reason was given."),
                QStringLiteral("Say why in a sentence: it is kept in the audit log."));
  }
  if (reason.size() > kReasonMaxChars || std::any_of(reason.cbegin(), reason.cend(), isUnprintable)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A reason is readable text of at most %1 characters.").arg(kReasonMaxChars),
                QStringLiteral("Say it in a sentence."));
  }
  return reason;
}

}  // namespace sealift
