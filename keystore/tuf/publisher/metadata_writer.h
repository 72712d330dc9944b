// Signs metadata with the keys that are at hand.
#pragma once

#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/publisher/keyring.h"

namespace sealift::tuf {

// Whose keys must have signed before a file may go out: as the root or the delegator says.
struct SigningDemand {
  Keys keys;
  RoleKeys roleKeys;
};

// A signed part of which the signatures are brought together.
struct Document {
  QString role;
  Json signedPart;
  Json signatures = Json::array();  // as they stand in the file (4.2.1), each key id once

  bool hasSignatureOf(const QString& keyId) const;
  // Adds one; replaces an earlier one of the same key.
  void addSignature(const QString& keyId, const QByteArray& signature);
  QByteArray bytes() const;  // the file
};

// Adds a signature of every key at hand that one of the demands lists and that has not signed yet.
Status signWithKeyring(Document& document, Keyring& keyring, const QList<SigningDemand>& demands);
// The file is read back as a client would read it: TrustThreshold unless it satisfies each demand.
Status checkDemands(const Document& document, const QList<SigningDemand>& demands);

}  // namespace sealift::tuf
