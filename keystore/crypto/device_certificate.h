// The certificate that a device is known by (IDevID, IEEE 802.1AR-2018, clause 8; profile of RFC 5280), and whether it
// may be believed: path, validity, usage, revocation and name. Whether the device has the key is for identity_proof.h.
// Values; any thread.
#pragma once

#include "keystore/crypto/device_name.h"
#include "keystore/crypto/public_key.h"

#include <QDateTime>
#include <QList>

#include <optional>

namespace sealift {

struct DeviceCertificate {
  QByteArray der;
  PublicKey key;
  DeviceName name;
  QByteArray serial;  // the certificate's own number (RFC 5280, 4.1.2.2), unsigned, most significant byte first
  QString subject;    // in one line; a certificate that was not checked is hostile
  QString issuer;
  QDateTime notBefore;                // UTC
  std::optional<QDateTime> notAfter;  // nothing: 99991231235959Z, "no well-defined expiration date" (4.1.2.5)

  // Reads it and believes nothing. IdentityMalformed; CryptoKey for a key that Sealift does not take.
  static Result<DeviceCertificate> parse(QByteArrayView der);
};

struct DeviceTrust {
  QList<QByteArray> anchors;          // DER: the vendor's device CAs, or what is above them
  QList<QByteArray> intermediates;    // DER; only links of the path, not trusted by themselves
  QList<QByteArray> revocationLists;  // DER, in any order, of any issuers
  // False only where the vendor's signed metadata says that it publishes no lists.
  bool revocation = true;
};

// What the device tells of itself and its certificate has to say, too.
struct DeviceClaims {
  QString serialNumber;
  std::optional<HardwareModule> hardwareModule;  // nothing: not told
};

// RFC 5280, 6.1 (path) and 6.3 (revocation), for the moment `at`. In this order:
//   IdentityMalformed, CryptoKey     it can't be read, or a trusted certificate can't;
//   IdentityUsage                    it is a CA's, or its keyUsage or extKeyUsage are not for proving an identity;
//   IdentityChain                    no path to an anchor, or an issuer in it that may not issue;
//   IdentityExpired                  it or an issuer is not valid at that moment;
//   IdentityRevoked                  a list of its issuer names it, or names an issuer between it and the anchor;
//   IdentityRevocationUnknown        no list of an issuer is there, genuine and current;
//   IdentityMismatch                 it is another unit's.
Result<DeviceCertificate> checkDeviceCertificate(QByteArrayView der, const DeviceTrust& trust,
                                                 const DeviceClaims& claims, const QDateTime& at);

}  // namespace sealift
