#include "app/store/statement.h"

#include "app/store/connection.h"

namespace sealift {

Statement::Statement(std::unique_ptr<Private> d) : d_(std::move(d)) {}
Statement::Statement(Statement&& other) noexcept = default;

Statement::~Statement() {
  if (d_ && d_->connection) {
    d_->query.finish();  // resets it, so that it holds no lock
    if (d_->connection->isOpen()) {
      d_->connection->idle_.insert(d_->sql, d_->query);
    }
  }
}

void Statement::rewind() {
  if (d_->executed) {
    d_->query.finish();
  }
  d_->bound = 0;
  d_->executed = false;
}

void Statement::bindNext(qint64 value) {
  d_->query.bindValue(d_->bound++, value);
}

void Statement::bindNext(const QString& value) {
  // Qt binds a null string as NULL.
  d_->query.bindValue(d_->bound++, value.isNull() ? QStringLiteral("") : value);
}

void Statement::bindNext(const QByteArray& value) {
  d_->query.bindValue(d_->bound++, value.isNull() ? QByteArray("") : value);
}

void Statement::bindNull() {
  d_->query.bindValue(d_->bound++, QVariant());
}

Result<qint64> Statement::run() {
  d_->executed = true;
  if (!d_->query.exec()) {
    return fail(makeStoreError(d_->query.lastError(), u"carry out a statement"));
  }
  const qint64 changed = d_->query.numRowsAffected();
  d_->query.finish();
  return changed;
}

Result<qint64> Statement::runReturning() {
  SEALIFT_TRY(const bool found, next());
  const qint64 value = found ? integer(0) : 0;
  // Outside of a transaction it is committed by the step past its last row, and only that one tells whether it was.
  SEALIFT_CHECK(next());
  return value;
}

Result<bool> Statement::next() {
  if (!d_->executed) {
    d_->executed = true;
    if (!d_->query.exec()) {
      return fail(makeStoreError(d_->query.lastError(), u"answer a query"));
    }
  }
  if (d_->query.next()) {
    return true;
  }
  if (d_->query.lastError().isValid()) {
    return fail(makeStoreError(d_->query.lastError(), u"answer a query"));
  }
  return false;
}

qint64 Statement::integer(int column) const {
  return d_->query.value(column).toLongLong();
}

QString Statement::text(int column) const {
  return d_->query.value(column).toString();
}

QByteArray Statement::bytes(int column) const {
  return d_->query.value(column).toByteArray();
}

bool Statement::isNull(int column) const {
  return d_->query.isNull(column);
}

std::optional<qint64> Statement::optionalInteger(int column) const {
  if (isNull(column)) {
    return std::nullopt;
  }
  return integer(column);
}

}  // namespace sealift
