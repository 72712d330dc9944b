#include "app/catalog/vendor_access.h"

#include "app/catalog/http_problem.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSslCertificate>
#include <QSslCertificateExtension>
#include <QVariantMap>

namespace sealift {
namespace {

const QString kAuthorities = QStringLiteral("authorities");
const QString kCertificate = QStringLiteral("clientCertificate");
const QString kKey = QStringLiteral("clientKey");

bool mayIssue(const QSslCertificate& certificate) {
  const QList<QSslCertificateExtension> extensions = certificate.extensions();
  for (const QSslCertificateExtension& extension : extensions) {
    if (extension.oid() == QLatin1String("2.5.29.19")) {  // basicConstraints
      return extension.value().toMap().value(QStringLiteral("ca")).toBool();
    }
  }
  return false;
}

}  // namespace

QByteArray VendorAccess::toBytes() const {
  return QJsonDocument(QJsonObject{{kAuthorities, QString::fromLatin1(authorities)},
                                   {kCertificate, clientCertificate},
                                   {kKey, clientKey}})
      .toJson(QJsonDocument::Compact);
}

Result<VendorAccess> VendorAccess::parse(const QByteArray& bytes) {
  QJsonParseError problem;
  const QJsonObject json = QJsonDocument::fromJson(bytes, &problem).object();
  if (problem.error != QJsonParseError::NoError) {
    return fail(ErrorCode::StoreFailed, QStringLiteral("The vendor's access settings are damaged."),
                QStringLiteral("Set them again: sealiftctl vendor set ID."));
  }
  return VendorAccess{json[kAuthorities].toString().toLatin1(), json[kCertificate].toString(), json[kKey].toString()};
}

Result<QStringList> inspectAuthorities(const QByteArray& pem) {
  if (pem.size() > kAuthoritiesMaxBytes) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("The authorities' certificates have more than %1 bytes.").arg(kAuthoritiesMaxBytes));
  }
  const QList<QSslCertificate> certificates = QSslCertificate::fromData(pem, QSsl::Pem);
  const bool all = certificates.size() == pem.count("-----BEGIN ");
  if (certificates.isEmpty() || !all) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("The authorities are not given as certificates in PEM, and nothing else."),
                QStringLiteral("Ask the vendor for the certificate of its authority in PEM (\"BEGIN CERTIFICATE\")."));
  }
  QStringList names;
  for (const QSslCertificate& certificate : certificates) {
    if (!mayIssue(certificate)) {
      return fail(
          ErrorCode::CatalogMalformed,
          QStringLiteral("The certificate \"%1\" is not one of an authority.").arg(certificateName(certificate)),
          QStringLiteral("Give the certificate that issued the server's, not the server's own."));
    }
    names << certificateName(certificate);
  }
  return names;
}

}  // namespace sealift
