// The journal of a job: the intent of each step before it, its result after it. Only ever appended to.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

enum class JournalPhase { Intent, Result };

struct JournalRow {
  QString jobId;
  qint64 sequence = 0;  // 1, 2, … within the job; given by the store
  qint64 timeMs = 0;    // UTC, milliseconds since 1970-01-01
  QString step;
  JournalPhase phase = JournalPhase::Intent;
  QByteArray detail;  // JSON
};

class JournalTable {
 public:
  explicit JournalTable(Database& database) : database_(database) {}
  // On the disk when it returns (outside of a Transaction); gives the sequence number. NotFound: no such job.
  Result<qint64> append(const JournalRow& row);
  Result<QList<JournalRow>> list(const QString& jobId);  // in order
  Result<std::optional<JournalRow>> last(const QString& jobId);

 private:
  Database& database_;
};

}  // namespace sealift
