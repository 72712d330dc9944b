#include "app/demo/demo_world.h"

#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/services/vendor_desk.h"
#include "devices/images/mcuboot_builder.h"

#include <QEventLoop>
#include <QFutureWatcher>
#include <QUrl>

namespace sealift {
namespace {

constexpr qsizetype kPayloadBytes = 200'000;
constexpr int kDaysToEndOfGateway = 74;

// One model of the demonstration with the unit that is shown.
struct Cast {
  const char* model;
  const char* modelName;
  const char* unitName;
  const char* serial;
  const char* revision;
  const char* installed;
  quint32 installedSecurity;
  VirtualSmpDevice::Transport transport;
};

constexpr Cast kCast[] = {
    {"t2", "Norrland T2", "Hall thermostat", "NT2-004417", "C", "2.3.1+881", 7, VirtualSmpDevice::Transport::Udp},
    {"d1", "Norrland D1", "Door sensor", "ND1-020318", "B", "1.9.0", 4, VirtualSmpDevice::Transport::Udp},
    {"g4", "Norrland G4", "Meter gateway", "NG4-000052", "A", "5.0.2", 12, VirtualSmpDevice::Transport::Pty},
    {"b2", "Norrland B2", "Badge reader 0113", "NB2-000113", "A", "3.1.0", 3, VirtualSmpDevice::Transport::Udp},
    {"c1", "Norrland C1", "Garage camera", "NC1-022019", "A", "0.9.8", 1, VirtualSmpDevice::Transport::Udp},
    {"w3", "Norrland W3", "Cellar valve", "NW3-000871", "B", "1.4.2", 2, VirtualSmpDevice::Transport::Udp},
};

// The releases beyond what is installed.
struct NewFirmware {
  const char* model;
  const char* version;
  quint32 security;
  const char* behaviour;  // see devices/virtual/smp_device.h
  bool signedByStranger;
  const char* severity;
  const char* notes;
};

constexpr NewFirmware kReleases[] = {
    {"t2", "2.4.0+902", 8, "healthy", false, "high",
     "## Security\n\n- CVE-2026-41207: a crafted pairing request could run code before authentication.\n"
     "- CVE-2026-40013: TLS session tickets outlived a factory reset.\n\n"
     "## Improvements\n\n- Schedules keep running when the hub is offline.\n"
     "- Sensor calibration drifts 40 % less below 5 °C.\n\n"
     "## Known issues\n\n- The display language resets to English once; set it again after the update.\n"},
    {"b2", "3.2.0", 3, "hang", false, "low",
     "## Improvements\n\n- Faster reading of worn badges.\n\n"
     "*In this demonstration the new firmware hangs at its start: the watchdog resets the device and its bootloader "
     "takes the old firmware back.*\n"},
    {"w3", "1.5.0", 2, "healthy", true, "moderate",
     "## Improvements\n\n- Quieter motor.\n\n"
     "*In this demonstration the image was signed with a key that is not the vendor's: Sealift refuses it before "
     "anything is sent.*\n"},
};

QByteArray payload(const char* model, const QString& version, const char* behaviour) {
  QByteArray bytes = QByteArray("sealift demonstration firmware ") + model + ' ' + version.toUtf8() + '\n';
  bytes += kBehaviourMarker;
  bytes += behaviour;
  bytes += '\n';
  quint32 state = 2463534242U;  // any content that doesn't repeat (xorshift32)
  while (bytes.size() < kPayloadBytes) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes += static_cast<char>(state & 0xff);
  }
  return bytes;
}

Result<QByteArray> makeImage(const char* model, const QString& version, quint32 security, const char* behaviour,
                             const PrivateKey& key) {
  McubootImageSpec spec;
  spec.version = Version::parse(version).value_or(Version());
  spec.payload = payload(model, version, behaviour);
  spec.securityCounter = security;
  return buildMcubootImage(spec, key);
}

QByteArray modelDocument(const Cast& cast, const QByteArray& keyPem) {
  const bool serial = cast.transport == VirtualSmpDevice::Transport::Pty;
  ModelDescription model;
  model.id = QString::fromLatin1(cast.model);
  model.name = QString::fromLatin1(cast.modelName);
  model.driver = QStringLiteral("smp");
  model.links = {serial ? LinkKind::Serial : LinkKind::Udp};
  model.deviceNames = {QStringLiteral("norrland-%1").arg(model.id)};
  model.hardwareRevisions = {QStringLiteral("A"), QStringLiteral("B"), QStringLiteral("C")};
  model.imageFormat = QStringLiteral("mcuboot");
  model.imageKeys = {keyPem};
  model.timings = {.restartSeconds = 15, .confirmSeconds = 10};
  return writeModel(model);
}

template <class T>
T awaitWithEvents(QFuture<T> future) {
  QEventLoop loop;
  QFutureWatcher<T> watcher;
  QObject::connect(&watcher, &QFutureWatcherBase::finished, &loop, &QEventLoop::quit);
  watcher.setFuture(future);
  if (!future.isFinished()) {
    loop.exec();
  }
  return future.result();
}

}  // namespace

