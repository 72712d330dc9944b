#include "app/catalog/vendor_file.h"

#include "app/catalog/json_field.h"
#include "app/catalog/vendor_access.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QUrl>

namespace sealift {
namespace {

const QString kAuthorities = QStringLiteral("certificateAuthorities");

}  // namespace

Result<VendorFile> VendorFile::parse(const QByteArray& bytes) {
  SEALIFT_TRY(const QJsonObject json, parseDocument(bytes, kVendorFileMaxBytes, QStringLiteral("The vendor file")));
  if (json[QStringLiteral("sealiftVendor")] != QJsonValue(1)) {
    return fail(
        ErrorCode::CatalogMalformed,
        QStringLiteral("This is not a vendor file of version 1: \"sealiftVendor\" is missing or another number."));
  }
  const JsonField field(json, QStringLiteral("The vendor file"));
  VendorFile file;
  SEALIFT_TRY(file.id, field.text(QStringLiteral("id"), 64));
  SEALIFT_TRY(file.name, field.text(QStringLiteral("name"), 200));
  SEALIFT_TRY(file.addresses, field.texts(QStringLiteral("addresses"), 16, 2000));
  SEALIFT_TRY(const QString root, field.text(QStringLiteral("root"), kVendorFileMaxBytes));
  static const QRegularExpression kId(QStringLiteral("\\A[a-z0-9][a-z0-9-]*\\z"));
  if (!kId.match(file.id).hasMatch()) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("The vendor's id must be made of a-z, 0-9 and '-', and \"%1\" is not.").arg(file.id));
  }
  if (file.addresses.isEmpty()) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("The vendor file names no address."));
  }
  for (const QString& address : file.addresses) {
    const QUrl url(address, QUrl::StrictMode);
    const QStringList schemes{QStringLiteral("https"), QStringLiteral("http"), QStringLiteral("file")};
    if (!url.isValid() || !schemes.contains(url.scheme())) {
      return fail(ErrorCode::CatalogMalformed,
                  QStringLiteral("\"%1\" is not an address that starts with https:, http: or file:.").arg(address));
    }
  }
  const auto decoded = QByteArray::fromBase64Encoding(root.toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
  if (!decoded || decoded.decoded.isEmpty()) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("The vendor file's root is not base64."));
  }
  file.root = decoded.decoded;
  if (json.contains(kAuthorities)) {
    SEALIFT_TRY(const QString authorities, field.text(kAuthorities, kAuthoritiesMaxBytes));
    file.authorities = authorities.toLatin1();
    SEALIFT_CHECK(inspectAuthorities(file.authorities));
  }
  return file;
}

QByteArray VendorFile::toBytes() const {
  QJsonObject json{
      {QStringLiteral("sealiftVendor"), 1},
      {QStringLiteral("id"), id},
      {QStringLiteral("name"), name},
      {QStringLiteral("addresses"), QJsonArray::fromStringList(addresses)},
      {QStringLiteral("root"), QString::fromLatin1(root.toBase64())},
  };
  if (!authorities.isEmpty()) {
    json[kAuthorities] = QString::fromLatin1(authorities);
  }
  return QJsonDocument(json).toJson(QJsonDocument::Indented);
}

}  // namespace sealift
