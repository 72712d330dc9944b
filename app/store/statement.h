// One prepared SQL statement: bind by position, run or step, read typed columns.
// Values are always bound, never pasted into SQL. A Statement belongs to the thread that prepared it and
// must end before its Database does. Compiled statements are kept per thread and used again.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringView>

#include <memory>
#include <optional>

namespace sealift {

class Connection;

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Binds the values to the first, second, … `?`. Takes qint64, int, bool, QString, QByteArray, and optionals of
  // these (nothing is NULL). A null QString or QByteArray is the empty value, not NULL.
  template <class... Values>
  Statement& bind(const Values&... values) {
    rewind();
    (bindNext(values), ...);
    return *this;
  }

  // Goes on where bind() ended.
  template <class Value>
  Statement& bindAlso(const Value& value) {
    bindNext(value);
    return *this;
  }

  // Executes a statement that gives no rows; the number of rows it changed.
  Result<qint64> run();
  // Executes an INSERT … RETURNING of one row; its first column.
  Result<qint64> runReturning();
  // Steps to the next row (executes first); false after the last one.
  Result<bool> next();

  // Columns of the current row, counted from 0. A value of another type is converted as SQLite does.
  qint64 integer(int column) const;
  bool boolean(int column) const { return integer(column) != 0; }
  QString text(int column) const;
  QByteArray bytes(int column) const;
  bool isNull(int column) const;
  std::optional<qint64> optionalInteger(int column) const;

 private:
  friend class Connection;
  struct Private;
  explicit Statement(std::unique_ptr<Private> d);

  void rewind();
  void bindNext(qint64 value);
  void bindNext(int value) { bindNext(static_cast<qint64>(value)); }
  void bindNext(bool value) { bindNext(static_cast<qint64>(value ? 1 : 0)); }
  void bindNext(const QString& value);
  void bindNext(const QByteArray& value);
  void bindNull();
  template <class Value>
  void bindNext(const std::optional<Value>& value) {
    if (value) {
      bindNext(*value);
    } else {
      bindNull();
    }
  }

  std::unique_ptr<Private> d_;
};

}  // namespace sealift
