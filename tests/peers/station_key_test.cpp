// The station's key in a TPM and in a token, chosen and used by sealiftctl as people do.
#include "tests/support/soft_hsm.h"
#include "tests/support/soft_tpm.h"
#include "tests/support/tool_run.h"

#include <QJsonArray>
#include <QTest>

using namespace sealift;

class StationKeyTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    qunsetenv("TPM2OPENSSL_TCTI");
    QVERIFY2(tpm_.start(), tpm_.log().constData());
    QVERIFY2(hsm_.makeToken(QStringLiteral("station"), QStringLiteral("5678")), hsm_.log().constData());
  }

  void headsAreSignedByTheTpm() {
    const ToolRun first = tool({QStringLiteral("station"), QStringLiteral("key")});
    QCOMPARE(first.exitCode, 0);
    QCOMPARE(keyOf(first)[QLatin1String("type")].toString(), QStringLiteral("Ed25519"));
    QVERIFY(!keyOf(first)[QLatin1String("inHardware")].toBool());
    QCOMPARE(tool({QStringLiteral("audit"), QStringLiteral("head"), headFile(u"file")}).exitCode, 0);

    const QString address = QStringLiteral("tpm:%1?tcti=%2").arg(tpm_.path(u"station.pem"), tpm_.tcti());
    const ToolRun chosen =
        tool({QStringLiteral("station"), QStringLiteral("key"), QStringLiteral("--use"), address,
              QStringLiteral("--create"), QStringLiteral("--key-type"), QStringLiteral("ecdsa-p256")});
    QVERIFY2(chosen.exitCode == 0, chosen.all().constData());
    QVERIFY(keyOf(chosen)[QLatin1String("inHardware")].toBool());

    const ToolRun now = tool({QStringLiteral("station"), QStringLiteral("key")});
    QVERIFY2(now.exitCode == 0, now.all().constData());
    QCOMPARE(keyOf(now)[QLatin1String("keyId")], keyOf(chosen)[QLatin1String("keyId")]);
    QVERIFY(keyOf(now)[QLatin1String("keyId")] != keyOf(first)[QLatin1String("keyId")]);
    QCOMPARE(keyOf(now)[QLatin1String("earlierKeys")].toInt(), 1);

    // Heads of both keys stand: the newest, and the one that was exported before the change.
    const ToolRun verified = tool({QStringLiteral("audit"), QStringLiteral("verify")});
    QVERIFY2(verified.exitCode == 0, verified.all().constData());
    const ToolRun since =
        tool({QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), headFile(u"file")});
    QVERIFY2(since.exitCode == 0, since.all().constData());
    QCOMPARE(tool({QStringLiteral("audit"), QStringLiteral("head"), headFile(u"tpm")}).exitCode, 0);
    QFile head(headFile(u"tpm"));
    QVERIFY(head.open(QIODevice::ReadOnly));
    QVERIFY(head.readAll().contains(keyOf(now)[QLatin1String("keyId")].toString().toLatin1()));

    const ToolRun entries = tool({QStringLiteral("audit"), QStringLiteral("list"), QStringLiteral("--text"),
                                  QStringLiteral("signs its log with key")});
    QVERIFY2(entries.out.contains("station.key-changed") && entries.out.contains(tpm_.tcti().toLatin1()),
             entries.all().constData());
  }

  void tpmGoesAndComesBack() {
    tpm_.stop();
    const ToolRun absent = tool({QStringLiteral("audit"), QStringLiteral("verify")});
    QVERIFY2(absent.exitCode == 1, absent.all().constData());
    QVERIFY2(absent.out.contains("key.absent"), absent.all().constData());
    QVERIFY2(tpm_.start(), tpm_.log().constData());
    const ToolRun back = tool({QStringLiteral("audit"), QStringLiteral("verify")});
    QVERIFY2(back.exitCode == 0, back.all().constData());
  }

  void fromTheTpmToAToken() {
    QFile pin(hsm_.path(u"pin"));
    QVERIFY(pin.open(QIODevice::WriteOnly) && pin.write("5678\n") == 5);
    pin.close();
    QVERIFY(pin.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner));
    const QString address = QStringLiteral("pkcs11:token=station;object=head?module-path=%1&pin-source=%2")
                                .arg(kSoftHsmModule, pin.fileName());
    const ToolRun chosen = tool({QStringLiteral("station"), QStringLiteral("key"), QStringLiteral("--use"), address,
                                 QStringLiteral("--create"), QStringLiteral("--key-type"), QStringLiteral("ed25519")});
    QVERIFY2(chosen.exitCode == 0, chosen.all().constData());
    const ToolRun verified =
        tool({QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), headFile(u"file")});
    QVERIFY2(verified.exitCode == 0, verified.all().constData());
    QCOMPARE(keyOf(tool({QStringLiteral("station"), QStringLiteral("key")}))[QLatin1String("earlierKeys")].toInt(), 2);
    // Choosing the key that is used already changes nothing.
    const ToolRun again = tool({QStringLiteral("station"), QStringLiteral("key"), QStringLiteral("--use"), address});
    QVERIFY2(again.exitCode != 0 && again.out.contains("already-exists"), again.all().constData());
  }

  // Whoever can write the database still can't make a key of theirs one of the station's earlier ones.
  void strangersKeyIsNoEarlierKey() {
    const QString stranger = QStringLiteral(
        "update setting set value = json_insert(value, '$[#]', json_extract(value, '$[0]')) where key = "
        "'station.key.earlier'");
    QCOMPARE(earlierKeys(), 2);
    QVERIFY(sql(stranger));  // a row whose statement is by another than the key before it
    QCOMPARE(earlierKeys(), 2);
    QVERIFY(
        sql(QStringLiteral("update setting set value = json_remove(value, '$[0]') where key = "
                           "'station.key.earlier'")));
    QCOMPARE(earlierKeys(), 0);  // the chain from the key of now is broken
    const ToolRun verified =
        tool({QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), headFile(u"file")});
    QVERIFY2(verified.exitCode == 8, verified.all().constData());
  }

 private:
  bool sql(const QString& statement) const {
    const QStringList databases = QDir(data_.path()).entryList({QStringLiteral("*.db"), QStringLiteral("*.sqlite")});
    return databases.size() == 1 &&
           QProcess::execute(QStringLiteral("sqlite3"), {data_.filePath(databases.first()), statement}) == 0;
  }
  int earlierKeys() const {
    return keyOf(tool({QStringLiteral("station"), QStringLiteral("key")}))[QLatin1String("earlierKeys")].toInt();
  }
  ToolRun tool(const QStringList& arguments) const {
    return runTool(QStringLiteral(SEALIFT_TOOL),
                   QStringList{QStringLiteral("--data-dir"), data_.path(), QStringLiteral("--json")} + arguments);
  }
  static QJsonObject keyOf(const ToolRun& run) { return run.json()[QLatin1String("key")].toObject(); }
  QString headFile(QStringView name) const { return tpm_.path(name) + QStringLiteral(".head"); }

  QTemporaryDir data_;
  SoftTpm tpm_;
  SoftHsm hsm_;
};

QTEST_GUILESS_MAIN(StationKeyTest)
#include "station_key_test.moc"
