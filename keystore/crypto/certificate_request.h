// PKCS#10 certification requests (RFC 2986): a device asks for a certificate and proves that it has the key.
// Any thread.
#pragma once

#include "keystore/crypto/device_name.h"
#include "keystore/crypto/private_key.h"

namespace sealift {

struct CertificateRequest {
  QByteArray der;
  PublicKey key;
  QString subject;       // in one line; what the device says of itself, to be believed no more than that
  QString serialNumber;  // of the subject; empty when it names none

  // Reads it and proves possession: its signature is the key's own (RFC 2986, clause 3), with SHA-2 or Ed25519.
  // Attributes are not looked at: what a certificate says is the issuer's business.
  // Errors: IdentityMalformed (no such structure, bytes after it), CryptoKey (a key that Sealift does not take),
  // IdentityRequest (the signature is not the key's).
  static Result<CertificateRequest> parse(QByteArrayView der);
};

// In DER. With an empty serial number the subject is empty (4.1: a Name may be). InvalidArgument, CryptoFailure.
Result<QByteArray> makeCertificateRequest(const PrivateKey& key, const DeviceName& name);

}  // namespace sealift
