#include "transports/protocols/smp/smp_client.h"

#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_commands.h"

#include <QCborArray>
#include <QCborValue>

#include <limits>

namespace sealift {

namespace {

using namespace std::chrono_literals;

// Flash is erased before the device answers: "synchronous command … can take a long time".
constexpr SmpPatience kErasePatience{60s, 2};
// Marking an image writes a trailer to flash.
constexpr SmpPatience kMarkPatience{5s, 3};
constexpr SmpPatience kResetPatience{3s, 1};
constexpr SmpPatience kReadPatience{};

constexpr qsizetype kMaxVersionText = 64;
constexpr qsizetype kMaxText = 256;
constexpr qsizetype kMaxImages = 16;
constexpr qint64 kMaxSize = std::numeric_limits<qint32>::max();

const QLatin1String kImages("images");

int smallNumber(const QCborMap& map, QLatin1String key, int absent) {
  const auto value = smpInteger(map, key);
  return value && *value >= 0 && *value <= 255 ? static_cast<int>(*value) : absent;
}

qint64 sizeField(const QCborMap& map, QLatin1String key) {
  const auto value = smpInteger(map, key);
  return value && *value >= 0 && *value <= kMaxSize ? *value : 0;
}

tl::unexpected<Error> unexpectedAnswer(const QString& request) {
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("The device's answer to '%1' lacks what the protocol prescribes.").arg(request));
}

bool isDigestSize(qsizetype size) {
  return size == 32 || size == 48 || size == 64;  // SHA-256, SHA-384, SHA-512
}

// "Not here" in all the forms that servers have for it.
bool meansAbsent(const SmpRefusal& refusal) {
  constexpr std::int64_t kOsQueryYieldsNoAnswer = 3;
  constexpr std::int64_t kOsQueryValueNotValid = 6;
  constexpr std::int64_t kSettingsKeyNotFound = 3;
  constexpr std::int64_t kSettingsReadNotSupported = 4;
  constexpr std::int64_t kSettingsRootKeyNotFound = 5;
  if (refusal.group == smp::kOsGroup) {
    return refusal.code == kOsQueryYieldsNoAnswer || refusal.code == kOsQueryValueNotValid;
  }
  if (refusal.group == smp::kSettingsGroup) {
    return refusal.code == kSettingsKeyNotFound || refusal.code == kSettingsReadNotSupported ||
           refusal.code == kSettingsRootKeyNotFound;
  }
  return refusal.is(SmpStatus::NotSupported) || refusal.is(SmpStatus::NoEntry);
}

}  // namespace

QString SmpBootloaderMode::text() const {
  switch (mode) {
    case 0:
      return QStringLiteral("single slot");
    case 1:
      return QStringLiteral("swap using scratch");
    case 2:
      return QStringLiteral("overwrite only");
    case 3:
      return QStringLiteral("swap using move");
    case 4:
      return QStringLiteral("direct XIP");
    case 5:
      return QStringLiteral("direct XIP with revert");
    case 6:
      return QStringLiteral("RAM load");
    case 7:
      return QStringLiteral("firmware loader");
    case 8:
      return QStringLiteral("single slot RAM load");
    case 9:
      return QStringLiteral("swap using offset");
    default:
      return QStringLiteral("mode not known");
  }
}

bool SmpBootloaderMode::lacksFallback() const {
  return mode >= 0 && mode != 1 && mode != 3 && mode != 9;
}

Result<QCborMap> SmpClient::carryOut(const SmpRequest& request, const SmpPatience& patience,
                                     const CancelToken& cancel) {
  SEALIFT_TRY(SmpAnswer answer, session_.call(request, patience, cancel));
  if (answer.refusal) {
    return fail(smpRefusalError(*answer.refusal, request.name));
  }
  return answer.body;
}

