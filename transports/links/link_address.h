// Where a device is reached, as people write it:
//   serial:/dev/ttyUSB0?baud=921600&parity=even    udp:192.168.4.21:1337    tcp:[fe80::1]:9000
//   usb:1-2.3 (bus 1, port 2, port 3 of the hub there)          https:192.168.4.30:8443
#pragma once

#include "app/base/result.h"

#include <QList>
#include <QMap>
#include <QString>

namespace sealift {

// Of each character on a serial line.
enum class SerialParity { None, Even, Odd };

enum class LinkKind { Serial, Udp, Tcp, Usb, Https };

const QList<LinkKind>& allLinkKinds();

QString linkKindName(LinkKind kind);  // "serial", "udp", "tcp", "usb", "https": as in addresses and model descriptions

struct LinkAddress {
  LinkKind kind = LinkKind::Serial;
  QString target;                  // port name or path; host name or IP address without brackets; place on the USB
  quint16 port = 0;                // udp, tcp, https
  QMap<QString, QString> options;  // serial: baud (bit/s), parity (none, even, odd)

  static Result<LinkAddress> parse(const QString& text);
  QString toString() const;  // parse(toString()) gives the same address
  bool isNetwork() const { return kind == LinkKind::Udp || kind == LinkKind::Tcp || kind == LinkKind::Https; }
  int baud() const;             // serial: option "baud", 115200 when absent
  SerialParity parity() const;  // serial: option "parity", none when absent

  bool operator==(const LinkAddress&) const = default;
};

}  // namespace sealift
