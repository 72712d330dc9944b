#include "keystore/secrets/pkcs11_uri.h"

#include "keystore/secrets/percent_encoding.h"

#include <QDir>
#include <QUrl>

#include <array>

namespace sealift {

namespace {

constexpr qsizetype kMostUriLength = 4096;
const QLatin1String kScheme("pkcs11:");

// RFC 7512, 2.3: pk11-res-avail, then what may also stand in a path or a query.
constexpr QLatin1String kAvailable(":[]@!$'()*+,=");
constexpr QLatin1String kPathExtra("&");
constexpr QLatin1String kQueryExtra("/?|");

tl::unexpected<Error> invalid(const QString& what) {
  return fail(ErrorCode::InvalidArgument, QStringLiteral("This pkcs11: address is not valid: %1").arg(what),
              QStringLiteral("Write it as RFC 7512 says, e.g. pkcs11:token=NAME;object=KEY;type=private"));
}

struct TextAttribute {
  QLatin1String name;
  std::optional<QString> Pkcs11Uri::*field;
};
// In the order of RFC 7512, 2.3. library-version, slot-id, type and id have forms of their own.
constexpr std::array<TextAttribute, 9> kPathText{{
    {QLatin1String("token"), &Pkcs11Uri::token},
    {QLatin1String("manufacturer"), &Pkcs11Uri::manufacturer},
    {QLatin1String("serial"), &Pkcs11Uri::serial},
    {QLatin1String("model"), &Pkcs11Uri::model},
    {QLatin1String("library-manufacturer"), &Pkcs11Uri::libraryManufacturer},
    {QLatin1String("library-description"), &Pkcs11Uri::libraryDescription},
    {QLatin1String("slot-manufacturer"), &Pkcs11Uri::slotManufacturer},
    {QLatin1String("slot-description"), &Pkcs11Uri::slotDescription},
    {QLatin1String("object"), &Pkcs11Uri::object},
}};
constexpr std::array<TextAttribute, 4> kQueryText{{
    {QLatin1String("pin-source"), &Pkcs11Uri::pinSource},
    {QLatin1String("pin-value"), &Pkcs11Uri::pinValue},
    {QLatin1String("module-name"), &Pkcs11Uri::moduleName},
    {QLatin1String("module-path"), &Pkcs11Uri::modulePath},
}};

std::optional<int> parseByte(QStringView digits) {
  bool ok = false;
  const uint value = digits.toUInt(&ok);
  const bool plain =
      !digits.isEmpty() && std::all_of(digits.begin(), digits.end(), [](QChar c) { return c >= u'0' && c <= u'9'; });
  return ok && plain && value <= 255 ? std::optional(static_cast<int>(value)) : std::nullopt;
}

// pk11-lib-ver = "library-version" "=" 1*DIGIT [ "." 1*DIGIT ]; CK_VERSION has a byte for each.
Result<Pkcs11Version> parseVersion(QStringView text) {
  const qsizetype dot = text.indexOf(u'.');
  const std::optional<int> major = parseByte(dot < 0 ? text : text.first(dot));
  const std::optional<int> minor = dot < 0 ? std::optional(0) : parseByte(text.sliced(dot + 1));
  if (!major || !minor) {
    return invalid(QStringLiteral("library-version is a number or two with a dot between them."));
  }
  return Pkcs11Version{*major, *minor};
}

Result<quint64> parseSlotId(QStringView text) {
  quint64 value = 0;
  if (text.isEmpty() || text.size() > 19) {
    return invalid(QStringLiteral("slot-id is a decimal number."));
  }
  for (const QChar c : text) {
    if (c < u'0' || c > u'9') {
      return invalid(QStringLiteral("slot-id is a decimal number."));
    }
    value = value * 10 + static_cast<quint64>(c.unicode() - u'0');
  }
  return value;
}

struct Attribute {
  QString name;
  QStringView value;
};

// name "=" value for each part; every name once (RFC 7512, 2.3 and 2.4).
Result<QList<Attribute>> splitAttributes(QStringView text, QChar separator) {
  QList<Attribute> attributes;
  if (text.isEmpty()) {
    return attributes;
  }
  for (const QStringView part : text.split(separator)) {
    const qsizetype equals = part.indexOf(u'=');
    if (equals <= 0) {
      return invalid(QStringLiteral("\"%1\" is no attribute with a value.").arg(part.left(60)));
    }
    const QString name = part.first(equals).toString();
    for (const Attribute& before : std::as_const(attributes)) {
      if (before.name == name) {
        return invalid(QStringLiteral("the attribute \"%1\" stands in it twice.").arg(name.left(60)));
      }
    }
    attributes.append({name, part.sliced(equals + 1)});
  }
  return attributes;
}

Result<QByteArray> decodeValue(const Attribute& attribute, QLatin1String extra) {
  const std::optional<QByteArray> decoded = percentDecode(attribute.value, kAvailable, extra);
  if (!decoded) {
    return invalid(QStringLiteral("the value of \"%1\" has a character that must be percent-encoded, or a percent "
                                  "sign without two hexadecimal digits.")
                       .arg(attribute.name));
  }
  return *decoded;
}

Result<QString> decodeText(const Attribute& attribute, QLatin1String extra) {
  SEALIFT_TRY(const QByteArray bytes, decodeValue(attribute, extra));
  const std::optional<QString> text = strictUtf8(bytes);
  if (!text) {
    return invalid(QStringLiteral("the value of \"%1\" is not UTF-8 text.").arg(attribute.name));
  }
  return *text;
}

template <std::size_t N>
const TextAttribute* findRow(const std::array<TextAttribute, N>& rows, const QString& name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const TextAttribute& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

Status readPathAttribute(Pkcs11Uri& uri, const Attribute& attribute) {
  if (const TextAttribute* row = findRow(kPathText, attribute.name)) {
    SEALIFT_TRY(uri.*(row->field), decodeText(attribute, kPathExtra));
    return {};
  }
  if (attribute.name == QLatin1String("id")) {
    SEALIFT_TRY(uri.id, decodeValue(attribute, kPathExtra));
    return {};
  }
  if (attribute.name == QLatin1String("type")) {
    if (attribute.value != QLatin1String("private")) {
      return invalid(QStringLiteral("its type is \"%1\", but only a private key can sign.").arg(attribute.value));
    }
    uri.typeGiven = true;
    return {};
  }
  if (attribute.name == QLatin1String("library-version")) {
    SEALIFT_TRY(uri.libraryVersion, parseVersion(attribute.value));
    return {};
  }
  if (attribute.name == QLatin1String("slot-id")) {
    SEALIFT_TRY(uri.slotId, parseSlotId(attribute.value));
    return {};
  }
  return invalid(QStringLiteral("there is no path attribute \"%1\".").arg(attribute.name.left(60)));
}

// RFC 7512, 2.4: an absolute path or a file: URI. The form "|program" is refused: a key's address runs nothing.
Result<QString> readPinSource(const QString& value) {
  if (value.startsWith(u'|')) {
    return invalid(QStringLiteral("its pin-source is a program; programs are not run for a PIN."));
  }
  const QString path = value.startsWith(QLatin1String("file:")) ? QUrl(value, QUrl::StrictMode).toLocalFile() : value;
  if (!QDir::isAbsolutePath(path)) {
    return invalid(QStringLiteral("its pin-source is not an absolute path."));
  }
  return path;
}

Status readQueryAttribute(Pkcs11Uri& uri, const Attribute& attribute) {
  const TextAttribute* row = findRow(kQueryText, attribute.name);
  if (row == nullptr) {
    return invalid(QStringLiteral("there is no query attribute \"%1\".").arg(attribute.name.left(60)));
  }
  SEALIFT_TRY(const QString value, decodeText(attribute, kQueryExtra));
  if (value.isEmpty()) {
    return invalid(QStringLiteral("its \"%1\" is empty.").arg(attribute.name));
  }
  uri.*(row->field) = value;
  return {};
}

Status checkQuery(Pkcs11Uri& uri) {
  if (uri.pinSource && uri.pinValue) {  // RFC 7512, 2.4
    return invalid(QStringLiteral("it has both pin-source and pin-value."));
  }
  if (uri.pinSource) {
    SEALIFT_TRY(uri.pinSource, readPinSource(*uri.pinSource));
  }
  if (uri.modulePath && !QDir::isAbsolutePath(*uri.modulePath)) {
    return invalid(QStringLiteral("its module-path is not an absolute path."));
  }
  if (uri.moduleName && (uri.moduleName->contains(u'/') || uri.moduleName->contains(u'\\'))) {
    return invalid(QStringLiteral("its module-name has a slash; module-path is for paths."));
  }
  return {};
}

}  // namespace

Result<Pkcs11Uri> Pkcs11Uri::parse(QStringView text) {
  if (text.size() > kMostUriLength) {
    return invalid(QStringLiteral("it is longer than %1 characters.").arg(kMostUriLength));
  }
  // RFC 3986, 3.1: schemes are case-insensitive.
  if (!text.startsWith(kScheme, Qt::CaseInsensitive)) {
    return invalid(QStringLiteral("it does not begin with \"pkcs11:\"."));
  }
  const QStringView rest = text.sliced(kScheme.size());
  const qsizetype mark = rest.indexOf(u'?');
  if (mark >= 0 && mark + 1 == rest.size()) {
    return invalid(QStringLiteral("nothing follows its question mark."));
  }
  Pkcs11Uri uri;
  SEALIFT_TRY(const QList<Attribute> path, splitAttributes(mark < 0 ? rest : rest.first(mark), u';'));
  for (const Attribute& attribute : path) {
    SEALIFT_CHECK(readPathAttribute(uri, attribute));
  }
  SEALIFT_TRY(const QList<Attribute> query, splitAttributes(mark < 0 ? QStringView() : rest.sliced(mark + 1), u'&'));
  for (const Attribute& attribute : query) {
    SEALIFT_CHECK(readQueryAttribute(uri, attribute));
  }
  SEALIFT_CHECK(checkQuery(uri));
  return uri;
}

QString Pkcs11Uri::toString() const {
  QStringList path;
  for (const TextAttribute& row : kPathText) {
    if (const std::optional<QString>& value = this->*(row.field)) {
      path << row.name + u'=' + percentEncode(value->toUtf8(), kAvailable, kPathExtra);
    }
  }
  if (libraryVersion) {
    path << QStringLiteral("library-version=%1.%2").arg(libraryVersion->major).arg(libraryVersion->minor);
  }
  if (slotId) {
    path << QStringLiteral("slot-id=%1").arg(*slotId);
  }
  if (id) {
    // RFC 7512, 2.3 recommends to encode all of it: it is no text.
    path << QStringLiteral("id=") + percentEncodeAll(*id);
  }
  if (typeGiven) {
    path << QStringLiteral("type=private");
  }
  QStringList query;
  for (const TextAttribute& row : kQueryText) {
    const std::optional<QString>& value = this->*(row.field);
    if (value && row.field != &Pkcs11Uri::pinValue) {
      query << row.name + u'=' + percentEncode(value->toUtf8(), kAvailable, kQueryExtra);
    }
  }
  return kScheme + path.join(u';') + (query.isEmpty() ? QString() : u'?' + query.join(u'&'));
}

}  // namespace sealift
