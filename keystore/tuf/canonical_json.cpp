#include "keystore/tuf/canonical_json.h"

namespace sealift::tuf {

namespace {

void appendText(QByteArray& out, const std::string& text) {
  out.append('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append('\\');
    }
    out.append(c);
  }
  out.append('"');
}

// NOLINTNEXTLINE(misc-no-recursion): at most kMostJsonDepth levels
void appendValue(QByteArray& out, const Json& value) {
  if (const auto* object = value.get_ptr<const Json::object_t*>()) {
    char separator = '{';
    for (const auto& [name, member] : *object) {  // std::map: in the order of the keys' UTF-8 bytes
      out.append(separator);
      appendText(out, name);
      out.append(':');
      appendValue(out, member);
      separator = ',';
    }
    out.append(object->empty() ? "{}" : "}");
  } else if (const auto* array = value.get_ptr<const Json::array_t*>()) {
    char separator = '[';
    for (const Json& element : *array) {
      out.append(separator);
      appendValue(out, element);
      separator = ',';
    }
    out.append(array->empty() ? "[]" : "]");
  } else if (const auto* text = value.get_ptr<const Json::string_t*>()) {
    appendText(out, *text);
  } else if (const auto* integer = value.get_ptr<const Json::number_integer_t*>()) {
    out.append(QByteArray::number(static_cast<qint64>(*integer)));
  } else if (const auto* truth = value.get_ptr<const Json::boolean_t*>()) {
    out.append(*truth ? "true" : "false");
  } else {
    out.append("null");
  }
}

}  // namespace

QByteArray canonicalJson(const Json& value) {
  QByteArray out;
  appendValue(out, value);
  return out;
}

}  // namespace sealift::tuf
