#include "app/audit/canonical_json.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QStringList>

#include <algorithm>
#include <optional>

namespace sealift {
namespace {

// QJsonValue tells integers from fractions only by its answer to a default.
std::optional<qint64> exactInteger(const QJsonValue& value) {
  const qint64 first = value.toInteger(0);
  return first == value.toInteger(1) ? std::optional<qint64>(first) : std::nullopt;
}

void appendNumber(QByteArray& out, const QJsonValue& value) {
  if (const std::optional<qint64> integer = exactInteger(value)) {
    out += QByteArray::number(*integer);
  } else {
    out += '"' + QByteArray::number(value.toDouble(), 'g', 17) + '"';
  }
}

void appendArray(QByteArray& out, const QJsonArray& array) {
  out += '[';
  bool first = true;
  for (const QJsonValue& value : array) {
    if (!first) {
      out += ',';
    }
    first = false;
    appendCanonicalJson(out, value);
  }
  out += ']';
}

void appendObject(QByteArray& out, const QJsonObject& object) {
  QStringList names = object.keys();
  std::sort(names.begin(), names.end());  // QString compares code units
  out += '{';
  bool first = true;
  for (const QString& name : std::as_const(names)) {
    if (!first) {
      out += ',';
    }
    first = false;
    appendCanonicalJsonString(out, name);
    out += ':';
    appendCanonicalJson(out, object.value(name));
  }
  out += '}';
}

void appendEscaped(QByteArray& out, char16_t unit) {
  switch (unit) {
    case u'"':
      out += "\\\"";
      return;
    case u'\\':
      out += "\\\\";
      return;
    case u'\b':
      out += "\\b";
      return;
    case u'\f':
      out += "\\f";
      return;
    case u'\n':
      out += "\\n";
      return;
    case u'\r':
      out += "\\r";
      return;
    case u'\t':
      out += "\\t";
      return;
    default:
      if (unit < 0x20) {
        out += "\\u00" + QByteArray::number(unit, 16).rightJustified(2, '0');
      } else {
        out += static_cast<char>(unit);
      }
  }
}

void appendUtf8(QByteArray& out, char32_t code) {
  const auto add = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x800) {
    add(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      add(0xE0 | (code >> 12));
    } else {
      add(0xF0 | (code >> 18));
      add(0x80 | ((code >> 12) & 0x3F));
    }
    add(0x80 | ((code >> 6) & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

}  // namespace

void appendCanonicalJsonString(QByteArray& out, QStringView text) {
  out += '"';
  for (qsizetype i = 0; i < text.size(); ++i) {
    const char16_t unit = text[i].unicode();
    if (unit < 0x80) {
      appendEscaped(out, unit);
    } else if (!QChar::isSurrogate(unit)) {
      appendUtf8(out, unit);
    } else if (QChar::isHighSurrogate(unit) && i + 1 < text.size() && text[i + 1].isLowSurrogate()) {
      appendUtf8(out, QChar::surrogateToUcs4(unit, text[++i].unicode()));
    } else {
      appendUtf8(out, QChar::ReplacementCharacter);
    }
  }
  out += '"';
}

void appendCanonicalJson(QByteArray& out, const QJsonValue& value) {
  switch (value.type()) {
    case QJsonValue::Bool:
      out += value.toBool() ? "true" : "false";
      return;
    case QJsonValue::Double:
      appendNumber(out, value);
      return;
    case QJsonValue::String:
      appendCanonicalJsonString(out, value.toString());
      return;
    case QJsonValue::Array:
      appendArray(out, value.toArray());
      return;
    case QJsonValue::Object:
      appendObject(out, value.toObject());
      return;
    case QJsonValue::Null:
    case QJsonValue::Undefined:
      break;
  }
  out += "null";
}

QByteArray writeCanonicalJson(const QJsonValue& value) {
  QByteArray out;
  appendCanonicalJson(out, value);
  return out;
}

}  // namespace sealift
