// Keys and signatures against published vectors and, in both directions, against openssl's command line.
#include "app/base/file_io.h"
#include "keystore/crypto/digest.h"
#include "keystore/crypto/private_key.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;

Q_DECLARE_METATYPE(sealift::SignatureScheme)
Q_DECLARE_METATYPE(sealift::KeyType)

namespace {

const QByteArray kMessage("The bytes that are signed.\n");

// Runs openssl and gives its exit code; output goes to the test's log when it fails.
int openssl(const QStringList& arguments) {
  QProcess process;
  process.setProcessChannelMode(QProcess::MergedChannels);
  process.start(QStringLiteral("openssl"), arguments);
  if (!process.waitForFinished(60000)) {
    return -1;
  }
  return process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
}

struct Row {
  const char* name;
  SignatureScheme scheme;
  KeyType type;
  int rsaBits;
  QStringList genpkey;  // openssl genpkey
  QStringList pkeyutl;  // options that pick scheme and hash; -rawin takes the message itself
};

QList<Row> rows() {
  const auto text = [](const char* words) { return QString::fromLatin1(words).split(QLatin1Char(' ')); };
  const auto rsa = [&](int bits) {
    return text("-algorithm RSA -pkeyopt") << QStringLiteral("rsa_keygen_bits:%1").arg(bits);
  };
  return {
      {"Ed25519", SignatureScheme::Ed25519, KeyType::Ed25519, 0, text("-algorithm ED25519"), text("-rawin")},
      {"ECDSA P-256", SignatureScheme::EcdsaP256Sha256, KeyType::EcP256, 0,
       text("-algorithm EC -pkeyopt ec_paramgen_curve:P-256"), text("-rawin -digest sha256")},
      {"ECDSA P-384", SignatureScheme::EcdsaP384Sha384, KeyType::EcP384, 0,
       text("-algorithm EC -pkeyopt ec_paramgen_curve:P-384"), text("-rawin -digest sha384")},
      {"RSA-2048 PSS SHA-256", SignatureScheme::RsaPssSha256, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest")},
      {"RSA-3072 PSS SHA-256, longest salt", SignatureScheme::RsaPssSha256, KeyType::Rsa, 3072, rsa(3072),
       text("-rawin -digest sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:auto")},
      {"RSA-2048 PSS SHA-384", SignatureScheme::RsaPssSha384, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha384 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:auto")},
      {"RSA-2048 PSS SHA-512", SignatureScheme::RsaPssSha512, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha512 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:auto")},
      {"RSA-2048 PKCS#1 SHA-256", SignatureScheme::RsaPkcs1v15Sha256, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha256 -pkeyopt rsa_padding_mode:pkcs1")},
      {"RSA-4096 PKCS#1 SHA-256", SignatureScheme::RsaPkcs1v15Sha256, KeyType::Rsa, 4096, rsa(4096),
       text("-rawin -digest sha256 -pkeyopt rsa_padding_mode:pkcs1")},
      {"RSA-2048 PKCS#1 SHA-384", SignatureScheme::RsaPkcs1v15Sha384, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha384 -pkeyopt rsa_padding_mode:pkcs1")},
      {"RSA-2048 PKCS#1 SHA-512", SignatureScheme::RsaPkcs1v15Sha512, KeyType::Rsa, 2048, rsa(2048),
       text("-rawin -digest sha512 -pkeyopt rsa_padding_mode:pkcs1")},
  };
}

QByteArray digestFor(SignatureScheme scheme, const QByteArray& message) {
  switch (scheme) {
    case SignatureScheme::EcdsaP384Sha384:
    case SignatureScheme::RsaPssSha384:
    case SignatureScheme::RsaPkcs1v15Sha384:
      return computeDigest(DigestAlgorithm::Sha384, message);
    case SignatureScheme::RsaPssSha512:
    case SignatureScheme::RsaPkcs1v15Sha512:
      return computeDigest(DigestAlgorithm::Sha512, message);
    default:
      return sha256(message);
  }
}

QByteArray hex(const char* text) {
  return QByteArray::fromHex(text);
}

// "" when it holds, else the dotted name of the error.
QString verdict(const Status& status) {
  return status ? QString() : errorCodeName(status.error().code);
}
const QString kWrong = QStringLiteral("image.signature-invalid");
const QString kUnusable = QStringLiteral("crypto.key");

}  // namespace

class CryptoSignatureTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // RFC 8032, 7.1, tests 1 to 3.
  void knowsTheEd25519Vectors_data() {
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QByteArray>("signature");
    QTest::newRow("test 1") << hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a") << QByteArray()
                            << hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61"
                                   "e39701cf9b46bd25bf5f0"
                                   "595bbe24655141438e7a100b");
    QTest::newRow("test 2") << hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") << hex("72")
                            << hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458"
                                   "f3613d0f11d8c387b2eae"
                                   "b4302aeeb00d291612bb0c00");
    QTest::newRow("test 3") << hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025") << hex("af82")
                            << hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae6"
                                   "7f760984dc6594a7c15e9"
                                   "716ed28dc027beceea1ec40a");
  }
  void knowsTheEd25519Vectors() {
    QFETCH(const QByteArray, key);
    QFETCH(const QByteArray, message);
    QFETCH(const QByteArray, signature);
    const auto publicKey = PublicKey::fromRawEd25519(key);
    QVERIFY(publicKey);
    QCOMPARE(publicKey->rawEd25519(), key);
    QCOMPARE(verdict(publicKey->verify(SignatureScheme::Ed25519, message, signature)), QString());
    QCOMPARE(verdict(publicKey->verify(SignatureScheme::Ed25519, message + 'x', signature)), kWrong);
    // RFC 8032, 5.1.7: S must be below the group's order; adding the order would otherwise give a second signature.
    const QByteArray order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    QByteArray malleated = signature;
    int carry = 0;
    for (int i = 0; i < 32; ++i) {
      const int sum = static_cast<quint8>(signature.at(32 + i)) + static_cast<quint8>(order.at(i)) + carry;
      malleated[32 + i] = static_cast<char>(sum & 0xff);
      carry = sum >> 8;
    }
    QCOMPARE(verdict(publicKey->verify(SignatureScheme::Ed25519, message, malleated)), kWrong);
  }

  // FIPS 180-4 examples.
  void knowsTheDigests() {
    QCOMPARE(sha256("abc").toHex(), QByteArray("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(
        computeDigest(DigestAlgorithm::Sha384, "abc").toHex(),
        QByteArray("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"));
    QCOMPARE(
        computeDigest(DigestAlgorithm::Sha512, "abc").toHex(),
        QByteArray("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                   "454d4423643ce80e2a9ac94fa54ca49f"));
    Digester digester(DigestAlgorithm::Sha256);
    digester.add("a");
    digester.add({});
    digester.add("bc");
    QCOMPARE(digester.finish(), sha256("abc"));
    digester.add("abc");
    QCOMPARE(digester.finish(), sha256("abc"));
    QCOMPARE(digestFromName(u"sha384"), DigestAlgorithm::Sha384);
    QCOMPARE(digestFromName(u"md5"), std::nullopt);
  }

  void agreesWithOpenssl_data() {
    QTest::addColumn<int>("index");
    const QList<Row> all = rows();
    for (int i = 0; i < all.size(); ++i) {
      QTest::newRow(all.at(i).name) << i;
    }
  }

  void agreesWithOpenssl() {
    QFETCH(const int, index);
    const Row row = rows().at(index);
    const QTemporaryDir folder;
    const QString messagePath = folder.filePath(QStringLiteral("message"));
    const QString signaturePath = folder.filePath(QStringLiteral("signature"));
    const QString keyPath = folder.filePath(QStringLiteral("key.pem"));
    const QString publicPath = folder.filePath(QStringLiteral("public.pem"));
    QVERIFY(writeFileAtomic(messagePath, kMessage));

    // openssl makes the key and signs, Sealift verifies.
    QCOMPARE(openssl(QStringList(QStringLiteral("genpkey")) << row.genpkey << QStringLiteral("-out") << keyPath), 0);
    QCOMPARE(openssl(QStringList{QStringLiteral("pkeyutl"), QStringLiteral("-sign"), QStringLiteral("-inkey"), keyPath,
                                 QStringLiteral("-in"), messagePath, QStringLiteral("-out"), signaturePath}
                     << row.pkeyutl),
             0);
    const auto key = PrivateKey::fromPem(*readFile(keyPath, 1 << 16));
    QVERIFY2(key, key ? "" : qPrintable(key.error().message()));
    const PublicKey& publicKey = key->publicKey();
    QCOMPARE(publicKey.type(), row.type);
    const QByteArray theirs = *readFile(signaturePath, 1 << 16);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage, theirs)), QString());
    const bool isPrehashed = row.scheme != SignatureScheme::Ed25519;
    const QByteArray digest = digestFor(row.scheme, kMessage);
    if (isPrehashed) {
      QCOMPARE(verdict(publicKey.verifyDigest(row.scheme, digest, theirs)), QString());
    }

    // Sealift signs, openssl verifies.
    QVERIFY(writeFileAtomic(publicPath, publicKey.toPem()));
    QList<Result<QByteArray>> ours{key->sign(row.scheme, kMessage)};
    if (isPrehashed) {
      ours.append(key->signDigest(row.scheme, digest));
    }
    const QStringList verify = QStringList{QStringLiteral("pkeyutl"),
                                           QStringLiteral("-verify"),
                                           QStringLiteral("-pubin"),
                                           QStringLiteral("-inkey"),
                                           publicPath,
                                           QStringLiteral("-in"),
                                           messagePath,
                                           QStringLiteral("-sigfile"),
                                           signaturePath}
                               << row.pkeyutl;
    for (const auto& signature : ours) {
      QVERIFY(signature);
      QVERIFY(writeFileAtomic(signaturePath, *signature));
      QCOMPARE(openssl(verify), 0);
    }

    // What is wrong with the signature is told from what is wrong with the key.
    QByteArray changed = theirs;
    changed[changed.size() / 2] = static_cast<char>(changed.at(changed.size() / 2) ^ 1);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage, changed)), kWrong);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage, theirs.chopped(1))), kWrong);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage, theirs + '\0')), kWrong);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage, {})), kWrong);
    QCOMPARE(verdict(publicKey.verify(row.scheme, kMessage.chopped(1), theirs)), kWrong);
    const auto stranger = PrivateKey::generate(row.type, 2048);
    QCOMPARE(verdict(stranger->publicKey().verify(row.scheme, kMessage, theirs)), kWrong);
    if (isPrehashed) {
      QCOMPARE(
          verdict(publicKey.verifyDigest(row.scheme, sha256("other") + QByteArray(digest.size() - 32, 'x'), theirs)),
          kWrong);
      QCOMPARE(verdict(publicKey.verifyDigest(row.scheme, digest.chopped(1), theirs)),
               QStringLiteral("invalid-argument"));
    }
    for (const Row& other : rows()) {
      if (other.type != row.type) {
        QCOMPARE(verdict(publicKey.verify(other.scheme, kMessage, theirs)), kUnusable);
        QCOMPARE(key->sign(other.scheme, kMessage).error().code, ErrorCode::CryptoKey);
      } else if (other.scheme != row.scheme) {
        QCOMPARE(verdict(publicKey.verify(other.scheme, kMessage, theirs)), kWrong);
      }
    }
  }

  void keyFormsGiveTheSameKey_data() { agreesWithOpenssl_data(); }
  void keyFormsGiveTheSameKey() {
    QFETCH(const int, index);
    const Row row = rows().at(index);
    const auto key = PrivateKey::generate(row.type, qMax(row.rsaBits, 2048));
    QVERIFY(key);
    const PublicKey& publicKey = key->publicKey();
    QCOMPARE(*PublicKey::fromPem(publicKey.toPem()), publicKey);
    QCOMPARE(*PublicKey::fromDer(publicKey.toDer()), publicKey);
    QCOMPARE(publicKey.keyId(), QString::fromLatin1(sha256(publicKey.toDer()).toHex()));
    if (row.type == KeyType::Ed25519) {
      QCOMPARE(*PublicKey::fromRawEd25519(publicKey.toDer().last(32)), publicKey);
    } else if (row.type != KeyType::Rsa) {
      const qsizetype pointSize = row.type == KeyType::EcP256 ? 65 : 97;
      QCOMPARE(*PublicKey::fromUncompressedEcPoint(publicKey.toDer().last(pointSize)), publicKey);
      QByteArray offCurve = publicKey.toDer().last(pointSize);
      offCurve[20] = static_cast<char>(offCurve.at(20) ^ 1);
      QCOMPARE(PublicKey::fromUncompressedEcPoint(offCurve).error().code, ErrorCode::CryptoKey);
      QByteArray der = publicKey.toDer();
      der.replace(der.size() - pointSize, pointSize, offCurve);
      QCOMPARE(PublicKey::fromDer(der).error().code, ErrorCode::CryptoKey);
    }
    for (qsizetype size = 0; size < publicKey.toDer().size(); ++size) {
      QCOMPARE(PublicKey::fromDer(publicKey.toDer().first(size)).error().code, ErrorCode::CryptoKey);
    }
    QCOMPARE(PublicKey::fromDer(publicKey.toDer() + 'x').error().code, ErrorCode::CryptoKey);
    QCOMPARE(PublicKey::fromPem(publicKey.toPem() + publicKey.toPem()).error().code, ErrorCode::CryptoKey);

    const auto pem = key->toPem();
    QVERIFY(pem);
    QCOMPARE(PublicKey::fromPem(pem->view()).error().code, ErrorCode::CryptoKey);  // a private key is no public one
    QCOMPARE(PrivateKey::fromPem(pem->view())->publicKey(), publicKey);
    QCOMPARE(PrivateKey::fromPem(publicKey.toPem()).error().code, ErrorCode::CryptoKey);
  }

  // A compressed point is the same key under the same id.
  void compressedPointHasTheSameKeyId() {
    const QTemporaryDir folder;
    const QString keyPath = folder.filePath(QStringLiteral("key.pem"));
    const QString publicPath = folder.filePath(QStringLiteral("public.pem"));
    const auto key = PrivateKey::generate(KeyType::EcP256);
    QVERIFY(writeFileAtomic(keyPath, key->toPem()->view().toByteArray()));
    QCOMPARE(openssl({QStringLiteral("ec"), QStringLiteral("-in"), keyPath, QStringLiteral("-pubout"),
                      QStringLiteral("-conv_form"), QStringLiteral("compressed"), QStringLiteral("-out"), publicPath}),
             0);
    const QByteArray compressed = *readFile(publicPath, 1 << 16);
    QVERIFY(compressed != key->publicKey().toPem());
    QCOMPARE(PublicKey::fromPem(compressed)->keyId(), key->publicKey().keyId());
  }

  void refusesKeys_data() {
    QTest::addColumn<QString>("genpkey");
    QTest::newRow("RSA-1024") << QStringLiteral("-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    QTest::newRow("P-521") << QStringLiteral("-algorithm EC -pkeyopt ec_paramgen_curve:P-521");
    QTest::newRow("secp256k1") << QStringLiteral("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1");
    QTest::newRow("X25519") << QStringLiteral("-algorithm X25519");
    QTest::newRow("Ed448") << QStringLiteral("-algorithm ED448");
    QTest::newRow("RSA-PSS key") << QStringLiteral("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048");
  }
  void refusesKeys() {
    QFETCH(const QString, genpkey);
    const QTemporaryDir folder;
    const QString keyPath = folder.filePath(QStringLiteral("key.pem"));
    const QString publicPath = folder.filePath(QStringLiteral("public.pem"));
    QCOMPARE(openssl(QStringList(QStringLiteral("genpkey"))
                     << genpkey.split(QLatin1Char(' ')) << QStringLiteral("-out") << keyPath),
             0);
    QCOMPARE(openssl({QStringLiteral("pkey"), QStringLiteral("-in"), keyPath, QStringLiteral("-pubout"),
                      QStringLiteral("-out"), publicPath}),
             0);
    QCOMPARE(PublicKey::fromPem(*readFile(publicPath, 1 << 16)).error().code, ErrorCode::CryptoKey);
    QCOMPARE(PrivateKey::fromPem(*readFile(keyPath, 1 << 16)).error().code, ErrorCode::CryptoKey);
  }

  void passphraseProtects() {
    const QTemporaryDir folder;
    const auto key = PrivateKey::generate(KeyType::Ed25519);
    const SecretBytes right(QByteArrayView("correct horse"));
    const auto pem = key->toPem(right);
    QVERIFY(pem);
    QVERIFY(pem->view().startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    QCOMPARE(PrivateKey::fromPem(pem->view(), right)->publicKey(), key->publicKey());
    const auto missing = PrivateKey::fromPem(pem->view());
    QCOMPARE(missing.error().code, ErrorCode::KeyPin);
    QVERIFY(missing.error().what.contains(QLatin1String("no passphrase")));
    const auto wrong = PrivateKey::fromPem(pem->view(), SecretBytes(QByteArrayView("battery staple")));
    QCOMPARE(wrong.error().code, ErrorCode::KeyPin);
    QVERIFY(wrong.error().what.contains(QLatin1String("passphrase is wrong")));
    // openssl opens it, and finds the promised key derivation.
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    QVERIFY(writeFileAtomic(path, pem->view().toByteArray()));
    QCOMPARE(openssl({QStringLiteral("pkey"), QStringLiteral("-in"), path, QStringLiteral("-passin"),
                      QStringLiteral("pass:correct horse"), QStringLiteral("-noout")}),
             0);
    QProcess asn1;
    asn1.start(QStringLiteral("openssl"), {QStringLiteral("asn1parse"), QStringLiteral("-in"), path});
    QVERIFY(asn1.waitForFinished(60000));
    const QByteArray structure = asn1.readAllStandardOutput();
    QVERIFY(structure.contains("aes-256-cbc"));
    QVERIFY(structure.contains("hmacWithSHA256"));
    QVERIFY(structure.contains(":0927C0"));  // 600,000
  }

  void mismatchedHalvesAreRefused() {
    // PKCS#8 of a P-256 key whose public point was exchanged for another key's.
    const auto one = PrivateKey::generate(KeyType::EcP256);
    const auto two = PrivateKey::generate(KeyType::EcP256);
    QByteArray pem = one->toPem()->view().toByteArray();
    QByteArray body;
    for (const QByteArray& line : pem.split('\n')) {
      body += line.startsWith("-") ? QByteArray() : line;
    }
    QByteArray der = QByteArray::fromBase64(body);
    der.replace(one->publicKey().toDer().last(65), two->publicKey().toDer().last(65));
    const QByteArray forged = "-----BEGIN PRIVATE KEY-----\n" + der.toBase64() + "\n-----END PRIVATE KEY-----\n";
    QCOMPARE(PrivateKey::fromPem(forged).error().code, ErrorCode::CryptoKey);
  }

  void secretsAreZeroed() {
    QByteArray secret(32, 's');
    const char* where = secret.constData();
    QByteArray shared = secret;
    zeroize(secret);
    QCOMPARE(shared, QByteArray(32, 's'));  // another owner keeps what it has
    QVERIFY(secret.isEmpty());
    QCOMPARE(where, shared.constData());
    char buffer[] = "secret";
    zeroize(buffer, sizeof buffer);
    QCOMPARE(QByteArray(buffer, sizeof buffer), QByteArray(sizeof buffer, '\0'));
  }
};

QTEST_GUILESS_MAIN(CryptoSignatureTest)
#include "crypto_signature_test.moc"
