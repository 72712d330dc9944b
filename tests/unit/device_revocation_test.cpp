// keystore: lists of revoked certificates, beside openssl(1) and against whoever would rather not be on one.
#include "tests/support/device_pki.h"

#include <QTest>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

using namespace sealift;
using namespace sealift::test;

namespace {

template <class T>
QByteArray why(const Result<T>& result) {
  return result ? QByteArrayLiteral("accepted")
                : (errorCodeName(result.error().code) + QStringLiteral(": ") + result.error().message()).toUtf8();
}

template <class T>
QString outcome(const Result<T>& result) {
  return result ? QStringLiteral("accepted") : errorCodeName(result.error().code);
}

QByteArray takeDer(X509_CRL* list) {
  unsigned char* out = nullptr;
  const int size = i2d_X509_CRL(list, &out);
  const QByteArray der(reinterpret_cast<char*>(out), size);
  OPENSSL_free(out);
  X509_CRL_free(list);
  return der;
}

// A list as openssl's API makes it, without any of the issuer's rules.
struct RawList {
  X509_CRL* list = X509_CRL_new();

  explicit RawList(const QByteArray& issuerCertificate, bool withEnd = true) {
    const auto* at = reinterpret_cast<const unsigned char*>(issuerCertificate.constData());
    X509* issuer = d2i_X509(nullptr, &at, static_cast<long>(issuerCertificate.size()));
    X509_CRL_set_version(list, 1);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer));
    setTime(kFactoryDay, X509_CRL_set1_lastUpdate);
    if (withEnd) {
      setTime(kFactoryDay.addDays(30), X509_CRL_set1_nextUpdate);
    }
    X509_free(issuer);
    addInteger(NID_crl_number, 1, 0);
  }
  void setTime(const QDateTime& when, int (*set)(X509_CRL*, const ASN1_TIME*)) const {
    ASN1_TIME* time = ASN1_TIME_new();
    ASN1_TIME_set(time, static_cast<time_t>(when.toSecsSinceEpoch()));
    set(list, time);
    ASN1_TIME_free(time);
  }
  void addInteger(int nid, int value, int critical) const {
    ASN1_INTEGER* integer = ASN1_INTEGER_new();
    ASN1_INTEGER_set(integer, value);
    X509_CRL_add1_ext_i2d(list, nid, integer, critical, X509V3_ADD_DEFAULT);
    ASN1_INTEGER_free(integer);
  }
  QByteArray sign(const PrivateKey& key, const EVP_MD* digest = EVP_sha256()) const {
    X509_CRL_sign(list, key.openSslKey(), digest);
    return takeDer(list);
  }
};

}  // namespace

class DeviceRevocationTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void opensslReadsLists_data();
  void opensslReadsLists();
  void readsListsOfOpenssl();
  void growsList();
  void judges_data();
  void judges();
  void judgesIssuersBelowTheAnchor();
  void checksListsBeforeTheyAreKept();
  void refusesDamagedLists();
  void issuesNoListWithoutAnEnd();

 private:
  struct Unit {
    QByteArray certificate;
    QByteArray serial;
  };
  static Unit issueUnit(DeviceCa& ca, const QString& serialNumber);
  static QString check(const QByteArray& der, const QByteArray& anchor, const QList<QByteArray>& lists,
                       const QDateTime& at = kFactoryDay.addDays(1)) {
    return outcome(checkDeviceCertificate(der, {{anchor}, {}, lists, true}, {QStringLiteral("SN-1"), {}}, at));
  }

  OpensslTool openssl_;
  std::optional<DeviceCa> ca_;
  Unit unit_;
};

DeviceRevocationTest::Unit DeviceRevocationTest::issueUnit(DeviceCa& ca, const QString& serialNumber) {
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  const auto der = ca.issuer.issue(*request, {deviceNamed(serialNumber), kFactoryDay, {}});
  return {*der, DeviceCertificate::parse(*der)->serial};
}

void DeviceRevocationTest::initTestCase() {
  ca_.emplace(DeviceCa::make());
  unit_ = issueUnit(*ca_, QStringLiteral("SN-1"));
}

