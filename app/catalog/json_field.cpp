#include "app/catalog/json_field.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace sealift {

Result<QJsonObject> parseDocument(const QByteArray& bytes, qint64 maxBytes, const QString& what) {
  if (bytes.size() > maxBytes) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 is larger than %2 bytes.").arg(what).arg(maxBytes));
  }
  QJsonParseError error{};
  const QJsonDocument document = QJsonDocument::fromJson(bytes, &error);
  if (error.error != QJsonParseError::NoError) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("%1 is not JSON: %2 at byte %3.").arg(what, error.errorString()).arg(error.offset));
  }
  if (!document.isObject()) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 is not a JSON object.").arg(what));
  }
  return document.object();
}

tl::unexpected<Error> JsonField::wrong(const QString& key, const QString& expected) const {
  return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1: \"%2\" must be %3.").arg(what_, key, expected));
}

Result<QString> JsonField::text(const QString& key, qsizetype maxLength) const {
  SEALIFT_TRY(const QString value, textOr(key, {}, maxLength));
  if (value.isEmpty()) {
    return wrong(key, QStringLiteral("text that is not empty"));
  }
  return value;
}

Result<QString> JsonField::textOr(const QString& key, const QString& otherwise, qsizetype maxLength) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined() || value.isNull()) {
    return otherwise;
  }
  const QString read = value.toString();
  if (!value.isString() || read.size() > maxLength) {
    return wrong(key, QStringLiteral("text of at most %1 characters").arg(maxLength));
  }
  return read;
}

Result<QStringList> JsonField::texts(const QString& key, qsizetype maxCount, qsizetype maxLength) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined() || value.isNull()) {
    return QStringList();
  }
  const QJsonArray array = value.toArray();
  if (!value.isArray() || array.size() > maxCount) {
    return wrong(key, QStringLiteral("a list of at most %1 texts").arg(maxCount));
  }
  QStringList read;
  for (const QJsonValue& item : array) {
    if (!item.isString() || item.toString().size() > maxLength) {
      return wrong(key, QStringLiteral("a list of texts of at most %1 characters").arg(maxLength));
    }
    read << item.toString();
  }
  return read;
}

Result<qint64> JsonField::number(const QString& key, qint64 from, qint64 to) const {
  const QJsonValue value = object_[key];
  const double read = value.toDouble();
  // Outside of ±2^53 a double is not a whole number that could be trusted.
  if (!value.isDouble() || read < static_cast<double>(from) || read > static_cast<double>(to) ||
      read != static_cast<double>(static_cast<qint64>(read))) {
    return wrong(key, QStringLiteral("a whole number from %1 to %2").arg(from).arg(to));
  }
  return static_cast<qint64>(read);
}

Result<qint64> JsonField::numberOr(const QString& key, qint64 otherwise, qint64 from, qint64 to) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined() || value.isNull()) {
    return otherwise;
  }
  return number(key, from, to);
}

Result<bool> JsonField::flagOr(const QString& key, bool otherwise) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined()) {
    return otherwise;
  }
  if (!value.isBool()) {
    return wrong(key, QStringLiteral("true or false"));
  }
  return value.toBool();
}

Result<Version> JsonField::version(const QString& key) const {
  const std::optional<Version> version = Version::parse(object_[key].toString());
  if (!version) {
    return wrong(key, QStringLiteral("a version such as 2.3.1"));
  }
  return *version;
}

Result<std::optional<QDate>> JsonField::date(const QString& key) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined() || value.isNull()) {
    return std::optional<QDate>();
  }
  const QDate date = QDate::fromString(value.toString(), Qt::ISODate);
  // Qt reads past what follows a date, and other separators.
  if (!date.isValid() || date.toString(Qt::ISODate) != value.toString()) {
    return wrong(key, QStringLiteral("a date such as 2027-06-30, or null when unknown"));
  }
  return std::optional<QDate>(date);
}

Result<QJsonObject> JsonField::objectOr(const QString& key) const {
  const QJsonValue value = object_[key];
  if (value.isUndefined() || value.isNull()) {
    return QJsonObject();
  }
  if (!value.isObject()) {
    return wrong(key, QStringLiteral("an object"));
  }
  return value.toObject();
}

}  // namespace sealift
