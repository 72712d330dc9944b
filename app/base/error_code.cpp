#include "app/base/error_code.h"

namespace sealift {
namespace {

struct Row {
  ErrorCode code;
  const char* name;
  const char* remedy;
};

constexpr Row kRows[] = {
#define X(name, text, remedy) {ErrorCode::name, text, remedy},
    SEALIFT_ERROR_CODES(X)
#undef X
};

}  // namespace

QString errorCodeName(ErrorCode code) {
  return QString::fromLatin1(kRows[static_cast<std::size_t>(code)].name);
}

QString errorCodeRemedy(ErrorCode code) {
  return QString::fromLatin1(kRows[static_cast<std::size_t>(code)].remedy);
}

std::optional<ErrorCode> errorCodeFromName(QStringView name) {
  for (const Row& row : kRows) {
    if (name == QLatin1String(row.name)) {
      return row.code;
    }
  }
  return std::nullopt;
}

}  // namespace sealift