void DeviceRevocationTest::opensslReadsLists_data() {
  QTest::addColumn<KeyType>("type");
  QTest::newRow("P-256") << KeyType::EcP256;
  QTest::newRow("P-384") << KeyType::EcP384;
  QTest::newRow("Ed25519") << KeyType::Ed25519;
  QTest::newRow("RSA") << KeyType::Rsa;
}

void DeviceRevocationTest::opensslReadsLists() {
  QFETCH(KeyType, type);
  DeviceCa ca = DeviceCa::make(QStringLiteral("Example Device CA"), type);
  const Unit scrapped = issueUnit(ca, QStringLiteral("SN-1"));
  const Unit sound = issueUnit(ca, QStringLiteral("SN-2"));
  RevocationList content{41, kFactoryDay, kFactoryDay.addDays(30), {}, {}};
  QVERIFY(content.add({scrapped.serial, kFactoryDay.addDays(-1), RevocationReason::CessationOfOperation}));
  const auto list = ca.issuer.issueList(content.next(kFactoryDay.addDays(1), kFactoryDay.addDays(31)));
  QVERIFY2(list, why(list).constData());

  openssl_.write(QStringLiteral("ca.pem"), writePem(ca.certificate, kPemCertificate));
  openssl_.write(QStringLiteral("list.pem"), writePem(*list, kPemRevocationList));
  openssl_.write(QStringLiteral("scrapped.pem"), writePem(scrapped.certificate, kPemCertificate));
  openssl_.write(QStringLiteral("sound.pem"), writePem(sound.certificate, kPemCertificate));
  const auto text = openssl_.run(QStringLiteral("crl -in list.pem -CAfile ca.pem -noout -text"));
  QVERIFY2(text.exitCode == 0 && text.out.contains("verify OK"), text.out.constData());
  for (const QByteArray& part :
       {QByteArray("X509v3 CRL Number: \n                42"), QByteArray("Next Update: Apr  1 08:00:00 2026 GMT"),
        "Serial Number: " + scrapped.serial.toHex().toUpper(), QByteArray("Cessation Of Operation"),
        QByteArray("Version 2")}) {
    QVERIFY2(text.out.contains(part), (part + " is missing in\n" + text.out).constData());
  }
  const QString verify = QStringLiteral("verify -attime %1 -crl_check -CRLfile list.pem -CAfile ca.pem ")
                             .arg(kFactoryDay.addDays(2).toSecsSinceEpoch());
  const auto revoked = openssl_.run(verify + QStringLiteral("scrapped.pem"));
  QVERIFY2(revoked.exitCode != 0 && revoked.out.contains("certificate revoked"), revoked.out.constData());
  const auto good = openssl_.run(verify + QStringLiteral("sound.pem"));
  QVERIFY2(good.exitCode == 0, good.out.constData());

  const auto parsed = RevocationList::parse(*list);
  QVERIFY2(parsed, why(parsed).constData());
  QCOMPARE(parsed->number, quint64{42});
  QCOMPARE(parsed->thisUpdate, kFactoryDay.addDays(1));
  QCOMPARE(parsed->nextUpdate, kFactoryDay.addDays(31));
  QVERIFY(parsed->revoked == content.revoked);
}

