// Messages of the Domain Name System as Multicast DNS uses them (RFC 1035, section 4; RFC 6762, section 18). What comes
// in is hostile: lengths, counts and pointers are checked, and what is no record that Sealift asks for is passed over.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHostAddress>
#include <QList>
#include <QString>

namespace sealift {

constexpr qsizetype kMaxDnsMessage = 9000;  // RFC 6762, section 17
constexpr qsizetype kMaxDnsLabel = 63;      // RFC 1035, section 2.3.4
constexpr qsizetype kMaxDnsName = 255;      // the same; with the length bytes and the final zero

enum DnsType : quint16 { kDnsA = 1, kDnsPtr = 12, kDnsTxt = 16, kDnsAaaa = 28, kDnsSrv = 33 };

// Labels are bytes: UTF-8 in Multicast DNS (RFC 6762, section 16), and nothing vouches for that.
struct DnsName {
  QList<QByteArray> labels;

  // From labels with dots between them, e.g. "_smp._udp.local". InvalidArgument when that is no name.
  static Result<DnsName> fromText(const QString& text);
  // The same for names that differ in ASCII case only (RFC 6762, section 16).
  QByteArray key() const;
  QString toText() const;
  bool operator==(const DnsName& other) const { return key() == other.key(); }
};

struct DnsQuestion {
  DnsName name;
  quint16 type = 0;
  bool unicastResponse = false;  // the QU bit (RFC 6762, section 5.4)
};

// Which fields hold something depends on the type; of other types all are empty.
struct DnsRecord {
  DnsName name;
  quint16 type = 0;
  bool cacheFlush = false;  // RFC 6762, section 10.2
  quint32 ttl = 0;          // s

  DnsName target;        // PTR, SRV
  quint16 priority = 0;  // SRV, as the next two
  quint16 weight = 0;
  quint16 port = 0;
  QList<QByteArray> texts;  // TXT
  QHostAddress address;     // A, AAAA

  // The same data, whatever the time to live.
  bool sameData(const DnsRecord& other) const;
};

struct DnsMessage {
  bool response = false;
  bool truncated = false;
  QList<DnsQuestion> questions;
  QList<DnsRecord> answers;      // class IN only
  QList<DnsRecord> additionals;  // likewise

  // ProtocolMalformed; NotSupported for other operations than queries and for errors, which a Multicast DNS querier
  // passes over (RFC 6762, sections 18.3 and 18.11).
  static Result<DnsMessage> parse(QByteArrayView bytes);
  // Without compression. All of its names are within the limits.
  QByteArray encode() const;
};

}  // namespace sealift
