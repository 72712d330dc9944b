// Fastboot over TCP: each packet behind its length.
// Source: AOSP, system/core/fastboot/README.md, "TCP Protocol v1".
#pragma once

#include "transports/protocols/fastboot/fastboot_carrier.h"

namespace sealift {

class FastbootTcp final : public FastbootCarrier {
 public:
  explicit FastbootTcp(ByteLink& link) : link_(link) {}

  Status begin(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;

 private:
  Result<QByteArray> readExactly(qsizetype bytes, const Deadline& deadline, const CancelToken& cancel);
  Result<quint64> readLength(const Deadline& deadline, const CancelToken& cancel);

  ByteLink& link_;
  quint64 dataLeft_ = 0;  // of a message of the data phase that was taken in part
};

}  // namespace sealift