void DeviceRevocationTest::readsListsOfOpenssl() {
  openssl_.write(QStringLiteral("ca.cnf"),
                 "[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\nnew_certs_dir=.\ncertificate=root.pem\n"
                 "private_key=root.key\nrand_serial=yes\ndefault_md=sha256\npolicy=any\ncrlnumber=number\n"
                 "crl_extensions=crl\n[crl]\nauthorityKeyIdentifier=keyid\n[any]\nserialNumber=supplied\n"
                 "[device]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n");
  openssl_.write(QStringLiteral("root.cnf"),
                 "[req]\ndistinguished_name=dn\n[dn]\n[x]\nbasicConstraints=critical,CA:TRUE\n"
                 "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n");
  openssl_.write(QStringLiteral("index.txt"), {});
  openssl_.write(QStringLiteral("number"), "0A\n");
  openssl_.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key"));
  openssl_.mustRun(
      QStringLiteral("req -x509 -key root.key -subj /CN=Root -days 900 -config root.cnf -extensions x -out root.pem"));
  openssl_.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out unit.key"));
  openssl_.mustRun(QStringLiteral("req -new -key unit.key -subj /serialNumber=SN-1 -out unit.csr"));
  openssl_.mustRun(
      QStringLiteral("ca -batch -notext -config ca.cnf -extensions device -days 800 -in unit.csr -out unit.pem"));
  const QString makeList = QStringLiteral("ca -batch -config ca.cnf -gencrl -crldays 30 -out list.pem");
  openssl_.mustRun(makeList);
  const auto read = [this](const char* name, const char* label) {
    return readPem(openssl_.read(QLatin1String(name)), label)->first();
  };
  const QByteArray unit = read("unit.pem", kPemCertificate);
  const QByteArray root = read("root.pem", kPemCertificate);
  const QByteArray before = read("list.pem", kPemRevocationList);
  const QDateTime now = RevocationList::parse(before)->thisUpdate.addSecs(60);
  QCOMPARE(check(unit, root, {before}, now), QStringLiteral("accepted"));

  openssl_.mustRun(QStringLiteral("ca -batch -config ca.cnf -revoke unit.pem -crl_reason keyCompromise"));
  openssl_.mustRun(makeList);
  const QByteArray after = read("list.pem", kPemRevocationList);
  const auto parsed = RevocationList::parse(after);
  QVERIFY2(parsed, why(parsed).constData());
  QCOMPARE(parsed->number, quint64{11});
  QCOMPARE(parsed->revoked.size(), 1);
  QCOMPARE(parsed->revoked[0].serial, DeviceCertificate::parse(unit)->serial);
  QCOMPARE(parsed->revoked[0].reason, RevocationReason::KeyCompromise);
  QCOMPARE(check(unit, root, {after}, now), QStringLiteral("identity.revoked"));
  QCOMPARE(check(unit, root, {before, after}, now), QStringLiteral("identity.revoked"));
  QCOMPARE(check(unit, root, {after, before}, now), QStringLiteral("identity.revoked"));
}

void DeviceRevocationTest::growsList() {
  RevocationList list{7, kFactoryDay, kFactoryDay.addDays(30), {}, {}};
  QVERIFY(list.add({QByteArrayLiteral("\x01\x02"), kFactoryDay, RevocationReason::Unspecified}));
  QVERIFY(!list.add({QByteArrayLiteral("\x01\x02"), kFactoryDay.addDays(1), RevocationReason::KeyCompromise}));
  QVERIFY(list.names(QByteArrayLiteral("\x01\x02")));
  QVERIFY(!list.names(QByteArrayLiteral("\x01")));
  const RevocationList after = list.next(kFactoryDay.addDays(10), kFactoryDay.addDays(40));
  QCOMPARE(after.number, quint64{8});
  QVERIFY(after.revoked == list.revoked);
}

