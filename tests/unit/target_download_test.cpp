// Targets fetched in parts: continued, thrown away, killed at many moments, and never fetched twice.
#include "keystore/tuf/client/target_download.h"

#include "app/base/file_io.h"
#include "app/catalog/http_fetcher.h"
#include "keystore/crypto/digest.h"
#include "keystore/tuf/client/target_store.h"
#include "tests/support/range_server.h"

#include <QDir>
#include <QFileInfo>
#include <QLockFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

using namespace sealift;
using test::RangeServer;

namespace {

constexpr qint64 kMost = 1024LL * 1024 * 1024;

QByteArray noise(qsizetype size) {
  QByteArray bytes(size, 0);
  quint32 state = 12345;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

tuf::TargetInfo targetOf(const QByteArray& bytes) {
  tuf::TargetInfo info;
  info.path = QStringLiteral("app.bin");
  info.length = bytes.size();
  info.hashes[DigestAlgorithm::Sha256] = sha256(bytes);
  info.hashes[DigestAlgorithm::Sha512] = computeDigest(DigestAlgorithm::Sha512, bytes);
  return info;
}

}  // namespace

class TargetDownloadTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    server_ = std::make_unique<RangeServer>();
    server_->content = noise(300'000);
    target_ = targetOf(server_->content);
  }

  void fetchesOnce();
  void goesOnWhereItEnded();
  void answersToRange_data();
  void answersToRange();
  void poisonedPartIsFetchedAnewOnce();
  void wrongFileIsRefusedAndNotKept_data();
  void wrongFileIsRefusedAndNotKept();
  void everyHashMustHold();
  void partAsLongAsTheTarget();
  void changedTargetIsReplaced();
  void notTwoAtATime();
  void aLockOfTheDeadIsVoid();
  void killedAtManyMoments();
  void bigImageIsNotHeldInMemory();
  void storeNames();
  void storeReadsWhatItVerified();
  void storeForgetsParts();

 private:
  QString place() const { return folder_->filePath(QStringLiteral("app.bin")); }
  QString part() const {
    return folder_->filePath(u'.' + QString::fromLatin1(target_.hashes.first().left(16).toHex()) +
                             QStringLiteral(".part"));
  }
  Status download(qint64 silenceMs = 30'000) {
    HttpFetcher fetcher(server_->base(), {{silenceMs > 0 ? static_cast<int>(silenceMs) : 1, 1000}, {}, {}});
    return tuf::downloadTarget(fetcher, QStringLiteral("app.bin"), target_, place(), {});
  }
  QStringList leftovers() const {
    return QDir(folder_->path()).entryList(QDir::Files | QDir::Hidden | QDir::System, QDir::Name);
  }
  static QByteArray said(const Status& status) { return status ? QByteArray("ok") : status.error().message().toUtf8(); }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<RangeServer> server_;
  tuf::TargetInfo target_;
};

void TargetDownloadTest::fetchesOnce() {
  const Status done = download();
  QVERIFY2(done, said(done).constData());
  QCOMPARE(*readFile(place(), kMost), server_->content);
  QVERIFY(download());
  QCOMPARE(server_->requests.size(), 1);
  QCOMPARE(leftovers(), QStringList{QStringLiteral("app.bin")});
}

