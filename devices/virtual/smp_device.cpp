#include "devices/virtual/smp_device.h"

#include <algorithm>

namespace sealift {

using virtual_smp::Frame;

namespace {

constexpr int kBootLoopMs = 50;  // how long firmware that resets itself lives

QString key(const char* name) {
  return QString::fromLatin1(name);
}

FlashGeometry geometryOf(const SmpDeviceConfig& config) {
  return {McubootModel::flashSize(config.imageSectors, config.sectorSize) + IdentityStore::flashSize(config.sectorSize),
          config.sectorSize, config.writeSize};
}

QByteArray behaviourOf(const QByteArray& payload) {
  const qsizetype at = payload.indexOf(kBehaviourMarker);
  if (at < 0) {
    return QByteArrayLiteral("healthy");
  }
  const qsizetype begin = at + qsizetype(sizeof kBehaviourMarker) - 1;
  qsizetype end = begin;
  while (end < payload.size() && ((payload[end] >= 'a' && payload[end] <= 'z') || payload[end] == '-')) {
    ++end;
  }
  return payload.mid(begin, end - begin);
}

}  // namespace

SmpDevice::SmpDevice(const SmpDeviceConfig& config)
    : config_(config),
      flash_(geometryOf(config), config.flashSeed),
      bootloader_(flash_, {config.imageSectors, config.imageKeys, config.securityCounter, !config.counterByRequest}),
      images_(config_, flash_, bootloader_, faults_),
      identity_(config_, flash_, McubootModel::flashSize(config.imageSectors, config.sectorSize), bootloader_) {
  flash_.powerOff();
}

std::optional<McubootImage> SmpDevice::running() const {
  return phase_ == Phase::Running || phase_ == Phase::Hanging ? booted_ : std::nullopt;
}

qint64 SmpDevice::flashTimeMs() const {
  return static_cast<qint64>(flash_.erasedSectors()) * config_.eraseSectorMs +
         static_cast<qint64>(flash_.programmedBytes()) * config_.programUsPerKiB / 1024 / 1000;
}

void SmpDevice::powerOn(qint64 nowMs) {
  flash_.powerOn();
  if (boots_ == 0 && !config_.firmware.isEmpty()) {
    (void)bootloader_.install(config_.firmware);  // too large: MCUboot finds nothing, and the device is dead
    (void)identity_.install();                    // too large: the device is blank
  }
  reset(nowMs);
}

void SmpDevice::powerOff() {
  flash_.powerOff();
  phase_ = Phase::Off;
  startedAt_ = resetAt_ = powerReturnsAt_ = kNever;
  images_.reset();
}

void SmpDevice::losePower(qint64 nowMs) {
  powerOff();
  powerReturnsAt_ = config_.powerReturnMs < 0 ? kNever : nowMs + config_.powerReturnMs;
}

void SmpDevice::reset(qint64 atMs) {
  ++boots_;
  silent_ = false;
  resetRequested_ = false;
  images_.reset();
  startedAt_ = resetAt_ = powerReturnsAt_ = kNever;
  const qint64 before = flashTimeMs();
  const Result<McubootImage> booted = bootloader_.boot();
  const Status identity = flash_.hasPower() ? identity_.restart() : Status();
  if (!identity || !flash_.hasPower()) {
    losePower(atMs);
  } else if (!booted) {
    phase_ = Phase::Dead;
  } else {
    phase_ = Phase::Starting;
    booted_ = *booted;
    startedAt_ = atMs + (flashTimeMs() - before) + config_.bootMs;
  }
}

void SmpDevice::startApplication() {
  const qint64 at = startedAt_;
  startedAt_ = kNever;
  const QByteArray behaviour = behaviourOf(bootloader_.payload(McubootModel::kPrimary));
  images_.setDeniesConfirm(behaviour == "deny-confirm");
  const bool answers = behaviour == "healthy" || behaviour == "deny-confirm";
  phase_ = answers ? Phase::Running : Phase::Hanging;
  watchdogArmed_ = behaviour == "hang";
  if (behaviour == "boot-loop") {
    resetAt_ = at + kBootLoopMs;
  } else if (!answers) {
    resetAt_ = at + config_.watchdogMs;
  } else if (config_.confirmTimeoutMs > 0 && !bootloader_.isPrimaryConfirmed()) {
    resetAt_ = at + config_.confirmTimeoutMs;
  }
}

qint64 SmpDevice::nextEventMs() const {
  return std::min({startedAt_, resetAt_, powerReturnsAt_});
}

void SmpDevice::advance(qint64 nowMs) {
  nowMs_ = std::max(nowMs_, nowMs);
  for (qint64 next = nextEventMs(); next <= nowMs_; next = nextEventMs()) {
    if (next == powerReturnsAt_) {
      powerOn(next);
    } else if (next == startedAt_) {
      startApplication();
    } else {
      watchdogResets_ += watchdogArmed_ ? 1 : 0;
      watchdogArmed_ = false;
      reset(next);
    }
  }
}

QByteArray SmpDevice::handle(QByteArrayView bytes, qint64 nowMs) {
  advance(nowMs);
  lastBusyMs_ = 0;
  if (phase_ != Phase::Running || silent_ || bytes.size() > static_cast<qsizetype>(config_.bufferSize)) {
    return {};
  }
  if (faults_.dropRequests > 0) {
    --faults_.dropRequests;
    return {};
  }
  const std::optional<Frame> request = Frame::decodeRequest(bytes);
  if (!request) {
    return {};
  }
  const qint64 before = flashTimeMs();
  const qint64 stored = images_.storedBytes();
  const SmpReply reply = dispatch(*request);
  lastBusyMs_ = flashTimeMs() - before;
  if (!flash_.hasPower()) {
    losePower(nowMs_ + lastBusyMs_);
    return {};
  }
  if (faults_.goSilentAfterBytes >= 0) {
    faults_.goSilentAfterBytes -= images_.storedBytes() - stored;
    if (faults_.goSilentAfterBytes <= 0) {
      faults_.goSilentAfterBytes = -1;
      silent_ = true;
      return {};
    }
  }
  if (faults_.dropResponses > 0) {
    --faults_.dropResponses;
    return {};
  }

  Frame response;
  response.version = request->version;
  response.op = request->op + 1;
  response.group = request->group;
  response.sequence = request->sequence;
  response.command = request->command;
  response.body = reply.body;
  if (reply.groupRc != 0 && request->version == 1) {
    response.body = {{key("err"), QCborMap{{key("group"), request->group}, {key("rc"), reply.groupRc}}}};
  } else if (reply.rc != 0) {
    response.body = {{key("rc"), reply.rc}};
  } else if (config_.successCarriesRc) {
    response.body[key("rc")] = 0;
  }
  return response.encode(config_.indefiniteMaps);
}

SmpReply SmpDevice::dispatch(const Frame& request) {
  switch (request.group) {
    case 0:
      return handleOs(request);
    case 1: {
      SmpReply reply = images_.handle(request);
      if (request.command == 0 && request.op == virtual_smp::kWrite && bootloader_.isPrimaryConfirmed() &&
          startedAt_ == kNever && !resetRequested_) {
        resetAt_ = kNever;  // confirmed: the timeout for it is off
      }
      return reply;
    }
    case 3:
      if (request.command != 0) {
        return SmpReply::error(kSmpNotSupported);
      }
      return request.op == virtual_smp::kWrite ? writeSetting(request) : readSetting(request);
    case kSmpIdentityGroup:
      return config_.identityGroup ? identity_.handle(request) : SmpReply::error(kSmpNotSupported);
    default:
      return SmpReply::error(kSmpNotSupported);
  }
}

// smp_group_0.rst
SmpReply SmpDevice::handleOs(const Frame& request) {
  const bool write = request.op == virtual_smp::kWrite;
  SmpReply reply;
  switch (request.command) {
    case 0: {  // echo
      const QCborValue text = request.body.value(key("d"));
      if (!text.isString()) {
        return SmpReply::error(kSmpInvalid);
      }
      reply.body[key("r")] = text;
      return reply;
    }
    case 5:  // reset
      if (!write) {
        return SmpReply::error(kSmpNotSupported);
      }
      resetRequested_ = true;
      resetAt_ = nowMs_ + config_.resetMs;
      return reply;
    case 6:  // parameters
      if (write) {
        return SmpReply::error(kSmpNotSupported);
      }
      reply.body[key("buf_size")] = config_.bufferSize;
      reply.body[key("buf_count")] = config_.bufferCount;
      return reply;
    case 8: {  // bootloader information
      if (write) {
        return SmpReply::error(kSmpNotSupported);
      }
      const QCborValue query = request.body.value(key("query"));
      if (query.isUndefined()) {
        reply.body[key("bootloader")] = QStringLiteral("MCUboot");
      } else if (query.toString() == QStringLiteral("mode")) {
        reply.body[key("mode")] = 1;  // swap using scratch
      } else {
        return SmpReply::groupError(3, kSmpNotSupported);  // the query yields no answer
      }
      return reply;
    }
    default:
      return SmpReply::error(kSmpNotSupported);
  }
}

// smp_group_3.rst, "Read setting request". Numbers are little-endian, as the device holds them in memory.
SmpReply SmpDevice::readSetting(const Frame& request) const {
  const QCborValue name = request.body.value(key("name"));
  if (!name.isString()) {
    return SmpReply::error(kSmpInvalid);
  }
  QByteArray value;
  const QString setting = name.toString();
  if (setting == QStringLiteral("sealift/serial")) {
    value = identity_.serial();
  } else if (setting == QStringLiteral("sealift/model")) {
    value = config_.model.toUtf8();
  } else if (setting == QStringLiteral("sealift/hwrev")) {
    value = config_.hardwareRevision.toUtf8();
  } else if (setting == QStringLiteral("sealift/secboot")) {
    value = QByteArray(1, identity_.secureBoot() ? '\1' : '\0');
  } else if (setting == QStringLiteral("sealift/battery") && config_.batteryPercent) {
    value = QByteArray(1, static_cast<char>(*config_.batteryPercent));
  } else if (setting == QStringLiteral("sealift/idle") && config_.idle) {
    value = QByteArray(1, *config_.idle ? '\1' : '\0');
  } else if (setting == QStringLiteral("sealift/delta") && config_.deltaImage > 0) {
    value = QByteArray::number(config_.deltaImage) + ":suffix,zstd-patch";
  } else if (setting == QStringLiteral("sealift/made") && !images_.madeDigest().isEmpty()) {
    value = images_.madeDigest();
  } else if (setting == QStringLiteral("sealift/seccnt")) {
    for (int shift = 0; shift < 32; shift += 8) {
      value.append(static_cast<char>((bootloader_.securityCounter() >> shift) & 0xff));
    }
  } else {
    return SmpReply::groupError(3, kSmpNoEntry);  // SETTINGS_MGMT_ERR_KEY_NOT_FOUND
  }
  const qint64 wanted = request.body.value(key("max_size")).toInteger(value.size());
  SmpReply reply;
  reply.body[key("val")] = value.first(std::clamp<qint64>(wanted, 0, value.size()));
  return reply;
}

// "Write setting request": the serial number, by a factory; everything else is the device's own to tell.
SmpReply SmpDevice::writeSetting(const Frame& request) {
  const QCborValue name = request.body.value(key("name"));
  const QCborValue value = request.body.value(key("val"));
  if (!name.isString() || !value.isByteArray()) {
    return SmpReply::error(kSmpInvalid);
  }
  if (!config_.identityGroup || name.toString() != QStringLiteral("sealift/serial")) {
    return SmpReply::groupError(6, kSmpAccessDenied);  // SETTINGS_MGMT_ERR_WRITE_NOT_SUPPORTED
  }
  return identity_.writeSerial(value.toByteArray());
}

}  // namespace sealift
