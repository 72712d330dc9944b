// What U-Boot prints: each command gets the next piece of the input for its output, with the prompt and the shell's
// answer in order behind it. YMODEM's receiver (the first byte is odd) gets the input as it is.
#include "tests/fuzz/fuzz_target.h"
#include "transports/links/scripted_link.h"
#include "transports/protocols/uboot/device_tree.h"
#include "transports/protocols/uboot/environment.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/ymodem/ymodem_sender.h"

using namespace sealift;

namespace {

class PrintingLink final : public ByteLink {
 public:
  explicit PrintingLink(QByteArrayView outputs) : outputs_(outputs) {}

  Status write(QByteArrayView bytes, const Deadline&, const CancelToken&) override {
    for (const char c : bytes) {
      if (c == '\r') {
        answer();
      } else if (c == '\x03') {
        typed_.clear();
        printed_ += "<INTERRUPT>\r\n=> ";
      } else {
        typed_ += c;
        printed_ += c;
      }
    }
    return {};
  }
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken&) override {
    if (printed_.isEmpty()) {
      return deadline.timeout();
    }
    const QByteArray piece = printed_.left(maxBytes);
    printed_.remove(0, piece.size());
    return piece;
  }
  Status discardInput() override { return {}; }
  QString description() const override { return QStringLiteral("fuzz"); }

 private:
  void answer() {
    printed_ += "\r\n" + fuzz::takePiece(outputs_);
    const qsizetype echo = typed_.lastIndexOf("; echo ");
    const QByteArray marker = echo < 0 ? QByteArray() : typed_.mid(echo + 7).replace("$?", "0");
    printed_ += "\r\n" + marker + "\r\n=> ";
    typed_.clear();
  }

  QByteArrayView outputs_;
  QByteArray typed_;
  QByteArray printed_;
};

void askEverything(QByteArrayView outputs) {
  PrintingLink link(outputs);
  UbootConsole console(link, {});
  const CancelToken never;
  UbootEnvironment environment(console);
  if (const auto block = environment.importBlock(0x1000, 512, {"serial#", "board"}, never); block && *block) {
    fuzz::require((*block)->size() <= 2, "only what was asked for is told");
  }
  UbootDeviceTree tree(console);
  if (const auto opened = tree.open("${fdtcontroladdr}", never); opened && *opened) {
    (void)tree.text("/", "model", never);
    (void)tree.cell("/chosen", "security-version", never);
    (void)tree.children("/signature", never);
  }
  UbootMemory memory(console);
  (void)memory.crc32(0x1000, 64, never);
  if (const auto digest = memory.sha256(0x1000, 64, never); digest && *digest) {
    fuzz::require((*digest)->size() == 32, "a SHA-256 has 32 bytes");
  }
  if (const auto bytes = memory.read(0x1000, 64, never)) {
    fuzz::require(bytes->size() == 64, "as much is read as was asked for");
  }
  (void)memory.equal(0x1000, 0x2000, 64, never);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const QByteArray bytes = fuzz::toBytes(data, size);
  if ((bytes[0] & 1) == 0) {
    askEverything(QByteArrayView(bytes).sliced(1));
    return 0;
  }
  using namespace std::chrono_literals;
  ScriptedByteLink link;
  link.script().expectAny(1 << 20).reply(bytes.mid(1));
  YmodemSender sender(link, {.start = 0ms, .answer = 0ms, .dataStart = 0ms, .retries = 2}, bytes.mid(1));
  Progress progress;
  (void)sender.send(QStringLiteral("image.bin"), QByteArray(3000, 'i'), progress, CancelToken());
  return 0;
}
