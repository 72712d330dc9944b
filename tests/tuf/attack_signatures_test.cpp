// Signatures in other encodings than their own (malleability), for every kind of key. What is accepted, and why it does
// no harm, stands in README.md.
#include "tests/tuf/attack_harness.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

const QString kTimestampPath = QStringLiteral("metadata/timestamp.json");

// S + L instead of S (RFC 8032, 5.1.7: "0 <= S < L"): a verifier that does not look accepts both.
QByteArray withLargeS(const QByteArray& right) {
  QByteArray signature = right;
  static const QByteArray kOrder =
      QByteArray::fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");  // little-endian
  int carry = 0;
  for (int i = 0; i < 32; ++i) {
    const int sum = static_cast<quint8>(signature.at(32 + i)) + static_cast<quint8>(kOrder.at(i)) + carry;
    signature[32 + i] = static_cast<char>(sum & 0xff);
    carry = sum >> 8;
  }
  return signature;
}

// n - s instead of s: as valid an ECDSA signature as the other (FIPS 186-5 knows no low s).
QByteArray withOtherS(const QByteArray& signature) {
  const auto* at = reinterpret_cast<const unsigned char*>(signature.constData());
  ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &at, signature.size());
  EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  const BIGNUM* r = nullptr;
  const BIGNUM* s = nullptr;
  ECDSA_SIG_get0(parsed, &r, &s);
  BIGNUM* other = BN_new();
  BN_sub(other, EC_GROUP_get0_order(group), s);
  ECDSA_SIG_set0(parsed, BN_dup(r), other);
  unsigned char* encoded = nullptr;
  const int length = i2d_ECDSA_SIG(parsed, &encoded);
  const QByteArray bytes(reinterpret_cast<char*>(encoded), length);
  OPENSSL_free(encoded);
  ECDSA_SIG_free(parsed);
  EC_GROUP_free(group);
  return bytes;
}

// The length of the sequence in two bytes where one does (X.690, 10.1: DER has but the shortest).
QByteArray withLongLength(const QByteArray& right) {
  QByteArray signature = right;
  signature.insert(1, '\x81');
  return signature;
}

// r with one more zero in front.
QByteArray withPaddedInteger(const QByteArray& right) {
  QByteArray signature = right;
  signature[1] = static_cast<char>(signature.at(1) + 1);
  signature[3] = static_cast<char>(signature.at(3) + 1);
  signature.insert(4, '\0');
  return signature;
}

QByteArray unchanged(const QByteArray& signature) {
  return signature;
}

using Change = QByteArray (*)(const QByteArray&);

}  // namespace

Q_DECLARE_METATYPE(Change)

class AttackSignaturesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void changedEncodings_data() {
    QTest::addColumn<int>("key");
    QTest::addColumn<Change>("change");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* name, int key, Change change, bool isTaken) {
      QTest::newRow(name) << key << change << isTaken;
    };
    const Change longer = [](const QByteArray& s) { return s + '\0'; };
    const Change shorter = [](const QByteArray& s) { return s.chopped(1); };
    const Change zeroInFront = [](const QByteArray& s) { return '\0' + s; };
    const Change empty = [](const QByteArray&) { return QByteArray(); };
    const Change zeros = [](const QByteArray& s) { return QByteArray(s.size(), '\0'); };
    row("Ed25519 as it is", 9, unchanged, true);
    row("malleability.ed25519-large-s", 9, withLargeS, false);
    row("malleability.ed25519-trailing-byte", 9, longer, false);
    row("malleability.ed25519-truncated", 9, shorter, false);
    row("malleability.ed25519-zeros", 9, zeros, false);
    row("malleability.ed25519-empty", 9, empty, false);
    row("ECDSA P-256 as it is", 11, unchanged, true);
    row("malleability.ecdsa-trailing-byte", 11, longer, false);
    row("malleability.ecdsa-truncated", 11, shorter, false);
    row("malleability.ecdsa-long-length", 11, withLongLength, false);
    row("malleability.ecdsa-padded-integer", 11, withPaddedInteger, false);
    row(
        "malleability.ecdsa-zeros", 11, [](const QByteArray&) { return QByteArray::fromHex("3006020100020100"); },
        false);
    row(
        "malleability.ecdsa-other-s-is-the-same-signer", 11, [](const QByteArray& s) { return withOtherS(s); }, true);
    row("ECDSA P-384 as it is", 12, unchanged, true);
    row("malleability.ecdsa-p384-trailing-byte", 12, longer, false);
    row("RSA-PSS as it is", 13, unchanged, true);
    row("malleability.rsa-trailing-byte", 13, longer, false);
    row("malleability.rsa-leading-zero", 13, zeroInFront, false);
    row("malleability.rsa-truncated", 13, shorter, false);
    row("malleability.rsa-zeros", 13, zeros, false);
  }

  void changedEncodings() {
    QFETCH(const int, key);
    QFETCH(const Change, change);
    QFETCH(const bool, isTaken);
    AttackedClient c;
    R& r = c.repository;
    r.setRole("timestamp", {key}, 1);
    r.timestamp.keys = {key};
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.bump();
    r.putAll();
    Json document = Json::parse(r.files[kTimestampPath].toStdString());
    const std::string text = document["signatures"][0]["sig"];
    const QByteArray signature = QByteArray::fromHex(QByteArray::fromStdString(text));
    document["signatures"][0]["sig"] = change(signature).toHex().toStdString();
    r.files[kTimestampPath] = QByteArray::fromStdString(document.dump());
    QCOMPARE(c.refresh(), isTaken);
    if (!isTaken) {
      QVERIFY2(c.refusal->code == ErrorCode::TrustThreshold, qPrintable(c.told()));
    }
  }

  // The same signature written anew under the same key counts once all the same: 2 of 2 is not reached by one key.
  void oneKeyCountsOnceHoweverItsSignaturesDiffer_data() {
    QTest::addColumn<bool>("isEvil");
    QTest::newRow("two keys") << false;
    QTest::newRow("malleability.ecdsa-two-forms-towards-the-threshold") << true;
  }

  void oneKeyCountsOnceHoweverItsSignaturesDiffer() {
    QFETCH(const bool, isEvil);
    AttackedClient c;
    R& r = c.repository;
    r.setRole("timestamp", {11, 3}, 2);
    Json twin = keyToJson(R::key(11).publicKey());
    twin["x-owner"] = "the same";
    const std::string twinId = sha256(canonicalJson(twin)).toHex().toStdString();
    if (isEvil) {
      r.root.signedPart["keys"][twinId] = twin;
      r.root.signedPart["roles"]["timestamp"]["keyids"] = {R::keyId(11), twinId};
    }
    r.timestamp.keys = isEvil ? std::vector{11} : std::vector{11, 3};
    r.putAll();
    if (isEvil) {
      Json document = Json::parse(r.files[kTimestampPath].toStdString());
      Json again = document["signatures"][0];
      const std::string text = again["sig"];
      again["sig"] = withOtherS(QByteArray::fromHex(QByteArray::fromStdString(text))).toHex().toStdString();
      again["keyid"] = twinId;
      document["signatures"].push_back(again);
      r.files[kTimestampPath] = QByteArray::fromStdString(document.dump());
    }
    QVERIFY(c.start());
    QCOMPARE(c.refresh(), !isEvil);
    if (isEvil) {
      QCOMPARE(c.refusal->code, ErrorCode::TrustThreshold);
    }
  }

  // Every key type and scheme, under each spelling in use, verifies; under a scheme of another it does not.
  void keyTypesAndSchemes_data() {
    QTest::addColumn<int>("key");
    QTest::addColumn<QByteArray>("keyType");
    QTest::addColumn<QByteArray>("scheme");
    QTest::addColumn<int>("signedAs");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](int key, const char* type, const char* scheme, SignatureScheme as, bool isTaken = true) {
      QTest::addRow("%s/%s signed with %s", type, scheme, qPrintable(signatureSchemeName(as)))
          << key << QByteArray(type) << QByteArray(scheme) << static_cast<int>(as) << isTaken;
    };
    row(9, "ed25519", "ed25519", SignatureScheme::Ed25519);
    row(11, "ecdsa", "ecdsa-sha2-nistp256", SignatureScheme::EcdsaP256Sha256);
    row(11, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", SignatureScheme::EcdsaP256Sha256);
    row(12, "ecdsa", "ecdsa-sha2-nistp384", SignatureScheme::EcdsaP384Sha384);
    row(12, "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", SignatureScheme::EcdsaP384Sha384);
    row(13, "rsa", "rsassa-pss-sha256", SignatureScheme::RsaPssSha256);
    row(13, "rsa", "rsassa-pss-sha384", SignatureScheme::RsaPssSha384);
    row(13, "rsa", "rsassa-pss-sha512", SignatureScheme::RsaPssSha512);
    row(13, "rsa", "rsassa-pss-sha256", SignatureScheme::RsaPssSha512, false);
    row(13, "rsa", "rsassa-pss-sha256", SignatureScheme::RsaPkcs1v15Sha256, false);
    row(13, "rsa", "rsa-pkcs1v15-sha256", SignatureScheme::RsaPkcs1v15Sha256, false);
    row(12, "ecdsa", "ecdsa-sha2-nistp256", SignatureScheme::EcdsaP384Sha384, false);
    row(9, "ecdsa", "ed25519", SignatureScheme::Ed25519, false);
  }

  void keyTypesAndSchemes() {
    QFETCH(const int, key);
    QFETCH(const QByteArray, keyType);
    QFETCH(const QByteArray, scheme);
    QFETCH(const int, signedAs);
    QFETCH(const bool, isTaken);
    AttackedClient c;
    R& r = c.repository;
    Json object = keyToJson(R::key(key).publicKey());
    object["keytype"] = keyType.toStdString();
    object["scheme"] = scheme.toStdString();
    const std::string id = sha256(canonicalJson(object)).toHex().toStdString();
    r.root.signedPart["keys"][id] = object;
    r.root.signedPart["roles"]["timestamp"] = {{"keyids", {id}}, {"threshold", 1}};
    r.putAll();
    const auto signature =
        R::key(key).sign(static_cast<SignatureScheme>(signedAs), canonicalJson(r.timestamp.signedPart));
    QVERIFY(signature);
    const Json file{{"signatures", {{{"keyid", id}, {"sig", signature->toHex().toStdString()}}}},
                    {"signed", r.timestamp.signedPart}};
    r.files[kTimestampPath] = QByteArray::fromStdString(file.dump());
    QVERIFY(c.start());
    QVERIFY2(c.refresh() == isTaken, qPrintable(c.told()));
    if (!isTaken) {
      QCOMPARE(c.refusal->code, ErrorCode::TrustThreshold);
    }
  }
};

QTEST_GUILESS_MAIN(AttackSignaturesTest)
#include "attack_signatures_test.moc"
