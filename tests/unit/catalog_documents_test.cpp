// The vendor's documents: what is right is read, what is known and wrong is refused with the field's name.
#include "app/catalog/documents.h"
#include "app/catalog/vendor_file.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace sealift;

namespace {

const QByteArray kPem = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";

// With ' for ", to be read by people.
QJsonObject readJson(QByteArray text) {
  return QJsonDocument::fromJson(text.replace('\'', '"')).object();
}

QJsonObject makeModel() {
  return readJson(
      "{'id':'t2','name':'Norrland T2','driver':'smp','links':['udp','serial'],"
      "'deviceNames':['t2-main'],'hardwareRevisions':['A','B'],'imageFormat':'mcuboot',"
      "'imageKeys':['KEY'],'timings':{'restartSeconds':5,'confirmSeconds':7},'driverSettings':{'x':1},"
      "'future':{'unknown':true}}");
}

QJsonObject makeRelease() {
  return readJson(
      "{'schema':1,'kind':'firmware','model':'t2','hardwareRevisions':['B'],'component':'application',"
      "'version':'1.2.3','securityVersion':4294967295,'minimumVersion':'1.0','format':'mcuboot',"
      "'severity':'high','released':'2026-02-28','notes':{'en':'t2/n.md'},"
      "'advisories':[{'id':'CVE-2026-1','severity':'high','summary':'s'}],'restart':false,"
      "'offlineSeconds':30,'imageDigest':'00ff','deferral':{'untilDays':14},'future':[1,2]}");
}

QJsonObject makeLifecycle() {
  return readJson(
      "{'model':'t2','released':'2024-01-01','fullSupportEnds':'2028-02-29',"
      "'securitySupportEnds':null}");
}

QJsonObject makeVendor() {
  return readJson(
      "{'sealiftVendor':1,'id':'norrland','name':'Norrland AB','addresses':['https://u.example/s/'],"
      "'root':'e30='}");
}

QByteArray bytesOf(const QJsonObject& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

Result<Release> parse(const QJsonObject& sealift) {
  return parseRelease(QStringLiteral("norrland"), QStringLiteral("t2/app.bin"), 100, QByteArray(32, '\x01'),
                      {{QStringLiteral("sealift"), sealift}});
}

QJsonArray repeat(const QJsonValue& value, int count) {
  QJsonArray array;
  for (int i = 0; i < count; ++i) {
    array << value;
  }
  return array;
}

QJsonObject languages(int count) {
  QJsonObject notes;
  for (int i = 0; i < count; ++i) {
    notes[QStringLiteral("l%1").arg(i)] = QStringLiteral("t2/n.md");
  }
  return notes;
}

// A value that must not be taken for the field.
void badRow(const char* name, const char* key, const QJsonValue& value) {
  QTest::newRow(name) << QString::fromLatin1(key) << value;
}

}  // namespace

class CatalogDocumentsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsARelease();
  void releaseDefaults();
  void refusesReleases_data();
  void refusesReleases();
  void refusesDeferralWithoutADate();
  void refusesOtherSchemas();
  void kindsOfTargets();

  void readsAModel();
  void modelRoundTrip();
  void refusesModels_data();
  void refusesModels();
  void refusesWhatIsNoDocument_data();
  void refusesWhatIsNoDocument();

  void readsALifecycle();
  void refusesLifecycles_data();
  void refusesLifecycles();

  void vendorFileRoundTrip();
  void refusesVendorFiles_data();
  void refusesVendorFiles();
};

