// Disks that are full, read-only or broken, under the store, the audit log and what is fetched: found before anything
// is begun, survived in the middle, and the record goes on when there is room again.
#include "app/base/disk_space.h"
#include "app/catalog/vendor_file.h"
#include "app/catalog/vendor_repository.h"
#include "app/update/journal.h"
#include "tests/support/audit_fixture.h"
#include "tests/support/job_fixture.h"
#include "tests/support/troubled_store.h"
#include "tests/support/vendor_folder.h"

#include <QStorageInfo>
#include <QTest>

#include <cerrno>
#include <sched.h>
#include <sys/mount.h>

using namespace sealift;
using namespace sealift::test;
using Trouble = TroubledStore::Trouble;

namespace {

constexpr qint64 kMiB = 1024 * 1024;

// A disk of its own, in a mount namespace that ends with this process (mount_namespaces(7)).
class SmallDisk {
 public:
  // Empty, or why there can be none.
  static QString enterNamespace() {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return QStringLiteral("no file system can be mounted here: %1").arg(QString::fromLocal8Bit(std::strerror(errno)));
    }
    return {};
  }
  explicit SmallDisk(qint64 bytes) {
    isMounted_ =
        ::mount("tmpfs", name().constData(), "tmpfs", 0, ("size=" + QByteArray::number(bytes)).constData()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (isMounted_) {
      (void)::umount2(name().constData(), MNT_DETACH);
    }
  }
  bool isMounted() const { return isMounted_; }
  QString path() const { return folder_.path(); }
  bool setReadOnly(bool readOnly) const {
    return ::mount(nullptr, name().constData(), nullptr,
                   static_cast<unsigned long>(MS_REMOUNT) | (readOnly ? static_cast<unsigned long>(MS_RDONLY) : 0UL),
                   nullptr) == 0;
  }
  // Until so many bytes are free.
  bool fillUpTo(qint64 free) {
    QFile filler(path() + QStringLiteral("/filler"));
    if (!filler.open(QIODevice::Append | QIODevice::Unbuffered)) {
      return false;
    }
    const QByteArray block(4096, 'f');
    while (QStorageInfo(path()).bytesAvailable() > free && filler.write(block) == block.size()) {
    }
    return true;
  }
  void makeRoom() const { QFile::remove(path() + QStringLiteral("/filler")); }

 private:
  QByteArray name() const { return QFile::encodeName(folder_.path()); }

  QTemporaryDir folder_;
  bool isMounted_ = false;
};

}  // namespace

class DiskTroubleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    TroubledStore::install();
    whyNot_ = SmallDisk::enterNamespace();
  }
  void cleanup() { TroubledStore::end(); }

  void roomIsAskedWithFigures();
  void fullDiskIsFoundBeforeTheDownload();
  void fullDiskInTheMiddleOfTheDownload();
  void readOnlyDisk();
  void auditLogGoesOnWhenThereIsRoom();
  void nothingHalfWrittenIsTrusted_data();
  void nothingHalfWrittenIsTrusted();
  void jobEndsHonestly_data();
  void jobEndsHonestly();

 private:
  QString whyNot_;
};

#define NEEDS_A_DISK            \
  if (!whyNot_.isEmpty()) {     \
    QSKIP(qPrintable(whyNot_)); \
  }

void DiskTroubleTest::roomIsAskedWithFigures() {
  NEEDS_A_DISK
  SmallDisk disk(64 * kMiB);
  QVERIFY(disk.isMounted());
  const QString folder = disk.path() + QStringLiteral("/not/there/yet");
  QVERIFY(requireRoom(folder, 10 * kMiB, QStringLiteral("the image")));
  const Status refused = requireRoom(folder, 100 * kMiB, QStringLiteral("the image"));
  QVERIFY(!refused);
  QCOMPARE(refused.error().code, ErrorCode::FileWrite);
  QVERIFY2(refused.error().what.contains(QStringLiteral("67.1 MB are free")), qPrintable(refused.error().what));
  QVERIFY2(refused.error().what.contains(QStringLiteral("138.4 MB are needed")), qPrintable(refused.error().what));
  QVERIFY2(refused.error().remedy.contains(QStringLiteral("Free 71.3 MB")), qPrintable(refused.error().remedy));
  QVERIFY(!requireRoom(folder, 33 * kMiB, QStringLiteral("the image")));  // the records need theirs
}

namespace {

// Fetches from a folder, and calls somebody when a target comes.
class WatchedFetcher final : public tuf::Fetcher {
 public:
  WatchedFetcher(std::unique_ptr<tuf::Fetcher> inner, std::function<void(const QString&)> watch)
      : inner_(std::move(inner)), watch_(std::move(watch)) {}
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    watch_(path);
    return inner_->fetch(path, maxBytes, cancel);
  }

 private:
  std::unique_ptr<tuf::Fetcher> inner_;
  std::function<void(const QString&)> watch_;
};

