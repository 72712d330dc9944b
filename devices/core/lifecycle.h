// Dated support phases of a model. A date that the vendor has not published stays
// unknown: it is never invented.
#pragma once

#include <QDate>

#include <optional>

namespace sealift {

enum class SupportPhase { Unknown, Full, SecurityOnly, EndOfLife };

struct Lifecycle {
  std::optional<QDate> released;
  std::optional<QDate> fullSupportEnds;      // first day without feature updates
  std::optional<QDate> securitySupportEnds;  // first day without any update: end of life

  SupportPhase phaseOn(const QDate& day) const {
    if (securitySupportEnds && day >= *securitySupportEnds) {
      return SupportPhase::EndOfLife;
    }
    if (fullSupportEnds && day >= *fullSupportEnds) {
      return SupportPhase::SecurityOnly;
    }
    return fullSupportEnds || securitySupportEnds ? SupportPhase::Full : SupportPhase::Unknown;
  }
  // Days until end of life; nothing when unknown, 0 or less when it has passed.
  std::optional<qint64> daysToEndOfLife(const QDate& day) const {
    if (!securitySupportEnds) {
      return std::nullopt;
    }
    return day.daysTo(*securitySupportEnds);
  }

  bool operator==(const Lifecycle&) const = default;
};

}  // namespace sealift
