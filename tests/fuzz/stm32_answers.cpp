// The STM32 bootloader's protocol: a conversation with a device that answers whatever the input says. One byte of
// length stands before each answer; the next message of the host brings the next answer.
#include "tests/fuzz/fuzz_target.h"
#include "transports/protocols/stm32/stm32_session.h"

using namespace sealift;
using namespace std::chrono_literals;

namespace {

constexpr int kMostOperations = 20'000;

class HostileLink final : public ByteLink {
 public:
  explicit HostileLink(QByteArray answers) : answers_(std::move(answers)) {}
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken&) override {
    count();
    if (now_.isEmpty()) {
      return deadline.timeout();
    }
    const QByteArray part = now_.left(maxBytes);
    now_.remove(0, part.size());
    return part;
  }
  Status write(QByteArrayView, const Deadline&, const CancelToken&) override {
    count();
    if (answers_.isEmpty()) {
      return {};
    }
    const auto length = static_cast<quint8>(answers_.front());
    const qsizetype size = length == 255 ? 1 + kStm32Block : length;  // as long as answers are
    now_ += answers_.mid(1, size);
    answers_.remove(0, 1 + size);
    return {};
  }
  Status discardInput() override {
    now_.clear();
    return {};
  }
  QString description() const override { return QStringLiteral("hostile"); }

 private:
  void count() { fuzz::require(++operations_ < kMostOperations, "conversations end"); }

  QByteArray answers_;
  QByteArray now_;
  int operations_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HostileLink link(fuzz::toBytes(data, size));
  Stm32Session session(link, {1ms, 1ms, 1ms, 1ms, 1ms, 1ms});
  const CancelToken go;
  Progress progress;
  if (!session.connect(go)) {
    return 0;
  }
  fuzz::require(session.info().has(Stm32Command::Get) && session.info().commands.size() <= 256, "Get is known");
  (void)session.productId(go);
  if (const auto id = session.read(0x1FFF7A10, 12, progress, go)) {
    fuzz::require(id->size() == 12, "what is read has its size");
  }
  (void)session.erasePages({0}, progress, go);
  (void)session.write(0x08000000, QByteArray(600, 'x'), progress, go);
  if (const auto bytes = session.read(0x08000000, 600, progress, go)) {
    fuzz::require(bytes->size() == 600, "what is read has its size");
  }
  (void)session.massErase(go);
  (void)session.readoutUnprotect(go);
  (void)session.go(0x08000000, go);
  return 0;
}
