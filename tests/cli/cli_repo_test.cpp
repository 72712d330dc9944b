// sealiftctl repo, as a vendor uses it over the years: roles of models, keys in files that come and go, signatures
// made on another machine, what expires, and bundles. Every answer is of the documented shape.
#include "keystore/tuf/bundle.h"
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

class CliRepoTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    world_ = std::make_unique<CliWorld>();
    image_ = world_->file(QStringLiteral("app.bin"));
    QVERIFY(writeFileAtomic(world_->file(QStringLiteral("t2.json")), world_->modelDocument(QStringLiteral("t2"))));
    QVERIFY(writeFileAtomic(image_, world_->firmware.build({1, 1, 0, 0}, "healthy", 20'000)));
  }

  void modelsHaveRolesAndKeysChange() {
    make({});
    addContents();
    fine("publish");
    fine("delegate --model t2 --expires 60");
    fine("publish");
    fine("key generate --name spare");
    fine("key add --role t2 --threshold 2 --key " + (world_->repo() + QStringLiteral("/keys/spare.pem")).toUtf8());
    fine("publish");
    const QJsonObject role = roleOf(QStringLiteral("t2"));
    QCOMPARE(role.value(QLatin1String("threshold")).toInt(), 2);
    QCOMPARE(role.value(QLatin1String("keys")).toArray().size(), 2);
    QCOMPARE(role.value(QLatin1String("targets")).toInt(), 1);
    QCOMPARE(role.value(QLatin1String("expiryDays")).toInt(), 60);
    QCOMPARE(role.value(QLatin1String("delegator")).toString(), QStringLiteral("targets"));
    const QString first = role.value(QLatin1String("keys")).toArray().first().toString();
    const Ran tooFew = repo("key revoke " + first.toUtf8());
    VERIFY_STATUS(tooFew, 2);
    VERIFY_SCHEMA("error", tooFew);
    fine("key threshold --role t2 1");
    fine("key revoke " + first.toUtf8());
    fine("expiry --role t2 30");
    fine("renew --role t2");
    fine("publish");
    QVERIFY(!roleOf(QStringLiteral("t2")).value(QLatin1String("keys")).toArray().contains(first));
    fine("key list");
    fine("undelegate t2");
    fine("bins --bits 3 --prefix part");
    fine("publish");
    QCOMPARE(roleOf(QStringLiteral("part")).value(QLatin1String("bins")).toInt(), 8);
    fine("withdraw --model t2 --release 1.1.0");
    fine("publish");
    const Ran gone = repo("withdraw --model t2 --release 1.1.0");
    VERIFY_STATUS(gone, 1);
    VERIFY_SCHEMA("error", gone);
    fine("withdraw --target models/t2.json");
    VERIFY_STATUS(repo("withdraw"), 2);
    VERIFY_STATUS(repo("delegate --role x"), 2);
    VERIFY_STATUS(repo("renew --role nobody"), 1);
  }

  // Anna and Bo hold the keys of root and targets on machines without a network.
  void signaturesAreMadeElsewhere() {
    make({QStringLiteral("--threshold"), QStringLiteral("targets=2"), QStringLiteral("--keys"),
          QStringLiteral("targets=2")});
    const auto away = [this](int i) { return world_->file(QStringLiteral("away-%1.pem").arg(i)); };
    for (int i = 1; i <= 2; ++i) {
      QVERIFY(QFile::rename(world_->repo() + QStringLiteral("/keys/targets-%1.pem").arg(i), away(i)));
    }
    addContents();
    const Ran unsignedYet = repo("publish");
    VERIFY_STATUS(unsignedYet, 3);
    QCOMPARE(unsignedYet.errorCode(), QStringLiteral("trust.threshold"));
    const QString request = world_->file(QStringLiteral("request.json"));
    fine("request-signatures --output " + request.toUtf8());

    const Ran shown = world_->runJson({QStringLiteral("repo"), QStringLiteral("sign"), request});
    VERIFY_STATUS(shown, 0);
    VERIFY_SCHEMA("repository", shown);
    const QString digest = shown.json().value(QLatin1String("digest")).toString();
    const QJsonObject document = shown.json().value(QLatin1String("documents")).toArray().first().toObject();
    QCOMPARE(document.value(QLatin1String("role")).toString(), QStringLiteral("targets"));
    QCOMPARE(document.value(QLatin1String("needed")).toInt(), 2);
    const QString changes =
        QString::fromUtf8(QJsonDocument(document.value(QLatin1String("changes")).toArray()).toJson());
    QVERIFY2(changes.contains(QLatin1String("firmware/t2/1.1.0/app.bin")), qPrintable(changes));
    QVERIFY2(changes.contains(QLatin1String("(firmware 1.1.0 of t2)")), qPrintable(changes));
    const Ran words = world_->run({QStringLiteral("repo"), QStringLiteral("sign"), request});
    QVERIFY2(words.out.contains("Role \"targets\", version 2 (published now: 1)"), words.out.constData());

    QStringList files;
    for (int i = 1; i <= 2; ++i) {
      const QString file = world_->file(QStringLiteral("signatures-%1.json").arg(i));
      const QStringList sign{QStringLiteral("repo"),
                             QStringLiteral("sign"),
                             request,
                             QStringLiteral("--key"),
                             away(i),
                             QStringLiteral("--output"),
                             file};
      VERIFY_STATUS(world_->runJson(sign), 3);  // nobody agreed
      VERIFY_STATUS(world_->runJson(sign + QStringList{QStringLiteral("--accept"), QString(64, u'0')}), 3);
      QVERIFY(!QFile::exists(file));
      const Ran signedNow = world_->runJson(sign + QStringList{QStringLiteral("--accept"), digest});
      VERIFY_STATUS(signedNow, 0);
      VERIFY_SCHEMA("repository", signedNow);
      files << file;
    }
    const Ran half = fine("import-signatures " + files[0].toUtf8());
    QCOMPARE(half.json().value(QLatin1String("complete")).toBool(), false);
    VERIFY_STATUS(repo("publish"), 3);
    const Ran whole = fine("import-signatures " + files[1].toUtf8());
    QCOMPARE(whole.json().value(QLatin1String("complete")).toBool(), true);
    fine("publish");
    QCOMPARE(roleOf(QStringLiteral("targets")).value(QLatin1String("version")).toInt(), 2);
    VERIFY_STATUS(repo("import-signatures " + files[0].toUtf8()), 3);  // of what is published by now
  }

  // The job that refreshes the timestamp every day may read two keys and no more.
  void unattendedRefresh() {
    make({});
    for (const char* role : {"root", "targets"}) {
      const QString key = world_->repo() + QStringLiteral("/keys/%1-1.pem").arg(QLatin1String(role));
      QVERIFY(QFile::setPermissions(key, QFileDevice::Permissions()));
      QVERIFY(QFile::remove(key));  // whoever runs the tests as root may read everything
    }
    fine("refresh-timestamp");
    QCOMPARE(roleOf(QStringLiteral("timestamp")).value(QLatin1String("version")).toInt(), 2);
    VERIFY_STATUS(repo("publish"), 0);  // nothing is staged: snapshot and timestamp alone
    VERIFY_STATUS(repo("renew --role targets"), 0);
    VERIFY_STATUS(repo("publish"), 3);
  }

  void statusTellsWhatIsDue() {
    make({QStringLiteral("--expires"), QStringLiteral("timestamp=10")});
    VERIFY_STATUS(repo("status"), 0);
    VERIFY_STATUS(repo("status --within 9"), 0);
    const Ran due = repo("status --within 10");
    VERIFY_STATUS(due, 10);
    VERIFY_SCHEMA("repository", due);
    int dueRoles = 0;
    for (const QJsonValue& role : due.json().value(QLatin1String("roles")).toArray()) {
      const bool isDue = role.toObject().value(QLatin1String("due")).toBool();
      dueRoles += isDue ? 1 : 0;
      QVERIFY(!isDue || role.toObject().value(QLatin1String("role")) == QLatin1String("timestamp"));
    }
    QCOMPARE(dueRoles, 1);
    VERIFY_STATUS(repo("status --within soon"), 2);
  }

  void bundlesHoldWhatWasChosen() {
    make({});
    addContents();
    QVERIFY(writeFileAtomic(world_->file(QStringLiteral("t3.json")), world_->modelDocument(QStringLiteral("t3"))));
    fine("add-model " + world_->file(QStringLiteral("t3.json")).toUtf8());
    fine("add-release " + image_.toUtf8() + " --model t3");
    fine("delegate --model t3");
    fine("publish");
    const QString path = world_->file(QStringLiteral("norrland.bundle"));
    const auto filesIn = [&](const QByteArray& options) {
      const Ran made = fine("bundle --output " + path.toUtf8() + options);
      const auto bundle = tuf::BundleFetcher::open(path);
      const QStringList targets =
          bundle ? (*bundle)->paths().filter(QRegularExpression(QStringLiteral("^targets/"))) : QStringList();
      return targets.size() == made.json().value(QLatin1String("files")).toInt() ? targets.join(u' ') : QString();
    };
    const QString all = filesIn("");
    QVERIFY2(all.contains(QLatin1String("targets/firmware/t2/1.1.0/")) &&
                 all.contains(QLatin1String("targets/firmware/t3/1.1.0/")),
             qPrintable(all));
    const QString one = filesIn(" --model t3");
    QVERIFY2(!one.contains(QLatin1String("firmware/t2/")) && one.contains(QLatin1String("firmware/t3/1.1.0/")) &&
                 one.contains(QLatin1String("models/")),
             qPrintable(one));
    VERIFY_STATUS(repo("bundle --output " + path.toUtf8() + " --model t3 --release 9.9.9"), 1);
    VERIFY_STATUS(repo("bundle --output " + path.toUtf8() + " --model t9"), 1);
  }

 private:
  Ran repo(const QByteArray& words) const {
    QStringList arguments{QStringLiteral("repo")};
    arguments += QString::fromUtf8(words).split(u' ');
    return world_->runJson(arguments + QStringList{QStringLiteral("--repo"), world_->repo()});
  }
  // The same, and it must succeed with an answer of the documented shape.
  Ran fine(const QByteArray& words) const {
    const Ran ran = repo(words);
    const QString problem =
        ran.status == 0 ? schemaProblem(QStringLiteral("repository"), ran.out) : QString::fromUtf8(ran.err + ran.out);
    if (!problem.isEmpty()) {
      QTest::qFail((words + ": " + problem.toUtf8()).constData(), __FILE__, __LINE__);
    }
    return ran;
  }
  void make(const QStringList& options) const {
    const Ran made = world_->run(QStringList{QStringLiteral("repo"), QStringLiteral("init"), QStringLiteral("--repo"),
                                             world_->repo(), QStringLiteral("--id"), QStringLiteral("norrland"),
                                             QStringLiteral("--name"), QStringLiteral("Norrland AB")} +
                                 options);
    VERIFY_STATUS(made, 0);
  }
  void addContents() const {
    fine("add-model " + world_->file(QStringLiteral("t2.json")).toUtf8());
    fine("add-release " + image_.toUtf8() + " --model t2");
  }
  QJsonObject roleOf(const QString& name) const {
    const QJsonArray roles = repo("status").json().value(QLatin1String("roles")).toArray();
    for (const QJsonValue& role : roles) {
      if (role.toObject().value(QLatin1String("role")).toString() == name) {
        return role.toObject();
      }
    }
    return {};
  }

  std::unique_ptr<CliWorld> world_;
  QString image_;
};

QTEST_GUILESS_MAIN(CliRepoTest)
#include "cli_repo_test.moc"
