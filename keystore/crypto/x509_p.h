// What only the .cpp files of keystore share about X.509: owners of OpenSSL's objects, strict readers of DER, and the
// parts of a device's name.
#pragma once

#include "keystore/crypto/device_name.h"
#include "keystore/crypto/openssl_p.h"

#include <QDateTime>
#include <QString>

#include <openssl/x509.h>

namespace sealift::openssl {

using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using RevocationListPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using Name = std::unique_ptr<X509_NAME, Deleter<X509_NAME_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Time = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

// Exactly one object, in DER and with nothing after it. IdentityMalformed.
Result<Certificate> readCertificate(QByteArrayView der);
Result<Request> readRequest(QByteArrayView der);
Result<RevocationListPtr> readRevocationList(QByteArrayView der);

QByteArray derOf(const X509* certificate);
QByteArray derOf(const X509_REQ* request);
QByteArray derOf(const X509_CRL* list);

Result<Key> openSslKey(const PublicKey& key);  // a copy of it for OpenSSL
QString oneLine(const X509_NAME* name);        // at most 200 characters, ASCII; special ones escaped (RFC 2253)

// RFC 5280, 4.1.2.5, to the second, UTC; not valid when the encoding isn't a time.
QDateTime dateTimeOf(const ASN1_TIME* time);
// UTCTime up to 2049, then GeneralizedTime (the same clause). Null beyond the years 1950 to 9999.
Time timeOf(const QDateTime& dateTime);

// SHA-2 or Ed25519, by the signature's algorithm (an RSASSA-PSS one tells only in its parameters: not taken).
bool isStrongSignature(int signatureNid);

// The subject's serialNumber (RFC 5280, A.1; at most 64 characters), empty when there is none.
// IdentityMalformed when there are several, or it can't be such a text.
Result<QString> serialNumberOf(const X509_NAME* name);
Result<Name> makeName(const DeviceName& device);
Result<Name> makeTitle(const QString& organization, const QString& commonName);  // an issuer's: without serial number

}  // namespace sealift::openssl
