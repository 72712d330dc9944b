// Why somebody decided something, as it is kept and shown.
#pragma once

#include "app/base/result.h"

#include <QString>

namespace sealift {

inline constexpr qsizetype kReasonMaxChars = 500;

// Trimmed, on one line. InvalidArgument when nothing is left of it or it is longer than kReasonMaxChars.
Result<QString> readReason(const QString& text);

}  // namespace sealift
