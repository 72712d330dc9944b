// TFTP: a request, and then a client that answers whatever the input says. Each packet stands behind one byte of
// length; the highest bit of that makes it an acknowledgement near to what was sent last, so that transfers get on.
#include "tests/fuzz/fuzz_target.h"
#include "transports/protocols/tftp/tftp_transfer.h"

using namespace sealift;

namespace {

const QByteArray& file() {
  static const QByteArray bytes(5'003, 'f');
  return bytes;
}

// What is sent: options once at most, else blocks in order, each as the file has it.
class Watcher {
 public:
  explicit Watcher(const TftpTerms& terms) : terms_(terms) {}

  void sent(const QList<QByteArray>& packets) {
    fuzz::require(packets.size() <= TftpTerms::kMostWindowBlocks, "never more than a window");
    for (const QByteArray& packet : packets) {
      if (tftpOpcode(packet) == TftpOpcode::OptionAcknowledgement) {
        fuzz::require(!terms_.acknowledged.isEmpty() && packets.size() == 1, "options are acknowledged alone");
        continue;
      }
      fuzz::require(tftpOpcode(packet) == TftpOpcode::Data, "a server sends data");
      fuzz::require(packet.size() <= terms_.blockBytes + 4, "no block is larger than was agreed on");
      for (const char c : packet.sliced(4)) {
        fuzz::require(c == 'f', "only the file's bytes");
      }
      last_ = static_cast<quint16>((static_cast<quint8>(packet[2]) << 8) | static_cast<quint8>(packet[3]));
    }
  }
  quint16 last() const { return last_; }

 private:
  const TftpTerms& terms_;
  quint16 last_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  QByteArray input = fuzz::toBytes(data, size);
  const auto take = [&input](bool* isAck) {
    const auto head = input.isEmpty() ? quint8(0) : static_cast<quint8>(input[0]);
    const QByteArray packet = input.mid(1, head & 0x7F);
    input.remove(0, 1 + packet.size());
    *isAck = (head & 0x80) != 0;
    return packet;
  };
  bool isAck = false;
  const QByteArray first = take(&isAck);
  QList<TftpOption> options;
  if (const auto request = TftpRequest::parse(first)) {
    fuzz::require(!request->fileName.isEmpty() && !request->fileName.contains('\0'), "a name is a text");
    fuzz::require(request->mode == request->mode.toLower(), "modes are lower case");
    options = request->options;
  }
  if (const auto error = TftpError::parse(first)) {
    fuzz::require(error->message.size() <= 120, "messages are short");
  }
  const TftpTerms terms = TftpTerms::agree(options, file().size());
  fuzz::require(terms.blockBytes >= TftpTerms::kLeastBlockBytes && terms.blockBytes <= TftpTerms::kMostBlockBytes &&
                    terms.windowBlocks >= 1 && terms.windowBlocks <= TftpTerms::kMostWindowBlocks &&
                    terms.timeout.count() >= 1'000 && terms.timeout.count() <= 255'000,
                "what is agreed on keeps to the limits");

  TftpTransfer transfer(file(), terms);
  Watcher watcher(terms);
  watcher.sent(transfer.begin());
  qint64 acknowledged = 0;
  int silences = 0;
  while (!input.isEmpty() && transfer.state() == TftpTransfer::State::Running) {
    const QByteArray packet = take(&isAck);
    if (isAck) {
      const auto number = static_cast<quint16>(watcher.last() - static_cast<quint16>(packet.size()));
      watcher.sent(transfer.take(QByteArray("\0\4", 2) + static_cast<char>(number >> 8) + static_cast<char>(number)));
    } else if (packet.isEmpty()) {
      ++silences;
      watcher.sent(transfer.timedOut());
    } else {
      watcher.sent(transfer.take(packet));
    }
    fuzz::require(transfer.acknowledgedBytes() >= acknowledged, "acknowledged bytes only grow");
    acknowledged = transfer.acknowledgedBytes();
    fuzz::require(acknowledged <= file().size(), "and not beyond the file");
  }
  fuzz::require(transfer.state() != TftpTransfer::State::Done || acknowledged == file().size(), "done is all of it");
  fuzz::require(transfer.state() != TftpTransfer::State::GivenUp || silences > TftpTransfer::kRepeats,
                "nobody is given up too early");
  return 0;
}
