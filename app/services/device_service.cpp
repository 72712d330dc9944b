#include "app/services/device_service.h"

#include "app/store/address_table.h"
#include "app/store/device_table.h"
#include "devices/core/device_json.h"

#include <QJsonDocument>

#include <algorithm>

namespace sealift {
namespace {

QString protectionKey(const QString& id) {
  return QStringLiteral("read-protected.") + id;
}

}  // namespace

Status DeviceService::load() {
  SEALIFT_TRY(const QList<AddressRow> addresses, AddressTable(*core_.database).list());
  SEALIFT_TRY(const QList<DeviceRow> rows, DeviceTable(*core_.database).list());
  QList<KnownDevice> loaded;
  for (const DeviceRow& row : rows) {
    Result<LinkAddress> address = LinkAddress::parse(row.address);
    if (!address) {
      continue;  // written by a program that knows more kinds of link
    }
    KnownDevice device;
    device.id = row.id;
    device.givenName = row.givenName;
    device.address = *address;
    device.vendorId = row.vendorId;
    device.modelId = row.modelId;
    device.snapshot = deviceFromJson(QJsonDocument::fromJson(row.snapshot).object());
    device.lastSeenMs = row.lastSeenMs;
    loaded << device;
  }
  for (const AddressRow& row : addresses) {
    const auto same = [&](const KnownDevice& device) { return device.address.toString() == row.address; };
    const auto it = std::find_if(loaded.begin(), loaded.end(), same);
    if (it != loaded.end()) {
      it->byHand = true;
      it->modelHint = row.note;
      continue;
    }
    if (Result<LinkAddress> address = LinkAddress::parse(row.address)) {
      KnownDevice device;
      device.id = row.address;
      device.address = *address;
      device.modelHint = row.note;
      device.byHand = true;
      loaded << device;
    }
  }
  const std::scoped_lock lock(mutex_);
  devices_ = loaded;
  return {};
}

QList<KnownDevice> DeviceService::devices() const {
  const std::scoped_lock lock(mutex_);
  return devices_;
}

std::optional<KnownDevice> DeviceService::find(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  for (const KnownDevice& device : devices_) {
    if (device.id == id || device.address.toString() == id) {
      return device;
    }
  }
  // A serial number or a given name is enough where it is the only one.
  const KnownDevice* only = nullptr;
  for (const KnownDevice& device : devices_) {
    const bool matches = (device.snapshot && !id.isEmpty() && device.snapshot->serial == id) ||
                         (!id.isEmpty() && device.givenName == id);
    if (matches && only != nullptr) {
      return std::nullopt;
    }
    only = matches ? &device : only;
  }
  return only != nullptr ? std::optional(*only) : std::nullopt;
}

Result<KnownDevice> DeviceService::look(const QString& id, const CancelToken& cancel) {
  const std::optional<KnownDevice> before = find(id);
  if (!before) {
    const QList<KnownDevice> all = devices();
    const bool several = std::any_of(all.cbegin(), all.cend(), [&](const KnownDevice& device) {
      return device.givenName == id || (device.snapshot && device.snapshot->serial == id);
    });
    return several ? fail(ErrorCode::NotFound, QStringLiteral("More than one device is called \"%1\".").arg(id),
                          QStringLiteral("Name it by its id or its address."))
                   : fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\".").arg(id));
  }
  SEALIFT_TRY(const AddressGate::Guard guard,
              core_.gate.enter(before->address, before->id, AddressGate::Use::Look, cancel));
  const Result<Recognised> seen = recogniseAgain(*before, cancel);
  if (!seen) {
    noteProblem(*before, seen.error(), seen.error().code == ErrorCode::LinkPermission);
    return tl::unexpected<Error>(seen.error());
  }
  return keep(*before, *seen);
}

// As the model that it was; somebody who named its model is taken at their word.
Result<Recognised> DeviceService::recogniseAgain(const KnownDevice& before, const CancelToken& cancel) const {
  const auto asked = before.byHand ? DeviceRecognition::Asked::ByPerson : DeviceRecognition::Asked::ByItself;
  QStringList hint;
  if (!before.modelHint.isEmpty()) {
    hint << before.modelHint;
  } else if (!before.vendorId.isEmpty()) {
    hint << before.vendorId + u'/' + before.modelId;
  }
  return recognition_.recognise(before.address, hint, asked, cancel);
}

void DeviceService::noteProblem(const KnownDevice& before, const Error& problem, bool connected) {
  KnownDevice away = before;
  away.online = false;
  away.connected = connected;
  away.problem = problem;
  replace(before.id, away);
}

