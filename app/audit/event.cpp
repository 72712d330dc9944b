#include "app/audit/event.h"

#include <array>

namespace sealift {
namespace {

constexpr std::array kEvents = {
#define X(name, text) text,
    SEALIFT_AUDIT_EVENTS(X)
#undef X
};

constexpr std::array kOutcomes = {
#define X(name, text) text,
    SEALIFT_AUDIT_OUTCOMES(X)
#undef X
};

template <class Enum, std::size_t N>
std::optional<Enum> findName(const std::array<const char*, N>& names, QStringView wanted) {
  for (std::size_t i = 0; i < N; ++i) {
    if (wanted == QLatin1String(names[i])) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

template <class Enum, std::size_t N>
QList<Enum> listAll(const std::array<const char*, N>&) {
  QList<Enum> all;
  for (std::size_t i = 0; i < N; ++i) {
    all.append(static_cast<Enum>(i));
  }
  return all;
}

}  // namespace

QString auditEventName(AuditEvent event) {
  return QString::fromLatin1(kEvents[static_cast<std::size_t>(event)]);
}

std::optional<AuditEvent> auditEventFromName(QStringView name) {
  return findName<AuditEvent>(kEvents, name);
}

QList<AuditEvent> allAuditEvents() {
  return listAll<AuditEvent>(kEvents);
}

QString auditOutcomeName(AuditOutcome outcome) {
  return QString::fromLatin1(kOutcomes[static_cast<std::size_t>(outcome)]);
}

std::optional<AuditOutcome> auditOutcomeFromName(QStringView name) {
  return findName<AuditOutcome>(kOutcomes, name);
}

QList<AuditOutcome> allAuditOutcomes() {
  return listAll<AuditOutcome>(kOutcomes);
}

}  // namespace sealift
