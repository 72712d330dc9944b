// The step interface. A driver adapts one protocol to these steps; the engine in
// app/update calls them, always in this order, and journals around each:
//
//   identify → proveIdentity → enterBootloader → transfer → verifyOnDevice →
//   activate → restart → waitForReturn → confirm
//
// A driver instance serves one device at one address and is used by one thread.
// Each step opens what links it needs, may be called again after an interruption,
// and leaves the device no worse than it found it. An acknowledgement is never proof:
// only verifyOnDevice and waitForReturn say what the device holds and runs.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/progress.h"
#include "app/base/result.h"
#include "devices/core/device.h"
#include "devices/core/model.h"
#include "devices/images/image.h"
#include "transports/links/link_opener.h"

#include <QString>
#include <QStringList>

#include <functional>
#include <memory>

namespace sealift {

// What a driver can do on its protocol: data, so that nothing ever compares driver names.
struct Capabilities {
  bool slots = false;         // two slots: the running firmware stays untouched until confirmed
  bool resume = false;        // an interrupted transfer goes on where it stopped
  bool readback = false;      // stored bytes can be read and compared
  bool storedDigest = false;  // the device tells a digest of what it stored
  bool sectorDigests = false;
  bool testBoot = false;  // one trial boot, then return by itself
  bool secureBootState = false;
  bool rollbackCounter = false;
  bool identityProof = false;
  bool provisioning = false;
  bool runningVersion = false;  // after a restart the device tells which version it runs
  bool runningDigest = false;   // and a digest of it, which proves more than a version
  QStringList deltaKinds;

  QStringList names() const;  // the ones that hold, in the order above, for `driver list` and JSON
};

// What every step gets.
struct StepContext {
  CancelToken cancel;
  Progress progress;                                                 // of this step, 0 … 1
  std::function<void(const QString&)> note = [](const QString&) {};  // a line for the job's journal
  // Somebody was asked apart from the plan, and agreed, that everything on the device may be erased: what taking off
  // read-out protection does. Drivers do so only then, and fail with DeviceProtected otherwise.
  bool massEraseAgreed = false;
};

// How verifyOnDevice came to its word.
struct StoredProof {
  QString method;     // e.g. "digest computed by the device", "read back and compared, CRC-32 by the device"
  QByteArray digest;  // what the device reported or what was computed over the bytes read back
};

class Driver {
 public:
  virtual ~Driver() = default;

  virtual Capabilities capabilities() const = 0;
  // What Slot::digest is when a slot holds exactly this image.
  virtual QByteArray reportedDigest(const Image& image) const { return image.facts.digest; }

  // Looks, changes nothing on the device. DeviceNotRecognised when what answers isn't of this protocol or model.
  // May interrupt autoboot where that is the only way to talk (U-Boot); leaves such a device where it found it.
  virtual Result<DeviceSnapshot> identify(StepContext& step) = 0;
  // A fresh challenge to the device. CannotBeVerified where the protocol has no such thing.
  virtual Result<IdentityProof> proveIdentity(StepContext& step) = 0;
  // Brings the device into the state in which it takes an image. Nothing is written.
  virtual Status enterBootloader(StepContext& step) = 0;
  // Writes the image into the slot that is not running. Never touches the running slot.
  virtual Status transfer(const Image& image, StepContext& step) = 0;
  // Proves that the slot holds exactly the image. DeviceVerifyFailed when it doesn't.
  virtual Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) = 0;
  // Marks the written slot for one trial boot.
  virtual Status activate(const Image& image, StepContext& step) = 0;
  virtual Status restart(StepContext& step) = 0;
  // Waits (with the model's timings) until the device answers again and its application runs, and
  // says what it runs. Whether that is the new image is the engine's to judge. DeviceDidNotReturn on deadline.
  virtual Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) = 0;
  // Makes the running image permanent. Called only after waitForReturn showed the new image running.
  virtual Status confirm(const Image& image, StepContext& step) = 0;
  // After a cancel or failure between enterBootloader and restart: leaves the device running its old firmware.
  virtual Status abandon(StepContext& step) = 0;
};

// One row of the table of drivers.
struct DriverEntry {
  QString name;      // as models name it
  QString protocol;  // for people, e.g. "SMP (MCUmgr)"
  QList<LinkKind> links;
  Capabilities capabilities;
  QString provenBy;  // the peer that the tests run it against
  QString help;      // the family's page of the help: resources/help/NAME.md
  std::function<Result<std::unique_ptr<Driver>>(const ModelDescription&, const LinkAddress&, LinkOpener&)> make;
};

class DriverRegistry {
 public:
  explicit DriverRegistry(QList<DriverEntry> entries) : entries_(std::move(entries)) {}
  const QList<DriverEntry>& entries() const { return entries_; }
  const DriverEntry* find(const QString& name) const {
    for (const DriverEntry& entry : entries_) {
      if (entry.name == name) {
        return &entry;
      }
    }
    return nullptr;
  }

 private:
  QList<DriverEntry> entries_;
};

}  // namespace sealift