Result<KnownDevice> DeviceService::keep(const KnownDevice& before, const Recognised& seen) {
  const std::scoped_lock keeping(keeping_);
  KnownDevice device = before;
  SEALIFT_TRY(device.id, idOf(before, seen));
  if (device.id != before.id) {  // another unit answers where this one was
    const std::optional<KnownDevice> known = find(device.id);
    device.givenName = known ? known->givenName : (before.snapshot ? QString() : before.givenName);
  }
  SEALIFT_CHECK(forgetOldAddress(device));
  device.vendorId = seen.vendorId;
  device.modelId = seen.modelId;
  device.snapshot = seen.snapshot;
  device.lastSeenMs = core_.nowMs();
  const std::optional<KnownDevice> same = find(device.id);
  device.arrivals = (same ? same->arrivals : 0) + (same && same->online ? 0 : 1);
  device.online = true;
  device.connected = true;
  device.problem.reset();
  SEALIFT_CHECK(DeviceTable(*core_.database)
                    .recordSeen({.id = device.id,
                                 .vendorId = device.vendorId,
                                 .modelId = device.modelId,
                                 .serial = seen.snapshot.serial,
                                 .address = device.address.toString(),
                                 .givenName = device.givenName,
                                 .snapshot = QJsonDocument(deviceToJson(seen.snapshot)).toJson(QJsonDocument::Compact),
                                 .lastSeenMs = device.lastSeenMs}));
  if (seen.snapshot.securityVersion) {
    SEALIFT_CHECK(floor_.noteTold(
        {QStringLiteral("device"), device.id, device.givenName.isEmpty() ? seen.snapshot.deviceName : device.givenName},
        *seen.snapshot.securityVersion));
  }
  const Slot* running = seen.snapshot.runningSlot();
  const bool changed =
      !before.snapshot || device.id != before.id || !before.online || !(before.snapshot->slots == seen.snapshot.slots);
  if (changed) {  // looking every few seconds must not fill the log
    SEALIFT_CHECK(core_.record({.event = AuditEvent::DeviceSeen,
                                .actor = {},
                                .subject = {QStringLiteral("device"), device.id,
                                            device.givenName.isEmpty() ? seen.snapshot.deviceName : device.givenName},
                                .outcome = AuditOutcome::Recorded,
                                .code = {},
                                .message = running != nullptr && running->version
                                               ? QStringLiteral("Runs %1.").arg(running->version->toString())
                                               : QStringLiteral("Runs no firmware that it tells of."),
                                .details = {{QStringLiteral("address"), device.address.toString()},
                                            {QStringLiteral("serial"), seen.snapshot.serial}}}));
  }
  replace(before.id, device);
  return device;
}

// A unit that was plugged in elsewhere is not looked for where it was, unless another one is there now.
Status DeviceService::forgetOldAddress(const KnownDevice& moved) {
  std::optional<LinkAddress> left;
  {
    const std::scoped_lock lock(mutex_);
    for (const KnownDevice& known : devices_) {
      if (known.id == moved.id && known.address != moved.address) {
        left = known.address;
      }
    }
    for (const KnownDevice& known : devices_) {
      if (left && known.id != moved.id && known.address == *left) {
        return {};
      }
    }
  }
  if (!left) {
    return {};
  }
  const Status gone = AddressTable(*core_.database).remove(left->toString());
  return gone || gone.error().code == ErrorCode::NotFound ? Status() : gone;
}

void DeviceService::replace(const QString& oldId, const KnownDevice& device) {
  bool listChanged = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto at = [&](const QString& id) {
      return std::find_if(devices_.begin(), devices_.end(), [&](const KnownDevice& d) { return d.id == id; });
    };
    if (oldId != device.id) {
      listChanged = true;
      if (const auto old = at(oldId); old != devices_.end()) {
        // A unit that was seen stays known, only not here; an address that never answered becomes its unit.
        if (old->snapshot) {
          old->online = false;
          old->problem = makeError(ErrorCode::DeviceChanged,
                                   QStringLiteral("%1 answers at %2 now.").arg(device.id, device.address.toString()));
        } else {
          devices_.erase(old);
        }
      }
    }
    const auto it = at(device.id);
    if (it == devices_.end()) {
      devices_ << device;
      listChanged = true;
    } else {
      *it = device;
    }
  }
  listChanged ? listChanged_() : changed_(device.id);
}

Status DeviceService::rememberProtection(const QString& id, bool isProtected) {
  SettingTable settings(*core_.database);
  return isProtected ? settings.set(protectionKey(id), QStringLiteral("1")) : settings.remove(protectionKey(id));
}

bool DeviceService::wasProtected(const QString& id) const {
  const Result<std::optional<QString>> kept = SettingTable(*core_.database).find(protectionKey(id));
  return kept && kept->has_value();
}

