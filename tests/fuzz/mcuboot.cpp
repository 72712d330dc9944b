// MCUboot images: the parser, alone and behind the verification with keys of every kind.
#include "devices/images/mcuboot_image.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const QList<QByteArray> kKeys{
      fuzz::testData("mcuboot/key-ecdsa-p256.pub.pem"), fuzz::testData("mcuboot/key-ecdsa-p384.pub.pem"),
      fuzz::testData("mcuboot/key-ed25519.pub.pem"), fuzz::testData("mcuboot/key-rsa-2048.pub.pem"),
      fuzz::testData("mcuboot/key-rsa-3072.pub.pem")};
  const QByteArray bytes = fuzz::toBytes(data, size);
  const auto exact = parseMcubootImage(bytes);
  const auto inSlot = parseMcubootImage(bytes, Trailing::Allowed);
  if (exact) {
    fuzz::require(exact->totalSize == bytes.size(), "a file holds its image and nothing else");
    fuzz::require(inSlot.has_value(), "an image in a file is one in a slot, too");
  }
  if (inSlot) {
    fuzz::require(inSlot->totalSize <= bytes.size() && inSlot->coveredSize() <= inSlot->totalSize &&
                      inSlot->headerSize >= mcuboot::kHeaderBytes && inSlot->payloadSize >= 0,
                  "an image's parts lie within its bytes");
  }
  if (const auto facts = verifyMcubootImage(bytes, kKeys)) {
    fuzz::require(exact.has_value() && !facts->keyId.isEmpty() && !facts->digest.isEmpty(),
                  "a verified image was parsed, hashed and signed");
  }
  return 0;
}
