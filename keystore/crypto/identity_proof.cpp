#include "keystore/crypto/identity_proof.h"

#include "keystore/crypto/random.h"

#include <utility>

namespace sealift {

Result<QByteArray> identityMessage(QByteArrayView deviceNonce, QByteArrayView stationNonce) {
  if (deviceNonce.size() != kIdentityNonceBytes || stationNonce.size() != kIdentityNonceBytes) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The nonces of a proof of identity have %1 bytes each.").arg(kIdentityNonceBytes));
  }
  QByteArray message(kIdentityContext);
  message.append('\0');
  message.append(deviceNonce);
  message.append(stationNonce);
  return message;
}

Result<IdentityChallenge> IdentityChallenge::make() {
  SEALIFT_TRY(QByteArray nonce, randomBytes(static_cast<int>(kIdentityNonceBytes)));
  return IdentityChallenge(std::move(nonce));
}

Status IdentityChallenge::check(const PublicKey& key, QByteArrayView deviceNonce, QByteArrayView signature) {
  if (std::exchange(isUsed_, true)) {
    return fail(ErrorCode::IdentityNotProven, QStringLiteral("This challenge was answered before."));
  }
  if (key.type() == KeyType::Rsa) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("A device proves its identity with an ECDSA or Ed25519 key."));
  }
  const Result<QByteArray> message = identityMessage(deviceNonce, nonce_);
  if (!message) {
    return failBecause(ErrorCode::IdentityNotProven, QStringLiteral("The device's answer has no proper nonce."),
                       message.error());
  }
  if (const Status verified = key.verify(usualSchemeOf(key.type()), *message, signature); !verified) {
    return failBecause(ErrorCode::IdentityNotProven,
                       QStringLiteral("The device did not prove that it has its certificate's key."), verified.error());
  }
  return {};
}

}  // namespace sealift
