// Update files of SWUpdate: the archive, the signature, the description.
#include "devices/images/cpio_reader.h"
#include "devices/images/swu_image.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const QList<QByteArray> kKeys{fuzz::testData("swupdate/ca.pem")};
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (const auto entries = readCpio(bytes, 256)) {
    for (const CpioEntry& entry : *entries) {
      const bool within = entry.content.isEmpty() || (entry.content.data() >= bytes.constData() &&
                                                      entry.content.end() <= bytes.constData() + bytes.size());
      fuzz::require(within, "a file lies within its archive");
      fuzz::require(!entry.name.contains('/'), "a name has no folder");
    }
  }
  if (const auto facts = verifySwuImage(bytes, kKeys)) {
    fuzz::require(!facts->keyId.isEmpty() && facts->digest.size() == 32, "a verified update was hashed and signed");
    fuzz::require(parseSwuImage(bytes).has_value(), "what is verified can be parsed");
    const auto stranger = verifySwuImage(bytes, {fuzz::testData("mcuboot/key-rsa-2048.pub.pem")});
    fuzz::require(!stranger.has_value(), "a stranger's key verifies nothing");
  }
  return 0;
}
