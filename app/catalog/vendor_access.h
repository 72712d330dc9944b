// How a vendor's server is reached, beyond its addresses: whom it is proven by, and how this computer shows itself.
// Says nothing about which firmware is trusted; that is TUF's alone.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace sealift {

inline constexpr qint64 kAuthoritiesMaxBytes = 256 * 1024;

struct VendorAccess {
  QByteArray authorities;     // PEM certificates of the vendor's own authorities; empty: those this computer trusts
  QString clientCertificate;  // absolute path of a PEM file: the certificate, then its issuers; empty: none
  QString clientKey;          // its key's address (keystore/secrets/key_address.h); empty without certificate

  bool operator==(const VendorAccess&) const = default;

  // As it stands in the station's settings; nothing secret.
  QByteArray toBytes() const;
  static Result<VendorAccess> parse(const QByteArray& bytes);
};

// One or more certificates in PEM and nothing else, each of which may issue others (RFC 5280, 4.2.1.9).
// CatalogMalformed says what is wrong; gives the certificates' names.
Result<QStringList> inspectAuthorities(const QByteArray& pem);

}  // namespace sealift
