#include "keystore/tuf/publisher/metadata_writer.h"

#include "keystore/tuf/canonical_json.h"

namespace sealift::tuf {

bool Document::hasSignatureOf(const QString& keyId) const {
  return std::any_of(signatures.begin(), signatures.end(),
                     [&](const Json& signature) { return signature["keyid"] == keyId.toStdString(); });
}

void Document::addSignature(const QString& keyId, const QByteArray& signature) {
  const std::string text = signature.toHex().toStdString();
  for (Json& known : signatures) {
    if (known["keyid"] == keyId.toStdString()) {
      known["sig"] = text;
      return;
    }
  }
  signatures.push_back({{"keyid", keyId.toStdString()}, {"sig", text}});
}

QByteArray Document::bytes() const {
  const Json document = {{"signatures", signatures}, {"signed", signedPart}};
  return QByteArray::fromStdString(document.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Status signWithKeyring(Document& document, Keyring& keyring, const QList<SigningDemand>& demands) {
  const QByteArray message = canonicalJson(document.signedPart);
  QStringList keyIds;
  for (const SigningDemand& demand : demands) {
    keyIds += demand.roleKeys.keyIds;
  }
  keyIds.sort();
  keyIds.removeDuplicates();
  for (const QString& keyId : keyIds) {
    if (document.hasSignatureOf(keyId)) {
      continue;
    }
    if (Signer* signer = keyring.signer(keyId)) {
      SEALIFT_TRY(const QByteArray signature, signer->sign(metadataSchemeOf(signer->publicKey()), message));
      document.addSignature(keyId, signature);
    }
  }
  return {};
}

Status checkDemands(const Document& document, const QList<SigningDemand>& demands) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(document.bytes()));
  for (const SigningDemand& demand : demands) {
    SEALIFT_CHECK(verifyThreshold(envelope, document.role, demand.keys, demand.roleKeys));
  }
  return {};
}

}  // namespace sealift::tuf
