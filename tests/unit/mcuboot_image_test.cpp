// MCUboot images: those that imgtool made (tests/data/mcuboot, see there for what their names mean),
// and damaged or lying ones.
#include "devices/images/mcuboot_image.h"

#include "devices/images/image_formats.h"
#include "devices/images/mcuboot_builder.h"
#include "keystore/crypto/digest.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <memory>

using namespace sealift;

namespace {

QByteArray readData(const QString& name) {
  QFile file(QStringLiteral(SEALIFT_TEST_DATA "/mcuboot/") + name);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString resultName(const Result<ImageFacts>& result) {
  return result ? QStringLiteral("verified") : errorCodeName(result.error().code);
}

QByteArray little(quint64 value, int count) {
  QByteArray bytes;
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<char>((value >> (8 * i)) & 0xff));
  }
  return bytes;
}

QByteArray replaced(QByteArray bytes, qsizetype at, const QByteArray& with) {
  return bytes.replace(at, with.size(), with);
}

McubootImageSpec smallSpec() {
  McubootImageSpec spec;
  spec.version = {2, 4, 1, 9};
  spec.payload = QByteArray(64, 'p');
  spec.securityCounter = 8;
  spec.headerSize = 32;
  return spec;
}

}  // namespace

class McubootImageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void verifiesImgtoolsImages_data();
  void verifiesImgtoolsImages();
  void readsWhatImgtoolWrote();
  void refusesEveryImageUnderAnotherKey();
  void builtImagesVerify_data();
  void builtImagesVerify();
  void refusesLies_data();
  void refusesLies();
  void toleratesUnknownTlvs();
  void neverTrustsTheKeyThatTheImageBrings();
  void refusesSignatureOfAnotherImage();
  void toleratesZeroPaddingOfEcdsaSignatures();
  void everyTruncationIsRefused();
  void everyFlippedByteIsRefused();
  void slotMayHoldMoreThanTheImage();
  void formatTable();

 private:
  const PrivateKey& key() const { return *key_; }
  QByteArray build(const McubootImageSpec& spec) const { return buildMcubootImage(spec, *key_).value(); }
  QString verify(const QByteArray& image) const {
    return resultName(verifyMcubootImage(image, {key_->publicKey().toPem()}));
  }

  std::unique_ptr<PrivateKey> key_;
};

void McubootImageTest::initTestCase() {
  Result<PrivateKey> made = PrivateKey::generate(KeyType::Ed25519);
  QVERIFY2(made, qPrintable(made ? QString() : made.error().message()));
  key_ = std::make_unique<PrivateKey>(std::move(*made));
}

void McubootImageTest::verifiesImgtoolsImages_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QString>("expected");
  QTest::addColumn<QString>("version");
  QTest::addColumn<int>("counter");  // -1: none
  QTest::addColumn<QString>("algorithm");

  const auto good = [](const char* image, const char* keyName, const char* version, int counter,
                       const char* algorithm) {
    QTest::newRow(image) << QString::fromLatin1(keyName) << QStringLiteral("verified") << QString::fromLatin1(version)
                         << counter << QString::fromLatin1(algorithm);
  };
  good("app-2.3.1+4-counter7-ecdsa-p256.bin", "ecdsa-p256", "2.3.1+4", 7, "ECDSA P-256");
  good("app-2.4.0+17-bootrecord.bin", "ecdsa-p256", "2.4.0+17", 8, "ECDSA P-256");
  good("app-2.4.0+17-counter8-ecdsa-p256-fullkey.bin", "ecdsa-p256", "2.4.0+17", 8, "ECDSA P-256");
  good("app-2.4.0+17-counter8-ecdsa-p256.bin", "ecdsa-p256", "2.4.0+17", 8, "ECDSA P-256");
  good("app-2.4.0+17-counter8-ecdsa-p384.bin", "ecdsa-p384", "2.4.0+17", 8, "ECDSA P-384");
  good("app-2.4.0+17-counter8-ed25519-pure.bin", "ed25519", "2.4.0+17", 8, "Ed25519 (pure)");
  good("app-2.4.0+17-counter8-ed25519.bin", "ed25519", "2.4.0+17", 8, "Ed25519");
  good("app-2.4.0+17-counter8-other-key.bin", "other-ecdsa-p256", "2.4.0+17", 8, "ECDSA P-256");
  good("app-2.4.0+17-counter8-rsa-2048.bin", "rsa-2048", "2.4.0+17", 8, "RSA-2048 PSS");
  good("app-2.4.0+17-counter8-rsa-3072.bin", "rsa-3072", "2.4.0+17", 8, "RSA-3072 PSS");
  good("app-2.4.0+17-depends-image1-1.2.0.bin", "ecdsa-p256", "2.4.0+17", 8, "ECDSA P-256");
  good("app-2.4.0+17-nocounter-ecdsa-p256.bin", "ecdsa-p256", "2.4.0+17", -1, "ECDSA P-256");

  const auto bad = [](const char* row, const char* keyName, const char* expected) {
    QTest::newRow(row) << QString::fromLatin1(keyName) << QString::fromLatin1(expected) << QString() << -1 << QString();
  };
  bad("app-2.4.0+17-counter8-other-key.bin", "ecdsa-p256", "image.unknown-key");
  bad("app-2.4.0+17-counter8-unsigned.bin", "ecdsa-p256", "image.unsigned");
  bad("payload-1.bin", "ecdsa-p256", "image.malformed");
}

