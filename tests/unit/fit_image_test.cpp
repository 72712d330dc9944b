// FIT images made by the distribution's own mkimage and dtc, and damaged or lying ones.
// Exits with 77 where these tools are missing.
#include "devices/images/fit_image.h"

#include "app/base/byte_reader.h"
#include "devices/images/image_formats.h"
#include "keystore/crypto/digest.h"
#include "keystore/crypto/private_key.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

using namespace sealift;

namespace {

QString resultName(const Result<ImageFacts>& result) {
  return result ? QStringLiteral("verified") : errorCodeName(result.error().code);
}

QByteArray readAll(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool writeAll(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
}

// What makes one FIT. Every field has the value of a good one.
struct Recipe {
  QByteArray hash = "sha256";
  QByteArray algorithm = "sha256,rsa2048";
  QByteArray signImages = "\"kernel\", \"fdt\"";
  QByteArray signer = "vendor";
  bool sign = true;
  std::function<void(QByteArray& source)> edit = [](QByteArray&) {};
};

constexpr auto kSignature = R"(signature-1 { algo = "ALGO"; key-name-hint = "SIGNER"; sign-images = IMAGES; };)";

}  // namespace

class FitImageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void verifiesWhatMkimageSigned_data();
  void verifiesWhatMkimageSigned();
  void takesFactsFromTheRoot();
  void refuses_data();
  void refuses();
  void refusesTamperedData();
  void refusesTamperedConfiguration();
  void refusesShortenedHashedNodes();
  void refusesShortenedHashedStrings();
  void refusesWrongKey();
  void refusesTrailingGarbageAndTruncation();
  void refusesLegacyImage();
  void everyFlippedByteThatIsCoveredIsRefused();

 private:
  QByteArray make(const Recipe& recipe);
  QByteArray run(const QString& program, const QStringList& arguments);
  QString path(const QString& name) const { return folder_.filePath(name); }
  QByteArray key(const QString& name) const { return publicKeys_.at(name); }
  Result<ImageFacts> verify(const QByteArray& fit) const {
    return verifyImage(QStringLiteral("fit"), fit, {key(QStringLiteral("vendor"))});
  }
  // Changes the tree with fdtput, as somebody would who has no key.
  QByteArray put(const QByteArray& fit, const QStringList& arguments);

  QTemporaryDir folder_;
  std::map<QString, QByteArray> publicKeys_;
};

void FitImageTest::initTestCase() {
  for (const QString& tool : {QStringLiteral("mkimage"), QStringLiteral("dtc"), QStringLiteral("fdtput")}) {
    if (QStandardPaths::findExecutable(tool).isEmpty()) {
      std::printf("SKIP: %s is missing (packages u-boot-tools and device-tree-compiler).\n", qPrintable(tool));
      std::exit(77);
    }
  }
  const std::map<QString, int> keys{{QStringLiteral("vendor"), 2048},
                                    {QStringLiteral("vendor3072"), 3072},
                                    {QStringLiteral("vendor4096"), 4096},
                                    {QStringLiteral("stranger"), 2048}};
  for (const auto& [name, bits] : keys) {
    const Result<PrivateKey> made = PrivateKey::generate(KeyType::Rsa, bits);
    QVERIFY(made);
    publicKeys_[name] = made->publicKey().toPem();
    QVERIFY(writeAll(path(name + QStringLiteral(".key")), made->toPem()->view().toByteArray()));
  }
  QVERIFY(writeAll(path(QStringLiteral("kernel.bin")), QByteArray(300, 'K')));
  QVERIFY(writeAll(path(QStringLiteral("board.bin")), QByteArray(90, 'B')));
}

QByteArray FitImageTest::run(const QString& program, const QStringList& arguments) {
  QProcess process;
  process.setWorkingDirectory(folder_.path());
  process.setProcessChannelMode(QProcess::MergedChannels);
  process.start(program, arguments);
  const bool done = process.waitForFinished(30000) && process.exitCode() == 0;
  const QByteArray output = process.readAll();
  return done ? QByteArray() : QByteArray(program.toLatin1() + " failed: " + output);
}

