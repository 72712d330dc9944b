// Delivery as a customer has it: sealiftctl fetches from nginx, which lets in who shows a certificate of the vendor's
// authority and gives each model's files to its own customers alone. The client's key is in a file, a token, a TPM.
#include "keystore/secrets/open_signer.h"
#include "tests/cli/cli_world.h"
#include "tests/support/nginx_server.h"
#include "tests/support/scripted_pins.h"
#include "tests/support/soft_hsm.h"
#include "tests/support/soft_tpm.h"
#include "tests/support/test_authority.h"

using namespace sealift;
using namespace sealift::test;

namespace {

const QByteArray kPin = "5678";

}  // namespace

class DeliveryStoryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (NginxServer::program().isEmpty()) {
      QSKIP("nginx is not installed (Debian: nginx-light)");
    }
    qunsetenv("TPM2OPENSSL_TCTI");
    QVERIFY2(tpm_.start(), tpm_.log().constData());
    QVERIFY2(hsm_.makeToken(QStringLiteral("customer"), QString::fromLatin1(kPin)), hsm_.log().constData());
    QVERIFY(writeFileAtomic(hsm_.path(u"pin"), kPin));
    QVERIFY(QFile::setPermissions(hsm_.path(u"pin"), QFileDevice::ReadOwner | QFileDevice::WriteOwner));
  }

  void ownModelIsUpdatedOthersAreRefused_data() {
    QTest::addColumn<QString>("key");
    QTest::newRow("file") << hsm_.path(u"client.pem");
    QTest::newRow("token") << QStringLiteral("pkcs11:token=customer;object=client?module-path=%1&pin-source=file:%2")
                                  .arg(kSoftHsmModule, hsm_.path(u"pin"));
    QTest::newRow("tpm") << QStringLiteral("tpm:%1?tcti=%2").arg(tpm_.path(u"client.tss"), tpm_.tcti());
  }

  void ownModelIsUpdatedOthersAreRefused() {
    QFETCH(const QString, key);
    CliWorld world;
    NginxServer nginx;
    TestAuthority authority(QStringLiteral("Norrland Updates CA"));
    QVERIFY2(authority.isReady(), authority.log().constData());
    const quint16 port = NginxServer::freePort();
    const QString base = QStringLiteral("https://localhost:%1/").arg(port);
    world.addresses = {base};
    world.initRepository();
    world.addModel(QStringLiteral("t9"));
    world.release({1, 1, 0, 0});
    const TestCertificate server =
        authority.issue(QStringLiteral("server"), QStringLiteral("/CN=localhost"), QStringLiteral("DNS:localhost"));
    const QByteArray root = world.publicFolder().toUtf8();
    QVERIFY2(nginx.start("server {\nlisten 127.0.0.1:" + QByteArray::number(port) + " ssl;\nssl_certificate " +
                             server.certificate.toUtf8() + ";\nssl_certificate_key " + server.key.toUtf8() +
                             ";\nssl_client_certificate " + authority.certificate().toUtf8() +
                             ";\nssl_verify_client on;\nroot " + root +
                             ";\nlocation ~ ^/targets/firmware/t2/.*bin$ { if ($ssl_client_s_dn !~ \"OU=t2\") { return "
                             "403; } }\n}\n",
                         port),
             nginx.log().constData());

    // Nothing proves this server to the computer; then nothing proves the customer to the server.
    const QStringList add{QStringLiteral("vendor"), QStringLiteral("add"), world.vendorFile(),
                          QStringLiteral("--accept"), world.fingerprint()};
    const Ran unknown = world.run(add);
    QVERIFY2(unknown.status != 0 && unknown.err.contains("fetch.tls"), unknown.err.constData());
    const QStringList set{QStringLiteral("vendor"), QStringLiteral("set"), QStringLiteral("norrland")};
    VERIFY_STATUS(world.run(set + QStringList{QStringLiteral("--ca"), authority.certificate()}), 0);
    const Ran stranger = world.run("vendor refresh norrland");
    QVERIFY2(stranger.status != 0 && stranger.err.contains("fetch.refused"), stranger.err.constData());

    const KeyAddress address = *KeyAddress::parse(key);
    ScriptedPins pins({QString()});  // none for the file and the TPM; the token's is in its address
    const auto signer = createKey(address, {.type = KeyType::EcP256}, pins);
    QVERIFY2(signer, signer ? "" : qPrintable(signer.error().message()));
    const QByteArray publicKey = (*signer)->publicKey().toPem();
    const auto show = [&](const char* model) {
      const QString certificate = authority.certify(
          QString::fromLatin1(model), QStringLiteral("/CN=customer-7/OU=%1").arg(QLatin1String(model)), publicKey);
      QVERIFY2(!certificate.isEmpty(), authority.log().constData());
      const QStringList how{QStringLiteral("--client-certificate"), certificate, QStringLiteral("--client-key"), key};
      VERIFY_STATUS(world.run(set + how), 0);
      VERIFY_STATUS(world.run("vendor refresh norrland"), 0);
    };

    // Of another model: its metadata may be seen, the firmware not, and Sealift says why.
    show("t9");
    const auto device = world.addDevice(world.deviceConfig());
    QVERIFY(device);
    const Ran refused = world.run("update plan 0001");
    QVERIFY2(refused.status != 0, refused.out.constData());
    for (const char* word : {"403 Forbidden", "customer-7", "fetch.refused"}) {
      QVERIFY2((refused.out + refused.err).contains(word), (refused.out + refused.err).constData());
    }

    show("t2");
    VERIFY_STATUS(world.run(world.applyCommand(world.planDigest())), 0);
    QVERIFY(device->snapshot().running == (Version{1, 1, 0, 0}));
    QTRY_VERIFY(nginx.requests().constLast().contains("OU=t2"));
  }

 private:
  SoftTpm tpm_;
  SoftHsm hsm_;
};

QTEST_GUILESS_MAIN(DeliveryStoryTest)
#include "delivery_story_test.moc"
