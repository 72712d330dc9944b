// DfuSe files: targets and elements, behind a checksum that is made to fit.
#include "devices/images/dfuse_file.h"

#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = appendDfuSuffix(fuzz::toBytes(data, size), {0, 0xDF11, 0x0483, kDfuseFile});
  const auto file = parseDfuseFile(bytes);
  if (!file) {
    return 0;
  }
  fuzz::require(!file->targets.isEmpty() && file->dataBytes() < bytes.size(), "the data lies within the file");
  for (const DfuseTarget& target : file->targets) {
    for (const DfuseElement& element : target.elements) {
      fuzz::require(!element.data.isEmpty() && element.end() <= (1ULL << 32), "an element lies in the address space");
    }
  }
  const auto again = parseDfuseFile(buildDfuseFile(file->targets, file->suffix));
  fuzz::require(again && dfuseDigest(again->targets) == dfuseDigest(file->targets), "it is the same after writing");
  return 0;
}
