// keystore: certificate requests, device certificates and proofs, beside openssl(1) and against forgers.
#include "keystore/crypto/identity_proof.h"
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

// A SEQUENCE in a SEQUENCE, `depth` times.
QByteArray nested(int depth) {
  QByteArray der;
  for (int i = 0; i < depth; ++i) {
    const qsizetype size = der.size();
    QByteArray head("\x30\x82");
    head.append(static_cast<char>(size >> 8)).append(static_cast<char>(size & 0xff));
    der.prepend(size > 0xffff ? QByteArray() : head);
  }
  return der;
}

}  // namespace

class DeviceCertificateTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsRequestsOfOpenssl_data();
  void readsRequestsOfOpenssl();
  void opensslReadsRequests_data();
  void opensslReadsRequests();
  void refusesRequests_data();
  void refusesRequests();
  void refusesRequestForAnothersKey();
  void issuesCertificatesThatOpensslVerifies_data();
  void issuesCertificatesThatOpensslVerifies();
  void numbersAreLongAndNeverTheSame();
  void issuesNothingThatDoesNotFit();
  void refusesCasThatMayNotIssue();
  void readsCertificatesOfOpenssl();
  void refusesCertificates_data();
  void refusesCertificates();
  void refusesDamagedCertificates();
  void refusesHardwareModulesThatAreNone_data();
  void refusesHardwareModulesThatAreNone();
  void refusesCertificateThatVouchesForItself();
  void judgesValidity();
  void provesPossession_data();
  void provesPossession();
  void aChallengeIsAnsweredOnce();
  void aProofIsGoodForNothingElse();

 private:
  OpensslTool openssl_;
};

void DeviceCertificateTest::readsRequestsOfOpenssl_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QString>("type");
  QTest::newRow("P-256") << "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
                         << "ECDSA P-256";
  QTest::newRow("P-384") << "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
                         << "ECDSA P-384";
  QTest::newRow("Ed25519") << "-algorithm ED25519"
                           << "Ed25519";
  QTest::newRow("RSA") << "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
                       << "RSA-2048";
}

void DeviceCertificateTest::readsRequestsOfOpenssl() {
  QFETCH(QString, key);
  QFETCH(QString, type);
  openssl_.mustRun(QStringLiteral("genpkey %1 -out d.key").arg(key));
  openssl_.mustRun(QStringLiteral("pkey -in d.key -pubout -outform DER -out d.pub"));
  openssl_.mustRun(QStringLiteral("req -new -key d.key -subj /CN=T2/serialNumber=SN-1 -outform DER -out d.csr"));
  const Result<CertificateRequest> request = CertificateRequest::parse(openssl_.read(QStringLiteral("d.csr")));
  QVERIFY2(request, why(request).constData());
  QCOMPARE(request->key.typeName(), type);
  QCOMPARE(request->key.toDer(), PublicKey::fromDer(openssl_.read(QStringLiteral("d.pub")))->toDer());
  QCOMPARE(request->serialNumber, QStringLiteral("SN-1"));
  QVERIFY2(request->subject.contains(QStringLiteral("T2")), qPrintable(request->subject));
}

void DeviceCertificateTest::opensslReadsRequests_data() {
  QTest::addColumn<KeyType>("type");
  QTest::addColumn<bool>("named");
  QTest::newRow("P-256") << KeyType::EcP256 << true;
  QTest::newRow("Ed25519") << KeyType::Ed25519 << true;
  QTest::newRow("RSA") << KeyType::Rsa << true;
  QTest::newRow("without a name") << KeyType::EcP256 << false;
}

void DeviceCertificateTest::opensslReadsRequests() {
  QFETCH(KeyType, type);
  QFETCH(bool, named);
  const Result<PrivateKey> key = PrivateKey::generate(type, 2048);
  const Result<QByteArray> der =
      makeCertificateRequest(*key, named ? deviceNamed(QStringLiteral("A-7")) : DeviceName{});
  QVERIFY2(der, why(der).constData());
  openssl_.write(QStringLiteral("our.csr"), *der);
  const auto verified = openssl_.run(QStringLiteral("req -inform DER -in our.csr -verify -noout -subject"));
  QCOMPARE(verified.exitCode, 0);
  QVERIFY2(verified.out.contains("verify OK"), verified.out.constData());
  QCOMPARE(verified.out.contains("serialNumber = A-7"), named);
  const Result<CertificateRequest> back = CertificateRequest::parse(*der);
  QVERIFY2(back, why(back).constData());
  QVERIFY(back->key == key->publicKey());
  QCOMPARE(back->serialNumber, named ? QStringLiteral("A-7") : QString());
}

