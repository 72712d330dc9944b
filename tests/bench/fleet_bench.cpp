// 1, 8, 32 and 64 virtual devices updated by one station through its queue, against one alone: time, processor, memory.
// Each is an SMP device over UDP on loopback whose flash takes the time of a common microcontroller's, so that a job is
// mostly waiting, as it is with real ones, and the link of each has the same rate. The devices live in a process of
// their own, and are not counted.
//   fleet_bench [KiB [DEVICES…]]
#include "app/services/local_station.h"
#include "devices/registry.h"
#include "tests/bench/bench_support.h"
#include "tests/support/vendor_folder.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QProcess>

#include <algorithm>
#include <cstdio>
#include <numeric>
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

// Plans and consents for each device while the queue is paused, then lets the queue go. Seconds from then to the last
// outcome.
double updateAll(Station& station, const QStringList& devices) {
  QList<QFuture<Result<PlanView>>> planning;
  for (const QString& device : devices) {
    planning << station.planUpdate(device);
  }
  must(station.setQueuePaused(true));
  QList<QFuture<Result<QString>>> applied;
  for (qsizetype i = 0; i < devices.size(); ++i) {
    const PlanView view = must(await(planning[i]));
    applied << station.startUpdate(devices[i], {view.digest, view.notesHash, QStringLiteral("accept-option")}, {});
  }
  QList<QFuture<JobView>> jobs;
  for (const auto& job : applied) {
    jobs << station.waitForJob(must(await(job)));
  }
  QElapsedTimer timer;
  timer.start();
  must(station.setQueuePaused(false));
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
  const qsizetype imageBytes = qsizetype{arguments.value(1, QStringLiteral("128")).toInt()} * 1024;
  QList<int> counts;
  for (const QString& count : arguments.mid(2)) {
    counts << std::clamp(count.toInt(), 1, 128);
  }
  if (counts.isEmpty()) {
    counts = {1, 8, 32, 64};
  }

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
  devices.start(
      QCoreApplication::applicationFilePath(),
      {QStringLiteral("--devices"), old, key, QString::number(std::accumulate(counts.begin(), counts.end(), 0))});
  QByteArray told;
  while (!told.endsWith("\n\n") && devices.waitForReadyRead(kWaitMs)) {
    told += devices.readAllStandardOutput();
  }

  SystemClock clock;
  SystemLinkOpener links;
  StationSetup setup;
  setup.dataFolder = vendor.file(QStringLiteral("station"));
  setup.lockFolder = vendor.file(QStringLiteral("locks"));
  setup.clock = &clock;
  setup.links = &links;
  setup.drivers = &driverRegistry();
  const std::unique_ptr<LocalStation> station = must(LocalStation::open(setup));
  must(station->changeLimits({.all = 128, .perHost = 128}));  // all of them are on loopback
  const VendorCandidate candidate = must(station->readVendorFile(vendor.vendorFile()));
  must(await(station->addVendor(candidate, candidate.fingerprint)));
  QList<QFuture<Result<DeviceView>>> adding;
  for (const QByteArray& address : told.trimmed().split('\n')) {
    adding << station->addDevice(QString::fromLatin1(address), QString(), QString());
  }
  QStringList ids;
  for (const auto& added : adding) {
    ids << must(await(added)).id;
  }

  double alone = 0.0;
  double aloneCpu = 0.0;
  qsizetype next = 0;
  for (const int count : counts) {
    const double before = processorSeconds();
    const double took = updateAll(*station, ids.mid(next, count));
    const double processor = processorSeconds() - before;
    next += count;
    if (alone == 0.0) {
      alone = took;
      aloneCpu = processor / count;
    }
    std::printf(
        "%3d SMP devices of %lld KiB: %5.1f s, %4.2f of the time of one; processor %5.2f s, %4.2f of one's for each "
        "(%3.0f %% of one core meanwhile); peak memory %.0f MiB\n",
        count, static_cast<long long>(imageBytes / 1024), took, took / alone, processor, processor / count / aloneCpu,
        100.0 * processor / took, peakMebibytes());
    std::fflush(stdout);
  }
  devices.closeWriteChannel();
  devices.waitForFinished(10'000);
  return 0;
}
