// A TCP connection as a byte link.
#pragma once

#include "transports/links/link.h"

#include <QTcpSocket>

#include <memory>

namespace sealift {

class TcpLink final : public ByteLink {
 public:
  // Errors: LinkOpen, Timeout, Cancelled.
  static Result<std::unique_ptr<TcpLink>> open(const QString& host, quint16 port, const Deadline& deadline,
                                               const CancelToken& cancel);

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override;
  QString description() const override;

 private:
  TcpLink() = default;
  Status checkStillThere() const;

  QTcpSocket socket_;
  QString peer_;
};

}  // namespace sealift