void McubootImageTest::verifiesImgtoolsImages() {
  QFETCH(const QString, key);
  QFETCH(const QString, expected);
  QFETCH(const QString, version);
  QFETCH(const int, counter);
  QFETCH(const QString, algorithm);
  const QByteArray image = readData(QString::fromUtf8(QTest::currentDataTag()));
  const QByteArray pem = readData(QStringLiteral("key-%1.pub.pem").arg(key));
  QVERIFY(!image.isEmpty() && !pem.isEmpty());

  const Result<ImageFacts> facts = verifyImage(QStringLiteral("mcuboot"), image, {pem});
  QCOMPARE(resultName(facts), expected);
  if (facts) {
    QCOMPARE(facts->format, QStringLiteral("mcuboot"));
    QCOMPARE(facts->version->toString(), version);
    QCOMPARE(facts->securityVersion ? static_cast<int>(*facts->securityVersion) : -1, counter);
    QCOMPARE(facts->signatureAlgorithm, algorithm);
    QCOMPARE(facts->keyId, PublicKey::fromPem(pem)->keyId());
    QVERIFY(facts->digest.size() >= 32);
  }
}

void McubootImageTest::readsWhatImgtoolWrote() {
  const QByteArray bytes = readData(QStringLiteral("app-2.4.0+17-depends-image1-1.2.0.bin"));
  const Result<McubootImage> image = parseMcubootImage(bytes);
  QVERIFY(image);
  QCOMPARE(image->headerSize, 0x200);
  QCOMPARE(image->payloadSize, 30000);
  QCOMPARE(bytes.mid(0x200, 30000), readData(QStringLiteral("payload-1.bin")));
  QCOMPARE(image->dependencies, (QList<McubootDependency>{{1, {1, 2, 0, 0}}}));
  QCOMPARE(image->hash.toHex(), QByteArray("e24c72bbd991f84754d0d6ccfa21221e72c4cf250dc8105526c651e1b834bfa5"));
  const Result<McubootImage> record = parseMcubootImage(readData(QStringLiteral("app-2.4.0+17-bootrecord.bin")));
  QVERIFY(record);
  QCOMPARE(record->bootRecord.size(), 91);
}

void McubootImageTest::refusesEveryImageUnderAnotherKey() {
  const QDir folder(QStringLiteral(SEALIFT_TEST_DATA "/mcuboot"));
  const QStringList images = folder.entryList({QStringLiteral("app-*.bin")});
  QCOMPARE(images.size(), 13);
  for (const QString& name : images) {
    QVERIFY2(verify(readData(name)) != QStringLiteral("verified"), qPrintable(name));
  }
  QCOMPARE(resultName(verifyMcubootImage(readData(images.first()), {})), QStringLiteral("image.unknown-key"));
  QCOMPARE(resultName(verifyMcubootImage(readData(images.first()), {"no key"})), QStringLiteral("crypto.key"));
}

