// Keys in a PKCS#11 token, with SoftHSM 2 as the token.
#include "keystore/secrets/open_signer.h"
#include "keystore/secrets/pkcs11_key.h"
#include "keystore/secrets/pkcs11_objects.h"
#include "keystore/secrets/tls_identity.h"
#include "tests/support/scripted_pins.h"
#include "tests/support/soft_hsm.h"
#include "tests/support/tls_server.h"

#include <QTest>

using namespace sealift;

namespace {

const QString kPin = QStringLiteral("5678");
const QString kModule = QStringLiteral("module-path=") + kSoftHsmModule;

struct SchemeRow {
  const char* name;
  SignatureScheme scheme;
};
constexpr SchemeRow kSchemes[] = {
    {"Ed25519", SignatureScheme::Ed25519},
    {"ECDSA P-256", SignatureScheme::EcdsaP256Sha256},
    {"ECDSA P-384", SignatureScheme::EcdsaP384Sha384},
    {"RSA-PSS SHA-256", SignatureScheme::RsaPssSha256},
    {"RSA-PSS SHA-384", SignatureScheme::RsaPssSha384},
    {"RSA-PSS SHA-512", SignatureScheme::RsaPssSha512},
    {"RSA PKCS#1 SHA-256", SignatureScheme::RsaPkcs1v15Sha256},
    {"RSA PKCS#1 SHA-384", SignatureScheme::RsaPkcs1v15Sha384},
    {"RSA PKCS#1 SHA-512", SignatureScheme::RsaPkcs1v15Sha512},
};

KeyAddress address(const QString& path) {
  const auto parsed = KeyAddress::parse(QStringLiteral("pkcs11:%1?%2").arg(path, kModule));
  return parsed ? *parsed : KeyAddress(FileKeyAddress{});
}

QString nameOf(KeyType type) {
  return QStringLiteral("key-%1").arg(static_cast<int>(type));
}

template <class T>
QByteArray sayOf(const Result<T>& result) {
  return result ? QByteArray("no error") : result.error().message().toUtf8();
}

}  // namespace

class SoftHsmTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY2(hsm_.makeToken(QStringLiteral("fw"), kPin), hsm_.log().constData());
    for (const KeyType type : {KeyType::Ed25519, KeyType::EcP256, KeyType::EcP384, KeyType::Rsa}) {
      ScriptedPins pins({kPin});
      const auto made = createKey(address(QStringLiteral("token=fw;object=") + nameOf(type)), {type, 2048}, pins);
      QVERIFY2(made, sayOf(made).constData());
      QCOMPARE((*made)->publicKey().type(), type);
    }
  }

  void signsWithEachScheme_data() {
    QTest::addColumn<int>("row");
    for (int row = 0; row < static_cast<int>(std::size(kSchemes)); ++row) {
      QTest::newRow(kSchemes[row].name) << row;
    }
  }
  void signsWithEachScheme() {
    QFETCH(const int, row);
    const SignatureScheme scheme = kSchemes[row].scheme;
    ScriptedPins pins({kPin});
    const auto signer = openSigner(address(QStringLiteral("token=fw;object=") + nameOf(keyTypeOf(scheme))), pins);
    QVERIFY2(signer, sayOf(signer).constData());
    QCOMPARE(pins.requests.size(), 1);
    for (const QByteArray& message : {QByteArray("s"), QByteArray("sealift"), QByteArray(3'000'000, 'x')}) {
      const auto signature = (*signer)->sign(scheme, message);
      QVERIFY2(signature, sayOf(signature).constData());
      // Verified by OpenSSL with the key as its own bytes, not by what the token says.
      const auto exported = PublicKey::fromPem((*signer)->publicKey().toPem());
      QVERIFY(exported && exported->verify(scheme, message, *signature));
      QVERIFY(!exported->verify(scheme, message + '!', *signature));
    }
  }

  void schemeOfAnotherKeyIsRefused() {
    ScriptedPins pins({kPin});
    const auto signer = openSigner(address(QStringLiteral("token=fw;object=") + nameOf(KeyType::EcP256)), pins);
    QVERIFY(signer);
    QCOMPARE((*signer)->sign(SignatureScheme::Ed25519, "x").error().code, ErrorCode::CryptoKey);
  }

  void keysOfOtherProgramsWork() {
    QVERIFY2(hsm_.makeKey(QStringLiteral("fw"), kPin, QStringLiteral("EC:prime256v1"), QStringLiteral("other"),
                          QStringLiteral("00ff7f")),
             hsm_.log().constData());
    ScriptedPins pins({kPin});
    const auto signer = openSigner(address(QStringLiteral("token=fw;id=%00%FF%7f;type=private")), pins);
    QVERIFY2(signer, sayOf(signer).constData());
    const auto signature = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "sealift");
    QVERIFY(signature && (*signer)->publicKey().verify(SignatureScheme::EcdsaP256Sha256, "sealift", *signature));
  }

  // As OpenSC's pkcs11-tool sees the keys that Sealift made, and tries to take one out.
  void keysCantBeTakenOut() {
    const auto tool = [](const QStringList& arguments) {
      QProcess process;
      process.setProcessChannelMode(QProcess::MergedChannels);
      process.start(QStringLiteral("pkcs11-tool"),
                    QStringList{QStringLiteral("--module"), kSoftHsmModule, QStringLiteral("--login"),
                                QStringLiteral("--pin"), kPin, QStringLiteral("--token-label"), QStringLiteral("fw")} +
                        arguments);
      process.waitForFinished(60'000);
      return std::pair(process.exitCode(), process.readAll());
    };
    const auto [listed, text] =
        tool({QStringLiteral("--list-objects"), QStringLiteral("--type"), QStringLiteral("privkey")});
    QCOMPARE(listed, 0);
    QVERIFY2(text.count("never extractable") >= 4, text.constData());
    QCOMPARE(text.count("Private Key Object"), text.count("sensitive, always sensitive, never extractable, local"));

    const KeyAddress rsa = address(QStringLiteral("token=fw;object=") + nameOf(KeyType::Rsa));
    const KeyAddress ec = address(QStringLiteral("token=fw;object=") + nameOf(KeyType::EcP256));
    const std::pair<const KeyAddress&, CK_ATTRIBUTE_TYPE> secrets[] = {
        {rsa, CKA_PRIVATE_EXPONENT}, {rsa, CKA_PRIME_1}, {ec, CKA_VALUE}};
    for (const auto& [where, secret] : secrets) {
      ScriptedPins pins({kPin});
      const Pkcs11Uri& uri = *where.as<Pkcs11Uri>();
      const auto token = findToken(uri);
      QVERIFY(token);
      auto session = Pkcs11Session::open(*token, Pkcs11Session::Access::ReadOnly);
      QVERIFY(session && session->logIn(uri, pins));
      const auto key = findPrivateKey(*session, uri);
      QVERIFY(key);
      QVERIFY(isExtractable(*session, *key) == false);
      QVERIFY(readAttribute(*session, key->handle, CKA_ID));
      QVERIFY(!readAttribute(*session, key->handle, secret));
    }
  }

  void existingKeyIsNotReplaced() {
    ScriptedPins pins({kPin});
    const auto again =
        createKey(address(QStringLiteral("token=fw;object=") + nameOf(KeyType::EcP256)), {KeyType::EcP256}, pins);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::AlreadyExists);
    ScriptedPins more({kPin});
    const auto nameless = createKey(address(QStringLiteral("token=fw")), {KeyType::EcP256}, more);
    QVERIFY(!nameless);
    QCOMPARE(nameless.error().code, ErrorCode::InvalidArgument);
  }

  void wrongPin() {
    // Somebody who isn't a person is asked once; the token's warning stands in the error.
    ScriptedPins machine({QStringLiteral("1111"), kPin}, false);
    const KeyAddress key = address(QStringLiteral("token=fw;object=") + nameOf(KeyType::EcP256));
    const auto refused = openSigner(key, machine);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::KeyPin);
    QVERIFY2(refused.error().what.contains(QStringLiteral("the PIN is wrong")), sayOf(refused).constData());
    QVERIFY2(refused.error().what.contains(QStringLiteral("few tries are left")), sayOf(refused).constData());
    QVERIFY(refused.error().what.contains(QStringLiteral("\"fw\"")));
    QCOMPARE(machine.requests.size(), 1);

    // A person is asked again, and told.
    ScriptedPins person({QStringLiteral("1111"), kPin});
    const auto opened = openSigner(key, person);
    QVERIFY2(opened, sayOf(opened).constData());
    QCOMPARE(person.requests.size(), 2);
    QVERIFY(!person.requests.at(0).lastWasWrong);
    QVERIFY(person.requests.at(0).fewTriesLeft);  // from the one before
    QVERIFY(person.requests.at(1).lastWasWrong);
    QVERIFY(person.requests.at(1).prompt().contains(QStringLiteral("wrong")));

    ScriptedPins gaveUp({QStringLiteral("1111")});
    QCOMPARE(openSigner(address(QStringLiteral("token=fw;object=nothing")), gaveUp).error().code,
             ErrorCode::NotFound);  // logged in already by `opened`
  }

  // With a module that counts as cards do: warned, last try kept for a person, locked.
  void pinLocksItself() {
    const auto key = KeyAddress::parse(QStringLiteral("pkcs11:token=fw;object=%1?module-path=%2")
                                           .arg(nameOf(KeyType::EcP256), QStringLiteral(SEALIFT_LOCKING_TOKEN)));
    QVERIFY(key);
    const auto wrong = [] { return ScriptedPins({QStringLiteral("1111")}, false); };
    ScriptedPins first = wrong();
    const auto warned = openSigner(*key, first);
    QCOMPARE(warned.error().code, ErrorCode::KeyPin);
    QVERIFY2(warned.error().what.contains(QStringLiteral("few tries are left")), sayOf(warned).constData());
    ScriptedPins second = wrong();
    const auto last = openSigner(*key, second);
    QCOMPARE(last.error().code, ErrorCode::KeyPin);
    QVERIFY2(last.error().what.contains(QStringLiteral("One try is left")), sayOf(last).constData());

    ScriptedPins machine = wrong();  // would lock the token
    const auto kept = openSigner(*key, machine);
    QCOMPARE(kept.error().code, ErrorCode::KeyPin);
    QVERIFY(machine.requests.isEmpty());
    ScriptedPins right({kPin});  // a person may, and knows
    QVERIFY(openSigner(*key, right));
    QCOMPARE(right.requests.size(), 1);
    QVERIFY(right.requests.first().triesLeft == 1);

    ScriptedPins person({QStringLiteral("1"), QStringLiteral("2222"), QStringLiteral("3333"), QStringLiteral("4444"),
                         QStringLiteral("5555")});
    const auto locked = openSigner(*key, person);
    QVERIFY(!locked);
    QVERIFY2(locked.error().code == ErrorCode::KeyLocked, sayOf(locked).constData());
    QVERIFY(locked.error().remedy.contains(QStringLiteral("PUK")));
    ScriptedPins late({kPin});
    const auto stays = openSigner(*key, late);
    QCOMPARE(stays.error().code, ErrorCode::KeyLocked);
    QVERIFY(late.requests.isEmpty());  // nobody is asked for a PIN that can't help
  }

  void pinOfTheAddress() {
    NoPinSource nobody;
    const QString key = QStringLiteral("pkcs11:token=fw;object=%1?%2&").arg(nameOf(KeyType::EcP256), kModule);
    const auto byValue = KeyAddress::parse(key + QStringLiteral("pin-value=5678"));
    QVERIFY(byValue);
    QVERIFY(!byValue->toString().contains(kPin));
    QVERIFY(openSigner(*byValue, nobody));

    const QString file = hsm_.path(u"pin.txt");
    QFile pin(file);
    QVERIFY(pin.open(QIODevice::WriteOnly) && pin.write("5678\n") == 5);
    pin.close();
    const auto bySource = KeyAddress::parse(key + QStringLiteral("pin-source=") + file);
    QVERIFY(bySource);
    QVERIFY(pin.setPermissions(QFileDevice::ReadOwner | QFileDevice::ReadGroup));
    QCOMPARE(openSigner(*bySource, nobody).error().code, ErrorCode::CryptoKey);  // others can read it
    QVERIFY(pin.setPermissions(QFileDevice::ReadOwner));
    const auto signer = openSigner(*bySource, nobody);
    QVERIFY2(signer, sayOf(signer).constData());
  }

  void missingKeyIsNamed() {
    ScriptedPins pins({kPin});
    const auto missing = openSigner(address(QStringLiteral("token=fw;object=lost")), pins);
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QVERIFY(missing.error().what.contains(QStringLiteral("lost")));
    QVERIFY2(missing.error().what.contains(nameOf(KeyType::EcP256)), sayOf(missing).constData());  // what it has
  }

  void missingTokenIsNamed() {
    ScriptedPins pins({kPin});
    const auto missing = openSigner(address(QStringLiteral("token=gone;object=a")), pins);
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, ErrorCode::KeyAbsent);
    QVERIFY2(missing.error().what.contains(QStringLiteral("token=fw")), sayOf(missing).constData());
    QVERIFY(pins.requests.isEmpty());
  }

  void missingModuleIsNamed() {
    ScriptedPins pins({kPin});
    const auto parsed = KeyAddress::parse(u"pkcs11:token=fw?module-path=/nowhere/token.so");
    QVERIFY(parsed);
    const auto missing = openSigner(*parsed, pins);
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, ErrorCode::KeyAbsent);
    QVERIFY2(missing.error().what.contains(QStringLiteral("/nowhere/token.so")), sayOf(missing).constData());
  }

  void severalKeysAreListed() {
    for (const char* id : {"a1", "a2"}) {
      QVERIFY2(hsm_.makeKey(QStringLiteral("fw"), kPin, QStringLiteral("EC:prime256v1"), QStringLiteral("twin"),
                            QLatin1String(id)),
               hsm_.log().constData());
    }
    ScriptedPins pins({kPin, kPin});
    const auto unclear = openSigner(address(QStringLiteral("token=fw;object=twin")), pins);
    QVERIFY(!unclear);
    QCOMPARE(unclear.error().code, ErrorCode::InvalidArgument);
    QVERIFY2(unclear.error().what.contains(QStringLiteral("id=%A1")) &&
                 unclear.error().what.contains(QStringLiteral("id=%A2")),
             sayOf(unclear).constData());
    QVERIFY(openSigner(address(QStringLiteral("token=fw;object=twin;id=%a2")), pins));
  }

  void twoTokensWithOneLabel() {
    QVERIFY2(hsm_.makeToken(QStringLiteral("same"), kPin), hsm_.log().constData());
    QVERIFY2(hsm_.makeToken(QStringLiteral("same"), kPin), hsm_.log().constData());
    ScriptedPins pins({kPin, kPin, kPin});
    const auto unclear = openSigner(address(QStringLiteral("token=same;object=a")), pins);
    QVERIFY(!unclear);
    QCOMPARE(unclear.error().code, ErrorCode::InvalidArgument);
    QVERIFY(pins.requests.isEmpty());  // no PIN is given to either of them
    static const QRegularExpression serial(QStringLiteral("serial=([0-9a-f]+)"));
    QStringList serials;
    for (auto match = serial.globalMatch(unclear.error().what); match.hasNext();) {
      serials << match.next().captured(1);
    }
    QCOMPARE(serials.size(), 2);
    QVERIFY(QSet<QString>(serials.begin(), serials.end()).size() == 2);

    // A key with the same name in each; the serial number says which.
    QByteArrayList keys;
    for (const QString& one : std::as_const(serials)) {
      const auto made =
          createKey(address(QStringLiteral("token=same;object=a;serial=") + one), {KeyType::EcP256}, pins);
      QVERIFY2(made, sayOf(made).constData());
      keys << (*made)->publicKey().toDer();
    }
    QVERIFY(keys.first() != keys.last());
    QVERIFY(!openSigner(address(QStringLiteral("token=same;object=a")), pins));
    ScriptedPins again({kPin});
    const auto second = openSigner(address(QStringLiteral("token=same;object=a;serial=") + serials.last()), again);
    QVERIFY2(second, sayOf(second).constData());
    QCOMPARE((*second)->publicKey().toDer(), keys.last());
  }

  void tokenIsPulledOutAndPutBack() {
    ScriptedPins pins({kPin, kPin, kPin});
    const auto signer = openSigner(address(QStringLiteral("token=fw;object=") + nameOf(KeyType::EcP256)), pins);
    QVERIFY(signer);
    QVERIFY((*signer)->sign(SignatureScheme::EcdsaP256Sha256, "before"));
    QVERIFY(hsm_.remove());
    for (int i = 0; i < 2; ++i) {
      const auto absent = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "away");
      QVERIFY(!absent);
      QVERIFY2(absent.error().code == ErrorCode::KeyAbsent, sayOf(absent).constData());
      QVERIFY(!absent.error().remedy.isEmpty());
    }
    QVERIFY(hsm_.putBack());
    const auto back = (*signer)->sign(SignatureScheme::EcdsaP256Sha256, "back");
    QVERIFY2(back, sayOf(back).constData());
    QVERIFY((*signer)->publicKey().verify(SignatureScheme::EcdsaP256Sha256, "back", *back));
  }

  void tlsClient_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("version");
    for (const KeyType type : {KeyType::Ed25519, KeyType::EcP256, KeyType::EcP384, KeyType::Rsa}) {
      for (const char* version : {"-tls1_2", "-tls1_3"}) {
        QTest::addRow("%s %s", qPrintable(nameOf(type)), version)
            << static_cast<int>(type) << QString::fromLatin1(version);
      }
    }
  }
  void tlsClient() {
    QFETCH(const int, type);
    QFETCH(const QString, version);
    ScriptedPins pins({kPin});
    auto signer = openSigner(address(QStringLiteral("token=fw;object=") + nameOf(static_cast<KeyType>(type))), pins);
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
  SoftHsm hsm_;
};

QTEST_GUILESS_MAIN(SoftHsmTest)
#include "softhsm_test.moc"
