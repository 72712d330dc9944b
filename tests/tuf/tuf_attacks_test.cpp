// A table of attacks on the top-level roles. In each row everything is right and freshly signed except what the
// row breaks, so that only the check under test stands in the way; the same repository without the break is
// accepted first (acceptsTheHonestRepository and the "before" half of each row).
#include "keystore/tuf/client/client.h"
#include "tests/tuf/tuf_repository.h"

#include <QTemporaryDir>
#include <QtTest>

#include <functional>

using namespace sealift;
using namespace sealift::tuf;

namespace {

const QString kTimestampPath = QStringLiteral("metadata/timestamp.json");

struct Attack {
  // Before the first refresh, which must succeed.
  std::function<void(TestRepository&)> prepare = [](TestRepository&) {};
  // Then, before the second refresh, which must fail.
  std::function<void(TestRepository&)> attack;
  ErrorCode expected = ErrorCode::Internal;
};

// Signs like `role`, but writes `count` signatures of its first key.
QByteArray repeatedSignature(const TestRepository& repository, const TestRepository::Role& role, int count) {
  Json document = Json::parse(repository.sign(role).toStdString());
  const Json first = document["signatures"][0];
  for (int i = 1; i < count; ++i) {
    document["signatures"].push_back(first);
  }
  return QByteArray::fromStdString(document.dump());
}

QByteArray changedSignature(const QByteArray& bytes) {
  Json document = Json::parse(bytes.toStdString());
  std::string signature = document["signatures"][0]["sig"];
  signature[0] = signature[0] == '0' ? '1' : '0';
  document["signatures"][0]["sig"] = signature;
  return QByteArray::fromStdString(document.dump());
}

const QMap<QString, Attack>& attacks() {
  using R = TestRepository;
  static const QMap<QString, Attack> kAttacks = [] {
    QMap<QString, Attack> all;
    const auto add = [&](
                         const char* name, const std::function<void(R&)>& attack, ErrorCode expected,
                         const std::function<void(R&)>& prepare = [](R&) {}) {
      all.insert(QString::fromLatin1(name), {prepare, attack, expected});
    };

    // Signatures
    add(
        "root: below the threshold",
        [](R& r) {
          r.bumpRoot();
          r.root.keys = {0};
          r.putRoot();
        },
        ErrorCode::TrustThreshold);
    add(
        "root: signed by the new keys alone",
        [](R& r) {
          r.bumpRoot();
          r.setRole("root", {9, 10, 11}, 2);
          r.root.keys = {9, 10, 11};
          r.putRoot();
        },
        ErrorCode::TrustThreshold);
    add(
        "root: signed by the old keys alone",
        [](R& r) {
          r.bumpRoot();
          r.setRole("root", {9, 10, 11}, 2);
          r.putRoot();
        },
        ErrorCode::TrustThreshold);
    add(
        "root: one key under two ids counts once",
        [](R& r) {
          r.bumpRoot();
          const Json key = keyToJson(r.key(9).publicKey());
          r.root.signedPart["keys"]["other-id"] = key;
          r.root.signedPart["keys"][r.keyId(9)] = key;
          r.root.signedPart["roles"]["root"] = {{"keyids", {r.keyId(9), "other-id"}}, {"threshold", 2}};
          r.root.keys = {0, 1, 9};
          Json document = Json::parse(r.sign(r.root).toStdString());
          Json twin = document["signatures"][2];
          twin["keyid"] = "other-id";
          document["signatures"].push_back(twin);
          r.files[R::name("root", r.root)] = QByteArray::fromStdString(document.dump());
        },
        ErrorCode::TrustThreshold);
    add(
        "root: a signature twice",
        [](R& r) {
          r.bumpRoot();
          r.root.keys = {0};
          r.files[R::name("root", r.root)] = repeatedSignature(r, r.root, 2);
        },
        ErrorCode::TrustMalformed);
    add(
        "root: a role lists a key id twice",
        [](R& r) {
          r.bumpRoot();
          r.setRole("targets", {7, 7}, 2);
          r.putRoot();
        },
        ErrorCode::TrustMalformed);
    add(
        "root: threshold zero",
        [](R& r) {
          r.bumpRoot();
          r.setRole("targets", {7}, 0);
          r.putRoot();
        },
        ErrorCode::TrustMalformed);
    add(
        "timestamp: signed by a stranger",
        [](R& r) {
          r.bump();
          r.timestamp.keys = {9};
          r.putAll();
        },
        ErrorCode::TrustThreshold);
    add(
        "timestamp: signed by the snapshot key",
        [](R& r) {
          r.bump();
          r.timestamp.keys = {5};
          r.putAll();
        },
        ErrorCode::TrustThreshold);
    add(
        "timestamp: unsigned",
        [](R& r) {
          r.bump();
          r.timestamp.keys = {};
          r.putAll();
        },
        ErrorCode::TrustThreshold);
    add(
        "timestamp: damaged signature",
        [](R& r) {
          r.bump();
          r.putAll();
          r.files[kTimestampPath] = changedSignature(r.files[kTimestampPath]);
        },
        ErrorCode::TrustThreshold);
    add(
        "timestamp: below the threshold",
        [](R& r) {
          r.bump();
          r.timestamp.keys = {3};
          r.putAll();
        },
        ErrorCode::TrustThreshold,
        [](R& r) {
          r.setRole("timestamp", {3, 4}, 2);
          r.timestamp.keys = {3, 4};
        });
    add(
        "snapshot: signed by a stranger",
        [](R& r) {
          r.bump();
          r.snapshot.keys = {9};
          r.putAll();
        },
        ErrorCode::TrustThreshold);
    add(
        "snapshot: below the threshold",
        [](R& r) {
          r.bump();
          r.snapshot.keys = {6};
          r.putAll();
        },
        ErrorCode::TrustThreshold,
        [](R& r) {
          r.setRole("snapshot", {5, 6}, 2);
          r.snapshot.keys = {5, 6};
        });
    add(
        "targets: signed by a stranger",
        [](R& r) {
          r.bump();
          r.targets.keys = {9};
          r.putAll();
        },
        ErrorCode::TrustThreshold);
    add(
        "targets: below the threshold",
        [](R& r) {
          r.bump();
          r.targets.keys = {7};
          r.putAll();
        },
        ErrorCode::TrustThreshold,
        [](R& r) {
          r.setRole("targets", {7, 8}, 2);
          r.targets.keys = {7, 8};
        });
    add(
        "targets: signed by a key that was revoked",
        [](R& r) {
          r.bumpRoot();
          r.setRole("targets", {8}, 1);
          r.bump();
          r.putAll();
        },
        ErrorCode::TrustThreshold);

    // Expiry: the clock stands at 2026-11-21T12:00:00Z; the very second of expiry is too late (5.3.10 …).
    const char* kNow = "2026-11-21T12:00:00Z";
    add(
        "root: expired",
        [=](R& r) {
          r.bumpRoot();
          r.root.signedPart["expires"] = kNow;
          r.putRoot();
        },
        ErrorCode::TrustExpired);
    add(
        "timestamp: expired",
        [=](R& r) {
          r.bump();
          r.timestamp.signedPart["expires"] = kNow;
          r.putAll();
        },
        ErrorCode::TrustExpired);
    add(
        "snapshot: expired",
        [=](R& r) {
          r.bump();
          r.snapshot.signedPart["expires"] = kNow;
          r.putAll();
        },
        ErrorCode::TrustExpired);
    add(
        "targets: expired",
        [=](R& r) {
          r.bump();
          r.targets.signedPart["expires"] = kNow;
          r.putAll();
        },
        ErrorCode::TrustExpired);

    // Rollback
    const auto atVersionThree = [](R& r) {
      r.bump();
      r.bump();
    };
    add(
        "root: the old version again", [](R& r) { r.files[QStringLiteral("metadata/2.root.json")] = r.sign(r.root); },
        ErrorCode::TrustRollback);
    add(
        "root: a version skipped",
        [](R& r) {
          r.bumpRoot();
          r.bumpRoot();
          r.files[QStringLiteral("metadata/2.root.json")] = r.sign(r.root);
        },
        ErrorCode::TrustHashMismatch);
    add(
        "timestamp: older version",
        [](R& r) {
          r.timestamp.signedPart["version"] = 2;
          r.putTimestamp();
        },
        ErrorCode::TrustRollback, atVersionThree);
    add(
        "timestamp: names an older snapshot",
        [](R& r) {
          r.timestamp.signedPart["version"] = 4;
          r.snapshot.signedPart["version"] = 2;
          r.putSnapshot();
          r.putTimestamp();
        },
        ErrorCode::TrustRollback, atVersionThree);
    add(
        "snapshot: names older targets",
        [](R& r) {
          r.timestamp.signedPart["version"] = 4;
          r.snapshot.signedPart["version"] = 4;
          r.targets.signedPart["version"] = 2;
          r.putTargets();
          r.putSnapshot();
          r.putTimestamp();
        },
        ErrorCode::TrustRollback, atVersionThree);
    add(
        "snapshot: a role has gone",
        [](R& r) {
          r.snapshot.signedPart["meta"].erase("other.json");
          r.bump();
          r.putAll();
        },
        ErrorCode::TrustRollback,
        [](R& r) {
          r.snapshot.signedPart["meta"]["other.json"] = {{"version", 1}};
        });
    add(
        "snapshot: older version than announced",
        [](R& r) {
          r.bump();
          r.putTargets();
          r.snapshot.signedPart["version"] = 1;
          const QByteArray bytes = r.sign(r.snapshot);
          r.files[QStringLiteral("metadata/2.snapshot.json")] = bytes;
          r.timestamp.signedPart["meta"]["snapshot.json"] = R::announce(bytes, 2);
          r.putTimestamp();
        },
        ErrorCode::TrustRollback);
    add(
        "targets: older version than announced",
        [](R& r) {
          r.bump();
          r.targets.signedPart["version"] = 1;
          const QByteArray bytes = r.sign(r.targets);
          r.files[QStringLiteral("metadata/2.targets.json")] = bytes;
          r.snapshot.signedPart["meta"]["targets.json"] = R::announce(bytes, 2);
          r.putSnapshot();
          r.putTimestamp();
        },
        ErrorCode::TrustRollback);

    // Mix and match, wrong bytes
    add(
        "snapshot: newer version than announced",
        [](R& r) {
          r.bump();
          r.putTargets();
          r.snapshot.signedPart["version"] = 3;
          const QByteArray bytes = r.sign(r.snapshot);
          r.files[QStringLiteral("metadata/2.snapshot.json")] = bytes;
          r.timestamp.signedPart["meta"]["snapshot.json"] = R::announce(bytes, 2);
          r.putTimestamp();
        },
        ErrorCode::TrustHashMismatch);
    add(
        "snapshot: another one of the same version, signed and as long",
        [](R& r) {
          r.bump();
          r.snapshot.signedPart["x"] = "a";
          r.putAll();
          r.snapshot.signedPart["x"] = "b";
          r.files[R::name("snapshot", r.snapshot)] = r.sign(r.snapshot);
        },
        ErrorCode::TrustHashMismatch);
    add(
        "snapshot: one byte longer than announced",
        [](R& r) {
          r.bump();
          r.putAll();
          r.obeysLimit = false;
          r.files[R::name("snapshot", r.snapshot)] += '\n';
        },
        ErrorCode::TrustLength);
    add(
        "snapshot: shorter than announced",
        [](R& r) {
          r.bump();
          r.putTargets();
          const QByteArray bytes = r.sign(r.snapshot);
          r.files[R::name("snapshot", r.snapshot)] = bytes;
          Json announced = R::announce(bytes, 2);
          announced["length"] = bytes.size() + 1;
          r.timestamp.signedPart["meta"]["snapshot.json"] = announced;
          r.putTimestamp();
        },
        ErrorCode::TrustLength);
    add(
        "targets: another one of the same version, signed and as long",
        [](R& r) {
          r.bump();
          r.targets.signedPart["x"] = "a";
          r.putAll();
          r.targets.signedPart["x"] = "b";
          r.files[R::name("targets", r.targets)] = r.sign(r.targets);
        },
        ErrorCode::TrustHashMismatch);
    add(
        "targets: one byte longer than announced",
        [](R& r) {
          r.bump();
          r.putAll();
          r.obeysLimit = false;
          r.files[R::name("targets", r.targets)] += '\n';
        },
        ErrorCode::TrustLength);
    add(
        "targets: announced by unknown hashes only",
        [](R& r) {
          r.bump();
          r.putTargets();
          r.snapshot.signedPart["meta"]["targets.json"]["hashes"] = {{"md5", "00"}};
          r.putSnapshot();
          r.putTimestamp();
        },
        ErrorCode::TrustHashMismatch);
    add(
        "targets: a file of another type",
        [](R& r) {
          r.bump();
          r.targets.signedPart["_type"] = "snapshot";
          r.putAll();
        },
        ErrorCode::TrustMalformed);

    // Endless data: the fetcher does not keep the limit
    add(
        "timestamp: endless",
        [](R& r) {
          r.obeysLimit = false;
          r.files[kTimestampPath] = QByteArray(20000, ' ') + r.files[kTimestampPath];
        },
        ErrorCode::TrustLength);
    add(
        "root: endless",
        [](R& r) {
          r.bumpRoot();
          r.putRoot();
          r.obeysLimit = false;
          r.files[R::name("root", r.root)].append(QByteArray(600000, ' '));
        },
        ErrorCode::TrustLength);
    // Fetching: only a file that is not there ends the chain of roots
    const QString kNextRoot = QStringLiteral("metadata/2.root.json");
    add(
        "root: withheld with a network error", [=](R& r) { r.errors[kNextRoot] = ErrorCode::FetchFailed; },
        ErrorCode::FetchFailed);
    add(
        "root: withheld with a TLS error", [=](R& r) { r.errors[kNextRoot] = ErrorCode::FetchTls; },
        ErrorCode::FetchTls);
    add(
        "root: withheld by delay", [=](R& r) { r.errors[kNextRoot] = ErrorCode::Timeout; }, ErrorCode::Timeout);
    add(
        "timestamp: missing", [](R& r) { r.files.remove(kTimestampPath); }, ErrorCode::FetchNotFound);

    // Hostile JSON, where a lenient reader would find validly signed metadata
    const auto wrapTimestamp = [&](const char* name, const std::function<QByteArray(const QByteArray&)>& change) {
      add(
          name,
          [=](R& r) {
            r.bump();
            r.putAll();
            r.files[kTimestampPath] = change(r.files[kTimestampPath]);
          },
          ErrorCode::TrustMalformed);
    };
    wrapTimestamp("json: a key twice",
                  [](const QByteArray& b) { return QByteArray("{\"signatures\":[],") + b.mid(1); });
    wrapTimestamp("json: not a number", [](const QByteArray& b) { return QByteArray("{\"x\":NaN,") + b.mid(1); });
    wrapTimestamp("json: a fraction", [](const QByteArray& b) { return QByteArray("{\"x\":1.5,") + b.mid(1); });
    wrapTimestamp("json: an exponent", [](const QByteArray& b) { return QByteArray("{\"x\":1e400,") + b.mid(1); });
    wrapTimestamp("json: a huge integer",
                  [](const QByteArray& b) { return QByteArray("{\"x\":99999999999999999999,") + b.mid(1); });
    wrapTimestamp("json: beyond signed 64 bits",
                  [](const QByteArray& b) { return QByteArray("{\"x\":9223372036854775808,") + b.mid(1); });
    wrapTimestamp("json: too deep", [](const QByteArray& b) {
      return "{\"x\":" + QByteArray(5000, '[') + QByteArray(5000, ']') + "," + b.mid(1);
    });
    wrapTimestamp("json: invalid UTF-8", [](const QByteArray& b) { return QByteArray("{\"x\":\"\xff\",") + b.mid(1); });
    wrapTimestamp("json: overlong UTF-8",
                  [](const QByteArray& b) { return QByteArray("{\"x\":\"\xc0\xaf\",") + b.mid(1); });
    wrapTimestamp("json: surrogate in UTF-8",
                  [](const QByteArray& b) { return QByteArray("{\"x\":\"\xed\xa0\x80\",") + b.mid(1); });
    wrapTimestamp("json: lone surrogate",
                  [](const QByteArray& b) { return QByteArray("{\"x\":\"\\ud800\",") + b.mid(1); });
    wrapTimestamp("json: byte order mark", [](const QByteArray& b) { return QByteArray("\xef\xbb\xbf") + b; });
    wrapTimestamp("json: something after the end", [](const QByteArray& b) { return b + "{}"; });
    wrapTimestamp("json: truncated", [](const QByteArray& b) { return b.chopped(1); });
    wrapTimestamp("json: empty", [](const QByteArray&) { return QByteArray(); });
    wrapTimestamp("json: an array", [](const QByteArray& b) { return "[" + b + "]"; });
    return all;
  }();
  return kAttacks;
}

}  // namespace

class TufAttacksTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void acceptsTheHonestRepository() {
    Fixture f;
    f.repository.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    f.repository.bump();
    f.repository.addTarget("b.bin", "second");
    f.repository.putAll();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    const auto target = f.client->target(QStringLiteral("b.bin"), {});
    QVERIFY(target);
    QCOMPARE(*f.client->download(*target, {}), QByteArray("second"));
  }

  void refuses_data() {
    QTest::addColumn<QString>("attack");
    for (auto attack = attacks().begin(); attack != attacks().end(); ++attack) {
      QTest::newRow(qPrintable(attack.key())) << attack.key();
    }
  }

  void refuses() {
    QFETCH(const QString, attack);
    const Attack& row = *attacks().constFind(attack);
    Fixture f;
    row.prepare(f.repository);
    f.repository.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    const TrustSummary before = f.client->summary();
    row.attack(f.repository);
    QVERIFY(!f.refresh());
    QVERIFY2(f.code == row.expected, qPrintable(errorCodeName(f.code) + QStringLiteral(": ") + f.problem));
    // What was trusted is served as before, and a program that starts anew does not accept it either.
    QCOMPARE(f.client->summary(), before);
    QVERIFY(f.client->target(QStringLiteral("a.bin"), {}));
    f.restart();
    QVERIFY(!f.refresh());
    QVERIFY2(f.code == row.expected, qPrintable(errorCodeName(f.code) + QStringLiteral(": ") + f.problem));
  }

  void acceptsWhatOnlyLooksWrong_data() {
    QTest::addColumn<int>("change");
    const QStringList names{QStringLiteral("unknown fields"),           QStringLiteral("unknown key type"),
                            QStringLiteral("an unknown signature"),     QStringLiteral("an expired root in the chain"),
                            QStringLiteral("the same timestamp again"), QStringLiteral("an unknown hash beside")};
    for (int i = 0; i < names.size(); ++i) {
      QTest::newRow(qPrintable(names.at(i))) << i;
    }
  }

  void acceptsWhatOnlyLooksWrong() {
    QFETCH(const int, change);
    Fixture f;
    TestRepository& r = f.repository;
    r.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    switch (change) {
      case 0:
        r.bump();
        for (TestRepository::Role* role : {&r.timestamp, &r.snapshot, &r.targets}) {
          role->signedPart["x-field"] = {{"b", {1, true, nullptr}}, {"a", "\u00e4\n\""}};
        }
        break;
      case 1:
        r.bumpRoot();
        r.root.signedPart["keys"]["odd"] = {{"keytype", "quantum"}, {"scheme", "cat"}, {"keyval", {{"box", 1}}}};
        r.root.signedPart["roles"]["targets"]["keyids"].push_back("odd");
        break;
      case 2:
        r.bump();
        r.targets.keys = {7, 9};
        break;
      case 3:
        r.bumpRoot();
        r.root.signedPart["expires"] = "2020-01-01T00:00:00Z";
        r.putRoot();
        r.bumpRoot();
        r.root.signedPart["expires"] = "2030-01-01T00:00:00Z";
        break;
      case 4:
        break;
      default:
        r.bump();
        r.targets.signedPart["targets"]["a.bin"]["hashes"]["blake2"] = "zz";
        break;
    }
    r.putAll();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    const auto target = f.client->target(QStringLiteral("a.bin"), {});
    QVERIFY(target);
    QCOMPARE(*f.client->download(*target, {}), QByteArray("first"));
  }

  // 5.3.11: a thief of the timestamp and snapshot keys published enormous versions; rotating the keys recovers.
  void recoversFromFastForward_data() {
    QTest::addColumn<QString>("rotated");
    QTest::newRow("timestamp key") << QStringLiteral("timestamp");
    QTest::newRow("snapshot key") << QStringLiteral("snapshot");
  }

  void recoversFromFastForward() {
    QFETCH(const QString, rotated);
    Fixture f;
    TestRepository& r = f.repository;
    r.timestamp.signedPart["version"] = 1000000;
    r.snapshot.signedPart["version"] = 1000000;
    r.snapshot.signedPart["meta"]["other.json"] = {{"version", 1000000}};
    r.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    r.timestamp.signedPart["version"] = 2;
    r.snapshot.signedPart["version"] = 2;
    r.snapshot.signedPart["meta"]["other.json"] = {{"version", 2}};
    r.putAll();
    QVERIFY(!f.refresh());
    QCOMPARE(f.code, ErrorCode::TrustRollback);
    r.bumpRoot();
    const bool isTimestamp = rotated == QLatin1String("timestamp");
    r.setRole(isTimestamp ? "timestamp" : "snapshot", {isTimestamp ? 4 : 6}, 1);
    (isTimestamp ? r.timestamp : r.snapshot).keys = {isTimestamp ? 4 : 6};
    r.putAll();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    QCOMPARE(f.client->summary().roles.at(1).version, 2);
  }

  // A key that is only added recovers nothing: who holds the old one could still have signed what is trusted.
  void keepsVersionsWhenAKeyIsOnlyAdded() {
    Fixture f;
    TestRepository& r = f.repository;
    r.timestamp.signedPart["version"] = 10;
    r.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    r.bumpRoot();
    r.setRole("timestamp", {3, 4}, 1);
    r.timestamp.signedPart["version"] = 9;
    r.putAll();
    QVERIFY(!f.refresh());
    QCOMPARE(f.code, ErrorCode::TrustRollback);
  }

  void refusesTargetFiles_data() {
    QTest::addColumn<QByteArray>("served");
    QTest::addColumn<int>("expected");
    QTest::newRow("one byte changed") << QByteArray("firsT") << static_cast<int>(ErrorCode::TrustHashMismatch);
    QTest::newRow("longer") << QByteArray("first!") << static_cast<int>(ErrorCode::TrustLength);
    QTest::newRow("shorter") << QByteArray("firs") << static_cast<int>(ErrorCode::TrustLength);
    QTest::newRow("empty") << QByteArray() << static_cast<int>(ErrorCode::TrustLength);
  }

  void refusesTargetFiles() {
    QFETCH(const QByteArray, served);
    QFETCH(const int, expected);
    Fixture f;
    f.repository.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    const auto target = f.client->target(QStringLiteral("a.bin"), {});
    QVERIFY(target);
    QVERIFY(f.client->download(*target, {}));
    f.repository.obeysLimit = false;
    for (auto file = f.repository.files.begin(); file != f.repository.files.end(); ++file) {
      if (file.key().endsWith(QLatin1String("a.bin"))) {
        *file = served;
      }
    }
    const auto bytes = f.client->download(*target, {});
    QVERIFY(!bytes);
    QCOMPARE(static_cast<int>(bytes.error().code), expected);
  }

  void refusesPathsThatLeaveTheirFolder_data() {
    QTest::addColumn<QString>("path");
    for (const char* path :
         {"../a.bin", "x/../../a.bin", "/etc/passwd", "a//b", "a/./b", "..", "", "x\\..\\a", "a\nb"}) {
      QTest::addRow("%s", QByteArray(path).toPercentEncoding().constData()) << QString::fromLatin1(path);
    }
  }

  void refusesPathsThatLeaveTheirFolder() {
    QFETCH(const QString, path);
    Fixture f;
    f.repository.addTarget(path.toStdString(), "evil");
    f.repository.putAll();
    f.start();
    QVERIFY2(f.refresh(), qPrintable(f.problem));
    const auto target = f.client->target(path, {});
    QVERIFY(target);
    f.repository.requests.clear();
    QCOMPARE(f.client->download(*target, {}).error().code, ErrorCode::TrustMalformed);
    QVERIFY(f.repository.requests.isEmpty());
  }

  void pinsOneRootOnly() {
    Fixture f;
    f.repository.putAll();
    f.start();
    TestRepository other;
    QCOMPARE(Client::pinRoot(f.cache.path(), other.sign(other.root)).error().code, ErrorCode::AlreadyExists);
    QVERIFY(Client::pinRoot(f.cache.path(), f.repository.sign(f.repository.root)));
    other.root.keys = {0};
    QCOMPARE(Client::inspectRoot(other.sign(other.root)).error().code, ErrorCode::TrustThreshold);
  }

 private:
  struct Fixture {
    TestRepository repository;
    ManualClock clock{QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC)};
    QTemporaryDir cache;
    std::unique_ptr<Client> client;
    ErrorCode code = ErrorCode::Internal;
    QString problem;

    void start() {
      QVERIFY(Client::pinRoot(cache.path(), repository.files.value(QStringLiteral("metadata/1.root.json"))));
      restart();
    }
    void restart() {
      ClientOptions options;
      options.maxRootRotations = 5;
      client = std::make_unique<Client>(cache.path(), repository, clock, options);
    }
    bool refresh() {
      const Status status = client->refresh({});
      if (!status) {
        code = status.error().code;
        problem = status.error().message();
      }
      return status.has_value();
    }
  };
};

QTEST_GUILESS_MAIN(TufAttacksTest)
#include "tuf_attacks_test.moc"
