// Lists of revoked certificates (CRL, RFC 5280, clause 5) as a vendor's device CA makes them for units that were
// scrapped or whose keys became known. Full lists only: no deltas, no indirect or partitioned ones. Values; any thread.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>

namespace sealift {

// RFC 5280, 5.3.1; of the others Sealift makes none, and reads them as Unspecified.
enum class RevocationReason { Unspecified = 0, KeyCompromise = 1, Superseded = 4, CessationOfOperation = 5 };

struct RevokedCertificate {
  QByteArray serial;  // as DeviceCertificate::serial
  QDateTime at;       // UTC
  RevocationReason reason = RevocationReason::Unspecified;

  bool operator==(const RevokedCertificate&) const = default;
};

struct RevocationList {
  quint64 number = 0;  // 5.2.3: each list of an issuer has a higher one than the list before it
  QDateTime thisUpdate;
  QDateTime nextUpdate;  // 5.1.2.5: a newer one is there by then; after it the list says nothing any more
  QList<RevokedCertificate> revoked;
  QString issuer;  // in one line; told by a list that was read, not needed to make one

  // Reads it and believes nothing. IdentityMalformed: no such structure, bytes after it, critical extensions, or
  // without a number or nextUpdate, which 5.1.2.5 and 5.2.3 demand.
  static Result<RevocationList> parse(QByteArrayView der);
  // The next one: a number higher, its own times. The entries stay.
  RevocationList next(const QDateTime& from, const QDateTime& until) const;
  bool names(const QByteArray& serial) const;
  // Once only; false when it was there.
  bool add(const RevokedCertificate& certificate);
};

// For the keeper of lists: made by this issuer (DER) and current, before it is stored or shown to anyone.
// IdentityMalformed, IdentityRevocationUnknown.
Result<RevocationList> checkRevocationList(QByteArrayView der, QByteArrayView issuerCertificate, const QDateTime& at);

}  // namespace sealift
