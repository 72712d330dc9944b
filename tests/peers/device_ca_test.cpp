// A device CA whose key nobody can take out: SoftHSM's token and swtpm's TPM. What they sign openssl(1) verifies.
#include "keystore/secrets/open_signer.h"
#include "tests/support/device_pki.h"
#include "tests/support/scripted_pins.h"
#include "tests/support/soft_hsm.h"
#include "tests/support/soft_tpm.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

template <class T>
QByteArray why(const Result<T>& result) {
  return result ? QByteArrayLiteral("done") : result.error().message().toUtf8();
}

}  // namespace

class DeviceCaTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void issuesAndRevokes_data();
  void issuesAndRevokes();
  void saysThatTheTokenIsGone();

 private:
  static KeyAddress tokenKey(const char* name) {
    return *KeyAddress::parse(
        QStringLiteral("pkcs11:token=ca;object=%1?module-path=%2").arg(QLatin1String(name), kSoftHsmModule));
  }

  OpensslTool openssl_;
  SoftHsm hsm_;
  SoftTpm tpm_;
};

void DeviceCaTest::initTestCase() {
  QVERIFY2(hsm_.makeToken(QStringLiteral("ca"), QStringLiteral("1234")), hsm_.log().constData());
  qunsetenv("TPM2OPENSSL_TCTI");
  QVERIFY2(tpm_.start(), tpm_.log().constData());
}

void DeviceCaTest::issuesAndRevokes_data() {
  QTest::addColumn<bool>("inTpm");
  QTest::addColumn<KeyType>("type");
  QTest::newRow("PKCS#11, P-256") << false << KeyType::EcP256;
  QTest::newRow("PKCS#11, P-384") << false << KeyType::EcP384;
  QTest::newRow("PKCS#11, RSA") << false << KeyType::Rsa;
  QTest::newRow("TPM, P-256") << true << KeyType::EcP256;
  QTest::newRow("TPM, RSA") << true << KeyType::Rsa;
}

void DeviceCaTest::issuesAndRevokes() {
  QFETCH(bool, inTpm);
  QFETCH(KeyType, type);
  const QByteArray name = "ca-" + QByteArray::number(static_cast<int>(type));
  const QString file = tpm_.path(QString::fromLatin1(name));
  const KeyAddress address = inTpm ? KeyAddress(TpmKeyAddress{file, {}, tpm_.tcti()}) : tokenKey(name.constData());
  ScriptedPins pins(inTpm ? QStringList{QString()} : QStringList{QStringLiteral("1234"), QStringLiteral("1234")});
  Result<std::unique_ptr<Signer>> made = createKey(address, {type, 2048}, pins);
  QVERIFY2(made, why(made).constData());
  const std::shared_ptr<Signer> signer = std::move(*made);
  const auto ca = CertificateIssuer::makeCertificate(
      {QStringLiteral("Token CA"), QStringLiteral("Example"), kFactoryDay.addDays(-1), {}}, signer);
  QVERIFY2(ca, why(ca).constData());
  auto issuer = CertificateIssuer::make(*ca, signer);
  QVERIFY2(issuer, why(issuer).constData());

  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, deviceNamed(QStringLiteral("SN-1"))));
  const auto device = issuer->issue(*request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  QVERIFY2(device, why(device).constData());
  RevocationList content{1, kFactoryDay, kFactoryDay.addDays(30), {}, {}};
  const auto before = issuer->issueList(content);
  QVERIFY2(before, why(before).constData());
  content.add({DeviceCertificate::parse(*device)->serial, kFactoryDay, RevocationReason::KeyCompromise});
  const auto after = issuer->issueList(content.next(kFactoryDay, kFactoryDay.addDays(30)));
  QVERIFY2(after, why(after).constData());

  openssl_.write(QStringLiteral("ca.pem"), writePem(*ca, kPemCertificate));
  openssl_.write(QStringLiteral("dev.pem"), writePem(*device, kPemCertificate));
  for (const bool isRevoked : {false, true}) {
    openssl_.write(QStringLiteral("list.pem"), writePem(isRevoked ? *after : *before, kPemRevocationList));
    const auto verified = openssl_.run(
        QStringLiteral("verify -x509_strict -crl_check -attime %1 -CRLfile list.pem -CAfile ca.pem dev.pem")
            .arg(kFactoryDay.addDays(1).toSecsSinceEpoch()));
    QVERIFY2((verified.exitCode == 0) == !isRevoked, verified.out.constData());
    const auto checked =
        checkDeviceCertificate(*device, {{*ca}, {}, {isRevoked ? *after : *before}, true},
                               {QStringLiteral("SN-1"), deviceNamed({}).hardwareModule}, kFactoryDay.addDays(1));
    QCOMPARE(checked.has_value(), !isRevoked);
    QVERIFY(checked || checked.error().code == ErrorCode::IdentityRevoked);
  }
}

// What its keeper says reaches whoever asked for a certificate, instead of OpenSSL's "could not sign".
void DeviceCaTest::saysThatTheTokenIsGone() {
  ScriptedPins pins({QStringLiteral("1234"), QStringLiteral("1234")});
  auto made = createKey(tokenKey("gone"), {KeyType::EcP256, 0}, pins);
  QVERIFY2(made, why(made).constData());
  const std::shared_ptr<Signer> signer = std::move(*made);
  const IssuerOrder order{QStringLiteral("Token CA"), {}, kFactoryDay.addDays(-1), {}};
  const auto ca = CertificateIssuer::makeCertificate(order, signer);
  QVERIFY2(ca, why(ca).constData());
  QVERIFY(hsm_.remove());
  const auto refused = CertificateIssuer::makeCertificate(order, signer);
  QVERIFY(hsm_.putBack());
  QVERIFY(!refused);
  QVERIFY2(refused.error().code == ErrorCode::KeyAbsent, why(refused).constData());
}

QTEST_GUILESS_MAIN(DeviceCaTest)
#include "device_ca_test.moc"
