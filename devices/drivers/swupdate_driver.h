// Devices with SWUpdate and its web server: Linux systems that install signed update files (.swu) into the slot that
// does not run.
//
// How the steps are done:
//   identify         reads the document that the model names.
//   enterBootloader  does nothing but look that the daemon answers: SWUpdate runs beside the application.
//   transfer         uploads the .swu as a stream; the daemon checks signature, hardware, version and hashes, and
//   installs. verifyOnDevice   the digest that the device computed over what it stored, where the model names one.
//   Otherwise no more
//                    is known than that SWUpdate compared each file with the signed description while it wrote it.
//   activate         does nothing: SWUpdate itself tells the bootloader, as the last part of an installation.
//   restart          the daemon's restart command.
//   waitForReturn    reads the document until the device started again.
//   confirm          waits until the device says that it confirmed itself; no command does that.
//   abandon          nothing can be taken back: what is installed starts next.
//
// Name, password and client certificate are added by whoever opens the link. Settings: swupdate_settings.h.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/swupdate_settings.h"
#include "devices/drivers/swupdate_status.h"

#include <optional>

namespace sealift {

class SwupdateDriver final : public Driver {
 public:
  // The row of devices/registry.cpp. `make` fails with CatalogMalformed when the settings are wrong.
  static DriverEntry entry();

  // Opens nothing yet. `links` must outlive the driver.
  SwupdateDriver(const ModelDescription& model, SwupdateSettings settings, const LinkAddress& address,
                 LinkOpener& links);

  // By what the model says: digests only where the device tells them, a trial only where its bootloader has one.
  Capabilities capabilities() const override;
  // SHA-256 of the file that the model's digests are of; empty where the device tells none.
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
  Result<std::unique_ptr<HttpLink>> open(const CancelToken& cancel);
  Result<SwupdateStatus> readStatus(const CancelToken& cancel);
  Result<SwupdateStatus> readStatus(HttpLink& link, const CancelToken& cancel);
  Status checkModel(const SwupdateStatus& status) const;
  Status checkUnit(const SwupdateStatus& status) const;
  Status checkSignerPurpose(const Image& image) const;

  ModelDescription model_;
  SwupdateSettings settings_;
  LinkAddress address_;
  LinkOpener& links_;
  std::optional<SwupdateStatus> unit_;           // as identify() found it
  std::optional<SwupdateStatus> beforeRestart_;  // as restart() left it
};

}  // namespace sealift
