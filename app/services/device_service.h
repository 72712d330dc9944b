// The devices that this station knows, and looking at them. Any thread.
#pragma once

#include "app/services/station_core.h"
#include "app/services/vendor_service.h"

#include <QList>

#include <functional>
#include <optional>

namespace sealift {

struct KnownDevice {
  QString id;  // vendor/model/serial, or the address where there is no serial number
  QString givenName;
  LinkAddress address;
  QString modelHint;  // vendor/model that somebody named for this address; may be empty
  QString vendorId;   // empty: not managed
  QString modelId;
  std::optional<DeviceSnapshot> snapshot;
  qint64 lastSeenMs = 0;
  bool online = false;
  bool byHand = false;  // the address was added by somebody
  std::optional<Error> problem;
};

class DeviceService {
 public:
  DeviceService(StationCore& core, VendorService& vendors, std::function<void(const QString& id)> changed,
                std::function<void()> listChanged)
      : core_(core), vendors_(vendors), changed_(std::move(changed)), listChanged_(std::move(listChanged)) {}

  Status load();
  QList<KnownDevice> devices() const;
  std::optional<KnownDevice> find(const QString& id) const;

  // Asks the device behind an address. DeviceBusy while a job has it.
  Result<KnownDevice> look(const QString& id, const CancelToken& cancel);
  Result<KnownDevice> add(const QString& address, const QString& name, const QString& model, const CancelToken& cancel);
  Status remove(const QString& id);
  Status rename(const QString& id, const QString& name);

  // A driver for this device as its model says, and the description itself.
  struct Driven {
    ModelDescription model;
    const DriverEntry* entry = nullptr;
    std::unique_ptr<Driver> driver;
    std::shared_ptr<VendorRepository> repository;
  };
  Result<Driven> drive(const KnownDevice& device);
  // What a job saw at its end.
  void recordSnapshot(const QString& id, const DeviceSnapshot& snapshot);
  std::optional<quint32> highestSecurityVersionSeen(const QString& id) const;
  // A bootloader tells of its read-out protection only when it is read: what a job met is kept for the next plan.
  Status rememberProtection(const QString& id, bool isProtected);
  bool wasProtected(const QString& id) const;

 private:
  struct Recognised {
    QString vendorId;  // empty when no model has the device's own name
    QString modelId;
    DeviceSnapshot snapshot;
  };
  Result<Recognised> recognise(const LinkAddress& address, const QString& hint, const CancelToken& cancel);
  Result<KnownDevice> keep(const KnownDevice& before, const Recognised& seen);
  Status forgetOldAddress(const KnownDevice& moved);
  void replace(const QString& oldId, const KnownDevice& device);
  Status rememberSecurityVersion(const KnownDevice& device);

  StationCore& core_;
  VendorService& vendors_;
  std::function<void(const QString&)> changed_;
  std::function<void()> listChanged_;
  mutable std::mutex mutex_;
  QList<KnownDevice> devices_;
};

}  // namespace sealift
