#include "app/services/pin_access.h"

#include "keystore/secrets/pin_source.h"

namespace sealift {
namespace {

class AskingPinSource final : public PinSource {
 public:
  explicit AskingPinSource(std::function<std::optional<QByteArray>(const QString&)> ask) : ask_(std::move(ask)) {}
  Result<SecretBytes> ask(const PinRequest& request) override {
    std::optional<QByteArray> typed = ask_(request.prompt());
    if (!typed) {
      return fail(ErrorCode::Cancelled, QStringLiteral("No PIN was entered for %1.").arg(request.keeper));
    }
    SecretBytes secret{QByteArrayView(*typed)};
    zeroize(*typed);
    return secret;
  }
  bool interactive() const override { return true; }

 private:
  std::function<std::optional<QByteArray>(const QString&)> ask_;
};

}  // namespace

std::unique_ptr<PinSource> makePinSource(const PinAccess& access) {
  if (!access.file.isEmpty()) {
    return std::make_unique<FilePinSource>(access.file);
  }
  if (!access.variable.isEmpty()) {
    return std::make_unique<EnvironmentPinSource>(access.variable.toLocal8Bit());
  }
  if (access.ask) {
    return std::make_unique<AskingPinSource>(access.ask);
  }
  return std::make_unique<NoPinSource>();
}

}  // namespace sealift