void CatalogDocumentsTest::readsARelease() {
  const auto release = parse(makeRelease());
  QVERIFY2(release, release ? "" : qUtf8Printable(release.error().message()));
  QCOMPARE(release->vendorId, QStringLiteral("norrland"));
  QCOMPARE(release->sha256, QStringLiteral("01").repeated(32));
  QCOMPARE(release->terms.bytes, 100);
  QCOMPARE(release->terms.hardwareRevisions, QStringList{QStringLiteral("B")});
  QVERIFY((release->terms.version == Version{1, 2, 3, 0}));
  QCOMPARE(release->terms.securityVersion, 0xffff'ffffU);
  QVERIFY((release->terms.minimumVersion == Version{1, 0, 0, 0}));
  QCOMPARE(release->released, QDate(2026, 2, 28));
  QCOMPARE(release->notes.value(QStringLiteral("en")), QStringLiteral("t2/n.md"));
  QCOMPARE(release->advisories.size(), 1);
  QCOMPARE(release->restart, false);
  QCOMPARE(release->offlineSeconds, 30);
  QVERIFY(release->deferrableUntil == QDate(2026, 3, 14));
  QCOMPARE(release->imageDigest, QByteArray::fromHex("00ff"));
}

void CatalogDocumentsTest::releaseDefaults() {
  const auto release = parse({{QStringLiteral("schema"), 1},
                              {QStringLiteral("model"), QStringLiteral("t2")},
                              {QStringLiteral("version"), QStringLiteral("2")},
                              {QStringLiteral("format"), QStringLiteral("fit")},
                              {QStringLiteral("released"), QJsonValue::Null},
                              {QStringLiteral("minimumVersion"), QJsonValue::Null}});
  QVERIFY2(release, release ? "" : qUtf8Printable(release.error().message()));
  QCOMPARE(release->terms.component, QStringLiteral("application"));
  QCOMPARE(release->terms.securityVersion, 0U);
  QVERIFY(!release->terms.minimumVersion);
  QVERIFY(!release->released.isValid());
  QVERIFY(release->restart);
}

void CatalogDocumentsTest::refusesReleases_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QJsonValue>("value");
  badRow("model-missing", "model", QJsonValue::Undefined);
  badRow("model-empty", "model", QString());
  badRow("model-number", "model", 7);
  badRow("model-long", "model", QString(101, u'x'));
  badRow("revisions-text", "hardwareRevisions", QStringLiteral("B"));
  badRow("revisions-of-numbers", "hardwareRevisions", QJsonArray{1, 2});
  badRow("revisions-too-many", "hardwareRevisions", repeat(QStringLiteral("B"), 101));
  badRow("component-object", "component", QJsonObject());
  badRow("version-missing", "version", QJsonValue::Undefined);
  badRow("version-number", "version", 1.2);
  badRow("version-words", "version", QStringLiteral("1.2-rc1"));
  badRow("version-negative", "version", QStringLiteral("-1.2"));
  badRow("version-beyond-32-bits", "version", QStringLiteral("4294967296.0"));
  badRow("version-of-a-megabyte", "version", QString(1'000'000, u'1'));
  badRow("security-version-text", "securityVersion", QStringLiteral("4"));
  badRow("security-version-negative", "securityVersion", -1);
  badRow("security-version-fraction", "securityVersion", 1.5);
  badRow("security-version-beyond-32-bits", "securityVersion", 4294967296.0);
  badRow("security-version-huge", "securityVersion", 1e300);
  badRow("minimum-words", "minimumVersion", QStringLiteral("any"));
  badRow("minimum-number", "minimumVersion", 1);
  badRow("format-missing", "format", QJsonValue::Undefined);
  badRow("severity-list", "severity", QJsonArray());
  badRow("released-no-such-day", "released", QStringLiteral("2026-02-29"));
  badRow("released-with-more", "released", QStringLiteral("2026-02-28 or so"));
  badRow("released-other-separator", "released", QStringLiteral("2026/02/28"));
  badRow("released-number", "released", 20260228);
  badRow("notes-text", "notes", QStringLiteral("t2/n.md"));
  badRow("notes-of-numbers", "notes", QJsonObject{{QStringLiteral("en"), 5}});
  badRow("notes-too-many", "notes", languages(101));
  badRow("notes-long", "notes", QJsonObject{{QStringLiteral("en"), QString(1001, u'n')}});
  badRow("advisories-text", "advisories", QStringLiteral("CVE-2026-1"));
  badRow("advisories-of-texts", "advisories", QJsonArray{QStringLiteral("CVE-2026-1")});
  badRow("advisories-too-many", "advisories", repeat(QJsonObject{{QStringLiteral("id"), QStringLiteral("x")}}, 1001));
  badRow("restart-text", "restart", QStringLiteral("no"));
  badRow("offline-negative", "offlineSeconds", -1);
  badRow("offline-more-than-a-day", "offlineSeconds", 86'401);
  badRow("deferral-number", "deferral", 14);
  badRow("deferral-null", "deferral", QJsonValue::Null);
  badRow("deferral-without-days", "deferral", QJsonObject());
  badRow("deferral-negative", "deferral", QJsonObject{{QStringLiteral("untilDays"), -1}});
  badRow("deferral-fraction", "deferral", QJsonObject{{QStringLiteral("untilDays"), 1.5}});
  badRow("deferral-of-ages", "deferral", QJsonObject{{QStringLiteral("untilDays"), 3651}});
  badRow("image-digest-words", "imageDigest", QStringLiteral("none"));
  badRow("image-digest-odd", "imageDigest", QStringLiteral("0ff"));
  badRow("image-digest-long", "imageDigest", QString(130, u'0'));
}

void CatalogDocumentsTest::refusesReleases() {
  QFETCH(QString, key);
  QFETCH(QJsonValue, value);
  QJsonObject json = makeRelease();
  if (value.isUndefined()) {
    json.remove(key);
  } else {
    json[key] = value;
  }
  const auto release = parse(json);
  QVERIFY(!release);
  QCOMPARE(release.error().code, ErrorCode::CatalogMalformed);
  QVERIFY2(release.error().what.endsWith(u'.') && release.error().what.size() < 500, "the error is a sentence");
}

// Days from a date that nobody tells are no limit.
void CatalogDocumentsTest::refusesDeferralWithoutADate() {
  QJsonObject json = makeRelease();
  json.remove(QStringLiteral("released"));
  QCOMPARE(parse(json).error().code, ErrorCode::CatalogMalformed);
  json.remove(QStringLiteral("deferral"));
  const auto release = parse(json);
  QVERIFY(release && !release->deferrableUntil);
}

void CatalogDocumentsTest::refusesOtherSchemas() {
  for (const QJsonValue& schema : {QJsonValue(2), QJsonValue(0), QJsonValue(QStringLiteral("1")), QJsonValue()}) {
    QJsonObject json = makeRelease();
    json[QStringLiteral("schema")] = schema;
    QCOMPARE(parse(json).error().code, ErrorCode::CatalogMalformed);
  }
  QCOMPARE(parseRelease({}, QStringLiteral("t"), 1, {}, {}).error().code, ErrorCode::CatalogMalformed);
  QCOMPARE(parseRelease({}, QStringLiteral("t"), 1, {}, {{QStringLiteral("sealift"), 1}}).error().code,
           ErrorCode::CatalogMalformed);
}

void CatalogDocumentsTest::kindsOfTargets() {
  QCOMPARE(parseTargetKind({})->kind, QString());  // somebody else's target
  QCOMPARE(parseTargetKind({{QStringLiteral("other"), 1}})->kind, QString());
  const auto kind = parseTargetKind({{QStringLiteral("sealift"), makeRelease()}});
  QCOMPARE(kind->kind, QStringLiteral("firmware"));
  QCOMPARE(kind->model, QStringLiteral("t2"));
  QCOMPARE(parseTargetKind({{QStringLiteral("sealift"), QJsonArray()}}).error().code, ErrorCode::CatalogMalformed);
  QCOMPARE(parseTargetKind({{QStringLiteral("sealift"), QJsonObject{{QStringLiteral("schema"), 1}}}}).error().code,
           ErrorCode::CatalogMalformed);
}

void CatalogDocumentsTest::readsAModel() {
  const auto model = parseModel(QStringLiteral("norrland"), bytesOf(makeModel()));
  QVERIFY2(model, model ? "" : qUtf8Printable(model.error().message()));
  QCOMPARE(model->vendorId, QStringLiteral("norrland"));
  QCOMPARE(model->links, (QList<LinkKind>{LinkKind::Udp, LinkKind::Serial}));
  QCOMPARE(model->imageKeys, QList<QByteArray>{"KEY"});
  QCOMPARE(model->timings.restartSeconds, 5);
  QCOMPARE(model->timings.confirmSeconds, 7);
  QCOMPARE(model->driverSettings[QStringLiteral("x")].toInt(), 1);
  QVERIFY(model->lifecycle == Lifecycle());  // comes with a document of its own
}

void CatalogDocumentsTest::modelRoundTrip() {
  auto model = parseModel(QStringLiteral("norrland"), bytesOf(makeModel()));
  model->imageKeys = {kPem};
  model->deviceCas = {kPem, kPem};
  const auto again = parseModel(QStringLiteral("norrland"), writeModel(*model));
  QVERIFY2(again, again ? "" : qUtf8Printable(again.error().message()));
  QCOMPARE(again->id, model->id);
  QCOMPARE(again->links, model->links);
  QCOMPARE(again->deviceNames, model->deviceNames);
  QCOMPARE(again->hardwareRevisions, model->hardwareRevisions);
  QCOMPARE(again->imageKeys, model->imageKeys);
  QCOMPARE(again->deviceCas, model->deviceCas);
  QCOMPARE(again->timings.restartSeconds, model->timings.restartSeconds);
  QCOMPARE(again->driverSettings, model->driverSettings);
}

void CatalogDocumentsTest::refusesModels_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QJsonValue>("value");
  for (const char* key : {"id", "name", "driver", "imageFormat", "imageKeys"}) {
    QTest::addRow("%s-missing", key) << QString::fromLatin1(key) << QJsonValue(QJsonValue::Undefined);
    QTest::addRow("%s-number", key) << QString::fromLatin1(key) << QJsonValue(3);
  }
  badRow("link-unknown", "links", QJsonArray{QStringLiteral("carrier-pigeon")});
  badRow("links-too-many", "links", repeat(QStringLiteral("udp"), 11));
  badRow("names-text", "deviceNames", QStringLiteral("t2-main"));
  badRow("names-too-many", "deviceNames", repeat(QStringLiteral("n"), 101));
  badRow("no-key", "imageKeys", QJsonArray());
  badRow("keys-too-many", "imageKeys", repeat(QStringLiteral("k"), 17));
  badRow("key-too-long", "imageKeys", QJsonArray{QString(8001, u'k')});
  badRow("key-null", "imageKeys", QJsonArray{QJsonValue()});
  badRow("restart-never", "timings", QJsonObject{{QStringLiteral("restartSeconds"), 1e9}});
  badRow("restart-at-once", "timings", QJsonObject{{QStringLiteral("restartSeconds"), 0}});
  badRow("confirm-text", "timings", QJsonObject{{QStringLiteral("confirmSeconds"), QStringLiteral("20")}});
  badRow("timings-list", "timings", QJsonArray());
  badRow("settings-text", "driverSettings", QStringLiteral("x"));
}

