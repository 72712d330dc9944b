// Fastboot over TCP: a whole session with a device that answers whatever the input says.
#include "tests/fuzz/fuzz_target.h"
#include "transports/protocols/fastboot/fastboot_session.h"
#include "transports/protocols/fastboot/fastboot_tcp.h"

#include <algorithm>

using namespace sealift;

namespace {

// Gives the input's bytes, then the connection is closed.
class HostileLink final : public ByteLink {
 public:
  explicit HostileLink(QByteArray bytes) : bytes_(std::move(bytes)) {}
  Result<QByteArray> read(qsizetype maxBytes, const Deadline&, const CancelToken&) override {
    if (bytes_.isEmpty()) {
      return fail(ErrorCode::LinkLost, QStringLiteral("Closed."));
    }
    const QByteArray part = bytes_.left(maxBytes);
    bytes_.remove(0, part.size());
    return part;
  }
  Status write(QByteArrayView, const Deadline&, const CancelToken&) override { return {}; }
  Status discardInput() override { return {}; }
  QString description() const override { return QStringLiteral("hostile"); }

 private:
  QByteArray bytes_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (const auto reply = FastbootReply::parse(bytes)) {
    fuzz::require(bytes.size() >= 4 && bytes.size() <= kFastbootMaxReply, "a reply has 4 to 256 bytes");
    fuzz::require(reply->kind != FastbootReply::Kind::Data || bytes.size() == 12, "DATA has twelve bytes");
  }
  const QString text = fastbootText(bytes);
  fuzz::require(std::all_of(text.begin(), text.end(), [](QChar c) { return c >= u' ' && c <= u'~'; }),
                "text is printable ASCII");
  HostileLink link("FB01" + bytes);
  FastbootTcp carrier(link);
  FastbootSession session(carrier);
  const CancelToken go;
  fuzz::require(session.begin(go).has_value(), "the handshake is there");
  Progress progress;
  (void)session.variable("product", go);
  (void)session.allVariables(go);
  (void)session.download("some data", 0, 9, progress, go);
  (void)session.flash("boot", std::chrono::seconds(1), go);
  qint64 fetched = 0;
  const Status done = session.fetch(
      "boot", 100, 20,
      [&](qint64 offset, QByteArrayView part) {
        fuzz::require(offset == 100 + fetched && !part.isEmpty(), "data comes in order");
        fetched += part.size();
        return Status();
      },
      go);
  fuzz::require(fetched <= 20 && (!done || fetched == 20), "never more than was asked for, and all of it when done");
  return 0;
}
