// Fastboot over UDP: a session with a device that answers whatever the input says. Each datagram stands behind one byte
// of length; the highest bit of that makes it fit what was sent last, so that more than the first packet gets through.
#include "transports/protocols/fastboot/fastboot_udp.h"

#include "tests/fuzz/fuzz_target.h"
#include "transports/protocols/fastboot/fastboot_session.h"

using namespace sealift;

namespace {

class HostileLink final : public DatagramLink {
 public:
  explicit HostileLink(QByteArray bytes) : bytes_(std::move(bytes)) {}
  Result<QByteArray> receive(const Deadline&, const CancelToken&) override {
    if (bytes_.isEmpty()) {
      return fail(ErrorCode::LinkLost, QStringLiteral("Closed."));
    }
    const auto head = static_cast<quint8>(bytes_[0]);
    QByteArray datagram = bytes_.mid(1, head & 0x7F);
    bytes_.remove(0, 1 + datagram.size());
    if ((head & 0x80) != 0 && datagram.size() >= FastbootUdpPacket::kHeaderBytes) {
      datagram[0] = sent_[0];
      datagram[2] = sent_[2];
      datagram[3] = sent_[3];
    }
    return datagram;
  }
  Status send(QByteArrayView datagram, const Deadline&, const CancelToken&) override {
    sent_ = datagram.toByteArray();
    fuzz::require(sent_.size() >= FastbootUdpPacket::kHeaderBytes && sent_.size() <= 8192, "packets keep to the size");
    return {};
  }
  qsizetype maxDatagram() const override { return 65507; }
  QString description() const override { return QStringLiteral("hostile"); }

 private:
  QByteArray bytes_;
  QByteArray sent_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (const auto packet = FastbootUdpPacket::parse(bytes)) {
    const auto back = FastbootUdpPacket::parse(packet->encode());
    fuzz::require(back && back->sequence == packet->sequence && back->data == packet->data && back->id == packet->id &&
                      back->continues == packet->continues,
                  "a packet is the same after writing and reading");
  }
  HostileLink link(bytes);
  FastbootUdp carrier(link);
  FastbootSession session(carrier);
  const CancelToken go;
  if (!session.begin(go)) {
    return 0;
  }
  fuzz::require(carrier.packetSize() >= FastbootUdpPacket::kLeastSize && carrier.packetSize() <= 8192,
                "the agreed size is between both sides' limits");
  Progress progress;
  (void)session.variable("product", go);
  (void)session.download(QByteArray(2000, 'd'), 0, 2000, progress, go);
  qint64 fetched = 0;
  (void)session.fetch(
      "boot", 0, 20,
      [&](qint64, QByteArrayView part) {
        fetched += part.size();
        return Status();
      },
      go);
  fuzz::require(fetched <= 20, "never more than was asked for");
  return 0;
}