void McubootImageTest::builtImagesVerify_data() {
  QTest::addColumn<int>("type");
  QTest::addColumn<int>("bits");
  QTest::addColumn<QString>("algorithm");
  QTest::newRow("ed25519") << static_cast<int>(KeyType::Ed25519) << 0 << QStringLiteral("Ed25519");
  QTest::newRow("p256") << static_cast<int>(KeyType::EcP256) << 0 << QStringLiteral("ECDSA P-256");
  QTest::newRow("p384") << static_cast<int>(KeyType::EcP384) << 0 << QStringLiteral("ECDSA P-384");
  QTest::newRow("rsa2048") << static_cast<int>(KeyType::Rsa) << 2048 << QStringLiteral("RSA-2048 PSS");
  QTest::newRow("rsa3072") << static_cast<int>(KeyType::Rsa) << 3072 << QStringLiteral("RSA-3072 PSS");
}

void McubootImageTest::builtImagesVerify() {
  QFETCH(const int, type);
  QFETCH(const int, bits);
  QFETCH(const QString, algorithm);
  const Result<PrivateKey> signer = PrivateKey::generate(static_cast<KeyType>(type), bits);
  QVERIFY(signer);
  McubootImageSpec spec = smallSpec();
  spec.dependencies = {{1, {1, 2, 3, 4}}};
  for (const bool full : {false, true}) {
    spec.fullPublicKey = full;
    const Result<QByteArray> image = buildMcubootImage(spec, *signer);
    QVERIFY(image);
    const Result<ImageFacts> facts =
        verifyMcubootImage(*image, {key().publicKey().toPem(), signer->publicKey().toPem()});
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().message()));
    QCOMPARE(facts->signatureAlgorithm, algorithm);
    QCOMPARE(facts->version, spec.version);
    QCOMPARE(facts->securityVersion, 8U);
    QCOMPARE(facts->keyId, signer->publicKey().keyId());
    QCOMPARE(parseMcubootImage(*image)->dependencies, spec.dependencies);
  }
}

