// Update files of SWUpdate: what openssl and cpio make is read and verified; one case for each defect.
#include "devices/images/swu_image.h"

#include "devices/images/cpio_reader.h"
#include "devices/images/libconfig_reader.h"
#include "keystore/crypto/digest.h"
#include "tests/support/swu_maker.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

QByteArray said(const Error& error) {
  return (errorCodeName(error.code) + u' ' + error.what).toUtf8();
}

// One entry of a newc archive, for what cpio(1) would not write.
QByteArray entry(const QByteArray& name, const QByteArray& content, quint32 mode = 0100644,
                 const QByteArray& sizeField = {}) {
  const auto hex = [](quint32 value) { return QByteArray::number(value, 16).rightJustified(8, '0'); };
  QByteArray made = "070701" + hex(1) + hex(mode) + hex(0) + hex(0) + hex(1) + hex(0) +
                    (sizeField.isEmpty() ? hex(static_cast<quint32>(content.size())) : sizeField) + hex(0) + hex(0) +
                    hex(0) + hex(0) + hex(static_cast<quint32>(name.size() + 1)) + hex(0) + name + '\0';
  made += QByteArray((4 - made.size() % 4) % 4, '\0');
  made += content;
  return made + QByteArray((4 - made.size() % 4) % 4, '\0');
}

QByteArray archive(const QList<QByteArray>& entries) {
  return entries.join() + entry("TRAILER!!!", {}, 0);
}

}  // namespace

class SwuImageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void good_data();
  void good();
  void trust_data();
  void trust();
  void defects_data();
  void defects();
  void everyCutIsRefused();
  void everyFlippedBitIsRefused();
  void archives_data();
  void archives();
  void hardware_data();
  void hardware();
  void libconfig_data();
  void libconfig();
  void libconfigRefuses_data();
  void libconfigRefuses();

 private:
  QByteArray signedArchive(const QByteArray& description, const QList<SwuFile>& files) {
    return maker_->pack(
        QList<SwuFile>{{"sw-description", description}, {"sw-description.sig", maker_->sign(description)}} + files);
  }
  QByteArray makeDefect(const QByteArray& defect);

  std::unique_ptr<SwuMaker> maker_;
  const QByteArray payload_ = QByteArray(70'001, 'p');
};

void SwuImageTest::initTestCase() {
  if (!SwuMaker::missingTool().isEmpty()) {
    QSKIP(qPrintable(SwuMaker::missingTool() + QStringLiteral(" is not installed")));
  }
  maker_ = std::make_unique<SwuMaker>();
  QVERIFY2(maker_->isReady(), maker_->log().constData());
}

void SwuImageTest::good_data() {
  QTest::addColumn<QString>("format");
  QTest::addColumn<QString>("signer");
  QTest::addColumn<QString>("algorithm");
  QTest::newRow("crc") << QStringLiteral("crc") << QStringLiteral("mail") << QStringLiteral("CMS, ECDSA P-256");
  QTest::newRow("newc") << QStringLiteral("newc") << QStringLiteral("mail") << QStringLiteral("CMS, ECDSA P-256");
  QTest::newRow("rsa") << QStringLiteral("crc") << QStringLiteral("rsa") << QStringLiteral("CMS, RSA-2048");
  QTest::newRow("signer-of-code") << QStringLiteral("crc") << QStringLiteral("code")
                                  << QStringLiteral("CMS, ECDSA P-256");
}