void TargetDownloadTest::goesOnWhereItEnded() {
  server_->pauseAfter = 100'000;
  QCOMPARE(download(300).error().code, ErrorCode::Timeout);
  QVERIFY(!QFileInfo::exists(place()));
  QCOMPARE(QFileInfo(part()).size(), 100'000);
  server_->pauseAfter = -1;
  const Status done = download();
  QVERIFY2(done, said(done).constData());
  QCOMPARE(*readFile(place(), kMost), server_->content);
  QCOMPARE(server_->statuses, (QList<int>{200, 206}));
  QVERIFY(server_->requests.constLast().contains("If-Range: \"one\""));
  QCOMPARE(server_->sent, 300'000);
  QCOMPARE(leftovers(), QStringList{QStringLiteral("app.bin")});
}

void TargetDownloadTest::answersToRange_data() {
  QTest::addColumn<RangeServer::Ranges>("ranges");
  QTest::addColumn<QList<int>>("statuses");
  QTest::newRow("obeyed") << RangeServer::Ranges::Obeyed << QList<int>{206};
  QTest::newRow("ignored") << RangeServer::Ranges::Ignored << QList<int>{200};
  QTest::newRow("unsatisfiable") << RangeServer::Ranges::Unsatisfiable << QList<int>{416, 200};
  QTest::newRow("shifted") << RangeServer::Ranges::Shifted << QList<int>{206, 200};
  QTest::newRow("not-named") << RangeServer::Ranges::NotNamed << QList<int>{206, 200};
  QTest::newRow("other-state") << RangeServer::Ranges::OtherState << QList<int>{206, 200};
}

void TargetDownloadTest::answersToRange() {
  QFETCH(RangeServer::Ranges, ranges);
  QFETCH(QList<int>, statuses);
  QVERIFY(writeFileAtomic(part(), server_->content.left(120'000)));
  QVERIFY(writeFileAtomic(part() + QStringLiteral("-of"), "\"one\""));
  server_->ranges = ranges;
  const Status done = download();
  QVERIFY2(done, said(done).constData());
  QCOMPARE(*readFile(place(), kMost), server_->content);
  QCOMPARE(server_->statuses, statuses);
  QCOMPARE(leftovers(), QStringList{QStringLiteral("app.bin")});
}

void TargetDownloadTest::poisonedPartIsFetchedAnewOnce() {
  QVERIFY(writeFileAtomic(part(), QByteArray(120'000, 'x')));
  const Status done = download();
  QVERIFY2(done, said(done).constData());
  QCOMPARE(*readFile(place(), kMost), server_->content);
  QCOMPARE(server_->statuses, (QList<int>{206, 200}));
  // And when the server is the poisoner, it ends there.
  server_->statuses.clear();
  QVERIFY(QFile::remove(place()));
  server_->content[200'000] = static_cast<char>(server_->content[200'000] ^ 1);
  QVERIFY(writeFileAtomic(part(), QByteArray(120'000, 'x')));
  QCOMPARE(download().error().code, ErrorCode::TrustHashMismatch);
  QCOMPARE(server_->statuses, (QList<int>{206, 200}));
  QCOMPARE(leftovers(), QStringList());
}

void TargetDownloadTest::wrongFileIsRefusedAndNotKept_data() {
  QTest::addColumn<QByteArray>("served");
  QTest::addColumn<ErrorCode>("code");
  QByteArray changed = noise(300'000);
  changed[299'999] = static_cast<char>(changed[299'999] ^ 1);
  QTest::newRow("one-bit") << changed << ErrorCode::TrustHashMismatch;
  QTest::newRow("longer") << noise(300'001) << ErrorCode::TrustLength;
  QTest::newRow("much-longer") << noise(3'000'000) << ErrorCode::TrustLength;
  QTest::newRow("shorter") << noise(299'999) << ErrorCode::TrustLength;
  QTest::newRow("empty") << QByteArray() << ErrorCode::TrustLength;
}

void TargetDownloadTest::wrongFileIsRefusedAndNotKept() {
  QFETCH(QByteArray, served);
  QFETCH(ErrorCode, code);
  server_->content = served;
  const Status done = download();
  QVERIFY(!done);
  QVERIFY2(done.error().code == code, said(done).constData());
  QCOMPARE(leftovers(), QStringList());
  QVERIFY(server_->requests.size() == 1);
}

void TargetDownloadTest::everyHashMustHold() {
  target_.hashes[DigestAlgorithm::Sha512][3] = static_cast<char>(target_.hashes[DigestAlgorithm::Sha512][3] ^ 1);
  QCOMPARE(download().error().code, ErrorCode::TrustHashMismatch);
  target_.hashes.clear();
  QCOMPARE(download().error().code, ErrorCode::TrustHashMismatch);
  QVERIFY(!QFileInfo::exists(place()));
}

void TargetDownloadTest::partAsLongAsTheTarget() {
  QVERIFY(writeFileAtomic(part(), server_->content));  // killed before it was renamed
  QVERIFY(download());
  QCOMPARE(server_->requests.size(), 0);
  QVERIFY(QFile::remove(place()));
  QVERIFY(writeFileAtomic(part(), server_->content + "more"));
  QVERIFY(download());
  QCOMPARE(server_->statuses, (QList<int>{200}));
}

void TargetDownloadTest::changedTargetIsReplaced() {
  QVERIFY(download());
  server_->content = noise(200'000) + "new";
  target_ = targetOf(server_->content);
  QVERIFY(download());
  QCOMPARE(*readFile(place(), kMost), server_->content);
}

void TargetDownloadTest::notTwoAtATime() {
  QLockFile other(part() + QStringLiteral(".lock"));
  QVERIFY(other.tryLock());
  QCOMPARE(download().error().code, ErrorCode::AlreadyExists);
  QCOMPARE(server_->requests.size(), 0);
}

void TargetDownloadTest::aLockOfTheDeadIsVoid() {
  QProcess gone;
  gone.start(QStringLiteral("true"), QStringList());
  QVERIFY(gone.waitForStarted());
  const qint64 pid = gone.processId();
  QVERIFY(gone.waitForFinished());
  QVERIFY(writeFileAtomic(part() + QStringLiteral(".lock"),
                          QByteArray::number(pid) + "\nsealiftctl\n" + QSysInfo::machineHostName().toUtf8() + '\n'));
  const Status done = download();
  QVERIFY2(done, said(done).constData());
}

// SIGKILL, each time a little later: nothing that was fetched is fetched again, but for what was on its way.
void TargetDownloadTest::killedAtManyMoments() {
  constexpr qint64 kOnItsWay = 1024 * 1024;  // in sockets and buffers when the program dies
  server_->content = noise(6'000'000);
  target_ = targetOf(server_->content);
  const QStringList arguments{server_->base(), QStringLiteral("app.bin"), QString::number(target_.length),
                              QString::fromLatin1(target_.hashes[DigestAlgorithm::Sha256].toHex()), place()};
  qint64 kept = 0;
  int kills = 0;
  for (const qint64 after : {0, 1, 4'096, 65'536, 300'000, 700'000, 900'000, 1'200'000}) {
    const auto program = std::make_unique<QProcess>();
    server_->pauseAfter = after;
    server_->paused = [kills, started = program.get()] { QTimer::singleShot(kills * 3, started, &QProcess::kill); };
    program->start(QStringLiteral(SEALIFT_DOWNLOADER), arguments);
    QTRY_VERIFY_WITH_TIMEOUT(program->state() == QProcess::NotRunning, 20'000);
    QCOMPARE(program->exitStatus(), QProcess::CrashExit);
    ++kills;
    QVERIFY(!QFileInfo::exists(place()));
    const qint64 has = QFileInfo(part()).size();
    QVERIFY2(has >= kept, QByteArray::number(has).constData());
    kept = has;
  }
  QVERIFY(kept > 0);
  server_->pauseAfter = -1;
  server_->paused = [] {};
  QProcess program;
  program.start(QStringLiteral(SEALIFT_DOWNLOADER), arguments);
  QTRY_VERIFY_WITH_TIMEOUT(program.state() == QProcess::NotRunning, 20'000);
  QVERIFY2(program.exitCode() == 0, program.readAllStandardError().constData());
  QCOMPARE(*readFile(place(), kMost), server_->content);
  QCOMPARE(leftovers(), QStringList{QStringLiteral("app.bin")});
  QVERIFY2(server_->sent <= target_.length + kills * kOnItsWay, QByteArray::number(server_->sent).constData());
  QVERIFY(server_->statuses.constLast() == 206);
}

void TargetDownloadTest::bigImageIsNotHeldInMemory() {
#ifdef Q_OS_LINUX
  constexpr qint64 kSize = 256LL * 1024 * 1024;
  constexpr qint64 kMostMemoryKib = 64 * 1024;
  server_->content = QByteArray(kSize, 'b');
  target_ = targetOf(server_->content);
  QProcess program;
  program.start(QStringLiteral(SEALIFT_DOWNLOADER),
                {server_->base(), QStringLiteral("app.bin"), QString::number(target_.length),
                 QString::fromLatin1(target_.hashes[DigestAlgorithm::Sha256].toHex()), place()});
  QTRY_VERIFY_WITH_TIMEOUT(program.state() == QProcess::NotRunning, 100'000);
  QVERIFY2(program.exitCode() == 0, program.readAllStandardError().constData());
  QCOMPARE(QFileInfo(place()).size(), kSize);
  const qint64 peakKib = program.readAllStandardOutput().trimmed().toLongLong();
  QVERIFY2(peakKib > 0 && peakKib < kMostMemoryKib, QByteArray::number(peakKib).constData());
#else
  QSKIP("the memory of a child is measured on Linux");
#endif
}

void TargetDownloadTest::storeNames() {
  const tuf::TargetStore store(QStringLiteral("/store"));
  tuf::TargetInfo strange = target_;
  strange.path = QStringLiteral("a/../b?") + QString(5'000, u'x') + QStringLiteral("/CON");
  QCOMPARE(store.pathOf(strange), store.pathOf(target_));  // the content alone names it
  QCOMPARE(store.pathOf(target_),
           QStringLiteral("/store/") + QString::fromLatin1(target_.hashes[DigestAlgorithm::Sha256].toHex()));
  strange.hashes.remove(DigestAlgorithm::Sha256);
  QCOMPARE(store.pathOf(strange),
           QStringLiteral("/store/sha512-") + QString::fromLatin1(target_.hashes[DigestAlgorithm::Sha512].toHex()));
}

void TargetDownloadTest::storeReadsWhatItVerified() {
  const tuf::TargetStore store(folder_->path());
  QCOMPARE(store.read(target_, kMost).error().code, ErrorCode::FileRead);
  QVERIFY(writeFileAtomic(store.pathOf(target_), server_->content));
  QCOMPARE(*store.read(target_, kMost), server_->content);
  QCOMPARE(store.read(target_, 1000).error().code, ErrorCode::FileTooLarge);
  QByteArray changed = server_->content;
  changed[0] = static_cast<char>(changed[0] ^ 1);
  QVERIFY(writeFileAtomic(store.pathOf(target_), changed));
  QCOMPARE(store.read(target_, kMost).error().code, ErrorCode::TrustHashMismatch);
  QVERIFY(writeFileAtomic(store.pathOf(target_), server_->content + "x"));
  QCOMPARE(store.read(target_, kMost).error().code, ErrorCode::TrustLength);
}

void TargetDownloadTest::storeForgetsParts() {
  const tuf::TargetStore store(folder_->path());
  const QString old = folder_->filePath(QStringLiteral(".00112233445566778899aabbccddeeff.part"));
  QVERIFY(writeFileAtomic(old, "old"));
  QVERIFY(writeFileAtomic(old + QStringLiteral("-of"), "\"t\""));
  QVERIFY(writeFileAtomic(part(), "wanted"));
  QVERIFY(writeFileAtomic(part() + QStringLiteral("-of"), "\"one\""));
  QVERIFY(writeFileAtomic(place(), "a file"));
  store.forgetParts({target_});
  QVERIFY(!QFileInfo::exists(old) && !QFileInfo::exists(old + QStringLiteral("-of")));
  QVERIFY(QFileInfo::exists(part()) && QFileInfo::exists(part() + QStringLiteral("-of")));
  QVERIFY(QFileInfo::exists(place()));
}

QTEST_GUILESS_MAIN(TargetDownloadTest)
#include "target_download_test.moc"
