// Capped reads and atomic writes.
#include "app/base/file_io.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

using namespace sealift;

class FileIoTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsUpToTheCap_data();
  void readsUpToTheCap();
  void hugeCapDoesNotSizeTheMemory();
  void endlessFileIsCut();
  void missingFilesAndFoldersAreErrors();
  void replacesWhole();
  void failedWriteLeavesTheOldFile();
  void ownerOnly();
  void foldersAreMade();

 private:
  QString path(const QString& name) const { return folder_.filePath(name); }

  QTemporaryDir folder_;
};

void FileIoTest::readsUpToTheCap_data() {
  QTest::addColumn<int>("size");
  QTest::addColumn<qint64>("cap");
  QTest::addColumn<bool>("fits");
  QTest::newRow("empty") << 0 << 0LL << true;
  QTest::newRow("below") << 99 << 100LL << true;
  QTest::newRow("exactly") << 100 << 100LL << true;
  QTest::newRow("one-more") << 101 << 100LL << false;
  QTest::newRow("cap-of-nothing") << 1 << 0LL << false;
  QTest::newRow("several-reads") << 3'000'000 << 3'000'000LL << true;
  QTest::newRow("several-reads-one-more") << 3'000'001 << 3'000'000LL << false;
}

void FileIoTest::readsUpToTheCap() {
  QFETCH(int, size);
  QFETCH(qint64, cap);
  QFETCH(bool, fits);
  QByteArray bytes(size, 'a');
  if (size > 2) {
    bytes[size / 2] = '\0';
    bytes[size - 1] = 'z';
  }
  QVERIFY(writeFileAtomic(path(QStringLiteral("file")), bytes));
  const auto read = readFile(path(QStringLiteral("file")), cap);
  QCOMPARE(read.has_value(), fits);
  if (fits) {
    QCOMPARE(*read, bytes);
  } else {
    QCOMPARE(read.error().code, ErrorCode::FileTooLarge);
  }
}

void FileIoTest::hugeCapDoesNotSizeTheMemory() {
  QVERIFY(writeFileAtomic(path(QStringLiteral("small")), "small"));
  for (const qint64 cap : {qint64{1} << 40, std::numeric_limits<qint64>::max()}) {
    const auto read = readFile(path(QStringLiteral("small")), cap);
    QVERIFY(read);
    QCOMPARE(*read, QByteArrayLiteral("small"));
    QVERIFY(read->capacity() < 4 * 1024 * 1024);
  }
}

// A file that says that it has no length, and has no end.
void FileIoTest::endlessFileIsCut() {
  if (!QFile::exists(QStringLiteral("/dev/zero"))) {
    QSKIP("There is no /dev/zero here.");
  }
  QCOMPARE(readFile(QStringLiteral("/dev/zero"), 100'000).error().code, ErrorCode::FileTooLarge);
}

void FileIoTest::missingFilesAndFoldersAreErrors() {
  const auto missing = readFile(path(QStringLiteral("missing")), 10);
  QCOMPARE(missing.error().code, ErrorCode::FileRead);
  QVERIFY(missing.error().what.contains(path(QStringLiteral("missing"))));
  QCOMPARE(readFile(folder_.path(), 10).error().code, ErrorCode::FileRead);
  QCOMPARE(writeFileAtomic(path(QStringLiteral("no/such/folder/file")), "x").error().code, ErrorCode::FileWrite);
}

void FileIoTest::replacesWhole() {
  const QString file = path(QStringLiteral("replaced"));
  QVERIFY(writeFileAtomic(file, QByteArray(10'000, 'o')));
  QFile reader(file);
  QVERIFY(reader.open(QIODevice::ReadOnly));
  QVERIFY(writeFileAtomic(file, "new"));
  QCOMPARE(*readFile(file, 100), QByteArrayLiteral("new"));
  QCOMPARE(reader.readAll(), QByteArray(10'000, 'o'));  // whoever had it open still sees the old one, whole
  QCOMPARE(QDir(folder_.path()).entryList({QStringLiteral("replaced*")}, QDir::Files).size(), 1);
}

void FileIoTest::failedWriteLeavesTheOldFile() {
  const QString file = path(QStringLiteral("kept"));
  QVERIFY(QDir().mkpath(file));  // a folder stands where the file should go
  QCOMPARE(writeFileAtomic(file, "new").error().code, ErrorCode::FileWrite);
  QVERIFY(QDir(file).exists());
  QCOMPARE(QDir(folder_.path()).entryList({QStringLiteral("kept*")}, QDir::Files).size(), 0);
}

void FileIoTest::ownerOnly() {
  const QString file = path(QStringLiteral("private"));
  QVERIFY(writeFileAtomic(file, "open"));
  QVERIFY(QFile::setPermissions(file, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
  QVERIFY(writeFileAtomic(file, "secret", /*ownerOnly=*/true));
  const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup |
                      QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
  QVERIFY(!(QFile::permissions(file) & others));
}

void FileIoTest::foldersAreMade() {
  QVERIFY(makeFolder(path(QStringLiteral("a/b/c"))));
  QVERIFY(makeFolder(path(QStringLiteral("a/b/c"))));
  QVERIFY(QDir(path(QStringLiteral("a/b/c"))).exists());
  QVERIFY(writeFileAtomic(path(QStringLiteral("a/file")), "x"));
  QCOMPARE(makeFolder(path(QStringLiteral("a/file/d"))).error().code, ErrorCode::FileWrite);
}

QTEST_GUILESS_MAIN(FileIoTest)
#include "file_io_test.moc"
