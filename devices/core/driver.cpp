#include "devices/core/driver.h"

#include <iterator>
#include <utility>

namespace sealift {

QStringList Capabilities::names() const {
  const std::pair<bool, const char*> rows[] = {
      {slots, "slots"},
      {resume, "resume"},
      {readback, "readback"},
      {storedDigest, "storedDigest"},
      {sectorDigests, "sectorDigests"},
      {testBoot, "testBoot"},
      {secureBootState, "secureBootState"},
      {rollbackCounter, "rollbackCounter"},
      {identityProof, "identityProof"},
      {provisioning, "provisioning"},
      {runningVersion, "runningVersion"},
      {runningDigest, "runningDigest"},
  };
  QStringList held;
  for (const auto& [holds, name] : rows) {
    if (holds) {
      held << QString::fromLatin1(name);
    }
  }
  for (const QString& kind : deltaKinds) {
    held << QStringLiteral("delta:") + kind;
  }
  return held;
}

}  // namespace sealift
