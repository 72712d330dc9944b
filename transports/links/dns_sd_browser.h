// Browses for services on one interface, as RFC 6763 says, by Multicast DNS (RFC 6762): decides what is asked when, and
// puts together what was answered. No clock and no sockets: times come in as milliseconds of any monotonic clock, and
// datagrams go in and out as bytes. It only asks; nothing is ever announced.
#pragma once

#include "transports/links/dns_sd_cache.h"
#include "transports/links/dns_sd_service.h"

#include <QStringList>

namespace sealift {

// "_smp._udp" (RFC 6763, section 7, with the names of RFC 6335, section 5.1); its domain is "local".
bool isServiceType(const QString& type);

class DnsSdBrowser {
 public:
  // Datagrams hold no more than this: with headers they fit Ethernet's 1500 bytes (RFC 6762, section 17).
  static constexpr qsizetype kMaxDatagram = 1440;

  // What is no service type is left out. `alone`: no other program listens on port 5353, so the first query may ask
  // for unicast responses (RFC 6762, sections 5.4 and 15.1).
  DnsSdBrowser(const QStringList& types, bool alone, qint64 nowMs);

  void receive(QByteArrayView datagram, qint64 nowMs);
  // What has to be sent to the group now.
  QList<QByteArray> takeDue(qint64 nowMs);
  qint64 nextDue() const;

  QList<DnsSdService> services() const;  // that have an address, by type and name

 private:
  struct Type {
    QString text;
    DnsName name;
  };
  struct Ask {
    DnsQuestion question;
    qint64 atMs = 0;
    qint64 intervalMs = 0;
    int times = 0;
  };

  QList<DnsName> instances() const;
  QList<DnsName> hosts() const;
  void keepPointers(const QList<DnsRecord>& records, qint64 nowMs);
  void keepOf(const QList<DnsName>& names, const QList<quint16>& types, const QList<DnsRecord>& records, qint64 nowMs);
  void askForMissing(qint64 nowMs);
  QList<QByteArray> pack(const QList<DnsQuestion>& questions, qint64 nowMs) const;

  QList<Type> types_;
  DnsSdCache cache_;
  qint64 browseAtMs_;
  qint64 browseIntervalMs_ = 0;
  bool unicastFirst_;
  QHash<QByteArray, Ask> missing_;  // what a service lacks
};

}  // namespace sealift
