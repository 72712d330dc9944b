// Measures SMP uploads to the virtual device: over UDP with 5 ms one-way delay, and over serial lines of 115200 and
// 921600 baud, with one chunk in flight and with as many as the device has buffers for. One line a measurement.
// With --full, 1 MiB at 115200 baud, too (about four minutes).
#include "devices/drivers/smp_connection.h"
#include "tests/support/link_relays.h"
#include "tests/support/virtual_firmware.h"
#include "transports/protocols/smp/smp_console_framing.h"
#include "transports/protocols/smp/smp_upload.h"

#include <QCoreApplication>
#include <QElapsedTimer>

#include <cstdio>

using namespace sealift;
using namespace sealift::test;
using namespace sealift::test;

namespace {

constexpr qint64 kMiB = 1024 * 1024;
constexpr auto kOneWay = std::chrono::milliseconds(5);

struct Measurement {
  SmpUploadResult upload;
  double bytesPerSecond = 0.0;
};

// One upload of about `size` bytes to a new device, reached at the address that `route` makes from the device's own.
template <class Route>
Measurement measure(const VirtualVendor& vendor, VirtualSmpDevice::Transport transport, qint64 size, int window,
                    const Route& route) {
  SmpDeviceConfig config = vendor.device(vendor.build({1, 0, 0, 0}));
  config.imageSectors = 300;
  VirtualSmpDevice device(config, transport);
  if (const Status started = device.start(); !started) {
    qFatal("%s", qPrintable(started.error().message()));
  }
  device.waitUntil([](const VirtualSmpDevice::Snapshot& now) { return now.running.has_value(); }, 10000);
  const auto relay = route(device.address());
  SystemLinkOpener opener;
  const auto connection = SmpConnection::open(relay->address(), opener, CancelToken());
  const Image image = vendor.image(vendor.build({2, 0, 0, 0}, "healthy", size));
  SmpUploadOptions options;
  options.window = window;
  Progress progress;
  if (!connection) {
    qFatal("%s", qPrintable(connection.error().message()));
  }
  SmpUpload upload((*connection)->client(), image.bytes, image.sha256, options);
  QElapsedTimer timer;
  timer.start();
  const auto result = upload.run(progress, CancelToken());
  const double seconds = static_cast<double>(timer.nsecsElapsed()) / 1e9;
  if (!result) {
    qFatal("%s", qPrintable(result.error().message()));
  }
  return {*result, static_cast<double>(image.bytes.size()) / seconds};
}

void printLine(const char* link, qint64 size, const Measurement& measured, double limit, const char* limitName) {
  std::printf("smp upload  %-18s %5lld KiB  %2d in flight  chunk %4lld  %8.1f kB/s  %.3f of the %s (%.1f kB/s)\n", link,
              static_cast<long long>(size / 1024), measured.upload.window,
              static_cast<long long>(measured.upload.chunkSize), measured.bytesPerSecond / 1000.0,
              measured.bytesPerSecond / limit, limitName, limit / 1000.0);
  std::fflush(stdout);
}

void measureUdp(const VirtualVendor& vendor, int window) {
  const Measurement measured =
      measure(vendor, VirtualSmpDevice::Transport::Udp, kMiB, window,
              [](const LinkAddress& device) { return std::make_unique<DelayingUdpRelay>(device.port, kOneWay); });
  // A window of chunks a round trip is all that a link without other limits allows.
  const double roundTrip = 2.0 * std::chrono::duration<double>(kOneWay).count();
  const double limit = measured.upload.window * static_cast<double>(measured.upload.chunkSize) / roundTrip;
  printLine("UDP, 5 ms one way", kMiB, measured, limit, "window a round trip");
}

void measureSerial(const VirtualVendor& vendor, int baud, qint64 size, int window) {
  const Measurement measured =
      measure(vendor, VirtualSmpDevice::Transport::Pty, size, window,
              [baud](const LinkAddress& device) { return std::make_unique<PacedSerialRelay>(device.target, baud); });
  // Raw: baud / 10 bytes per second. The framing carries 93 bytes in each line of 127.
  const double raw = baud / 10.0;
  const double limit = raw * static_cast<double>(kSmpConsoleLineRaw) / static_cast<double>(kSmpConsoleLine);
  const QByteArray name = "serial, " + QByteArray::number(baud);
  printLine(name.constData(), size, measured, limit, "framing's payload limit");
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const bool full = QCoreApplication::arguments().contains(QStringLiteral("--full"));
  const VirtualVendor vendor;
  for (const int window : {1, 0}) {
    measureUdp(vendor, window);
  }
  for (const int window : {1, 0}) {
    measureSerial(vendor, 921600, kMiB, window);
  }
  for (const int window : {1, 0}) {
    measureSerial(vendor, 115200, full ? kMiB : kMiB / 8, window);
  }
  return 0;
}
