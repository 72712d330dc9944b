#include "app/update/step_detail.h"

#include "devices/core/device_json.h"

namespace sealift {

QJsonObject toDetail(const Status& status) {
  if (status) {
    return {{QStringLiteral("ok"), true}};
  }
  return {{QStringLiteral("ok"), false},
          {QStringLiteral("code"), errorCodeName(status.error().code)},
          {QStringLiteral("error"), status.error().message()}};
}

QJsonObject toDetail(const Result<DeviceSnapshot>& result) {
  QJsonObject detail = result ? QJsonObject{{QStringLiteral("device"), deviceToJson(*result)}}
                              : toDetail(Status(tl::unexpected<Error>(result.error())));
  detail[QStringLiteral("ok")] = result.has_value();
  return detail;
}

QJsonObject toDetail(const Result<StoredProof>& result) {
  if (!result) {
    return toDetail(Status(tl::unexpected<Error>(result.error())));
  }
  return {{QStringLiteral("ok"), true},
          {QStringLiteral("method"), result->method},
          {QStringLiteral("digest"), QString::fromLatin1(result->digest.toHex())}};
}

QJsonObject toDetail(const Result<IdentityProof>& result) {
  if (!result) {
    return toDetail(Status(tl::unexpected<Error>(result.error())));
  }
  constexpr const char* kStates[] = {"cannot-be-verified", "verified", "refuted"};
  return {{QStringLiteral("ok"), true},
          {QStringLiteral("state"), QString::fromLatin1(kStates[static_cast<int>(result->state)])},
          {QStringLiteral("detail"), result->detail}};
}

}  // namespace sealift