// A vendor with one release of some 4 MiB, known in `folder`.
struct KnownVendor {
  explicit KnownVendor(const QString& folder) {
    published.initRepository();
    published.release({1, 1, 0, 0}, {.payload = 4'000'000});
    published.publish();
    const auto file = readFile(published.vendorFile(), kMiB);
    const auto vendor = file ? VendorFile::parse(*file) : Result<VendorFile>(fail(file.error()));
    if (!vendor) {
      qFatal("%s", qPrintable(vendor.error().message()));
    }
    repository = std::make_unique<VendorRepository>(
        VendorRepository::Identity{vendor->id, vendor->name, vendor->addresses, vendor->root}, folder, clock,
        [this](const QString& address) -> Result<std::unique_ptr<tuf::Fetcher>> {
          SEALIFT_TRY(std::unique_ptr<tuf::Fetcher> inner, makeSystemFetcher(address));
          return std::make_unique<WatchedFetcher>(std::move(inner), [this](const QString& path) {
            if (path.contains(QStringLiteral("1.1.0"))) {
              ++targetsAskedFor;
              onTarget();
            }
          });
        });
  }
  QString target() const { return repository->contents().releases.first().targetPath; }

  SystemClock clock;
  VendorFolder published;
  std::unique_ptr<VendorRepository> repository;
  int targetsAskedFor = 0;
  std::function<void()> onTarget = [] {};
};

}  // namespace

void DiskTroubleTest::fullDiskIsFoundBeforeTheDownload() {
  NEEDS_A_DISK
  SmallDisk disk(48 * kMiB);
  QVERIFY(disk.isMounted());
  KnownVendor vendor(disk.path() + QStringLiteral("/vendors/norrland"));
  const CancelToken cancel;
  QVERIFY(vendor.repository->refresh(cancel));
  QVERIFY(disk.fillUpTo(34 * kMiB));  // the image would fit, not the records with it
  const Result<QByteArray> refused = vendor.repository->target(vendor.target(), 100 * kMiB, cancel);
  QVERIFY(!refused);
  QCOMPARE(refused.error().code, ErrorCode::FileWrite);
  QVERIFY2(refused.error().what.contains(QStringLiteral("for the image")), qPrintable(refused.error().what));
  QCOMPARE(vendor.targetsAskedFor, 0);
  disk.makeRoom();
  const Result<QByteArray> fetched = vendor.repository->target(vendor.target(), 100 * kMiB, cancel);
  QVERIFY2(fetched, fetched ? "" : qPrintable(fetched.error().message()));
  QVERIFY(disk.fillUpTo(8 * kMiB));  // kept already: the records alone
  const Result<QByteArray> kept = vendor.repository->target(vendor.target(), 100 * kMiB, cancel);
  QVERIFY(!kept);
  QCOMPARE(kept.error().code, ErrorCode::FileWrite);
}

