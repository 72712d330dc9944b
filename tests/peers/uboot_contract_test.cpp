// The driver for U-Boot, held to what every driver promises, on a real U-Boot.
#include "tests/support/driver_contract.h"
#include "tests/support/uboot_machine.h"

#include <QDeadlineTimer>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kPatienceMs = 60'000;  // until the application runs, emulated on a busy computer

// One machine for all: each unit is its disk as it was delivered.
struct Factory {
  Factory() {
    auto made = UbootMachine::make(folder.path());
    if (!made) {
      qFatal("%s", qPrintable(made.error().message()));
    }
    machine = std::move(*made);
  }
  QTemporaryDir folder;
  std::unique_ptr<UbootMachine> machine;
};

class UbootUnit final : public ContractUnit {
 public:
  UbootUnit() {
    machine().cutPower();
    if (!machine().resetDisk() || !machine().start()) {
      qFatal("The machine does not start.");
    }
    (void)firmware();
  }
  ~UbootUnit() override { machine().cutPower(); }

  ModelDescription model() const override { return machine().model(); }
  LinkAddress address() const override { return machine().address(); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return machine().image(QStringLiteral("1.1.0.fit")).value(); }
  Image wrongImage() const override { return machine().unverifiedImage(QStringLiteral("1.1.0-wrong-key.fit")).value(); }
  std::optional<Image> failingImage() const override {
    return machine().image(QStringLiteral("1.2.0-crashes.fit")).value();
  }

  // What the application said when it last started: it does so once it runs.
  std::optional<Version> firmware() override {
    const QRegularExpression banner(QStringLiteral("firmware ([0-9.]+) ready"));
    const QDeadlineTimer patience(kPatienceMs);
    while (!patience.hasExpired()) {
      const QString log = machine().consoleLog();
      const qsizetype started = log.lastIndexOf(QStringLiteral("U-Boot 20"));
      const qsizetype atPrompt = log.lastIndexOf(QStringLiteral("\n=> "));
      QRegularExpressionMatchIterator seen = banner.globalMatch(log, std::max<qsizetype>(started, 0));
      QRegularExpressionMatch last;
      while (seen.hasNext()) {
        last = seen.next();
      }
      if (last.hasMatch() && last.capturedStart() > atPrompt) {
        return Version::parse(last.captured(1)).value();
      }
      if (atPrompt > started && log.endsWith(QStringLiteral("=> "))) {  // left there: what it starts when told
        powerCycle();
      }
      QThread::msleep(50);
    }
    return std::nullopt;
  }
  void powerCycle() override {
    if (!machine().restart()) {
      qFatal("The machine does not start.");
    }
  }

 private:
  static UbootMachine& machine() {
    static const Factory factory;
    return *factory.machine;
  }
  SystemLinkOpener opener_;
};

}  // namespace

class UbootContractTest final : public DriverContract {
  Q_OBJECT

 public:
  UbootContractTest()
      : DriverContract({{QStringLiteral("U-Boot"), QStringLiteral("uboot"),
                         [] { return std::make_unique<UbootUnit>(); }, ContractEffort::Least}}) {}
};

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qUtf8Printable(why));
    return 77;
  }
  UbootContractTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_contract_test.moc"