void CatalogDocumentsTest::refusesModels() {
  QFETCH(QString, key);
  QFETCH(QJsonValue, value);
  QJsonObject json = makeModel();
  if (value.isUndefined()) {
    json.remove(key);
  } else {
    json[key] = value;
  }
  const auto model = parseModel(QStringLiteral("norrland"), bytesOf(json));
  QVERIFY(!model);
  QCOMPARE(model.error().code, ErrorCode::CatalogMalformed);
}

void CatalogDocumentsTest::refusesWhatIsNoDocument_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::newRow("nothing") << QByteArray();
  QTest::newRow("text") << QByteArrayLiteral("hello");
  QTest::newRow("list") << QByteArrayLiteral("[]");
  QTest::newRow("cut") << bytesOf(makeModel()).chopped(3);
  QTest::newRow("more-after-it") << bytesOf(makeModel()) + "{}";
  QTest::newRow("bytes-that-are-no-utf8") << QByteArrayLiteral("{\"id\":\"\xff\xfe\"}");
  QTest::newRow("deep") << QByteArray(100'000, '[');
  QTest::newRow("too-large") << bytesOf(makeModel()) + QByteArray(kModelMaxBytes, ' ');
}

void CatalogDocumentsTest::refusesWhatIsNoDocument() {
  QFETCH(QByteArray, bytes);
  QCOMPARE(parseModel(QStringLiteral("norrland"), bytes).error().code, ErrorCode::CatalogMalformed);
  QCOMPARE(parseLifecycle(bytes).error().code, ErrorCode::CatalogMalformed);
  QCOMPARE(VendorFile::parse(bytes).error().code, ErrorCode::CatalogMalformed);
}

void CatalogDocumentsTest::readsALifecycle() {
  const auto document = parseLifecycle(bytesOf(makeLifecycle()));
  QVERIFY2(document, document ? "" : qUtf8Printable(document.error().message()));
  QCOMPARE(document->model, QStringLiteral("t2"));
  QCOMPARE(document->lifecycle.fullSupportEnds, std::optional(QDate(2028, 2, 29)));
  QVERIFY(!document->lifecycle.securitySupportEnds);  // unknown, and not invented
}

void CatalogDocumentsTest::refusesLifecycles_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QJsonValue>("value");
  badRow("model-missing", "model", QJsonValue::Undefined);
  badRow("no-such-day", "securitySupportEnds", QStringLiteral("2027-13-01"));
  badRow("empty-date", "securitySupportEnds", QString());
  badRow("words", "fullSupportEnds", QStringLiteral("soon"));
  badRow("number", "released", 2024);
  badRow("two-digit-year", "released", QStringLiteral("24-01-01"));
  badRow("date-and-time", "released", QStringLiteral("2024-01-01T00:00:00Z"));
}

