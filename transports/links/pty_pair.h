// A pseudo terminal (Unix): what is written to the master comes out of the slave and the other
// way round, as bytes, without echo or line editing. Virtual serial devices and tests use it.
#pragma once

#include "transports/links/fd_link.h"

#include <memory>

namespace sealift {

class PtyPair {
 public:
  // Errors: LinkOpen.
  static Result<std::unique_ptr<PtyPair>> open();
  ~PtyPair();
  PtyPair(const PtyPair&) = delete;
  PtyPair& operator=(const PtyPair&) = delete;

  // The device's end. Never sees a hang-up: the pair keeps the slave open, so that programs may open and
  // close it. Destroying the pair is the cable being pulled: whoever has the slave open gets LinkLost.
  FdLink& master() { return *master_; }
  // The program's end, e.g. /dev/pts/7, for openSerialLink() or `serial:` addresses.
  const QString& slavePath() const { return slavePath_; }

 private:
  PtyPair() = default;

  std::unique_ptr<FdLink> master_;
  int slave_ = -1;
  QString slavePath_;
};

}  // namespace sealift
