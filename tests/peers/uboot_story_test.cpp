// The whole way from a vendor's folder to a real U-Boot's serial console, with sealiftctl alone.
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "tests/support/private_network.h"
#include "tests/support/tool_run.h"
#include "tests/support/uboot_machine.h"

#include <QTemporaryDir>
#include <QTest>
#include <QUdpSocket>

#include <cstdio>
#include <memory>

using namespace sealift;

namespace {

constexpr int kRefused = 3;
constexpr int kReverted = 5;
constexpr int kUnknown = 6;

}  // namespace

class UbootStoryTest : public QObject {
  Q_OBJECT

 private:
  StationTool station() const { return {QStringLiteral(SEALIFT_TOOL), work_->filePath(QStringLiteral("station"))}; }
  ToolRun tool(const QStringList& arguments, const std::function<void(const QByteArray&)>& watch = {}) const {
    return station().run(arguments, watch);
  }
  QString image(const QString& name) const { return machineFolder_.filePath(QStringLiteral("images/") + name); }

  // Publishes 1.0.0 and `offered`, trusts the vendor and adds the running device.
  void publishAndAdd(const QString& offered, const QStringList& releaseOptions = {}, const QJsonObject& tftp = {}) {
    work_ = std::make_unique<QTemporaryDir>();
    QVERIFY(work_->isValid());
    const QString repo = work_->filePath(QStringLiteral("repo"));
    const QString modelFile = work_->filePath(QStringLiteral("tide-gauge.json"));
    const QString notesFile = work_->filePath(QStringLiteral("notes.md"));
    ModelDescription model = machine_->model();
    if (!tftp.isEmpty()) {
      model.driverSettings[QStringLiteral("tftp")] = tftp;
    }
    QVERIFY(writeFileAtomic(modelFile, writeModel(model)));
    QVERIFY(writeFileAtomic(notesFile, "## Improvements\n\n- Counts waves.\n"));
    const auto good = [&](const QStringList& arguments) { return station().succeeds(arguments); };
    const QStringList at{QStringLiteral("--repo"), repo};
    const QString repoWord = QStringLiteral("repo");
    QVERIFY(good({repoWord, QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("tide"),
                  QStringLiteral("--name"), QStringLiteral("Tide Instruments"), at[0], at[1]}));
    QVERIFY(good(QStringList{repoWord, QStringLiteral("add-model"), modelFile} + at));
    QVERIFY(good(QStringList{repoWord, QStringLiteral("add-release"), image(QStringLiteral("1.0.0.fit")),
                             QStringLiteral("--model"), QStringLiteral("tide-gauge")} +
                 at));
    QVERIFY(
        good(QStringList{repoWord, QStringLiteral("add-release"), image(offered), QStringLiteral("--model"),
                         QStringLiteral("tide-gauge"), QStringLiteral("--notes"), QStringLiteral("en=") + notesFile} +
             releaseOptions + at));
    QVERIFY(good(QStringList{repoWord, QStringLiteral("publish")} + at));
    const QString vendorFile = repo + QStringLiteral("/tide.sealift-vendor");
    const ToolRun asked = tool({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile});
    QCOMPARE(asked.exitCode, kRefused);  // nobody compared the fingerprint
    const QByteArray fingerprint = asked.err.mid(asked.err.indexOf("--accept ") + 9, 64);
    QVERIFY(good({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile, QStringLiteral("--accept"),
                  QString::fromLatin1(fingerprint)}));
    QVERIFY(good({QStringLiteral("device"), QStringLiteral("add"), machine_->address().toString()}));
  }
  QString plan(int expectedExit) const {
    const ToolRun run = tool(
        {QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("plan"), machine_->address().toString()});
    if (run.exitCode != expectedExit) {
      qWarning("%s", run.all().constData());
      return {};
    }
    return run.json()[QStringLiteral("plan")].toString();
  }
  ToolRun apply(const QString& digest, const std::function<void(const QByteArray&)>& watch = {}) const {
    return tool({QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("apply"),
                 machine_->address().toString(), QStringLiteral("--accept"), digest},
                watch);
  }
  QString runningVersion() const {
    return tool({QStringLiteral("--json"), QStringLiteral("device"), QStringLiteral("show"),
                 machine_->address().toString()})
        .json()[QStringLiteral("version")]
        .toString();
  }

