// What an SMP device answers. The first byte says how: 0 as datagrams and 1 as console lines, whatever they hold; above
// that as answers that fit their requests, with the input's CBOR as their bodies.
#include "tests/fuzz/fuzz_target.h"
#include "transports/links/scripted_link.h"
#include "transports/protocols/smp/smp_client.h"
#include "transports/protocols/smp/smp_console_transport.h"
#include "transports/protocols/smp/smp_identity_client.h"

#include <deque>

using namespace sealift;

namespace {

// Answers each request at once, with the next piece of the input for a body.
class AnsweringTransport final : public SmpTransport {
 public:
  explicit AnsweringTransport(QByteArrayView bodies) : bodies_(bodies) {}

  Status send(QByteArrayView packet, const Deadline&, const CancelToken&) override {
    const auto request = decodeSmpMessage(packet);
    fuzz::require(request.has_value(), "what is sent is SMP");
    const QByteArray body = fuzz::takePiece(bodies_);
    QByteArray answer = packet.first(kSmpHeaderSize).toByteArray();
    answer[0] = static_cast<char>(answer[0] | 1);  // a response
    answer[2] = static_cast<char>(body.size() >> 8);
    answer[3] = static_cast<char>(body.size());
    answer += body;
    answers_.push_back(answer);
    return {};
  }
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken&) override {
    if (answers_.empty()) {
      return deadline.timeout();
    }
    QByteArray answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  qsizetype maxPacket() const override { return kSmpMaxPacket; }
  qsizetype bufferOverhead() const override { return 0; }
  bool keepsOrder() const override { return true; }
  std::chrono::milliseconds wireTime(qsizetype) const override { return {}; }
  QString description() const override { return QStringLiteral("fuzz"); }

 private:
  QByteArrayView bodies_;
  std::deque<QByteArray> answers_;
};

void askWhoItIs(SmpSession& session) {
  SmpIdentityClient client(session);
  const CancelToken never;
  if (const auto state = client.state(never); state && *state) {
    fuzz::require((*state)->keyId.size() == ((*state)->key ? 32 : 0), "a key has an id, and no key has none");
  }
  if (const auto certificate = client.certificate(never); certificate && *certificate) {
    fuzz::require(!(*certificate)->isEmpty() && (*certificate)->size() <= kSmpMaxCertificate, "it has a sane size");
  }
  if (const auto keyId = client.makeKey(SmpKeyAlgorithm::P256, never)) {
    fuzz::require(keyId->size() == 32, "a key's id is a digest");
  }
  if (const auto proof = client.sign(QByteArray(kSmpIdentityNonce, 'n'), never)) {
    fuzz::require(proof->deviceNonce.size() == kSmpIdentityNonce && proof->signature.size() <= 128, "sizes are kept");
  }
  (void)client.certificateRequest(never);
  (void)client.storeCertificate(QByteArray(300, 'c'), never);
  (void)client.secureBoot(never);
  (void)client.counter(never);
  (void)client.lock(QByteArray(32, 'k'), never);
  (void)client.wipe(QByteArray(32, 'k'), never);
}

void askEverything(QByteArrayView bodies) {
  AnsweringTransport transport(bodies);
  SmpSession session(transport, 0);
  SmpClient client(session);
  const CancelToken never;
  const SmpPatience once{std::chrono::milliseconds(0), 1};
  if (const auto images = client.imageState(never, once)) {
    for (const SmpImage& image : *images) {
      fuzz::require(image.version.size() <= 64 && image.hash.size() <= 64, "what an image tells is limited");
    }
  }
  if (const auto parameters = client.parameters(never); parameters && *parameters) {
    fuzz::require((*parameters)->bufferSize >= 0 && (*parameters)->bufferCount >= 0, "buffers are not negative");
  }
  if (const auto slots = client.slotInfo(never); slots && *slots) {
    for (const SmpSlotInfo& slot : **slots) {
      fuzz::require(slot.size >= 0 && slot.maxImageSize >= 0, "a slot's size is not negative");
    }
  }
  (void)client.bootloaderName(never);
  (void)client.bootloaderMode(never);
  (void)client.applicationInfo(QStringLiteral("sv"), never);
  if (const auto setting = client.readSetting(QStringLiteral("sealift/serial"), 64, never); setting && *setting) {
    fuzz::require((*setting)->size() <= 64, "a setting is no longer than was asked for");
  }
  (void)client.setImageState(QByteArray(32, 'h'), false, never);
  (void)client.eraseSlot(1, never);
  askWhoItIs(session);
}

void readConsole(QByteArrayView bytes) {
  ScriptedByteLink link;
  link.script().reply(bytes.toByteArray());
  SmpConsoleTransport transport(link, 0);
  const CancelToken never;
  qsizetype packets = 0;
  while (const auto packet =
             transport.receive(Deadline::in(std::chrono::milliseconds(0), QStringLiteral("fuzz")), never)) {
    packets += packet->size();
    (void)decodeSmpMessage(*packet);
  }
  fuzz::require(packets <= bytes.size(), "base64 makes nothing longer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const QByteArray bytes = fuzz::toBytes(data, size);
  const QByteArrayView rest = QByteArrayView(bytes).sliced(1);
  if (bytes[0] == 0) {
    if (const auto message = decodeSmpMessage(rest)) {
      const auto again = decodeSmpMessage(encodeSmpMessage(*message));
      fuzz::require(again && again->header == message->header, "a message is the same after writing and reading");
    }
  } else if (bytes[0] == 1) {
    readConsole(rest);
  } else {
    askEverything(rest);
  }
  return 0;
}
