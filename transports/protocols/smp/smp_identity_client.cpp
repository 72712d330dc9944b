#include "transports/protocols/smp/smp_identity_client.h"

#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_commands.h"

#include <QCborArray>
#include <QCryptographicHash>

#include <limits>

namespace sealift {

namespace {

using namespace std::chrono_literals;

// Making a key, signing and writing flash take a small processor up to some seconds.
constexpr SmpPatience kPatience{10s, 3};
constexpr qsizetype kDigestBytes = 32;
constexpr qsizetype kMaxSignature = 128;  // ECDSA P-256 in DER has at most 72 bytes, Ed25519 64
constexpr qsizetype kChunkBytes = 128;    // with header and keys below 256 bytes, which every server's buffer holds
constexpr qsizetype kMaxAlgorithms = 8;
constexpr int kMaxSetbacks = 8;
constexpr int kMaxSteps = 4096;             // a device that gives a byte at a time still comes to an end
constexpr std::int64_t kNoCertificate = 6;  // IDENTITY_ERR_NO_CERTIFICATE

QString key(const char* name) {
  return QString::fromLatin1(name);
}

tl::unexpected<Error> unexpectedAnswer(const QString& request) {
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("The device's answer to '%1' lacks what the protocol prescribes.").arg(request));
}

QString algorithmName(SmpKeyAlgorithm algorithm) {
  return algorithm == SmpKeyAlgorithm::P256 ? QStringLiteral("p256") : QStringLiteral("ed25519");
}

std::optional<SmpKeyAlgorithm> algorithmFrom(const QString& name) {
  for (const SmpKeyAlgorithm algorithm : {SmpKeyAlgorithm::P256, SmpKeyAlgorithm::Ed25519}) {
    if (name == algorithmName(algorithm)) {
      return algorithm;
    }
  }
  return std::nullopt;
}

QByteArray digestOf(const QByteArray& bytes) {
  return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256);
}

// A digest that may be absent, but nothing else; false when it is something else.
bool readDigest(const QCborMap& body, const char* name, QByteArray& digest) {
  const QCborValue value = body.value(QLatin1String(name));
  digest = value.toByteArray();
  return value.isUndefined() || (value.isByteArray() && digest.size() == kDigestBytes);
}

std::optional<bool> readBool(const QCborMap& body, const char* name) {
  const QCborValue value = body.value(QLatin1String(name));
  return value.isBool() ? std::optional(value.toBool()) : std::nullopt;
}

}  // namespace

// Nothing when the device has no such group or command, or says in the group's own words that there is no such thing.
Result<std::optional<QCborMap>> SmpIdentityClient::ask(const SmpRequest& request, const CancelToken& cancel) {
  SEALIFT_TRY(SmpAnswer answer, session_.call(request, kPatience, cancel));
  if (!answer.refusal) {
    return std::optional(answer.body);
  }
  const SmpRefusal& refusal = *answer.refusal;
  if (refusal.is(SmpStatus::NotSupported) || refusal.is(SmpStatus::NoEntry) ||
      (refusal.group == smp::kIdentityGroup && refusal.code == kNoCertificate)) {
    return std::optional<QCborMap>();
  }
  return fail(smpRefusalError(refusal, request.name));
}

Result<QCborMap> SmpIdentityClient::carryOut(const SmpRequest& request, const CancelToken& cancel) {
  SEALIFT_TRY(SmpAnswer answer, session_.call(request, kPatience, cancel));
  if (answer.refusal) {
    return fail(smpRefusalError(*answer.refusal, request.name));
  }
  return answer.body;
}

Result<std::optional<SmpIdentityState>> SmpIdentityClient::state(const CancelToken& cancel) {
  const QString name = QStringLiteral("identity state");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kIdentityGroup, smp::kIdentityState, {}, name}, cancel));
  if (!body) {
    return std::optional<SmpIdentityState>();
  }
  SmpIdentityState state;
  const QCborValue algorithms = body->value(QLatin1String("algs"));
  const std::optional<bool> locked = readBool(*body, "lock");
  if (!algorithms.isArray() || algorithms.toArray().size() > kMaxAlgorithms || !locked ||
      !readDigest(*body, "kid", state.keyId) || !readDigest(*body, "cert", state.certificateDigest)) {
    return unexpectedAnswer(name);
  }
  for (const QCborValue& entry : algorithms.toArray()) {
    if (const auto algorithm = algorithmFrom(entry.toString())) {  // newer ones are none that can be asked for
      state.algorithms << *algorithm;
    }
  }
  const QCborValue keyName = body->value(QLatin1String("key"));
  state.key = algorithmFrom(keyName.toString());
  state.locked = *locked;
  if (keyName.isUndefined() != state.keyId.isEmpty() || state.key.has_value() == state.keyId.isEmpty() ||
      (state.keyId.isEmpty() && !state.certificateDigest.isEmpty())) {
    return unexpectedAnswer(name);
  }
  return std::optional(std::move(state));
}