Result<KnownDevice> DeviceService::add(const QString& addressText, const QString& name, const QString& model,
                                       const CancelToken& cancel) {
  SEALIFT_TRY(const LinkAddress address, LinkAddress::parse(addressText));
  const QString text = address.toString();
  for (const KnownDevice& known : devices()) {
    if (known.address == address && known.byHand && known.online) {
      return fail(ErrorCode::AlreadyExists, QStringLiteral("%1 was added before.").arg(text));
    }
  }
  SEALIFT_TRY(const AddressGate::Guard guard, core_.gate.enter(address, {}, AddressGate::Use::Look, cancel));
  SEALIFT_TRY(const Recognised seen,
              recognition_.recognise(address, model.isEmpty() ? QStringList() : QStringList{model},
                                     DeviceRecognition::Asked::ByPerson, cancel));
  AddressTable table(*core_.database);
  if (Status added = table.insert({.address = text, .note = model, .addedMs = core_.nowMs()});
      !added && added.error().code != ErrorCode::AlreadyExists) {
    return tl::unexpected<Error>(added.error());
  }
  KnownDevice device;
  device.id = text;
  device.address = address;
  device.givenName = name;
  device.modelHint = model;
  device.byHand = true;
  SEALIFT_TRY(KnownDevice kept, keep(device, seen));
  SEALIFT_CHECK(
      core_.record({.event = AuditEvent::DeviceAdded,
                    .actor = {},
                    .subject = {QStringLiteral("device"), kept.id, name.isEmpty() ? seen.snapshot.deviceName : name},
                    .outcome = AuditOutcome::Ok,
                    .code = {},
                    .message = QStringLiteral("Added at %1.").arg(text),
                    .details = {}}));
  if (!name.isEmpty()) {
    SEALIFT_CHECK(rename(kept.id, name));
    kept.givenName = name;
  }
  return kept;
}

Status DeviceService::remove(const QString& id) {
  const std::optional<KnownDevice> device = find(id);
  if (!device) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\".").arg(id));
  }
  SEALIFT_CHECK(core_.gate.enter(device->address, device->id, AddressGate::Use::Look, core_.closing));
  if (Status gone = AddressTable(*core_.database).remove(device->address.toString());
      !gone && gone.error().code != ErrorCode::NotFound) {
    return gone;
  }
  if (Status gone = DeviceTable(*core_.database).remove(device->id);
      !gone && gone.error().code != ErrorCode::NotFound) {
    return gone;
  }
  SEALIFT_CHECK(core_.record({.event = AuditEvent::DeviceRemoved,
                              .actor = {},
                              .subject = {QStringLiteral("device"), device->id, device->givenName},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Removed from this station's list."),
                              .details = {}}));
  {
    const std::scoped_lock lock(mutex_);
    devices_.removeIf([&](const KnownDevice& known) { return known.id == device->id; });
  }
  listChanged_();
  return {};
}

Status DeviceService::rename(const QString& id, const QString& name) {
  const std::optional<KnownDevice> device = find(id);
  if (!device) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\".").arg(id));
  }
  SEALIFT_CHECK(DeviceTable(*core_.database).setGivenName(device->id, name.trimmed()));
  SEALIFT_CHECK(core_.record({.event = AuditEvent::DeviceRenamed,
                              .actor = {},
                              .subject = {QStringLiteral("device"), device->id, name.trimmed()},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Renamed from \"%1\".").arg(device->givenName),
                              .details = {}}));
  {
    const std::scoped_lock lock(mutex_);
    for (KnownDevice& known : devices_) {
      if (known.id == device->id) {
        known.givenName = name.trimmed();
      }
    }
  }
  changed_(device->id);
  return {};
}

Result<DeviceService::Driven> DeviceService::drive(const KnownDevice& device) {
  Driven driven;
  driven.repository = vendors_.repository(device.vendorId);
  if (!driven.repository) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("No added vendor knows this device, so nothing can be installed on it."));
  }
  const VendorContents contents = driven.repository->contents();
  const ModelDescription* model = contents.model(device.modelId);
  if (model == nullptr) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        QStringLiteral("%1 no longer describes the model %2.").arg(driven.repository->identity().name, device.modelId));
  }
  driven.model = *model;
  driven.entry = core_.drivers->find(model->driver);
  if (driven.entry == nullptr) {
    return fail(
        ErrorCode::NotSupported,
        QStringLiteral("The model needs the driver \"%1\", which this Sealift does not have.").arg(model->driver));
  }
  SEALIFT_TRY(driven.driver, driven.entry->make(driven.model, device.address, *core_.links));
  return driven;
}

void DeviceService::recordSnapshot(const QString& id, const DeviceSnapshot& snapshot) {
  const std::optional<KnownDevice> before = find(id);
  if (before) {
    (void)keep(*before, {before->vendorId, before->modelId, snapshot});
  }
}

}  // namespace sealift