void DeviceRevocationTest::judges_data() {
  QTest::addColumn<QList<QByteArray>>("lists");
  QTest::addColumn<QString>("expected");
  DeviceCa& ca = *ca_;
  const QList<RevokedCertificate> unit{{unit_.serial, kFactoryDay, RevocationReason::KeyCompromise}};
  const QList<RevokedCertificate> another{{QByteArray(20, 'a'), kFactoryDay, RevocationReason::KeyCompromise}};
  const QString unknown = QStringLiteral("identity.revocation-unknown");
  const QString revoked = QStringLiteral("identity.revoked");
  const QString accepted = QStringLiteral("accepted");
  using Lists = QList<QByteArray>;

  QTest::newRow("control: an empty list") << Lists{ca.list()} << accepted;
  QTest::newRow("control: another unit is listed") << Lists{ca.list(another)} << accepted;
  QTest::newRow("revoked") << Lists{ca.list(unit)} << revoked;
  QTest::newRow("revoked by one of two") << Lists{ca.list(), ca.list(unit)} << revoked;
  QTest::newRow("revoked, and the list is stale")
      << Lists{ca.list(unit, kFactoryDay.addDays(-60)), ca.list()} << revoked;
  QTest::newRow("no list") << Lists{} << unknown;
  QTest::newRow("stale") << Lists{ca.list({}, kFactoryDay.addDays(-30))} << unknown;
  QTest::newRow("control: one stale, one current")
      << Lists{ca.list({}, kFactoryDay.addDays(-30)), ca.list()} << accepted;
  QTest::newRow("control: one current, one stale")
      << Lists{ca.list(), ca.list({}, kFactoryDay.addDays(-30))} << accepted;
  QTest::newRow("of the future") << Lists{ca.list({}, kFactoryDay.addDays(2))} << unknown;
  DeviceCa stranger = DeviceCa::make(QStringLiteral("Another CA"));
  QTest::newRow("another CA's") << Lists{stranger.list()} << unknown;
  QTest::newRow("control: another CA's beside it") << Lists{ca.list(), stranger.list(unit)} << accepted;
  DeviceCa namesake = DeviceCa::make();
  QTest::newRow("another CA's of the same name") << Lists{namesake.list()} << unknown;
  QTest::newRow("control: a namesake can't revoke") << Lists{namesake.list(unit), ca.list()} << accepted;
  QByteArray altered = ca.list(unit);
  altered.replace(unit_.serial, QByteArray(20, 'b'));
  QTest::newRow("the number altered") << Lists{altered} << unknown;
  QTest::newRow("signed with SHA-1") << Lists{RawList(ca.certificate).sign(ca.key, EVP_sha1())} << unknown;
  QTest::newRow("control: the same with SHA-256") << Lists{RawList(ca.certificate).sign(ca.key)} << accepted;
  QTest::newRow("no nextUpdate") << Lists{RawList(ca.certificate, false).sign(ca.key)} << unknown;
  const RawList delta(ca.certificate);
  delta.addInteger(NID_delta_crl, 1, 1);
  QTest::newRow("only a delta") << Lists{delta.sign(ca.key)} << QStringLiteral("identity.malformed");
  QTest::newRow("bytes after it") << Lists{ca.list() + '\0'} << QStringLiteral("identity.malformed");
  QTest::newRow("no list at all") << Lists{ca.list(), QByteArrayLiteral("list")}
                                  << QStringLiteral("identity.malformed");
  QTest::newRow("a certificate") << Lists{ca.certificate} << QStringLiteral("identity.malformed");
}

void DeviceRevocationTest::judges() {
  QFETCH(QList<QByteArray>, lists);
  QFETCH(QString, expected);
  QCOMPARE(check(unit_.certificate, ca_->certificate, lists), expected);
  // Revocation is the only thing that stands between: without it the unit is accepted.
  const auto without = checkDeviceCertificate(unit_.certificate, {{ca_->certificate}, {}, {}, false},
                                              {QStringLiteral("SN-1"), {}}, kFactoryDay.addDays(1));
  QVERIFY2(without, why(without).constData());
}

