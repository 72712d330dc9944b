// Keys in the desktop's keychain, with GNOME Keyring as the Secret Service on a message bus of its own. The test runs
// itself again inside of that session.
#include "keystore/secrets/open_signer.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace sealift;

namespace {

const char* const kInside = "SEALIFT_KEYCHAIN_TEST";

template <class T>
QByteArray sayOf(const Result<T>& result) {
  return result ? QByteArray("no error") : result.error().message().toUtf8();
}

KeyAddress address(const QString& name) {
  return KeyAddress(KeychainKeyAddress{name});
}

}  // namespace

class KeychainTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void inASessionWithAKeychain() {
    if (qEnvironmentVariableIsSet(kInside)) {
      return;
    }
    QTemporaryDir home;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QLatin1String(kInside), QStringLiteral("1"));
    for (const char* folder : {"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}) {
      environment.insert(QLatin1String(folder), home.path());
    }
    environment.insert(QStringLiteral("XDG_CURRENT_DESKTOP"), QStringLiteral("GNOME"));
    QProcess session;
    session.setProcessEnvironment(environment);
    session.setProcessChannelMode(QProcess::MergedChannels);
    session.start(QStringLiteral("dbus-run-session"),
                  {QStringLiteral("--"), QStringLiteral("sh"), QStringLiteral("-c"),
                   QStringLiteral("printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null && "
                                  "exec \"$0\" signs wrongNames"),
                   QCoreApplication::applicationFilePath()});
    QVERIFY(session.waitForFinished(100'000));
    const QByteArray output = session.readAll();
    QVERIFY2(session.exitStatus() == QProcess::NormalExit && session.exitCode() == 0, output.constData());
    QVERIFY2(output.contains("PASS   : KeychainTest::signs()"), output.constData());
    // The keyring's file holds the key encrypted under the login's password.
    QFile keyring(home.filePath(QStringLiteral("keyrings/login.keyring")));
    QVERIFY(keyring.open(QIODevice::ReadOnly));
    QVERIFY(!keyring.readAll().contains("PRIVATE KEY"));
  }

  void withoutAKeychain() {
    if (qEnvironmentVariableIsSet(kInside)) {
      return;
    }
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    NoPinSource nobody;
    const auto absent = openSigner(address(QStringLiteral("a")), nobody);
    QVERIFY(!absent);
    QVERIFY2(absent.error().code == ErrorCode::KeyAbsent, sayOf(absent).constData());
    QVERIFY(!absent.error().remedy.isEmpty());
  }

  // Inside of the session ------------------------------------------------------------------

  void signs() {
    if (!qEnvironmentVariableIsSet(kInside)) {
      return;
    }
    NoPinSource nobody;
    for (const KeyType type : {KeyType::Ed25519, KeyType::EcP384, KeyType::Rsa}) {
      const KeyAddress key = address(QStringLiteral("test %1").arg(static_cast<int>(type)));
      const auto made = createKey(key, {type, 3072}, nobody);
      QVERIFY2(made, sayOf(made).constData());
      const auto opened = openSigner(key, nobody);
      QVERIFY2(opened, sayOf(opened).constData());
      QVERIFY((*opened)->publicKey() == (*made)->publicKey());
      const SignatureScheme scheme = usualSchemeOf(type);
      const auto signature = (*opened)->sign(scheme, "sealift");
      QVERIFY(signature && (*made)->publicKey().verify(scheme, "sealift", *signature));
      QCOMPARE(createKey(key, {type, 3072}, nobody).error().code, ErrorCode::AlreadyExists);
    }
  }

  void wrongNames() {
    if (!qEnvironmentVariableIsSet(kInside)) {
      return;
    }
    NoPinSource nobody;
    const auto missing = openSigner(address(QStringLiteral("nobody made me")), nobody);
    QVERIFY(!missing);
    QVERIFY2(missing.error().code == ErrorCode::NotFound, sayOf(missing).constData());
    QVERIFY(missing.error().what.contains(QStringLiteral("nobody made me")));
  }
};

QTEST_GUILESS_MAIN(KeychainTest)
#include "keychain_test.moc"