void SwuImageTest::good() {
  QFETCH(QString, format);
  QFETCH(QString, signer);
  QFETCH(QString, algorithm);
  const QByteArray text = SwuMaker::description("1.6.0", payload_, "/dev/mmcblk0p3", "1.2");
  const QByteArray swu = maker_->pack(
      {{"sw-description", text}, {"sw-description.sig", maker_->sign(text, signer)}, {"rootfs.bin", payload_}}, format);
  QVERIFY2(!swu.isEmpty(), maker_->log().constData());
  const auto facts = verifyImage(QStringLiteral("swu"), swu, {maker_->authority()});
  QVERIFY2(facts, facts ? "" : said(facts.error()).constData());
  QCOMPARE(facts->format, QStringLiteral("swu"));
  QCOMPARE(facts->version->toString(), QStringLiteral("1.6.0"));
  QCOMPARE(facts->digest, sha256(payload_));
  QCOMPARE(facts->signatureAlgorithm, algorithm);
  QCOMPARE(facts->keyId.size(), 64);
  QCOMPARE(facts->hardwareRevisions, QStringList{QStringLiteral("1.2")});
  QVERIFY(facts->compatible.isEmpty());
  const auto parsed = parseSwuImage(swu);
  QVERIFY(parsed);
  QCOMPARE(parsed->artefacts.size(), 1);
  QCOMPARE(parsed->artefacts.first().type, QStringLiteral("raw"));
  QCOMPARE(parsed->artefacts.first().content.toByteArray(), payload_);
  const auto who = verifySwuSignature(*parsed, {maker_->authority()});
  QVERIFY(who);
  QCOMPARE(who->codeSigning, signer == QLatin1String("code"));
  QCOMPARE(who->emailProtection, signer != QLatin1String("code"));
}

void SwuImageTest::trust_data() {
  QTest::addColumn<QByteArray>("key");
  QTest::addColumn<bool>("accepted");
  QTest::newRow("authority") << QByteArrayLiteral("authority") << true;
  QTest::newRow("signers-certificate") << QByteArrayLiteral("certificate") << true;
  QTest::newRow("signers-public-key") << QByteArrayLiteral("public") << true;
  QTest::newRow("another-authority") << QByteArrayLiteral("other") << false;
  QTest::newRow("another-signers-public-key") << QByteArrayLiteral("other-public") << false;
  QTest::newRow("another-signers-certificate") << QByteArrayLiteral("other-certificate") << false;
}

void SwuImageTest::trust() {
  QFETCH(QByteArray, key);
  QFETCH(bool, accepted);
  const QMap<QByteArray, QByteArray> keys{{"authority", maker_->authority()},
                                          {"certificate", maker_->certificate(QStringLiteral("mail"))},
                                          {"public", maker_->publicKey(QStringLiteral("mail"))},
                                          {"other", maker_->otherAuthority()},
                                          {"other-public", maker_->publicKey(QStringLiteral("stranger"))},
                                          {"other-certificate", maker_->certificate(QStringLiteral("code"))}};
  QVERIFY(keys.value(key).startsWith("-----BEGIN"));
  const auto facts = verifySwuImage(maker_->make("1.6.0", payload_, "/dev/x"), {keys.value(key)});
  QCOMPARE(facts.has_value(), accepted);
  if (!accepted) {
    QCOMPARE(facts.error().code, ErrorCode::ImageUnknownKey);
    QVERIFY2(facts.error().what.contains(QLatin1String("Signer mail")), said(facts.error()).constData());
  }
}

