#include "transports/links/dns_message.h"

#include "app/base/byte_reader.h"
#include "app/base/byte_writer.h"

#include <algorithm>

namespace sealift {
namespace {

// RFC 1035, section 4.1.1
constexpr quint16 kResponse = 0x8000;
constexpr quint16 kOpcodeMask = 0x7800;
constexpr quint16 kAuthoritative = 0x0400;
constexpr quint16 kTruncated = 0x0200;
constexpr quint16 kResponseCodeMask = 0x000f;
constexpr qsizetype kHeader = 12;

constexpr quint16 kClassIn = 1;
constexpr quint16 kTopBit =
    0x8000;                        // of the class: QU in questions, cache flush in records (RFC 6762, section 18.12 f.)
constexpr quint8 kPointer = 0xc0;  // RFC 1035, section 4.1.4
constexpr quint16 kPointerMask = 0x3fff;

constexpr int kMaxPointers = 32;
constexpr int kMaxQuestions = 256;
constexpr int kMaxRecords = 512;  // more don't fit a message with names of a sensible length

tl::unexpected<Error> malformed(const char* what) {
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("A DNS message is damaged: %1.").arg(QLatin1String(what)));
}

// A name that begins at the reader's position, and continues wherever it points to: always further back, so that it
// comes to an end.
Result<DnsName> readName(ByteReader& reader, QByteArrayView message) {
  DnsName name;
  qsizetype length = 1;
  ByteReader elsewhere(message);
  ByteReader* at = &reader;
  qsizetype before = reader.position();  // a pointer leads to before this
  for (int pointers = 0;;) {
    const quint8 head = at->u8();
    if (at->failed()) {
      return malformed("a name is cut off");
    }
    if (head == 0) {
      return name;
    }
    if ((head & kPointer) == kPointer) {
      const quint16 low = at->u8();
      const auto offset = static_cast<qsizetype>((head << 8 | low) & kPointerMask);
      if (at->failed() || offset < kHeader || offset >= before || ++pointers > kMaxPointers) {
        return malformed("a name points to where no name can be");
      }
      before = offset;
      at = &elsewhere;
      (void)at->seek(offset);
      continue;
    }
    if ((head & kPointer) != 0) {
      return malformed("a label is of an unknown kind");
    }
    const QByteArrayView label = at->take(head);
    length += 1 + head;
    if (at->failed() || length > kMaxDnsName) {
      return malformed("a name is cut off or too long");
    }
    name.labels << label.toByteArray();
  }
}

Status readData(ByteReader& reader, QByteArrayView message, qsizetype size, DnsRecord& record) {
  const qsizetype end = reader.position() + size;
  switch (record.type) {
    case kDnsA: {
      const quint32 address = reader.be32();
      record.address = QHostAddress(address);
      break;
    }
    case kDnsAaaa: {
      const QByteArrayView bytes = reader.take(16);
      Q_IPV6ADDR address{};
      std::transform(bytes.begin(), bytes.end(), std::begin(address.c), [](char c) { return static_cast<quint8>(c); });
      record.address = QHostAddress(address);
      break;
    }
    case kDnsPtr: {
      SEALIFT_TRY(record.target, readName(reader, message));
      break;
    }
    case kDnsSrv: {  // RFC 2782
      record.priority = reader.be16();
      record.weight = reader.be16();
      record.port = reader.be16();
      SEALIFT_TRY(record.target, readName(reader, message));
      break;
    }
    case kDnsTxt: {
      while (!reader.failed() && reader.position() < end) {
        const quint8 length = reader.u8();
        const QByteArrayView text = reader.take(length);
        if (!text.isEmpty()) {  // RFC 6763, section 6.1: an empty one stands for none
          record.texts << text.toByteArray();
        }
      }
      break;
    }
    default:
      reader.skip(size);
      break;
  }
  if (reader.failed() || reader.position() != end) {
    return malformed("a record's data is not as long as it says");
  }
  return {};
}

Result<DnsQuestion> readQuestion(ByteReader& reader, QByteArrayView message) {
  DnsQuestion question;
  SEALIFT_TRY(question.name, readName(reader, message));
  question.type = reader.be16();
  question.unicastResponse = (reader.be16() & kTopBit) != 0;
  if (reader.failed()) {
    return malformed("a question is cut off");
  }
  return question;
}

// Records of other classes are read and left out.
Status readRecords(ByteReader& reader, QByteArrayView message, int count, QList<DnsRecord>& records) {
  for (int i = 0; i < count; ++i) {
    DnsRecord record;
    SEALIFT_TRY(record.name, readName(reader, message));
    record.type = reader.be16();
    const quint16 recordClass = reader.be16();
    record.ttl = reader.be32();
    const quint16 size = reader.be16();
    if (reader.failed() || size > reader.remaining()) {
      return malformed("a record is cut off");
    }
    record.cacheFlush = (recordClass & kTopBit) != 0;
    SEALIFT_CHECK(readData(reader, message, size, record));
    if ((recordClass & ~kTopBit) == kClassIn) {
      records << record;
    }
  }
  return {};
}

void appendCounted(QByteArray& bytes, const QByteArray& text) {
  bytes += static_cast<char>(text.size());
  bytes += text;
}

void appendName(QByteArray& bytes, const DnsName& name) {
  for (const QByteArray& label : name.labels) {
    appendCounted(bytes, label);
  }
  bytes += '\0';
}

QByteArray encodeData(const DnsRecord& record) {
  QByteArray data;
  switch (record.type) {
    case kDnsA:
      appendBe32(data, record.address.toIPv4Address());
      break;
    case kDnsAaaa: {
      const Q_IPV6ADDR address = record.address.toIPv6Address();
      for (const quint8 byte : address.c) {
        data += static_cast<char>(byte);
      }
      break;
    }
    case kDnsPtr:
      appendName(data, record.target);
      break;
    case kDnsSrv:
      appendBe16(data, record.priority);
      appendBe16(data, record.weight);
      appendBe16(data, record.port);
      appendName(data, record.target);
      break;
    case kDnsTxt:
      for (const QByteArray& text : record.texts) {
        appendCounted(data, text);
      }
      if (record.texts.isEmpty()) {
        data += '\0';
      }
      break;
    default:
      break;
  }
  return data;
}

void appendRecords(QByteArray& bytes, const QList<DnsRecord>& records) {
  for (const DnsRecord& record : records) {
    const QByteArray data = encodeData(record);
    appendName(bytes, record.name);
    appendBe16(bytes, record.type);
    appendBe16(bytes, record.cacheFlush ? kClassIn | kTopBit : kClassIn);
    appendBe32(bytes, record.ttl);
    appendBe16(bytes, static_cast<quint16>(data.size()));
    bytes += data;
  }
}

}  // namespace