void McubootImageTest::refusesLies_data() {
  QTest::addColumn<QByteArray>("image");
  QTest::addColumn<QString>("expected");
  const QByteArray good = build(smallSpec());
  const QString malformed = QStringLiteral("image.malformed");
  const QString refused = QStringLiteral("image.format-refused");
  constexpr qsizetype kProtectedAt = 32 + 64;
  constexpr qsizetype kPlainAt = kProtectedAt + 12;

  QTest::newRow("good") << good << QStringLiteral("verified");
  QTest::newRow("empty") << QByteArray() << malformed;
  QTest::newRow("trailing byte") << good + '\xff' << malformed;
  QTest::newRow("header size 0") << replaced(good, 8, little(0, 2)) << malformed;
  QTest::newRow("header size beyond the file") << replaced(good, 8, little(0xffff, 2)) << malformed;
  QTest::newRow("payload size 0") << replaced(good, 12, little(0, 4)) << malformed;
  QTest::newRow("payload size 4 GiB - 1") << replaced(good, 12, little(0xffffffff, 4)) << malformed;
  QTest::newRow("payload one byte longer") << replaced(good, 12, little(65, 4)) << malformed;
  QTest::newRow("protected size not announced") << replaced(good, 10, little(0, 2)) << malformed;
  QTest::newRow("protected size differs") << replaced(good, 10, little(16, 2)) << malformed;
  QTest::newRow("protected area empty") << replaced(good, kProtectedAt + 2, little(0, 2)) << malformed;
  QTest::newRow("plain area beyond the file") << replaced(good, kPlainAt + 2, little(0xffff, 2)) << malformed;
  QTest::newRow("TLV beyond its area") << replaced(good, kPlainAt + 6, little(0xfff0, 2)) << malformed;

  const auto with = [this](const char* row, auto change, const QString& expected) {
    McubootImageSpec spec = smallSpec();
    change(spec);
    QTest::newRow(row) << build(spec) << expected;
  };
  const QByteArray counter = little(99, 4);
  with(
      "counter outside the protected area",
      [&](McubootImageSpec& spec) {
        spec.securityCounter.reset();
        spec.plainTlvs = {{mcuboot::kTlvSecurityCounter, counter}};
      },
      malformed);
  with(
      "two counters",
      [&](McubootImageSpec& s) {
        s.protectedTlvs = {{mcuboot::kTlvSecurityCounter, counter}};
      },
      malformed);
  with(
      "counter of three bytes",
      [](McubootImageSpec& spec) {
        spec.securityCounter.reset();
        spec.protectedTlvs = {{mcuboot::kTlvSecurityCounter, QByteArray(3, '\1')}};
      },
      malformed);
  with(
      "dependency of 11 bytes",
      [](McubootImageSpec& s) {
        s.protectedTlvs = {{mcuboot::kTlvDependency, QByteArray(11, '\0')}};
      },
      malformed);
  with(
      "two hashes",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvSha384, QByteArray(48, 'h')}};
      },
      malformed);
  with(
      "the same hash twice",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvSha256, QByteArray(32, 'h')}};
      },
      malformed);
  with(
      "two signatures",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvEcdsa, QByteArray(70, 's')}};
      },
      malformed);
  with(
      "key hash and key",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvPublicKey, QByteArray(44, 'k')}};
      },
      malformed);
  with(
      "hash in the protected area",
      [](McubootImageSpec& s) {
        s.protectedTlvs = {{mcuboot::kTlvSha256, QByteArray(32, 'h')}};
      },
      malformed);
  with(
      "pure announced, digest signed",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvSignaturePure, QByteArray(1, '\1')}};
      },
      QStringLiteral("image.signature-invalid"));
  with(
      "pure byte is 0",
      [](McubootImageSpec& s) {
        s.plainTlvs = {{mcuboot::kTlvSignaturePure, QByteArray(1, '\0')}};
      },
      malformed);
  with(
      "encrypted", [](McubootImageSpec& spec) { spec.flags = mcuboot::kFlagEncryptedAes128; }, refused);
  with(
      "encrypted with a longer key", [](McubootImageSpec& spec) { spec.flags = mcuboot::kFlagEncryptedAes256; },
      refused);
  with(
      "compressed", [](McubootImageSpec& spec) { spec.flags = mcuboot::kFlagCompressedLzma2; }, refused);
  with(
      "not bootable", [](McubootImageSpec& spec) { spec.flags = mcuboot::kFlagNonBootable; }, refused);
}

void McubootImageTest::refusesLies() {
  QFETCH(const QByteArray, image);
  QFETCH(const QString, expected);
  const Result<ImageFacts> result = verifyMcubootImage(image, {key().publicKey().toPem()});
  QCOMPARE(resultName(result), expected);
  if (!result) {
    QVERIFY(result.error().what.endsWith(QLatin1Char('.')));
  }
}

void McubootImageTest::toleratesUnknownTlvs() {
  McubootImageSpec spec = smallSpec();
  spec.protectedTlvs = {{0x00a1, "vendor"}, {0x00a1, "again"}};
  spec.plainTlvs = {{0xbea0, "plain"}};
  QCOMPARE(verify(build(spec)), QStringLiteral("verified"));

  // A protected one is covered like everything else; a plain one is covered by nothing, as in MCUboot.
  QByteArray image = build(spec);
  QCOMPARE(verify(image.replace("vendor", "vandor")), QStringLiteral("image.hash-mismatch"));
  image = build(spec);
  QCOMPARE(verify(image.replace("plain", "plane")), QStringLiteral("verified"));
}

void McubootImageTest::neverTrustsTheKeyThatTheImageBrings() {
  const Result<PrivateKey> attacker = PrivateKey::generate(KeyType::Ed25519);
  QVERIFY(attacker);
  McubootImageSpec spec = smallSpec();
  spec.fullPublicKey = true;
  QCOMPARE(verify(buildMcubootImage(spec, *attacker).value()), QStringLiteral("image.unknown-key"));

  // The trusted key's name over the attacker's signature.
  QByteArray forged = buildMcubootImage(spec, *attacker).value();
  forged.replace(attacker->publicKey().toDer(), key().publicKey().toDer());
  QCOMPARE(verify(forged), QStringLiteral("image.signature-invalid"));
}

