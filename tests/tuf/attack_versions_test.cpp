// Attacks on what is new: rollback, freeze, fast-forward, drop and replay. README.md has the table.
#include "tests/tuf/attack_harness.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

const QString kTimestampPath = QStringLiteral("metadata/timestamp.json");
const QString kNextRoot = QStringLiteral("metadata/2.root.json");
constexpr const char* kNow = "2026-11-21T12:00:00Z";  // the very second of expiry is too late (5.3.10 …)
constexpr const char* kNextSecond = "2026-11-21T12:00:01Z";

void beginAtVersionThree(R& r) {
  r.bump();
  r.bump();
}

// The delegated role "models" in version 3, announced by its version alone.
void delegate(R& r, int version, const char* expires = "2030-01-01T00:00:00Z") {
  R::Role models = r.delegated({9});
  models.signedPart["version"] = version;
  models.signedPart["expires"] = expires;
  r.addTarget(models, "m/a.bin", "model");
  r.putDelegated("models", models);
  r.snapshot.signedPart["meta"]["models.json"] = {{"version", version}};
}

void beginWithModels(R& r) {
  r.delegate(r.targets, "models", {9}, 1, {"m/*"});
  delegate(r, 3);
}

bool fetchModel(AttackedClient& c) {
  return c.refresh() && c.fetch("m/a.bin");
}

