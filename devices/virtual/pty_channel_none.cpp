// For systems without pseudo terminals.
#include "devices/virtual/device_channel.h"

namespace sealift {

namespace {

class NoPtyChannel final : public DeviceChannel {
 public:
  Result<LinkAddress> open() override {
    return fail(ErrorCode::NotSupported, QStringLiteral("This system has no pseudo terminals."));
  }
  QList<DevicePacket> receive(int) override { return {}; }
  void reply(const DevicePacket&, const QByteArray&) override {}
  void print(const QByteArray&) override {}
};

}  // namespace

std::unique_ptr<DeviceChannel> makePtyChannel(qsizetype) {
  return std::make_unique<NoPtyChannel>();
}

}  // namespace sealift
