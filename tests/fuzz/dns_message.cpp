// Multicast DNS from the local network: one message by itself, and a browser that hears messages at times that the
// input says. Each datagram stands behind two bytes of length and one of seconds that go by before it.
#include "transports/links/dns_message.h"

#include "app/base/byte_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "transports/links/dns_sd_browser.h"

using namespace sealift;

namespace {

bool fits(const DnsName& name) {
  qsizetype length = 1;
  for (const QByteArray& label : name.labels) {
    fuzz::require(!label.isEmpty() && label.size() <= kMaxDnsLabel, "a label keeps to its limits");
    length += 1 + label.size();
  }
  return length <= kMaxDnsName;
}

void checkMessage(const DnsMessage& message) {
  const QByteArray written = message.encode();
  for (const QList<DnsRecord>* records : {&message.answers, &message.additionals}) {
    for (const DnsRecord& record : *records) {
      fuzz::require(fits(record.name) && fits(record.target), "a name keeps to its limit");
    }
  }
  if (written.size() > kMaxDnsMessage) {
    return;  // names that were compressed
  }
  const Result<DnsMessage> back = DnsMessage::parse(written);
  fuzz::require(back && back->questions.size() == message.questions.size() &&
                    back->answers.size() == message.answers.size() &&
                    back->additionals.size() == message.additionals.size(),
                "a message is the same after writing and reading");
  for (qsizetype i = 0; i < message.answers.size(); ++i) {
    fuzz::require(back->answers[i].sameData(message.answers[i]), "a record is the same after writing and reading");
  }
}

void browse(QByteArrayView bytes) {
  qint64 now = 0;
  DnsSdBrowser browser({QStringLiteral("_smp._udp"), QStringLiteral("_sealift._tcp")}, true, now);
  ByteReader reader(bytes);
  while (reader.remaining() >= 3) {
    const quint16 size = reader.le16();
    now += reader.u8() * 1000;
    const QByteArrayView datagram = reader.take(std::min<qsizetype>(size, reader.remaining()));
    browser.receive(datagram, now);
    for (const QByteArray& question : browser.takeDue(now)) {
      fuzz::require(question.size() <= kMaxDnsMessage && DnsMessage::parse(question), "it asks in whole messages");
      fuzz::require(!DnsMessage::parse(question)->response, "it only asks");
    }
    fuzz::require(browser.nextDue() > now, "what was due is done");
    for (const DnsSdService& service : browser.services()) {
      fuzz::require(service.port != 0 && !service.addresses.isEmpty() && !service.host.isEmpty(),
                    "a service can be reached");
    }
    fuzz::require(browser.services().size() <= 2 * DnsSdCache::kMaxPerName, "a flood is limited");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (const Result<DnsMessage> message = DnsMessage::parse(bytes)) {
    checkMessage(*message);
  }
  browse(bytes);
  return 0;
}
