// Where a device is reached, as people write it:
//   serial:/dev/ttyUSB0?baud=921600    udp:192.168.4.21:1337    tcp:[fe80::1]:9000
#pragma once

#include "app/base/result.h"

#include <QMap>
#include <QString>

namespace sealift {

enum class LinkKind { Serial, Udp, Tcp };

QString linkKindName(LinkKind kind);  // "serial", "udp", "tcp": as in addresses and model descriptions

struct LinkAddress {
  LinkKind kind = LinkKind::Serial;
  QString target;                  // port name or path; host name or IP address without brackets
  quint16 port = 0;                // udp, tcp
  QMap<QString, QString> options;  // serial: baud (bit/s)

  static Result<LinkAddress> parse(const QString& text);
  QString toString() const;  // parse(toString()) gives the same address
  int baud() const;          // serial: option "baud", 115200 when absent

  bool operator==(const LinkAddress&) const = default;
};

}  // namespace sealift