void DeviceCertificateTest::refusesRequests_data() {
  QTest::addColumn<QByteArray>("der");
  QTest::addColumn<QString>("expected");

  openssl_.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out r.key"));
  const auto made = [this](const QString& options) {
    openssl_.mustRun(QStringLiteral("req -new -outform DER -out r.csr ") + options);
    return openssl_.read(QStringLiteral("r.csr"));
  };
  const QString subject = QStringLiteral("-key r.key -subj /serialNumber=SN-1 ");
  const QByteArray good = made(subject);
  QTest::newRow("control: unaltered") << good << "accepted";
  QByteArray altered = good;
  altered.replace("SN-1", "SN-2");
  QTest::newRow("altered serial number") << altered << "identity.request";
  altered = good;
  altered.back() = static_cast<char>(altered.back() ^ 1);
  QTest::newRow("altered signature") << altered << "identity.request";
  QTest::newRow("signed with SHA-1") << made(subject + QStringLiteral("-sha1")) << "identity.request";
  QTest::newRow("bytes after it") << good + '\0' << "identity.malformed";
  QTest::newRow("cut short") << good.chopped(1) << "identity.malformed";
  QTest::newRow("nothing") << QByteArray() << "identity.malformed";
  QTest::newRow("a megabyte of zeros") << QByteArray(1 << 20, '\0') << "identity.malformed";
  QTest::newRow("3000 sequences in one another") << nested(3000) << "identity.malformed";
  QTest::newRow("a length beyond memory") << QByteArray::fromHex("3084ffffffff0201") << "identity.malformed";
  QByteArray ber = good;  // the outer length in a longer form: BER, not DER (X.690, 10.1)
  ber = QByteArray::fromHex("308300") + (good[1] == '\x81' ? QByteArray(1, '\0') + good.mid(2, 1) : good.mid(2, 2)) +
        good.mid(good[1] == '\x81' ? 3 : 4);
  QTest::newRow("BER") << ber << "identity.malformed";
  QTest::newRow("two serial numbers") << made(QStringLiteral("-key r.key -subj /serialNumber=A/serialNumber=B"))
                                      << "identity.malformed";
  QTest::newRow("a certificate instead") << made(subject + QStringLiteral("-x509 -days 1")) << "identity.malformed";
  openssl_.mustRun(QStringLiteral("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key"));
  QTest::newRow("RSA-1024") << made(QStringLiteral("-key weak.key -subj /serialNumber=SN-1")) << "crypto.key";
  openssl_.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out other.key"));
  QTest::newRow("another curve") << made(QStringLiteral("-key other.key -subj /serialNumber=SN-1")) << "crypto.key";
}

void DeviceCertificateTest::refusesRequests() {
  QFETCH(QByteArray, der);
  QFETCH(QString, expected);
  const Result<CertificateRequest> request = CertificateRequest::parse(der);
  QCOMPARE(outcome(request), expected);
}

// A certificate for somebody else's key would let its owner's signatures pass as the asker's.
void DeviceCertificateTest::refusesRequestForAnothersKey() {
  const Result<PrivateKey> victim = PrivateKey::generate(KeyType::EcP256);
  const Result<PrivateKey> thief = PrivateKey::generate(KeyType::EcP256);
  for (const bool honest : {true, false}) {
    X509_REQ* request = X509_REQ_new();
    X509_REQ_set_pubkey(request, victim->openSslKey());
    QVERIFY(X509_REQ_sign(request, honest ? victim->openSslKey() : thief->openSslKey(), EVP_sha256()) > 0);
    unsigned char* out = nullptr;
    const int size = i2d_X509_REQ(request, &out);
    const Result<CertificateRequest> parsed = CertificateRequest::parse(QByteArray(reinterpret_cast<char*>(out), size));
    OPENSSL_free(out);
    X509_REQ_free(request);
    QCOMPARE(outcome(parsed), honest ? QStringLiteral("accepted") : QStringLiteral("identity.request"));
  }
}

void DeviceCertificateTest::issuesCertificatesThatOpensslVerifies_data() {
  QTest::addColumn<KeyType>("ca");
  QTest::addColumn<KeyType>("device");
  QTest::addColumn<QByteArray>("algorithm");
  QTest::newRow("P-256 issues P-256") << KeyType::EcP256 << KeyType::EcP256 << QByteArray("ecdsa-with-SHA256");
  QTest::newRow("P-384 issues Ed25519") << KeyType::EcP384 << KeyType::Ed25519 << QByteArray("ecdsa-with-SHA384");
  QTest::newRow("Ed25519 issues P-256") << KeyType::Ed25519 << KeyType::EcP256 << QByteArray("ED25519");
  QTest::newRow("RSA issues P-256") << KeyType::Rsa << KeyType::EcP256 << QByteArray("sha256WithRSAEncryption");
}

