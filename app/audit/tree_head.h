// A signed statement of a station: at this time my log had this many entries, and this was the root of their tree.
//
// What is signed (version 1), integers big-endian:
//   "sealift audit head v1"        the context, ASCII, then one zero byte; a checkpoint has
//   or "sealift audit checkpoint v1"  a context of its own, so that it can't pose as a head
//   key id       32 bytes, SHA-256 of the station's SubjectPublicKeyInfo in DER
//   tree size     8 bytes
//   root hash    32 bytes, RFC 6962 section 2.1
//   time          8 bytes, UTC, milliseconds since 1970-01-01
// with Ed25519 (RFC 8032), or by ECDSA or RSA-PSS with SHA-256 where the station's key is of such a type.
#pragma once

#include "app/base/result.h"
#include "keystore/secrets/signer.h"

#include <QByteArray>
#include <QList>

namespace sealift {

enum class HeadKind {
  Head,        // the newest; can be exported to witness how long the log was
  Checkpoint,  // kept inside of the log every kAuditCheckpointInterval entries, to tell where damage begins
};

inline constexpr qint64 kAuditCheckpointInterval = 1024;

struct TreeHead {
  qint64 treeSize = 0;
  QByteArray rootHash;  // 32 bytes
  qint64 timeMs = 0;    // UTC, milliseconds since 1970-01-01
  QByteArray keyId;     // 32 bytes
  QByteArray signature;
};

// Signs with the station's key; keyId and signature are filled in.
Result<TreeHead> signTreeHead(HeadKind kind, qint64 treeSize, const QByteArray& rootHash, qint64 timeMs,
                              Signer& signer);
// AuditTampered when none of the keys made it.
Status checkTreeHead(HeadKind kind, const TreeHead& head, const QList<PublicKey>& keys);

// A head as a JSON file: {"type":"sealift-audit-head","version":1,"treeSize","rootHash","time","keyId","signature"};
// hashes in hex, signature in base64, time in ISO 8601 UTC with milliseconds.
QByteArray writeTreeHead(const TreeHead& head);
// The form only, not the signature. InvalidArgument says what is wrong.
Result<TreeHead> readTreeHead(QByteArrayView json);
inline constexpr qsizetype kTreeHeadFileMaxBytes = qsizetype{16} * 1024;

}  // namespace sealift
