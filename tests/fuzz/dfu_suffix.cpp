// DFU files: the suffix at their end.
#include "devices/images/dfu_suffix.h"

#include "app/base/crc.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  QByteArray bytes = fuzz::toBytes(data, size);
  if (bytes.size() >= 4) {  // a checksum that fits, or what is behind it would never be reached
    const quint32 crc = ~crc32(QByteArrayView(bytes).chopped(4));
    for (int i = 0; i < 4; ++i) {
      bytes[bytes.size() - 4 + i] = static_cast<char>((crc >> (8 * i)) & 0xFFU);
    }
  }
  const auto file = parseDfuFile(bytes);
  if (file) {
    fuzz::require(file->payloadSize > 0 && file->payloadSize <= bytes.size() - kDfuSuffixBytes,
                  "the payload lies before the suffix");
  }
  if (const auto facts = verifyDfuFile(bytes, {})) {
    fuzz::require(file.has_value() && facts->digest.size() == 32, "a verified file was parsed and hashed");
  }
  return 0;
}