void McubootImageTest::refusesSignatureOfAnotherImage() {
  const QByteArray first = build(smallSpec());
  McubootImageSpec spec = smallSpec();
  spec.version.major = 3;
  const QByteArray second = build(spec);
  QCOMPARE(first.size(), second.size());
  QCOMPARE(verify(second.first(second.size() - 64) + first.last(64)), QStringLiteral("image.signature-invalid"));
}

void McubootImageTest::toleratesZeroPaddingOfEcdsaSignatures() {
  const Result<PrivateKey> signer = PrivateKey::generate(KeyType::EcP256);
  QVERIFY(signer);
  const QByteArray image = buildMcubootImage(smallSpec(), *signer).value();
  const Result<McubootImage> parsed = parseMcubootImage(image);
  const qsizetype plainAt = parsed->coveredSize();
  const qsizetype lengthAt = image.size() - parsed->signature.size() - 2;
  const auto padded = [&](const QByteArray& padding) {
    QByteArray bytes = image + padding;
    bytes = replaced(bytes, lengthAt, little(static_cast<quint64>(parsed->signature.size() + padding.size()), 2));
    bytes = replaced(bytes, plainAt + 2, little(static_cast<quint64>(bytes.size() - plainAt), 2));
    return resultName(verifyMcubootImage(bytes, {signer->publicKey().toPem()}));
  };
  QCOMPARE(padded(QByteArray(2, '\0')), QStringLiteral("verified"));
  QCOMPARE(padded(QByteArray(2, '\1')), QStringLiteral("image.signature-invalid"));
}

void McubootImageTest::everyTruncationIsRefused() {
  const QByteArray image = build(smallSpec());
  for (qsizetype size = 0; size < image.size(); ++size) {
    QVERIFY2(verify(image.first(size)) != QStringLiteral("verified"), qPrintable(QString::number(size)));
  }
}

// Nothing in an image without plain vendor TLVs is left uncovered: the header, the payload and the
// protected TLVs by the hash, the hash by the signature, and the plain TLVs by having to be what they are.
void McubootImageTest::everyFlippedByteIsRefused() {
  const QByteArray image = build(smallSpec());
  QCOMPARE(verify(image), QStringLiteral("verified"));
  for (qsizetype at = 0; at < image.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      QByteArray changed = image;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      QVERIFY2(verify(changed) != QStringLiteral("verified"), qPrintable(QStringLiteral("%1.%2").arg(at).arg(bit)));
    }
  }
}

void McubootImageTest::slotMayHoldMoreThanTheImage() {
  const QByteArray image = build(smallSpec());
  const QByteArray slot = image + QByteArray(500, '\xff');
  QVERIFY(verifyMcubootImage(slot, {key().publicKey().toPem()}, Trailing::Allowed));
  QCOMPARE(parseMcubootImage(slot, Trailing::Allowed)->totalSize, image.size());
}

void McubootImageTest::formatTable() {
  QCOMPARE(imageFormatNames(),
           (QStringList{QStringLiteral("mcuboot"), QStringLiteral("fit"), QStringLiteral("swu"), QStringLiteral("dfu"),
                        QStringLiteral("dfuse"), QStringLiteral("sparse"), QStringLiteral("raw")}));
  for (const QString& format : imageFormatNames()) {
    const bool carriesSignature = format != QLatin1String("dfu") && format != QLatin1String("dfuse") &&
                                  format != QLatin1String("sparse") && format != QLatin1String("raw");
    QCOMPARE(imageFormatIsSigned(format), carriesSignature);
  }
  const Result<ImageFacts> unknown = verifyImage(QStringLiteral("elf"), "bytes", {key().publicKey().toPem()});
  QCOMPARE(resultName(unknown), QStringLiteral("image.format-refused"));
}

QTEST_GUILESS_MAIN(McubootImageTest)
#include "mcuboot_image_test.moc"
