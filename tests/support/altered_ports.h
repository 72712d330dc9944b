// The system's own links, whose UDP ports a test can get its hands on: what is sent can be changed, lost or watched,
// and opening can fail.
#pragma once

#include "transports/links/link_opener.h"

#include <atomic>
#include <functional>
#include <optional>

namespace sealift::test {

class AlteredPorts final : public LinkOpener {
 public:
  // Each datagram that goes out, `index` counted in `sent`; nothing: it is lost. On the port's thread.
  std::function<std::optional<QByteArray>(int index, const QByteArray&)> outgoing = [](int, const QByteArray& bytes) {
    return std::optional(bytes);
  };
  // Before the port for requests is opened; its error is what opening gives. On the port's thread.
  std::function<Status(const QHostAddress& own, quint16 port)> opening = [](const QHostAddress&, quint16) {
    return Status();
  };
  // Wraps each byte link.
  std::function<std::unique_ptr<ByteLink>(std::unique_ptr<ByteLink>)> wrapped = [](std::unique_ptr<ByteLink> link) {
    return link;
  };

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
    SEALIFT_TRY(auto link, system_.openBytes(address, cancel));
    return wrapped(std::move(link));
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override {
    return system_.openDatagrams(address, cancel);
  }
  Result<std::unique_ptr<DatagramPort>> openPort(const LinkAddress& peer, const QHostAddress& own, quint16 port,
                                                 const CancelToken& cancel) override {
    if (port != 0) {
      SEALIFT_CHECK(opening(own, port));
    }
    SEALIFT_TRY(auto opened, system_.openPort(peer, own, hidesPort ? quint16(0) : port, cancel));
    return std::make_unique<Port>(*this, std::move(opened));
  }

  std::atomic<int> sent = 0;  // datagrams so far
  bool hidesPort = false;     // requests go to a port that nobody knows, so that another server can have the real one

 private:
  class Port final : public DatagramPort {
   public:
    Port(AlteredPorts& owner, std::unique_ptr<DatagramPort> inner) : owner_(owner), inner_(std::move(inner)) {}
    Result<Datagram> receive(const Deadline& deadline, const CancelToken& cancel) override {
      return inner_->receive(deadline, cancel);
    }
    Status send(const DatagramPeer& to, QByteArrayView datagram) override {
      const std::optional<QByteArray> altered = owner_.outgoing(owner_.sent++, datagram.toByteArray());
      return altered ? inner_->send(to, *altered) : Status();
    }
    quint16 number() const override { return inner_->number(); }

   private:
    AlteredPorts& owner_;
    std::unique_ptr<DatagramPort> inner_;
  };

  SystemLinkOpener system_;
};

}  // namespace sealift::test
