// The log as a file for others: JSON lines or CSV, in order, read and written piece by piece.
//
// JSON lines: each line is {"leaf":LEAF,"hash":"HEX"}: LEAF is the entry's canonical bytes, verbatim, so that
// SHA-256(0x00 || LEAF) is HEX (RFC 6962 section 2.1). The export of a whole log ends with the line
// {"head":HEAD}, HEAD as an exported head (tree_head.h), and can be verified on its own.
// An entry that was changed so that it can't be read is {"unreadable":"BASE64","hash":"HEX"}.
// CSV: RFC 4180 with a header line, CRLF, UTF-8; a field that a spreadsheet could take for a formula is preceded by an
// apostrophe (OWASP, "CSV Injection").
#pragma once

#include "app/audit/audit_query.h"
#include "app/base/cancel_token.h"
#include "app/base/progress.h"
#include "app/base/result.h"
#include "app/store/database.h"

#include <QIODevice>

#include <optional>

namespace sealift {

enum class AuditExportFormat { JsonLines, Csv };

std::optional<AuditExportFormat> auditExportFormatFromName(QStringView name);  // "jsonl", "csv"

// Writes what the filter lets through, oldest first, of one consistent state; gives the number of entries. `out` is
// open for writing. Errors: FileWrite, Cancelled, Store….
Result<qint64> exportAuditLog(Database& database, const AuditSelection& filter, AuditExportFormat format,
                              QIODevice& out, Progress& progress, const CancelToken& cancel);

}  // namespace sealift