// A factory's CA that was itself revoked takes its devices with it.
void DeviceRevocationTest::judgesIssuersBelowTheAnchor() {
  openssl_.write(
      QStringLiteral("x.cnf"),
      "[req]\ndistinguished_name=dn\n[dn]\n[x]\nbasicConstraints=critical,CA:TRUE\n"
      "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
      "[quiet]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n");
  for (const char* name : {"top", "sub"}) {
    openssl_.mustRun(
        QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %1.key").arg(QLatin1String(name)));
  }
  openssl_.mustRun(
      QStringLiteral("req -x509 -key top.key -subj /CN=Top -days 900 -config x.cnf -extensions x -out top.pem"));
  openssl_.mustRun(QStringLiteral("req -new -key sub.key -subj /CN=Sub -config x.cnf -out sub.csr"));
  const auto issueSub = [this](const char* extensions) {
    openssl_.mustRun(QStringLiteral("x509 -req -in sub.csr -CA top.pem -CAkey top.key -CAcreateserial -days 800 "
                                    "-extfile x.cnf -extensions %1 -out sub.pem")
                         .arg(QLatin1String(extensions)));
    return readPem(openssl_.read(QStringLiteral("sub.pem")), kPemCertificate)->first();
  };
  const auto issuerOf = [this](const char* key, const QByteArray& certificate) {
    auto signer = std::make_shared<FileSigner>(std::move(*PrivateKey::fromPem(openssl_.read(QLatin1String(key)))));
    return CertificateIssuer::make(certificate, signer);
  };
  const QByteArray top = readPem(openssl_.read(QStringLiteral("top.pem")), kPemCertificate)->first();
  const QByteArray sub = issueSub("x");
  auto topIssuer = issuerOf("top.key", top);
  auto subIssuer = issuerOf("sub.key", sub);
  QVERIFY2(topIssuer, why(topIssuer).constData());
  QVERIFY2(subIssuer, why(subIssuer).constData());
  const QDateTime now = DeviceCertificate::parse(sub)->notBefore.addDays(1);
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  const QByteArray device = *subIssuer->issue(*request, {deviceNamed(QStringLiteral("SN-1")), now, {}});
  const QByteArray subSerial = DeviceCertificate::parse(sub)->serial;
  const QByteArray subList = *subIssuer->issueList({1, now, now.addDays(30), {}, {}});
  const QByteArray topList = *topIssuer->issueList({1, now, now.addDays(30), {}, {}});
  const QByteArray topRevokes =
      *topIssuer->issueList({2, now, now.addDays(30), {{subSerial, now, RevocationReason::KeyCompromise}}, {}});
  const auto judge = [&](const QByteArray& intermediate, const QList<QByteArray>& lists) {
    return outcome(
        checkDeviceCertificate(device, {{top}, {intermediate}, lists, true}, {QStringLiteral("SN-1"), {}}, now));
  };
  QCOMPARE(judge(sub, {subList, topList}), QStringLiteral("accepted"));
  QCOMPARE(judge(sub, {subList, topRevokes}), QStringLiteral("identity.revoked"));
  QCOMPARE(judge(sub, {subList}), QStringLiteral("identity.revocation-unknown"));
  QCOMPARE(judge(sub, {topList}), QStringLiteral("identity.revocation-unknown"));
  // The same key under a certificate that may not sign lists (RFC 5280, 6.3.3 (f)).
  QCOMPARE(judge(issueSub("quiet"), {subList, topList}), QStringLiteral("identity.revocation-unknown"));
}

void DeviceRevocationTest::checksListsBeforeTheyAreKept() {
  DeviceCa namesake = DeviceCa::make();
  const auto kept = [&](const QByteArray& list, const QDateTime& at = kFactoryDay) {
    return outcome(checkRevocationList(list, ca_->certificate, at));
  };
  QCOMPARE(kept(ca_->list()), QStringLiteral("accepted"));
  QCOMPARE(kept(namesake.list()), QStringLiteral("identity.revocation-unknown"));
  QCOMPARE(kept(ca_->list(), kFactoryDay.addDays(31)), QStringLiteral("identity.revocation-unknown"));
  QCOMPARE(kept(ca_->list() + 'x'), QStringLiteral("identity.malformed"));
}

void DeviceRevocationTest::refusesDamagedLists() {
  const QByteArray good = ca_->list({{unit_.serial, kFactoryDay, RevocationReason::KeyCompromise}});
  QVERIFY(RevocationList::parse(good));
  for (qsizetype at = 0; at < good.size(); ++at) {
    QByteArray altered = good;
    altered[at] = static_cast<char>(altered[at] ^ (1 << (at % 8)));
    QVERIFY2(!checkRevocationList(altered, ca_->certificate, kFactoryDay), qPrintable(QString::number(at)));
    QVERIFY(!RevocationList::parse(good.first(at)));
  }
}

void DeviceRevocationTest::issuesNoListWithoutAnEnd() {
  const auto tried = [this](const RevocationList& list) { return outcome(ca_->issuer.issueList(list)); };
  const QDateTime end = kFactoryDay.addDays(30);
  QCOMPARE(tried({1, kFactoryDay, end, {}, {}}), QStringLiteral("accepted"));
  QCOMPARE(tried({1, kFactoryDay, {}, {}, {}}), QStringLiteral("invalid-argument"));
  QCOMPARE(tried({1, kFactoryDay, kFactoryDay, {}, {}}), QStringLiteral("invalid-argument"));
  QCOMPARE(tried({1, kFactoryDay, end, {{{}, kFactoryDay, RevocationReason::Unspecified}}, {}}),
           QStringLiteral("invalid-argument"));
  QCOMPARE(tried({1, kFactoryDay, end, {{QByteArray(21, 'a'), kFactoryDay, RevocationReason::Unspecified}}, {}}),
           QStringLiteral("invalid-argument"));
}

QTEST_GUILESS_MAIN(DeviceRevocationTest)
#include "device_revocation_test.moc"
