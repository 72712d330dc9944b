#include "app/catalog/documents.h"

#include "app/catalog/json_field.h"
#include "devices/images/image.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace sealift {
namespace {

constexpr qint64 kMaxU32 = 0xffff'ffffLL;
constexpr qsizetype kSha256Bytes = 32;

Result<QJsonObject> sealiftObject(const QJsonObject& custom, const QString& what) {
  const QJsonValue value = custom[QStringLiteral("sealift")];
  if (!value.isObject()) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 has no \"sealift\" object.").arg(what));
  }
  if (value[QStringLiteral("schema")] != QJsonValue(1)) {
    return fail(
        ErrorCode::CatalogMalformed,
        QStringLiteral("%1 has a description of another version than 1; a newer Sealift may be needed.").arg(what));
  }
  return value.toObject();
}

Result<LinkKind> parseLinkKind(const QString& name, const QString& what) {
  for (const LinkKind kind : allLinkKinds()) {
    if (linkKindName(kind) == name) {
      return kind;
    }
  }
  return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 names an unknown kind of link, \"%2\".").arg(what, name));
}

Result<QList<Advisory>> parseAdvisories(const QJsonObject& sealift, const QString& what) {
  QList<Advisory> advisories;
  const QJsonValue value = sealift[QStringLiteral("advisories")];
  const QJsonArray array = value.toArray();
  if (!(value.isUndefined() || value.isNull() || value.isArray()) || array.size() > 1000) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("%1: \"advisories\" must be a list of at most 1000.").arg(what));
  }
  for (const QJsonValue& item : array) {
    const JsonField field(item.toObject(), what + QStringLiteral(", advisory"));
    Advisory advisory;
    SEALIFT_TRY(advisory.id, field.text(QStringLiteral("id"), 100));
    SEALIFT_TRY(advisory.severity, field.textOr(QStringLiteral("severity"), QStringLiteral("none"), 20));
    SEALIFT_TRY(advisory.summary, field.textOr(QStringLiteral("summary"), {}, 2000));
    advisories << advisory;
  }
  return advisories;
}

Result<QByteArray> hexField(const JsonField& field, const QString& name, const QString& what) {
  SEALIFT_TRY(const QString text, field.textOr(name, {}, 128));
  const QByteArray bytes = QByteArray::fromHex(text.toLatin1());
  if (QString::fromLatin1(bytes.toHex()) != text.toLower()) {  // fromHex() passes over what isn't hex
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1: \"%2\" must be hexadecimal.").arg(what, name));
  }
  return bytes;
}

}  // namespace

Result<TargetKind> parseTargetKind(const QJsonObject& custom) {
  if (!custom.contains(QStringLiteral("sealift"))) {
    return TargetKind{};
  }
  SEALIFT_TRY(const QJsonObject sealift, sealiftObject(custom, QStringLiteral("A target")));
  const JsonField field(sealift, QStringLiteral("A target"));
  TargetKind kind;
  SEALIFT_TRY(kind.kind, field.text(QStringLiteral("kind"), 40));
  SEALIFT_TRY(kind.model, field.textOr(QStringLiteral("model"), {}, 100));
  return kind;
}

