#include "devices/drivers/swupdate_settings.h"

#include <QJsonArray>

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMostText = 500;
constexpr qsizetype kMostPem = 16'000;
constexpr qsizetype kMostCas = 16;

tl::unexpected<Error> wrong(const QString& field, const QString& wanted) {
  return fail(ErrorCode::CatalogMalformed, QStringLiteral("The model's setting \"%1\" must be %2.").arg(field, wanted));
}

Result<QString> text(const QJsonObject& json, const QString& key, const QString& absent) {
  const QJsonValue value = json[key];
  if (value.isUndefined()) {
    return absent;
  }
  if (!value.isString() || value.toString().isEmpty() || value.toString().size() > kMostText) {
    return wrong(key, QStringLiteral("a text"));
  }
  return value.toString();
}

// RFC 9112, 3.2.1: origin-form.
Result<QByteArray> path(const QJsonObject& json, const QString& key, const QByteArray& absent) {
  SEALIFT_TRY(const QString given, text(json, key, QString::fromLatin1(absent)));
  const bool plain = given.startsWith(u'/') && std::all_of(given.cbegin(), given.cend(), [](QChar c) {
                       return c.unicode() > 0x20 && c.unicode() < 0x7F;
                     });
  return plain ? Result<QByteArray>(given.toLatin1()) : wrong(key, QStringLiteral("a path that begins with \"/\""));
}

// RFC 6901, 3.
Status pointer(const QJsonObject& json, const QString& key, QString& into) {
  SEALIFT_TRY(into, text(json, key, {}));
  return into.isEmpty() || into.startsWith(u'/') ? Status()
                                                 : wrong(key, QStringLiteral("a JSON pointer that begins with \"/\""));
}

Result<bool> flag(const QJsonObject& json, const QString& key) {
  const QJsonValue value = json[key];
  return value.isUndefined() || value.isBool() ? Result<bool>(value.toBool())
                                               : wrong(key, QStringLiteral("true or false"));
}

Status readStatus(const QJsonObject& json, SwupdateSettings& settings) {
  SEALIFT_TRY(settings.statusPath, path(json, QStringLiteral("path"), {}));
  SwupdateSettings::StatusPointers& status = settings.status;
  SEALIFT_CHECK(pointer(json, QStringLiteral("version"), status.version));
  if (status.version.isEmpty()) {
    return wrong(QStringLiteral("status.version"), QStringLiteral("a JSON pointer that begins with \"/\""));
  }
  SEALIFT_CHECK(pointer(json, QStringLiteral("name"), status.name));
  SEALIFT_CHECK(pointer(json, QStringLiteral("serial"), status.serial));
  SEALIFT_CHECK(pointer(json, QStringLiteral("revision"), status.revision));
  SEALIFT_CHECK(pointer(json, QStringLiteral("slot"), status.slot));
  SEALIFT_CHECK(pointer(json, QStringLiteral("digest"), status.digest));
  SEALIFT_CHECK(pointer(json, QStringLiteral("confirmed"), status.confirmed));
  SEALIFT_CHECK(pointer(json, QStringLiteral("boot"), status.boot));
  SEALIFT_CHECK(pointer(json, QStringLiteral("writtenVersion"), status.writtenVersion));
  return pointer(json, QStringLiteral("writtenDigest"), status.writtenDigest);
}

}  // namespace

Result<SwupdateSettings> SwupdateSettings::fromJson(const QJsonObject& json) {
  SwupdateSettings settings;
  const QJsonArray authorities = json[QStringLiteral("serverCas")].toArray();
  for (const QJsonValue& authority : authorities) {
    const QString pem = authority.toString();
    if (!pem.startsWith(QLatin1String("-----BEGIN CERTIFICATE-----")) || pem.size() > kMostPem ||
        authorities.size() > kMostCas) {
      return wrong(QStringLiteral("serverCas"), QStringLiteral("a list of certificates in PEM"));
    }
    settings.serverCas << pem.toLatin1();
  }
  const QJsonObject paths = json[QStringLiteral("paths")].toObject();
  SEALIFT_TRY(settings.paths.upload, path(paths, QStringLiteral("upload"), settings.paths.upload));
  SEALIFT_TRY(settings.paths.webSocket, path(paths, QStringLiteral("webSocket"), settings.paths.webSocket));
  SEALIFT_TRY(settings.paths.restart, path(paths, QStringLiteral("restart"), settings.paths.restart));
  SEALIFT_CHECK(readStatus(json[QStringLiteral("status")].toObject(), settings));
  SEALIFT_TRY(const QString digestOf, text(json, QStringLiteral("digestOf"), {}));
  settings.digestOf = digestOf.toUtf8();
  SEALIFT_TRY(const QString purpose, text(json, QStringLiteral("signerPurpose"), QStringLiteral("emailProtection")));
  settings.wantsCodeSigning = purpose == QLatin1String("codeSigning");
  if (!settings.wantsCodeSigning && purpose != QLatin1String("emailProtection")) {
    return wrong(QStringLiteral("signerPurpose"), QStringLiteral("\"emailProtection\" or \"codeSigning\""));
  }
  SEALIFT_TRY(settings.trialBoot, flag(json, QStringLiteral("trialBoot")));
  return settings;
}

}  // namespace sealift
