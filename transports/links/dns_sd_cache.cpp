#include "transports/links/dns_sd_cache.h"

#include <QRandomGenerator>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kSecond = 1000;
constexpr qint64 kMaxLifeMs = 24 * 3600 * kSecond;  // a day is long enough for what was announced once
constexpr qint64 kLeastRefreshedMs = 20 * kSecond;  // nobody makes us ask for the same several times a second
constexpr int kRefreshPercents[] = {80, 85, 90, 95};
constexpr int kRefreshes = 4;
constexpr int kJitterPercent = 2;

}  // namespace

qint64 DnsSdCache::Entry::refreshMs() const {
  return receivedMs + lifeMs * kRefreshPercents[refreshes] / 100 + jitterMs;
}

void DnsSdCache::Entry::end(qint64 atMs) {
  expiresMs = std::min(expiresMs, atMs);
  refreshes = kRefreshes;  // nobody asks for it to stay
}

QByteArray DnsSdCache::keyOf(const DnsName& name, quint16 type) {
  return QByteArray::number(type) + ':' + name.key();
}

void DnsSdCache::keep(const DnsRecord& record, qint64 nowMs) {
  const QByteArray key = keyOf(record.name, record.type);
  if (!entries_.contains(key) && (record.ttl == 0 || entries_.size() >= kMaxNames)) {
    return;
  }
  QList<Entry>& entries = entries_[key];
  if (record.cacheFlush) {
    for (Entry& entry : entries) {
      // What came within the last second belongs to the same announcement.
      if (nowMs - entry.receivedMs > kSecond && !entry.record.sameData(record)) {
        entry.end(nowMs + kSecond);
      }
    }
  }
  auto it =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.record.sameData(record); });
  if (record.ttl == 0) {
    if (it != entries.end()) {
      it->end(nowMs + kSecond);
    }
    return;
  }
  if (it == entries.end()) {
    if (entries.size() >= kMaxPerName) {
      return;
    }
    entries << Entry();
    it = entries.end() - 1;
  }
  it->record = record;
  it->receivedMs = nowMs;
  it->lifeMs = std::min<qint64>(record.ttl * kSecond, kMaxLifeMs);
  it->expiresMs = nowMs + it->lifeMs;
  it->refreshes = it->lifeMs < kLeastRefreshedMs ? kRefreshes : 0;
  it->jitterMs = QRandomGenerator::global()->bounded(static_cast<int>(it->lifeMs * kJitterPercent / 100) + 1);
}

void DnsSdCache::expire(qint64 nowMs) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    it->removeIf([&](const Entry& entry) { return entry.expiresMs <= nowMs; });
    it = it->isEmpty() ? entries_.erase(it) : std::next(it);
  }
}

QList<DnsRecord> DnsSdCache::find(const DnsName& name, quint16 type) const {
  QList<DnsRecord> records;
  const auto it = entries_.constFind(keyOf(name, type));
  if (it != entries_.cend()) {
    for (const Entry& entry : *it) {
      records << entry.record;
    }
  }
  return records;
}

QList<DnsRecord> DnsSdCache::knownAnswers(const DnsName& name, quint16 type, qint64 nowMs) const {
  QList<DnsRecord> known;
  const auto it = entries_.constFind(keyOf(name, type));
  if (it == entries_.cend()) {
    return known;
  }
  for (const Entry& entry : *it) {
    const qint64 left = entry.expiresMs - nowMs;
    if (left * 2 > entry.lifeMs) {
      DnsRecord record = entry.record;
      record.cacheFlush = false;  // 10.2: never in a known-answer list
      record.ttl = static_cast<quint32>(left / kSecond);
      known << record;
    }
  }
  return known;
}

QList<DnsQuestion> DnsSdCache::dueRefreshes(qint64 nowMs) {
  QList<DnsQuestion> questions;
  for (QList<Entry>& entries : entries_) {
    bool due = false;
    for (Entry& entry : entries) {
      while (entry.refreshes < kRefreshes && entry.refreshMs() <= nowMs) {
        ++entry.refreshes;
        due = true;
      }
    }
    if (due) {
      questions << DnsQuestion{entries.first().record.name, entries.first().record.type, false};
    }
  }
  return questions;
}

std::optional<qint64> DnsSdCache::nextEvent() const {
  std::optional<qint64> next;
  for (const QList<Entry>& entries : entries_) {
    for (const Entry& entry : entries) {
      const qint64 event =
          entry.refreshes < kRefreshes ? std::min(entry.refreshMs(), entry.expiresMs) : entry.expiresMs;
      next = std::min(next.value_or(event), event);
    }
  }
  return next;
}

}  // namespace sealift