Result<Release> parseRelease(const QString& vendorId, const QString& targetPath, qint64 length,
                             const QByteArray& sha256, const QJsonObject& custom) {
  const QString what = QStringLiteral("The release %1").arg(targetPath);
  SEALIFT_TRY(const QJsonObject sealift, sealiftObject(custom, what));
  const JsonField field(sealift, what);
  Release release;
  release.vendorId = vendorId;
  release.targetPath = targetPath;
  release.sha256 = QString::fromLatin1(sha256.toHex());
  ReleaseTerms& terms = release.terms;
  terms.bytes = length;
  SEALIFT_TRY(terms.modelId, field.text(QStringLiteral("model"), 100));
  SEALIFT_TRY(terms.hardwareRevisions, field.texts(QStringLiteral("hardwareRevisions"), 100, 100));
  SEALIFT_TRY(terms.component, field.textOr(QStringLiteral("component"), QStringLiteral("application"), 100));
  SEALIFT_TRY(terms.version, field.version(QStringLiteral("version")));
  SEALIFT_TRY(const qint64 securityVersion, field.numberOr(QStringLiteral("securityVersion"), 0, 0, kMaxU32));
  terms.securityVersion = static_cast<quint32>(securityVersion);
  SEALIFT_TRY(terms.format, field.text(QStringLiteral("format"), 40));
  if (!sealift[QStringLiteral("minimumVersion")].isUndefined() && !sealift[QStringLiteral("minimumVersion")].isNull()) {
    SEALIFT_TRY(const Version minimum, field.version(QStringLiteral("minimumVersion")));
    terms.minimumVersion = minimum;
  }
  SEALIFT_TRY(release.severity, field.textOr(QStringLiteral("severity"), QStringLiteral("none"), 20));
  SEALIFT_TRY(const std::optional<QDate> released, field.date(QStringLiteral("released")));
  release.released = released.value_or(QDate());
  SEALIFT_TRY(const QJsonObject notes, field.objectOr(QStringLiteral("notes")));
  if (notes.size() > 100) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 has notes in more than 100 languages.").arg(what));
  }
  const JsonField languages(notes, what + QStringLiteral(", notes"));
  for (const QString& language : notes.keys()) {
    SEALIFT_TRY(release.notes[language], languages.text(language, 1000));
  }
  SEALIFT_TRY(release.advisories, parseAdvisories(sealift, what));
  SEALIFT_TRY(terms.downgradeTo, field.flagOr(QStringLiteral("downgradeTo"), true));
  SEALIFT_TRY(terms.downgradeFrom, field.flagOr(QStringLiteral("downgradeFrom"), true));
  SEALIFT_TRY(release.restart, field.flagOr(QStringLiteral("restart"), true));
  SEALIFT_TRY(const qint64 offline, field.numberOr(QStringLiteral("offlineSeconds"), 0, 0, 86'400));
  release.offlineSeconds = static_cast<int>(offline);
  SEALIFT_TRY(release.imageDigest, hexField(field, QStringLiteral("imageDigest"), what));
  if (!sealift[QStringLiteral("deferral")].isUndefined()) {
    SEALIFT_TRY(const QJsonObject deferral, field.objectOr(QStringLiteral("deferral")));
    constexpr qint64 kLongestDays = 3650;
    const JsonField days(deferral, what + QStringLiteral(", deferral"));
    SEALIFT_TRY(const qint64 untilDays, days.numberOr(QStringLiteral("untilDays"), -1, 0, kLongestDays));
    if (untilDays < 0 || !release.released.isValid()) {
      return fail(ErrorCode::CatalogMalformed,
                  QStringLiteral("%1: \"deferral\" needs \"untilDays\" and a date of release.").arg(what));
    }
    release.deferrableUntil = release.released.addDays(untilDays);
  }
  return release;
}

Result<DeltaDocument> parseDelta(const QString& targetPath, qint64 length, const QJsonObject& custom) {
  const QString what = QStringLiteral("The delta %1").arg(targetPath);
  SEALIFT_TRY(const QJsonObject sealift, sealiftObject(custom, what));
  const JsonField field(sealift, what);
  DeltaDocument document;
  ReleaseDelta& delta = document.delta;
  delta.targetPath = targetPath;
  delta.bytes = length;
  SEALIFT_TRY(document.model, field.text(QStringLiteral("model"), 100));
  SEALIFT_TRY(document.component, field.text(QStringLiteral("component"), 100));
  SEALIFT_TRY(document.to, field.text(QStringLiteral("to"), 1000));
  SEALIFT_TRY(delta.kind, field.text(QStringLiteral("deltaKind"), 40));
  SEALIFT_TRY(delta.fromSha256, hexField(field, QStringLiteral("fromSha256"), what));
  if (delta.fromSha256.size() != kSha256Bytes) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 does not say what it starts from.").arg(what));
  }
  SEALIFT_TRY(delta.fromBytes, field.number(QStringLiteral("fromBytes"), 0, kMaxImageBytes));
  SEALIFT_TRY(delta.fromDigest, hexField(field, QStringLiteral("fromDigest"), what));
  SEALIFT_TRY(delta.fromVersion, field.textOr(QStringLiteral("fromVersion"), {}, 100));
  return document;
}