void CatalogDocumentsTest::refusesLifecycles() {
  QFETCH(QString, key);
  QFETCH(QJsonValue, value);
  QJsonObject json = makeLifecycle();
  if (value.isUndefined()) {
    json.remove(key);
  } else {
    json[key] = value;
  }
  QCOMPARE(parseLifecycle(bytesOf(json)).error().code, ErrorCode::CatalogMalformed);
}

void CatalogDocumentsTest::vendorFileRoundTrip() {
  const VendorFile file{QStringLiteral("norrland-2"),
                        QString::fromUtf8("Norrland \xc3\x85\x42"),
                        {QStringLiteral("https://u.example/s/"), QStringLiteral("file:///media/usb")},
                        QByteArrayLiteral("{\"signed\":\0}\n")};
  const auto again = VendorFile::parse(file.toBytes());
  QVERIFY2(again, again ? "" : qUtf8Printable(again.error().message()));
  QCOMPARE(again->id, file.id);
  QCOMPARE(again->name, file.name);
  QCOMPARE(again->addresses, file.addresses);
  QCOMPARE(again->root, file.root);
  QVERIFY(VendorFile::parse(bytesOf(makeVendor())));
}

void CatalogDocumentsTest::refusesVendorFiles_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QJsonValue>("value");
  badRow("other-version", "sealiftVendor", 2);
  badRow("version-text", "sealiftVendor", QStringLiteral("1"));
  badRow("version-missing", "sealiftVendor", QJsonValue::Undefined);
  badRow("id-missing", "id", QJsonValue::Undefined);
  badRow("id-path", "id", QStringLiteral("../norrland"));  // it names a folder
  badRow("id-slash", "id", QStringLiteral("a/b"));
  badRow("id-dot", "id", QStringLiteral("."));
  badRow("id-capital", "id", QStringLiteral("Norrland"));
  badRow("id-line-end", "id", QStringLiteral("norrland\n"));
  badRow("id-begins-with-dash", "id", QStringLiteral("-norrland"));
  badRow("id-not-ascii", "id", QString::fromUtf8("norrl\xc3\xa5nd"));
  badRow("id-long", "id", QString(65, u'a'));
  badRow("name-missing", "name", QJsonValue::Undefined);
  badRow("addresses-none", "addresses", QJsonArray());
  badRow("addresses-text", "addresses", QStringLiteral("https://u.example/"));
  badRow("addresses-too-many", "addresses", repeat(QStringLiteral("https://u.example/"), 17));
  badRow("scheme-ftp", "addresses", QJsonArray{QStringLiteral("ftp://u.example/")});
  badRow("scheme-javascript", "addresses", QJsonArray{QStringLiteral("javascript:alert(1)")});
  badRow("scheme-data", "addresses", QJsonArray{QStringLiteral("data:,x")});
  badRow("scheme-none", "addresses", QJsonArray{QStringLiteral("u.example/s")});
  badRow("second-address-bad", "addresses", QJsonArray{QStringLiteral("https://u.example/"), QStringLiteral("qrc:/x")});
  badRow("address-no-url", "addresses", QJsonArray{QStringLiteral("https://[::1/ x")});
  badRow("root-missing", "root", QJsonValue::Undefined);
  badRow("root-no-base64", "root", QStringLiteral("e30=!"));
  badRow("root-with-line-ends", "root", QStringLiteral("e3\n0="));
  badRow("root-not-ascii", "root", QString::fromUtf8("e30=\xc3\xa5"));
  badRow("root-object", "root", QJsonObject());
}

void CatalogDocumentsTest::refusesVendorFiles() {
  QFETCH(QString, key);
  QFETCH(QJsonValue, value);
  QJsonObject json = makeVendor();
  if (value.isUndefined()) {
    json.remove(key);
  } else {
    json[key] = value;
  }
  const auto file = VendorFile::parse(bytesOf(json));
  QVERIFY(!file);
  QCOMPARE(file.error().code, ErrorCode::CatalogMalformed);
}

QTEST_GUILESS_MAIN(CatalogDocumentsTest)
#include "catalog_documents_test.moc"
