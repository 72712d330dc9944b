// Deltas, of which the base is the vendor's and the rest anybody's.
#include "devices/images/delta/image_delta.h"

#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

namespace {

constexpr qint64 kMostResult = 1 << 20;  // as whoever applies it limits it

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const QByteArray base = fuzz::testData("mcuboot/app-2.4.0+17-counter8-ed25519.bin");
  const QByteArray delta = fuzz::toBytes(data, size);
  const auto wanted = deltaResultBytes(delta);
  if (wanted && *wanted <= kMostResult) {
    const auto made = applyDelta(base, delta, *wanted, CancelToken());
    fuzz::require(!made || made->size() == *wanted, "a result has the size that was asked for");
  }
  return 0;
}
