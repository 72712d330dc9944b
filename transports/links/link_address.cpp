#include "transports/links/link_address.h"

#include <QHostAddress>
#include <QRegularExpression>
#include <QStringList>

namespace sealift {
namespace {

constexpr qsizetype kMaxAddressLength = 1024;
constexpr int kDefaultBaud = 115200;
constexpr int kMaxBaud = 20'000'000;

tl::unexpected<Error> badAddress(const QString& text, const QString& why) {
  return fail(ErrorCode::LinkAddress, QStringLiteral("\"%1\" is not a device address: %2.").arg(text, why));
}

bool hasControlCharacter(const QString& text) {
  for (const QChar c : text) {
    if (c.category() == QChar::Other_Control || c.isNull()) {
      return true;
    }
  }
  return false;
}

std::optional<int> parseBaud(const QString& text) {
  bool ok = false;
  const int baud = text.toInt(&ok);
  return ok && baud > 0 && baud <= kMaxBaud ? std::optional<int>(baud) : std::nullopt;
}

std::optional<SerialParity> parseParity(const QString& text) {
  const QStringList names{QStringLiteral("none"), QStringLiteral("even"), QStringLiteral("odd")};
  const qsizetype at = names.indexOf(text);
  return at < 0 ? std::nullopt : std::optional(static_cast<SerialParity>(at));
}

Status parseSerial(const QString& text, const QString& rest, LinkAddress& address) {
  const qsizetype question = rest.indexOf(QLatin1Char('?'));
  address.target = question < 0 ? rest : rest.left(question);
  if (address.target.isEmpty()) {
    return badAddress(text, QStringLiteral("the port's name is missing"));
  }
  if (question < 0) {
    return {};
  }
  const QStringList options = rest.mid(question + 1).split(QLatin1Char('&'));
  for (const QString& option : options) {
    const qsizetype equals = option.indexOf(QLatin1Char('='));
    const QString key = option.left(equals);
    const QString value = option.mid(equals + 1);
    const bool isBaud = key == QLatin1String("baud");
    if (equals < 0 || (!isBaud && key != QLatin1String("parity"))) {
      return badAddress(text, QStringLiteral("a serial port's options are baud=N and parity=none, even or odd"));
    }
    if (address.options.contains(key)) {
      return badAddress(text, QStringLiteral("%1 stands there twice").arg(key));
    }
    if (isBaud && !parseBaud(value)) {
      return badAddress(text, QStringLiteral("baud takes one number from 1 to %1").arg(kMaxBaud));
    }
    if (!isBaud && !parseParity(value)) {
      return badAddress(text, QStringLiteral("parity is none, even or odd"));
    }
    address.options.insert(key, value);
  }
  return {};
}

Status parseHostAndPort(const QString& text, const QString& rest, LinkAddress& address) {
  const qsizetype colon = rest.lastIndexOf(QLatin1Char(':'));
  if (colon <= 0) {
    return badAddress(text, QStringLiteral("it needs HOST:PORT"));
  }
  bool ok = false;
  const uint port = rest.mid(colon + 1).toUInt(&ok);
  if (!ok || port == 0 || port > 65535) {
    return badAddress(text, QStringLiteral("the port must be a number from 1 to 65535"));
  }
  address.port = static_cast<quint16>(port);
  const QString host = rest.left(colon);
  // RFC 3986, section 3.2.2: an IPv6 address stands in brackets.
  if (host.startsWith(QLatin1Char('[')) && host.endsWith(QLatin1Char(']'))) {
    address.target = host.mid(1, host.size() - 2);
    if (QHostAddress(address.target).protocol() != QAbstractSocket::IPv6Protocol) {
      return badAddress(text, QStringLiteral("an IPv6 address must stand between the brackets"));
    }
    return {};
  }
  static const QRegularExpression name(QStringLiteral("\\A[A-Za-z0-9._-]{1,253}\\z"));
  if (!name.match(host).hasMatch()) {
    return badAddress(text, QStringLiteral("the host must be a name, an IPv4 address or an IPv6 address in brackets"));
  }
  address.target = host;
  return {};
}

// As Linux names places on the bus: bus number, then the port of each hub on the way.
Status parseUsb(const QString& text, const QString& rest, LinkAddress& address) {
  static const QRegularExpression place(QStringLiteral("\\A[0-9]{1,3}-[0-9]{1,3}(\\.[0-9]{1,3}){0,6}\\z"));
  if (!place.match(rest).hasMatch()) {
    return badAddress(text, QStringLiteral("it needs a bus and ports, as in usb:1-2.3"));
  }
  address.target = rest;
  return {};
}

// As people paste it from a browser, too: https://host/ has the port that stands for it (RFC 9110, section 4.2.2).
Status parseHttps(const QString& text, QString rest, LinkAddress& address) {
  constexpr quint16 kHttpsPort = 443;
  if (rest.startsWith(QLatin1String("//"))) {
    rest = rest.mid(2);
    if (rest.endsWith(QLatin1Char('/'))) {
      rest.chop(1);
    }
    static const QRegularExpression hasPort(QStringLiteral(":[0-9]+\\z"));
    if (!hasPort.match(rest).hasMatch() || rest.endsWith(QLatin1Char(']'))) {
      rest += QStringLiteral(":%1").arg(kHttpsPort);
    }
  }
  return parseHostAndPort(text, rest, address);
}

}  // namespace

QString linkKindName(LinkKind kind) {
  switch (kind) {
    case LinkKind::Serial:
      return QStringLiteral("serial");
    case LinkKind::Udp:
      return QStringLiteral("udp");
    case LinkKind::Tcp:
      return QStringLiteral("tcp");
    case LinkKind::Usb:
      return QStringLiteral("usb");
    case LinkKind::Https:
      return QStringLiteral("https");
  }
  return {};
}

const QList<LinkKind>& allLinkKinds() {
  static const QList<LinkKind> kinds{LinkKind::Serial, LinkKind::Udp, LinkKind::Tcp, LinkKind::Usb, LinkKind::Https};
  return kinds;
}

Result<LinkAddress> LinkAddress::parse(const QString& text) {
  if (text.size() > kMaxAddressLength || hasControlCharacter(text)) {
    return badAddress(text.left(40).simplified(), QStringLiteral("it is too long or has control characters"));
  }
  for (const LinkKind kind : allLinkKinds()) {
    const QString prefix = linkKindName(kind) + QLatin1Char(':');
    if (!text.startsWith(prefix)) {
      continue;
    }
    LinkAddress address;
    address.kind = kind;
    const QString rest = text.mid(prefix.size());
    switch (kind) {
      case LinkKind::Serial:
        SEALIFT_CHECK(parseSerial(text, rest, address));
        break;
      case LinkKind::Usb:
        SEALIFT_CHECK(parseUsb(text, rest, address));
        break;
      case LinkKind::Https:
        SEALIFT_CHECK(parseHttps(text, rest, address));
        break;
      case LinkKind::Udp:
      case LinkKind::Tcp:
        SEALIFT_CHECK(parseHostAndPort(text, rest, address));
        break;
    }
    return address;
  }
  return badAddress(text, QStringLiteral("it must begin with serial:, usb:, udp:, tcp: or https:"));
}

QString LinkAddress::toString() const {
  QString text = linkKindName(kind) + QLatin1Char(':');
  if (kind == LinkKind::Usb) {
    return text + target;
  }
  if (isNetwork()) {
    const bool bracketed = target.contains(QLatin1Char(':'));
    return text + (bracketed ? QStringLiteral("[%1]").arg(target) : target) + QStringLiteral(":%1").arg(port);
  }
  text += target;
  QChar separator = QLatin1Char('?');
  for (auto option = options.cbegin(); option != options.cend(); ++option) {
    text += separator + option.key() + QLatin1Char('=') + option.value();
    separator = QLatin1Char('&');
  }
  return text;
}

SerialParity LinkAddress::parity() const {
  return parseParity(options.value(QStringLiteral("parity"))).value_or(SerialParity::None);
}

int LinkAddress::baud() const {
  return parseBaud(options.value(QStringLiteral("baud"))).value_or(kDefaultBaud);
}

}  // namespace sealift
