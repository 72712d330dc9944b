// Keys that only one TPM 2.0 can use, with swtpm as the TPM and tpm2-openssl between.
#include "keystore/secrets/open_signer.h"
#include "keystore/secrets/tls_identity.h"
#include "tests/support/scripted_pins.h"
#include "tests/support/soft_tpm.h"
#include "tests/support/tls_server.h"

#include <QTest>

using namespace sealift;

namespace {

struct KeyRow {
  const char* name;
  KeyType type;
  SignatureScheme scheme;
};
constexpr KeyRow kKeys[] = {
    {"p256", KeyType::EcP256, SignatureScheme::EcdsaP256Sha256},
    {"p384", KeyType::EcP384, SignatureScheme::EcdsaP384Sha384},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPkcs1v15Sha256},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPkcs1v15Sha384},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPkcs1v15Sha512},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPssSha256},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPssSha384},
    {"rsa", KeyType::Rsa, SignatureScheme::RsaPssSha512},
};

template <class T>
QByteArray sayOf(const Result<T>& result) {
  return result ? QByteArray("no error") : result.error().message().toUtf8();
}

}  // namespace

class SwtpmTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    qunsetenv("TPM2OPENSSL_TCTI");
    QVERIFY2(tpm_.start(), tpm_.log().constData());
    for (const KeyRow& row : {kKeys[0], kKeys[1], kKeys[2]}) {
      NoPinSource nobody;
      const auto made = createKey(address(QLatin1String(row.name)), {row.type, 2048}, nobody);
      QVERIFY2(made, sayOf(made).constData());
      QCOMPARE((*made)->publicKey().type(), row.type);
    }
  }
  void init() { QVERIFY2(tpm_.tool(QStringLiteral("tpm2_dictionarylockout"), {QStringLiteral("-c")}), tpm_.log()); }

  void signsWithEachScheme_data() {
    QTest::addColumn<int>("row");
    for (int row = 0; row < static_cast<int>(std::size(kKeys)); ++row) {
      QTest::addRow("%s", qPrintable(signatureSchemeName(kKeys[row].scheme))) << row;
    }
  }
  void signsWithEachScheme() {
    QFETCH(const int, row);
    NoPinSource nobody;
    const auto signer = openSigner(address(QLatin1String(kKeys[row].name)), nobody);
    QVERIFY2(signer, sayOf(signer).constData());
    for (const QByteArray& message : {QByteArray(), QByteArray("sealift"), QByteArray(3'000'000, 'x')}) {
      const auto signature = (*signer)->sign(kKeys[row].scheme, message);
      QVERIFY2(signature, sayOf(signature).constData());
      const auto exported = PublicKey::fromPem((*signer)->publicKey().toPem());
      QVERIFY(exported && exported->verify(kKeys[row].scheme, message, *signature));
      QVERIFY(!exported->verify(kKeys[row].scheme, message + '!', *signature));
    }
  }

  void fileHoldsNoUsableKey() {
    QFile file(tpm_.path(u"p256"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.permissions() & (QFileDevice::ReadGroup | QFileDevice::ReadOther), QFileDevice::Permissions());
    QVERIFY(file.readAll().startsWith("-----BEGIN TSS2 PRIVATE KEY-----"));

    SoftTpm other;  // has another seed, so it can't unwrap the key
    QVERIFY2(other.start(), other.log().constData());
    NoPinSource nobody;
    const auto foreign = openSigner(KeyAddress(TpmKeyAddress{tpm_.path(u"p256"), {}, other.tcti()}), nobody);
    QVERIFY(!foreign);
    QVERIFY2(foreign.error().code == ErrorCode::CryptoKey, sayOf(foreign).constData());
    QVERIFY2(foreign.error().message().contains(QStringLiteral("another TPM")), sayOf(foreign).constData());
  }

  void wrongKindsAreRefused() {
    NoPinSource nobody;
    QCOMPARE(createKey(address(QStringLiteral("new")), {KeyType::Ed25519}, nobody).error().code,
             ErrorCode::NotSupported);
    QCOMPARE(createKey(address(QStringLiteral("p256")), {KeyType::EcP256}, nobody).error().code,
             ErrorCode::AlreadyExists);
    QCOMPARE(openSigner(address(QStringLiteral("missing")), nobody).error().code, ErrorCode::FileRead);
    QFile file(tpm_.path(u"text"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("no key") == 6);
    file.close();
    QCOMPARE(openSigner(address(QStringLiteral("text")), nobody).error().code, ErrorCode::CryptoKey);
  }

  void wrongAuthorizationThenLockout() {
    ScriptedPins maker({QStringLiteral("open sesame")});
    {
      const auto made = createKey(address(QStringLiteral("guarded")), {KeyType::EcP256}, maker);
      QVERIFY2(made, sayOf(made).constData());
    }
    QVERIFY(maker.requests.first().isNew);

    // swtpm takes three wrong values (TPM_PT_MAX_AUTH_FAIL).
    ScriptedPins machine({QStringLiteral("wrong"), QStringLiteral("open sesame")}, false);
    const auto refused = openSigner(address(QStringLiteral("guarded")), machine);
    QVERIFY(!refused);
    QVERIFY2(refused.error().code == ErrorCode::KeyPin, sayOf(refused).constData());
    QVERIFY2(refused.error().what.contains(QStringLiteral("2 tries are left")), sayOf(refused).constData());
    QCOMPARE(machine.requests.size(), 1);
    QVERIFY(machine.requests.first().triesLeft == 3);

    ScriptedPins person({QStringLiteral("wrong"), QStringLiteral("open sesame")});
    const auto opened = openSigner(address(QStringLiteral("guarded")), person);
    QVERIFY2(opened, sayOf(opened).constData());
    QCOMPARE(person.requests.size(), 2);
    QVERIFY(person.requests.at(1).lastWasWrong);
    QVERIFY(person.requests.at(1).triesLeft == 1);
    const auto signature = (*opened)->sign(SignatureScheme::EcdsaP256Sha256, "sealift");
    QVERIFY(signature && (*opened)->publicKey().verify(SignatureScheme::EcdsaP256Sha256, "sealift", *signature));
  }

  void lockedTpmSaysSo() {
    ScriptedPins maker({QStringLiteral("right")});
    {
      const auto made = createKey(address(QStringLiteral("locked")), {KeyType::EcP256}, maker);
      QVERIFY2(made, sayOf(made).constData());
    }
    ScriptedPins person({QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c"), QStringLiteral("d")});
    const auto locked = openSigner(address(QStringLiteral("locked")), person);
    QVERIFY(!locked);
    QVERIFY2(locked.error().code == ErrorCode::KeyLocked, sayOf(locked).constData());
    QVERIFY2(locked.error().remedy.contains(QStringLiteral("seconds")), qPrintable(locked.error().remedy));
    // tpm2-openssl's keys are all protected that way, those without an authorization value, too.
    NoPinSource nobody;
    const auto neighbour = openSigner(address(QStringLiteral("p256")), nobody);
    QVERIFY2(!neighbour && neighbour.error().code == ErrorCode::KeyLocked, sayOf(neighbour).constData());
    // The owner's reset brings them back.
    QVERIFY2(tpm_.tool(QStringLiteral("tpm2_dictionarylockout"), {QStringLiteral("-c")}), tpm_.log());
    ScriptedPins right({QStringLiteral("right")});
    const auto opened = openSigner(address(QStringLiteral("locked")), right);
    QVERIFY2(opened, sayOf(opened).constData());
  }

  void persistentHandle() {
    // Nothing swaps objects out of a simulated TPM, so what the tools leave in it has to go.
    const QStringList flush{QStringLiteral("-t")};
    QVERIFY2(
        tpm_.tool(QStringLiteral("tpm2_createprimary"),
                  {QStringLiteral("-C"), QStringLiteral("o"), QStringLiteral("-G"), QStringLiteral("ecc256"),
                   QStringLiteral("-c"), QStringLiteral("parent.ctx")}) &&
            tpm_.tool(QStringLiteral("tpm2_flushcontext"), flush) &&
            tpm_.tool(QStringLiteral("tpm2_create"),
                      {QStringLiteral("-C"), QStringLiteral("parent.ctx"), QStringLiteral("-G"),
                       QStringLiteral("ecc256"), QStringLiteral("-u"), QStringLiteral("k.pub"), QStringLiteral("-r"),
                       QStringLiteral("k.priv"), QStringLiteral("-c"), QStringLiteral("k.ctx")}) &&
            tpm_.tool(QStringLiteral("tpm2_flushcontext"), flush) &&
            tpm_.tool(QStringLiteral("tpm2_evictcontrol"),
                      {QStringLiteral("-C"), QStringLiteral("o"), QStringLiteral("-c"), QStringLiteral("k.ctx"),
                       QStringLiteral("0x81000001")}) &&
            tpm_.tool(QStringLiteral("tpm2_flushcontext"), flush),
        tpm_.log().right(4000).constData());
    NoPinSource nobody;
    const auto parsed = KeyAddress::parse(QStringLiteral("tpm:handle=0x81000001?tcti=") + tpm_.tcti());
    QVERIFY2(parsed, sayOf(parsed).constData());
    const auto signer = openSigner(*parsed, nobody);
    QVERIFY2(signer, sayOf(signer).constData());
    const auto signature = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "sealift");
    QVERIFY(signature && (*signer)->publicKey().verify(SignatureScheme::EcdsaP256Sha256, "sealift", *signature));

    const auto missing = openSigner(KeyAddress(TpmKeyAddress{{}, 0x81000002, tpm_.tcti()}), nobody);
    QVERIFY(!missing);
    QVERIFY2(missing.error().code == ErrorCode::NotFound, sayOf(missing).constData());
  }

  void tpmGoesAndComesBack() {
    NoPinSource nobody;
    const auto signer = openSigner(address(QStringLiteral("p256")), nobody);
    QVERIFY2(signer, sayOf(signer).constData());
    QVERIFY((*signer)->sign(SignatureScheme::EcdsaP256Sha256, "before"));
    tpm_.stop();
    for (int i = 0; i < 2; ++i) {
      const auto absent = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "away");
      QVERIFY(!absent);
      QVERIFY2(absent.error().code == ErrorCode::KeyAbsent, sayOf(absent).constData());
    }
    const auto unreachable = openSigner(address(QStringLiteral("p384")), nobody);
    QVERIFY2(unreachable.error().code == ErrorCode::KeyAbsent, sayOf(unreachable).constData());
    QVERIFY(unreachable.error().message().contains(tpm_.tcti()));
    QVERIFY2(tpm_.start(), tpm_.log().constData());
    const auto back = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "back");
    QVERIFY2(back, sayOf(back).constData());
    QVERIFY((*signer)->publicKey().verify(SignatureScheme::EcdsaP256Sha256, "back", *back));
  }

  void missingProviderIsNamed() {
    QProcess probe;  // the provider's folder is read once in a process, so another one looks
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("OPENSSL_MODULES"), tpm_.path(u"state"));
    environment.insert(QStringLiteral("SEALIFT_OPEN_KEY"), address(QStringLiteral("p256")).toString());
    probe.setProcessEnvironment(environment);
    probe.start(QCoreApplication::applicationFilePath(), {QStringLiteral("openFromEnvironment")});
    QVERIFY(probe.waitForFinished(60'000));
    const QByteArray output = probe.readAll();
    QVERIFY2(output.contains("OpenSSL's provider for TPMs is not installed here."), output.constData());
  }
  // Not a test of its own: what missingProviderIsNamed() runs.
  void openFromEnvironment() {
    if (!qEnvironmentVariableIsSet("SEALIFT_OPEN_KEY")) {
      return;
    }
    NoPinSource nobody;
    const auto parsed = KeyAddress::parse(qEnvironmentVariable("SEALIFT_OPEN_KEY"));
    qInfo("%s", parsed ? sayOf(openSigner(*parsed, nobody)).constData() : "no address");
  }

  void tlsClient_data() {
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("version");
    for (const char* key : {"p256", "p384", "rsa"}) {
      for (const char* version : {"-tls1_2", "-tls1_3"}) {
        QTest::addRow("%s %s", key, version) << QString::fromLatin1(key) << QString::fromLatin1(version);
      }
    }
  }
  void tlsClient() {
    QFETCH(const QString, key);
    QFETCH(const QString, version);
    NoPinSource nobody;
    auto signer = openSigner(address(key), nobody);
    QVERIFY2(signer, sayOf(signer).constData());
    TlsServer server;
    QVERIFY2(server.makeAuthority(), server.log().constData());
    const QByteArray chain = server.certify((*signer)->publicKey().toPem());
    QVERIFY2(server.start(version), server.log().constData());
    const auto identity = TlsIdentity::make(chain, std::move(*signer));
    QVERIFY2(identity, sayOf(identity).constData());
    QSslConfiguration configuration = server.clientConfiguration();
    QVERIFY(identity->applyTo(configuration));
    QCOMPARE(server.exchange(configuration), QByteArray("tfilaes"));
  }

 private:
  KeyAddress address(const QString& file) const { return KeyAddress(TpmKeyAddress{tpm_.path(file), {}, tpm_.tcti()}); }

  SoftTpm tpm_;
};

QTEST_GUILESS_MAIN(SwtpmTest)
#include "swtpm_test.moc"