DemoWorld::~DemoWorld() = default;

QString DemoWorld::dataFolder() const {
  return folder_.filePath(QStringLiteral("station"));
}

Result<std::unique_ptr<DemoWorld>> DemoWorld::make(const Clock& clock) {
  std::unique_ptr<DemoWorld> world(new DemoWorld(clock));
  if (!world->folder_.isValid()) {
    return fail(ErrorCode::FileWrite,
                QStringLiteral("No temporary folder could be made: %1.").arg(world->folder_.errorString()));
  }
  SEALIFT_TRY(PrivateKey key, PrivateKey::generate(KeyType::EcP256));
  world->imageKey_ = std::make_unique<PrivateKey>(std::move(key));
  SEALIFT_CHECK(world->publish());
  SEALIFT_CHECK(world->startDevices());
  return world;
}

Status DemoWorld::publish() {
  const QString repo = folder_.filePath(QStringLiteral("vendor"));
  VendorDesk desk(repo, clock_);
  NewRepository wanted;
  wanted.vendorId = QStringLiteral("norrland-demo");
  wanted.vendorName = QStringLiteral("Norrland AB");
  wanted.addresses = {QUrl::fromLocalFile(repo + QStringLiteral("/public")).toString()};
  wanted.thresholds = {{QStringLiteral("targets"), 2}};
  wanted.keys = {{QStringLiteral("targets"), 3}};
  SEALIFT_CHECK(desk.init(wanted));
  SEALIFT_TRY(const PrivateKey stranger, PrivateKey::generate(KeyType::EcP256));
  const QDate today = clock_.nowUtc().date();

  for (const Cast& cast : kCast) {
    const QString model = QString::fromLatin1(cast.model);
    const QString modelFile = folder_.filePath(model + QStringLiteral(".json"));
    SEALIFT_CHECK(writeFileAtomic(modelFile, modelDocument(cast, imageKey_->publicKey().toPem())));
    SEALIFT_CHECK(desk.addModel(modelFile));
    SEALIFT_TRY(const QByteArray image, makeImage(cast.model, QString::fromLatin1(cast.installed),
                                                  cast.installedSecurity, "healthy", *imageKey_));
    const QString imageFile =
        folder_.filePath(QStringLiteral("%1-%2.bin").arg(model, QLatin1String(cast.installed)).replace(u'+', u'-'));
    SEALIFT_CHECK(writeFileAtomic(imageFile, image));
    NewRelease release;
    release.imagePath = imageFile;
    release.modelId = model;
    release.released = today.addDays(-200);
    SEALIFT_CHECK(desk.addRelease(release));
    if (model == QLatin1String("c1")) {
      SEALIFT_CHECK(desk.addLifecycle(model, today.addYears(-7), today.addYears(-2), today.addDays(-40)));
    } else if (model == QLatin1String("g4")) {
      SEALIFT_CHECK(
          desk.addLifecycle(model, today.addYears(-6), today.addYears(-1), today.addDays(kDaysToEndOfGateway)));
    } else {
      SEALIFT_CHECK(desk.addLifecycle(model, today.addDays(-1340), today.addDays(220), today.addDays(760)));
    }
  }
  for (const NewFirmware& firmware : kReleases) {
    const QString model = QString::fromLatin1(firmware.model);
    const QString version = QString::fromLatin1(firmware.version);
    SEALIFT_TRY(const QByteArray image, makeImage(firmware.model, version, firmware.security, firmware.behaviour,
                                                  firmware.signedByStranger ? stranger : *imageKey_));
    const QString base = folder_.filePath(QStringLiteral("%1-%2").arg(model, version).replace(u'+', u'-'));
    SEALIFT_CHECK(writeFileAtomic(base + QStringLiteral(".bin"), image));
    SEALIFT_CHECK(writeFileAtomic(base + QStringLiteral(".md"), QByteArray(firmware.notes)));
    NewRelease release;
    release.imagePath = base + QStringLiteral(".bin");
    release.modelId = model;
    release.released = today.addDays(-3);
    release.severity = QString::fromLatin1(firmware.severity);
    release.notes[QStringLiteral("en")] = base + QStringLiteral(".md");
    release.offlineSeconds = 10;
    if (model == QLatin1String("t2")) {
      release.advisories = {{QStringLiteral("CVE-2026-41207"), QStringLiteral("high"),
                             QStringLiteral("a crafted pairing request could run code before authentication")},
                            {QStringLiteral("CVE-2026-40013"), QStringLiteral("moderate"),
                             QStringLiteral("TLS session tickets outlived a factory reset")}};
    }
    if (firmware.signedByStranger) {
      release.skipImageCheck = true;
      release.version = Version::parse(version);
      release.securityVersion = firmware.security;
    }
    SEALIFT_CHECK(desk.addRelease(release));
  }
  return desk.publish();
}

