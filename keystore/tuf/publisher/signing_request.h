// Offline signing: what needs signatures travels as one file to a machine that holds a key, and signatures come back.
//
// Both files are JSON. A request holds, for each role, the part to be signed, the file that is published now to compare
// with, and the keys whose signatures count. Who signs need not trust it: what is shown is worked out from the very
// bytes that are signed. Plain values; any thread.
#pragma once

#include "keystore/secrets/signer.h"
#include "keystore/tuf/metadata.h"

#include <QList>

namespace sealift::tuf {

struct SigningRequest {
  struct Item {
    QString role;
    Json signedPart;
    Json signatures = Json::array();  // made already
    Json before;                      // the whole file that is published now; null when there is none
    Keys keys;                        // of all demands
    QList<RoleKeys> demands;          // each to be satisfied: by today's keys, and by those that follow
  };
  QList<Item> items;

  QByteArray toBytes() const;
  // TrustMalformed for what is no request, or holds metadata that a client would refuse to read.
  static Result<SigningRequest> parse(const QByteArray& bytes);
  // Hex SHA-256 over all that is to be signed: the same on both machines, to be compared or agreed to.
  QString digest() const;
};

// One item in words.
struct SigningSummary {
  QString role;
  qint64 version = 0;
  qint64 versionBefore = 0;  // 0: the role is new
  QDateTime expires;         // UTC
  QDateTime expiresBefore;
  QStringList changes;        // against the version before, one sentence each; says so when there are none
  QStringList signedBy;       // key ids whose valid signatures are there already
  QStringList stillSignable;  // key ids whose signatures count and are not there
  int needed = 0;             // how many more are needed, at least
};
QList<SigningSummary> summarize(const SigningRequest& request);

struct SignatureFile {
  struct Entry {
    QString role;
    qint64 version = 0;
    QString sha256;  // hex, of the canonical form of what was signed
    QString keyId;
    QByteArray signature;
  };
  QList<Entry> entries;

  QByteArray toBytes() const;
  static Result<SignatureFile> parse(const QByteArray& bytes);  // TrustMalformed
};

// Signs every item that the signer's key counts for. InvalidArgument when it counts for none.
Result<SignatureFile> signRequest(const SigningRequest& request, Signer& signer);
// Whether the key made a valid signature of the published file that an item is compared with: then the comparison is
// with something that its owner signed before.
bool signedBefore(const SigningRequest::Item& item, const PublicKey& key);

constexpr qint64 kMostRequestBytes = 256 * 1024 * 1024;

}  // namespace sealift::tuf
