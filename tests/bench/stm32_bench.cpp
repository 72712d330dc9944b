// Firmware to an STM32 over its serial bootloader: this driver against stm32flash, in turn on the same virtual device,
// which is as slow as its line (8 data bits, even parity, 1 stop bit) and takes a millisecond to program a block.
//   stm32_bench [KIB [ROUNDS [BAUD]]]     default 64 KiB, 3 rounds, 460800
// Prints one line: the medians of both in seconds, their ratio, and what the line alone allows. Both erase, write, read
// everything back and start the firmware; stm32flash's time is that of its process. What arrived is compared each time.
#include "devices/drivers/stm32_driver.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_stm32_device.h"
#include "tests/bench/bench_support.h"
#include "tests/support/stm32_world.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sealift;
using namespace sealift::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kWriteTime = 1ms;

// AN3155, 3.4 and 3.6: messages of 2, 5 and 258 bytes to write a block, of 2, 5 and 2 to read it, each with its ACK.
double timeOfLine(qsizetype bytes, int baud) {
  const auto blocks = static_cast<double>(bytes) / 256;
  const double onLine = blocks * ((2 + 1 + 5 + 1 + 258 + 1) + (2 + 1 + 5 + 1 + 2 + 1 + 256)) * 11 / baud;
  return onLine + blocks * std::chrono::duration<double>(kWriteTime).count();
}

// From reset, with BOOT0 high.
void prepare(const VirtualStm32Device& device) {
  device.with([](Stm32Machine& machine) {
    machine.powerOff();
    machine.powerOn();
  });
}

void check(const VirtualStm32Device& device, const QByteArray& image, const char* whose) {
  bool right = false;
  const auto runs = [](const Stm32Machine& machine) { return machine.runningRelease().has_value(); };
  const bool started = device.waitUntil(runs, 5'000);
  device.with([&](Stm32Machine& machine) { right = machine.content(0, image.size()) == image; });
  if (!started || !right) {
    give(QStringLiteral("%1's firmware did not arrive").arg(QLatin1String(whose)));
  }
}

double writeOurs(const VirtualStm32Device& device, const QByteArray& firmware, int baud) {
  const ModelDescription model = stm32Model();
  const Image image = stm32Image(firmware);
  SystemLinkOpener opener;
  StepContext step;
  QElapsedTimer timer;
  timer.start();
  Stm32Driver driver(model, Stm32Settings::fromJson(model.driverSettings).value(), device.address(baud), opener);
  must(driver.enterBootloader(step));
  must(driver.transfer(image, step));
  if (const auto proof = driver.verifyOnDevice(image, step); !proof) {
    give(proof.error().message());
  }
  must(driver.restart(step));
  return seconds(timer);
}

double writeTheirs(const VirtualStm32Device& device, const QString& file, int baud) {
  QElapsedTimer timer;
  timer.start();
  QProcess process;
  process.setProcessChannelMode(QProcess::MergedChannels);
  process.start(
      QStringLiteral("stm32flash"),
      {QStringLiteral("-m"), QStringLiteral("8n1"), QStringLiteral("-b"), QString::number(baud), QStringLiteral("-w"),
       file, QStringLiteral("-v"), QStringLiteral("-g"), QStringLiteral("0x08000000"), device.address().target});
  if (!process.waitForFinished(300'000) || process.exitCode() != 0) {
    give(QString::fromLocal8Bit(process.readAll().right(2000)));
  }
  return seconds(timer);
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (QStandardPaths::findExecutable(QStringLiteral("stm32flash")).isEmpty()) {
    std::printf("STM32 over serial: skipped, stm32flash is not installed\n");
    return 0;
  }
  const int kib = arguments.size() > 1 ? arguments[1].toInt() : 64;
  const int rounds = arguments.size() > 2 ? arguments[2].toInt() : 3;
  const int baud = arguments.size() > 3 ? arguments[3].toInt() : 460'800;
  if (kib < 1 || kib > 1024 || rounds < 1 || baud < 1200) {
    give(QStringLiteral("stm32_bench [KIB [ROUNDS [BAUD]]]"));
  }
  Stm32MachineConfig config;
  config.writeTime = kWriteTime;
  VirtualStm32Device device(config, true);
  must(device.start());
  const QTemporaryDir folder;
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    const QByteArray firmware = makeUsbFirmware(0x0213, kib * 1024, static_cast<quint32>(2 * round + 2));
    QFile file(folder.filePath(QStringLiteral("image.bin")));
    if (!file.open(QIODevice::WriteOnly) || file.write(firmware) != firmware.size()) {
      give(file.errorString());
    }
    file.close();
    prepare(device);
    theirs.push_back(writeTheirs(device, file.fileName(), baud));
    check(device, firmware, "stm32flash");
    const QByteArray other = makeUsbFirmware(0x0214, kib * 1024, static_cast<quint32>(2 * round + 3));
    prepare(device);
    ours.push_back(writeOurs(device, other, baud));
    check(device, other, "Sealift");
  }
  if (device.lostBytes() != 0) {
    give(QStringLiteral("%1 bytes were sent before the device was ready for them").arg(device.lostBytes()));
  }
  const double line = timeOfLine(kib * 1024, baud);
  std::printf(
      "STM32 over serial, write and verify, %d KiB at %d baud: Sealift %.2f s, stm32flash %.2f s, ratio %.3f; "
      "share of the line's limit (%.2f s) %.0f %%\n",
      kib, baud, median(ours), median(theirs), median(ours) / median(theirs), line, 100.0 * line / median(ours));
  return 0;
}