// Somebody else fills it while the image comes.
void DiskTroubleTest::fullDiskInTheMiddleOfTheDownload() {
  NEEDS_A_DISK
  SmallDisk disk(48 * kMiB);
  QVERIFY(disk.isMounted());
  KnownVendor vendor(disk.path() + QStringLiteral("/vendors/norrland"));
  const CancelToken cancel;
  QVERIFY(vendor.repository->refresh(cancel));
  vendor.onTarget = [&] { (void)disk.fillUpTo(kMiB); };
  const Result<QByteArray> broken = vendor.repository->target(vendor.target(), 100 * kMiB, cancel);
  QVERIFY(!broken);
  QCOMPARE(broken.error().code, ErrorCode::FileWrite);
  QVERIFY(vendor.targetsAskedFor > 0);
  // Nor is new metadata trusted that could not be kept whole.
  (void)disk.fillUpTo(0);
  vendor.published.release({1, 2, 0, 0}, {.payload = 30'000});
  vendor.published.publish();
  (void)vendor.repository->refresh(cancel);
  vendor.onTarget = [] {};
  disk.makeRoom();
  const Status refreshed = vendor.repository->refresh(cancel);
  QVERIFY2(refreshed, refreshed ? "" : qPrintable(refreshed.error().message()));
  QCOMPARE(vendor.repository->contents().releases.size(), 2);
  const Release release = vendor.repository->contents().releases.first();
  const Result<QByteArray> fetched = vendor.repository->target(release.targetPath, 100 * kMiB, cancel);
  QVERIFY2(fetched, fetched ? "" : qPrintable(fetched.error().message()));
  QCOMPARE(QString::fromLatin1(sha256(*fetched).toHex()), release.sha256);
}

void DiskTroubleTest::readOnlyDisk() {
  NEEDS_A_DISK
  SmallDisk disk(48 * kMiB);
  QVERIFY(disk.isMounted());
  const QString folder = disk.path() + QStringLiteral("/data");
  const auto signer = KeySigner::generate();
  const SystemClock clock;
  {
    const auto database = Database::open(folder);
    QVERIFY(database);
    AuditLog log(**database, *signer, clock);
    QVERIFY(log.append(makeAuditEntry(QStringLiteral("before"))));
  }
  QVERIFY(disk.setReadOnly(true));
  const auto refused = Database::open(folder);
  QVERIFY(!refused);
  QVERIFY2(refused.error().code != ErrorCode::StoreDamaged && refused.error().code != ErrorCode::StoreBusy,
           qPrintable(refused.error().message()));
  QVERIFY(!refused.error().remedy.isEmpty());
  QVERIFY(disk.setReadOnly(false));
  const auto database = Database::open(folder);
  QVERIFY2(database, database ? "" : qPrintable(database.error().message()));
  AuditLog log(**database, *signer, clock);
  QCOMPARE(log.size().value_or(0), 1);
  QVERIFY(log.append(makeAuditEntry(QStringLiteral("after"))));
}

// A real disk, full by the log itself.
void DiskTroubleTest::auditLogGoesOnWhenThereIsRoom() {
  NEEDS_A_DISK
  SmallDisk disk(12 * kMiB);
  QVERIFY(disk.isMounted());
  const QString folder = disk.path() + QStringLiteral("/data");
  const auto signer = KeySigner::generate();
  const SystemClock clock;
  auto database = Database::open(folder);
  QVERIFY(database);
  AuditLog log(**database, *signer, clock);
  QVERIFY(disk.fillUpTo(kMiB));
  qint64 acknowledged = 0;
  Result<qint64> last = 0;
  while ((last = log.append(makeAuditEntry(QString(2000, u'x'))))) {
    acknowledged = *last;
  }
  QVERIFY(acknowledged > 0);
  QVERIFY2(last.error().code == ErrorCode::StoreFailed || last.error().code == ErrorCode::StoreOpen,
           qPrintable(last.error().message()));
  QVERIFY(!log.append(makeAuditEntry(QString(2000, u'y'))));
  disk.makeRoom();
  last = log.append(makeAuditEntry(QStringLiteral("there is room again")));
  QVERIFY2(last, last ? "" : qPrintable(last.error().message()));
  QCOMPARE(*last, acknowledged + 1);
  Progress progress;
  const auto report = verifyAuditLog(**database, {{signer->publicKey()}, {}, true}, progress, CancelToken());
  QVERIFY2(report && report->isIntact(), report ? "findings" : qPrintable(report.error().message()));
  QCOMPARE(report->entries, acknowledged + 1);
}

void DiskTroubleTest::nothingHalfWrittenIsTrusted_data() {
  QTest::addColumn<int>("trouble");
  QTest::newRow("full") << static_cast<int>(Trouble::Full);
  QTest::newRow("write errors") << static_cast<int>(Trouble::WriteErrors);
  QTest::newRow("nothing becomes durable") << static_cast<int>(Trouble::SyncErrors);
}

// At each write of an append in turn: what was acknowledged is there, and the log goes on from it.
void DiskTroubleTest::nothingHalfWrittenIsTrusted() {
  QFETCH(int, trouble);
  AuditStation station;
  QVERIFY(station.isOpen());
  qint64 acknowledged = 0;
  int failures = 0;
  for (int at = 1; at <= 40; ++at) {
    TroubledStore::begin(static_cast<Trouble>(trouble), at);
    const Result<qint64> appended = station.log().append(makeAuditEntry(QStringLiteral("entry %1").arg(at)));
    TroubledStore::end();
    if (appended) {
      QVERIFY(*appended > acknowledged);
      acknowledged = *appended;
    } else {
      ++failures;
      QCOMPARE(appended.error().code, ErrorCode::StoreFailed);
    }
    const Result<qint64> next = station.log().append(makeAuditEntry(QStringLiteral("after %1").arg(at)));
    QVERIFY2(next, next ? "" : qPrintable(next.error().message()));
    QVERIFY(*next > acknowledged);
    acknowledged = *next;
    if (at % 8 == 0) {
      station.reopen();  // as a program that was started anew
      QVERIFY(station.isOpen());
    }
    QVERIFY(station.log().size().value_or(0) >= acknowledged);
  }
  QVERIFY2(failures > 0, "no write of an append met the trouble");
  const auto report = station.verify();
  QVERIFY2(report && report->isIntact(), "the tree must verify");
}

void DiskTroubleTest::jobEndsHonestly_data() {
  nothingHalfWrittenIsTrusted_data();
}

// No step is taken whose intent could not be kept, and the next run settles what this one could not record.
void DiskTroubleTest::jobEndsHonestly() {
  QFETCH(int, trouble);
  for (int at = 1; at <= 200; at += 7) {
    JobFixture job;
    TroubledStore::begin(static_cast<Trouble>(trouble), at);
    const JobReport first = job.run();
    TroubledStore::end();
    QCOMPARE(job.withoutIntent, QStringList());
    const bool isRecorded = job.row().outcome == outcomeName(first.outcome);
    if (!isRecorded) {
      QVERIFY2(first.error, "an end that could not be recorded must say so");
      const JobReport report = job.settle();
      QVERIFY2(report.outcome == Outcome::Succeeded, qPrintable(outcomeName(report.outcome) + report.message));
      QCOMPARE(job.row().outcome, outcomeName(report.outcome));
    }
    const auto audit = job.station.verify();
    QVERIFY(audit && audit->isIntact());
  }
}

QTEST_GUILESS_MAIN(DiskTroubleTest)
#include "disk_trouble_test.moc"