void DeviceCertificateTest::issuesCertificatesThatOpensslVerifies() {
  QFETCH(KeyType, ca);
  QFETCH(KeyType, device);
  QFETCH(QByteArray, algorithm);
  DeviceCa authority = DeviceCa::make(QStringLiteral("Example Device CA"), ca);
  const Result<PrivateKey> key = PrivateKey::generate(device);
  const DeviceName name = deviceNamed(QStringLiteral("SN-000123"));
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, name));
  QVERIFY2(request, why(request).constData());
  const Result<QByteArray> der = authority.issuer.issue(*request, {name, kFactoryDay, {}});
  QVERIFY2(der, why(der).constData());

  openssl_.write(QStringLiteral("ca.pem"), writePem(authority.certificate, kPemCertificate));
  openssl_.write(QStringLiteral("dev.pem"), writePem(*der, kPemCertificate));
  const auto verified = openssl_.run(QStringLiteral("verify -x509_strict -attime %1 -CAfile ca.pem dev.pem")
                                         .arg(kFactoryDay.addDays(1).toSecsSinceEpoch()));
  QVERIFY2(verified.exitCode == 0, verified.out.constData());
  const QByteArray text = openssl_.run(QStringLiteral("x509 -in dev.pem -noout -text")).out;
  for (const char* part :
       {"Version: 3", "Not After : Dec 31 23:59:59 9999 GMT", "X509v3 Key Usage: critical", "Digital Signature",
        "X509v3 Basic Constraints: critical", "CA:FALSE", "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier", "serialNumber = SN-000123", "othername: "}) {
    QVERIFY2(text.contains(part), (QByteArray(part) + " is missing in\n" + text).constData());
  }
  QVERIFY2(text.contains("Signature Algorithm: " + algorithm), text.constData());
  const QByteArray structure = openssl_.run(QStringLiteral("asn1parse -in dev.pem")).out;
  QVERIFY2(structure.contains("GENERALIZEDTIME   :99991231235959Z"), structure.constData());
  QVERIFY2(structure.contains("UTCTIME           :260301080000Z"), structure.constData());
  // SEQUENCE { [0] { id-on-hardwareModuleName, [0] SEQUENCE { 1.3.6.1.4.1.99999.1, OCTET STRING 0102ff } } }
  QVERIFY2(der->contains(QByteArray::fromHex("3020a01e06082b06010505070804a012"
                                             "301006092b06010401868d1f0104030102ff")),
           der->toHex().constData());

  const auto parsed = DeviceCertificate::parse(*der);
  QVERIFY2(parsed, why(parsed).constData());
  QVERIFY(parsed->name == name);
  QVERIFY(parsed->key == key->publicKey());
  QVERIFY(!parsed->notAfter);
  const QDateTime farAway(QDate(9000, 1, 1), QTime(0, 0), Qt::UTC);
  for (const QDateTime& at : {kFactoryDay, farAway}) {
    const auto checked = checkDeviceCertificate(*der, {{authority.certificate}, {}, {authority.list({}, at)}, true},
                                                {name.serialNumber, name.hardwareModule}, at);
    QVERIFY2(checked, why(checked).constData());
  }
}

void DeviceCertificateTest::numbersAreLongAndNeverTheSame() {
  DeviceCa ca = DeviceCa::make();
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  QSet<QByteArray> seen;
  for (int i = 0; i < 50; ++i) {
    const auto parsed = DeviceCertificate::parse(
        *ca.issuer.issue(*request, {deviceNamed(QStringLiteral("S%1").arg(i)), kFactoryDay, {}}));
    QCOMPARE(parsed->serial.size(), 20);  // RFC 5280, 4.1.2.2: at most 20 octets, positive
    QVERIFY((static_cast<quint8>(parsed->serial[0]) & 0x80U) == 0);
    seen.insert(parsed->serial);
  }
  QCOMPARE(seen.size(), 50);
}

