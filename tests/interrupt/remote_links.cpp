#include "tests/interrupt/remote_links.h"

#include "transports/links/modem_lines.h"

#include <unistd.h>

namespace sealift::test {

namespace {

QByteArray copied(QByteArrayView bytes) {
  return bytes.toByteArray();
}

// A deadline as the other process makes it again: both have one clock.
struct Until {
  qint64 ms;
  QString name;
  explicit Until(const Deadline& deadline) : ms(deadline.remaining().count()), name(deadline.name()) {}
  friend QDataStream& operator<<(QDataStream& stream, const Until& until) { return stream << until.ms << until.name; }
};

// What opening gave, and what every call on it begins with; closed with its owner.
class Handle {
 public:
  Handle(LinkClient& client, quint32 number) : client_(client), number_(number) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { (void)client_.call(LinkCall::Close, number_); }

  template <class... Arguments>
  Result<QByteArray> call(LinkCall what, const CancelToken& cancel, const Arguments&... arguments) {
    SEALIFT_CHECK(cancel.check());
    return client_.call(what, number_, arguments...);
  }
  template <class... Arguments>
  Status tell(LinkCall what, const CancelToken& cancel, const Arguments&... arguments) {
    SEALIFT_CHECK(call(what, cancel, arguments...));
    return {};
  }

 private:
  LinkClient& client_;
  quint32 number_;
};

class RemoteByteLink final : public ByteLink, public ModemLines {
 public:
  RemoteByteLink(LinkClient& client, quint32 number, bool hasLines) : handle_(client, number), hasLines_(hasLines) {}

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    return handle_.call(LinkCall::Read, cancel, qint64(maxBytes), Until(deadline));
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    return handle_.tell(LinkCall::Write, cancel, copied(bytes), Until(deadline));
  }
  Status discardInput() override { return handle_.tell(LinkCall::Discard, CancelToken()); }
  QString description() const override { return QStringLiteral("remote port"); }
  ModemLines* modemLines() override { return hasLines_ ? this : nullptr; }
  Status setDtr(bool on) override { return handle_.tell(LinkCall::SetDtr, CancelToken(), on); }
  Status setRts(bool on) override { return handle_.tell(LinkCall::SetRts, CancelToken(), on); }

 private:
  Handle handle_;
  bool hasLines_;
};

class RemoteDatagramLink final : public DatagramLink {
 public:
  RemoteDatagramLink(LinkClient& client, quint32 number, qint64 maxBytes)
      : handle_(client, number), maxBytes_(maxBytes) {}

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
    return handle_.call(LinkCall::Receive, cancel, Until(deadline));
  }
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override {
    return handle_.tell(LinkCall::Send, cancel, copied(datagram), Until(deadline));
  }
  qsizetype maxDatagram() const override { return maxBytes_; }
  QString description() const override { return QStringLiteral("remote socket"); }

 private:
  Handle handle_;
  qsizetype maxBytes_;
};

class RemoteUsbLink final : public UsbLink {
 public:
  RemoteUsbLink(LinkClient& client, quint32 number, UsbDeviceInfo info)
      : handle_(client, number), info_(std::move(info)) {}

  const UsbDeviceInfo& device() const override { return info_; }
  Status claim(int interfaceNumber, int alternate, const CancelToken& cancel) override {
    return handle_.tell(LinkCall::Claim, cancel, qint32(interfaceNumber), qint32(alternate));
  }
  Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                               const CancelToken& cancel) override {
    return handle_.call(LinkCall::ControlIn, cancel, request.requestType, request.request, request.value, request.index,
                        maxBytes, Until(deadline));
  }
  Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                    const CancelToken& cancel) override {
    return handle_.tell(LinkCall::ControlOut, cancel, request.requestType, request.request, request.value,
                        request.index, copied(data), Until(deadline));
  }
  Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                            const CancelToken& cancel) override {
    return handle_.call(LinkCall::BulkIn, cancel, endpoint, qint64(maxBytes), Until(deadline));
  }
  Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override {
    return handle_.tell(LinkCall::BulkOut, cancel, endpoint, copied(data), Until(deadline));
  }
  Status reset(const CancelToken& cancel) override { return handle_.tell(LinkCall::UsbReset, cancel); }
  QString description() const override { return QStringLiteral("remote USB device %1").arg(info_.place); }

 private:
  Handle handle_;
  UsbDeviceInfo info_;
};

}  // namespace

// The answer: its error's code, words and remedy, or none and what came.
Result<QByteArray> LinkClient::exchange(const QByteArray& message) {
  QByteArray answer;
  if (!writeMessage(socket_, message) || !readMessage(socket_, answer)) {
    ::_exit(3);
  }
  QDataStream stream(answer);
  bool fine = false;
  stream >> fine;
  if (fine) {
    QByteArray payload;
    stream >> payload;
    return payload;
  }
  qint32 code = 0;
  QString what;
  QString remedy;
  stream >> code >> what >> remedy;
  return fail(static_cast<ErrorCode>(code), what, remedy);
}

Result<std::unique_ptr<ByteLink>> RemoteLinks::openBytes(const LinkAddress& address, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QByteArray opened, client_.call(LinkCall::OpenBytes, address.toString()));
  QDataStream stream(opened);
  quint32 number = 0;
  bool hasLines = false;
  stream >> number >> hasLines;
  return std::make_unique<RemoteByteLink>(client_, number, hasLines);
}

Result<std::unique_ptr<DatagramLink>> RemoteLinks::openDatagrams(const LinkAddress& address,
                                                                 const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QByteArray opened, client_.call(LinkCall::OpenDatagrams, address.toString()));
  QDataStream stream(opened);
  quint32 number = 0;
  qint64 maxBytes = 0;
  stream >> number >> maxBytes;
  return std::make_unique<RemoteDatagramLink>(client_, number, maxBytes);
}

Result<std::unique_ptr<UsbLink>> RemoteLinks::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QByteArray opened, client_.call(LinkCall::OpenUsb, address.toString()));
  QDataStream stream(opened);
  quint32 number = 0;
  UsbDeviceInfo info;
  stream >> number >> info;
  return std::make_unique<RemoteUsbLink>(client_, number, info);
}

Result<QList<UsbDeviceInfo>> RemoteLinks::usbDevices() {
  SEALIFT_TRY(const QByteArray told, client_.call(LinkCall::UsbDevices));
  QDataStream stream(told);
  quint32 count = 0;
  stream >> count;
  QList<UsbDeviceInfo> devices;
  for (quint32 i = 0; i < count; ++i) {
    UsbDeviceInfo info;
    stream >> info;
    devices << info;
  }
  return devices;
}

}  // namespace sealift::test
