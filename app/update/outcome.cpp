#include "app/update/outcome.h"

#include <iterator>

namespace sealift {
namespace {

constexpr const char* kOutcomes[] = {"succeeded", "reverted", "refused", "failed", "unknown", "cancelled"};
constexpr const char* kStages[] = {"check", "transfer", "verify", "activate", "restart", "confirm"};

}  // namespace

QString outcomeName(Outcome outcome) {
  return QString::fromLatin1(kOutcomes[static_cast<int>(outcome)]);
}

QString stageName(Stage stage) {
  return QString::fromLatin1(kStages[static_cast<int>(stage)]);
}

std::optional<Outcome> outcomeFromName(const QString& name) {
  for (int i = 0; i < static_cast<int>(std::size(kOutcomes)); ++i) {
    if (name == QLatin1String(kOutcomes[i])) {
      return static_cast<Outcome>(i);
    }
  }
  return std::nullopt;
}

std::optional<Stage> stageFromName(const QString& name) {
  for (int i = 0; i < static_cast<int>(std::size(kStages)); ++i) {
    if (name == QLatin1String(kStages[i])) {
      return static_cast<Stage>(i);
    }
  }
  return std::nullopt;
}

}  // namespace sealift