  static QString& whyNoNetwork() {
    static QString why;
    return why;
  }
  friend int main(int argc, char** argv);
  static QJsonObject tftp() {
    return {{QStringLiteral("address"), QString(test::PrivateNetwork::device() + QStringLiteral("/24"))},
            {QStringLiteral("windowSize"), 8}};
  }

  QTemporaryDir machineFolder_;
  std::unique_ptr<QTemporaryDir> work_;
  std::unique_ptr<UbootMachine> machine_;

 private Q_SLOTS:
  void initTestCase() {
    Result<std::unique_ptr<UbootMachine>> made = UbootMachine::make(machineFolder_.path());
    QVERIFY2(made, made ? "" : qPrintable(made.error().message()));
    machine_ = std::move(*made);
    if (whyNoNetwork().isEmpty()) {
      machine_->connectTo(test::PrivateNetwork::tap());
    }
  }
  void init() {
    QVERIFY(machine_->resetDisk());
    QVERIFY(machine_->start());
  }
  void cleanup() {
    machine_->cutPower();
    if (QTest::currentTestFailed()) {
      qWarning("console:\n%s", qPrintable(machine_->consoleLog().right(6000)));
    }
  }

  void updatesFromTheCommandLine() {
    publishAndAdd(QStringLiteral("1.1.0.fit"));
    QCOMPARE(runningVersion(), QStringLiteral("1.0.0"));
    const QString digest = plan(0);
    QCOMPARE(digest.size(), 64);
    const ToolRun run = apply(digest);
    QVERIFY2(run.exitCode == 0, run.all().constData());
    QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("succeeded"));
    QCOMPARE(runningVersion(), QStringLiteral("1.1.0"));
    // It keeps it: also after the power was off.
    QVERIFY(machine_->restart());
    QCOMPARE(runningVersion(), QStringLiteral("1.1.0"));
    const ToolRun audit = tool({QStringLiteral("audit"), QStringLiteral("verify")});
    QVERIFY2(audit.exitCode == 0, audit.all().constData());
  }

  // The image by TFTP: the network of this test has nobody else in it.
  void updatesByTftp() {
    if (!whyNoNetwork().isEmpty()) {
      QSKIP(qPrintable(whyNoNetwork()));
    }
    publishAndAdd(QStringLiteral("1.1.0.fit"), {}, tftp());
    const ToolRun run = apply(plan(0));
    QVERIFY2(run.exitCode == 0, run.all().constData());
    QVERIFY(machine_->consoleLog().contains(QLatin1String("TFTP from server 192.168.77.1")));
    QVERIFY(!machine_->consoleLog().contains(QLatin1String("loady")));
    QCOMPARE(runningVersion(), QStringLiteral("1.1.0"));
  }

  // Another TFTP server has the port; the model allows YMODEM, and the job says which it took.
  void updatesByYmodemWhenThePortIsTaken() {
    if (!whyNoNetwork().isEmpty()) {
      QSKIP(qPrintable(whyNoNetwork()));
    }
    QUdpSocket other;
    QVERIFY(other.bind(QHostAddress(test::PrivateNetwork::host()), 69));
    QJsonObject settings = tftp();
    publishAndAdd(QStringLiteral("1.1.0.fit"), {}, settings);
    const ToolRun refused = apply(plan(0));
    QVERIFY2(refused.exitCode != 0, refused.all().constData());
    QVERIFY2(refused.all().contains("Another program uses UDP port 69"), refused.all().constData());
    QCOMPARE(runningVersion(), QStringLiteral("1.0.0"));
    settings[QStringLiteral("fallback")] = QStringLiteral("ymodem");
    publishAndAdd(QStringLiteral("1.1.0.fit"), {}, settings);
    const ToolRun run = apply(plan(0));
    QVERIFY2(run.exitCode == 0, run.all().constData());
    QVERIFY(machine_->consoleLog().contains(QLatin1String("loady")));
    QCOMPARE(runningVersion(), QStringLiteral("1.1.0"));
  }

  // Only the image's own signature stands in the way: the metadata is the vendor's.
  void refusesAnImageSignedWithTheWrongKeyBeforeAByteIsSent() {
    publishAndAdd(QStringLiteral("1.1.0-wrong-key.fit"),
                  {QStringLiteral("--skip-image-check"), QStringLiteral("--version-number"), QStringLiteral("1.1.0"),
                   QStringLiteral("--security-version"), QStringLiteral("1")});
    const QString digest = plan(kRefused);
    const ToolRun run = apply(digest);
    QVERIFY2(run.exitCode == kRefused, run.all().constData());
    QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("refused"));
    QVERIFY(!machine_->consoleLog().contains(QLatin1String("loady")));
    machine_->cutPower();
    const Result<QByteArray> slotB = machine_->readDisk(UbootMachine::kSlotBlock[1], 64 * 1024);
    QVERIFY(slotB);
    QCOMPARE(*slotB, QByteArray(64 * 1024, '\0'));
  }

  // The same image, put into slot B behind Sealift's back: U-Boot itself says no.
  void revertsWhenTheBootloaderRefusesTheImage() {
    publishAndAdd(QStringLiteral("1.1.0.fit"));
    const QString digest = plan(0);
    const Result<QByteArray> wrong = machine_->imageBytes(QStringLiteral("1.1.0-wrong-key.fit"));
    QVERIFY(wrong);
    bool swapped = false;
    const ToolRun run = apply(digest, [&](const QByteArray& err) {
      if (!swapped && err.contains("Waiting for restart")) {  // the driver compared the slot for the last time
        swapped = machine_->writeDisk(UbootMachine::kSlotBlock[1], *wrong).has_value();
      }
    });
    QVERIFY(swapped);
    QVERIFY2(run.exitCode == kReverted, run.all().constData());
    QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("reverted"));
    QVERIFY(machine_->consoleLog().contains(QLatin1String("Failed to verify required signature")));
    QCOMPARE(runningVersion(), QStringLiteral("1.0.0"));
  }

  void survivesPowerLossDuringTheWriteAndCarriesOn() {
    publishAndAdd(QStringLiteral("1.1.0.fit"));
    const QString digest = plan(0);
    bool cut = false;
    const qsizetype from = machine_->consoleLog().size();
    const ToolRun run = apply(digest, [&](const QByteArray&) {
      if (!cut && machine_->consoleLog().mid(from).contains(QLatin1String("virtio write"))) {
        machine_->cutPower();
        cut = true;
      }
    });
    QVERIFY(cut);
    QVERIFY2(run.exitCode == kUnknown, run.all().constData());
    QVERIFY(machine_->start());
    QCOMPARE(runningVersion(), QStringLiteral("1.0.0"));
    const ToolRun resumed = tool({QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("resume")});
    QVERIFY2(resumed.exitCode == 0, resumed.all().constData());
    QCOMPARE(runningVersion(), QStringLiteral("1.1.0"));
  }
};

int main(int argc, char** argv) {
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qPrintable(why));
    return 77;
  }
  UbootStoryTest::whyNoNetwork() = test::PrivateNetwork::enter();  // the stories over the console need none
  QCoreApplication app(argc, argv);
  if (UbootStoryTest::whyNoNetwork().isEmpty()) {
    UbootStoryTest::whyNoNetwork() = test::PrivateNetwork::addTap();
  }
  UbootStoryTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_story_test.moc"