std::function<void(R&, bool)> expire(R::Role R::*role) {
  return [=](R& r, bool isEvil) {
    r.bump();
    (r.*role).signedPart["expires"] = isEvil ? kNow : kNextSecond;
    r.putAll();
  };
}

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> kAttacks{
      {"rollback.root", ErrorCode::TrustRollback,  // 5.3.5
       [](R& r, bool isEvil) {
         r.root.signedPart["version"] = isEvil ? 1 : 2;
         r.files[kNextRoot] = r.sign(r.root);
       }},
      {"rollback.root-version-skipped", ErrorCode::TrustHashMismatch,
       [](R& r, bool isEvil) {
         r.root.signedPart["version"] = isEvil ? 3 : 2;
         r.files[kNextRoot] = r.sign(r.root);
       }},
      {"rollback.timestamp", ErrorCode::TrustRollback,  // 5.4.3.1
       [](R& r, bool isEvil) {
         r.timestamp.signedPart["version"] = isEvil ? 2 : 4;
         r.putTimestamp();
       },
       beginAtVersionThree},
      {"rollback.timestamp-after-a-threshold-was-raised", ErrorCode::TrustRollback,  // 5.3.11 does not apply
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("timestamp", {3, 4}, 2);
         r.putRoot();
         r.timestamp.keys = {3, 4};
         r.timestamp.signedPart["version"] = isEvil ? 2 : 4;
         r.putTimestamp();
       },
       beginAtVersionThree},
      {"rollback.snapshot", ErrorCode::TrustRollback,  // 5.4.3.2
       [](R& r, bool isEvil) {
         r.timestamp.signedPart["version"] = 4;
         r.snapshot.signedPart["version"] = isEvil ? 2 : 4;
         r.putSnapshot();
         r.putTimestamp();
       },
       beginAtVersionThree},
      {"rollback.snapshot-than-announced", ErrorCode::TrustRollback,  // 5.5.4
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         r.snapshot.signedPart["version"] = isEvil ? 1 : 2;
         const QByteArray bytes = r.sign(r.snapshot);
         r.files[QStringLiteral("metadata/2.snapshot.json")] = bytes;
         r.timestamp.signedPart["meta"]["snapshot.json"] = R::announce(bytes, 2);
         r.putTimestamp();
       }},
      {"rollback.targets", ErrorCode::TrustRollback,  // 5.5.5
       [](R& r, bool isEvil) {
         r.timestamp.signedPart["version"] = 4;
         r.snapshot.signedPart["version"] = 4;
         r.targets.signedPart["version"] = isEvil ? 2 : 4;
         r.putTargets();
         r.putSnapshot();
         r.putTimestamp();
       },
       beginAtVersionThree},
      {"rollback.targets-than-announced", ErrorCode::TrustRollback,  // 5.6.4
       [](R& r, bool isEvil) {
         r.bump();
         r.targets.signedPart["version"] = isEvil ? 1 : 2;
         const QByteArray bytes = r.sign(r.targets);
         r.files[QStringLiteral("metadata/2.targets.json")] = bytes;
         r.snapshot.signedPart["meta"]["targets.json"] = R::announce(bytes, 2);
         r.putSnapshot();
         r.putTimestamp();
       }},
      {"rollback.delegated", ErrorCode::TrustRollback,  // 5.5.5
       [](R& r, bool isEvil) {
         r.bump();
         delegate(r, isEvil ? 2 : 4);
         r.putAll();
       },
       beginWithModels, fetchModel},
      {"rollback.delegated-role-dropped", ErrorCode::TrustRollback,  // 5.5.5, "MUST continue to be listed"
       [](R& r, bool isEvil) {
         r.bump();
         if (isEvil) {
           r.snapshot.signedPart["meta"].erase("models.json");
         }
         r.putAll();
       },
       beginWithModels, fetchModel},

      {"freeze.root", ErrorCode::TrustExpired,  // 5.3.10
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.root.signedPart["expires"] = isEvil ? kNow : kNextSecond;
         r.putRoot();
       }},
      {"freeze.timestamp", ErrorCode::TrustExpired, expire(&R::timestamp)},  // 5.4.4
      {"freeze.snapshot", ErrorCode::TrustExpired, expire(&R::snapshot)},    // 5.5.6
      {"freeze.targets", ErrorCode::TrustExpired, expire(&R::targets)},      // 5.6.5
      {"freeze.delegated", ErrorCode::TrustExpired,
       [](R& r, bool isEvil) {
         r.bump();
         delegate(r, 4, isEvil ? kNow : kNextSecond);
         r.putAll();
       },
       beginWithModels, fetchModel},
      {"freeze.same-state-for-ever", ErrorCode::TrustExpired,  // the repository stands still while time goes on
       [](R& r, bool isEvil) {
         if (!isEvil) {
           r.timestamp.signedPart["version"] = 2;
           r.timestamp.signedPart["expires"] = "2031-01-01T00:00:00Z";
           r.putTimestamp();
         }
       },
       [](R& r) { r.timestamp.signedPart["expires"] = "2026-11-28T12:00:00Z"; },
       [](AttackedClient& c) {
         c.clock.advanceSeconds(7 * 24 * 3600);
         return c.refresh();
       }},

      // Fast-forward: a thief's versions are as high as versions go; the honest next one is refused until the vendor
      // replaces the key. recoversFromFastForward() is the other half.
      {"fast-forward.timestamp", ErrorCode::TrustRollback,
       [](R& r, bool isEvil) {
         r.timestamp.signedPart["version"] = isEvil ? 2 : 1000001;
         r.putTimestamp();
       },
       [](R& r) { r.timestamp.signedPart["version"] = 1000000; }},

      {"drop-and-replay.root-with-a-network-error", ErrorCode::FetchFailed,
       [](R& r, bool isEvil) {
         if (isEvil) {
           r.errors[kNextRoot] = ErrorCode::FetchFailed;
         }
       }},
      {"drop-and-replay.root-with-a-tls-error", ErrorCode::FetchTls,
       [](R& r, bool isEvil) {
         if (isEvil) {
           r.errors[kNextRoot] = ErrorCode::FetchTls;
         }
       }},
      {"drop-and-replay.root-by-delay", ErrorCode::Timeout,
       [](R& r, bool isEvil) {
         if (isEvil) {
           r.errors[kNextRoot] = ErrorCode::Timeout;
         }
       }},
      {"drop-and-replay.timestamp-dropped", ErrorCode::FetchNotFound,
       [](R& r, bool isEvil) {
         if (isEvil) {
           r.files.remove(kTimestampPath);
         }
       }},
      {"drop-and-replay.snapshot-dropped", ErrorCode::FetchNotFound,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         if (isEvil) {
           r.files.remove(R::name("snapshot", r.snapshot));
         }
       }},
      {"drop-and-replay.recorded-timestamp", ErrorCode::TrustRollback,
       [recorded = std::make_shared<QByteArray>()](R& r, bool isEvil) {
         // What was served a version ago, byte for byte.
         R::Role old = r.timestamp;
         old.signedPart["version"] = 2;
         *recorded = r.sign(old);
         r.bump();
         r.putAll();
         if (isEvil) {
           r.files[kTimestampPath] = *recorded;
         }
       },
       beginAtVersionThree},
  };
  return kAttacks;
}

}  // namespace

class AttackVersionsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  SEALIFT_TRY_ATTACKS(attacks())

  // 5.3.11: a thief of the timestamp and snapshot keys published enormous versions; replacing the keys recovers.
  void recoversFromFastForward_data() {
    QTest::addColumn<QString>("rotated");
    QTest::newRow("fast-forward.recovery-by-timestamp-key") << QStringLiteral("timestamp");
    QTest::newRow("fast-forward.recovery-by-snapshot-key") << QStringLiteral("snapshot");
  }

  void recoversFromFastForward() {
    QFETCH(const QString, rotated);
    AttackedClient c;
    R& r = c.repository;
    r.timestamp.signedPart["version"] = 1000000;
    r.snapshot.signedPart["version"] = 1000000;
    r.snapshot.signedPart["meta"]["other.json"] = {{"version", 1000000}};
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.timestamp.signedPart["version"] = 2;
    r.snapshot.signedPart["version"] = 2;
    r.snapshot.signedPart["meta"]["other.json"] = {{"version", 2}};
    r.putAll();
    QVERIFY(!c.refresh());
    QCOMPARE(c.refusal->code, ErrorCode::TrustRollback);
    r.bumpRoot();
    const bool isTimestamp = rotated == QLatin1String("timestamp");
    r.setRole(isTimestamp ? "timestamp" : "snapshot", {isTimestamp ? 4 : 6}, 1);
    (isTimestamp ? r.timestamp : r.snapshot).keys = {isTimestamp ? 4 : 6};
    r.putAll();
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    QCOMPARE(c.client->summary().roles.at(1).version, 2);
  }

  // A key that is only added recovers nothing: who holds the old one could still have signed what is trusted.
  void keepsVersionsWhenAKeyIsOnlyAdded() {
    AttackedClient c;
    R& r = c.repository;
    r.timestamp.signedPart["version"] = 10;
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.bumpRoot();
    r.setRole("timestamp", {3, 4}, 1);
    r.timestamp.signedPart["version"] = 9;
    r.putAll();
    QVERIFY(!c.refresh());
    QCOMPARE(c.refusal->code, ErrorCode::TrustRollback);
  }

  // 5.3.3: Y roots are taken in one update; the next one goes on from there.
  void takesALongChainOfRootsInSteps() {
    AttackedClient c;
    R& r = c.repository;
    c.options.maxRootRotations = 5;
    r.putAll();
    QVERIFY(c.start());
    for (int i = 0; i < 12; ++i) {
      r.bumpRoot();
      r.putRoot();
    }
    for (const qint64 version : {6, 11, 13, 13}) {
      QVERIFY2(c.refresh(), qPrintable(c.told()));
      QCOMPARE(c.client->summary().roles.at(0).version, version);
    }
  }

  // 5.3.3: one that is only not there ends the chain; the root that was replaced in between may have expired (5.3.6).
  void acceptsAnExpiredRootInTheChain() {
    AttackedClient c;
    R& r = c.repository;
    r.putAll();
    QVERIFY(c.start());
    r.bumpRoot();
    r.root.signedPart["expires"] = "2020-01-01T00:00:00Z";
    r.putRoot();
    r.bumpRoot();
    r.root.signedPart["expires"] = "2030-01-01T00:00:00Z";
    r.putRoot();
    QVERIFY2(c.refresh(), qPrintable(c.told()));
  }

  // 5.4.3.1: of two timestamps with one version the trusted one stays, and nothing else is asked for.
  void discardsAnotherTimestampOfTheSameVersion() {
    AttackedClient c;
    R& r = c.repository;
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    QFile kept(c.cacheFile("timestamp"));
    QVERIFY(kept.open(QIODevice::ReadOnly));
    const QByteArray before = kept.readAll();
    r.timestamp.signedPart["meta"]["snapshot.json"]["version"] = 100;
    r.putTimestamp();
    r.requests.clear();
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    QCOMPARE(r.requests, QStringList({kNextRoot, kTimestampPath}));
    kept.seek(0);
    QCOMPARE(kept.readAll(), before);
  }
};

QTEST_GUILESS_MAIN(AttackVersionsTest)
#include "attack_versions_test.moc"
