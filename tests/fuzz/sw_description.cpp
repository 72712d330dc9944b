// What stands in sw-description: libconfig's syntax, and SWUpdate's settings, in an archive that is in order otherwise.
#include "devices/images/libconfig_reader.h"
#include "devices/images/swu_image.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

namespace {

QByteArray entry(const QByteArray& name, const QByteArray& content) {
  const auto hex = [](qsizetype value) { return QByteArray::number(value, 16).rightJustified(8, '0'); };
  QByteArray made = "070701" + hex(1) + hex(name == "TRAILER!!!" ? 0 : 0100644) + hex(0) + hex(0) + hex(1) + hex(0) +
                    hex(content.size()) + hex(0) + hex(0) + hex(0) + hex(0) + hex(name.size() + 1) + hex(0) + name;
  made += QByteArray(1 + (4 - (made.size() + 1) % 4) % 4, '\0');
  made += content;
  return made + QByteArray((4 - made.size() % 4) % 4, '\0');
}

int depthOf(const LibconfigValue& value) {
  int deepest = 0;
  for (const LibconfigValue& member : value.members) {
    deepest = std::max(deepest, depthOf(member));
  }
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray text = fuzz::toBytes(data, size);
  if (const auto root = readLibconfig(text)) {
    fuzz::require(depthOf(*root) < 32, "nesting is limited");
  }
  const QByteArray swu =
      entry("sw-description", text) + entry("sw-description.sig", "x") + entry("a", "A") + entry("TRAILER!!!", {});
  if (const auto image = parseSwuImage(swu)) {
    fuzz::require(image->artefacts.size() == 1 && image->artefacts.first().filename == "a",
                  "exactly the files of the archive are named");
  }
  return 0;
}
