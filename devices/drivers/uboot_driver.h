// Devices that boot with U-Boot and are reached over its serial console: FIT images in two slots of raw
// blocks, a boot script that tries a new slot a counted number of times, verified boot.
//
// How the steps are done:
//   identify         asks the running application; at U-Boot's prompt asks U-Boot. A countdown that this stops
//                    is followed by `boot` again.
//   enterBootloader  application's reset command, then autoboot is interrupted.
//   transfer         by YMODEM over the console or by TFTP into memory, which is proven (uboot_loader.h); then written
//                    to the slot that is not in use.
//   verifyOnDevice   slot read back to other memory, CRC-32 by U-Boot, cmp.b with what was received.
//   activate         boot state: slot on trial, tries left; the older copy is written and read back.
//   restart          reset. waitForReturn only listens: any key would stop autoboot.
//   confirm          resets once more: the application has no way to write the boot state, so U-Boot does.
//   abandon          takes an open trial back and boots.
//
// Settings: uboot_settings.h. A reference boot script: tests/peers/uboot.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/uboot_application.h"
#include "devices/drivers/uboot_boot_state.h"
#include "devices/drivers/uboot_inspector.h"
#include "devices/drivers/uboot_settings.h"

#include <optional>

namespace sealift {

class UbootDriver final : public Driver {
 public:
  // The row of devices/registry.cpp. `make` fails with CatalogMalformed when the settings are wrong.
  static DriverEntry entry();

  // Opens nothing yet. `links` must outlive the driver.
  UbootDriver(const ModelDescription& model, UbootSettings settings, const LinkAddress& address, LinkOpener& links);

  Capabilities capabilities() const override;
  // CRC-32 of the image, four bytes, most significant first: what U-Boot can tell of a slot.
  QByteArray reportedDigest(const Image& image) const override;

  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status activate(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override;
  Status confirm(const Image& image, StepContext& step) override;
  Status abandon(StepContext& step) override;

 private:
  // One open link with the two that talk over it.
  struct Session {
    std::unique_ptr<ByteLink> link;
    UbootConsole console;
    UbootApplication application;
    Session(std::unique_ptr<ByteLink> opened, const UbootSettings& settings)
        : link(std::move(opened)), console(*link, settings.console), application(*link, settings) {}
  };

  Status connect(const CancelToken& cancel);
  void disconnect() { session_.reset(); }
  // Drops the link when it was lost, so that the next step opens it anew.
  template <class R>
  R kept(R result);

  Result<DeviceSnapshot> look(StepContext& step);
  Result<DeviceSnapshot> bootOn(const Result<DeviceSnapshot>& seen, StepContext& step);
  Result<DeviceSnapshot> listenUntilRunning(const Deadline& deadline, StepContext& step);
  Result<DeviceSnapshot> snapshotOf(const ApplicationStatus& status) const;
  Status checkModel(const DeviceSnapshot& device) const;
  Status reachPrompt(StepContext& step);
  Status checkUnit(const CancelToken& cancel);
  Result<UbootBootState> loadState(const CancelToken& cancel);
  Status writeSlot(const Image& image, const UbootBootState& state, StepContext& step);
  // Leaves the prompt by `command` and waits until the application runs.
  Result<DeviceSnapshot> bootAndWait(const QByteArray& command, StepContext& step);
  Deadline returnDeadline() const;

  ModelDescription model_;
  UbootSettings settings_;
  LinkAddress address_;
  LinkOpener& links_;
  std::unique_ptr<Session> session_;
  std::optional<UbootUnit> unit_;  // as identify() found it; every later step must meet the same one
};

}  // namespace sealift