void DeviceCertificateTest::issuesNothingThatDoesNotFit() {
  DeviceCa ca = DeviceCa::make({QStringLiteral("Example Device CA")}, KeyType::EcP256, kFactoryDay.addYears(10));
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, deviceNamed(QStringLiteral("SN-1"))));
  const auto tried = [&](const DeviceName& name, const QDateTime& from, const std::optional<QDateTime>& until = {}) {
    return outcome(ca.issuer.issue(*request, {name, from, until}));
  };
  const DeviceName good = deviceNamed(QStringLiteral("SN-1"));
  QCOMPARE(tried(good, kFactoryDay), QStringLiteral("accepted"));
  QCOMPARE(tried(deviceNamed(QStringLiteral("SN-2")), kFactoryDay), QStringLiteral("identity.mismatch"));
  QCOMPARE(tried(good, kFactoryDay.addYears(11)), QStringLiteral("identity.expired"));
  QCOMPARE(tried(good, kFactoryDay.addDays(-31)), QStringLiteral("identity.expired"));
  QCOMPARE(tried(good, kFactoryDay, kFactoryDay), QStringLiteral("invalid-argument"));

  const auto unnamed = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  for (const QString& serial : {QString(), QString(65, QLatin1Char('1')), QStringLiteral("SN_1"),
                                QStringLiteral("S\u00e9rie"), QStringLiteral("a\nb")}) {
    QCOMPARE(outcome(ca.issuer.issue(*unnamed, {deviceNamed(serial), kFactoryDay, {}})),
             QStringLiteral("invalid-argument"));
  }
  DeviceName odd = good;
  odd.hardwareModule->type = QStringLiteral("no identifier");
  QCOMPARE(tried(odd, kFactoryDay), QStringLiteral("invalid-argument"));
  odd = good;
  odd.hardwareModule->serial.clear();
  QCOMPARE(tried(odd, kFactoryDay), QStringLiteral("invalid-argument"));
}

void DeviceCertificateTest::refusesCasThatMayNotIssue() {
  DeviceCa ca = DeviceCa::make();
  const auto other = PrivateKey::generate(KeyType::EcP256);
  QCOMPARE(outcome(CertificateIssuer::make(ca.certificate, std::make_shared<FileSigner>(copyOf(*other)))),
           QStringLiteral("crypto.key"));
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*other, {}));
  const auto device = ca.issuer.issue(*request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  QCOMPARE(outcome(CertificateIssuer::make(*device, std::make_shared<FileSigner>(copyOf(*other)))),
           QStringLiteral("identity.usage"));
}

namespace {

// What openssl(1) needs to issue any certificate whatever: `extensions` as in x509v3_config(5).
struct OpensslCa {
  const OpensslTool& openssl;
  QString name;

  OpensslCa(const OpensslTool& tool, const QString& caName, const QByteArray& extensions, const QString& parent = {})
      : openssl(tool), name(caName) {
    openssl.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %1.key").arg(name));
    openssl.mustRun(QStringLiteral("req -new -key %1.key -subj /CN=%1 -out %1.csr").arg(name));
    openssl.write(name + QStringLiteral(".ext"), extensions);
    const QString by = parent.isEmpty() ? QStringLiteral("-signkey %1.key").arg(name)
                                        : QStringLiteral("-CA %1.pem -CAkey %1.key -CAcreateserial").arg(parent);
    openssl.mustRun(QStringLiteral("x509 -req -in %1.csr %2 -days 9000 -extfile %1.ext -out %1.pem").arg(name, by));
  }
  QByteArray der() const { return readPem(openssl.read(name + QStringLiteral(".pem")), kPemCertificate)->first(); }
  QByteArray issue(const QByteArray& extensions, const QString& subject = QStringLiteral("/serialNumber=SN-1"),
                   const QString& options = {}) const {
    openssl.mustRun(QStringLiteral("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key"));
    openssl.mustRun(QStringLiteral("req -new -key leaf.key -subj %1 -out leaf.csr").arg(subject));
    openssl.write(QStringLiteral("leaf.ext"), extensions);
    openssl.mustRun(QStringLiteral("x509 -req -in leaf.csr -CA %1.pem -CAkey %1.key -CAcreateserial -days 8000 "
                                   "-extfile leaf.ext -outform DER -out leaf.der %2")
                        .arg(name, options));
    return openssl.read(QStringLiteral("leaf.der"));
  }
};

constexpr char kCaExtensions[] =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
constexpr char kDeviceExtensions[] = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n";
constexpr char kModule[] =
    "subjectAltName=otherName:1.3.6.1.5.5.7.8.4;SEQUENCE:module\n[module]\ntype=OID:1.3.6.1.4.1.99999.1\n"
    "serial=FORMAT:HEX,OCT:0102ff\n";

}  // namespace

