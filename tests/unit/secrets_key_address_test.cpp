// The addresses of keys, and PKCS #11 URIs (RFC 7512) among them.
#include "keystore/secrets/key_address.h"

#include <QTest>

using namespace sealift;

class SecretsKeyAddressTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void everyAttributeIsRead() {
    const auto uri = Pkcs11Uri::parse(
        u"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;serial=4711"
        u";library-manufacturer=Lib;library-description=Soft%20token;library-version=3.10;slot-manufacturer=Slots"
        u";slot-description=Slot%20%C3%BC;slot-id=327;object=my-key;type=private;id=%69%95%3E%00%F4%BD%EC%91"
        u"?pin-source=file:/etc/token%20pin&module-name=mypkcs11&module-path=/mnt/libmypkcs11.so.1");
    QVERIFY2(uri, uri ? "" : qPrintable(uri.error().message()));
    QCOMPARE(*uri->token, QStringLiteral("The Software PKCS#11 Softtoken"));
    QCOMPARE(*uri->manufacturer, QStringLiteral("Snake Oil, Inc."));
    QCOMPARE(*uri->model, QStringLiteral("1.0"));
    QCOMPARE(*uri->serial, QStringLiteral("4711"));
    QCOMPARE(*uri->libraryManufacturer, QStringLiteral("Lib"));
    QCOMPARE(*uri->libraryDescription, QStringLiteral("Soft token"));
    QVERIFY((*uri->libraryVersion == Pkcs11Version{3, 10}));
    QCOMPARE(*uri->slotManufacturer, QStringLiteral("Slots"));
    QCOMPARE(*uri->slotDescription, QString::fromUtf8("Slot ü"));
    QCOMPARE(*uri->slotId, 327U);
    QCOMPARE(*uri->object, QStringLiteral("my-key"));
    QVERIFY(uri->typeGiven);
    QCOMPARE(*uri->id, QByteArray::fromHex("69953e00f4bdec91"));
    QCOMPARE(*uri->pinSource, QStringLiteral("/etc/token pin"));
    QCOMPARE(*uri->moduleName, QStringLiteral("mypkcs11"));
    QCOMPARE(*uri->modulePath, QStringLiteral("/mnt/libmypkcs11.so.1"));
    const auto again = Pkcs11Uri::parse(uri->toString());
    QVERIFY2(again && *again == *uri, qPrintable(uri->toString()));
  }

  void accepted_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("nothing named") << QStringLiteral("pkcs11:");
    QTest::newRow("scheme in capitals") << QStringLiteral("PKCS11:object=a");
    QTest::newRow("empty value") << QStringLiteral("pkcs11:object=");
    QTest::newRow("all that needs no escape in a path") << QStringLiteral("pkcs11:object=a:[]@!$'()*+,=&b~._-");
    QTest::newRow("all that needs no escape in a query") << QStringLiteral("pkcs11:?pin-value=a:[]@!$'()*+,=/?|~");
    QTest::newRow("lower case escapes") << QStringLiteral("pkcs11:id=%0a%ff");
    QTest::newRow("major version alone") << QStringLiteral("pkcs11:library-version=3");
  }
  void accepted() {
    QFETCH(const QString, text);
    const auto uri = Pkcs11Uri::parse(text);
    QVERIFY2(uri, uri ? "" : qPrintable(uri.error().message()));
    auto again = Pkcs11Uri::parse(uri->toString());
    QVERIFY(again);
    again->pinValue = uri->pinValue;  // is never written
    QVERIFY(*again == *uri);
  }

  void refused_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("other-scheme") << QStringLiteral("pkcs12:object=a");
    QTest::newRow("attribute-twice") << QStringLiteral("pkcs11:token=a;token=a");
    QTest::newRow("query-attribute-twice") << QStringLiteral("pkcs11:?pin-value=1&pin-value=1");
    QTest::newRow("unknown-attribute") << QStringLiteral("pkcs11:label=a");
    QTest::newRow("unknown-query-attribute") << QStringLiteral("pkcs11:object=a?pin=1");
    QTest::newRow("query-attribute-in-path") << QStringLiteral("pkcs11:pin-value=1");
    QTest::newRow("attribute-in-capitals") << QStringLiteral("pkcs11:Object=a");
    QTest::newRow("no-value") << QStringLiteral("pkcs11:token");
    QTest::newRow("no-name") << QStringLiteral("pkcs11:=a");
    QTest::newRow("empty-part") << QStringLiteral("pkcs11:token=a;;object=b");
    QTest::newRow("trailing-semicolon") << QStringLiteral("pkcs11:token=a;");
    QTest::newRow("empty-query") << QStringLiteral("pkcs11:token=a?");
    QTest::newRow("half-escape") << QStringLiteral("pkcs11:token=a%2");
    QTest::newRow("no-hex") << QStringLiteral("pkcs11:token=%zz");
    QTest::newRow("blank") << QStringLiteral("pkcs11:token=my token");
    QTest::newRow("fragment") << QStringLiteral("pkcs11:token=a#b");
    QTest::newRow("slash-in-path") << QStringLiteral("pkcs11:token=a/b");
    QTest::newRow("letter-beyond-ascii") << QString::fromUtf8("pkcs11:token=ü");
    QTest::newRow("bad-utf8") << QStringLiteral("pkcs11:token=%ff");
    QTest::newRow("nul") << QStringLiteral("pkcs11:token=a%00");
    QTest::newRow("certificate") << QStringLiteral("pkcs11:type=cert");
    QTest::newRow("public-key") << QStringLiteral("pkcs11:type=public");
    QTest::newRow("version-letters") << QStringLiteral("pkcs11:library-version=a");
    QTest::newRow("version-over-a-byte") << QStringLiteral("pkcs11:library-version=256");
    QTest::newRow("version-sign") << QStringLiteral("pkcs11:library-version=+1");
    QTest::newRow("slot-hex") << QStringLiteral("pkcs11:slot-id=0x1");
    QTest::newRow("slot-empty") << QStringLiteral("pkcs11:slot-id=");
    QTest::newRow("slot-endless") << QStringLiteral("pkcs11:slot-id=99999999999999999999");
    QTest::newRow("both-pins") << QStringLiteral("pkcs11:?pin-value=1&pin-source=/a");
    QTest::newRow("pin-program") << QStringLiteral("pkcs11:?pin-source=|/bin/cat");
    QTest::newRow("pin-relative") << QStringLiteral("pkcs11:?pin-source=pin.txt");
    QTest::newRow("module-relative") << QStringLiteral("pkcs11:?module-path=evil.so");
    QTest::newRow("module-name-with-path") << QStringLiteral("pkcs11:?module-name=../evil");
    QTest::newRow("endless") << QStringLiteral("pkcs11:object=") + QString(5000, u'a');
  }
  void refused() {
    QFETCH(const QString, text);
    const auto uri = Pkcs11Uri::parse(text);
    QVERIFY(!uri);
    QCOMPARE(uri.error().code, ErrorCode::InvalidArgument);
    QVERIFY(uri.error().what.endsWith(u'.'));
  }

  void pinsAreNeverPrinted() {
    const auto address = KeyAddress::parse(u"pkcs11:object=a?pin-value=s3cret&module-name=m");
    QVERIFY(address);
    QCOMPARE(address->toString(), QStringLiteral("pkcs11:object=a?module-name=m"));
    QVERIFY(!Pkcs11Uri::parse(u"pkcs11:?pin-value=s3cret&pin-source=/x")
                 .error()
                 .message()
                 .contains(QStringLiteral("s3cret")));
  }

  void keepers_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("written");
    const auto row = [](const char* name, const QString& text, const QString& written) {
      QTest::newRow(name) << text << written;
    };
    row("path", QStringLiteral("/keys/a.pem"), QStringLiteral("/keys/a.pem"));
    row("relative path", QStringLiteral("a key.pem"), QStringLiteral("a key.pem"));
    row("file url", QStringLiteral("file:///keys/a%20b.pem"), QStringLiteral("/keys/a b.pem"));
    row("path like a scheme", QStringLiteral("./pkcs11:x"), QStringLiteral("./pkcs11:x"));
    row("drive", QStringLiteral("C:/keys/a.pem"), QStringLiteral("C:/keys/a.pem"));
    row("keychain", QStringLiteral("keychain:Release key"), QStringLiteral("keychain:Release key"));
    row("token", QStringLiteral("pkcs11:object=a;token=t"), QStringLiteral("pkcs11:token=t;object=a"));
    row("tpm file", QStringLiteral("tpm:/keys/t.pem"), QStringLiteral("tpm:/keys/t.pem"));
    row("tpm file with escapes", QStringLiteral("tpm:/keys/100%25%3f.pem"), QStringLiteral("tpm:/keys/100%25%3F.pem"));
    row("tpm handle", QStringLiteral("tpm:handle=0x81000001"), QStringLiteral("tpm:handle=0x81000001"));
    row("tpm elsewhere", QStringLiteral("tpm:handle=0x8100ABCD?tcti=swtpm:host=127.0.0.1,port=2321"),
        QStringLiteral("tpm:handle=0x8100abcd?tcti=swtpm:host=127.0.0.1,port=2321"));
  }
  void keepers() {
    QFETCH(const QString, text);
    QFETCH(const QString, written);
    const auto address = KeyAddress::parse(text);
    QVERIFY2(address, address ? "" : qPrintable(address.error().message()));
    QCOMPARE(address->toString(), written);
    const auto again = KeyAddress::parse(written);
    QVERIFY(again && *again == *address);
    QCOMPARE(address->inHardware(),
             text.startsWith(QLatin1String("pkcs11:")) || text.startsWith(QLatin1String("tpm:")));
  }

  void refusedAddresses_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << QString();
    QTest::newRow("nul") << QString(QChar(u'\0'));
    QTest::newRow("endless") << QString(5000, u'a');
    QTest::newRow("web") << QStringLiteral("https://example.com/key.pem");
    QTest::newRow("file on another computer") << QStringLiteral("file://server/key.pem");
    QTest::newRow("file url without a path") << QStringLiteral("file:");
    QTest::newRow("keychain without a name") << QStringLiteral("keychain:");
    QTest::newRow("keychain with a line end") << QStringLiteral("keychain:a\nb");
    QTest::newRow("tpm without anything") << QStringLiteral("tpm:");
    QTest::newRow("tpm transient handle") << QStringLiteral("tpm:handle=0x80000001");
    QTest::newRow("tpm decimal handle") << QStringLiteral("tpm:handle=2164260865");
    QTest::newRow("tpm other query") << QStringLiteral("tpm:/a?pin=1");
    QTest::newRow("tpm tcti with a line end") << QStringLiteral("tpm:/a?tcti=device:/dev/tpm0%0aactivate=1");
    QTest::newRow("tpm empty tcti") << QStringLiteral("tpm:/a?tcti=");
    QTest::newRow("tpm half escape") << QStringLiteral("tpm:/a%2");
  }
  void refusedAddresses() {
    QFETCH(const QString, text);
    const auto address = KeyAddress::parse(text);
    QVERIFY(!address);
    QCOMPARE(address.error().code, ErrorCode::InvalidArgument);
  }
};

QTEST_GUILESS_MAIN(SecretsKeyAddressTest)
#include "secrets_key_address_test.moc"