QByteArray SwuImageTest::makeDefect(const QByteArray& defect) {
  const QByteArray text = SwuMaker::description("1.6.0", payload_, "/dev/x");
  const QByteArray signature = maker_->sign(text);
  const SwuFile description{"sw-description", text};
  const SwuFile sig{"sw-description.sig", signature};
  const SwuFile rootfs{"rootfs.bin", payload_};
  if (defect == "tampered-description") {
    return maker_->pack({{"sw-description", QByteArray(text).replace("1.6.0", "1.6.1")}, sig, rootfs});
  }
  if (defect == "wrong-signer") {
    return maker_->make("1.6.0", payload_, "/dev/x", "1.0", QStringLiteral("stranger"));
  }
  if (defect == "signer-not-for-signing") {
    return maker_->make("1.6.0", payload_, "/dev/x", "1.0", QStringLiteral("server"));
  }
  if (defect == "sha1-signature") {
    return maker_->pack({description,
                         {"sw-description.sig", maker_->sign(text, QStringLiteral("mail"), QStringLiteral("sha1"))},
                         rootfs});
  }
  if (defect == "unsigned") {
    return maker_->pack({description, rootfs});
  }
  if (defect == "signature-last") {
    return maker_->pack({description, rootfs, sig});
  }
  if (defect == "signature-is-garbage") {
    return maker_->pack({description, {"sw-description.sig", QByteArray(700, '\x30')}, rootfs});
  }
  if (defect == "signature-with-something-behind") {
    return maker_->pack({description, {"sw-description.sig", signature + "x"}, rootfs});
  }
  if (defect == "description-not-first") {
    return maker_->pack({rootfs, description, sig});
  }
  if (defect == "extra-file") {
    return maker_->pack({description, sig, rootfs, {"more.bin", "more"}});
  }
  if (defect == "missing-file") {
    return maker_->pack({description, sig});
  }
  if (defect == "hash-mismatch") {
    return maker_->pack({description, sig, {"rootfs.bin", QByteArray(payload_).replace(0, 1, "q")}});
  }
  if (defect == "no-hash") {
    return signedArchive("software = { version = \"1.0.0\"; images: ( { filename = \"rootfs.bin\"; } ); }", {rootfs});
  }
  if (defect == "hash-too-short") {
    return signedArchive(
        "software = { version = \"1.0.0\"; images: ( { filename = \"rootfs.bin\"; sha256 = \"aabb\"; } ); }", {rootfs});
  }
  if (defect == "no-version") {
    return signedArchive(QByteArray(text).replace("version = \"1.6.0\";", ""), {rootfs});
  }
  if (defect == "version-of-words") {
    return signedArchive(QByteArray(text).replace("1.6.0", "spring"), {rootfs});
  }
  if (defect == "nothing-to-install") {
    return signedArchive("software = { version = \"1.0.0\"; }", {});
  }
  if (defect == "no-software") {
    return signedArchive("hardware = { version = \"1.0.0\"; }", {rootfs});
  }
  if (defect == "include") {
    return signedArchive("@include \"/etc/passwd\"\n" + text, {rootfs});
  }
  if (defect == "json-description") {
    return signedArchive("{ \"software\": { \"version\": \"1.0.0\" } }", {rootfs});
  }
  if (defect == "path-traversal-name") {
    return signedArchive(QByteArray(text).replace("rootfs.bin", "../rootfs.bin"), {rootfs});
  }
  if (defect == "two-hashes-of-one-file") {
    return signedArchive(
        QByteArray(text).replace("  );\n", "  );\n  scripts: ( { filename = \"rootfs.bin\"; sha256 = \"" +
                                               QByteArray(64, 'a') + "\"; } );\n"),
        {rootfs});
  }
  return {};
}

void SwuImageTest::defects_data() {
  QTest::addColumn<ErrorCode>("code");
  QTest::addColumn<QString>("words");
  const auto row = [](const char* defect, ErrorCode code, const QString& words) {
    QTest::newRow(defect) << code << words;
  };
  row("tampered-description", ErrorCode::ImageSignatureInvalid, QStringLiteral("does not belong"));
  row("wrong-signer", ErrorCode::ImageUnknownKey, QStringLiteral("Signer stranger"));
  row("signer-not-for-signing", ErrorCode::ImageUnknownKey, QStringLiteral("not for signing"));
  row("sha1-signature", ErrorCode::ImageSignatureInvalid, QStringLiteral("SHA-2"));
  row("unsigned", ErrorCode::ImageUnsigned, QStringLiteral("no signature"));
  row("signature-last", ErrorCode::ImageMalformed, QStringLiteral("right after"));
  row("signature-is-garbage", ErrorCode::ImageMalformed, QStringLiteral("no CMS"));
  row("signature-with-something-behind", ErrorCode::ImageMalformed, QStringLiteral("no CMS"));
  row("description-not-first", ErrorCode::ImageMalformed, QStringLiteral("does not begin"));
  row("extra-file", ErrorCode::ImageMalformed, QStringLiteral("more.bin"));
  row("missing-file", ErrorCode::ImageMalformed, QStringLiteral("which is not there"));
  row("hash-mismatch", ErrorCode::ImageHashMismatch, QStringLiteral("rootfs.bin"));
  row("no-hash", ErrorCode::ImageMalformed, QStringLiteral("no SHA-256"));
  row("hash-too-short", ErrorCode::ImageMalformed, QStringLiteral("no SHA-256"));
  row("no-version", ErrorCode::ImageMalformed, QStringLiteral("version"));
  row("version-of-words", ErrorCode::ImageMalformed, QStringLiteral("version"));
  row("nothing-to-install", ErrorCode::ImageMalformed, QStringLiteral("no file to install"));
  row("no-software", ErrorCode::ImageMalformed, QStringLiteral("software"));
  row("include", ErrorCode::ImageMalformed, QStringLiteral("@include"));
  row("json-description", ErrorCode::ImageMalformed, QStringLiteral("can't be read"));
  row("path-traversal-name", ErrorCode::ImageMalformed, QStringLiteral("which is not there"));
  row("two-hashes-of-one-file", ErrorCode::ImageMalformed, QStringLiteral("two SHA-256"));
}

