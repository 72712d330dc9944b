// Firmware over DFU and DfuSe: this driver against dfu-util, in turn, on the same virtual device behind the kernel's
// USB stack. Outside of the guest of tests/usb it runs itself in there.
//   dfu_bench [KIB [ROUNDS]]     default 1024 KiB, 5 rounds
// Prints one line a protocol: the medians of both in seconds and their ratio. dfu-util's time is that of its process,
// Sealift's that of entering, transfer and manifestation; both begin in the bootloader, neither reads back. What
// arrived is compared each time.
#include "devices/drivers/dfu_driver.h"
#include "devices/drivers/dfuse_driver.h"
#include "devices/virtual/usbip_server.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "devices/virtual/virtual_dfuse_device.h"
#include "tests/bench/bench_support.h"
#include "tests/support/dfu_world.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QThread>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

// One device in its bootloader, in one socket.
struct Socket {
  Socket(const std::shared_ptr<DfuMachine>& plugged, const VirtualDfuConfig& usb) : device(plugged), server(plugged) {
    device->holdBootButton(true);
    must(server.plugIn());
    waitFor(usb.dfuProductId);
  }
  void waitFor(quint16 product) {
    const auto isIt = [&](const UsbDeviceInfo& now) -> Result<bool> { return now.productId == product; };
    must(awaitUsbDevice(opener, server.place(), isIt,
                        Deadline::in(std::chrono::seconds(20), QStringLiteral("the device to be listed")),
                        CancelToken()));
  }

  std::shared_ptr<DfuMachine> device;
  UsbipServer server;
  SystemLinkOpener opener;
};

double timeOfDfuUtil(const Socket& socket, const QStringList& arguments) {
  QElapsedTimer timer;
  timer.start();
  QProcess process;
  process.setProcessChannelMode(QProcess::MergedChannels);
  process.start(QStringLiteral("dfu-util"), QStringList{QStringLiteral("-p"), socket.server.place()} + arguments);
  if (!process.waitForFinished(300'000)) {
    give(QStringLiteral("dfu-util did not end"));
  }
  const double seconds = static_cast<double>(timer.nsecsElapsed()) / 1e9;
  const QByteArray said = process.readAll();
  if (!said.contains("File downloaded successfully") && !said.contains("Done!")) {
    give(QString::fromLocal8Bit(said.right(2000)));
  }
  return seconds;
}

double timeOfDriver(Driver& driver, const Image& image) {
  StepContext step;
  QElapsedTimer timer;
  timer.start();
  must(driver.enterBootloader(step));
  must(driver.transfer(image, step));
  return static_cast<double>(timer.nsecsElapsed()) / 1e9;
}

int runInGuest(const QStringList& command) {
  const QStringList guest{QStringLiteral(SEALIFT_SOURCE_DIR "/tests/usb/guest.py"),
                          QStringLiteral("--folder"),
                          QStringLiteral(SEALIFT_BINARY_DIR "/usb-guest"),
                          QStringLiteral("--kernel"),
                          QStringLiteral(SEALIFT_GUEST_KERNEL),
                          QStringLiteral("run"),
                          QStringLiteral("--timeout"),
                          QStringLiteral("900"),
                          QStringLiteral("--"),
                          QCoreApplication::applicationFilePath()};
  return QProcess::execute(QStringLiteral("python3"), guest + command.mid(1));
}

void print(const char* name, qsizetype bytes, const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::printf("%s, %lld KiB: Sealift %.3f s, dfu-util %.3f s, ratio %.2f\n", name, static_cast<long long>(bytes / 1024),
              median(ours), median(theirs), median(ours) / median(theirs));
  std::fflush(stdout);
}

void benchDfu(qsizetype bytes, int rounds, const QTemporaryDir& folder) {
  VirtualDfuDeviceConfig config;
  config.usb.transferSize = 4096;
  config.flash.size = bytes + 64 * 1024;
  const auto device = std::make_shared<VirtualDfuDevice>(config);
  Socket socket(device, config.usb);
  const ModelDescription model = dfuModel(QStringLiteral("dfu"), config.usb);
  DfuDriver driver(model, {}, {LinkKind::Usb, socket.server.place(), 0, {}}, socket.opener);
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    const QByteArray firmware = makeUsbFirmware(0x0213, bytes, static_cast<quint32>(round + 2));
    const Image image = dfuImage(firmware, config.usb);
    QFile file(folder.filePath(QStringLiteral("image.dfu")));
    if (!file.open(QIODevice::WriteOnly) || file.write(image.bytes) != image.bytes.size()) {
      give(file.errorString());
    }
    file.close();
    theirs.push_back(timeOfDfuUtil(socket, {QStringLiteral("-D"), file.fileName()}));
    if (device->content() != firmware) {
      give(QStringLiteral("dfu-util's firmware did not arrive"));
    }
    const QByteArray other = makeUsbFirmware(0x0214, bytes, static_cast<quint32>(round + 1000));
    ours.push_back(timeOfDriver(driver, dfuImage(other, config.usb)));
    if (device->content() != other) {
      give(QStringLiteral("Sealift's firmware did not arrive"));
    }
    StepContext step;
    must(driver.abandon(step));
  }
  print("DFU", bytes, ours, theirs);
}

void benchDfuse(qsizetype bytes, int rounds, const QTemporaryDir& folder) {
  VirtualDfuseDeviceConfig config;
  config.flash = {bytes + 64 * 1024, 2048, 8};
  const auto device = std::make_shared<VirtualDfuseDevice>(config);
  Socket socket(device, config.usb);
  const ModelDescription model = dfuModel(QStringLiteral("dfuse"), config.usb);
  DfuseDriver driver(model, {}, {LinkKind::Usb, socket.server.place(), 0, {}}, socket.opener);
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    const QByteArray firmware = makeUsbFirmware(0x0213, bytes, static_cast<quint32>(round + 2));
    QFile file(folder.filePath(QStringLiteral("image.bin")));
    if (!file.open(QIODevice::WriteOnly) || file.write(firmware) != firmware.size()) {
      give(file.errorString());
    }
    file.close();
    theirs.push_back(timeOfDfuUtil(socket, {QStringLiteral("-a"), QStringLiteral("0"), QStringLiteral("-s"),
                                            QStringLiteral("0x08000000"), QStringLiteral("-D"), file.fileName()}));
    if (device->content(0, bytes) != firmware) {
      give(QStringLiteral("dfu-util's firmware did not arrive"));
    }
    const QByteArray other = makeUsbFirmware(0x0214, bytes, static_cast<quint32>(round + 1000));
    ours.push_back(timeOfDriver(driver, dfuseImage(other, config.usb)));
    if (device->content(0, bytes) != other) {
      give(QStringLiteral("Sealift's firmware did not arrive"));
    }
    StepContext step;
    must(driver.abandon(step));
  }
  print("DfuSe", bytes, ours, theirs);
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const qsizetype kib = argc > 1 ? QByteArray(argv[1]).toInt() : 1024;
  const int rounds = argc > 2 ? QByteArray(argv[2]).toInt() : 5;
  if (kib < 1 || rounds < 1) {
    give(QStringLiteral("dfu_bench [KIB [ROUNDS]]"));
  }
  if (!QFileInfo::exists(QStringLiteral("/sys/devices/platform/vhci_hcd.0"))) {
    return runInGuest(QCoreApplication::arguments());
  }
  const QTemporaryDir folder;
  benchDfu(kib * 1024, rounds, folder);
  benchDfuse(kib * 1024, rounds, folder);
  return 0;
}
