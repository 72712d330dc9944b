// One open conversation with an SMP device: link, transport, session, commands. A step opens one and drops it.
#pragma once

#include "transports/links/link_opener.h"
#include "transports/protocols/smp/smp_client.h"

#include <memory>

namespace sealift {

class SmpConnection {
 public:
  // udp: datagrams; serial and tcp: console framing. Errors: the opener's.
  static Result<std::unique_ptr<SmpConnection>> open(const LinkAddress& address, LinkOpener& opener,
                                                     const CancelToken& cancel);

  SmpClient& client() { return *client_; }
  QString description() const { return transport_->description(); }

 private:
  SmpConnection() = default;

  // In the order of making: each uses the one above it.
  std::unique_ptr<ByteLink> bytes_;
  std::unique_ptr<DatagramLink> datagrams_;
  std::unique_ptr<SmpTransport> transport_;
  std::unique_ptr<SmpSession> session_;
  std::unique_ptr<SmpClient> client_;
};

}  // namespace sealift
