#include "keystore/tuf/strict_json.h"

#include <QJsonArray>

#include <cmath>
#include <limits>
#include <vector>

namespace sealift::tuf {

namespace {

// nlohmann's SAX events; false stops the parser, so that it never throws.
class StrictReader {
 public:
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) {
    if (value > static_cast<Json::number_unsigned_t>(std::numeric_limits<qint64>::max())) {
      return refuse(QStringLiteral("a number beyond 64 bits"));
    }
    return add(static_cast<Json::number_integer_t>(value));
  }
  bool number_float(Json::number_float_t /*value*/, const Json::string_t& /*text*/) {
    return refuse(QStringLiteral("a number that is not an integer of 64 bits"));
  }
  bool string(Json::string_t& value) { return add(value); }
  bool binary(Json::binary_t& /*value*/) { return refuse(QStringLiteral("binary data")); }

  bool start_object(std::size_t /*elements*/) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*elements*/) { return open(Json::array()); }
  bool end_array() { return close(); }

  bool key(Json::string_t& name) {
    const auto [at, isNew] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!isNew) {
      return refuse(QStringLiteral("the key \"%1\" twice in one object").arg(toQString(name).left(80)));
    }
    place_ = &at->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*error*/) {
    return refuse(QStringLiteral("something that is not JSON in UTF-8 at byte %1").arg(position));
  }

  Json takeRoot() { return std::move(root_); }
  const QString& problem() const { return problem_; }

 private:
  bool refuse(const QString& problem) {
    problem_ = problem;
    return false;
  }
  template <class T>
  bool add(T&& value) {
    (void)insert(Json(std::forward<T>(value)));
    return true;
  }
  Json* insert(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& array = open_.back()->get_ref<Json::array_t&>();
      return &array.emplace_back(std::move(value));
    }
    *place_ = std::move(value);
    return place_;
  }
  bool open(Json container) {
    if (open_.size() >= static_cast<std::size_t>(kMostJsonDepth)) {
      return refuse(QStringLiteral("more than %1 levels").arg(kMostJsonDepth));
    }
    open_.push_back(insert(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // from the root to where we are; an array's elements move only while none is open
  Json* place_ = nullptr;    // where the value of the last key goes
  QString problem_;
};

QJsonValue toQtValue(const Json& value);

QJsonObject toQtObject(const Json& value) {
  QJsonObject object;
  for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
    object.insert(toQString(name), toQtValue(member));
  }
  return object;
}

// NOLINTNEXTLINE(misc-no-recursion): at most kMostJsonDepth levels
QJsonValue toQtValue(const Json& value) {
  if (const auto* text = value.get_ptr<const Json::string_t*>()) {
    return toQString(*text);
  }
  if (const auto* integer = value.get_ptr<const Json::number_integer_t*>()) {
    return static_cast<qint64>(*integer);
  }
  if (const auto* truth = value.get_ptr<const Json::boolean_t*>()) {
    return *truth;
  }
  if (value.is_object()) {
    return toQtObject(value);
  }
  if (const auto* elements = value.get_ptr<const Json::array_t*>()) {
    QJsonArray array;
    for (const Json& element : *elements) {
      array.append(toQtValue(element));
    }
    return array;
  }
  return QJsonValue::Null;
}

Result<std::string> fromQtText(const QString& text) {
  if (!text.isValidUtf16()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A text holds half a surrogate pair."));
  }
  return text.toStdString();
}

// NOLINTNEXTLINE(misc-no-recursion): Qt's parser limits the depth of what it reads
Result<Json> fromQtValue(const QJsonValue& value) {
  switch (value.type()) {
    case QJsonValue::Bool:
      return Json(value.toBool());
    case QJsonValue::Double: {
      constexpr double kExactLimit = 9007199254740992.0;  // 2^53
      const double number = value.toDouble();
      if (std::trunc(number) != number || std::abs(number) > kExactLimit) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("The number %1 is not an integer; signed metadata can't hold it.").arg(number));
      }
      return Json(static_cast<Json::number_integer_t>(value.toInteger()));
    }
    case QJsonValue::String: {
      SEALIFT_TRY(std::string text, fromQtText(value.toString()));
      return Json(std::move(text));
    }
    case QJsonValue::Array: {
      Json array = Json::array();
      const QJsonArray elements = value.toArray();
      for (const QJsonValue& element : elements) {
        SEALIFT_TRY(Json converted, fromQtValue(element));
        array.push_back(std::move(converted));
      }
      return array;
    }
    case QJsonValue::Object:
      return fromQtJson(value.toObject());
    case QJsonValue::Null:
    case QJsonValue::Undefined:
      break;
  }
  return Json(nullptr);
}

}  // namespace

Result<Json> parseStrictJson(QByteArrayView bytes) {
  if (bytes.startsWith(QByteArrayView("\xEF\xBB\xBF"))) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The JSON begins with a byte order mark."));
  }
  StrictReader reader;
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &reader)) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The JSON holds %1.").arg(reader.problem()));
  }
  return reader.takeRoot();
}

QJsonObject toQtJson(const Json& object) {
  return object.is_object() ? toQtObject(object) : QJsonObject{};
}

// NOLINTNEXTLINE(misc-no-recursion): as fromQtValue
Result<Json> fromQtJson(const QJsonObject& object) {
  Json converted = Json::object();
  for (auto member = object.begin(); member != object.end(); ++member) {
    SEALIFT_TRY(const std::string name, fromQtText(member.key()));
    SEALIFT_TRY(Json value, fromQtValue(member.value()));
    converted[name] = std::move(value);
  }
  return converted;
}

}  // namespace sealift::tuf
