// Revocation of one certificate by the lists at hand (RFC 5280, 6.3.3), for keystore's .cpp files.
#pragma once

#include "keystore/crypto/x509_p.h"

#include <vector>

namespace sealift::openssl {

using RevocationLists = std::vector<RevocationListPtr>;

Result<RevocationLists> readRevocationLists(const QList<QByteArray>& ders);

// IdentityMalformed, IdentityRevocationUnknown: why the list can't be used to judge what `issuer` issued.
Status requireGenuine(X509_CRL* list, X509* issuer);
Status requireCurrent(const X509_CRL* list, const QDateTime& at);

// IdentityRevoked; IdentityRevocationUnknown when no list of the issuer is genuine and current.
Status requireNotRevoked(X509* certificate, X509* issuer, const RevocationLists& lists, const QDateTime& at);

}  // namespace sealift::openssl
