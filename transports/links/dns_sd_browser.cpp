#include "transports/links/dns_sd_browser.h"

#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSet>

#include <algorithm>
#include <tuple>
#include <utility>

namespace sealift {
namespace {

// RFC 6762, section 5.2
constexpr int kFirstDelayMinMs = 20;
constexpr int kFirstDelayMaxMs = 120;
constexpr qint64 kFirstIntervalMs = 1000;
constexpr qint64 kMaxIntervalMs = 60 * 60 * 1000;
constexpr int kMaxAsks = 6;  // for what one service lacks: about half a minute
constexpr qsizetype kMaxTexts = 64;

QByteArray keyOf(const DnsQuestion& question) {
  return QByteArray::number(question.type) + ':' + question.name.key();
}

QSet<QByteArray> keysOf(const QList<DnsName>& names) {
  QSet<QByteArray> keys;
  for (const DnsName& name : names) {
    keys << name.key();
  }
  return keys;
}

}  // namespace

bool isServiceType(const QString& type) {
  static const QRegularExpression shape(
      QStringLiteral("\\A_(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]+(-[A-Za-z0-9]+)*\\._(tcp|udp)\\z"));
  return shape.match(type).hasMatch() && type.indexOf(u'.') <= 16;
}

DnsSdBrowser::DnsSdBrowser(const QStringList& types, bool alone, qint64 nowMs)
    : browseAtMs_(nowMs + QRandomGenerator::global()->bounded(kFirstDelayMinMs, kFirstDelayMaxMs + 1)),
      unicastFirst_(alone) {
  for (const QString& type : types) {
    if (!isServiceType(type)) {
      continue;
    }
    if (const Result<DnsName> name = DnsName::fromText(type + QStringLiteral(".local"))) {
      types_ << Type{type, *name};
    }
  }
}

// What the types point to, as far as it is named within its type (RFC 6763, section 4.1).
QList<DnsName> DnsSdBrowser::instances() const {
  QList<DnsName> names;
  for (const Type& type : types_) {
    for (const DnsRecord& pointer : cache_.find(type.name, kDnsPtr)) {
      names << pointer.target;
    }
  }
  return names;
}

QList<DnsName> DnsSdBrowser::hosts() const {
  QList<DnsName> names;
  for (const DnsName& instance : instances()) {
    for (const DnsRecord& place : cache_.find(instance, kDnsSrv)) {
      names << place.target;
    }
  }
  return names;
}

void DnsSdBrowser::keepPointers(const QList<DnsRecord>& records, qint64 nowMs) {
  for (const DnsRecord& record : records) {
    const auto named = [&](const Type& type) {
      return record.type == kDnsPtr && record.name == type.name &&
             record.target.labels.size() == type.name.labels.size() + 1 &&
             DnsName{record.target.labels.mid(1)} == type.name;
    };
    if (std::any_of(types_.cbegin(), types_.cend(), named)) {
      cache_.keep(record, nowMs);
    }
  }
}

void DnsSdBrowser::keepOf(const QList<DnsName>& names, const QList<quint16>& types, const QList<DnsRecord>& records,
                          qint64 nowMs) {
  const QSet<QByteArray> wanted = keysOf(names);
  for (const DnsRecord& record : records) {
    if (types.contains(record.type) && wanted.contains(record.name.key()) && record.texts.size() <= kMaxTexts) {
      cache_.keep(record, nowMs);
    }
  }
}

void DnsSdBrowser::receive(QByteArrayView datagram, qint64 nowMs) {
  const Result<DnsMessage> message = DnsMessage::parse(datagram);
  if (!message || !message->response) {
    return;
  }
  cache_.expire(nowMs);
  // Only what was asked for: each step names what the next one may tell of.
  const QList<DnsRecord> records = message->answers + message->additionals;
  keepPointers(records, nowMs);
  keepOf(instances(), {kDnsSrv, kDnsTxt}, records, nowMs);
  keepOf(hosts(), {kDnsA, kDnsAaaa}, records, nowMs);
  askForMissing(nowMs);
}

// A responder should send along what a service needs (RFC 6763, section 12), but need not.
void DnsSdBrowser::askForMissing(qint64 nowMs) {
  QList<DnsQuestion> wanted;
  for (const DnsName& instance : instances()) {
    const QList<DnsRecord> places = cache_.find(instance, kDnsSrv);
    if (places.isEmpty()) {
      wanted << DnsQuestion{instance, kDnsSrv, false};
    }
    for (const DnsRecord& place : places) {
      if (!place.target.labels.isEmpty() && cache_.find(place.target, kDnsA).isEmpty() &&
          cache_.find(place.target, kDnsAaaa).isEmpty()) {
        wanted << DnsQuestion{place.target, kDnsA, false} << DnsQuestion{place.target, kDnsAaaa, false};
      }
    }
  }
  QHash<QByteArray, Ask> missing;
  for (const DnsQuestion& question : wanted) {
    const QByteArray key = keyOf(question);
    const auto before = missing_.constFind(key);
    missing.insert(key, before != missing_.cend() ? *before : Ask{question, nowMs, kFirstIntervalMs, 0});
  }
  missing_ = missing;
}

QList<QByteArray> DnsSdBrowser::takeDue(qint64 nowMs) {
  cache_.expire(nowMs);
  askForMissing(nowMs);
  QList<DnsQuestion> questions;
  if (browseAtMs_ <= nowMs) {
    const bool unicast = std::exchange(unicastFirst_, false);
    for (const Type& type : types_) {
      questions << DnsQuestion{type.name, kDnsPtr, unicast};
    }
    browseIntervalMs_ = browseIntervalMs_ <= 0 ? kFirstIntervalMs : std::min(browseIntervalMs_ * 2, kMaxIntervalMs);
    browseAtMs_ = nowMs + browseIntervalMs_;
  }
  for (Ask& ask : missing_) {
    if (ask.times < kMaxAsks && ask.atMs <= nowMs) {
      questions << ask.question;
      ask.atMs = nowMs + ask.intervalMs;
      ask.intervalMs *= 2;
      ++ask.times;
    }
  }
  for (const DnsQuestion& question : cache_.dueRefreshes(nowMs)) {
    const auto same = [&](const DnsQuestion& other) { return keyOf(other) == keyOf(question); };
    if (std::none_of(questions.cbegin(), questions.cend(), same)) {
      questions << question;
    }
  }
  return pack(questions, nowMs);
}

// As many questions as fit, then what is known already. What does not fit goes into further datagrams: questions by
// themselves, known answers announced by the TC bit of the one before (RFC 6762, section 7.2).
QList<QByteArray> DnsSdBrowser::pack(const QList<DnsQuestion>& questions, qint64 nowMs) const {
  QList<QByteArray> datagrams;
  DnsMessage message;
  QList<DnsRecord> known;
  const auto finish = [&] {
    for (const DnsRecord& record : known) {
      message.answers << record;
      if (message.encode().size() > kMaxDatagram && message.answers.size() > 1) {
        message.answers.removeLast();
        message.truncated = true;
        datagrams << message.encode();
        message = DnsMessage();
        message.answers << record;
      }
    }
    datagrams << message.encode();
    message = DnsMessage();
    known.clear();
  };
  for (const DnsQuestion& question : questions) {
    message.questions << question;
    if (message.encode().size() > kMaxDatagram) {
      message.questions.removeLast();
      finish();
      message.questions << question;
    }
    known += cache_.knownAnswers(question.name, question.type, nowMs);
  }
  if (!message.questions.isEmpty()) {
    finish();
  }
  return datagrams;
}

qint64 DnsSdBrowser::nextDue() const {
  qint64 next = std::min(browseAtMs_, cache_.nextEvent().value_or(browseAtMs_));
  for (const Ask& ask : missing_) {
    if (ask.times < kMaxAsks) {
      next = std::min(next, ask.atMs);
    }
  }
  return next;
}

QList<DnsSdService> DnsSdBrowser::services() const {
  QList<DnsSdService> services;
  for (const Type& type : types_) {
    for (const DnsRecord& pointer : cache_.find(type.name, kDnsPtr)) {
      const QList<DnsRecord> places = cache_.find(pointer.target, kDnsSrv);
      if (places.isEmpty() || places.first().port == 0 || places.first().target.labels.isEmpty()) {
        continue;  // RFC 2782: the root as target says that it is not available
      }
      DnsSdService service;
      service.type = type.text;
      service.instance = QString::fromUtf8(pointer.target.labels.first());
      service.host = places.first().target.toText();
      service.port = places.first().port;
      for (const quint16 family : {kDnsA, kDnsAaaa}) {
        for (const DnsRecord& record : cache_.find(places.first().target, family)) {
          service.addresses << record.address;
        }
      }
      for (const DnsRecord& text : cache_.find(pointer.target, kDnsTxt)) {
        service.texts = text.texts;
      }
      if (!service.addresses.isEmpty()) {
        services << service;
      }
    }
  }
  std::sort(services.begin(), services.end(), [](const DnsSdService& a, const DnsSdService& b) {
    return std::tie(a.type, a.instance) < std::tie(b.type, b.instance);
  });
  return services;
}

}  // namespace sealift
