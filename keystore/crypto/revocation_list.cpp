#include "keystore/crypto/revocation_list.h"

#include "keystore/crypto/revocation_p.h"

#include <algorithm>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace sealift {

namespace {

using openssl::Deleter;
using Integer = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using Enumerated = std::unique_ptr<ASN1_ENUMERATED, Deleter<ASN1_ENUMERATED_free>>;

QByteArray bytesOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), ASN1_STRING_length(string)};
}

tl::unexpected<Error> malformed(const QString& why) {
  return fail(ErrorCode::IdentityMalformed, QStringLiteral("The list of revoked certificates %1.").arg(why));
}

tl::unexpected<Error> unknown(const QString& why) {
  return fail(ErrorCode::IdentityRevocationUnknown, QStringLiteral("The list of revoked certificates %1.").arg(why));
}

// 5.2.3: "CRL numbers … up to 20 octets"; more than eight would take longer than the universe to count to.
Result<quint64> numberOf(const X509_CRL* list) {
  const Integer number(static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  uint64_t value = 0;
  const bool isThere = number && ASN1_INTEGER_get_uint64(&value, number.get()) == 1;
  ERR_clear_error();
  if (!isThere) {
    return malformed(QStringLiteral("has no usable number"));
  }
  return value;
}

RevocationReason reasonOf(const X509_REVOKED* entry) {
  const Enumerated code(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  ERR_clear_error();
  switch (code ? ASN1_ENUMERATED_get(code.get()) : 0) {
    case static_cast<int>(RevocationReason::KeyCompromise):
      return RevocationReason::KeyCompromise;
    case static_cast<int>(RevocationReason::Superseded):
      return RevocationReason::Superseded;
    case static_cast<int>(RevocationReason::CessationOfOperation):
      return RevocationReason::CessationOfOperation;
    default:
      return RevocationReason::Unspecified;
  }
}

// 5.2 and 5.3: "If a CRL contains a critical extension that the application cannot process, then the application MUST
// NOT use that CRL", which is what deltas, indirect and partitioned lists are known by.
Status requireNothingCritical(X509_CRL* list) {
  if (X509_CRL_get_ext_by_critical(list, 1, -1) >= 0) {
    return malformed(QStringLiteral("covers only a part: it has a critical extension"));
  }
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(entries, i), 1, -1) >= 0) {
      return malformed(QStringLiteral("has an entry with a critical extension"));
    }
  }
  return {};
}

}  // namespace

Result<RevocationList> RevocationList::parse(QByteArrayView der) {
  SEALIFT_TRY(const openssl::RevocationListPtr crl, openssl::readRevocationList(der));
  SEALIFT_CHECK(requireNothingCritical(crl.get()));
  RevocationList list;
  SEALIFT_TRY(list.number, numberOf(crl.get()));
  list.thisUpdate = openssl::dateTimeOf(X509_CRL_get0_lastUpdate(crl.get()));
  list.nextUpdate = openssl::dateTimeOf(X509_CRL_get0_nextUpdate(crl.get()));
  if (!list.thisUpdate.isValid() || !list.nextUpdate.isValid()) {
    return malformed(QStringLiteral("does not say how long it holds"));
  }
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(crl.get());
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    list.revoked.append({bytesOf(X509_REVOKED_get0_serialNumber(entry)),
                         openssl::dateTimeOf(X509_REVOKED_get0_revocationDate(entry)), reasonOf(entry)});
  }
  list.issuer = openssl::oneLine(X509_CRL_get_issuer(crl.get()));
  return list;
}

RevocationList RevocationList::next(const QDateTime& from, const QDateTime& until) const {
  RevocationList list = *this;
  ++list.number;
  list.thisUpdate = from;
  list.nextUpdate = until;
  return list;
}

bool RevocationList::names(const QByteArray& serial) const {
  return std::any_of(revoked.begin(), revoked.end(), [&](const auto& entry) { return entry.serial == serial; });
}