// Piece by piece. Each answer says `off` again, and `len` and `sha` of the whole, so that a change in between is seen.
Result<std::optional<QByteArray>> SmpIdentityClient::readWhole(std::uint8_t command, qsizetype most,
                                                               const QString& name, const CancelToken& cancel) {
  QByteArray whole;
  QByteArray digest;
  qint64 length = 0;
  for (int step = 0; step < kMaxSteps; ++step) {
    const QCborMap query{{key("off"), whole.size()}};
    SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kIdentityGroup, command, query, name}, cancel));
    if (!body) {
      return std::optional<QByteArray>();
    }
    const auto offset = smpInteger(*body, QLatin1String("off"));
    const auto size = smpInteger(*body, QLatin1String("len"));
    const auto sha = smpBytes(*body, QLatin1String("sha"));
    const auto data = smpBytes(*body, QLatin1String("data"));
    if (!offset || *offset != whole.size() || !size || *size <= 0 || *size > most || !sha ||
        sha->size() != kDigestBytes || !data || data->isEmpty() || data->size() > *size - whole.size() ||
        (step > 0 && (*size != length || *sha != digest))) {
      return unexpectedAnswer(name);
    }
    length = *size;
    digest = *sha;
    whole += *data;
    if (whole.size() == length) {
      return digestOf(whole) == digest ? Result<std::optional<QByteArray>>(std::optional(whole))
                                       : Result<std::optional<QByteArray>>(unexpectedAnswer(name));
    }
  }
  return unexpectedAnswer(name);
}

Result<std::optional<QByteArray>> SmpIdentityClient::certificate(const CancelToken& cancel) {
  return readWhole(smp::kIdentityCertificate, kSmpMaxCertificate, QStringLiteral("certificate"), cancel);
}

Result<QByteArray> SmpIdentityClient::makeKey(SmpKeyAlgorithm algorithm, const CancelToken& cancel) {
  const QString name = QStringLiteral("make key");
  const QCborMap query{{key("alg"), algorithmName(algorithm)}};
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentityKey, query, name}, cancel));
  QByteArray keyId;
  if (!readDigest(body, "kid", keyId) || keyId.isEmpty() ||
      smpText(body, QLatin1String("key")) != algorithmName(algorithm)) {
    return unexpectedAnswer(name);
  }
  return keyId;
}

Result<QByteArray> SmpIdentityClient::certificateRequest(const CancelToken& cancel) {
  const QString name = QStringLiteral("certificate request");
  SEALIFT_TRY(const auto request, readWhole(smp::kIdentityRequest, kSmpMaxRequest, name, cancel));
  if (!request) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The device can't make a certificate request."));
  }
  return *request;
}

Result<qsizetype> SmpIdentityClient::sendChunk(const QByteArray& der, qsizetype offset, const CancelToken& cancel) {
  const QString name = QStringLiteral("store certificate");
  QCborMap query{{key("off"), offset}, {key("data"), der.mid(offset, kChunkBytes)}};
  if (offset == 0) {
    query.insert(key("len"), der.size());
    query.insert(key("sha"), digestOf(der));
  }
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentityCertificate, query, name}, cancel));
  const auto next = smpInteger(body, QLatin1String("off"));
  if (!next || *next < 0 || *next > der.size()) {
    return unexpectedAnswer(name);
  }
  return static_cast<qsizetype>(*next);
}

Status SmpIdentityClient::storeCertificate(const QByteArray& der, const CancelToken& cancel) {
  if (der.isEmpty() || der.size() > kSmpMaxCertificate) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A certificate for a device has 1 to %1 bytes.").arg(kSmpMaxCertificate));
  }
  // `off` in the answer is where the device wants to go on, as in image uploads: 0 after it restarted, the length when
  // it has this certificate already.
  qsizetype offset = 0;
  for (int setbacks = 0; setbacks < kMaxSetbacks;) {
    SEALIFT_TRY(const qsizetype next, sendChunk(der, offset, cancel));
    if (next == der.size()) {
      return {};
    }
    setbacks += next <= offset ? 1 : 0;
    offset = next;
  }
  return unexpectedAnswer(QStringLiteral("store certificate"));
}

