// Inside app/store only: what the tables share.
#pragma once

#include "app/store/statement.h"

#include <QList>

#include <optional>

namespace sealift {

// All rows of a bound query, each made by `read`.
template <class Row>
Result<QList<Row>> readRows(Statement& statement, Row (*read)(const Statement&)) {
  QList<Row> rows;
  for (;;) {
    SEALIFT_TRY(const bool more, statement.next());
    if (!more) {
      return rows;
    }
    rows.append(read(statement));
  }
}

// The first row of a bound query, if there is one.
template <class Row>
Result<std::optional<Row>> readRow(Statement& statement, Row (*read)(const Statement&)) {
  SEALIFT_TRY(const bool found, statement.next());
  return found ? std::optional<Row>(read(statement)) : std::nullopt;
}

// NotFound when a change that must meet one row met none.
inline Status expectChanged(const Result<qint64>& changed, const QString& what) {
  SEALIFT_CHECK(changed);
  if (*changed == 0) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no %1.").arg(what));
  }
  return {};
}

// Drops the number of rows.
inline Status toStatus(const Result<qint64>& changed) {
  SEALIFT_CHECK(changed);
  return {};
}

}  // namespace sealift