Result<ModelDescription> parseModel(const QString& vendorId, const QByteArray& bytes) {
  SEALIFT_TRY(const QJsonObject json, parseDocument(bytes, kModelMaxBytes, QStringLiteral("The model's description")));
  const JsonField field(json, QStringLiteral("The model's description"));
  ModelDescription model;
  model.vendorId = vendorId;
  SEALIFT_TRY(model.id, field.text(QStringLiteral("id"), 100));
  const QString what = QStringLiteral("The description of model %1").arg(model.id);
  const JsonField named(json, what);
  SEALIFT_TRY(model.name, named.text(QStringLiteral("name"), 200));
  SEALIFT_TRY(model.driver, named.text(QStringLiteral("driver"), 40));
  SEALIFT_TRY(const QStringList links, named.texts(QStringLiteral("links"), 10, 20));
  for (const QString& link : links) {
    SEALIFT_TRY(const LinkKind kind, parseLinkKind(link, what));
    model.links << kind;
  }
  SEALIFT_TRY(const QStringList usbIds, named.texts(QStringLiteral("usbIds"), 100, 9));
  for (const QString& text : usbIds) {
    const Result<UsbId> id = UsbId::parse(text);
    if (!id) {
      return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1: %2").arg(what, id.error().what));
    }
    model.usbIds << *id;
  }
  SEALIFT_TRY(model.serviceTypes, named.texts(QStringLiteral("serviceTypes"), 20, 80));
  SEALIFT_TRY(model.deviceNames, named.texts(QStringLiteral("deviceNames"), 100, 200));
  SEALIFT_TRY(model.hardwareRevisions, named.texts(QStringLiteral("hardwareRevisions"), 100, 100));
  SEALIFT_TRY(model.imageFormat, named.text(QStringLiteral("imageFormat"), 40));
  SEALIFT_TRY(const QStringList keys, named.texts(QStringLiteral("imageKeys"), 16, 8000));
  if (keys.isEmpty() && imageFormatIsSigned(model.imageFormat)) {
    return fail(ErrorCode::CatalogMalformed, QStringLiteral("%1 names no key that may sign its images.").arg(what));
  }
  for (const QString& key : keys) {
    model.imageKeys << key.toLatin1();
  }
  SEALIFT_TRY(const QStringList authorities, named.texts(QStringLiteral("deviceCas"), 16, 16'000));
  for (const QString& authority : authorities) {
    model.deviceCas << authority.toLatin1();
  }
  SEALIFT_TRY(const QJsonObject timings, named.objectOr(QStringLiteral("timings")));
  const JsonField timing(timings, what);
  SEALIFT_TRY(const qint64 restart, timing.numberOr(QStringLiteral("restartSeconds"), 20, 1, 3600));
  SEALIFT_TRY(const qint64 confirm, timing.numberOr(QStringLiteral("confirmSeconds"), 20, 1, 3600));
  model.timings = {.restartSeconds = static_cast<int>(restart), .confirmSeconds = static_cast<int>(confirm)};
  SEALIFT_TRY(model.driverSettings, named.objectOr(QStringLiteral("driverSettings")));
  return model;
}

QByteArray writeModel(const ModelDescription& model) {
  const auto texts = [](const QList<QByteArray>& pems) {
    QJsonArray array;
    for (const QByteArray& pem : pems) {
      array << QString::fromLatin1(pem);
    }
    return array;
  };
  QJsonArray links;
  for (const LinkKind kind : model.links) {
    links << linkKindName(kind);
  }
  QJsonArray usbIds;
  for (const UsbId& id : model.usbIds) {
    usbIds << id.toString();
  }
  const QJsonObject json{
      {QStringLiteral("id"), model.id},
      {QStringLiteral("name"), model.name},
      {QStringLiteral("driver"), model.driver},
      {QStringLiteral("links"), links},
      {QStringLiteral("usbIds"), usbIds},
      {QStringLiteral("serviceTypes"), QJsonArray::fromStringList(model.serviceTypes)},
      {QStringLiteral("deviceNames"), QJsonArray::fromStringList(model.deviceNames)},
      {QStringLiteral("hardwareRevisions"), QJsonArray::fromStringList(model.hardwareRevisions)},
      {QStringLiteral("imageFormat"), model.imageFormat},
      {QStringLiteral("imageKeys"), texts(model.imageKeys)},
      {QStringLiteral("deviceCas"), texts(model.deviceCas)},
      {QStringLiteral("timings"), QJsonObject{{QStringLiteral("restartSeconds"), model.timings.restartSeconds},
                                              {QStringLiteral("confirmSeconds"), model.timings.confirmSeconds}}},
      {QStringLiteral("driverSettings"), model.driverSettings},
  };
  return QJsonDocument(json).toJson(QJsonDocument::Indented);
}

Result<LifecycleDocument> parseLifecycle(const QByteArray& bytes) {
  const QString what = QStringLiteral("The lifecycle document");
  SEALIFT_TRY(const QJsonObject json, parseDocument(bytes, kLifecycleMaxBytes, what));
  const JsonField field(json, what);
  LifecycleDocument document;
  SEALIFT_TRY(document.model, field.text(QStringLiteral("model"), 100));
  SEALIFT_TRY(document.lifecycle.released, field.date(QStringLiteral("released")));
  SEALIFT_TRY(document.lifecycle.fullSupportEnds, field.date(QStringLiteral("fullSupportEnds")));
  SEALIFT_TRY(document.lifecycle.securitySupportEnds, field.date(QStringLiteral("securitySupportEnds")));
  return document;
}

}  // namespace sealift
