// Brings the image into U-Boot's memory, over the console (YMODEM) or the network (TFTP), and proves that exactly this
// image is there, before anything of it is written.
//
// The proof. CRC-32 by U-Boot finds every accident. It does not stop anybody: whoever can send packets in the device's
// network can be quicker than our server, and can make other bytes of the same CRC-32. So what came by TFTP is proven
// by the first of these that this U-Boot has:
//   1. SHA-256 over the memory (`hash`, CONFIG_CMD_HASH);
//   2. U-Boot's own check of the FIT image's signature, where it requires one of every configuration, together with
//      the signed version of the image;
//   3. CRC-32 alone, only if the model says that nobody else can reach the network ("trustNetwork").
// With none of them the image does not travel by TFTP.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/kept_sectors.h"
#include "devices/drivers/uboot_settings.h"

namespace sealift {

class UbootLoader {
 public:
  // The console stands at the prompt. All outlive this.
  UbootLoader(UbootConsole& console, const UbootSettings& settings, LinkOpener& links)
      : console_(console), settings_(settings), links_(links) {}

  // Afterwards the memory at settings.imageAddress holds the image. `running`: the slot whose firmware runs; what it
  // has of the image does not travel over the console. Errors: DeviceWriteFailed (it does not), and those of the way it
  // took.
  Status load(const Image& image, const UbootArea& running, StepContext& step);

 private:
  enum class Proof { Sha256, Signature, Crc32 };

  Status loadByTftp(const Image& image, StepContext& step);
  Status loadByYmodem(const Image& image, const UbootArea& running, StepContext& step);
  Status sendByYmodem(const MemoryPart& part, Progress progress, StepContext& step);
  Result<Proof> strongestProof(const Image& image, const CancelToken& cancel);
  Status proveCrc32(const Image& image, StepContext& step);
  Status proveSha256(const Image& image, StepContext& step);
  Status proveSignature(const Image& image, StepContext& step);

  UbootConsole& console_;
  const UbootSettings& settings_;
  LinkOpener& links_;
};

}  // namespace sealift