QByteArray FitImageTest::make(const Recipe& recipe) {
  QByteArray source = readAll(QStringLiteral(SEALIFT_TEST_DATA "/fit/release.its"));
  source.replace("\"HASH\"", '"' + recipe.hash + '"');
  source.replace("SIGNATURE", recipe.algorithm.isEmpty() ? QByteArray() : QByteArray(kSignature));
  source.replace("ALGO\"", recipe.algorithm + '"');
  source.replace("SIGNER", recipe.signer);
  source.replace("IMAGES", recipe.signImages);
  recipe.edit(source);
  if (!writeAll(path(QStringLiteral("release.its")), source)) {
    return {};
  }
  QByteArray problem = run(QStringLiteral("mkimage"),
                           {QStringLiteral("-f"), QStringLiteral("release.its"), QStringLiteral("release.fit")});
  if (problem.isEmpty() && recipe.sign && !recipe.algorithm.isEmpty()) {
    problem = run(QStringLiteral("mkimage"),
                  {QStringLiteral("-F"), QStringLiteral("-k"), folder_.path(), QStringLiteral("release.fit")});
  }
  if (!problem.isEmpty()) {
    qWarning("%s", problem.constData());
    return {};
  }
  return readAll(path(QStringLiteral("release.fit")));
}

QByteArray FitImageTest::put(const QByteArray& fit, const QStringList& arguments) {
  const QString name = path(QStringLiteral("changed.fit"));
  if (!writeAll(name, fit)) {
    return {};
  }
  QStringList all = arguments;
  all.insert(all.indexOf(QStringLiteral("FIT")), name);
  all.removeAll(QStringLiteral("FIT"));
  const QByteArray problem = run(QStringLiteral("fdtput"), all);
  if (!problem.isEmpty()) {
    qWarning("%s", problem.constData());
    return {};
  }
  return readAll(name);
}

void FitImageTest::verifiesWhatMkimageSigned_data() {
  QTest::addColumn<QByteArray>("hash");
  QTest::addColumn<QByteArray>("algorithm");
  QTest::addColumn<QByteArray>("signer");
  QTest::newRow("sha256,rsa2048") << QByteArray("sha256") << QByteArray("sha256,rsa2048") << QByteArray("vendor");
  QTest::newRow("sha384,rsa2048") << QByteArray("sha384") << QByteArray("sha384,rsa2048") << QByteArray("vendor");
  QTest::newRow("sha256,rsa3072") << QByteArray("sha256") << QByteArray("sha256,rsa3072") << QByteArray("vendor3072");
  QTest::newRow("sha512,rsa4096") << QByteArray("sha512") << QByteArray("sha512,rsa4096") << QByteArray("vendor4096");
}

void FitImageTest::verifiesWhatMkimageSigned() {
  QFETCH(const QByteArray, hash);
  QFETCH(const QByteArray, algorithm);
  QFETCH(const QByteArray, signer);
  Recipe recipe;
  recipe.hash = hash;
  recipe.algorithm = algorithm;
  recipe.signer = signer;
  const QByteArray fit = make(recipe);
  QVERIFY(!fit.isEmpty());
  const QByteArray pem = key(QString::fromLatin1(signer));
  const Result<ImageFacts> facts = verifyFitImage(fit, {key(QStringLiteral("stranger")), pem});
  QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().message()));
  QCOMPARE(facts->format, QStringLiteral("fit"));
  QCOMPARE(facts->keyId, PublicKey::fromPem(pem)->keyId());
  QCOMPARE(facts->digest, sha256(fit));
  QVERIFY(facts->signatureAlgorithm.startsWith(QStringLiteral("RSA-")));
}

