// The whole way from a vendor's folder to Debian's real swupdate daemon, with sealiftctl alone.
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "tests/support/swupdate_board.h"
#include "tests/support/tool_run.h"

#include <QDirIterator>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <memory>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kRefused = 3;
constexpr int kFailed = 4;
constexpr int kReverted = 5;
constexpr char kPassword[] = "long-and-secret-91";

}  // namespace

class SwupdateStoryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void init();
  void cleanup();
  void updatesAndReadsTheVersionBack();
  void wantsTheDevicesPassword();
  void goesBackWithTheDevice();
  void refusesAnImageOfAnotherSignerBeforeAByteIsSent();
  void showsTheDevicesOwnRefusal();
  void staysOffTheNetworkWhenOffline();

 private:
  StationTool station() const { return {QStringLiteral(SEALIFT_TOOL), work_->filePath(QStringLiteral("station"))}; }
  ToolRun tool(const QStringList& arguments) const { return station().run(arguments); }
  bool good(const QStringList& arguments) const { return station().succeeds(arguments); }
  ModelDescription model() const {
    ModelDescription model = board_->model(maker_->authority());
    model.vendorId.clear();  // the repository says whose it is
    return model;
  }
  // Publishes `swu` as `version` and trusts the vendor.
  void publish(const QByteArray& swu, const QStringList& releaseOptions = {}) {
    const QString repo = work_->filePath(QStringLiteral("repo"));
    const QString image = work_->filePath(QStringLiteral("update.swu"));
    const QString modelFile = work_->filePath(QStringLiteral("gateway.json"));
    QVERIFY(!swu.isEmpty());
    QVERIFY(writeFileAtomic(image, swu));
    QVERIFY(writeFileAtomic(modelFile, writeModel(model())));
    const QStringList at{QStringLiteral("--repo"), repo};
    const QString word = QStringLiteral("repo");
    QVERIFY(good(QStringList{word, QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("norrland"),
                             QStringLiteral("--name"), QStringLiteral("Norrland")} +
                 at));
    QVERIFY(good(QStringList{word, QStringLiteral("add-model"), modelFile} + at));
    QVERIFY(good(
        QStringList{word, QStringLiteral("add-release"), image, QStringLiteral("--model"), QStringLiteral("gateway")} +
        releaseOptions + at));
    QVERIFY(good(QStringList{word, QStringLiteral("publish")} + at));
    const QString vendorFile = repo + QStringLiteral("/norrland.sealift-vendor");
    const ToolRun asked = tool({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile});
    QCOMPARE(asked.exitCode, kRefused);  // nobody compared the fingerprint
    const QByteArray fingerprint = asked.err.mid(asked.err.indexOf("--accept ") + 9, 64);
    QVERIFY(good({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile, QStringLiteral("--accept"),
                  QString::fromLatin1(fingerprint)}));
  }
  void startBoard(const QByteArray& password = {}, const QByteArray& authority = {}) {
    SwupdateBoard::Options options;
    options.authority = authority.isEmpty() ? maker_->authority() : authority;
    options.user = password.isEmpty() ? QByteArray() : QByteArray("admin");
    options.password = password;
    board_ = std::make_unique<SwupdateBoard>(options);
    QVERIFY2(board_->start(), board_->log().constData());
  }
  QByteArray update(const QByteArray& version, bool boots = true) const {
    return maker_->make(version, SwupdateBoard::payload(version, 1024 * 1024, boots), board_->spare().toUtf8());
  }
  ToolRun add() const {
    return tool({QStringLiteral("--json"), QStringLiteral("device"), QStringLiteral("add"), board_->address()});
  }
  QString plan(int expectedExit) const {
    const ToolRun run =
        tool({QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("plan"), board_->address()});
    if (run.exitCode != expectedExit) {
      qWarning("%s", run.all().constData());
      return {};
    }
    return run.json()[QStringLiteral("plan")].toString();
  }
  ToolRun apply(const QString& digest) const {
    return tool({QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("apply"), board_->address(),
                 QStringLiteral("--accept"), digest});
  }
  QString runningVersion() const {
    return tool({QStringLiteral("--json"), QStringLiteral("device"), QStringLiteral("show"), board_->address()})
        .json()[QStringLiteral("version")]
        .toString();
  }
  // Whether these bytes stand anywhere below the station's folder, but in the one place that is for them.
  bool isKeptInTheOpen(const QByteArray& secret) const {
    bool found = false;
    QDirIterator files(work_->filePath(QStringLiteral("station")), QDir::Files | QDir::Hidden,
                       QDirIterator::Subdirectories);
    while (files.hasNext()) {
      const QFileInfo file(files.next());
      const bool has = readFile(file.filePath(), 1 << 28).value_or(QByteArray()).contains(secret);
      const bool isPrivate =
          (file.permissions() & (QFileDevice::ReadGroup | QFileDevice::ReadOther | QFileDevice::WriteOther)) == 0;
      found = found || (has && !(isPrivate && file.path().endsWith(QLatin1String("/device-passwords"))));
    }
    return found;
  }

  std::unique_ptr<SwuMaker> maker_;
  std::unique_ptr<SwupdateBoard> board_;
  std::unique_ptr<QTemporaryDir> work_;
};

void SwupdateStoryTest::initTestCase() {
  maker_ = std::make_unique<SwuMaker>();
  QVERIFY2(maker_->isReady(), maker_->log().constData());
}

void SwupdateStoryTest::init() {
  work_ = std::make_unique<QTemporaryDir>();
  QVERIFY(work_->isValid());
}

void SwupdateStoryTest::cleanup() {
  board_.reset();
}