void SwuImageTest::defects() {
  QFETCH(ErrorCode, code);
  QFETCH(QString, words);
  const QByteArray swu = makeDefect(QTest::currentDataTag());
  QVERIFY2(!swu.isEmpty(), maker_->log().constData());
  const auto facts = verifySwuImage(swu, {maker_->authority()});
  QVERIFY(!facts);
  QVERIFY2(facts.error().code == code, said(facts.error()).constData());
  QVERIFY2(facts.error().what.contains(words), said(facts.error()).constData());
}

void SwuImageTest::everyCutIsRefused() {
  const QByteArray swu = maker_->make("1.6.0", QByteArray(3000, 'p'), "/dev/x");
  const qsizetype end = swu.indexOf("TRAILER!!!") + 11;  // with its NUL; behind it is padding
  for (qsizetype size = 0; size < end; size += size < 600 || size > end - 600 ? 1 : 37) {
    const auto facts = verifySwuImage(swu.first(size), {maker_->authority()});
    QVERIFY2(!facts, QByteArray::number(size).constData());
    QCOMPARE(facts.error().code, ErrorCode::ImageMalformed);
  }
}

// Of what is installed and of what is signed. (Owners and times in the archive's headers are nobody's business.)
void SwuImageTest::everyFlippedBitIsRefused() {
  const QByteArray swu = maker_->make("1.6.0", QByteArray(2000, 'p'), "/dev/x");
  const qsizetype description = swu.indexOf("software =");
  const qsizetype payload = swu.indexOf("pppp");
  for (const auto& [begin, size] : {std::pair(description, qsizetype{250}), std::pair(payload, qsizetype{2000})}) {
    for (qsizetype at = begin; at < begin + size; at += 3) {
      QByteArray damaged = swu;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      QVERIFY2(!verifySwuImage(damaged, {maker_->authority()}), QByteArray::number(at).constData());
    }
  }
}

