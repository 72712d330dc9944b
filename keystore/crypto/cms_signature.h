// Detached signatures in the Cryptographic Message Syntax (RFC 5652), as `openssl cms -sign -binary` makes them.
#pragma once

#include "keystore/crypto/public_key.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

#include <vector>

namespace sealift {

// Whom signers must be proven by: one of these, in any mixture.
struct CmsTrust {
  std::vector<PublicKey> keys;     // the signer's certificate holds one of them
  QList<QByteArray> certificates;  // DER; the signer's certificate is one of them, or was issued under one

  // From PEM, each text one public key or one certificate. CryptoKey when one can't be read, or there is none.
  static Result<CmsTrust> fromPem(const QList<QByteArray>& pems);
};

struct CmsSigner {
  PublicKey key;
  QString name;  // the subject of its certificate, in one line; hostile until shown safely
  // What its certificate is for (RFC 5280, 4.2.1.3 and 4.2.1.12); both where it says nothing.
  bool emailProtection = false;
  bool codeSigning = false;
};

// `signature`: one DER ContentInfo of signed-data without content, with one signer and its certificate in it.
// The signature and its digest must be SHA-2. Times of certificates are not looked at: a device without a clock can't
// either, and freshness is another's to prove. Any thread.
// Errors: ImageMalformed (no such structure), ImageSignatureInvalid (not a signature of `content`), ImageUnknownKey
// (the signer is not trusted, or its certificate is not for signing), CryptoFailure.
Result<CmsSigner> verifyCms(QByteArrayView signature, QByteArrayView content, const CmsTrust& trust);

}  // namespace sealift
