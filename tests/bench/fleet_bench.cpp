// Thirty-two virtual devices updated at once by one station, against one alone: time, processor, memory. Each is an
// SMP device over UDP on loopback whose flash takes the time of a common microcontroller's, so that a job is mostly
// waiting, as it is with real ones. The devices live in a process of their own, and are not counted.
//   fleet_bench [DEVICES [KiB]]
#include "app/services/local_station.h"
#include "devices/registry.h"
#include "tests/bench/bench_support.h"
#include "tests/support/vendor_folder.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QProcess>

#include <algorithm>
#include <cstdio>
#include <sys/resource.h>
#include <sys/time.h>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 600'000;
// Flash of an STM32F4 (DS8626, table 39: 16 us a word of 32 bit, 16 KiB sectors in about 250 ms; here of 4 KiB).
constexpr int kProgramUsPerKiB = 4096;
constexpr int kEraseSectorMs = 60;

template <class T>
T await(QFuture<T> future) {
  if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
    qFatal("nothing came back");
  }
  return future.result();
}

double processorSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double peakMebibytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024.0;
}

// The other process: the devices. Says where each is, and ends with its input.
int serveDevices(const QStringList& arguments) {
  const Result<QByteArray> firmware = readFile(arguments.value(2), 1 << 24);
  const Result<QByteArray> key = readFile(arguments.value(3), 1 << 16);
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  for (int i = 0; i < arguments.value(4).toInt(); ++i) {
    SmpDeviceConfig config;
    config.imageKeys = {key.value()};
    config.firmware = firmware.value();
    config.securityCounter = 1;
    config.serial = QStringLiteral("F-%1").arg(i, 4, 10, QLatin1Char('0'));
    config.imageSectors = 256;
    config.programUsPerKiB = kProgramUsPerKiB;
    config.eraseSectorMs = kEraseSectorMs;
    config.bootMs = 500;
    devices.push_back(std::make_unique<VirtualSmpDevice>(config));
    if (!devices.back()->start()) {
      return 1;
    }
    std::printf("%s\n", qPrintable(devices.back()->address().toString()));
  }
  std::printf("\n");
  std::fflush(stdout);
  char ignored = 0;
  while (std::fread(&ignored, 1, 1, stdin) == 1) {
  }
  return 0;
}

// Plans and consents for each device, then all jobs at once. Seconds from the first consent to the last outcome.
double updateAll(Station& station, const QStringList& devices) {
  QList<QFuture<Result<PlanView>>> planning;
  for (const QString& device : devices) {
    planning << station.planUpdate(device);
  }
  QList<ConsentGiven> consents;
  for (const auto& plan : planning) {
    const PlanView view = must(await(plan));
    consents << ConsentGiven{view.digest, view.notesHash, QStringLiteral("accept-option")};
  }
  QElapsedTimer timer;
  timer.start();
  QList<QFuture<Result<QString>>> applied;
  for (qsizetype i = 0; i < devices.size(); ++i) {
    applied << station.applyUpdate(devices[i], consents[i]);
  }
  QList<QFuture<JobView>> jobs;
  for (const auto& job : applied) {
    jobs << station.waitForJob(must(await(job)));
  }
  for (const auto& job : jobs) {
    const JobView view = await(job);
    if (view.outcome != Outcome::Succeeded) {
      qFatal("%s", qPrintable(view.detail));
    }
  }
  return static_cast<double>(timer.elapsed()) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication app(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (arguments.value(1) == QLatin1String("--devices")) {
    return serveDevices(arguments);
  }
  const int count = std::clamp(arguments.value(1, QStringLiteral("32")).toInt(), 1, 256);
  const qsizetype imageBytes = qsizetype{arguments.value(2, QStringLiteral("256")).toInt()} * 1024;

  VendorFolder vendor;
  vendor.restartSeconds = 60;  // MCUboot swaps every sector
  vendor.initRepository();
  vendor.release({1, 1, 0, 0}, {.payload = imageBytes});
  const QString old = vendor.file(QStringLiteral("old.bin"));
  const QString key = vendor.file(QStringLiteral("key.pem"));
  if (!writeFileAtomic(old, vendor.firmware.build({1, 0, 0, 0}, "healthy", imageBytes)) ||
      !writeFileAtomic(key, vendor.firmware.publicKey())) {
    return 1;
  }
  QProcess devices;
  devices.setProcessChannelMode(QProcess::ForwardedErrorChannel);
  devices.start(QCoreApplication::applicationFilePath(),
                {QStringLiteral("--devices"), old, key, QString::number(count + 1)});
  QByteArray told;
  while (!told.endsWith("\n\n") && devices.waitForReadyRead(kWaitMs)) {
    told += devices.readAllStandardOutput();
  }

  SystemClock clock;
  SystemLinkOpener links;
  StationSetup setup;
  setup.dataFolder = vendor.file(QStringLiteral("station"));
  setup.clock = &clock;
  setup.links = &links;
  setup.drivers = &driverRegistry();
  const std::unique_ptr<LocalStation> station = must(LocalStation::open(setup));
  const VendorCandidate candidate = must(station->readVendorFile(vendor.vendorFile()));
  must(await(station->addVendor(candidate, candidate.fingerprint)));
  QStringList ids;
  for (const QByteArray& address : told.trimmed().split('\n')) {
    ids << must(await(station->addDevice(QString::fromLatin1(address), QString(), QString()))).id;
  }

  const double aloneCpu = processorSeconds();
  const double alone = updateAll(*station, ids.first(1));
  const double before = processorSeconds();
  const double all = updateAll(*station, ids.mid(1));
  const double after = processorSeconds();
  std::printf(
      "%d SMP devices of %lld KiB at once: %.1f s; one alone: %.1f s (ratio %.2f). Processor: %.1f s for all, %.2f s "
      "for "
      "one (%.0f %% of one core meanwhile). Peak memory %.0f MiB\n",
      count, static_cast<long long>(imageBytes / 1024), all, alone, all / alone, after - before, before - aloneCpu,
      100.0 * (after - before) / all, peakMebibytes());
  devices.closeWriteChannel();
  devices.waitForFinished(10'000);
  return 0;
}
