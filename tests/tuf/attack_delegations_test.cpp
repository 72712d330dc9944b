// Attacks by and on delegated roles, each taken once from the network and once from the cache: the same bytes lie in
// the repository or, with a repository that has nothing for this role, in the client's folder. And delegations' own
// rules. README.md has the table.
#include "tests/tuf/attack_harness.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

// One state of the repository: "targets" trusts "models" with m/*, by two keys, and the snapshot says of it what
// `announce` gives.
struct DelegatedAttack {
  const char* name;
  ErrorCode expected;
  std::function<void(R&, R::Role& models)> evil;                                 // before it is signed
  std::function<void(Json& entry)> announce = [](Json&) {};                      // the snapshot's entry, after that
  std::function<QByteArray(QByteArray)> bytes = [](QByteArray b) { return b; };  // the file, before it is announced
};

QByteArray withFlippedSignature(const QByteArray& file) {
  Json document = Json::parse(file.toStdString());
  std::string text = document["signatures"][0]["sig"];
  text[0] = text[0] == '0' ? '1' : '0';
  document["signatures"][0]["sig"] = text;
  return QByteArray::fromStdString(document.dump());
}

const std::vector<DelegatedAttack>& delegatedAttacks() {
  const auto nothing = [](R&, R::Role&) {};
  static const std::vector<DelegatedAttack> kAttacks{
      {"bad-signature", ErrorCode::TrustThreshold, nothing, [](Json&) {}, withFlippedSignature},
      {"too-few-signatures", ErrorCode::TrustThreshold, [](R&, R::Role& models) { models.keys = {9}; }},
      {"expired", ErrorCode::TrustExpired,
       [](R&, R::Role& models) { models.signedPart["expires"] = "2026-11-21T12:00:00Z"; }},
      {"rolled-back", ErrorCode::TrustRollback, nothing, [](Json& entry) { entry["version"] = 6; }},
      {"wrong-hash", ErrorCode::TrustHashMismatch, nothing,
       [](Json& entry) { entry["hashes"]["sha256"] = std::string(64, '0'); }},
      {"wrong-length", ErrorCode::TrustLength, nothing,
       [](Json& entry) { entry["length"] = entry["length"].get<int>() + 1; }},
  };
  return kAttacks;
}

// Gives the role's file.
QByteArray publish(R& r, const DelegatedAttack& attack, bool isEvil) {
  R::Role models = r.delegated({9, 10});
  models.signedPart["version"] = 5;
  r.addTarget(models, "m/a.bin", "model");
  r.delegate(r.targets, "models", {9, 10}, 2, {"m/*"});
  if (isEvil) {
    attack.evil(r, models);
  }
  const QByteArray file = isEvil ? attack.bytes(r.sign(models)) : r.sign(models);
  Json entry = R::announce(file, 5);
  if (isEvil) {
    attack.announce(entry);
  }
  r.snapshot.signedPart["meta"]["models.json"] = entry;
  r.putAll();
  r.files[QStringLiteral("metadata/") + metadataFileName(QStringLiteral("models"), entry["version"].get<int>())] = file;
  return file;
}

bool writeFile(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
}

}  // namespace

class AttackDelegationsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusesDelegated_data() {
    QTest::addColumn<int>("index");
    QTest::addColumn<bool>("isCached");
    for (std::size_t i = 0; i < delegatedAttacks().size(); ++i) {
      for (const bool isCached : {false, true}) {
        QTest::addRow("delegated.%s.%s", delegatedAttacks().at(i).name, isCached ? "cache" : "network")
            << static_cast<int>(i) << isCached;
      }
    }
  }

  void refusesDelegated() {
    QFETCH(const int, index);
    QFETCH(const bool, isCached);
    const DelegatedAttack& attack = delegatedAttacks().at(static_cast<std::size_t>(index));
    for (const bool isEvil : {false, true}) {
      AttackedClient c;
      R& r = c.repository;
      const QByteArray file = publish(r, attack, isEvil);
      QVERIFY(c.start());
      QVERIFY2(c.refresh(), qPrintable(c.told()));
      if (isCached) {
        QVERIFY(writeFile(c.cacheFile("models"), file));
        QVERIFY(c.keep(c.client->loadCached()));
        r.requests.clear();
      }
      const auto target = c.client->target(QStringLiteral("m/a.bin"), {});
      if (!isEvil) {
        QVERIFY2(target, target ? "" : qPrintable(target.error().message()));
        continue;
      }
      QVERIFY(!target);
      QVERIFY2(target.error().code == attack.expected, qPrintable(target.error().message()));
      QCOMPARE(r.requests.isEmpty(), isCached);
      QVERIFY2(c.fetch("a.bin") || isCached, "what other roles say is served on");
      const auto listed = c.client->targets({});
      QVERIFY(listed);
      QCOMPARE(listed->targets.size(), 1);
      QCOMPARE(listed->targets.first().path, QStringLiteral("a.bin"));
      QCOMPARE(listed->problems.size(), 1);
      QCOMPARE(listed->problems.first().role, QStringLiteral("models"));
      QCOMPARE(listed->problems.first().error.code, attack.expected);
      if (!isCached) {
        QVERIFY2(!QFile::exists(c.cacheFile("models")), "what was refused is not kept");
      }
    }
  }

  // What lies damaged in the folder is no hindrance where there is a network: it is fetched again.
  void replacesWhatIsWrongInTheCache() {
    AttackedClient c;
    const QByteArray file = publish(c.repository, delegatedAttacks().front(), false);
    QVERIFY(c.start());
    QVERIFY2(c.refresh() && c.fetch("m/a.bin"), qPrintable(c.told()));
    for (const char* role : {"timestamp", "snapshot", "targets", "models"}) {
      QVERIFY(writeFile(c.cacheFile(role), "{\"signed\":{},\"signatures\":[]}"));
    }
    c.restart();
    QVERIFY2(c.refresh() && c.fetch("m/a.bin"), qPrintable(c.told()));
    QFile kept(c.cacheFile("models"));
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), file);
  }

  // "shared" is reached by two ways whose keys differ; each of them has to have signed, whichever came first.
  void verifiesAgainstEachDelegator_data() {
    QTest::addColumn<QList<int>>("signers");
    QTest::addColumn<bool>("isTaken");
    QTest::newRow("delegated.by-each-delegator") << QList<int>{11} << false;
    QTest::newRow("both signed") << QList<int>{11, 12} << true;
  }

  void verifiesAgainstEachDelegator() {
    QFETCH(const QList<int>, signers);
    QFETCH(const bool, isTaken);
    AttackedClient c;
    R& r = c.repository;
    r.delegate(r.targets, "one", {9}, 1, {"*"});
    r.delegate(r.targets, "two", {10}, 1, {"*"});
    R::Role one = r.delegated({9});
    r.delegate(one, "shared", {11}, 1, {"*"});
    R::Role two = r.delegated({10});
    r.delegate(two, "shared", {12}, 1, {"*"});
    R::Role shared = r.delegated({signers.begin(), signers.end()});
    r.putDelegated("one", one);
    r.putDelegated("two", two);
    r.putDelegated("shared", shared);
    r.putAll();
    QVERIFY(c.start());
    for (const bool isCached : {false, true}) {
      QVERIFY2(isCached ? c.keep(c.client->loadCached()) : c.refresh(), qPrintable(c.told()));
      const auto missing = c.client->target(QStringLiteral("nowhere.bin"), {});
      QVERIFY(!missing);
      QCOMPARE(missing.error().code, isTaken ? ErrorCode::TrustTargetMissing : ErrorCode::TrustThreshold);
    }
  }

  // A search that meets a role which can't be trusted ends (5.6.7): what a later role says of the same path is not
  // listed either, though it is there.
  void listsOnlyWhatASearchFinds() {
    AttackedClient c;
    R& r = c.repository;
    r.delegate(r.targets, "first", {9}, 1, {"m/*"});
    r.delegate(r.targets, "second", {10}, 1, {"m/*", "n/*"});
    R::Role first = r.delegated({11});  // not by its key
    R::Role second = r.delegated({10});
    r.addTarget(second, "m/a.bin", "of the second");
    r.addTarget(second, "n/a.bin", "of the second");
    r.putDelegated("first", first);
    r.putDelegated("second", second);
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.requests.clear();
    const auto listed = c.client->targets({});
    QVERIFY(listed);
    QStringList paths;
    for (const TargetInfo& target : listed->targets) {
      paths << target.path;
    }
    QCOMPARE(paths, (QStringList{QStringLiteral("a.bin"), QStringLiteral("n/a.bin")}));
    QCOMPARE(listed->problems.size(), 1);
    QCOMPARE(listed->problems.first().error.code, ErrorCode::TrustThreshold);
    QCOMPARE(r.requests.filter(QStringLiteral("first")).size(), 1);  // asked for once
  }

  // A role speaks only for the paths of every delegation on the way to it (4.5, "paths").
  void ignoresTargetsOutsideOfTheDelegation_data() {
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<bool>("isTrusted");
    const auto row = [](const char* pattern, const char* path, bool isTrusted) {
      QTest::addRow("%s for %s", pattern, path) << QByteArray(pattern) << QByteArray(path) << isTrusted;
    };
    // 4.5: the specification's own examples …
    row("targets/*.tgz", "targets/foo.tgz", true);
    row("targets/*.tgz", "targets/bar.tgz", true);
    row("targets/*.tgz", "targets/foo.txt", false);
    row("foo-version-?.tgz", "foo-version-2.tgz", true);
    row("foo-version-?.tgz", "foo-version-a.tgz", true);
    row("foo-version-?.tgz", "foo-version-alpha.tgz", false);
    row("*.tgz", "foo.tgz", true);
    row("*.tgz", "targets/foo.tgz", false);
    row("foo.tgz", "foo.tgz", true);
    row("foo.tgz", "bar.tgz", false);
    // … and glob(7)
    row("[a-c]x", "bx", true);
    row("[a-c]x", "dx", false);
    row("[!a-c]x", "dx", true);
    row("[!a-c]x", "ax", false);
    row("[]-]x", "]x", true);
    row("[]-]x", "-x", true);
    row("[abc", "[abc", true);
    row("a[/]b", "a/b", false);
    row("a*b*c", "aXbXbXc", true);
    row("a*b*c", "aXbXbX", false);
    row("*", "", true);
    row("**", "a", true);
    row("?", "", false);
    row("a/*/c", "a/b/b/c", false);
    row("", "a", false);
    row("*", ".hidden", true);
  }

  void ignoresTargetsOutsideOfTheDelegation() {
    QFETCH(const QByteArray, pattern);
    QFETCH(const QByteArray, path);
    QFETCH(const bool, isTrusted);
    AttackedClient c;
    R& r = c.repository;
    R::Role models = r.delegated({9});
    r.addTarget(models, path.toStdString(), "model");
    r.delegate(r.targets, "models", {9}, 1, {pattern.toStdString()});
    r.putDelegated("models", models);
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    const auto target = c.client->target(QString::fromUtf8(path), {});
    QCOMPARE(target.has_value(), isTrusted);
    if (!isTrusted) {
      QCOMPARE(target.error().code, ErrorCode::TrustTargetMissing);
    }
    const auto listed = c.client->targets({});
    QVERIFY(listed);
    QCOMPARE(listed->targets.size(), isTrusted ? 2 : 1);
  }

  // 5.6.7: the order of visits is that of the requests.
  void visitsInPreOrder_data() {
    QTest::addColumn<QStringList>("delegations");  // "from>to", a '!' behind it for a terminating one
    QTest::addColumn<QStringList>("visited");
    const auto row = [](const char* name, const QString& delegations, const QString& visited) {
      QTest::newRow(name) << delegations.split(QLatin1Char(' ')) << visited.split(QLatin1Char(' '));
    };
    row("siblings", QStringLiteral("targets>A targets>B"), QStringLiteral("A B"));
    row("depth first", QStringLiteral("targets>A targets>B A>C A>D"), QStringLiteral("A C D B"));
    row("terminating ends its siblings", QStringLiteral("targets>A targets>B A>C! A>D"), QStringLiteral("A C"));
    row("terminating keeps its descendants", QStringLiteral("targets>A targets>B A>C! C>D"), QStringLiteral("A C D"));
    row("delegations.circle", QStringLiteral("targets>A targets>B B>C C>D D>B"), QStringLiteral("A B C D"));
    row("a role delegates to itself", QStringLiteral("targets>A A>A A>B"), QStringLiteral("A B"));
    row("two ways to one role", QStringLiteral("targets>A targets>B B>C A>C"), QStringLiteral("A C B"));
  }

  void visitsInPreOrder() {
    QFETCH(const QStringList, delegations);
    QFETCH(const QStringList, visited);
    AttackedClient c;
    R& r = c.repository;
    std::map<QString, R::Role> roles;
    for (const QString& delegation : delegations) {
      const QString from = delegation.section(QLatin1Char('>'), 0, 0);
      const bool isTerminating = delegation.endsWith(QLatin1Char('!'));
      const QString to = delegation.section(QLatin1Char('>'), 1).remove(QLatin1Char('!'));
      roles.try_emplace(to, r.delegated({9}));
      R::Role& delegator = from == QLatin1String("targets") ? r.targets : roles.at(from);
      r.delegate(delegator, qPrintable(to), {9}, 1, {"*"}, isTerminating);
    }
    for (const auto& [name, role] : roles) {
      r.putDelegated(qPrintable(name), role);
    }
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.requests.clear();
    QCOMPARE(c.client->target(QStringLiteral("missing"), {}).error().code, ErrorCode::TrustTargetMissing);
    QStringList expected;
    for (const QString& role : visited) {
      expected.append(QStringLiteral("metadata/1.%1.json").arg(role));
    }
    QCOMPARE(r.requests, expected);
  }

  // 5.6.7.1: an end to the roles that one search visits.
  void visitsNoMoreThanItsLimit_data() {
    QTest::addColumn<int>("limit");
    QTest::newRow("delegations.endless-chain") << 10;
    QTest::newRow("a limit that is enough") << 30;
  }

  void visitsNoMoreThanItsLimit() {
    QFETCH(const int, limit);
    AttackedClient c;
    c.options.maxDelegations = limit;
    R& r = c.repository;
    constexpr int kLength = 20;
    r.delegate(r.targets, "r0", {9}, 1, {"*"});
    for (int i = 0; i < kLength; ++i) {
      R::Role role = r.delegated({9});
      if (i + 1 < kLength) {
        r.delegate(role, qPrintable(QStringLiteral("r%1").arg(i + 1)), {9}, 1, {"*"});
      } else {
        r.addTarget(role, "deep.bin", "deep");
      }
      r.putDelegated(qPrintable(QStringLiteral("r%1").arg(i)), role);
    }
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.requests.clear();
    const auto target = c.client->target(QStringLiteral("deep.bin"), {});
    QCOMPARE(target.has_value(), limit > kLength);
    QCOMPARE(r.requests.size(), std::min(limit - 1, kLength));  // "targets" was there already
    if (!target) {
      QCOMPARE(target.error().code, ErrorCode::TrustTargetMissing);
    }
  }
};

QTEST_GUILESS_MAIN(AttackDelegationsTest)
#include "attack_delegations_test.moc"
