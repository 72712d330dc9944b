// Keys in files: private to their owner, never replaced, never silently made anew.
#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;

class CryptoFileSignerTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void stationKeyIsMadeOnceAndKept() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("station/key.pem"));
    const auto made = loadOrCreateStationKey(path);
    QVERIFY2(made, made ? "" : qPrintable(made.error().message()));
    QCOMPARE(QFile::permissions(path) & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther),
             QFile::Permissions());
    const auto loaded = loadOrCreateStationKey(path);
    QVERIFY(loaded);
    QCOMPARE((*loaded)->publicKey(), (*made)->publicKey());
    const auto signature = (*loaded)->sign(SignatureScheme::Ed25519, "message");
    QVERIFY(signature);
    QVERIFY((*made)->publicKey().verify(SignatureScheme::Ed25519, "message", *signature));
    QCOMPARE((*loaded)->sign(SignatureScheme::RsaPssSha256, "message").error().code, ErrorCode::CryptoKey);
  }

  void damagedStationKeyStays() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    QVERIFY(writeFileAtomic(path, "damaged", true));
    QCOMPARE(loadOrCreateStationKey(path).error().code, ErrorCode::CryptoKey);
    QCOMPARE(*readFile(path, 100), QByteArray("damaged"));
  }

  void stationKeyOfAnotherTypeIsRefused() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    QVERIFY(FileSigner::create(path, KeyType::EcP256));
    QCOMPARE(loadOrCreateStationKey(path).error().code, ErrorCode::CryptoKey);
  }

  void keyThatOthersMayReadIsRefused() {
#ifndef Q_OS_UNIX
    QSKIP("Permissions of this kind exist on Unix.");
#endif
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    QVERIFY(FileSigner::create(path, KeyType::Ed25519));
    QVERIFY(FileSigner::load(path));
    for (const auto extra : {QFile::ReadGroup, QFile::WriteGroup, QFile::ReadOther, QFile::WriteOther}) {
      QVERIFY(QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | extra));
      QCOMPARE(FileSigner::load(path).error().code, ErrorCode::CryptoKey);
    }
  }

  void createNeverReplaces() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    QVERIFY(FileSigner::create(path, KeyType::Ed25519));
    const QByteArray before = *readFile(path, 1 << 16);
    QCOMPARE(FileSigner::create(path, KeyType::Ed25519).error().code, ErrorCode::AlreadyExists);
    QCOMPARE(*readFile(path, 1 << 16), before);
  }

  void passphraseIsNeeded() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("key.pem"));
    const auto made = FileSigner::create(path, KeyType::Ed25519, SecretBytes(QByteArrayView("word")));
    QVERIFY(made);
    QCOMPARE(FileSigner::load(path).error().code, ErrorCode::KeyPin);
    QCOMPARE(FileSigner::load(path, SecretBytes(QByteArrayView("wrong"))).error().code, ErrorCode::KeyPin);
    QCOMPARE((*FileSigner::load(path, SecretBytes(QByteArrayView("word"))))->publicKey(), (*made)->publicKey());
    QCOMPARE(FileSigner::load(folder.filePath(QStringLiteral("none"))).error().code, ErrorCode::FileRead);
  }
};

QTEST_GUILESS_MAIN(CryptoFileSignerTest)
#include "crypto_file_signer_test.moc"
