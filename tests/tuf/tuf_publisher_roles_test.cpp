// What a vendor does with a repository over the years: delegated roles, hash bins, keys that come and go, signatures
// made elsewhere, bundles; and a kill at every write of it.
#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"
#include "keystore/tuf/bundle.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/folder_fetcher.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QTemporaryDir>
#include <QtTest>

#ifdef Q_OS_UNIX
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace sealift;
using namespace sealift::tuf;

#define VERIFY_OK(expression)                                                \
  do {                                                                       \
    const auto& outcome = (expression);                                      \
    QVERIFY2(outcome, outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)

namespace {

const QDateTime kStart({2026, 11, 21}, {12, 0}, Qt::UTC);

// path=content(role) of everything published, as a client that begins with the first root sees it; or the error.
QString look(Fetcher& fetcher, const QByteArray& root, const Clock& clock, const QString& cache) {
  if (const Status pinned = Client::pinRoot(cache, root); !pinned) {
    return pinned.error().message();
  }
  Client client(cache, fetcher, clock);
  if (const Status refreshed = client.refresh({}); !refreshed) {
    return refreshed.error().message();
  }
  const auto targets = client.targets({});
  if (!targets) {
    return targets.error().message();
  }
  QStringList lines;
  if (!targets->problems.isEmpty()) {
    return targets->problems.first().error.message();
  }
  for (const TargetInfo& target : targets->targets) {
    const auto bytes = client.download(target, {});
    lines.append(QStringLiteral("%1=%2(%3)")
                     .arg(target.path, bytes ? QString::fromUtf8(*bytes) : bytes.error().message(), target.role));
  }
  return lines.join(u' ');
}

class Vendor {
 public:
  Vendor() {
    const auto made = Publisher::init(folder_.path(), {}, clock);
    root_ = made ? (*made)->rootBytes() : QByteArray();
  }
  std::unique_ptr<Publisher> open(const PublisherHooks& hooks = {}) const {
    auto opened = Publisher::open(folder_.path(), clock, {nullptr, false, hooks});
    return opened ? std::move(*opened) : nullptr;
  }
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString lookAnew() const {
    QTemporaryDir cache;
    FolderFetcher fetcher(path(QStringLiteral("public")));
    return look(fetcher, root_, clock, cache.path());
  }
  QString lookAgain() const {
    FolderFetcher fetcher(path(QStringLiteral("public")));
    return look(fetcher, root_, clock, cache_.path());
  }
  const QByteArray& root() const { return root_; }

  ManualClock clock{kStart};

 private:
  QTemporaryDir folder_;
  QTemporaryDir cache_;
  QByteArray root_;
};

PublicKey newKey(Publisher& publisher, const QString& name) {
  return *publisher.publicKey(*publisher.generateKey(name, KeyType::Ed25519));
}

RoleDelegation roleOfModel(const QString& name, const QList<PublicKey>& keys, int threshold = 1) {
  return {name, QStringLiteral("targets"), {QStringLiteral("firmware/%1/*/*").arg(name)}, keys, threshold, true, 90};
}

Status carryOut(Publisher& publisher, const QString& change) {
  return change == QLatin1String("refresh") ? publisher.refreshTimestamp() : publisher.publish();
}

// Publishes in a process that is killed right before its write number `stopAt`. False when it ended before that; then
// it did all of its work. Where there is no fork, the work stops there with an error instead.
bool killAtWrite(const Vendor& vendor, const QString& change, int stopAt) {
  int written = 0;
  PublisherHooks hooks;
#ifdef Q_OS_UNIX
  hooks.beforeWrite = [&](const QString&) -> Status {
    if (written++ == stopAt) {
      raise(SIGKILL);
    }
    return {};
  };
  const pid_t child = fork();
  if (child == 0) {
    const auto publisher = vendor.open(hooks);
    _exit(publisher && carryOut(*publisher, change) ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status) != 0)) {
    qFatal("The publishing process did not do its work.");
  }
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
#else
  hooks.beforeWrite = [&](const QString&) -> Status {
    return written++ == stopAt ? fail(ErrorCode::Cancelled, QStringLiteral("Killed.")) : Status();
  };
  return !carryOut(*vendor.open(hooks), change);
#endif
}

RoleState stateOf(const Publisher& publisher, const QString& role) {
  const auto roles = publisher.roles();
  for (const RoleState& state : roles ? *roles : QList<RoleState>()) {
    if (state.name == role) {
      return state;
    }
  }
  return {};
}

}  // namespace

class TufPublisherRolesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void modelHasARoleOfItsOwn() {
    Vendor vendor;
    {
      const auto publisher = vendor.open();
      VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t2/1.0/a"), "one", {}));
      VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t3/1.0/a"), "three", {}));
      VERIFY_OK(publisher->publish());
      // What is published already moves along; what comes goes there at once.
      VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {newKey(*publisher, QStringLiteral("t2"))})));
      VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t2/2.0/a"), "two", {}));
      QCOMPARE(*publisher->roleFor(QStringLiteral("firmware/t2/2.0/a")), QStringLiteral("t2"));
      QCOMPARE(*publisher->roleFor(QStringLiteral("firmware/t2/deep/er/a")), QStringLiteral("targets"));
      VERIFY_OK(publisher->publish());
    }
    QCOMPARE(vendor.lookAnew(), QStringLiteral("firmware/t2/1.0/a=one(t2) firmware/t2/2.0/a=two(t2) "
                                               "firmware/t3/1.0/a=three(targets)"));
    // With the model's key alone its releases are published; the vendor's own targets key is not needed.
    QVERIFY(QFile::remove(vendor.path(QStringLiteral("keys/targets-1.pem"))));
    {
      const auto publisher = vendor.open();
      VERIFY_OK(publisher->removeTarget(QStringLiteral("firmware/t2/1.0/a")));
      VERIFY_OK(publisher->publish());
      const RoleState state = stateOf(*publisher, QStringLiteral("t2"));
      QCOMPARE(state.delegator, QStringLiteral("targets"));
      QCOMPARE(state.version, 2);
      QCOMPARE(state.targets, 1);
      QCOMPARE(state.expires, kStart.addDays(90));
      // And not the other way round.
      VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t3/2.0/a"), "x", {}));
      QCOMPARE(publisher->publish().error().code, ErrorCode::TrustThreshold);
    }
    QCOMPARE(vendor.lookAnew(), QStringLiteral("firmware/t2/2.0/a=two(t2) firmware/t3/1.0/a=three(targets)"));
  }

  void delegatedKeysAreReplacedAndRoleGivenUp() {
    Vendor vendor;
    const auto publisher = vendor.open();
    const PublicKey first = newKey(*publisher, QStringLiteral("first"));
    const PublicKey second = newKey(*publisher, QStringLiteral("second"));
    VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {first})));
    VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t2/1.0/a"), "one", {}));
    VERIFY_OK(publisher->publish());
    VERIFY_OK(publisher->addRoleKey(QStringLiteral("t2"), second));
    VERIFY_OK(publisher->setThreshold(QStringLiteral("t2"), 2));
    VERIFY_OK(publisher->publish());
    QCOMPARE(stateOf(*publisher, QStringLiteral("t2")).threshold, 2);
    QCOMPARE(vendor.lookAgain(), QStringLiteral("firmware/t2/1.0/a=one(t2)"));
    QCOMPARE(publisher->removeRoleKey(QStringLiteral("t2"), keyIdOf(first)).error().code, ErrorCode::InvalidArgument);
    VERIFY_OK(publisher->setThreshold(QStringLiteral("t2"), 1));
    VERIFY_OK(publisher->removeRoleKey(QStringLiteral("t2"), keyIdOf(first)));
    VERIFY_OK(publisher->publish());
    QCOMPARE(stateOf(*publisher, QStringLiteral("t2")).keyIds, QStringList{keyIdOf(second)});
    QVERIFY(!readFile(vendor.path(QStringLiteral("public/metadata/4.targets.json")), 1 << 20)
                 ->contains(keyIdOf(first).toLatin1()));
    QCOMPARE(vendor.lookAgain(), QStringLiteral("firmware/t2/1.0/a=one(t2)"));
    VERIFY_OK(publisher->undelegate(QStringLiteral("t2")));
    VERIFY_OK(publisher->publish());
    QCOMPARE(vendor.lookAgain(), QStringLiteral("firmware/t2/1.0/a=one(targets)"));
    QCOMPARE(publisher->undelegate(QStringLiteral("t2")).error().code, ErrorCode::NotFound);
    // The name is used again: its versions go on, and what it held before does not come back.
    VERIFY_OK(publisher->removeTarget(QStringLiteral("firmware/t2/1.0/a")));
    VERIFY_OK(publisher->addTarget(QStringLiteral("b"), "two", {}));
    VERIFY_OK(publisher->publish());
    VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {second})));
    VERIFY_OK(publisher->publish());
    QCOMPARE(stateOf(*publisher, QStringLiteral("t2")).version, 4);
    QCOMPARE(vendor.lookAgain(), QStringLiteral("b=two(targets)"));
    QCOMPARE(vendor.lookAnew(), QStringLiteral("b=two(targets)"));
  }

  void refusesRolesThatMakeNoSense_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("threshold");
    QTest::newRow("top-level name") << QStringLiteral("snapshot") << QStringLiteral("a/*") << 1;
    QTest::newRow("name with a slash") << QStringLiteral("a/b") << QStringLiteral("a/*") << 1;
    QTest::newRow("no name") << QString() << QStringLiteral("a/*") << 1;
    QTest::newRow("path above") << QStringLiteral("t2") << QStringLiteral("../*") << 1;
    QTest::newRow("more signatures than keys") << QStringLiteral("t2") << QStringLiteral("a/*") << 2;
    QTest::newRow("no signature") << QStringLiteral("t2") << QStringLiteral("a/*") << 0;
  }
  void refusesRolesThatMakeNoSense() {
    QFETCH(const QString, name);
    QFETCH(const QString, path);
    QFETCH(const int, threshold);
    Vendor vendor;
    const auto publisher = vendor.open();
    RoleDelegation delegation = roleOfModel(name, {newKey(*publisher, QStringLiteral("k"))}, threshold);
    delegation.paths = {path};
    QCOMPARE(publisher->delegate(delegation).error().code, ErrorCode::InvalidArgument);
    QVERIFY(publisher->stagedChanges().isEmpty());
  }

  // Targets spread over bins, and a model's role over bins of its own; taken back again.
  void spreadsOverHashBins() {
    Vendor vendor;
    const auto publisher = vendor.open();
    QList<NewTarget> targets;
    QStringList expected;
    for (int i = 0; i < 40; ++i) {
      const QString path = QStringLiteral("units/%1.cfg").arg(i, 3, 10, QLatin1Char('0'));
      targets.append({path, QByteArray::number(i), {}});
      expected.append(QStringLiteral("%1=%2").arg(path).arg(i));
    }
    VERIFY_OK(publisher->addTargets(targets));
    VERIFY_OK(publisher->publish());
    VERIFY_OK(publisher->delegateToBins(
        {QStringLiteral("targets"), 3, QStringLiteral("bin"), {newKey(*publisher, QStringLiteral("bins"))}, 1, 60}));
    VERIFY_OK(publisher->publish());
    const RoleState bins = stateOf(*publisher, QStringLiteral("bin"));
    QCOMPARE(bins.bins, 8);
    QCOMPARE(bins.targets, 40);
    QCOMPARE(stateOf(*publisher, QStringLiteral("targets")).targets, 0);
    const auto stripRoles = [](QString text) {
      return text.remove(QRegularExpression(QStringLiteral("\\((bin-[0-7]|targets)\\)")));
    };
    QCOMPARE(stripRoles(vendor.lookAgain()), expected.join(u' '));
    QVERIFY(vendor.lookAgain().contains(QLatin1String("(bin-")));
    // One target changes one bin and nothing beside it.
    const QString bin = *publisher->roleFor(QStringLiteral("units/007.cfg"));
    VERIFY_OK(publisher->addTarget(QStringLiteral("units/007.cfg"), "7", {{QStringLiteral("new"), true}}));
    VERIFY_OK(publisher->publish());
    QVERIFY(QFile::exists(vendor.path(QStringLiteral("public/metadata/2.%1.json").arg(bin))));
    QVERIFY(!QFile::exists(vendor.path(QStringLiteral("public/metadata/4.targets.json"))));
    QCOMPARE(
        publisher->delegate(roleOfModel(QStringLiteral("t2"), {newKey(*publisher, QStringLiteral("t2"))})).error().code,
        ErrorCode::InvalidArgument);
    VERIFY_OK(publisher->undelegate(QStringLiteral("bin")));
    VERIFY_OK(publisher->publish());
    QCOMPARE(stripRoles(vendor.lookAgain()), expected.join(u' '));
    QCOMPARE(stateOf(*publisher, QStringLiteral("targets")).targets, 40);
  }

  void binsBelowAModel() {
    Vendor vendor;
    const auto publisher = vendor.open();
    const PublicKey key = newKey(*publisher, QStringLiteral("t2"));
    VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {key})));
    VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t2/1.0/a"), "one", {}));
    VERIFY_OK(publisher->publish());
    VERIFY_OK(publisher->delegateToBins({QStringLiteral("t2"), 1, QStringLiteral("t2-bin"), {key}, 1, 60}));
    VERIFY_OK(publisher->publish());
    const QString now = vendor.lookAgain();
    QVERIFY2(now == QLatin1String("firmware/t2/1.0/a=one(t2-bin-0)") ||
                 now == QLatin1String("firmware/t2/1.0/a=one(t2-bin-1)"),
             qPrintable(now));
    QCOMPARE(publisher->undelegate(QStringLiteral("t2")).error().code, ErrorCode::InvalidArgument);
  }

  // Root and targets are signed on another machine, by two keys each; the key files never lie in the repository.
  void signsElsewhere() {
    QTemporaryDir folder;
    QTemporaryDir elsewhere;
    ManualClock clock(kStart);
    QMap<QString, QList<std::shared_ptr<Signer>>> signers;
    for (const char* role : {"root", "targets"}) {
      for (const char* person : {"anna", "bo"}) {
        const QString path =
            elsewhere.filePath(QStringLiteral("%1-%2.pem").arg(QLatin1String(person), QLatin1String(role)));
        signers[QLatin1String(role)].append(std::move(*FileSigner::create(path, KeyType::EcP256)));
      }
    }
    RepositoryPolicy policy;
    policy.root = {2, 2, 365};
    policy.targets = {2, 2, 180};
    VERIFY_OK(Publisher::init(folder.path(), policy, clock, signers));
    const auto opened = Publisher::open(folder.path(), clock);
    VERIFY_OK(opened);
    Publisher& publisher = **opened;
    QCOMPARE(publisher.requestSignatures().error().code, ErrorCode::NotFound);  // nothing is staged
    VERIFY_OK(publisher.addTarget(QStringLiteral("a"), "one", {}));
    VERIFY_OK(publisher.renewRoot());
    QCOMPARE(publisher.publish().error().code, ErrorCode::TrustThreshold);

    const auto request = publisher.requestSignatures();
    VERIFY_OK(request);
    const QByteArray carried = request->toBytes();
    const auto arrived = SigningRequest::parse(carried);
    VERIFY_OK(arrived);
    QCOMPARE(arrived->digest(), request->digest());
    const QList<SigningSummary> summaries = summarize(*arrived);
    QCOMPARE(summaries.size(), 2);
    QCOMPARE(summaries[0].role, QStringLiteral("root"));
    QCOMPARE(summaries[0].changes,
             QStringList{QStringLiteral("Says the same as before; only version and expiry move.")});
    QCOMPARE(summaries[1].role, QStringLiteral("targets"));
    QCOMPARE(summaries[1].version, 2);
    QCOMPARE(summaries[1].versionBefore, 1);
    QCOMPARE(summaries[1].needed, 2);
    QCOMPARE(summaries[1].stillSignable.size(), 2);
    QVERIFY(summaries[1].changes.first().startsWith(QLatin1String("Adds \"a\": 3 bytes, sha256 7692c3ad")));
    QVERIFY(signedBefore(arrived->items[1], signers[QStringLiteral("targets")][0]->publicKey()));
    QVERIFY(!signedBefore(arrived->items[1], signers[QStringLiteral("root")][0]->publicKey()));

    clock.advanceSeconds(86400);  // signatures take their time to come back
    const auto signAs = [&](const QString& role, int person) {
      const auto signatures = signRequest(*arrived, *signers[role][person]);
      return SignatureFile::parse(signatures->toBytes());
    };
    auto progress = publisher.importSignatures(*signAs(QStringLiteral("targets"), 0));
    VERIFY_OK(progress);
    QCOMPARE(publisher.publish().error().code, ErrorCode::TrustThreshold);
    // The same one twice is still one.
    VERIFY_OK(publisher.importSignatures(*signAs(QStringLiteral("targets"), 0)));
    QCOMPARE(publisher.publish().error().code, ErrorCode::TrustThreshold);
    VERIFY_OK(publisher.importSignatures(*signAs(QStringLiteral("targets"), 1)));
    VERIFY_OK(publisher.importSignatures(*signAs(QStringLiteral("root"), 0)));
    // A signature that was damaged on its way, and one by a key that may not.
    auto damaged = *signAs(QStringLiteral("root"), 1);
    damaged.entries[0].signature[10] = static_cast<char>(damaged.entries[0].signature[10] ^ 1);
    QCOMPARE(publisher.importSignatures(damaged).error().code, ErrorCode::TrustThreshold);
    const auto stranger = FileSigner::create(elsewhere.filePath(QStringLiteral("stranger.pem")), KeyType::Ed25519);
    QCOMPARE(signRequest(*arrived, **stranger).error().code, ErrorCode::InvalidArgument);
    VERIFY_OK(publisher.importSignatures(*signAs(QStringLiteral("root"), 1)));
    VERIFY_OK(publisher.publish());

    QTemporaryDir cache;
    FolderFetcher fetcher(publisher.publicFolder());
    QCOMPARE(look(fetcher, publisher.rootBytes(1), clock, cache.path()), QStringLiteral("a=one(targets)"));
    QVERIFY(!publisher.rootBytes(2).isEmpty());
    // What was signed then is of no use for what is staged now.
    VERIFY_OK(publisher.addTarget(QStringLiteral("b"), "two", {}));
    VERIFY_OK(publisher.requestSignatures());
    QCOMPARE(publisher.importSignatures(*signAs(QStringLiteral("targets"), 0)).error().code,
             ErrorCode::TrustHashMismatch);
  }

  // A hostile request shows what it would have signed, or is not read at all.
  void requestsAreRead_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no request") << QByteArray("{\"schema\":1,\"type\":\"sealift-signatures\"}");
    QTest::newRow("empty") << QByteArray("{\"schema\":1,\"type\":\"sealift-signing-request\",\"documents\":[]}");
    QTest::newRow("document of text") << QByteArray(
        "{\"schema\":1,\"type\":\"sealift-signing-request\",\"documents\":[\"x\"]}");
    QTest::newRow("root under another name") << QByteArray(
        "{\"schema\":1,\"type\":\"sealift-signing-request\",\"documents\":[{\"role\":\"t2\",\"signed\":{\"_type\":"
        "\"root\",\"version\":1,\"spec_version\":\"1.0.31\",\"expires\":\"2030-01-01T00:00:00Z\"},\"signatures\":[],"
        "\"before\":null,\"keys\":{},\"demands\":[{\"keyids\":[],\"threshold\":1}]}]}");
  }
  void requestsAreRead() {
    QFETCH(const QByteArray, bytes);
    QCOMPARE(SigningRequest::parse(bytes).error().code, ErrorCode::TrustMalformed);
    QCOMPARE(SignatureFile::parse(bytes).error().code, ErrorCode::TrustMalformed);
  }

  // An unattended job that may read two keys alone.
  void refreshesWithTwoKeys() {
    Vendor vendor;
    {
      const auto publisher = vendor.open();
      VERIFY_OK(publisher->addTarget(QStringLiteral("a"), "one", {}));
      VERIFY_OK(publisher->publish());
    }
    for (const char* role : {"root", "targets"}) {
      QVERIFY(QFile::remove(vendor.path(QStringLiteral("keys/%1-1.pem").arg(QLatin1String(role)))));
    }
    for (int day = 0; day < 40; day += 5) {
      vendor.clock.set(kStart.addDays(day));
      const auto publisher = vendor.open();
      VERIFY_OK(publisher->refreshTimestamp());
      QCOMPARE(vendor.lookAgain(), QStringLiteral("a=one(targets)"));
    }
    QVERIFY(QFile::remove(vendor.path(QStringLiteral("keys/timestamp-1.pem"))));
    const QString before = vendor.lookAgain();
    QCOMPARE(vendor.open()->refreshTimestamp().error().code, ErrorCode::TrustThreshold);
    QCOMPARE(vendor.lookAgain(), before);
  }

  void renewsWhatGrowsOldWhereItHasTheKeys() {
    Vendor vendor;
    {
      const auto publisher = vendor.open();
      VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {newKey(*publisher, QStringLiteral("t2"))})));
      VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t3"), {newKey(*publisher, QStringLiteral("t3"))})));
      VERIFY_OK(publisher->publish());
    }
    QVERIFY(QFile::remove(vendor.path(QStringLiteral("keys/t3.pem"))));
    vendor.clock.set(kStart.addDays(60));
    const auto publisher = vendor.open();
    VERIFY_OK(publisher->publish());
    QCOMPARE(stateOf(*publisher, QStringLiteral("t2")).expires, kStart.addDays(150));
    QCOMPARE(stateOf(*publisher, QStringLiteral("t3")).expires, kStart.addDays(90));
    VERIFY_OK(publisher->renew(QStringLiteral("t3")));
    QCOMPARE(publisher->publish().error().code, ErrorCode::TrustThreshold);
    QCOMPARE(publisher->renew(QStringLiteral("none")).error().code, ErrorCode::NotFound);
  }

  void bundleHoldsTheWholeChain() {
    Vendor vendor;
    const auto publisher = vendor.open();
    VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {newKey(*publisher, QStringLiteral("t2"))})));
    VERIFY_OK(publisher->addTarget(QStringLiteral("firmware/t2/1.0/ä b"), "one", {}));
    VERIFY_OK(publisher->addTarget(QStringLiteral("other"), "two", {}));
    VERIFY_OK(publisher->publish());
    for (int i = 0; i < 3; ++i) {
      VERIFY_OK(publisher->renewRoot());
      VERIFY_OK(publisher->publish());
    }
    const QString path = vendor.path(QStringLiteral("all.bundle"));
    VERIFY_OK(publisher->writeBundle(path, *publisher->publishedTargets(), {}));
    const auto bundle = BundleFetcher::open(path);
    VERIFY_OK(bundle);
    QTemporaryDir cache;
    QCOMPARE(look(**bundle, vendor.root(), vendor.clock, cache.path()),
             QStringLiteral("firmware/t2/1.0/ä b=one(t2) other=two(targets)"));
    QCOMPARE((*bundle)->paths().filter(QStringLiteral("root.json")).size(), 4);
    const QByteArray first = *readFile(path, 1 << 24);
    VERIFY_OK(publisher->writeBundle(path, *publisher->publishedTargets(), {}));
    QCOMPARE(*readFile(path, 1 << 24), first);
  }

  void survivesAKillAtEveryWrite_data() {
    QTest::addColumn<QString>("change");
    for (const char* change : {"delegate", "bins", "rekey", "undelegate", "withdraw", "refresh"}) {
      QTest::newRow(change) << QString::fromLatin1(change);
    }
  }
  // At every write of every kind of change: readers old and new see the one state or the other, whole, with every
  // target; and the same command completes it afterwards.
  void survivesAKillAtEveryWrite() {
    QFETCH(const QString, change);
    bool wasKilled = true;
    int kills = 0;
    for (int stopAt = 0; wasKilled; ++stopAt) {
      Vendor vendor;
      prepare(vendor, change);
      const QString before = vendor.lookAgain();
      QVERIFY2(before.contains(QLatin1String("units/1=one")), qPrintable(before));
      wasKilled = killAtWrite(vendor, change, stopAt);
      kills += wasKilled ? 1 : 0;
      const QString during = vendor.lookAgain();
      QCOMPARE(vendor.lookAnew(), during);
      {
        const auto publisher = vendor.open();
        QVERIFY(publisher);  // the lock of a process that is gone is no lock
        VERIFY_OK(carryOut(*publisher, change));
      }
      const QString after = vendor.lookAgain();
      QCOMPARE(vendor.lookAnew(), after);
      QVERIFY2(during == before || during == after, qPrintable(during));
      QCOMPARE(after != before, change != QLatin1String("refresh") && change != QLatin1String("rekey"));
    }
    QVERIFY2(kills >= 2, qPrintable(QString::number(kills)));
  }

 private:
  // A repository with targets, and one change of that kind staged.
  static void prepare(Vendor& vendor, const QString& change) {
    const auto publisher = vendor.open();
    const PublicKey key = newKey(*publisher, QStringLiteral("t2"));
    VERIFY_OK(publisher->addTargets({{QStringLiteral("firmware/t2/1.0/a"), "a", {}},
                                     {QStringLiteral("units/1"), "one", {}},
                                     {QStringLiteral("units/2"), "two", {}}}));
    if (change == QLatin1String("rekey") || change == QLatin1String("undelegate")) {
      VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {key})));
    }
    VERIFY_OK(publisher->publish());
    if (change == QLatin1String("delegate")) {
      VERIFY_OK(publisher->delegate(roleOfModel(QStringLiteral("t2"), {key})));
    } else if (change == QLatin1String("bins")) {
      VERIFY_OK(publisher->delegateToBins({QStringLiteral("targets"), 2, QStringLiteral("bin"), {key}, 1, 60}));
    } else if (change == QLatin1String("rekey")) {
      VERIFY_OK(
          publisher->replaceRoleKey(QStringLiteral("t2"), keyIdOf(key), newKey(*publisher, QStringLiteral("n1"))));
      const QString old = publisher->summary().roles.at(3).keyIds.first();
      VERIFY_OK(publisher->replaceRoleKey(QStringLiteral("targets"), old, newKey(*publisher, QStringLiteral("n2"))));
    } else if (change == QLatin1String("undelegate")) {
      VERIFY_OK(publisher->undelegate(QStringLiteral("t2")));
    } else if (change == QLatin1String("withdraw")) {
      VERIFY_OK(publisher->removeTarget(QStringLiteral("units/2")));
    } else {
      for (const int day : {6, 12, 18, 22}) {
        vendor.clock.set(kStart.addDays(day));
        VERIFY_OK(publisher->refreshTimestamp());
      }
      vendor.clock.set(kStart.addDays(25));  // now the snapshot would not live as long as the timestamp
    }
  }
};

QTEST_GUILESS_MAIN(TufPublisherRolesTest)
#include "tuf_publisher_roles_test.moc"
