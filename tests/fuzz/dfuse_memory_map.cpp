// The names of alternate settings, in which STM32 bootloaders tell their memory.
#include "transports/protocols/dfu/dfuse_memory_map.h"

#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto map = DfuseMemoryMap::parse(QString::fromUtf8(fuzz::toBytes(data, size)));
  if (!map) {
    return 0;
  }
  quint64 end = 0;
  for (const DfuseSectors& run : map->sectors()) {
    fuzz::require(run.size > 0 && run.count > 0 && run.begin >= end && run.end() <= (1ULL << 32),
                  "sectors lie one behind the other in the address space");
    end = run.end();
    const quint64 last = run.end() - 1;
    fuzz::require(map->sectorsToErase(last, last + 1).size() == (run.erasable ? 1 : 0), "a byte lies in one sector");
    fuzz::require(map->isWritable(last, last + 1) == run.writable, "a byte is written as its sector is");
  }
  fuzz::require(map->writableBytes() >= 0, "sizes add up");
  return 0;
}