void FitImageTest::takesFactsFromTheRoot() {
  const Result<ImageFacts> facts = verify(make({}));
  QVERIFY(facts);
  QCOMPARE(facts->version, *Version::parse(QStringLiteral("1.1.0")));
  QCOMPARE(facts->securityVersion, 3U);
  QCOMPARE(facts->compatible, (QStringList{QStringLiteral("t2"), QStringLiteral("t2-outdoor")}));

  Recipe bare;
  bare.edit = [](QByteArray& source) {
    source.replace("sealift,version = \"1.1.0\";", "").replace("sealift,security-version = <3>;", "");
    source.replace("sealift,model = \"t2\", \"t2-outdoor\";", "");
  };
  const Result<ImageFacts> without = verify(make(bare));
  QVERIFY(without);
  QVERIFY(!without->version && !without->securityVersion && without->compatible.isEmpty());
}

void FitImageTest::refuses_data() {
  QTest::addColumn<QByteArray>("fit");
  QTest::addColumn<QString>("expected");
  QTest::addColumn<QString>("sentence");  // a part of it
  const auto row = [this](const char* name, const Recipe& recipe, const char* expected, const char* sentence) {
    QTest::newRow(name) << make(recipe) << QString::fromLatin1(expected) << QString::fromLatin1(sentence);
  };
  const auto edited = [&](const char* name, const QByteArray& from, const QByteArray& to, const char* expected,
                          const char* sentence) {
    Recipe recipe;
    recipe.edit = [from, to](QByteArray& source) { source.replace(from, to); };
    row(name, recipe, expected, sentence);
  };
  Recipe recipe;
  recipe.algorithm.clear();
  row("no signature node", recipe, "image.unsigned", "conf-1 is not signed");
  recipe = {};
  recipe.sign = false;
  row("signature node without a signature", recipe, "image.unsigned", "holds no signature");
  recipe = {};
  recipe.algorithm = "sha1,rsa2048";
  row("signature with sha1", recipe, "image.signature-invalid", "too weak");
  recipe = {};
  recipe.hash = "sha1";
  row("images hashed with sha1 alone", recipe, "image.signature-invalid", "SHA-256 or stronger");
  recipe.hash = "crc32";
  row("images hashed with crc32 alone", recipe, "image.signature-invalid", "SHA-256 or stronger");
  recipe = {};
  recipe.signImages = "\"kernel\"";
  row("board not covered", recipe, "image.signature-invalid", "does not cover /images/fdt-1");
  edited("hash that U-Boot ignores", "algo = \"sha256\";", "algo = \"sha256\"; uboot-ignore = <1>;",
         "image.signature-invalid", "SHA-256 or stronger");
  edited("no default configuration", "default = \"conf-1\";", "", "image.malformed", "default");
  edited("default that does not exist", "default = \"conf-1\";", "default = \"conf-2\";", "image.malformed", "default");
  edited("image that does not exist", "compatible = ", "ramdisk = \"none\"; compatible = ", "image.malformed",
         "not in the file");
  edited("second configuration unsigned", "conf-1 {", "conf-0 { kernel = \"kernel\"; fdt = \"fdt-1\"; };\nconf-1 {",
         "image.unsigned", "conf-0 is not signed");
  edited("version that is none", "\"1.1.0\"", "\"latest\"", "image.malformed", "sealift,version");
  edited("security version of two cells", "<3>", "<3 4>", "image.malformed", "sealift,security-version");
}

void FitImageTest::refuses() {
  QFETCH(const QByteArray, fit);
  QFETCH(const QString, expected);
  QFETCH(const QString, sentence);
  QVERIFY(!fit.isEmpty());
  const Result<ImageFacts> result = verify(fit);
  QCOMPARE(resultName(result), expected);
  QVERIFY2(result.error().what.contains(sentence), qPrintable(result.error().what));
}

void FitImageTest::refusesTamperedData() {
  QByteArray fit = make({});
  fit[fit.indexOf(QByteArray(300, 'K')) + 100] = 'k';
  QCOMPARE(resultName(verify(fit)), QStringLiteral("image.hash-mismatch"));

  // With the hash made to match, the hash node is what the signature covers.
  QByteArray data(300, 'K');
  data[100] = 'k';
  fit.replace(sha256(QByteArray(300, 'K')), sha256(data));
  QCOMPARE(resultName(verify(fit)), QStringLiteral("image.signature-invalid"));
}