Status DemoWorld::startDevices() {
  for (const Cast& cast : kCast) {
    SmpDeviceConfig config;
    config.serial = QString::fromLatin1(cast.serial);
    config.model = QStringLiteral("norrland-%1").arg(QLatin1String(cast.model));
    config.hardwareRevision = QString::fromLatin1(cast.revision);
    config.imageKeys = {imageKey_->publicKey().toPem()};
    SEALIFT_TRY(config.firmware, makeImage(cast.model, QString::fromLatin1(cast.installed), cast.installedSecurity,
                                           "healthy", *imageKey_));
    config.securityCounter = cast.installedSecurity;
    if (cast.transport == VirtualSmpDevice::Transport::Udp && QLatin1String(cast.model) != QLatin1String("d1")) {
      config.batteryPercent.reset();
    }
    // As long as a small device takes, so that there is something to watch.
    config.resetMs = 200;
    config.bootMs = 1200;
    config.eraseSectorMs = 10;
    config.programUsPerKiB = 8'000;
    config.watchdogMs = 2000;
    auto device = std::make_unique<VirtualSmpDevice>(config, cast.transport);
    if (Status started = device->start(); !started) {
      if (started.error().code == ErrorCode::NotSupported) {
        continue;  // no pseudo terminals on this system
      }
      return started;
    }
    units_.push_back({QString::fromLatin1(cast.unitName), std::move(device)});
  }
  return {};
}

Status DemoWorld::introduceTo(Station& station) {
  SEALIFT_TRY(const VendorCandidate candidate,
              station.readVendorFile(
                  VendorDesk::vendorFile(folder_.filePath(QStringLiteral("vendor")), QStringLiteral("norrland-demo"))));
  const Result<VendorView> vendor = awaitWithEvents(station.addVendor(candidate, candidate.fingerprint));
  if (!vendor) {
    return tl::unexpected<Error>(vendor.error());
  }
  for (const Unit& unit : units_) {  // one after the other: so the list has their order
    const Result<DeviceView> added =
        awaitWithEvents(station.addDevice(unit.device->address().toString(), unit.name, QString()));
    if (!added) {
      return tl::unexpected<Error>(added.error());
    }
  }
  return {};
}

}  // namespace sealift
