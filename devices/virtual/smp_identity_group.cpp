#include "devices/virtual/smp_identity_group.h"

#include "devices/virtual/smp_device.h"
#include "keystore/crypto/certificate_request.h"
#include "keystore/crypto/digest.h"
#include "keystore/crypto/random.h"

#include <QCborArray>

#include <algorithm>
#include <limits>

namespace sealift {

using virtual_smp::Frame;

namespace {

enum IdentityError {
  kIdentityUnknown = 1,
  kIdentityAlgorithm = 2,
  kIdentityNoKey = 3,
  kIdentityKeyExists = 4,
  kIdentityOtherKey = 5,
  kIdentityNoCertificate = 6,
  kIdentityCertificate = 7,
  kIdentityTooLarge = 8,
  kIdentityOffset = 9,
  kIdentityDigest = 10,
  kIdentityLocked = 11,
  kIdentityNotReady = 12,
  kIdentityCounter = 13,
  kIdentityPresence = 14,
  kIdentityStorage = 15,
};

constexpr qsizetype kMostCertificate = 4096;
constexpr qsizetype kChunk = 256;
constexpr qsizetype kNonce = 32;
constexpr qsizetype kMostSerial = 64;

QString key(const char* name) {
  return QString::fromLatin1(name);
}

QString algorithmName(KeyType type) {
  return type == KeyType::Ed25519 ? QStringLiteral("ed25519") : QStringLiteral("p256");
}

SmpReply refuseLocked() {
  return SmpReply::groupError(kIdentityLocked, kSmpAccessDenied);
}

SmpReply invalid() {
  return SmpReply::error(kSmpInvalid);
}

}  // namespace

SmpIdentityGroup::SmpIdentityGroup(const SmpDeviceConfig& config, FlashModel& flash, qsizetype begin,
                                   McubootModel& bootloader)
    : config_(config), flash_(flash), bootloader_(bootloader), store_(flash, begin), secureBoot_(config.secureBoot) {}

Status SmpIdentityGroup::install() {
  if (config_.identityKey.isEmpty()) {
    return {};
  }
  SEALIFT_CHECK(store_.load());
  return store_.save({config_.identityKey, config_.identityCertificate, {}, config_.identityLocked});
}

Status SmpIdentityGroup::restart() {
  request_.clear();
  transfer_ = {};
  const Status loaded = store_.load();
  takeKey();
  return loaded;
}

void SmpIdentityGroup::takeKey() {
  const QByteArray& pem = store_.record().keyPem;
  Result<PrivateKey> parsed = PrivateKey::fromPem(pem);
  key_.reset();
  if (!pem.isEmpty() && parsed) {
    key_.emplace(std::move(*parsed));
  }
}

QByteArray SmpIdentityGroup::keyId() const {
  return key_ ? sha256(key_->publicKey().toDer()) : QByteArray();
}

QByteArray SmpIdentityGroup::serial() const {
  return store_.record().serial.isEmpty() ? config_.serial.toUtf8() : store_.record().serial;
}

bool SmpIdentityGroup::isOwnKey(const QCborMap& body) const {
  return key_ && body.value(key("kid")).toByteArray() == keyId();
}

SmpReply SmpIdentityGroup::save(const IdentityRecord& record, const SmpReply& done) {
  if (store_.save(record)) {
    return done;
  }
  SmpReply reply = SmpReply::groupError(kIdentityStorage, kSmpUnknown);
  reply.lost = !flash_.hasPower();
  return reply;
}

SmpReply SmpIdentityGroup::handle(const Frame& request) {
  const bool write = request.op == virtual_smp::kWrite;
  const QCborMap& body = request.body;
  switch (request.command) {
    case 0:
      return write ? SmpReply::error(kSmpNotSupported) : state();
    case 1:
      return write ? storeChunk(body) : readCertificate(body);
    case 2:
      return write ? makeKey(body) : SmpReply::error(kSmpNotSupported);
    case 3:
      return write ? SmpReply::error(kSmpNotSupported) : readRequest(body);
    case 4:
      return write ? SmpReply::error(kSmpNotSupported) : prove(body);
    case 5:
      return write ? requireSecureBoot(body) : readSecureBoot();
    case 6:
      return write ? raiseCounter(body) : readCounter();
    case 7:
      return write ? lock(body) : SmpReply::error(kSmpNotSupported);
    case 8:
      return write ? wipe(body) : SmpReply::error(kSmpNotSupported);
    default:
      return SmpReply::error(kSmpNotSupported);
  }
}

SmpReply SmpIdentityGroup::state() const {
  SmpReply reply;
  reply.body[key("v")] = 1;
  reply.body[key("algs")] = QCborArray{algorithmName(KeyType::EcP256), algorithmName(KeyType::Ed25519)};
  reply.body[key("lock")] = store_.record().locked;
  if (key_) {
    reply.body[key("key")] = algorithmName(key_->publicKey().type());
    reply.body[key("kid")] = keyId();
  }
  if (!store_.record().certificate.isEmpty()) {
    reply.body[key("cert")] = sha256(store_.record().certificate);
  }
  return reply;
}

SmpReply SmpIdentityGroup::makeKey(const QCborMap& body) {
  const QString name = body.value(key("alg")).toString();
  const bool isP256 = name == algorithmName(KeyType::EcP256);
  if (!isP256 && name != algorithmName(KeyType::Ed25519)) {
    return SmpReply::groupError(kIdentityAlgorithm, kSmpInvalid);
  }
  const auto answer = [&] {
    SmpReply reply;
    reply.body[key("key")] = name;
    reply.body[key("kid")] = keyId();
    return reply;
  };
  if (key_) {
    return algorithmName(key_->publicKey().type()) == name ? answer()
                                                           : SmpReply::groupError(kIdentityKeyExists, kSmpBadState);
  }
  if (store_.record().locked) {
    return refuseLocked();
  }
  const Result<PrivateKey> made = PrivateKey::generate(isP256 ? KeyType::EcP256 : KeyType::Ed25519);
  const Result<SecretBytes> pem = made ? made->toPem() : Result<SecretBytes>(tl::unexpected(made.error()));
  if (!pem) {
    return SmpReply::groupError(kIdentityUnknown, kSmpUnknown);
  }
  IdentityRecord record = store_.record();
  record.keyPem = pem->view().toByteArray();
  record.certificate.clear();
  const SmpReply saved = save(record, {});
  if (saved.groupRc != 0) {
    return saved;
  }
  takeKey();
  return answer();
}

SmpReply SmpIdentityGroup::readChunk(const QCborMap& body, const QByteArray& whole) const {
  const qint64 offset = body.value(key("off")).toInteger(-1);
  if (offset < 0 || offset >= whole.size()) {
    return SmpReply::groupError(kIdentityOffset, kSmpInvalid);
  }
  SmpReply reply;
  reply.body[key("off")] = offset;
  reply.body[key("len")] = whole.size();
  reply.body[key("sha")] = sha256(whole);
  reply.body[key("data")] = whole.mid(offset, kChunk);
  return reply;
}

SmpReply SmpIdentityGroup::readCertificate(const QCborMap& body) const {
  const QByteArray& certificate = store_.record().certificate;
  return certificate.isEmpty() ? SmpReply::groupError(kIdentityNoCertificate, kSmpNoEntry)
                               : readChunk(body, certificate);
}

SmpReply SmpIdentityGroup::storeChunk(const QCborMap& body) {
  const QCborValue offset = body.value(key("off"));
  const QCborValue data = body.value(key("data"));
  if (!offset.isInteger() || offset.toInteger() < 0 || !data.isByteArray()) {
    return invalid();
  }
  const auto goOn = [](qsizetype at) {
    SmpReply reply;
    reply.body[key("off")] = at;
    return reply;
  };
  if (offset.toInteger() == 0) {
    const qint64 length = body.value(key("len")).toInteger(0);
    const QByteArray sha = body.value(key("sha")).toByteArray();
    if (length <= 0 || sha.size() != 32) {
      return invalid();
    }
    if (length > kMostCertificate) {
      return SmpReply::groupError(kIdentityTooLarge, kSmpInvalid);
    }
    if (!store_.record().certificate.isEmpty() && sha256(store_.record().certificate) == sha) {
      return goOn(store_.record().certificate.size());  // it is there already
    }
    if (store_.record().locked) {
      return refuseLocked();
    }
    if (!key_) {
      return SmpReply::groupError(kIdentityNoKey, kSmpBadState);
    }
    if (transfer_.sha != sha || transfer_.size != length || transfer_.bytes.size() == length) {
      transfer_ = {sha, static_cast<qsizetype>(length), {}};
    }
  }
  if (transfer_.size == 0 || offset.toInteger() != transfer_.bytes.size()) {
    return goOn(transfer_.size == 0 ? 0 : transfer_.bytes.size());
  }
  if (data.toByteArray().size() > transfer_.size - transfer_.bytes.size()) {
    transfer_ = {};
    return SmpReply::groupError(kIdentityTooLarge, kSmpInvalid);
  }
  transfer_.bytes += data.toByteArray();
  return transfer_.bytes.size() == transfer_.size ? storeCertificate() : goOn(transfer_.bytes.size());
}

// All of it is there: looked at, then written in one go. The transfer stays, so that a repeated last chunk is answered.
SmpReply SmpIdentityGroup::storeCertificate() {
  const auto refuse = [this](IdentityError error) {
    transfer_ = {};
    return SmpReply::groupError(error, kSmpInvalid);
  };
  if (store_.record().locked) {
    transfer_ = {};
    return refuseLocked();
  }
  if (sha256(transfer_.bytes) != transfer_.sha) {
    return refuse(kIdentityDigest);
  }
  const Result<PublicKey> certified = PublicKey::fromCertificate(transfer_.bytes);
  if (!key_ || !certified || !(*certified == key_->publicKey())) {
    return refuse(kIdentityCertificate);
  }
  IdentityRecord record = store_.record();
  record.certificate = transfer_.bytes;
  SmpReply done;
  done.body[key("off")] = transfer_.size;
  return save(record, done);
}

SmpReply SmpIdentityGroup::readRequest(const QCborMap& body) {
  if (!key_) {
    return SmpReply::groupError(kIdentityNoKey, kSmpBadState);
  }
  if (body.value(key("off")).toInteger(-1) == 0 && request_.isEmpty()) {
    const DeviceName named{QString::fromUtf8(serial()), config_.model, {}, {}};
    Result<QByteArray> made = makeCertificateRequest(*key_, named);
    if (!made) {  // a serial number that can't stand in a certificate: whoever issues it names the device
      made = makeCertificateRequest(*key_, {});
    }
    if (!made) {
      return SmpReply::groupError(kIdentityUnknown, kSmpUnknown);
    }
    request_ = *made;
  }
  return readChunk(body, request_);
}

// README.md, "What is signed".
SmpReply SmpIdentityGroup::prove(const QCborMap& body) const {
  const QCborValue stationNonce = body.value(key("nonce"));
  if (!stationNonce.isByteArray() || stationNonce.toByteArray().size() != kNonce) {
    return invalid();
  }
  if (!key_) {
    return SmpReply::groupError(kIdentityNoKey, kSmpBadState);
  }
  const Result<QByteArray> nonce = randomBytes(static_cast<int>(kNonce));
  QByteArray message("sealift-identity-v1", 20);  // with its terminating zero
  message += nonce.value_or(QByteArray()) + stationNonce.toByteArray();
  const Result<QByteArray> signature = key_->sign(usualSchemeOf(key_->publicKey().type()), message);
  if (!nonce || !signature) {
    return SmpReply::groupError(kIdentityUnknown, kSmpUnknown);
  }
  SmpReply reply;
  reply.body[key("nonce")] = *nonce;
  reply.body[key("sig")] = *signature;
  return reply;
}

SmpReply SmpIdentityGroup::readSecureBoot() const {
  SmpReply reply;
  reply.body[key("on")] = secureBoot_;
  reply.body[key("fixed")] = secureBoot_;
  return reply;
}

SmpReply SmpIdentityGroup::requireSecureBoot(const QCborMap& body) {
  if (!body.value(key("on")).isTrue()) {
    return invalid();  // a blown fuse stays blown
  }
  if (!secureBoot_ && store_.record().locked) {
    return refuseLocked();
  }
  secureBoot_ = true;
  return readSecureBoot();
}

SmpReply SmpIdentityGroup::readCounter() const {
  SmpReply reply;
  reply.body[key("cnt")] = bootloader_.securityCounter();
  return reply;
}

SmpReply SmpIdentityGroup::raiseCounter(const QCborMap& body) {
  const QCborValue wanted = body.value(key("cnt"));
  if (!wanted.isInteger() || wanted.toInteger() < 0 || wanted.toInteger() > std::numeric_limits<quint32>::max()) {
    return invalid();
  }
  const auto value = static_cast<quint32>(wanted.toInteger());
  if (value != bootloader_.securityCounter()) {
    if (store_.record().locked) {
      return refuseLocked();
    }
    if (!bootloader_.raiseSecurityCounter(value)) {
      return SmpReply::groupError(kIdentityCounter, kSmpInvalid);
    }
  }
  return readCounter();
}

SmpReply SmpIdentityGroup::lock(const QCborMap& body) {
  if (!key_ || store_.record().certificate.isEmpty()) {
    return SmpReply::groupError(kIdentityNotReady, kSmpBadState);
  }
  if (!isOwnKey(body)) {
    return SmpReply::groupError(kIdentityOtherKey, kSmpInvalid);
  }
  SmpReply done;
  done.body[key("lock")] = true;
  if (store_.record().locked) {
    return done;
  }
  IdentityRecord record = store_.record();
  record.locked = true;
  return save(record, done);
}

// The lock stays: a device that was locked once never gets another identity.
SmpReply SmpIdentityGroup::wipe(const QCborMap& body) {
  if (key_ && !isOwnKey(body)) {
    return SmpReply::groupError(kIdentityOtherKey, kSmpInvalid);
  }
  IdentityRecord wiped;
  wiped.locked = store_.record().locked;
  SmpReply done;
  for (const char* part : {"key", "cert", "settings", "data"}) {
    done.body[key(part)] = true;
  }
  if (store_.record() == wiped) {
    return done;
  }
  if (wiped.locked && !buttonHeld_) {
    return SmpReply::groupError(kIdentityPresence, kSmpAccessDenied);
  }
  const SmpReply reply = save(wiped, done);
  key_.reset();
  request_.clear();
  transfer_ = {};
  return reply;
}

SmpReply SmpIdentityGroup::writeSerial(const QByteArray& value) {
  constexpr int kSettingsWriteNotSupported = 6;  // settings_mgmt_ret_code_t
  const QString text = QString::fromUtf8(value);
  const bool isText = !value.isEmpty() && value.size() <= kMostSerial && text.toUtf8() == value &&
                      std::all_of(text.begin(), text.end(), [](QChar c) { return c.isPrint(); });
  if (!isText) {
    return invalid();
  }
  if (value == serial()) {
    return {};
  }
  if (store_.record().locked || !store_.record().certificate.isEmpty()) {
    return SmpReply::groupError(kSettingsWriteNotSupported, kSmpAccessDenied);  // a certificate names the old one
  }
  IdentityRecord record = store_.record();
  record.serial = value;
  request_.clear();
  return save(record, {});
}

}  // namespace sealift
