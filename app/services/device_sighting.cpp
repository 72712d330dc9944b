// DeviceService: what is found by itself, and which unit it is.
#include "app/services/device_service.h"

#include <algorithm>
#include <tuple>

namespace sealift {
namespace {

bool samePort(const LinkAddress& a, const LinkAddress& b) {
  return AddressGate::keyOf(a) == AddressGate::keyOf(b);
}

QString baseIdOf(const KnownDevice& device) {
  return device.snapshot ? UnitIdentity::idFor(device.vendorId, device.modelId, device.snapshot->serial, device.address)
                         : device.id;
}

}  // namespace

// What is found by itself ---------------------------------------------------------------------

// The unit that was reached there last. Another serial number on the plug is another unit.
std::optional<KnownDevice> DeviceService::knownAt(const Sighting& found) const {
  std::optional<KnownDevice> last;
  for (const KnownDevice& known : devices()) {
    const bool another = !found.serial.isEmpty() && known.snapshot && !known.snapshot->serial.isEmpty() &&
                         known.snapshot->serial != found.serial;
    const bool better = !last || std::tuple(known.online, known.byHand, known.lastSeenMs) >
                                     std::tuple(last->online, last->byHand, last->lastSeenMs);
    if (samePort(known.address, found.address) && !another && better) {
      last = known;
    }
  }
  return last;
}

Result<KnownDevice> DeviceService::lookAtFound(const Sighting& found, const CancelToken& cancel) {
  const std::optional<KnownDevice> known = knownAt(found);
  SEALIFT_TRY(const AddressGate::Guard guard,
              core_.gate.tryEnter(found.address, known ? known->id : QString(), AddressGate::Use::Look));
  KnownDevice before = known.value_or(KnownDevice());
  if (!known) {
    before.id = found.address.toString();
    before.address = found.address;
  }
  before.foundName = found.name;
  const auto asNamed = [&] {
    return recognition_.recognise(before.address, found.modelIds, DeviceRecognition::Asked::ByItself, cancel);
  };
  const bool asBefore = before.byHand || found.modelIds.contains(before.vendorId + u'/' + before.modelId);
  Result<Recognised> seen = asBefore ? recogniseAgain(before, cancel) : asNamed();
  const bool notThat = seen ? seen->vendorId.isEmpty() : seen.error().code == ErrorCode::DeviceNotRecognised;
  if (asBefore && notThat && before.modelHint.isEmpty()) {
    seen = asNamed();  // of another model, where this one was
  }
  if (seen && seen->vendorId.isEmpty() && !before.byHand) {
    seen = fail(
        ErrorCode::DeviceNotRecognised,
        QStringLiteral("It calls itself \"%1\", which is no model of an added vendor.").arg(seen->snapshot.deviceName));
  }
  if (seen) {
    return keep(before, *seen);
  }
  const ErrorCode code = seen.error().code;
  if (code != ErrorCode::Cancelled && (known || code != ErrorCode::DeviceNotRecognised)) {
    noteProblem(before, seen.error(), /*connected=*/true);
  }
  return tl::unexpected<Error>(seen.error());
}

void DeviceService::noteGone(const LinkAddress& address) {
  if (core_.gate.ofJobs().contains(AddressGate::keyOf(address))) {
    return;
  }
  bool listChanged = false;
  QStringList changed;
  {
    const std::scoped_lock lock(mutex_);
    const auto unread = [&](const KnownDevice& device) {
      return samePort(device.address, address) && !device.snapshot && !device.byHand;
    };
    listChanged = devices_.removeIf(unread) > 0;
    for (KnownDevice& device : devices_) {
      if (samePort(device.address, address) && (device.online || device.connected)) {
        device.online = false;
        device.connected = false;
        device.problem.reset();
        changed << device.id;
      }
    }
  }
  if (listChanged) {
    listChanged_();
  }
  for (const QString& id : changed) {
    changed_(id);
  }
}

std::optional<QString> DeviceService::onlineAt(const LinkAddress& address) const {
  for (const KnownDevice& known : devices()) {
    if (known.online && samePort(known.address, address)) {
      return known.id;
    }
  }
  return std::nullopt;
}

// Who it is -----------------------------------------------------------------------------------

bool DeviceService::collidesNow(const QString& id, const LinkAddress& address) const {
  const QString place = identity_.placeOf(address);
  if (place.isEmpty()) {
    return false;  // on the network a unit may have many addresses
  }
  if (identity_.hasTwin(address)) {
    return true;
  }
  for (const KnownDevice& known : devices()) {
    if (known.online && baseIdOf(known) == id && !samePort(known.address, address)) {
      const QString other = identity_.placeOf(known.address);
      if (!other.isEmpty() && other != place) {
        return true;
      }
    }
  }
  return false;
}

// A unit keeps its id for as long as it stays where it is; only one that comes has to be told from others.
Result<QString> DeviceService::idOf(const KnownDevice& before, const Recognised& seen) {
  const QString id = UnitIdentity::idFor(seen.vendorId, seen.modelId, seen.snapshot.serial, before.address);
  const bool sameModel = before.snapshot && before.vendorId == seen.vendorId && before.modelId == seen.modelId;
  // What a bootloader leaves untold says nothing: its place holds then.
  const bool untold = seen.snapshot.serial.isEmpty() && seen.snapshot.inBootloader;
  if (sameModel && (untold || (before.online && baseIdOf(before) == id))) {
    return before.id;
  }
  if (seen.vendorId.isEmpty() || seen.snapshot.serial.isEmpty()) {
    return id;
  }
  const bool collided = identity_.everCollided(id);
  if (!collided && !collidesNow(id, before.address)) {
    return id;
  }
  if (!collided) {
    SEALIFT_CHECK(identity_.rememberCollision(id));
    SEALIFT_CHECK(core_.record(
        {.event = AuditEvent::DeviceSeen,
         .actor = {},
         .subject = {QStringLiteral("device"), id, seen.snapshot.deviceName},
         .outcome = AuditOutcome::Warning,
         .code = {},
         .message = QStringLiteral("Two units with this serial number are connected at once; from now on their places "
                                   "tell them apart."),
         .details = {{QStringLiteral("address"), before.address.toString()},
                     {QStringLiteral("serial"), seen.snapshot.serial}}}));
  }
  return identity_.idAtPlace(id, before.address);
}

std::optional<QString> DeviceService::twinOf(const KnownDevice& device) const {
  for (const KnownDevice& other : devices()) {
    if (device.online && other.online && other.id != device.id && device.snapshot && !device.vendorId.isEmpty() &&
        !device.snapshot->serial.isEmpty() && baseIdOf(other) == baseIdOf(device)) {
      return other.address.toString();
    }
  }
  return std::nullopt;
}

}  // namespace sealift
