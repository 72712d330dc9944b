// Reading the log for people: pages, counts, filters. Fast with a million entries and more: every filter has an index,
// pages go by sequence number (keyset), never by offset. Any thread; each call sees the present log.
#pragma once

#include "app/audit/entry.h"
#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>
#include <QString>

#include <limits>
#include <optional>

namespace sealift {

// All that is set must hold.
struct AuditSelection {
  QString text;       // words or beginnings of words in actor, event, code, subject and message; all must occur
  QString event;      // one event's name ("update.failed"), or its family ("update")
  QString outcome;    // an outcome's name
  QString subjectId;  // exactly
  std::optional<qint64> fromMs;   // UTC, milliseconds since 1970-01-01; inclusive
  std::optional<qint64> untilMs;  // exclusive

  bool isEmpty() const {
    return text.trimmed().isEmpty() && event.isEmpty() && outcome.isEmpty() && subjectId.isEmpty() && !fromMs &&
           !untilMs;
  }
};

class AuditQuery {
 public:
  static constexpr int kMaxPage = 1000;  // entries; more are never given at once

  explicit AuditQuery(Database& database) : database_(database) {}

  // How many entries there are, counting no further than `atMost`: at atMost, there may be more.
  Result<qint64> count(const AuditSelection& filter, qint64 atMost = std::numeric_limits<qint64>::max());
  // Newest first, all with a smaller sequence number than `before`.
  Result<QList<AuditRecord>> pageBefore(const AuditSelection& filter, qint64 before, int limit);
  Result<QList<AuditRecord>> newestPage(const AuditSelection& filter, int limit) {
    return pageBefore(filter, std::numeric_limits<qint64>::max(), limit);
  }
  // Oldest first, all with a larger sequence number than `after`.
  Result<QList<AuditRecord>> pageAfter(const AuditSelection& filter, qint64 after, int limit);
  // Only the numbers of the entries, newest first: a million of them are 8 MB, for a table over a filter.
  Result<QList<qint64>> sequences(const AuditSelection& filter, int atMost);
  // The unfiltered log has no gaps: row n of a table, newest first, is entry size - n.
  Result<std::optional<AuditRecord>> find(qint64 sequence);

 private:
  Database& database_;
};

}  // namespace sealift