Result<DnsName> DnsName::fromText(const QString& text) {
  DnsName name;
  qsizetype length = 1;
  for (const QByteArray& label : text.toUtf8().split('.')) {
    length += 1 + label.size();
    if (label.isEmpty() || label.size() > kMaxDnsLabel || length > kMaxDnsName) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is no domain name.").arg(text.left(40)));
    }
    name.labels << label;
  }
  return name;
}

QByteArray DnsName::key() const {
  QByteArray key;
  for (const QByteArray& label : labels) {
    key += static_cast<char>(label.size());
    for (const char c : label) {
      key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return key;
}

QString DnsName::toText() const {
  QStringList parts;
  for (const QByteArray& label : labels) {
    parts << QString::fromUtf8(label);
  }
  return parts.join(u'.');
}

bool DnsRecord::sameData(const DnsRecord& other) const {
  return type == other.type && name == other.name && target == other.target && priority == other.priority &&
         weight == other.weight && port == other.port && texts == other.texts && address == other.address;
}

Result<DnsMessage> DnsMessage::parse(QByteArrayView bytes) {
  if (bytes.size() > kMaxDnsMessage) {
    return malformed("it is too long");
  }
  ByteReader reader(bytes);
  reader.skip(2);  // the id says nothing in Multicast DNS (RFC 6762, section 18.1)
  const quint16 flags = reader.be16();
  const int questions = reader.be16();
  const int answers = reader.be16();
  const int authorities = reader.be16();
  const int additionals = reader.be16();
  if (reader.failed() || questions > kMaxQuestions || answers + authorities + additionals > kMaxRecords) {
    return malformed("it is cut off, or holds too much");
  }
  if ((flags & (kOpcodeMask | kResponseCodeMask)) != 0) {
    return fail(ErrorCode::NotSupported, QStringLiteral("A DNS message is no query and no answer to one."));
  }
  DnsMessage message;
  message.response = (flags & kResponse) != 0;
  message.truncated = (flags & kTruncated) != 0;
  for (int i = 0; i < questions; ++i) {
    SEALIFT_TRY(const DnsQuestion question, readQuestion(reader, bytes));
    message.questions << question;
  }
  QList<DnsRecord> unused;  // of the authority section: what a prober wants to announce
  SEALIFT_CHECK(readRecords(reader, bytes, answers, message.answers));
  SEALIFT_CHECK(readRecords(reader, bytes, authorities, unused));
  SEALIFT_CHECK(readRecords(reader, bytes, additionals, message.additionals));
  return message;
}

QByteArray DnsMessage::encode() const {
  QByteArray bytes;
  appendBe16(bytes, 0);
  // RFC 6762, section 18.4: a response is authoritative.
  appendBe16(bytes, static_cast<quint16>((response ? kResponse | kAuthoritative : 0) | (truncated ? kTruncated : 0)));
  appendBe16(bytes, static_cast<quint16>(questions.size()));
  appendBe16(bytes, static_cast<quint16>(answers.size()));
  appendBe16(bytes, 0);
  appendBe16(bytes, static_cast<quint16>(additionals.size()));
  for (const DnsQuestion& question : questions) {
    appendName(bytes, question.name);
    appendBe16(bytes, question.type);
    appendBe16(bytes, question.unicastResponse ? kClassIn | kTopBit : kClassIn);
  }
  appendRecords(bytes, answers);
  appendRecords(bytes, additionals);
  return bytes;
}

}  // namespace sealift
