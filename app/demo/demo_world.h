// What `sealift --demo` shows: a vendor with throw-away keys that publishes into a temporary folder,
// and virtual devices on loopback, each with a story. Everything goes through the same services, TUF
// client and drivers as real vendors and devices; nothing is staged but the devices themselves.
#pragma once

#include "app/base/clock.h"
#include "app/base/result.h"
#include "app/services/station.h"
#include "devices/virtual/virtual_smp_device.h"
#include "keystore/crypto/private_key.h"

#include <QTemporaryDir>

#include <memory>
#include <vector>

namespace sealift {

class DemoWorld {
 public:
  // Publishes the repository and starts the devices. The clock outlives the world.
  static Result<std::unique_ptr<DemoWorld>> make(const Clock& clock);
  ~DemoWorld();

  QString dataFolder() const;  // for the station; gone with the world
  // Adds the vendor and the devices, as a person would. Blocks, with events.
  Status introduceTo(Station& station);

 private:
  explicit DemoWorld(const Clock& clock) : clock_(clock) {}
  Status publish();
  Status startDevices();

  struct Unit {
    QString name;
    std::unique_ptr<VirtualSmpDevice> device;
  };

  const Clock& clock_;
  QTemporaryDir folder_;
  std::vector<Unit> units_;
  std::unique_ptr<PrivateKey> imageKey_;
};

}  // namespace sealift
