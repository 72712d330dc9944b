// The devices that this station knows, and looking at them. Any thread.
#pragma once

#include "app/services/device_recognition.h"
#include "app/services/security_floor.h"
#include "app/services/unit_identity.h"

#include <QList>

#include <functional>
#include <optional>

namespace sealift {

struct KnownDevice {
  QString id;  // vendor/model/serial, with its place where others have that serial number, too; or the address
  QString givenName;
  LinkAddress address;
  QString modelHint;  // vendor/model that somebody named for this address; may be empty
  QString vendorId;   // empty: not managed
  QString modelId;
  std::optional<DeviceSnapshot> snapshot;
  qint64 lastSeenMs = 0;
  bool online = false;
  bool connected = false;  // it is there, yet could not be asked: `problem` says why
  quint64 arrivals = 0;    // how often it came (back) in this run
  bool byHand = false;     // the address was added by somebody
  QString foundName;       // how it was found, while nothing is known of it but that
  std::optional<Error> problem;
};

class DeviceService {
 public:
  DeviceService(StationCore& core, VendorService& vendors, std::function<void(const QString& id)> changed,
                std::function<void()> listChanged)
      : core_(core),
        vendors_(vendors),
        recognition_(core, vendors),
        identity_(core),
        floor_(core),
        changed_(std::move(changed)),
        listChanged_(std::move(listChanged)) {}

  Status load();
  QList<KnownDevice> devices() const;
  std::optional<KnownDevice> find(const QString& id) const;

  // Asks the device behind an address. DeviceBusy while a job has it.
  Result<KnownDevice> look(const QString& id, const CancelToken& cancel);
  Result<KnownDevice> add(const QString& address, const QString& name, const QString& model, const CancelToken& cancel);
  Status remove(const QString& id);
  Status rename(const QString& id, const QString& name);

  // Something was found that a model names.
  struct Sighting {
    LinkAddress address;
    QString name;          // its own words
    QString serial;        // that is told before it is opened; may be empty
    QStringList modelIds;  // vendor/model, of those that name it: nothing else is tried
  };
  // Looks at it by itself: never while a job has it (DeviceBusy), never at what no model names. What answers and is
  // known by a model gets a row; what can't be asked gets one that says why.
  Result<KnownDevice> lookAtFound(const Sighting& found, const CancelToken& cancel);
  // What was reached there is gone. Nothing happens while a job has it.
  void noteGone(const LinkAddress& address);
  // The device that answered at this port or place last, and still does as far as is known.
  std::optional<QString> onlineAt(const LinkAddress& address) const;
  const DeviceRecognition& recognition() const { return recognition_; }
  // Another unit of the same model and serial number that is connected now: its place or address.
  std::optional<QString> twinOf(const KnownDevice& device) const;

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
  const SecurityFloor& securityFloor() const { return floor_; }
  SecurityFloor& securityFloor() { return floor_; }
  // A bootloader tells of its read-out protection only when it is read: what a job met is kept for the next plan.
  Status rememberProtection(const QString& id, bool isProtected);
  bool wasProtected(const QString& id) const;

 private:
  Result<Recognised> recogniseAgain(const KnownDevice& before, const CancelToken& cancel) const;
  std::optional<KnownDevice> knownAt(const Sighting& found) const;
  void noteProblem(const KnownDevice& before, const Error& problem, bool connected);
  Result<QString> idOf(const KnownDevice& before, const Recognised& seen);
  bool collidesNow(const QString& id, const LinkAddress& address) const;
  Result<KnownDevice> keep(const KnownDevice& before, const Recognised& seen);
  Status forgetOldAddress(const KnownDevice& moved);
  void replace(const QString& oldId, const KnownDevice& device);

  StationCore& core_;
  VendorService& vendors_;
  DeviceRecognition recognition_;
  UnitIdentity identity_;
  SecurityFloor floor_;
  std::function<void(const QString&)> changed_;
  std::function<void()> listChanged_;
  std::mutex keeping_;  // two units are told apart one after the other
  mutable std::mutex mutex_;
  QList<KnownDevice> devices_;
};

}  // namespace sealift
