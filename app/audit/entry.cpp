#include "app/audit/entry.h"

#include "app/audit/canonical_json.h"
#include "keystore/crypto/digest.h"

#include <QJsonDocument>

#include <limits>

namespace sealift {
namespace {

constexpr qint64 kLeafVersion = 1;

QString cutText(const QString& text) {
  if (text.size() <= kAuditTextMaxChars) {
    return text;
  }
  return text.left(kAuditTextMaxChars - 1) + QChar(0x2026);
}

QJsonObject cutDetails(const QJsonObject& details) {
  const QByteArray bytes = writeCanonicalJson(details);
  if (bytes.size() <= kAuditDetailsMaxBytes) {
    return details;
  }
  return {{QStringLiteral("omittedBytes"), static_cast<qint64>(bytes.size())},
          {QStringLiteral("sha256"), QString::fromLatin1(sha256(bytes).toHex())}};
}

QByteArray encodeRecord(const AuditRecord& record) {
  QByteArray out;
  out.reserve(512);
  const auto member = [&out](const char* name, const QString& text) {
    out += name;
    appendCanonicalJsonString(out, text);
  };
  member("{\"actor\":", record.actor);
  member(",\"code\":", record.code);
  out += ",\"details\":";
  appendCanonicalJson(out, record.details);
  member(",\"event\":", record.event);
  member(",\"message\":", record.message);
  member(",\"outcome\":", record.outcome);
  out += ",\"seq\":" + QByteArray::number(record.sequence);
  member(",\"subject\":{\"id\":", record.subject.id);
  member(",\"kind\":", record.subject.kind);
  member(",\"name\":", record.subject.name);
  out += "},\"time\":" + QByteArray::number(record.timeMs);
  out += ",\"v\":" + QByteArray::number(kLeafVersion) + '}';
  return out;
}

}  // namespace

QByteArray encodeLeaf(const AuditEntry& entry, qint64 sequence, qint64 timeMs) {
  AuditRecord record;
  record.sequence = sequence;
  record.timeMs = timeMs;
  record.event = auditEventName(entry.event);
  record.actor = cutText(entry.actor);
  record.subject = {cutText(entry.subject.kind), cutText(entry.subject.id), cutText(entry.subject.name)};
  record.outcome = auditOutcomeName(entry.outcome);
  record.code = cutText(entry.code);
  record.message = cutText(entry.message);
  record.details = cutDetails(entry.details);
  return encodeRecord(record);
}

Result<AuditRecord> decodeLeaf(QByteArrayView leaf) {
  const auto tampered = [] {
    return fail(ErrorCode::AuditTampered, QStringLiteral("An entry is not in the form in which Sealift writes them."));
  };
  if (leaf.size() > kAuditLeafMaxBytes) {
    return tampered();
  }
  const QJsonObject object = QJsonDocument::fromJson(QByteArray(leaf.data(), leaf.size())).object();
  const auto text = [&object](const char* name) { return object.value(QLatin1String(name)).toString(); };
  const auto integer = [&object](const char* name) { return object.value(QLatin1String(name)).toInteger(-1); };
  const QJsonObject subject = object.value(QLatin1String("subject")).toObject();
  AuditRecord record;
  record.sequence = integer("seq");
  record.timeMs = integer("time");
  record.event = text("event");
  record.actor = text("actor");
  record.subject = {subject.value(QLatin1String("kind")).toString(), subject.value(QLatin1String("id")).toString(),
                    subject.value(QLatin1String("name")).toString()};
  record.outcome = text("outcome");
  record.code = text("code");
  record.message = text("message");
  record.details = object.value(QLatin1String("details")).toObject();
  record.leaf = QByteArray(leaf.data(), leaf.size());
  // Writing it again gives the same bytes when and only when nothing is missing, too much or written differently.
  if (encodeRecord(record) != leaf) {
    return tampered();
  }
  return record;
}

std::optional<qint64> readLeafSequence(QByteArrayView leaf) {
  // The name can't stand inside a string, where quotes are escaped, and after the last one come only fixed members.
  static constexpr QByteArrayView kName = ",\"seq\":";
  const qsizetype at = leaf.lastIndexOf(kName);
  if (at < 0) {
    return std::nullopt;
  }
  qsizetype end = at + kName.size();
  qint64 value = 0;
  for (; end < leaf.size() && leaf[end] >= '0' && leaf[end] <= '9'; ++end) {
    if (value > (std::numeric_limits<qint64>::max() - 9) / 10) {
      return std::nullopt;
    }
    value = value * 10 + (leaf[end] - '0');
  }
  return value;
}

}  // namespace sealift
