#include "transports/protocols/uboot/signature_check.h"

#include "transports/protocols/uboot/device_tree.h"

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kTime{120'000};  // hashing 256 MiB on a slow core

}  // namespace

Result<bool> UbootSignatureCheck::accepts(quint64 address, const CancelToken& cancel) {
  const QByteArray at = "0x" + QByteArray::number(address, 16);
  // bootm takes legacy images, which carry no signature: it has to be a device tree.
  SEALIFT_TRY(const bool isTree, UbootDeviceTree(console_).open(at, cancel));
  if (!isTree) {
    return false;
  }
  SEALIFT_TRY(const CommandResult result, console_.run("bootm start " + at, kTime, cancel));
  // Status and words must agree.
  return result.status == 0 && result.output.contains("from FIT Image at") && !result.output.contains("rror");
}

}  // namespace sealift