void SwuImageTest::archives_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("words");
  QTest::newRow("empty") << QByteArray() << QStringLiteral("no cpio archive");
  QTest::newRow("another-format") << QByteArrayLiteral("070707aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
                                  << QStringLiteral("no cpio archive");
  QTest::newRow("folder-in-name") << archive({entry("a/b", "x")}) << QStringLiteral("plain file name");
  QTest::newRow("absolute-name") << archive({entry("/etc/passwd", "x")}) << QStringLiteral("plain file name");
  QTest::newRow("parent-name") << archive({entry("..", "x")}) << QStringLiteral("plain file name");
  QTest::newRow("backslash-name") << archive({entry("..\\x", "x")}) << QStringLiteral("plain file name");
  QTest::newRow("name-with-nul") << archive({entry(QByteArray("a\0b", 3), "x")}) << QStringLiteral("plain file name");
  QTest::newRow("twice") << archive({entry("a", "x"), entry("a", "y")}) << QStringLiteral("twice");
  QTest::newRow("symbolic-link") << archive({entry("a", "/etc/passwd", 0120777)}) << QStringLiteral("regular file");
  QTest::newRow("device-node") << archive({entry("a", {}, 0060660)}) << QStringLiteral("regular file");
  QTest::newRow("folder") << archive({entry("a", {}, 0040755)}) << QStringLiteral("regular file");
  QTest::newRow("huge-size") << archive({entry("a", "x", 0100644, "ffffffff")}) << QStringLiteral("cut off");
  QTest::newRow("size-is-no-number") << archive({entry("a", "x", 0100644, "0000000g")}) << QStringLiteral("damaged");
  QTest::newRow("negative-size") << archive({entry("a", "x", 0100644, "-0000001")}) << QStringLiteral("damaged");
  QTest::newRow("no-end") << entry("a", "x") << QStringLiteral("cut off");
  QTest::newRow("something-behind") << archive({entry("a", "x")}) + "x" << QStringLiteral("follows");
  QTest::newRow("another-archive-behind")
      << archive({entry("a", "x")}) + archive({entry("b", "x")}) << QStringLiteral("follows");
  QTest::newRow("long-name") << archive({entry(QByteArray(300, 'n'), "x")}) << QStringLiteral("too long");
  QList<QByteArray> many;
  for (int i = 0; i < 300; ++i) {
    many << entry("f" + QByteArray::number(i), {});
  }
  QTest::newRow("too-many") << archive(many) << QStringLiteral("more than");
}

void SwuImageTest::archives() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, words);
  const auto entries = readCpio(bytes, 256);
  QVERIFY(!entries);
  QCOMPARE(entries.error().code, ErrorCode::ImageMalformed);
  QVERIFY2(entries.error().what.contains(words), said(entries.error()).constData());
}

void SwuImageTest::hardware_data() {
  QTest::addColumn<QByteArray>("compatibility");
  QTest::addColumn<QStringList>("revisions");
  QTest::addColumn<QStringList>("boards");
  QTest::newRow("for-any-board") << QByteArrayLiteral("hardware-compatibility: [ \"1.0\", \"1.2\" ];")
                                 << QStringList{QStringLiteral("1.0"), QStringLiteral("1.2")} << QStringList();
  QTest::newRow("by-board") << QByteArrayLiteral(
                                   "gw1 = { hardware-compatibility: [ \"1.0\" ]; }; "
                                   "gw2 = { hardware-compatibility: [ \"3\" ]; };")
                            << QStringList{QStringLiteral("1.0"), QStringLiteral("3")}
                            << QStringList{QStringLiteral("gw1"), QStringLiteral("gw2")};
  QTest::newRow("by-expression") << QByteArrayLiteral("hardware-compatibility: [ \"#RE:^1\\\\.[0-9]$\", \"2.0\" ];")
                                 << QStringList() << QStringList();
  QTest::newRow("nothing-said") << QByteArray() << QStringList() << QStringList();
}

void SwuImageTest::hardware() {
  QFETCH(QByteArray, compatibility);
  QFETCH(QStringList, revisions);
  QFETCH(QStringList, boards);
  const QByteArray text = "software = { version = \"2.0.0\"; " + compatibility +
                          " stable = { copy1 = { images: ( { filename = \"a\"; sha256 = \"" + SwuMaker::sha256Hex("A") +
                          "\"; } ); }; copy2 = { images: ( { filename = \"a\"; sha256 = \"" + SwuMaker::sha256Hex("A") +
                          "\"; } ); scripts: ( { filename = \"s.sh\"; type = \"shellscript\"; sha256 = \"" +
                          SwuMaker::sha256Hex("S") + "\"; } ); }; }; };";
  const auto facts = verifySwuImage(signedArchive(text, {{"a", "A"}, {"s.sh", "S"}}), {maker_->authority()});
  QVERIFY2(facts, facts ? "" : said(facts.error()).constData());
  QCOMPARE(facts->hardwareRevisions, revisions);
  QCOMPARE(facts->compatible, boards);
}