void SwupdateStoryTest::updatesAndReadsTheVersionBack() {
  startBoard();
  publish(update("1.6.0"));
  const ToolRun added = add();
  QVERIFY2(added.exitCode == 0, added.all().constData());
  QCOMPARE(added.json()[QStringLiteral("serial")].toString(), QStringLiteral("SN-7"));
  QCOMPARE(runningVersion(), QStringLiteral("1.5.0"));
  const QString digest = plan(0);
  QCOMPARE(digest.size(), 64);
  const ToolRun run = apply(digest);
  QVERIFY2(run.exitCode == 0, run.all().constData());
  QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("succeeded"));
  QCOMPARE(runningVersion(), QStringLiteral("1.6.0"));
  QVERIFY(board_->status().contains("\"version\": \"1.6.0\""));
  const ToolRun audit = tool({QStringLiteral("audit"), QStringLiteral("verify")});
  QVERIFY2(audit.exitCode == 0, audit.all().constData());
}

void SwupdateStoryTest::wantsTheDevicesPassword() {
  startBoard(kPassword);
  publish(update("1.6.0"));
  const ToolRun unknown = add();
  QVERIFY(unknown.exitCode != 0);
  QCOMPARE(unknown.json()[QStringLiteral("error")][QStringLiteral("code")].toString(), QStringLiteral("fetch.refused"));
  const QString file = work_->filePath(QStringLiteral("password"));
  const QStringList set{QStringLiteral("device"),
                        QStringLiteral("set"),
                        board_->address(),
                        QStringLiteral("--user"),
                        QStringLiteral("admin"),
                        QStringLiteral("--password-file"),
                        file};
  QVERIFY(tool({QStringLiteral("device"), QStringLiteral("set"), board_->address(), QStringLiteral("--user"),
                QStringLiteral("admin")})
              .exitCode != 0);  // nobody to ask
  QVERIFY(writeFileAtomic(file, QByteArray(kPassword) + "\n"));
  QVERIFY(QFile::setPermissions(file, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
  QVERIFY(tool(set).exitCode != 0);  // others may read it
  QVERIFY(writeFileAtomic(file, "wrong\n", true));
  QVERIFY(good(set));
  QCOMPARE(add().json()[QStringLiteral("error")][QStringLiteral("code")].toString(), QStringLiteral("fetch.refused"));
  QVERIFY(writeFileAtomic(file, QByteArray(kPassword) + "\n", true));
  QVERIFY(good(set));
  const ToolRun added = add();
  QVERIFY2(added.exitCode == 0, added.all().constData());
  const ToolRun run = apply(plan(0));
  QVERIFY2(run.exitCode == 0, run.all().constData());
  QCOMPARE(runningVersion(), QStringLiteral("1.6.0"));
  QVERIFY(!isKeptInTheOpen(kPassword));
  QVERIFY(good({QStringLiteral("device"), QStringLiteral("remove"), board_->address()}));
  QCOMPARE(add().json()[QStringLiteral("error")][QStringLiteral("code")].toString(), QStringLiteral("fetch.refused"));
}

void SwupdateStoryTest::goesBackWithTheDevice() {
  startBoard();
  publish(update("1.6.0", false));
  QCOMPARE(add().exitCode, 0);
  const ToolRun run = apply(plan(0));
  QVERIFY2(run.exitCode == kReverted, run.all().constData());
  QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("reverted"));
  QCOMPARE(runningVersion(), QStringLiteral("1.5.0"));
}

void SwupdateStoryTest::refusesAnImageOfAnotherSignerBeforeAByteIsSent() {
  startBoard();
  const QByteArray swu = maker_->make("1.6.0", SwupdateBoard::payload("1.6.0", 65536), board_->spare().toUtf8(), "1.0",
                                      QStringLiteral("stranger"));
  publish(swu, {QStringLiteral("--skip-image-check"), QStringLiteral("--version-number"), QStringLiteral("1.6.0")});
  QCOMPARE(add().exitCode, 0);
  const ToolRun run = apply(plan(kRefused));
  QVERIFY2(run.exitCode == kRefused, run.all().constData());
  QVERIFY2(run.all().contains("Signer stranger"), run.all().constData());
  QVERIFY(!board_->log().contains("Software Update started"));
}

// All is well here; but the device was set up for another key than the vendor signs with now.
void SwupdateStoryTest::showsTheDevicesOwnRefusal() {
  startBoard({}, maker_->otherAuthority());
  publish(update("1.6.0"));
  QCOMPARE(add().exitCode, 0);
  const ToolRun run = apply(plan(0));
  QVERIFY2(run.exitCode == kFailed, run.all().constData());
  QVERIFY2(run.all().contains("does not trust the key that signed the update"), run.all().constData());
  QVERIFY2(run.all().contains("still runs 1.5.0"), run.all().constData());
  QCOMPARE(runningVersion(), QStringLiteral("1.5.0"));
}

void SwupdateStoryTest::staysOffTheNetworkWhenOffline() {
  startBoard();
  publish(update("1.6.0"));
  const ToolRun added = tool({QStringLiteral("--json"), QStringLiteral("--offline"), QStringLiteral("device"),
                              QStringLiteral("add"), board_->address()});
  QVERIFY(added.exitCode != 0);
  QCOMPARE(added.json()[QStringLiteral("error")][QStringLiteral("code")].toString(), QStringLiteral("offline"));
}

int main(int argc, char** argv) {
  if (SwupdateBoard::program().isEmpty() || !SwuMaker::missingTool().isEmpty()) {
    std::printf("SKIP: swupdate, openssl or cpio is not installed (Debian: swupdate openssl cpio)\n");
    return 77;
  }
  QCoreApplication app(argc, argv);
  SwupdateStoryTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "swupdate_story_test.moc"