Result<std::optional<QCborMap>> SmpClient::ask(const SmpRequest& request, const CancelToken& cancel) {
  SEALIFT_TRY(SmpAnswer answer, session_.call(request, kReadPatience, cancel));
  if (!answer.refusal) {
    return std::optional(answer.body);
  }
  if (meansAbsent(*answer.refusal)) {
    return std::optional<QCborMap>();
  }
  return fail(smpRefusalError(*answer.refusal, request.name));
}

Result<QString> SmpClient::echo(const QString& text, const SmpPatience& patience, const CancelToken& cancel) {
  const QString name = QStringLiteral("echo");
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kOsGroup, smp::kEcho, QCborMap{{QStringLiteral("d"), text}}, name}, patience,
                       cancel));
  const auto reply = smpText(body, QLatin1String("r"));
  if (!reply) {
    return unexpectedAnswer(name);
  }
  return *reply;
}

Status SmpClient::reset(const CancelToken& cancel) {
  SEALIFT_CHECK(
      carryOut({SmpOp::Write, smp::kOsGroup, smp::kReset, {}, QStringLiteral("reset")}, kResetPatience, cancel));
  return {};
}

Result<std::optional<SmpParameters>> SmpClient::parameters(const CancelToken& cancel) {
  const QString name = QStringLiteral("MCUmgr parameters");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kOsGroup, smp::kParameters, {}, name}, cancel));
  if (!body) {
    return std::optional<SmpParameters>();
  }
  const SmpParameters parameters{sizeField(*body, QLatin1String("buf_size")),
                                 sizeField(*body, QLatin1String("buf_count"))};
  if (parameters.bufferSize == 0 || parameters.bufferCount == 0) {
    return unexpectedAnswer(name);
  }
  return std::optional(parameters);
}

Result<std::optional<QString>> SmpClient::bootloaderName(const CancelToken& cancel) {
  const QString name = QStringLiteral("bootloader information");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kOsGroup, smp::kBootloaderInfo, {}, name}, cancel));
  if (!body) {
    return std::optional<QString>();
  }
  const auto bootloader = smpText(*body, QLatin1String("bootloader"));
  if (!bootloader) {
    return unexpectedAnswer(name);
  }
  return std::optional(bootloader->left(kMaxText));
}

Result<std::optional<SmpBootloaderMode>> SmpClient::bootloaderMode(const CancelToken& cancel) {
  const QString name = QStringLiteral("bootloader information, mode");
  const QCborMap query{{QStringLiteral("query"), QStringLiteral("mode")}};
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kOsGroup, smp::kBootloaderInfo, query, name}, cancel));
  if (!body) {
    return std::optional<SmpBootloaderMode>();
  }
  const auto mode = smpInteger(*body, QLatin1String("mode"));
  if (!mode || *mode < -1 || *mode > 255) {
    return unexpectedAnswer(name);
  }
  return std::optional(SmpBootloaderMode{static_cast<int>(*mode), smpFlag(*body, QLatin1String("no-downgrade"))});
}

Result<std::optional<QString>> SmpClient::applicationInfo(const QString& format, const CancelToken& cancel) {
  const QString name = QStringLiteral("application information");
  const QCborMap query{{QStringLiteral("format"), format}};
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kOsGroup, smp::kApplicationInfo, query, name}, cancel));
  if (!body) {
    return std::optional<QString>();
  }
  const auto output = smpText(*body, QLatin1String("output"));
  if (!output) {
    return unexpectedAnswer(name);
  }
  return std::optional(output->left(kMaxText));
}