void DeviceCertificateTest::readsCertificatesOfOpenssl() {
  const OpensslCa ca(openssl_, QStringLiteral("root"), kCaExtensions);
  const QByteArray der = ca.issue(QByteArray(kDeviceExtensions) + kModule);
  const auto parsed = DeviceCertificate::parse(der);
  QVERIFY2(parsed, why(parsed).constData());
  QCOMPARE(parsed->name.serialNumber, QStringLiteral("SN-1"));
  QVERIFY(parsed->name.hardwareModule == deviceNamed({}).hardwareModule);
  QVERIFY(parsed->notAfter.has_value());
  const DeviceTrust trust{{ca.der()}, {}, {}, false};
  const auto checked = checkDeviceCertificate(der, trust, {QStringLiteral("SN-1"), parsed->name.hardwareModule},
                                              parsed->notBefore.addDays(1));
  QVERIFY2(checked, why(checked).constData());
}

void DeviceCertificateTest::refusesCertificates_data() {
  QTest::addColumn<QByteArray>("der");
  QTest::addColumn<QList<QByteArray>>("anchors");
  QTest::addColumn<QList<QByteArray>>("intermediates");
  QTest::addColumn<QString>("serial");
  QTest::addColumn<QByteArray>("hardware");  // claimed; empty: not told
  QTest::addColumn<QString>("expected");

  const QByteArray device = kDeviceExtensions;
  const OpensslCa root(openssl_, QStringLiteral("root"), kCaExtensions);
  const OpensslCa other(openssl_, QStringLiteral("other"), kCaExtensions);
  const QList<QByteArray> ours{root.der()};
  const QByteArray module("\x01\x02\xff");
  const QByteArray good = root.issue(device + kModule);
  const QString sn = QStringLiteral("SN-1");
  const auto row = [](const char* tag) -> QTestData& { return QTest::newRow(tag); };
  const QList<QByteArray> none;

  row("control: good") << good << ours << none << sn << module << "accepted";
  row("control: hardware not told") << good << ours << none << sn << QByteArray() << "accepted";
  row("another vendor's CA") << good << QList<QByteArray>{other.der()} << none << sn << module << "identity.chain";
  row("no CA known") << good << none << none << sn << module << "identity.chain";
  row("CA only offered, not trusted") << good << none << ours << sn << module << "identity.chain";
  row("another unit's") << good << ours << none << QStringLiteral("SN-2") << module << "identity.mismatch";
  row("a serial number that begins alike")
      << good << ours << none << QStringLiteral("SN-10") << module << "identity.mismatch";
  row("device tells no serial number") << good << ours << none << QString() << module << "identity.mismatch";
  row("another piece of hardware") << good << ours << none << sn << QByteArray("\x01\x02\xfe") << "identity.mismatch";
  row("hardware told, not certified") << root.issue(device) << ours << none << sn << module << "identity.mismatch";
  const QByteArray nameless = root.issue(device, QStringLiteral("/CN=T2"));
  row("no serial number") << nameless << ours << none << sn << QByteArray() << "identity.mismatch";
  row("no serial number on either side") << nameless << ours << none << QString() << QByteArray()
                                         << "identity.mismatch";
  row("two serial numbers") << root.issue(device, QStringLiteral("/serialNumber=SN-1/serialNumber=SN-2")) << ours
                            << none << sn << QByteArray() << "identity.malformed";

  row("a CA as device") << root.issue("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n") << ours
                        << none << sn << QByteArray() << "identity.usage";
  row("a key that may sign certificates") << root.issue("keyUsage=critical,digitalSignature,keyCertSign\n") << ours
                                          << none << sn << QByteArray() << "identity.usage";
  row("not for signatures") << root.issue("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\n")
                            << ours << none << sn << QByteArray() << "identity.usage";
  row("no keyUsage") << root.issue("basicConstraints=critical,CA:FALSE\n") << ours << none << sn << QByteArray()
                     << "identity.usage";
  row("only for signing code") << root.issue(device + "extendedKeyUsage=codeSigning\n") << ours << none << sn
                               << QByteArray() << "identity.usage";
  row("control: for TLS, too") << root.issue(device + "extendedKeyUsage=clientAuth\n") << ours << none << sn
                               << QByteArray() << "accepted";
  row("version 1") << root.issue("") << ours << none << sn << QByteArray() << "identity.malformed";
  row("an unknown critical extension") << root.issue(device + "1.3.6.1.4.1.99999.7=critical,ASN1:NULL\n") << ours
                                       << none << sn << QByteArray() << "identity.chain";
  row("control: the same, not critical") << root.issue(device + "1.3.6.1.4.1.99999.7=ASN1:NULL\n") << ours << none << sn
                                         << QByteArray() << "accepted";
  row("signed with SHA-1") << root.issue(device, QStringLiteral("/serialNumber=SN-1"), QStringLiteral("-sha1")) << ours
                           << none << sn << QByteArray() << "identity.chain";

  const auto below = [&](const char* name, const QByteArray& extensions) {
    const OpensslCa issuer(openssl_, QLatin1String(name), extensions, QStringLiteral("root"));
    return std::pair(issuer.issue(device), QList<QByteArray>{issuer.der()});
  };
  const auto [viaFactory, factory] = below("factory", kCaExtensions);
  row("control: by way of a factory's CA") << viaFactory << ours << factory << sn << QByteArray() << "accepted";
  row("control: the factory's CA is the anchor") << viaFactory << factory << none << sn << QByteArray() << "accepted";
  row("the link to the anchor is missing") << viaFactory << ours << none << sn << QByteArray() << "identity.chain";
  const auto [viaDevice, deviceIssuer] = below("device", device);
  row("a device as issuer") << viaDevice << ours << deviceIssuer << sn << QByteArray() << "identity.chain";
  row("a device as issuer and anchor") << viaDevice << deviceIssuer << none << sn << QByteArray() << "identity.chain";
  const auto [viaOld, old] = below("old", "keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n");
  row("an issuer without basicConstraints") << viaOld << ours << old << sn << QByteArray() << "identity.chain";
  const auto [viaLists, lists] = below("lists", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n");
  row("an issuer that may only sign lists") << viaLists << ours << lists << sn << QByteArray() << "identity.chain";
  const OpensslCa shortPath(openssl_, QStringLiteral("short"),
                            "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n");
  const OpensslCa tooDeep(openssl_, QStringLiteral("deep"), kCaExtensions, QStringLiteral("short"));
  row("more issuers than pathLenConstraint")
      << tooDeep.issue(device) << QList<QByteArray>{shortPath.der()} << QList<QByteArray>{tooDeep.der()} << sn
      << QByteArray() << "identity.chain";
}

void DeviceCertificateTest::refusesCertificates() {
  QFETCH(QByteArray, der);
  QFETCH(QList<QByteArray>, anchors);
  QFETCH(QList<QByteArray>, intermediates);
  QFETCH(QString, serial);
  QFETCH(QByteArray, hardware);
  QFETCH(QString, expected);
  DeviceClaims claims{serial, {}};
  if (!hardware.isEmpty()) {
    claims.hardwareModule = HardwareModule{QStringLiteral("1.3.6.1.4.1.99999.1"), hardware};
  }
  // openssl(1) dates certificates with the computer's clock: what counts is the day after.
  const auto parsed = DeviceCertificate::parse(der);
  const QDateTime at = parsed ? parsed->notBefore.addDays(1) : kFactoryDay;
  const auto checked = checkDeviceCertificate(der, {anchors, intermediates, {}, false}, claims, at);
  QVERIFY2(outcome(checked) == expected, why(checked).constData());
}

void DeviceCertificateTest::refusesDamagedCertificates() {
  DeviceCa ca = DeviceCa::make();
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  const QByteArray good = *ca.issuer.issue(*request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  const DeviceTrust trust{{ca.certificate}, {}, {}, false};
  const auto check = [&](const QByteArray& der) {
    return outcome(checkDeviceCertificate(der, trust, {QStringLiteral("SN-1"), {}}, kFactoryDay));
  };
  QCOMPARE(check(good), QStringLiteral("accepted"));
  QCOMPARE(check(good + 'x'), QStringLiteral("identity.malformed"));
  QCOMPARE(check(good + good), QStringLiteral("identity.malformed"));
  QCOMPARE(check({}), QStringLiteral("identity.malformed"));
  QCOMPARE(check(nested(3000)), QStringLiteral("identity.malformed"));
  QCOMPARE(check(QByteArray(1 << 24, '\x30')), QStringLiteral("identity.malformed"));
  // No bit may be turned, no end may be missing.
  for (qsizetype at = 0; at < good.size(); ++at) {
    QByteArray altered = good;
    altered[at] = static_cast<char>(altered[at] ^ (1 << (at % 8)));
    QVERIFY2(check(altered) != QStringLiteral("accepted"), qPrintable(QStringLiteral("byte %1").arg(at)));
    QVERIFY2(check(good.first(at)) == QStringLiteral("identity.malformed"),
             qPrintable(QStringLiteral("end %1").arg(at)));
  }
  // A trusted certificate that can't be read is an error, not one fewer.
  const auto spoilt = checkDeviceCertificate(good, {{ca.certificate, QByteArrayLiteral("no DER")}, {}, {}, false},
                                             {QStringLiteral("SN-1"), {}}, kFactoryDay);
  QCOMPARE(outcome(spoilt), QStringLiteral("identity.malformed"));
}

void DeviceCertificateTest::refusesHardwareModulesThatAreNone_data() {
  QTest::addColumn<QByteArray>("extension");
  const QByteArray begin = "subjectAltName=otherName:1.3.6.1.5.5.7.8.4;";
  QTest::newRow("a text") << begin + "UTF8:0102ff\n";
  QTest::newRow("no serial number") << begin + "SEQUENCE:m\n[m]\ntype=OID:1.2.3\n";
  QTest::newRow("wrong order") << begin + "SEQUENCE:m\n[m]\nserial=FORMAT:HEX,OCT:01\ntype=OID:1.2.3\n";
  QTest::newRow("something more") << begin + "SEQUENCE:m\n[m]\na=OID:1.2.3\nb=FORMAT:HEX,OCT:01\nc=NULL\n";
  QTest::newRow("an empty serial number") << begin + "SEQUENCE:m\n[m]\na=OID:1.2.3\nb=FORMAT:ASCII,OCT:\n";
  QTest::newRow("two of them") << QByteArray(
      "subjectAltName=@n\n[n]\notherName.1=1.3.6.1.5.5.7.8.4;SEQUENCE:m\notherName.2=1.3.6.1.5.5.7.8.4;SEQUENCE:m\n"
      "[m]\na=OID:1.2.3\nb=FORMAT:HEX,OCT:01\n");
  QTest::newRow("no subjectAltName at all") << QByteArray("subjectAltName=DER:0500\n");
}

void DeviceCertificateTest::refusesHardwareModulesThatAreNone() {
  QFETCH(QByteArray, extension);
  const OpensslCa ca(openssl_, QStringLiteral("root"), kCaExtensions);
  QCOMPARE(outcome(DeviceCertificate::parse(ca.issue(QByteArray(kDeviceExtensions) + extension))),
           QStringLiteral("identity.malformed"));
}

void DeviceCertificateTest::refusesCertificateThatVouchesForItself() {
  openssl_.write(QStringLiteral("self.cnf"),
                 QByteArray("[req]\ndistinguished_name=dn\n[dn]\n[x]\n") + kDeviceExtensions);
  openssl_.mustRun(QStringLiteral("genpkey -algorithm ED25519 -out self.key"));
  openssl_.mustRun(
      QStringLiteral("req -x509 -key self.key -subj /serialNumber=SN-1 -days 9 -config self.cnf "
                     "-extensions x -outform DER -out self.der"));
  const QByteArray der = openssl_.read(QStringLiteral("self.der"));
  const auto checked = checkDeviceCertificate(der, {{der}, {}, {}, false}, {QStringLiteral("SN-1"), {}},
                                              DeviceCertificate::parse(der)->notBefore.addDays(1));
  QCOMPARE(outcome(checked), QStringLiteral("identity.chain"));
}

void DeviceCertificateTest::judgesValidity() {
  DeviceCa ca = DeviceCa::make(QStringLiteral("Short CA"), KeyType::EcP256, kFactoryDay.addYears(5));
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  const DeviceName name = deviceNamed(QStringLiteral("SN-1"));
  const QDateTime end = kFactoryDay.addYears(1);
  const QByteArray der = *ca.issuer.issue(*request, {name, kFactoryDay, end});
  const QByteArray endless = *ca.issuer.issue(*request, {name, kFactoryDay, {}});
  const auto at = [&](const QByteArray& certificate, const QDateTime& when) {
    return outcome(
        checkDeviceCertificate(certificate, {{ca.certificate}, {}, {}, false}, {name.serialNumber, {}}, when));
  };
  QCOMPARE(DeviceCertificate::parse(der)->notAfter.value(), end);
  QCOMPARE(at(der, kFactoryDay.addSecs(-1)), QStringLiteral("identity.expired"));
  QCOMPARE(at(der, kFactoryDay), QStringLiteral("accepted"));
  QCOMPARE(at(der, end.addSecs(-1)), QStringLiteral("accepted"));
  QCOMPARE(at(der, end.addSecs(1)), QStringLiteral("identity.expired"));
  QCOMPARE(at(endless, end.addSecs(1)), QStringLiteral("accepted"));
  QCOMPARE(at(endless, kFactoryDay.addYears(6)), QStringLiteral("identity.expired"));  // its CA is over
}

void DeviceCertificateTest::provesPossession_data() {
  QTest::addColumn<KeyType>("type");
  QTest::newRow("P-256") << KeyType::EcP256;
  QTest::newRow("Ed25519") << KeyType::Ed25519;
}

void DeviceCertificateTest::provesPossession() {
  QFETCH(KeyType, type);
  const auto key = PrivateKey::generate(type);
  const auto other = PrivateKey::generate(type);
  const QByteArray mine(32, 'd');
  const auto answer = [&](const PrivateKey& signer, const QByteArray& message) {
    return *signer.sign(usualSchemeOf(type), message);
  };
  const auto tried = [&](const std::function<QByteArray(const QByteArray& message)>& respond,
                         const QByteArray& deviceNonce) {
    auto challenge = IdentityChallenge::make();
    const QByteArray message = QByteArrayLiteral("sealift-identity-v1") + '\0' + mine + challenge->nonce();
    return outcome(challenge->check(key->publicKey(), deviceNonce, respond(message)));
  };
  const QString refused = QStringLiteral("identity.not-proven");
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*key, m); }, mine), QStringLiteral("accepted"));
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*other, m); }, mine), refused);
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*key, m); }, QByteArray(32, 'x')), refused);
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*key, m); }, mine.first(31)), refused);
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*key, m.chopped(1)); }, mine), refused);
  QCOMPARE(tried([](const QByteArray&) { return QByteArray(); }, mine), refused);
  QCOMPARE(tried([](const QByteArray&) { return QByteArray(100'000, '0'); }, mine), refused);
  // Without the words in front it is a signature for some other purpose.
  QCOMPARE(tried([&](const QByteArray& m) { return answer(*key, m.mid(20)); }, mine), refused);
  QCOMPARE(
      tried([&](const QByteArray& m) { return answer(*key, QByteArray(m).replace("identity", "firmware")); }, mine),
      refused);
}

void DeviceCertificateTest::aChallengeIsAnsweredOnce() {
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const QByteArray device(32, 'd');
  auto first = IdentityChallenge::make();
  auto second = IdentityChallenge::make();
  QVERIFY(first->nonce() != second->nonce());
  QCOMPARE(first->nonce().size(), 32);
  const QByteArray signature = *key->sign(SignatureScheme::EcdsaP256Sha256, *identityMessage(device, first->nonce()));
  QCOMPARE(outcome(first->check(key->publicKey(), device, signature)), QStringLiteral("accepted"));
  // The same answer again, to the same and to another challenge.
  QCOMPARE(outcome(first->check(key->publicKey(), device, signature)), QStringLiteral("identity.not-proven"));
  QCOMPARE(outcome(second->check(key->publicKey(), device, signature)), QStringLiteral("identity.not-proven"));
  // A wrong answer uses a challenge up, too.
  auto third = IdentityChallenge::make();
  QVERIFY(!third->check(key->publicKey(), device, QByteArray(70, '0')));
  const QByteArray late = *key->sign(SignatureScheme::EcdsaP256Sha256, *identityMessage(device, third->nonce()));
  QCOMPARE(outcome(third->check(key->publicKey(), device, late)), QStringLiteral("identity.not-proven"));
  const auto rsa = PrivateKey::generate(KeyType::Rsa, 2048);
  auto fourth = IdentityChallenge::make();
  const QByteArray byRsa = *rsa->sign(SignatureScheme::RsaPssSha256, *identityMessage(device, fourth->nonce()));
  QCOMPARE(outcome(fourth->check(rsa->publicKey(), device, byRsa)), QStringLiteral("crypto.key"));
}

// What the device signs can't be taken for the signed part of a request, a certificate or a TLS handshake.
void DeviceCertificateTest::aProofIsGoodForNothingElse() {
  const QByteArray message = *identityMessage(QByteArray(32, '\x30'), QByteArray(32, '\x30'));
  QCOMPARE(message.size(), 19 + 1 + 32 + 32);
  QVERIFY(message.startsWith(QByteArrayLiteral("sealift-identity-v1\0")));
  QVERIFY(message.front() != '\x30');  // a SEQUENCE (RFC 2986, 4.1; RFC 5280, 4.1.1.1)
  QVERIFY(message.front() != '\x20');  // RFC 8446, 4.4.3: 64 spaces
  QVERIFY(!identityMessage(QByteArray(31, '0'), QByteArray(33, '0')));
}

QTEST_GUILESS_MAIN(DeviceCertificateTest)
#include "device_certificate_test.moc"
