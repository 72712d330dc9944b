// Devices whose bootloader speaks fastboot (Android's, U-Boot's, Little Kernel's), over USB, TCP or UDP: one partition,
// or the same partition in two slots.
//
// How the steps are done:
//   identify         variables of the bootloader, or of the firmware where that answers, too.
//   enterBootloader  reboot-bootloader when the firmware answers. Otherwise a person has brought it there.
//   transfer         download and flash; images above max-download-size as sparse pieces. The slot that isn't in use.
//   verifyOnDevice   reads back (`fetch`) where the device lets it, or compares its digest; says so when it can't.
//   activate         set_active, and looks whether that really is a trial: not successful yet, tries left.
//   restart          reboot. A device that drops back into its bootloader with tries left is told to continue.
//   confirm          fastboot has no command for it: the firmware marks its slot itself, and Sealift waits for that.
//   abandon          set_active back to the old slot.
//
// Settings: fastboot_settings.h. What can be seen, and what can't: transports/protocols/fastboot/README.md.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/fastboot_connection.h"
#include "devices/drivers/fastboot_inspector.h"
#include "devices/drivers/fastboot_settings.h"

#include <optional>

namespace sealift {

class FastbootDriver final : public Driver {
 public:
  // The row of devices/registry.cpp. `make` fails with CatalogMalformed when the settings are wrong.
  static DriverEntry entry();

  // Opens nothing yet. `links` must outlive the driver.
  FastbootDriver(const ModelDescription& model, FastbootSettings settings, const LinkAddress& address,
                 LinkOpener& links);

  // What this model's settings allow, and what the device told since.
  Capabilities capabilities() const override;
  // The image's SHA-256 where the model names a variable for it; otherwise nothing is ever reported.
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
  FastbootSession& session() { return connection_->session(); }
  FastbootInspector inspector() { return {*connection_, settings_}; }
  // Opens when nothing is open; a unit that was identified must be the one that answers.
  Status connect(StepContext& step);
  void disconnect() { connection_.reset(); }
  // Drops the connection when its session is over, so that the next step opens it anew.
  template <class R>
  R kept(R result);

  Result<FastbootState> look(FastbootDetail detail, StepContext& step);
  // Connected, in the bootloader, with what it says.
  Result<FastbootState> inBootloader(StepContext& step);
  Result<FastbootState> waitFor(const std::function<bool(const FastbootState&)>& isIt, FastbootDetail detail,
                                const Deadline& deadline, StepContext& step);
  Status leave(StepContext& step);
  Status checkModel(const DeviceSnapshot& device) const;
  Status checkReadback(const FastbootState& state) const;
  void tellUnknownVariable(const FastbootState& state, StepContext& step);
  int targetSlot(const FastbootState& state) const { return settings_.slots ? 1 - state.standing() : 0; }
  bool firmwareAnswers() const { return !settings_.running.isEmpty(); }
  Deadline returnDeadline() const;

  ModelDescription model_;
  FastbootSettings settings_;
  LinkAddress address_;
  LinkOpener& links_;
  std::unique_ptr<FastbootConnection> connection_;
  std::optional<FastbootUnit> unit_;  // as identify() found it; every later step must meet the same one
  bool canFetch_ = false;             // the device said so
  bool wrote_ = false;                // something, since this driver was made
};

}  // namespace sealift