Result<QList<SmpImage>> SmpClient::imageState(const CancelToken& cancel, const SmpPatience& patience) {
  const QString name = QStringLiteral("image state");
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Read, smp::kImageGroup, smp::kImageState, {}, name}, patience, cancel));
  const QCborValue list = body.value(kImages);
  if (!list.isArray() || list.toArray().size() > kMaxImages) {
    return unexpectedAnswer(name);
  }
  QList<SmpImage> images;
  for (const QCborValue& entry : list.toArray()) {
    const QCborMap map = entry.toMap();
    SmpImage image;
    image.image = smallNumber(map, QLatin1String("image"), 0);
    image.slot = smallNumber(map, QLatin1String("slot"), -1);
    image.version = smpText(map, QLatin1String("version")).value_or(QString()).left(kMaxVersionText);
    image.hash = smpBytes(map, QLatin1String("hash")).value_or(QByteArray());
    image.bootable = smpFlag(map, QLatin1String("bootable"));
    image.pending = smpFlag(map, QLatin1String("pending"));
    image.confirmed = smpFlag(map, QLatin1String("confirmed"));
    image.active = smpFlag(map, QLatin1String("active"));
    image.permanent = smpFlag(map, QLatin1String("permanent"));
    if (!entry.isMap() || image.slot < 0 || (!image.hash.isEmpty() && !isDigestSize(image.hash.size()))) {
      return unexpectedAnswer(name);
    }
    images.append(image);
  }
  return images;
}

Status SmpClient::setImageState(const QByteArray& hash, bool confirm, const CancelToken& cancel) {
  QCborMap body{{QStringLiteral("confirm"), confirm}};
  if (!hash.isEmpty()) {
    body.insert(QStringLiteral("hash"), hash);
  }
  SEALIFT_CHECK(carryOut({SmpOp::Write, smp::kImageGroup, smp::kImageState, body,
                          confirm ? QStringLiteral("image confirm") : QStringLiteral("image test")},
                         kMarkPatience, cancel));
  return {};
}

Status SmpClient::eraseSlot(int slot, const CancelToken& cancel) {
  SEALIFT_CHECK(carryOut({SmpOp::Write, smp::kImageGroup, smp::kImageErase, QCborMap{{QStringLiteral("slot"), slot}},
                          QStringLiteral("image erase")},
                         kErasePatience, cancel));
  return {};
}

Result<std::optional<QList<SmpSlotInfo>>> SmpClient::slotInfo(const CancelToken& cancel) {
  const QString name = QStringLiteral("slot info");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kImageGroup, smp::kSlotInfo, {}, name}, cancel));
  if (!body) {
    return std::optional<QList<SmpSlotInfo>>();
  }
  QList<SmpSlotInfo> result;
  for (const QCborValue& entry : body->value(kImages).toArray()) {
    const QCborMap image = entry.toMap();
    for (const QCborValue& part : image.value(QLatin1String("slots")).toArray()) {
      const QCborMap slot = part.toMap();
      result.append({smallNumber(image, QLatin1String("image"), 0), smallNumber(slot, QLatin1String("slot"), 0),
                     sizeField(slot, QLatin1String("size")), sizeField(image, QLatin1String("max_image_size"))});
    }
  }
  return std::optional(result);
}

Result<std::optional<QByteArray>> SmpClient::readSetting(const QString& name, int maxSize, const CancelToken& cancel) {
  const QString request = QStringLiteral("setting %1").arg(name);
  const QCborMap query{{QStringLiteral("name"), name}, {QStringLiteral("max_size"), maxSize}};
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kSettingsGroup, smp::kSetting, query, request}, cancel));
  if (!body) {
    return std::optional<QByteArray>();
  }
  const auto value = smpBytes(*body, QLatin1String("val"));
  if (!value || value->size() > maxSize) {
    return unexpectedAnswer(request);
  }
  return std::optional(*value);
}

Status SmpClient::writeSetting(const QString& name, const QByteArray& value, const CancelToken& cancel) {
  const QCborMap body{{QStringLiteral("name"), name}, {QStringLiteral("val"), value}};
  SEALIFT_CHECK(
      carryOut({SmpOp::Write, smp::kSettingsGroup, smp::kSetting, body, QStringLiteral("setting %1, write").arg(name)},
               kMarkPatience, cancel));
  return {};
}

}  // namespace sealift
