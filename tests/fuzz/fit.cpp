// FIT images: the tree, its strings and regions, hashes and signatures.
#include "devices/images/fit_image.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const QList<QByteArray> kKeys{fuzz::testData("fit/vendor.pub.pem")};
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (const auto facts = verifyFitImage(bytes, kKeys)) {
    fuzz::require(!facts->keyId.isEmpty() && facts->digest.size() == 32, "a verified FIT was hashed and signed");
    const auto stranger = verifyFitImage(bytes, {fuzz::testData("mcuboot/key-rsa-2048.pub.pem")});
    fuzz::require(!stranger.has_value(), "a stranger's key verifies nothing");
  }
  return 0;
}
