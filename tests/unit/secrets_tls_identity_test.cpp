// A TLS client's key that OpenSSL and Qt use without ever seeing it, against `openssl s_server`.
#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"
#include "keystore/secrets/tls_identity.h"
#include "tests/support/tls_server.h"

#include <QSignalSpy>
#include <QTest>

using namespace sealift;

namespace {

// Signs until it is told that its key has gone.
class RemovableSigner final : public Signer {
 public:
  explicit RemovableSigner(std::unique_ptr<Signer> signer) : signer_(std::move(signer)) {}
  const PublicKey& publicKey() const override { return signer_->publicKey(); }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override {
    ++signatures;
    return removed ? fail(ErrorCode::KeyAbsent, QStringLiteral("The token was removed."))
                   : signer_->sign(scheme, message);
  }
  int signatures = 0;
  bool removed = false;

 private:
  std::unique_ptr<Signer> signer_;
};

}  // namespace

class SecretsTlsIdentityTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void handshake_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("version");
    const std::pair<const char*, KeyType> types[] = {
        {"ed25519", KeyType::Ed25519}, {"p256", KeyType::EcP256}, {"p384", KeyType::EcP384}, {"rsa", KeyType::Rsa}};
    for (const auto& [name, type] : types) {
      for (const char* version : {"-tls1_2", "-tls1_3"}) {
        QTest::addRow("%s %s", name, version) << static_cast<int>(type) << QString::fromLatin1(version);
      }
    }
  }

  void handshake() {
    QFETCH(const int, type);
    QFETCH(const QString, version);
    QTemporaryDir folder;
    auto made = FileSigner::create(folder.filePath(QStringLiteral("key.pem")), static_cast<KeyType>(type), {}, 2048);
    QVERIFY(made);
    auto signer = std::make_shared<RemovableSigner>(std::move(*made));
    TlsServer server;
    QVERIFY2(server.makeAuthority(), server.log().constData());
    const QByteArray chain = server.certify(signer->publicKey().toPem());
    QVERIFY2(!chain.isEmpty(), server.log().constData());
    QVERIFY2(server.start(version), server.log().constData());
    const auto identity = TlsIdentity::make(chain, signer);
    QVERIFY2(identity, identity ? "" : qPrintable(identity.error().message()));

    QSslConfiguration configuration = server.clientConfiguration();
    QVERIFY(server.exchange(configuration).startsWith("error: "));  // nobody gets in without a certificate
    QVERIFY(identity->applyTo(configuration));
    QCOMPARE(server.exchange(configuration), QByteArray("tfilaes"));
    QCOMPARE(signer->signatures, 1);
    QVERIFY(!identity->lastSigningError());

    signer->removed = true;
    QVERIFY(server.exchange(configuration).startsWith("error: "));
    QVERIFY(identity->lastSigningError());
    QCOMPARE(identity->lastSigningError()->code, ErrorCode::KeyAbsent);

    signer->removed = false;
    QCOMPARE(server.exchange(configuration), QByteArray("tfilaes"));
  }

  void otherKeysCertificateIsRefused() {
    QTemporaryDir folder;
    auto one = FileSigner::create(folder.filePath(QStringLiteral("1.pem")), KeyType::EcP256);
    auto two = FileSigner::create(folder.filePath(QStringLiteral("2.pem")), KeyType::EcP256);
    QVERIFY(one && two);
    TlsServer server;
    QVERIFY2(server.makeAuthority(), server.log().constData());
    const auto identity = TlsIdentity::make(server.certify((*one)->publicKey().toPem()), std::move(*two));
    QVERIFY(!identity);
    QCOMPARE(identity.error().code, ErrorCode::CryptoKey);
    QVERIFY(!TlsIdentity::make("no certificate", std::move(*one)));
  }

  // What Qt copied of the configuration goes on when the identity is gone.
  void configurationOutlivesIdentity() {
    QTemporaryDir folder;
    TlsServer server;
    QVERIFY2(server.makeAuthority(), server.log().constData());
    QSslConfiguration configuration = server.clientConfiguration();
    {
      auto signer = FileSigner::create(folder.filePath(QStringLiteral("1.pem")), KeyType::EcP256);
      QVERIFY(signer);
      const QByteArray chain = server.certify((*signer)->publicKey().toPem());
      const auto identity = TlsIdentity::make(chain, std::move(*signer));
      QVERIFY(identity && identity->applyTo(configuration));
    }
    QVERIFY2(server.start(QStringLiteral("-tls1_3")), server.log().constData());
    QCOMPARE(server.exchange(configuration), QByteArray("tfilaes"));
  }
};

QTEST_GUILESS_MAIN(SecretsTlsIdentityTest)
#include "secrets_tls_identity_test.moc"
