#include "keystore/crypto/x509_p.h"

#include <algorithm>
#include <ctime>
#include <openssl/err.h>
#include <openssl/objects.h>

namespace sealift {

namespace {

constexpr qsizetype kMostName = 64;    // RFC 5280, A.1: ub-serial-number, ub-common-name, ub-organization-name
constexpr qsizetype kMostModule = 64;  // far above any hardware's serial number

// X.680, 41.4: what a PrintableString may hold.
bool isPrintableString(const QString& text) {
  static const QLatin1String kOthers(" '()+,-./:=?");
  return std::all_of(text.begin(), text.end(), [](QChar c) {
    return (c >= QLatin1Char('a') && c <= QLatin1Char('z')) || (c >= QLatin1Char('A') && c <= QLatin1Char('Z')) ||
           (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || kOthers.contains(c);
  });
}

bool isTitle(const QString& text) {
  return text.size() <= kMostName && std::all_of(text.begin(), text.end(), [](QChar c) { return c.isPrint(); });
}

}  // namespace

Status requireEncodable(const DeviceName& name) {
  if (name.serialNumber.isEmpty() || name.serialNumber.size() > kMostName || !isPrintableString(name.serialNumber)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A serial number in a certificate has 1 to %1 letters, digits and simple signs.")
                    .arg(kMostName));
  }
  if (!isTitle(name.commonName) || !isTitle(name.organization)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A name in a certificate has at most %1 printable characters.").arg(kMostName));
  }
  if (!name.hardwareModule) {
    return {};
  }
  ASN1_OBJECT* type = OBJ_txt2obj(name.hardwareModule->type.toLatin1().constData(), 1);
  const bool isIdentifier = type != nullptr;
  ASN1_OBJECT_free(type);
  ERR_clear_error();
  if (!isIdentifier) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The hardware's type is no object identifier."));
  }
  if (name.hardwareModule->serial.isEmpty() || name.hardwareModule->serial.size() > kMostModule) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The hardware's serial number has 1 to %1 bytes.").arg(kMostModule));
  }
  return {};
}

namespace openssl {

namespace {

constexpr qsizetype kMostCertificateBytes = 16 * 1024;
constexpr qsizetype kMostListBytes = 32 * 1024 * 1024;  // half a million scrapped units

template <class Object, class Encode>
QByteArray encode(const Object* object, Encode encoder) {
  unsigned char* out = nullptr;
  const int length = encoder(object, &out);
  if (length <= 0) {
    ERR_clear_error();
    return {};
  }
  const QByteArray der(reinterpret_cast<const char*>(out), length);
  OPENSSL_free(out);
  return der;
}

// OpenSSL also reads BER. Encoding it again shows the difference, so that one object has one sequence of bytes.
template <class Owner, class Decode>
Result<Owner> decode(QByteArrayView der, qsizetype most, const QString& what, Decode decoder) {
  if (der.isEmpty() || der.size() > most) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The %1 is empty or far too long.").arg(what));
  }
  const unsigned char* at = data(der);
  Owner object(decoder(nullptr, &at, static_cast<long>(der.size())));
  if (!object) {
    return failure(ErrorCode::IdentityMalformed, QStringLiteral("This is no %1.").arg(what));
  }
  if (at != data(der) + der.size()) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("There are bytes after the %1.").arg(what));
  }
  if (derOf(object.get()) != der) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The %1 is not encoded in DER.").arg(what));
  }
  return object;
}

bool addEntry(X509_NAME* name, int nid, int encoding, const QString& text) {
  const QByteArray utf8 = text.toUtf8();
  return text.isEmpty() ||
         X509_NAME_add_entry_by_NID(name, nid, encoding, data(utf8), static_cast<int>(utf8.size()), -1, 0) == 1;
}

}  // namespace

QByteArray derOf(const X509* certificate) {
  return encode(certificate, i2d_X509);
}
QByteArray derOf(const X509_REQ* request) {
  return encode(request, i2d_X509_REQ);
}
QByteArray derOf(const X509_CRL* list) {
  return encode(list, i2d_X509_CRL);
}

Result<Certificate> readCertificate(QByteArrayView der) {
  return decode<Certificate>(der, kMostCertificateBytes, QStringLiteral("certificate"), d2i_X509);
}
Result<Request> readRequest(QByteArrayView der) {
  return decode<Request>(der, kMostCertificateBytes, QStringLiteral("certificate request"), d2i_X509_REQ);
}
Result<RevocationListPtr> readRevocationList(QByteArrayView der) {
  return decode<RevocationListPtr>(der, kMostListBytes, QStringLiteral("list of revoked certificates"), d2i_X509_CRL);
}

Result<Key> openSslKey(const PublicKey& key) {
  const QByteArray der = key.toDer();
  const unsigned char* at = data(der);
  Key copy(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!copy) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL did not take a public key."));
  }
  return copy;
}

QString oneLine(const X509_NAME* name) {
  constexpr qsizetype kMost = 200;
  const Bio out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE) < 0) {
    ERR_clear_error();
    return {};
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return QString::fromUtf8(text, length).left(kMost);
}

QDateTime dateTimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    return {};
  }
  return {QDate(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday),
          QTime(parts.tm_hour, parts.tm_min, std::min(parts.tm_sec, 59)), Qt::UTC};
}

Time timeOf(const QDateTime& dateTime) {
  const QDateTime utc = dateTime.toUTC();
  if (!utc.isValid() || utc.date().year() < 1950 || utc.date().year() > 9999) {
    return nullptr;
  }
  Time time(ASN1_TIME_new());
  const QByteArray text = utc.toString(QStringLiteral("yyyyMMddHHmmss")).toLatin1() + 'Z';
  return time && ASN1_TIME_set_string_X509(time.get(), text.constData()) == 1 ? std::move(time) : nullptr;
}

bool isStrongSignature(int signatureNid) {
  if (signatureNid == NID_ED25519) {
    return true;
  }
  int digest = NID_undef;
  return OBJ_find_sigid_algs(signatureNid, &digest, nullptr) == 1 &&
         (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512);
}

Result<QString> serialNumberOf(const X509_NAME* name) {
  const int first = X509_NAME_get_index_by_NID(name, NID_serialNumber, -1);
  if (first < 0) {
    return QString();
  }
  if (X509_NAME_get_index_by_NID(name, NID_serialNumber, first) >= 0) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The subject has more than one serial number."));
  }
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  const QString text = length > 0 ? QString::fromUtf8(reinterpret_cast<const char*>(utf8), length) : QString();
  OPENSSL_free(utf8);
  ERR_clear_error();
  if (text.isEmpty() || text.size() > kMostName || !isPrintableString(text)) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The subject's serial number is no printable text."));
  }
  return text;
}

Result<Name> makeTitle(const QString& organization, const QString& commonName) {
  Name name(X509_NAME_new());
  if (!isTitle(organization) || !isTitle(commonName)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A name in a certificate has at most %1 printable characters.").arg(kMostName));
  }
  if (!name || !addEntry(name.get(), NID_organizationName, MBSTRING_UTF8, organization) ||
      !addEntry(name.get(), NID_commonName, MBSTRING_UTF8, commonName)) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL could not write a name."));
  }
  return name;
}

Result<Name> makeName(const DeviceName& device) {
  SEALIFT_CHECK(requireEncodable(device));
  SEALIFT_TRY(Name name, makeTitle(device.organization, device.commonName));
  if (!addEntry(name.get(), NID_serialNumber, V_ASN1_PRINTABLESTRING, device.serialNumber)) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL could not write the device's serial number."));
  }
  return name;
}

}  // namespace openssl

}  // namespace sealift
