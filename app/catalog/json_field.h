// Reading JSON documents of vendors field by field, with limits, and with errors that name the field.
#pragma once

#include "app/base/result.h"
#include "devices/images/version.h"

#include <QDate>
#include <QJsonObject>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

// The object that `bytes` hold. `what` begins the error's sentence: "The vendor file".
Result<QJsonObject> parseDocument(const QByteArray& bytes, qint64 maxBytes, const QString& what);

class JsonField {
 public:
  JsonField(const QJsonObject& object, const QString& what) : object_(object), what_(what) {}

  Result<QString> text(const QString& key, qsizetype maxLength) const;  // required, not empty
  Result<QString> textOr(const QString& key, const QString& otherwise, qsizetype maxLength) const;
  Result<QStringList> texts(const QString& key, qsizetype maxCount, qsizetype maxLength) const;  // absent: empty
  Result<qint64> number(const QString& key, qint64 from, qint64 to) const;                       // required, whole
  Result<qint64> numberOr(const QString& key, qint64 otherwise, qint64 from, qint64 to) const;
  Result<bool> flagOr(const QString& key, bool otherwise) const;
  Result<Version> version(const QString& key) const;            // required
  Result<std::optional<QDate>> date(const QString& key) const;  // absent or null: nothing
  Result<QJsonObject> objectOr(const QString& key) const;       // absent: empty

 private:
  tl::unexpected<Error> wrong(const QString& key, const QString& expected) const;

  QJsonObject object_;
  QString what_;
};

}  // namespace sealift
