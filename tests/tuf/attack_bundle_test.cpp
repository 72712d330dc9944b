// Attacks with offline bundles: an old one, one that expired, one that was changed. README.md has the table.
#include "keystore/tuf/bundle.h"
#include "tests/tuf/attack_harness.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

struct BundleAttack {
  const char* name;
  ErrorCode expected;
  std::function<void(R&)> evil;    // changes what is bundled
  std::function<void(R&)> honest;  // the same without the attack
  bool isFound = true;             // refused while refreshing; otherwise while fetching
};

const std::vector<BundleAttack>& attacks() {
  const auto next = [](R& r) {
    r.bump();
    r.putAll();
  };
  static const std::vector<BundleAttack> kAttacks{
      {"stale-bundle.expired", ErrorCode::TrustExpired,
       [](R& r) {
         r.bump();
         r.timestamp.signedPart["expires"] = "2026-11-21T12:00:00Z";
         r.putAll();
       },
       next},
      {"stale-bundle.older-than-seen", ErrorCode::TrustRollback,
       [](R& r) {
         r.timestamp.signedPart["version"] = 2;
         r.putTimestamp();
       },
       next},
      {"stale-bundle.without-the-next-timestamp", ErrorCode::FetchNotFound,
       [](R& r) { r.files.remove(QStringLiteral("metadata/timestamp.json")); }, next},
      {"stale-bundle.artifact-changed", ErrorCode::TrustHashMismatch,
       [](R& r) {
         r.bump();
         r.putAll();
         for (auto file = r.files.begin(); file != r.files.end(); ++file) {
           if (file.key().endsWith(QLatin1String("a.bin"))) {
             *file = "firsT";
           }
         }
       },
       next, false},
  };
  return kAttacks;
}

Result<std::unique_ptr<BundleFetcher>> bundleOf(const R& r, const QString& path) {
  QList<BundleMember> members;
  for (auto file = r.files.begin(); file != r.files.end(); ++file) {
    members.append({file.key(), QString(), file.value()});
  }
  SEALIFT_CHECK(writeBundle(path, members, {}));
  return BundleFetcher::open(path);
}

}  // namespace

class AttackBundleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refuses_data() {
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < attacks().size(); ++i) {
      QTest::newRow(attacks().at(i).name) << static_cast<int>(i);
    }
  }

  // A station that has seen version 3 gets a bundle.
  void refuses() {
    QFETCH(const int, index);
    const BundleAttack& attack = attacks().at(static_cast<std::size_t>(index));
    for (const bool isEvil : {false, true}) {
      AttackedClient c;
      R& r = c.repository;
      r.bump();
      r.bump();
      r.putAll();
      QVERIFY(c.start());
      QVERIFY2(c.refresh(), qPrintable(c.told()));
      (isEvil ? attack.evil : attack.honest)(r);
      const QTemporaryDir folder;
      const auto bundle = bundleOf(r, folder.filePath(QStringLiteral("update.sealift")));
      QVERIFY2(bundle, bundle ? "" : qPrintable(bundle.error().message()));
      c.client = std::make_unique<Client>(c.cache.path(), **bundle, c.clock, c.options);
      const bool isRefreshed = c.refresh();
      const bool isTaken = isRefreshed && c.fetch("a.bin");
      QVERIFY2(isTaken != isEvil, qPrintable(c.told()));
      if (isEvil) {
        QVERIFY2(c.refusal->code == attack.expected, qPrintable(c.told()));
        QCOMPARE(isRefreshed, !attack.isFound);
      }
    }
  }
};

QTEST_GUILESS_MAIN(AttackBundleTest)
#include "attack_bundle_test.moc"
