// Vendor files (app/catalog/vendor_file.h) and the root that they bring along.
#include "app/catalog/vendor_file.h"

#include "keystore/tuf/client/client.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = VendorFile::parse(fuzz::toBytes(data, size));
  if (!file) {
    return 0;
  }
  // What was read is written and read again as the same.
  const auto again = VendorFile::parse(file->toBytes());
  fuzz::require(again.has_value(), "a vendor file that was read can be written");
  fuzz::require(again->id == file->id && again->name == file->name && again->addresses == file->addresses &&
                    again->root == file->root,
                "a vendor file is the same after writing and reading");
  if (const auto summary = tuf::Client::inspectRoot(file->root)) {
    fuzz::require(summary->fingerprint.size() == 64, "a root that verifies has a fingerprint");
  }
  return 0;
}
