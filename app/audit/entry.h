// One entry of the audit log, and its canonical bytes: the leaf of the tree.
#pragma once

#include "app/audit/event.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QJsonObject>
#include <QString>

#include <optional>

namespace sealift {

// What the entry is about.
struct AuditSubject {
  QString kind;  // "device", "vendor", "plan", "job", "station", …; empty when there is none
  QString id;
  QString name;  // for people
};

// What a caller writes down. Never put a secret here.
struct AuditEntry {
  AuditEvent event = AuditEvent::StationStarted;
  QString actor;  // the operator, or the station itself
  AuditSubject subject;
  AuditOutcome outcome = AuditOutcome::Recorded;
  QString code;         // dotted error code, or empty
  QString message;      // one plain sentence
  QJsonObject details;  // see canonical_json.h for what becomes of fractions
};

// An entry as it stands in the log.
struct AuditRecord {
  qint64 sequence = 0;  // 1, 2, 3, … without gaps; the leaf's index in the tree is sequence - 1
  qint64 timeMs = 0;    // UTC, milliseconds since 1970-01-01
  QString event;        // names, not enums: a log may hold names that this program doesn't know
  QString actor;
  AuditSubject subject;
  QString outcome;
  QString code;
  QString message;
  QJsonObject details;
  QByteArray leaf;      // canonical JSON, UTF-8
  QByteArray leafHash;  // 32 bytes, as stored
};

// Longer text is cut and marked with an ellipsis, longer details are replaced by their length and SHA-256: a device
// that sends too much can't keep an entry from being written.
inline constexpr qsizetype kAuditTextMaxChars = 2000;
inline constexpr qsizetype kAuditDetailsMaxBytes = qsizetype{64} * 1024;
inline constexpr qsizetype kAuditLeafMaxBytes = qsizetype{256} * 1024;

// {"actor","code","details","event","message","outcome","seq","subject":{"id","kind","name"},"time","v":1}, canonical
// (see canonical_json.h).
QByteArray encodeLeaf(const AuditEntry& entry, qint64 sequence, qint64 timeMs);
// The record that a leaf holds (without leafHash). AuditTampered when it isn't one: not canonical, fields missing or
// too many, another version.
Result<AuditRecord> decodeLeaf(QByteArrayView leaf);
// Only the sequence number that a leaf says it has, without reading the rest; fast.
std::optional<qint64> readLeafSequence(QByteArrayView leaf);

}  // namespace sealift