void FitImageTest::refusesTamperedConfiguration() {
  const QByteArray fit = make({});
  QCOMPARE(resultName(verify(fit)), QStringLiteral("verified"));
  const auto put = [&](const QStringList& arguments) { return resultName(verify(this->put(fit, arguments))); };
  const QString invalid = QStringLiteral("image.signature-invalid");
  const QString text = QStringLiteral("-ts");
  const QString place = QStringLiteral("FIT");
  QCOMPARE(
      put({text, place, QStringLiteral("/configurations/conf-1"), QStringLiteral("kernel"), QStringLiteral("fdt-1")}),
      invalid);
  QCOMPARE(put({text, place, QStringLiteral("/"), QStringLiteral("sealift,version"), QStringLiteral("9.9.9")}),
           invalid);
  QCOMPARE(put({QStringLiteral("-tu"), place, QStringLiteral("/"), QStringLiteral("sealift,security-version"),
                QStringLiteral("900")}),
           invalid);
  QCOMPARE(put({QStringLiteral("-tx"), place, QStringLiteral("/images/kernel"), QStringLiteral("load"),
                QStringLiteral("0")}),
           invalid);
  QCOMPARE(put({QStringLiteral("-c"), place, QStringLiteral("/images/kernel@1")}), QStringLiteral("image.malformed"));
  QCOMPARE(put({text, place, QStringLiteral("/images/kernel"), QStringLiteral("data-position"), QStringLiteral("x")}),
           QStringLiteral("image.format-refused"));
  // What no signature covers and nothing reads may change: the comment of the signature itself.
  QCOMPARE(put({text, place, QStringLiteral("/configurations/conf-1/signature-1"), QStringLiteral("signer-name"),
                QStringLiteral("somebody")}),
           QStringLiteral("verified"));
}

void FitImageTest::refusesShortenedHashedNodes() {
  const QByteArray fit = make({});
  const QString node = QStringLiteral("/configurations/conf-1/signature-1");
  QStringList nodes{QStringLiteral("/"),
                    QStringLiteral("/configurations/conf-1"),
                    QStringLiteral("/images/kernel"),
                    QStringLiteral("/images/kernel/hash-1"),
                    QStringLiteral("/images/fdt-1"),
                    QStringLiteral("/images/fdt-1/hash-1")};
  for (const QString& omitted : std::as_const(nodes)) {
    QStringList shortened = nodes;
    shortened.removeAll(omitted);
    const Result<ImageFacts> result = verify(put(
        fit,
        QStringList{QStringLiteral("-ts"), QStringLiteral("FIT"), node, QStringLiteral("hashed-nodes")} + shortened));
    QCOMPARE(resultName(result), QStringLiteral("image.signature-invalid"));
    QCOMPARE(result.error().what, QStringLiteral("The signature does not cover %1.").arg(omitted));
  }
  QCOMPARE(resultName(verify(put(
               fit, QStringList{QStringLiteral("-ts"), QStringLiteral("FIT"), node, QStringLiteral("hashed-nodes")} +
                        nodes))),
           QStringLiteral("verified"));
}

void FitImageTest::refusesShortenedHashedStrings() {
  const QByteArray fit = make({});
  for (const QString& size : {QStringLiteral("0"), QStringLiteral("8"), QStringLiteral("ffffffff")}) {
    const QByteArray changed =
        put(fit, {QStringLiteral("-tx"), QStringLiteral("FIT"), QStringLiteral("/configurations/conf-1/signature-1"),
                  QStringLiteral("hashed-strings"), QStringLiteral("0"), size});
    QCOMPARE(resultName(verify(changed)), QStringLiteral("image.signature-invalid"));
  }
}

void FitImageTest::refusesWrongKey() {
  Recipe recipe;
  recipe.signer = "stranger";
  const QByteArray fit = make(recipe);
  QCOMPARE(resultName(verify(fit)), QStringLiteral("image.signature-invalid"));
  QCOMPARE(resultName(verifyFitImage(fit, {key(QStringLiteral("stranger"))})), QStringLiteral("verified"));
  QCOMPARE(resultName(verifyFitImage(fit, {key(QStringLiteral("vendor4096"))})), QStringLiteral("image.unknown-key"));
  QCOMPARE(resultName(verifyFitImage(fit, {})), QStringLiteral("image.unknown-key"));
}

