// What the audit log says last of something, proven on the spot: from the entry's own bytes to the station's signed
// head. A copy of it in another table is worth as much as it agrees with this. Inside app/services only; any thread.
#pragma once

#include "app/audit/audit_query.h"
#include "app/services/station_core.h"

#include <optional>

namespace sealift {

// The newest entry of an event, or of a family of them, about a subject (empty: any). Nothing where there is none;
// AuditTampered where it can't be proven.
Result<std::optional<AuditRecord>> newestProven(const StationCore& core, const QString& event,
                                                const QString& subjectId);
// AuditTampered unless the entry is part of the signed tree.
Status proveEntry(const StationCore& core, const AuditRecord& record);

}  // namespace sealift
