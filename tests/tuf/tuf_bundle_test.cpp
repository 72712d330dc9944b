// One-file bundles: what is written is read, by the client, too; and archives that somebody else made are read without
// harm, or not at all.
#include "app/base/file_io.h"
#include "keystore/tuf/bundle.h"
#include "keystore/tuf/client/client.h"
#include "tests/tuf/tuf_repository.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;
using namespace sealift::tuf;

namespace {

// A member as ustar writes it (POSIX.1-2001, pax, "ustar Interchange Format"), made by hand.
struct TarMember {
  QByteArray name;
  QByteArray bytes;
  char type = '0';
  QByteArray linkTo;
  QByteArray size;  // octal digits instead of the length of `bytes`
};

QByteArray tarOf(const QList<TarMember>& members) {
  QByteArray tar;
  for (const TarMember& member : members) {
    QByteArray header(512, '\0');
    const auto put = [&header](qsizetype at, const QByteArray& text) { header.replace(at, text.size(), text); };
    put(0, member.name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, member.size.isEmpty() ? QByteArray::number(member.bytes.size(), 8).rightJustified(11, '0') : member.size);
    put(136, "00000000000");
    put(148, "        ");
    header[156] = member.type;
    put(157, member.linkTo);
    put(257, QByteArray("ustar\00000", 8));
    int sum = 0;
    for (const char c : header) {
      sum += static_cast<unsigned char>(c);
    }
    put(148, QByteArray::number(sum, 8).rightJustified(6, '0') + QByteArray("\0 ", 2));
    tar += header + member.bytes + QByteArray((512 - member.bytes.size() % 512) % 512, '\0');
  }
  return tar + QByteArray(1024, '\0');
}

}  // namespace

class TufBundleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    path_ = folder_->filePath(QStringLiteral("bundle.tar"));
  }

  void clientReadsWhatIsWritten() {
    TestRepository repository;
    const QByteArray big(300'000, 'b');
    repository.addTarget("big.bin", big);
    repository.putAll();
    QList<BundleMember> members;
    for (auto file = repository.files.begin(); file != repository.files.end(); ++file) {
      members.append({file.key(), {}, *file});
    }
    QVERIFY(writeBundle(path_, members, {}));
    QVERIFY(BundleFetcher::looksLikeBundle(path_));
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY2(bundle, bundle ? "" : qPrintable(bundle.error().message()));
    QCOMPARE((*bundle)->paths().size(), members.size());

    const QString cache = folder_->filePath(QStringLiteral("cache"));
    QVERIFY(Client::pinRoot(cache, repository.files.value(QStringLiteral("metadata/1.root.json"))));
    const ManualClock clock(QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC));
    Client client(cache, **bundle, clock);
    const Status refreshed = client.refresh({});
    QVERIFY2(refreshed, refreshed ? "" : qPrintable(refreshed.error().message()));
    QCOMPARE(*client.download(*client.target(QStringLiteral("big.bin"), {}), {}), big);
    QCOMPARE(*client.download(*client.target(QStringLiteral("a.bin"), {}), {}), QByteArray("first"));
  }

  void equalContentsMakeEqualBundles() {
    const QString source = folder_->filePath(QStringLiteral("source"));
    QVERIFY(writeFileAtomic(source, "two"));
    const QString longName = QStringLiteral("targets/") + QString(300, u'x');
    const QList<BundleMember> members{{QStringLiteral("metadata/timestamp.json"), {}, "one"},
                                      {QStringLiteral("targets/a%20b"), source, {}},
                                      {longName, {}, ""}};
    QVERIFY(writeBundle(path_, members, {}));
    const QByteArray first = *readFile(path_, 1 << 20);
    QFile touched(source);
    QVERIFY(touched.open(QIODevice::ReadWrite));
    QVERIFY(touched.setFileTime(QDateTime({2020, 1, 1}, {0, 0}, Qt::UTC), QFileDevice::FileModificationTime));
    touched.close();
    QVERIFY(writeBundle(path_, {members[2], members[0], members[1]}, {}));
    QCOMPARE(*readFile(path_, 1 << 20), first);
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY(bundle);
    QCOMPARE(*(*bundle)->fetch(QStringLiteral("targets/a%20b"), 3, {}), QByteArray("two"));
    QCOMPARE(*(*bundle)->fetch(longName, 3, {}), QByteArray());
    QCOMPARE((*bundle)->length(QStringLiteral("metadata/timestamp.json")), 3);
    QCOMPARE((*bundle)->length(QStringLiteral("metadata/none")), -1);
  }

  void saysWhatIsMissingOrTooLong() {
    QVERIFY(writeBundle(path_, {{QStringLiteral("targets/a"), {}, "12345"}}, {}));
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY(bundle);
    QCOMPARE((*bundle)->fetch(QStringLiteral("targets/b"), 5, {}).error().code, ErrorCode::FetchNotFound);
    QCOMPARE((*bundle)->fetch(QStringLiteral("targets/a"), 4, {}).error().code, ErrorCode::TrustLength);
    QCOMPARE(*(*bundle)->fetch(QStringLiteral("targets/a"), 5, {}), QByteArray("12345"));
    const CancelToken cancelled;
    cancelled.cancel();
    QCOMPARE((*bundle)->fetch(QStringLiteral("targets/a"), 5, cancelled).error().code, ErrorCode::Cancelled);
  }

  void writesNoUnsafePath_data() {
    QTest::addColumn<QString>("path");
    for (const char* path : {"", "a", "/metadata/a", "metadata/../a", "metadata//a", "targets/a b", "keys/root-1.pem",
                             "targets/\xc3\xa4"}) {
      QTest::newRow(path) << QString::fromUtf8(path);
    }
  }
  void writesNoUnsafePath() {
    QFETCH(const QString, path);
    QCOMPARE(writeBundle(path_, {{path, {}, "x"}}, {}).error().code, ErrorCode::InvalidArgument);
    QVERIFY(!QFile::exists(path_));
    QCOMPARE(writeBundle(path_, {{QStringLiteral("targets/a"), {}, "x"}, {QStringLiteral("targets/a"), {}, "y"}}, {})
                 .error()
                 .code,
             ErrorCode::InvalidArgument);
  }

  void readsWhatOthersPack() {
    QVERIFY(
        writeFileAtomic(path_, tarOf({{"metadata/", "", '5', "", ""}, {"metadata/1.root.json", "{}", '0', "", ""}})));
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY2(bundle, bundle ? "" : qPrintable(bundle.error().message()));
    QCOMPARE((*bundle)->paths(), QStringList{QStringLiteral("metadata/1.root.json")});
    QCOMPARE(*(*bundle)->fetch(QStringLiteral("metadata/1.root.json"), 10, {}), QByteArray("{}"));
  }

  void refuses_data() {
    QTest::addColumn<QByteArray>("bytes");
    const auto row = [](const char* name, const TarMember& member) { QTest::newRow(name) << tarOf({member}); };
    QTest::newRow("empty file") << QByteArray();
    QTest::newRow("no archive") << QByteArray(4096, 'x');
    QTest::newRow("archive of nothing") << QByteArray(10240, '\0');
    QTest::newRow("zip") << QByteArray("PK\x03\x04") + QByteArray(1000, '\0');
    row("path above", {"targets/../../etc/passwd", "x", '0', "", ""});
    row("absolute path", {"/targets/a", "x", '0', "", ""});
    row("outside", {"keys/a", "x", '0', "", ""});
    row("backslash", {"targets/..\\a", "x", '0', "", ""});
    row("not UTF-8", {"targets/\xff", "x", '0', "", ""});
    row("symbolic link", {"targets/a", "", '2', "/etc/passwd", ""});
    row("hard link", {"targets/a", "", '1', "targets/b", ""});
    row("device", {"targets/a", "", '3', "", ""});
    row("pipe", {"targets/a", "", '6', "", ""});
    row("longer than the file", {"targets/a", "x", '0', "", "77777777777"});
    QByteArray binary = QByteArray::fromHex("ff");
    binary += QByteArray(11, '\xff');
    row("negative length", {"targets/a", "x", '0', "", binary});
    QTest::newRow("twice") << tarOf({{"targets/a", "x", '0', "", ""}, {"targets/a", "y", '0', "", ""}});
    const QByteArray sparse =
        "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.name=targets/a\n"
        "31 GNU.sparse.realsize=1000000\n";
    QTest::newRow("sparse") << tarOf(
        {{"PaxHeaders/a", sparse, 'x', "", ""}, {"targets/a", "1\n0\n1\n" + QByteArray(507, '\0'), '0', "", ""}});
    QTest::newRow("endless pax header") << tarOf({{"PaxHeaders/a", "x", 'x', "", "77777777777"}});
  }
  void refuses() {
    QFETCH(const QByteArray, bytes);
    QVERIFY(writeFileAtomic(path_, bytes));
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY(!bundle);
    QCOMPARE(bundle.error().code, ErrorCode::TrustMalformed);
  }

  // Cut off anywhere: what is complete may be served, what is not never is.
  void cutOffAnywhere() {
    const QByteArray whole = tarOf({{"targets/a", QByteArray(700, 'a'), '0', "", ""}, {"targets/b", "b", '0', "", ""}});
    int refused = 0;
    for (qsizetype length = 0; length < whole.size() - 1024; length += 37) {
      QVERIFY(writeFileAtomic(path_, whole.left(length)));
      const auto bundle = BundleFetcher::open(path_);
      if (!bundle) {
        QCOMPARE(bundle.error().code, ErrorCode::TrustMalformed);
        ++refused;
        continue;
      }
      const QStringList paths = (*bundle)->paths();
      for (const QString& path : paths) {
        const auto bytes = (*bundle)->fetch(path, 1000, {});
        QVERIFY(!bytes || *bytes == (path.endsWith(u'a') ? QByteArray(700, 'a') : QByteArray("b")));
      }
    }
    QVERIFY(refused > 10);
  }

  void changedUnderItsReader() {
    QVERIFY(writeBundle(path_, {{QStringLiteral("targets/a"), {}, "12345"}}, {}));
    const auto bundle = BundleFetcher::open(path_);
    QVERIFY(bundle);
    QFile file(path_);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));  // the same file, not another of the same name
    file.write(tarOf({{"targets/b", "12345", '0', "", ""}}));
    file.close();
    QCOMPARE((*bundle)->fetch(QStringLiteral("targets/a"), 5, {}).error().code, ErrorCode::TrustMalformed);
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  QString path_;
};

QTEST_GUILESS_MAIN(TufBundleTest)
#include "tuf_bundle_test.moc"
