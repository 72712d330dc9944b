#include "transports/protocols/tftp/tftp_service.h"

#include <future>
#include <system_error>

namespace sealift {

Result<std::unique_ptr<TftpService>> TftpService::start(OpenListener openListener, TftpServer::OpenPort openPort,
                                                        const TftpOffer& offer) {
  std::unique_ptr<TftpService> service(new TftpService);
  std::promise<Status> listens;
  std::future<Status> listening = listens.get_future();
  try {
    service->thread_ = std::thread([self = service.get(), openListener = std::move(openListener),
                                    openPort = std::move(openPort), offer, listens = std::move(listens)]() mutable {
      // A port belongs to the thread that opened it.
      Result<std::unique_ptr<DatagramPort>> listener = openListener();
      if (!listener) {
        listens.set_value(tl::unexpected<Error>(listener.error()));
        return;
      }
      listens.set_value({});
      TftpServer server(**listener, std::move(openPort), offer, self->counters_);
      if (const Status served = server.serve(self->cancel_); !served) {
        const std::scoped_lock lock(self->mutex_);
        self->failure_ = served.error();
      }
    });
  } catch (const std::system_error&) {
    return fail(ErrorCode::Internal, QStringLiteral("The TFTP server's thread could not be started."),
                QStringLiteral("Close other programs and try again."));
  }
  SEALIFT_CHECK(listening.get());
  return service;
}

TftpService::~TftpService() {
  cancel_.cancel();
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::optional<Error> TftpService::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

}  // namespace sealift