void SwuImageTest::libconfig_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<QByteArray>("value");
  QTest::newRow("equals") << QByteArrayLiteral("a = \"x\";") << QByteArrayLiteral("x");
  QTest::newRow("colon-and-comma") << QByteArrayLiteral("a : \"x\",") << QByteArrayLiteral("x");
  QTest::newRow("nothing-behind") << QByteArrayLiteral("a=\"x\"") << QByteArrayLiteral("x");
  QTest::newRow("comments") << QByteArrayLiteral("# one\n// two\n/* three\n */ a /*x*/ = // y\n \"x\" ;")
                            << QByteArrayLiteral("x");
  QTest::newRow("strings-in-a-row") << QByteArrayLiteral("a = \"x\" \"y\"\n\"z\";") << QByteArrayLiteral("xyz");
  QTest::newRow("escapes") << QByteArrayLiteral("a = \"\\\"\\\\\\n\\t\\x41\";") << QByteArrayLiteral("\"\\\n\tA");
  QTest::newRow("comment-marks-in-text") << QByteArrayLiteral("a = \"http://x#y\";") << QByteArrayLiteral("http://x#y");
  QTest::newRow("number") << QByteArrayLiteral("a = 0x1FL;") << QByteArrayLiteral("0x1FL");
  QTest::newRow("boolean") << QByteArrayLiteral("a = TRUE;") << QByteArrayLiteral("TRUE");
  QTest::newRow("after-others") << QByteArrayLiteral("b = ( { c = [1, 2]; }, \"d\", (3.5e1) ); a = -4;")
                                << QByteArrayLiteral("-4");
}

void SwuImageTest::libconfig() {
  QFETCH(QByteArray, text);
  QFETCH(QByteArray, value);
  const auto root = readLibconfig(text);
  QVERIFY2(root, root ? "" : said(root.error()).constData());
  QVERIFY(root->find("a") != nullptr);
  QCOMPARE(root->find("a")->text, value);
}

void SwuImageTest::libconfigRefuses_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::newRow("no-value") << QByteArrayLiteral("a = ;");
  QTest::newRow("no-sign") << QByteArrayLiteral("a \"x\";");
  QTest::newRow("twice") << QByteArrayLiteral("a = 1; a = 2;");
  QTest::newRow("open-text") << QByteArrayLiteral("a = \"x;");
  QTest::newRow("open-group") << QByteArrayLiteral("a = { b = 1;");
  QTest::newRow("open-list") << QByteArrayLiteral("a = ( 1, 2;");
  QTest::newRow("open-comment") << QByteArrayLiteral("a = 1; /* b");
  QTest::newRow("closed-too-often") << QByteArrayLiteral("a = { }; }");
  QTest::newRow("group-in-array") << QByteArrayLiteral("a = [ { } ];");
  QTest::newRow("include") << QByteArrayLiteral("  @include \"x\"");
  QTest::newRow("unknown-escape") << QByteArrayLiteral("a = \"\\q\";");
  QTest::newRow("nul") << QByteArrayLiteral("a = \"x\0y\";");
  QTest::newRow("number-and-more") << QByteArrayLiteral("a = 12monkeys;");
  QTest::newRow("too-deep") << QByteArray("a = ") + QByteArray(100, '(') + QByteArray(100, ')') + ";";
  QTest::newRow("very-deep") << QByteArray("a = ") + QByteArray(500'000, '(');
  QTest::newRow("too-many") << QByteArray("a = [") + QByteArray("1,").repeated(6'000) + "1];";
  QTest::newRow("too-long") << QByteArray("# ") + QByteArray(2 * 1024 * 1024, 'x');
}

void SwuImageTest::libconfigRefuses() {
  QFETCH(QByteArray, text);
  const auto root = readLibconfig(text);
  QVERIFY(!root);
  QCOMPARE(root.error().code, ErrorCode::ImageMalformed);
}

QTEST_GUILESS_MAIN(SwuImageTest)
#include "swu_image_test.moc"
