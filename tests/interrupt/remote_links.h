// The links of a Sealift whose devices are in another process: every call goes there and waits for its answer.
// One thread.
#pragma once

#include "tests/interrupt/link_message.h"
#include "transports/links/link_opener.h"

#include <functional>

namespace sealift::test {

// The end of the conversation in Sealift's process. When the other end is gone, so is the process.
class LinkClient {
 public:
  explicit LinkClient(int socket) : socket_(socket) {}

  // How many entries of the audit log are known to be on the disk, with the head that says so: goes with every call,
  // so that whoever kills this process knows what must not be lost.
  std::function<QByteArray()> audited = [] { return QByteArray(); };

  template <class... Arguments>
  Result<QByteArray> call(LinkCall what, const Arguments&... arguments) {
    QByteArray message;
    QDataStream stream(&message, QIODevice::WriteOnly);
    stream << static_cast<quint8>(what) << audited();
    (void)(stream << ... << arguments);
    return exchange(message);
  }

 private:
  Result<QByteArray> exchange(const QByteArray& message);

  int socket_;
};

class RemoteLinks final : public LinkOpener {
 public:
  explicit RemoteLinks(LinkClient& client) : client_(client) {}

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<QList<UsbDeviceInfo>> usbDevices() override;

 private:
  LinkClient& client_;
};

}  // namespace sealift::test