void FitImageTest::refusesTrailingGarbageAndTruncation() {
  const QByteArray fit = make({});
  QCOMPARE(resultName(verify(fit)), QStringLiteral("verified"));
  QCOMPARE(resultName(verify(fit + '\0')), QStringLiteral("image.malformed"));
  const Result<Fdt> tree = Fdt::parse(fit);
  QVERIFY(tree);
  for (qsizetype size = 0; size < fit.size(); size += 7) {
    QCOMPARE(resultName(verify(fit.first(size))), QStringLiteral("image.malformed"));
    QByteArray shrunk = fit.first(size);  // with a header that agrees
    if (size >= 8) {
      for (int i = 0; i < 4; ++i) {
        shrunk[4 + i] = static_cast<char>((size >> (8 * (3 - i))) & 0xff);
      }
    }
    // Behind the strings block there is only room that mkimage left over.
    QVERIFY(size >= tree->stringsBegin + tree->stringsSize || resultName(verify(shrunk)) != QStringLiteral("verified"));
  }
}

void FitImageTest::refusesLegacyImage() {
  QCOMPARE(run(QStringLiteral("mkimage"),
               {QStringLiteral("-A"), QStringLiteral("arm64"), QStringLiteral("-T"), QStringLiteral("kernel"),
                QStringLiteral("-d"), QStringLiteral("kernel.bin"), QStringLiteral("legacy.img")}),
           QByteArray());
  const Result<ImageFacts> result = verify(readAll(path(QStringLiteral("legacy.img"))));
  QCOMPARE(resultName(result), QStringLiteral("image.format-refused"));
  QVERIFY(result.error().what.contains(QStringLiteral("legacy uImage")));
}

// Every byte is flipped. Covered are the regions of the signature and the images' data. What is left over:
// the header's fields that nobody reads, reservations, padding, the properties of the nodes /images and
// /configurations and of the signature (its comment), and strings behind `hashed-strings`. A change there
// may pass, but then nothing that is covered, read or booted has changed.
void FitImageTest::everyFlippedByteThatIsCoveredIsRefused() {
  const QByteArray fit = make({});
  const Result<ImageFacts> facts = verify(fit);
  QVERIFY(facts);
  const Result<Fdt> tree = Fdt::parse(fit);
  QVERIFY(tree);
  const FdtNode* const signature = tree->find("/configurations/conf-1/signature-1");
  QVERIFY(signature != nullptr);
  const qsizetype stringsSize = ByteReader(signature->property("hashed-strings")->value.sliced(4)).be32();
  QList<FitRegion> covered = findFitRegions(*tree, *signature->strings("hashed-nodes"), stringsSize);
  for (const FdtNode& image : tree->find("/images")->children) {
    const FdtProperty* const data = image.property("data");
    covered.append({data->valueAt, data->value.size()});
  }
  int refused = 0;
  for (qsizetype at = 0; at < fit.size(); ++at) {
    QByteArray changed = fit;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    const Result<ImageFacts> result = verify(changed);
    const bool isCovered = std::any_of(covered.begin(), covered.end(), [at](const FitRegion& region) {
      return at >= region.begin && at < region.begin + region.size;
    });
    if (!result) {
      ++refused;
      continue;
    }
    QVERIFY2(!isCovered, qPrintable(QStringLiteral("byte %1").arg(at)));
    QCOMPARE(result->version, facts->version);
    QCOMPARE(result->securityVersion, facts->securityVersion);
    QCOMPARE(result->compatible, facts->compatible);
    QVERIFY(result->digest != facts->digest);
  }
  QVERIFY2(refused > fit.size() * 3 / 4, qPrintable(QStringLiteral("%1 of %2").arg(refused).arg(fit.size())));
}

QTEST_GUILESS_MAIN(FitImageTest)
#include "fit_image_test.moc"
