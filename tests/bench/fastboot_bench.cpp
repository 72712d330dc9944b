// Fastboot over TCP to the virtual device: this driver against Debian's fastboot, in turn on the same device.
//   fastboot_bench [MIB [ROUNDS]]     default 64 MiB, 5 rounds
// Prints a line for images that go whole and one for images in pieces of 16 MiB: medians in seconds and their ratio.
// Each time counts from connecting to the answer to the last "flash"; for fastboot that is the program's whole run.
// What the device holds afterwards is compared each time.
#include "devices/drivers/fastboot_driver.h"
#include "tests/bench/bench_support.h"
#include "tests/support/fastboot_world.h"
#include "tests/support/tool_run.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qint64 kMiB = 1024 * 1024;

// Slot b is empty again, and what was written before it was the image.
void checkAndErase(VirtualFastbootDevice& device, const QByteArray& image) {
  if (device.partition("firmware_b", image.size()) != image) {
    give(QStringLiteral("what the device holds differs"));
  }
  device.change(
      [](FastbootBoard& board) { must(board.device.storage().erase(*board.device.storage().find("firmware_b"))); });
}

double flashOurs(VirtualFastbootDevice& device, const Image& image) {
  const ModelDescription model = fastbootModel();
  SystemLinkOpener opener;
  FastbootDriver driver(model, FastbootSettings::fromJson(model.driverSettings).value(), device.address(), opener);
  StepContext step;
  QElapsedTimer timer;
  timer.start();
  must(driver.transfer(image, step));
  return seconds(timer);
}

double flashTheirs(VirtualFastbootDevice& device, const QString& file) {
  QElapsedTimer timer;
  timer.start();
  QProcess fastboot;
  fastboot.start(QStringLiteral("fastboot"),
                 {QStringLiteral("-s"), QStringLiteral("tcp:127.0.0.1:%1").arg(device.address().port),
                  QStringLiteral("flash"), QStringLiteral("firmware_b"), file});
  if (!fastboot.waitForFinished(120'000) || fastboot.exitCode() != 0) {
    give(QString::fromLocal8Bit(fastboot.readAllStandardError()));
  }
  return seconds(timer);
}

void measure(const char* name, qint64 bytes, qint64 maxDownload, int rounds) {
  FastbootDeviceConfig config = fastbootDevice();
  config.partitionBytes = bytes;
  config.maxDownload = maxDownload;
  VirtualFastbootDevice device(config);
  must(device.start());
  device.waitUntil([](const auto& now) { return now.phase == FastbootDevice::Phase::Bootloader; }, 5000);
  const Image image = fastbootImage(fastbootFirmware({2, 0, 0, 0}, "healthy", bytes));
  QTemporaryDir folder;
  QFile file(folder.filePath(QStringLiteral("image.img")));
  if (!file.open(QIODevice::WriteOnly) || file.write(image.bytes) != image.bytes.size() || !file.flush()) {
    give(QStringLiteral("the image can't be written"));
  }
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(flashOurs(device, image));
    checkAndErase(device, image.bytes);
    theirs.push_back(flashTheirs(device, file.fileName()));
    checkAndErase(device, image.bytes);
  }
  std::printf("fastboot over TCP, %lld MiB %-20s sealift %.3f s  fastboot %.3f s  ratio %.2f\n",
              static_cast<long long>(bytes / kMiB), name, median(ours), median(theirs), median(ours) / median(theirs));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (QStandardPaths::findExecutable(QStringLiteral("fastboot")).isEmpty()) {
    std::printf("fastboot over TCP: skipped, fastboot is not installed\n");
    return 0;
  }
  const qint64 bytes = (arguments.size() > 1 ? arguments[1].toLongLong() : 64) * kMiB;
  const int rounds = arguments.size() > 2 ? arguments[2].toInt() : 5;
  measure("whole", bytes, 2 * bytes, rounds);
  measure("in pieces of 16 MiB", bytes, 16 * kMiB, rounds);
  return 0;
}