Result<SmpIdentityProof> SmpIdentityClient::sign(const QByteArray& stationNonce, const CancelToken& cancel) {
  const QString name = QStringLiteral("proof of identity");
  if (stationNonce.size() != kSmpIdentityNonce) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A nonce has %1 bytes.").arg(kSmpIdentityNonce));
  }
  const QCborMap query{{key("nonce"), stationNonce}};
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Read, smp::kIdentityGroup, smp::kIdentityProof, query, name}, cancel));
  const auto nonce = smpBytes(body, QLatin1String("nonce"));
  const auto signature = smpBytes(body, QLatin1String("sig"));
  if (!nonce || nonce->size() != kSmpIdentityNonce || !signature || signature->isEmpty() ||
      signature->size() > kMaxSignature) {
    return unexpectedAnswer(name);
  }
  return SmpIdentityProof{*nonce, *signature};
}

Result<std::optional<SmpSecureBoot>> SmpIdentityClient::secureBoot(const CancelToken& cancel) {
  const QString name = QStringLiteral("secure boot state");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kIdentityGroup, smp::kIdentitySecureBoot, {}, name}, cancel));
  if (!body) {
    return std::optional<SmpSecureBoot>();
  }
  const auto on = readBool(*body, "on");
  const auto fixed = readBool(*body, "fixed");
  if (!on || !fixed) {
    return unexpectedAnswer(name);
  }
  return std::optional(SmpSecureBoot{*on, *fixed});
}

Result<std::optional<quint32>> SmpIdentityClient::counter(const CancelToken& cancel) {
  const QString name = QStringLiteral("rollback counter");
  SEALIFT_TRY(const auto body, ask({SmpOp::Read, smp::kIdentityGroup, smp::kIdentityCounter, {}, name}, cancel));
  if (!body) {
    return std::optional<quint32>();
  }
  const auto value = smpInteger(*body, QLatin1String("cnt"));
  if (!value || *value < 0 || *value > std::numeric_limits<quint32>::max()) {
    return unexpectedAnswer(name);
  }
  return std::optional(static_cast<quint32>(*value));
}

Status SmpIdentityClient::requireSecureBoot(const CancelToken& cancel) {
  const QString name = QStringLiteral("require secure boot");
  const QCborMap query{{key("on"), true}};
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentitySecureBoot, query, name}, cancel));
  return readBool(body, "on") == true ? Status() : Status(unexpectedAnswer(name));
}

Status SmpIdentityClient::raiseCounter(quint32 value, const CancelToken& cancel) {
  const QString name = QStringLiteral("raise rollback counter");
  const QCborMap query{{key("cnt"), static_cast<qint64>(value)}};
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentityCounter, query, name}, cancel));
  return smpInteger(body, QLatin1String("cnt")) == static_cast<qint64>(value) ? Status()
                                                                              : Status(unexpectedAnswer(name));
}

Status SmpIdentityClient::lock(const QByteArray& keyId, const CancelToken& cancel) {
  const QString name = QStringLiteral("lock identity");
  const QCborMap query{{key("kid"), keyId}};
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentityLock, query, name}, cancel));
  return readBool(body, "lock") == true ? Status() : Status(unexpectedAnswer(name));
}

Result<SmpWiped> SmpIdentityClient::wipe(const QByteArray& keyId, const CancelToken& cancel) {
  const QString name = QStringLiteral("wipe");
  QCborMap query;
  if (!keyId.isEmpty()) {
    query.insert(key("kid"), keyId);
  }
  SEALIFT_TRY(const QCborMap body,
              carryOut({SmpOp::Write, smp::kIdentityGroup, smp::kIdentityWipe, query, name}, cancel));
  const auto keyGone = readBool(body, "key");
  const auto certificateGone = readBool(body, "cert");
  if (!keyGone || !certificateGone) {
    return unexpectedAnswer(name);
  }
  // What the device does not speak of was not erased.
  return SmpWiped{*keyGone, *certificateGone, smpFlag(body, QLatin1String("settings")),
                  smpFlag(body, QLatin1String("data"))};
}

}  // namespace sealift