bool RevocationList::add(const RevokedCertificate& certificate) {
  if (names(certificate.serial)) {
    return false;
  }
  revoked.append(certificate);
  return true;
}

Result<RevocationList> checkRevocationList(QByteArrayView der, QByteArrayView issuerCertificate, const QDateTime& at) {
  SEALIFT_TRY(const openssl::Certificate issuer, openssl::readCertificate(issuerCertificate));
  SEALIFT_TRY(const openssl::RevocationListPtr crl, openssl::readRevocationList(der));
  SEALIFT_CHECK(openssl::requireGenuine(crl.get(), issuer.get()));
  SEALIFT_CHECK(openssl::requireCurrent(crl.get(), at));
  return RevocationList::parse(der);
}

namespace openssl {

Result<RevocationLists> readRevocationLists(const QList<QByteArray>& ders) {
  RevocationLists lists;
  for (const QByteArray& der : ders) {
    SEALIFT_TRY(RevocationListPtr list, readRevocationList(der));
    lists.push_back(std::move(list));
  }
  return lists;
}

// RFC 5280, 6.3.3 (b), (f), (g): the issuer's own name, a key that may sign lists, its signature.
Status requireGenuine(X509_CRL* list, X509* issuer) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0) {
    return unknown(QStringLiteral("is another issuer's"));
  }
  if ((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) {
    return unknown(QStringLiteral("was made by an issuer that may not make lists"));
  }
  if (!isStrongSignature(X509_CRL_get_signature_nid(list)) || X509_CRL_verify(list, X509_get0_pubkey(issuer)) != 1) {
    ERR_clear_error();
    return unknown(QStringLiteral("is not signed by \"%1\"").arg(oneLine(X509_get_subject_name(issuer))));
  }
  return requireNothingCritical(list);
}

// 6.3.3 (a): a list without nextUpdate never says that it is out of date, so it can't be known to be current.
Status requireCurrent(const X509_CRL* list, const QDateTime& at) {
  const QDateTime from = dateTimeOf(X509_CRL_get0_lastUpdate(list));
  const QDateTime until = dateTimeOf(X509_CRL_get0_nextUpdate(list));
  if (!from.isValid() || !until.isValid() || at < from) {
    return unknown(QStringLiteral("does not say how long it holds, or holds only later"));
  }
  if (at > until) {
    return unknown(QStringLiteral("is out of date: the next one was due on %1").arg(until.toString(Qt::ISODate)));
  }
  return {};
}

Status requireNotRevoked(X509* certificate, X509* issuer, const RevocationLists& lists, const QDateTime& at) {
  Status verdict =
      fail(ErrorCode::IdentityRevocationUnknown, QStringLiteral("There is no list of revoked certificates of \"%1\".")
                                                     .arg(oneLine(X509_get_subject_name(issuer))));
  bool isCurrent = false;
  for (const RevocationListPtr& list : lists) {
    if (Status genuine = requireGenuine(list.get(), issuer); !genuine) {
      // Lists of others are no news; one that claims to be this issuer's and can't be used is.
      if (!isCurrent && X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(issuer)) == 0) {
        verdict = std::move(genuine);
      }
      continue;
    }
    // An old list that names it is reason enough: nothing that was revoked comes back.
    X509_REVOKED* entry = nullptr;
    if (X509_CRL_get0_by_cert(list.get(), &entry, certificate) != 0) {
      return fail(ErrorCode::IdentityRevoked,
                  QStringLiteral("The certificate \"%1\" was revoked on %2.")
                      .arg(oneLine(X509_get_subject_name(certificate)),
                           dateTimeOf(X509_REVOKED_get0_revocationDate(entry)).toString(Qt::ISODate)));
    }
    if (Status current = requireCurrent(list.get(), at); !current) {
      verdict = isCurrent ? std::move(verdict) : std::move(current);
      continue;
    }
    isCurrent = true;
    verdict = {};
  }
  return verdict;
}

}  // namespace openssl

}  // namespace sealift
