#include "app/audit/audit_query.h"

#include "app/audit/audit_store.h"

#include <QStringList>

#include <algorithm>

namespace sealift {
namespace {

enum class Order { OldestFirst, NewestFirst };

// What to do with the entries that a filter lets through.
enum class Wanted { Records, Numbers, Count };

// FTS5's query language (sqlite.org/fts5.html, section 3): every word as a string with quotes doubled, as a prefix.
// Words without a letter or digit have no token and are left out.
QString makeSearch(const QString& text) {
  QStringList words;
  for (const QString& word : text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    if (std::any_of(word.begin(), word.end(), [](QChar c) { return c.isLetterOrNumber(); })) {
      words.append(QLatin1Char('"') + QString(word).replace(QLatin1Char('"'), QLatin1String("\"\"")) +
                   QStringLiteral("\"*"));
    }
  }
  return words.join(QLatin1Char(' '));
}

// Where to look. The planner has no statistics of a growing log, so the choice is made here, by what usually leaves
// the fewest entries: words, subject, one event, one outcome; otherwise the index that holds all filtered columns in
// the order of the log is read until the page is full.
QString sourceOf(const AuditSelection& filter, const QString& search) {
  if (!search.isEmpty()) {
    return QStringLiteral("audit_search s CROSS JOIN audit_entry e ON e.seq=s.rowid");
  }
  const char* index = "audit_scan";
  if (!filter.subjectId.isEmpty()) {
    index = "audit_subject";
  } else if (filter.event.contains(QLatin1Char('.'))) {
    index = "audit_event";
  } else if (!filter.outcome.isEmpty() && filter.event.isEmpty() && !filter.fromMs && !filter.untilMs) {
    index = "audit_outcome";
  }
  return QStringLiteral("audit_entry e INDEXED BY %1").arg(QLatin1String(index));
}

// The entries between two numbers (both excluded) that the filter lets through, bound and ready to be stepped.
Result<Statement> select(Database& database, Wanted wanted, const AuditSelection& filter, qint64 after, qint64 before,
                         Order order, qint64 limit) {
  const QString search = makeSearch(filter.text);
  if (!search.isEmpty()) {
    SEALIFT_CHECK(AuditStore(database).indexWords());
  }
  const QString number = search.isEmpty() ? QStringLiteral("e.seq") : QStringLiteral("s.rowid");
  const bool isOneEvent = filter.event.contains(QLatin1Char('.'));
  QString sql = QStringLiteral(" FROM %1 WHERE %2>? AND %2<?").arg(sourceOf(filter, search), number);
  const auto require = [&sql](bool isWanted, const char* condition) {
    if (isWanted) {
      sql += QStringLiteral(" AND ") + QLatin1String(condition);
    }
  };
  require(!search.isEmpty(), "s.words MATCH ?");
  require(!filter.subjectId.isEmpty(), "e.subject_id=?");
  require(!filter.event.isEmpty(), isOneEvent ? "e.event=?" : "e.family=?");
  require(!filter.outcome.isEmpty(), "e.outcome=?");
  require(filter.fromMs.has_value(), "e.time_ms>=?");
  require(filter.untilMs.has_value(), "e.time_ms<?");
  if (wanted == Wanted::Count) {
    sql = QStringLiteral("SELECT count(*) FROM (SELECT 1%1 LIMIT ?)").arg(sql);
  } else {
    const QLatin1String columns(wanted == Wanted::Records ? kRecordColumns : "e.seq");
    const QLatin1String direction(order == Order::NewestFirst ? "DESC" : "ASC");
    sql = QStringLiteral("SELECT %1%2 ORDER BY %3 %4 LIMIT ?").arg(columns, sql, number, direction);
  }
  SEALIFT_TRY(Statement statement, database.prepare(sql));
  statement.bind(after, before);
  const auto bindText = [&statement](const QString& value) {
    if (!value.isEmpty()) {
      statement.bindAlso(value);
    }
  };
  bindText(search);
  bindText(filter.subjectId);
  bindText(filter.event);
  bindText(filter.outcome);
  for (const std::optional<qint64>& time : {filter.fromMs, filter.untilMs}) {
    if (time) {
      statement.bindAlso(*time);
    }
  }
  statement.bindAlso(limit);
  return statement;
}

Result<QList<AuditRecord>> readPage(Result<Statement> selected) {
  SEALIFT_TRY(Statement statement, std::move(selected));
  QList<AuditRecord> records;
  for (;;) {
    SEALIFT_TRY(const bool more, statement.next());
    if (!more) {
      return records;
    }
    records.append(readRecord(statement));
  }
}

}  // namespace

Result<qint64> AuditQuery::count(const AuditSelection& filter, qint64 atMost) {
  if (filter.isEmpty()) {
    SEALIFT_TRY(const qint64 all, AuditStore(database_).readLastSequence());
    return std::min(all, atMost);
  }
  SEALIFT_TRY(Statement rows, select(database_, Wanted::Count, filter, 0, std::numeric_limits<qint64>::max(),
                                     Order::NewestFirst, atMost));
  SEALIFT_CHECK(rows.next());
  return rows.integer(0);
}

Result<QList<AuditRecord>> AuditQuery::pageBefore(const AuditSelection& filter, qint64 before, int limit) {
  return readPage(
      select(database_, Wanted::Records, filter, 0, before, Order::NewestFirst, std::clamp(limit, 0, kMaxPage)));
}

Result<QList<AuditRecord>> AuditQuery::pageAfter(const AuditSelection& filter, qint64 after, int limit) {
  return readPage(select(database_, Wanted::Records, filter, after, std::numeric_limits<qint64>::max(),
                         Order::OldestFirst, std::clamp(limit, 0, kMaxPage)));
}

Result<QList<qint64>> AuditQuery::sequences(const AuditSelection& filter, int atMost) {
  SEALIFT_TRY(Statement rows, select(database_, Wanted::Numbers, filter, 0, std::numeric_limits<qint64>::max(),
                                     Order::NewestFirst, atMost));
  QList<qint64> numbers;
  for (;;) {
    SEALIFT_TRY(const bool more, rows.next());
    if (!more) {
      return numbers;
    }
    numbers.append(rows.integer(0));
  }
}

Result<std::optional<AuditRecord>> AuditQuery::find(qint64 sequence) {
  SEALIFT_TRY(Statement row,
              database_.prepare(
                  QStringLiteral("SELECT %1 FROM audit_entry e WHERE e.seq=?").arg(QLatin1String(kRecordColumns))));
  row.bind(sequence);
  SEALIFT_TRY(const bool found, row.next());
  return found ? std::optional<AuditRecord>(readRecord(row)) : std::nullopt;
}

}  // namespace sealift
