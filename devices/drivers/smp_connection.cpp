#include "devices/drivers/smp_connection.h"

#include "transports/protocols/smp/smp_console_transport.h"
#include "transports/protocols/smp/smp_datagram_transport.h"

namespace sealift {

Result<std::unique_ptr<SmpConnection>> SmpConnection::open(const LinkAddress& address, LinkOpener& opener,
                                                           const CancelToken& cancel) {
  std::unique_ptr<SmpConnection> connection(new SmpConnection);
  if (address.kind == LinkKind::Udp) {
    SEALIFT_TRY(connection->datagrams_, opener.openDatagrams(address, cancel));
    connection->transport_ = std::make_unique<SmpDatagramTransport>(*connection->datagrams_);
  } else {
    SEALIFT_TRY(connection->bytes_, opener.openBytes(address, cancel));
    SEALIFT_CHECK(connection->bytes_->discardInput());
    connection->transport_ = std::make_unique<SmpConsoleTransport>(
        *connection->bytes_, address.kind == LinkKind::Serial ? address.baud() : 0);
  }
  connection->session_ = std::make_unique<SmpSession>(*connection->transport_);
  connection->client_ = std::make_unique<SmpClient>(*connection->session_);
  return connection;
}

}  // namespace sealift
