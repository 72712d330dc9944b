// A byte link over an open file descriptor of a Unix system: pty, pipe, socket.
#pragma once

#include "transports/links/link.h"

namespace sealift {

class FdLink final : public ByteLink {
 public:
  // Takes ownership of `fd` and makes it non-blocking.
  FdLink(int fd, const QString& description);
  ~FdLink() override;
  FdLink(const FdLink&) = delete;
  FdLink& operator=(const FdLink&) = delete;

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override;
  QString description() const override { return description_; }

  int fd() const { return fd_; }  // stays owned by the link

 private:
  // Waits for `events`, deadline or cancel; true when the descriptor is ready.
  Result<bool> waitFor(short events, const Deadline& deadline, const CancelToken& cancel) const;
  tl::unexpected<Error> lost() const;

  int fd_;
  QString description_;
};

}  // namespace sealift
