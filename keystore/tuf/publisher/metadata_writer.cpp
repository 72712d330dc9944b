#include "keystore/tuf/publisher/metadata_writer.h"

#include "keystore/tuf/canonical_json.h"

namespace sealift::tuf {

Result<QByteArray> writeMetadata(const Json& signedPart, const Signers& signers, const QList<SigningDemand>& demands) {
  const QByteArray message = canonicalJson(signedPart);
  Json signatures = Json::array();
  for (auto signer = signers.begin(); signer != signers.end(); ++signer) {
    bool isListed = false;
    for (const SigningDemand& demand : demands) {
      isListed = isListed || demand.root.roles.value(demand.role).keyIds.contains(signer.key());
    }
    if (!isListed) {
      continue;
    }
    SEALIFT_TRY(const QByteArray signature,
                signer.value()->sign(metadataSchemeOf(signer.value()->publicKey()), message));
    signatures.push_back({{"keyid", signer.key().toStdString()}, {"sig", signature.toHex().toStdString()}});
  }
  const Json document = {{"signatures", std::move(signatures)}, {"signed", signedPart}};
  QByteArray bytes = QByteArray::fromStdString(document.dump(-1, ' ', false, Json::error_handler_t::replace));
  // What goes out is read back as a client would.
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  for (const SigningDemand& demand : demands) {
    SEALIFT_CHECK(verifyThreshold(envelope, demand.role, demand.root.keys, demand.root.roles.value(demand.role)));
  }
  return bytes;
}

}  // namespace sealift::tuf
