// What a Multicast DNS querier keeps of the answers that it asked for (RFC 6762, sections 5.2, 10 and 11), for one
// interface. No clock and no sockets: times come in as milliseconds of any monotonic clock.
#pragma once

#include "transports/links/dns_message.h"

#include <QHash>
#include <QList>

#include <optional>

namespace sealift {

class DnsSdCache {
 public:
  static constexpr qsizetype kMaxNames = 512;  // one who floods us gets no more
  static constexpr qsizetype kMaxPerName = 64;

  // Keeps a record, prolongs it, or lets it end: a time to live of 0 says goodbye (10.1), and the cache-flush bit
  // drops what was said before (10.2).
  void keep(const DnsRecord& record, qint64 nowMs);
  void expire(qint64 nowMs);
  void clear() { entries_.clear(); }

  QList<DnsRecord> find(const DnsName& name, quint16 type) const;
  // To tell responders what need not be said again (7.1): records of which more than half the time is left, with what
  // is left of it.
  QList<DnsRecord> knownAnswers(const DnsName& name, quint16 type, qint64 nowMs) const;

  // 5.2: a record is asked for again at 80, 85, 90 and 95 % of its time, plus up to 2 % so that not everybody asks at
  // once. Names of records whose next such moment has come; each is given once.
  QList<DnsQuestion> dueRefreshes(qint64 nowMs);
  // When dueRefreshes() or expire() have something to do next.
  std::optional<qint64> nextEvent() const;

 private:
  struct Entry {
    DnsRecord record;
    qint64 receivedMs = 0;
    qint64 lifeMs = 0;
    qint64 expiresMs = 0;
    int refreshes = 0;
    int jitterMs = 0;
    qint64 refreshMs() const;
    void end(qint64 atMs);
  };

  static QByteArray keyOf(const DnsName& name, quint16 type);

  QHash<QByteArray, QList<Entry>> entries_;
};

}  // namespace sealift
