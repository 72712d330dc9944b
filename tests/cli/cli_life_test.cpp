// A vendor and a technician at their terminals, from the empty folder to the updated device, with every answer of
// --json checked against its published schema.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

class CliLifeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void vendorPublishes();
  void vendorIsTrusted();
  void deviceComesAndGoes();
  void whatIsThereIsListed();
  void updateSucceeds();
  void auditTellsAll();
  void rotatedKeysAreFollowed();
  void errorsHaveOneShape_data();
  void errorsHaveOneShape();
  void helpNamesTheProgram_data();
  void helpNamesTheProgram();

 private:
  Ran repo(const QStringList& arguments) {
    return world_.runJson(QStringList{QStringLiteral("repo")} + arguments +
                          QStringList{QStringLiteral("--repo"), world_.repo()});
  }
  CliWorld world_;
  std::unique_ptr<VirtualSmpDevice> device_;
  QString fingerprint_;
  QString jobId_;
};

void CliLifeTest::vendorPublishes() {
  const Ran made = repo({QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("norrland"),
                         QStringLiteral("--name"), QStringLiteral("Norrland AB"), QStringLiteral("--threshold"),
                         QStringLiteral("targets=2"), QStringLiteral("--keys"), QStringLiteral("targets=3")});
  VERIFY_STATUS(made, 0);
  VERIFY_SCHEMA("repository", made);
  fingerprint_ = made.json().value(QLatin1String("fingerprint")).toString();
  QCOMPARE(made.json().value(QLatin1String("vendorFile")).toString(), world_.vendorFile());

  const Ran again = repo({QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("norrland"),
                          QStringLiteral("--name"), QStringLiteral("Norrland AB")});
  VERIFY_STATUS(again, 1);
  VERIFY_SCHEMA("error", again);

  const QString model = world_.file(QStringLiteral("t2.json"));
  QVERIFY(writeFileAtomic(model, world_.modelDocument(QStringLiteral("t2"))));
  const QString image = world_.file(QStringLiteral("t2-1.1.0.bin"));
  QVERIFY(writeFileAtomic(image, world_.firmware.build({1, 1, 0, 0}, "healthy", 60'000)));
  const QString notes = world_.file(QStringLiteral("notes.md"));
  QVERIFY(writeFileAtomic(notes, "## Security\n\n- CVE-2026-41207: fixed.\n"));

  const Ran tooEarly = repo({QStringLiteral("add-release"), image, QStringLiteral("--model"), QStringLiteral("t2")});
  VERIFY_STATUS(tooEarly, 1);  // the model isn't there yet
  VERIFY_SCHEMA("error", tooEarly);

  for (const QStringList& command : {
           QStringList{QStringLiteral("add-model"), model},
           {QStringLiteral("add-release"), image, QStringLiteral("--model"), QStringLiteral("t2"),
            QStringLiteral("--notes"), QStringLiteral("en=") + notes, QStringLiteral("--severity"),
            QStringLiteral("high"), QStringLiteral("--advisory"), QStringLiteral("CVE-2026-41207:high:code execution"),
            QStringLiteral("--offline-seconds"), QStringLiteral("5")},
           {QStringLiteral("add-lifecycle"), QStringLiteral("--model"), QStringLiteral("t2"),
            QStringLiteral("--full-support-ends"), QStringLiteral("2099-01-01"),
            QStringLiteral("--security-support-ends"), QStringLiteral("2100-01-01")},
           {QStringLiteral("publish")},
           {QStringLiteral("refresh-timestamp")},
           {QStringLiteral("key"), QStringLiteral("generate"), QStringLiteral("--name"), QStringLiteral("spare")},
           {QStringLiteral("status")},
       }) {
    const Ran ran = repo(command);
    VERIFY_STATUS(ran, 0);
    VERIFY_SCHEMA("repository", ran);
  }
}

void CliLifeTest::vendorIsTrusted() {
  const QStringList add{QStringLiteral("vendor"), QStringLiteral("add"), world_.vendorFile()};
  const QStringList accept{QStringLiteral("--accept")};
  const Ran asked = world_.run(add);  // nobody there to ask
  VERIFY_STATUS(asked, 3);
  QVERIFY2(asked.err.contains(fingerprint_.toUtf8()), "it must say what to compare");
  const Ran wrong = world_.runJson(add + accept + QStringList{QString(64, u'0')});
  VERIFY_STATUS(wrong, 3);
  VERIFY_SCHEMA("error", wrong);
  QCOMPARE(wrong.errorCode(), QStringLiteral("trust.fingerprint"));
  const Ran none = world_.runJson("vendor list");
  VERIFY_SCHEMA("vendor", none);
  QCOMPARE(none.json().value(QLatin1String("vendors")).toArray().size(), 0);

  // As it is read out: in groups, in capitals.
  QString grouped = fingerprint_.toUpper();
  for (qsizetype i = 60; i > 0; i -= 4) {
    grouped.insert(i, u' ');
  }
  const Ran added = world_.runJson(add + accept + QStringList{grouped});
  VERIFY_STATUS(added, 0);
  VERIFY_SCHEMA("vendor", added);
  QCOMPARE(added.json().value(QLatin1String("models")).toArray(), QJsonArray{QStringLiteral("Norrland T2")});
  const Ran twice = world_.runJson(add + accept + QStringList{fingerprint_});
  VERIFY_STATUS(twice, 1);
  QCOMPARE(twice.errorCode(), QStringLiteral("already-exists"));

  for (const char* command : {"vendor list", "vendor refresh", "vendor refresh norrland"}) {
    const Ran ran = world_.runJson(command);
    VERIFY_STATUS(ran, 0);
    VERIFY_SCHEMA("vendor", ran);
    QCOMPARE(ran.json().value(QLatin1String("vendors")).toArray().size(), 1);
  }
  QVERIFY(!schemaProblem(QStringLiteral("device"), none.out).isEmpty());  // schemas tell shapes apart
  const Ran stranger = world_.runJson("vendor refresh nobody");
  VERIFY_STATUS(stranger, 1);
  VERIFY_SCHEMA("error", stranger);
}

void CliLifeTest::deviceComesAndGoes() {
  device_ = std::make_unique<VirtualSmpDevice>(world_.deviceConfig());
  QVERIFY(device_->start());
  const QString address = device_->address().toString();
  const Ran added = world_.runJson(
      {QStringLiteral("device"), QStringLiteral("add"), address, QStringLiteral("--name"), QStringLiteral("Hall")});
  VERIFY_STATUS(added, 0);
  VERIFY_SCHEMA("device", added);
  QCOMPARE(added.json().value(QLatin1String("id")).toString(), QStringLiteral("norrland/t2/0001"));
  QCOMPARE(added.json().value(QLatin1String("version")).toString(), QStringLiteral("1.0.0"));
  QCOMPARE(added.json().value(QLatin1String("condition")).toString(), QStringLiteral("update-available"));
  QCOMPARE(added.json().value(QLatin1String("name")).toString(), QStringLiteral("Hall"));

  for (const char* key : {"norrland/t2/0001", "0001", "Hall"}) {
    const Ran shown = world_.runJson({QStringLiteral("device"), QStringLiteral("show"), QLatin1String(key)});
    VERIFY_STATUS(shown, 0);
    VERIFY_SCHEMA("device", shown);
    QCOMPARE(shown.json().value(QLatin1String("online")).toBool(), true);
  }
  const Ran listed = world_.runJson("device list");
  VERIFY_STATUS(listed, 0);
  VERIFY_SCHEMA("device", listed);
  const Ran text = world_.run("device list");
  QVERIFY2(text.out.contains("Hall") && text.out.contains("1.1.0 available"), text.out.constData());

  const Ran removed = world_.runJson("device remove Hall");
  VERIFY_STATUS(removed, 0);
  VERIFY_SCHEMA("device", removed);
  QCOMPARE(world_.runJson("device list").json().value(QLatin1String("devices")).toArray().size(), 0);
  const Ran gone = world_.runJson("device show Hall");
  VERIFY_STATUS(gone, 1);
  QCOMPARE(gone.errorCode(), QStringLiteral("not-found"));
  VERIFY_STATUS(world_.run({QStringLiteral("device"), QStringLiteral("add"), address}), 0);

  // Away: what was seen last is shown, with what is wrong now.
  device_->powerOff();
  const Ran away = world_.runJson("device show 0001");
  VERIFY_STATUS(away, 0);
  VERIFY_SCHEMA("device", away);
  QCOMPARE(away.json().value(QLatin1String("online")).toBool(), false);
  QVERIFY(away.json().value(QLatin1String("problem")).isObject());
  device_->powerOn();
}

// Whatever this computer has: none of it is named by a model, so none is opened. On the network nothing is asked for.
void CliLifeTest::whatIsThereIsListed() {
  const Ran found = world_.runJson("device discover --seconds 0");
  VERIFY_STATUS(found, 0);
  VERIFY_SCHEMA("discovery", found);
  QVERIFY(found.json().value(QLatin1String("networkProblem")).isNull());
  const QJsonArray all = found.json().value(QLatin1String("found")).toArray();
  for (const QJsonValue& each : all) {
    QVERIFY(!each.toObject().value(QLatin1String("opened")).toBool());
    QVERIFY(each.toObject().value(QLatin1String("kind")).toString() != QLatin1String("network"));
    QVERIFY(!each.toObject().value(QLatin1String("note")).toString().isEmpty());
  }
  const Ran text = world_.run("device discover --seconds 0");
  VERIFY_STATUS(text, 0);
  QVERIFY2(text.out.contains(all.isEmpty() ? "Nothing was found." : "Found, not known:"), text.out.constData());
  const Ran offline = world_.run("--offline device discover --seconds 0");
  VERIFY_STATUS(offline, 0);
  QVERIFY2(offline.err.contains("offline mode is on"), offline.err.constData());
  VERIFY_STATUS(world_.run("device discover --seconds -1"), 2);
  VERIFY_STATUS(world_.run("device discover --seconds soon"), 2);
}

void CliLifeTest::updateSucceeds() {
  const quint64 written = device_->snapshot().flashOperations;
  const Ran plan = world_.runJson("update plan 0001");
  VERIFY_STATUS(plan, 0);
  VERIFY_SCHEMA("plan", plan);
  const QString digest = plan.json().value(QLatin1String("plan")).toString();
  const Ran text = world_.run("update plan 0001");
  VERIFY_STATUS(text, 0);
  QVERIFY2(text.out.contains("Plan " + digest.toUtf8()), text.out.constData());
  QVERIFY(text.out.contains("CVE-2026-41207: fixed."));
  QCOMPARE(device_->snapshot().flashOperations, written);  // planning writes nothing

  const Ran applied = world_.runJson(world_.applyCommand(digest));
  VERIFY_STATUS(applied, 0);
  VERIFY_SCHEMA("job", applied);
  QCOMPARE(applied.json().value(QLatin1String("outcome")).toString(), QStringLiteral("succeeded"));
  jobId_ = applied.json().value(QLatin1String("id")).toString();
  QVERIFY(device_->snapshot().running == Version({1, 1, 0, 0}));
  QVERIFY(device_->snapshot().confirmed);
  QVERIFY2(!applied.err.contains('\033') && applied.err.contains("Transferring"), applied.err.constData());

  for (const char* command : {"update list", "update resume"}) {
    const Ran ran = world_.runJson(command);
    VERIFY_STATUS(ran, 0);
    VERIFY_SCHEMA("job", ran);
  }
  const Ran shown = world_.runJson({QStringLiteral("update"), QStringLiteral("show"), jobId_});
  VERIFY_STATUS(shown, 0);
  VERIFY_SCHEMA("job", shown);
  QVERIFY(!shown.json().value(QLatin1String("log")).toArray().isEmpty());

  // The same consent can't be used twice, and there is nothing left to do.
  const Ran again = world_.runJson(world_.applyCommand(digest));
  VERIFY_STATUS(again, 9);
  QCOMPARE(again.errorCode(), QStringLiteral("up-to-date"));
}

void CliLifeTest::auditTellsAll() {
  const Ran listed = world_.runJson("audit list --limit 1000");
  VERIFY_STATUS(listed, 0);
  VERIFY_SCHEMA("audit-entry", listed);
  QStringList events;
  const QJsonArray entries = listed.json().value(QLatin1String("entries")).toArray();
  for (const QJsonValue& entry : entries) {
    events.prepend(entry.toObject().value(QLatin1String("event")).toString());
  }
  // In this order, with others between them.
  qsizetype at = -1;
  for (const char* event : {"station.key-made", "vendor.added", "device.added", "device.removed", "plan.made",
                            "check.passed", "consent.given", "update.started", "update.stage", "update.succeeded"}) {
    at = events.indexOf(QLatin1String(event), at + 1);
    QVERIFY2(at >= 0, qPrintable(QLatin1String(event) + QStringLiteral(" is missing in ") + events.join(u' ')));
  }
  const QString number = QString::number(entries.first().toObject().value(QLatin1String("sequence")).toInteger());
  const Ran shown = world_.runJson({QStringLiteral("audit"), QStringLiteral("show"), number});
  VERIFY_STATUS(shown, 0);
  VERIFY_SCHEMA("audit-entry", shown);
  QCOMPARE(shown.json().value(QLatin1String("included")).toBool(), true);
  const Ran verified = world_.runJson("audit verify");
  VERIFY_STATUS(verified, 0);
  VERIFY_SCHEMA("audit-entry", verified);

  const QString head = world_.file(QStringLiteral("head.json"));
  const Ran exportedHead = world_.runJson({QStringLiteral("audit"), QStringLiteral("head"), head});
  VERIFY_STATUS(exportedHead, 0);
  VERIFY_SCHEMA("audit-entry", exportedHead);
  VERIFY_STATUS(world_.run({QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--against"), head}), 0);
  for (const char* format : {"jsonl", "csv"}) {
    const QString path = world_.file(QLatin1String(format));
    const Ran exported = world_.runJson(
        {QStringLiteral("audit"), QStringLiteral("export"), QStringLiteral("--format"), QLatin1String(format), path});
    VERIFY_STATUS(exported, 0);
    VERIFY_SCHEMA("audit-entry", exported);
    const Result<QByteArray> bytes = readFile(path, 1 << 24);
    QVERIFY(bytes && bytes->contains("update.succeeded"));
    if (qstrcmp(format, "jsonl") == 0) {
      for (const QByteArray& line : bytes->trimmed().split('\n')) {
        QVERIFY2(QJsonDocument::fromJson(line).isObject(), line.constData());
      }
    }
  }
}

void CliLifeTest::rotatedKeysAreFollowed() {
  for (const char* role : {"root", "snapshot", "timestamp"}) {
    const Ran rotated = repo({QStringLiteral("rotate-key"), QStringLiteral("--role"), QLatin1String(role)});
    VERIFY_STATUS(rotated, 0);
    VERIFY_SCHEMA("repository", rotated);
  }
  const Ran ambiguous = repo({QStringLiteral("rotate-key"), QStringLiteral("--role"), QStringLiteral("targets")});
  VERIFY_STATUS(ambiguous, 2);  // three keys: which one?
  VERIFY_SCHEMA("error", ambiguous);
  VERIFY_STATUS(repo({QStringLiteral("publish")}), 0);
  VERIFY_STATUS(world_.run("vendor refresh"), 0);
  QVERIFY(world_.run("audit list --text vendor.root-rotated").out.contains("root"));

  const Ran removed = world_.runJson("vendor remove norrland");
  VERIFY_STATUS(removed, 0);
  VERIFY_SCHEMA("vendor", removed);
  const Ran unmanaged = world_.runJson("update plan 0001");
  VERIFY_STATUS(unmanaged, 1);
  VERIFY_SCHEMA("error", unmanaged);
}

void CliLifeTest::errorsHaveOneShape_data() {
  QTest::addColumn<QString>("words");
  QTest::addColumn<int>("status");
  const auto row = [](const char* words, int status) { QTest::newRow(words) << QString::fromLatin1(words) << status; };
  row("device add", 2);
  row("device add nonsense", 1);
  row("device add udp:127.0.0.1:9 --frobnicate", 2);
  row("device remove nobody", 1);
  row("update plan nobody", 1);
  row("update apply nobody", 1);
  row("update show nobody", 1);
  row("update resume nobody", 1);
  row("update nothing", 2);
  row("vendor add /nonexistent", 1);
  row("vendor remove nobody", 1);
  row("audit show 99999999", 1);
  row("audit list --limit 0", 2);
  row("audit verify --against /nonexistent", 1);
  row("audit export /nonexistent/file", 1);
  row("repo status --repo /nonexistent", 1);
  row("repo add-lifecycle --repo /nonexistent --model t2 --released yesterday", 2);
}

void CliLifeTest::errorsHaveOneShape() {
  QFETCH(const QString, words);
  QFETCH(const int, status);
  const Ran ran = world_.runJson(words.split(u' '));
  VERIFY_STATUS(ran, status);
  VERIFY_SCHEMA("error", ran);
  QCOMPARE(ran.err, QByteArray());
  const QString what = ran.json().value(QLatin1String("error")).toObject().value(QLatin1String("what")).toString();
  QVERIFY2(what.endsWith(u'.'), qPrintable(what));
  const Ran text = world_.run(words.split(u' '));
  QCOMPARE(text.status, status);
  QCOMPARE(text.out, QByteArray());
  QVERIFY2(text.err.startsWith("sealiftctl: "), text.err.constData());
}

void CliLifeTest::helpNamesTheProgram_data() {
  QTest::addColumn<QString>("words");
  for (const char* words :
       {"", "device", "device add", "update apply", "repo key", "repo key generate", "audit verify"}) {
    QTest::newRow(words) << QString::fromLatin1(words);
  }
}

void CliLifeTest::helpNamesTheProgram() {
  QFETCH(const QString, words);
  const Ran ran = world_.run(words.split(u' ', Qt::SkipEmptyParts) + QStringList{QStringLiteral("--help")});
  VERIFY_STATUS(ran, 0);
  const QByteArray usage = QStringLiteral("Usage: sealiftctl %1").arg(words).trimmed().toUtf8() + ' ';
  QVERIFY2(ran.out.contains(usage), ran.out.constData());
}

QTEST_GUILESS_MAIN(CliLifeTest)
#include "cli_life_test.moc"
