// Attacks by names: paths of targets that climb out of their folder, and names of roles as file names and in addresses.
// README.md has the table.
#include "keystore/tuf/client/metadata_cache.h"
#include "tests/tuf/attack_harness.h"

#include <QDirIterator>

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

// Every file below the folder, relative to it.
QStringList filesBelow(const QString& folder) {
  QStringList files;
  QDirIterator each(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
  while (each.hasNext()) {
    files.append(QDir(folder).relativeFilePath(each.next()));
  }
  files.sort();
  return files;
}

}  // namespace

class AttackNamesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusesTargetPaths_data() {
    QTest::addColumn<QString>("path");
    QTest::newRow("path-traversal.target-climbs") << QStringLiteral("../a.bin");
    QTest::newRow("path-traversal.target-climbs-later") << QStringLiteral("x/../../a.bin");
    QTest::newRow("path-traversal.target-absolute") << QStringLiteral("/etc/passwd");
    QTest::newRow("path-traversal.target-empty-part") << QStringLiteral("a//b");
    QTest::newRow("path-traversal.target-dot-part") << QStringLiteral("a/./b");
    QTest::newRow("path-traversal.target-parent-alone") << QStringLiteral("..");
    QTest::newRow("path-traversal.target-empty") << QString();
    QTest::newRow("path-traversal.target-backslash") << QStringLiteral("x\\..\\a");
    QTest::newRow("path-traversal.target-newline") << QStringLiteral("a\nb");
    QTest::newRow("path-traversal.target-null") << QString(QStringLiteral("a") + QChar(0) + QStringLiteral("b"));
    QTest::newRow("path-traversal.target-folder") << QStringLiteral("a/");
  }

  // Properly published, and refused before anything is asked for.
  void refusesTargetPaths() {
    QFETCH(const QString, path);
    AttackedClient c;
    R& r = c.repository;
    r.addTarget("fine/a b%2F..c.bin", "fine");
    r.addTarget(path.toStdString(), "evil");
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    QVERIFY2(c.fetch("fine/a b%2F..c.bin"), qPrintable(c.told()));
    const auto target = c.client->target(path, {});
    QVERIFY(target);
    r.requests.clear();
    QCOMPARE(c.client->download(*target, {}).error().code, ErrorCode::TrustMalformed);
    const QTemporaryDir outside;
    const QString file = outside.filePath(QStringLiteral("x/target"));
    QCOMPARE(c.client->downloadTo(file, *target, {}).error().code, ErrorCode::TrustMalformed);
    QVERIFY(r.requests.isEmpty());
    QCOMPARE(filesBelow(outside.path()), QStringList());
  }

  void keepsRolesInTheirFolder_data() {
    QTest::addColumn<QString>("role");
    QTest::newRow("path-traversal.role-climbs") << QStringLiteral("../d");
    QTest::newRow("path-traversal.role-absolute") << QStringLiteral("/d");
    QTest::newRow("path-traversal.role-parent") << QStringLiteral("..");
    QTest::newRow("path-traversal.role-dot") << QStringLiteral(".");
    QTest::newRow("path-traversal.role-slash") << QStringLiteral("/");
    QTest::newRow("path-traversal.role-backslash") << QStringLiteral("..\\d");
    QTest::newRow("path-traversal.role-query") << QStringLiteral("?");
    QTest::newRow("path-traversal.role-fragment") << QStringLiteral("#");
    QTest::newRow("path-traversal.role-percent") << QStringLiteral("%2e%2e%2fd");
    QTest::newRow("path-traversal.role-null") << QString(QStringLiteral("a") + QChar(0));
    QTest::newRow("path-traversal.role-newline") << QStringLiteral("a\nHost: b");
    QTest::newRow("path-traversal.role-not-latin") << QStringLiteral("mått/модель");
    QTest::newRow("path-traversal.role-longer-than-file-names") << QString(5000, QLatin1Char('x'));
    QTest::newRow("path-traversal.role-root-in-capitals") << QStringLiteral("Root");
    QTest::newRow("path-traversal.role-device-name") << QStringLiteral("CON");
    QTest::newRow("path-traversal.role-initial-root") << QStringLiteral("initial/root");
  }

  // Any name is allowed (4.5, ROLENAME): the role is asked for by one encoded part, kept in one file of the folder, and
  // nothing else changes.
  void keepsRolesInTheirFolder() {
    QFETCH(const QString, role);
    AttackedClient c;
    R& r = c.repository;
    const std::string name = role.toStdString();
    R::Role delegated = r.delegated({9});
    r.addTarget(delegated, "m/a.bin", "model");
    r.delegate(r.targets, "d", {9}, 1, {"m/*"});
    r.targets.signedPart["delegations"]["roles"][0]["name"] = name;
    const QByteArray file = r.sign(delegated);
    r.snapshot.signedPart["meta"][name + ".json"] = R::announce(file, 1);
    const QString path = QStringLiteral("metadata/") + metadataFileName(role, 1);
    r.files[path] = file;
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    const QStringList before = filesBelow(c.cache.path());
    r.requests.clear();
    QVERIFY2(c.fetch("m/a.bin"), qPrintable(c.told()));
    QCOMPARE(r.requests.first(), path);
    QCOMPARE(path.count(QLatin1Char('/')), 1);
    QVERIFY(path.toLatin1() == path.toUtf8() && !path.contains(QLatin1Char('?')) && !path.contains(QLatin1Char('#')));
    QStringList added = filesBelow(c.cache.path());
    for (const QString& known : before) {
      QVERIFY(added.removeOne(known));
    }
    QCOMPARE(added.size(), 1);
    QVERIFY(!added.first().contains(QLatin1Char('/')));
    // On a file system that does not tell capitals from small letters it is a file of its own, too.
    for (const QString& known : before) {
      QVERIFY(known.compare(added.first(), Qt::CaseInsensitive) != 0);
    }
    c.restart();
    QVERIFY2(c.keep(c.client->loadCached()), qPrintable(c.told()));
    QVERIFY2(c.client->target(QStringLiteral("m/a.bin"), {}), "the kept role is found again");
  }

  void refusesRolesWithATopLevelName_data() {
    QTest::addColumn<QString>("role");
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      QTest::addRow("path-traversal.role-named-%s", role) << QString::fromLatin1(role);
    }
    QTest::newRow("path-traversal.role-without-name") << QString();
  }

  void refusesRolesWithATopLevelName() {
    QFETCH(const QString, role);
    for (const bool isEvil : {false, true}) {
      AttackedClient c;
      R& r = c.repository;
      r.delegate(r.targets, isEvil ? qPrintable(role) : "d", {9}, 1, {"m/*"});
      r.putAll();
      QVERIFY(c.start());
      QCOMPARE(c.refresh(), !isEvil);
      if (isEvil) {
        QCOMPARE(c.refusal->code, ErrorCode::TrustMalformed);
      }
    }
  }

  // The first root that is trusted is the only one until it rotates itself.
  void refusesAnotherRootOnceOneIsPinned_data() {
    QTest::addColumn<bool>("isOther");
    QTest::newRow("the same root again") << false;
    QTest::newRow("malicious-mirror.another-initial-root") << true;
  }

  void refusesAnotherRootOnceOneIsPinned() {
    QFETCH(const bool, isOther);
    AttackedClient c;
    c.repository.putAll();
    QVERIFY(c.start());
    R other;
    if (isOther) {
      other.root.signedPart["expires"] = "2031-01-01T00:00:00Z";
    }
    const Status pinned = Client::pinRoot(c.cache.path(), other.sign(other.root));
    QCOMPARE(pinned.has_value(), !isOther);
    if (isOther) {
      QCOMPARE(pinned.error().code, ErrorCode::AlreadyExists);
    }
    other.root.keys = {0};
    QCOMPARE(Client::inspectRoot(other.sign(other.root)).error().code, ErrorCode::TrustThreshold);
  }
};

QTEST_GUILESS_MAIN(AttackNamesTest)
#include "attack_names_test.moc"
