// A real U-Boot for the contract of drivers, and to be interrupted. One machine for all of a program: each unit is its
// disk as it was delivered.
#pragma once

#include "tests/support/driver_contract.h"
#include "tests/support/uboot_machine.h"

#include <QDeadlineTimer>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QThread>

namespace sealift::test {

constexpr int kUbootPatienceMs = 60'000;  // until the application runs, emulated on a busy computer

// One machine for all: each unit is its disk as it was delivered.
struct UbootFactory {
  UbootFactory() {
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
    const QDeadlineTimer patience(kUbootPatienceMs);
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

  static UbootMachine& machine() {
    static const UbootFactory factory;
    return *factory.machine;
  }

 private:
  SystemLinkOpener opener_;
};

}  // namespace sealift::test
