// Signatures that are made elsewhere.
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/publisher/publisher_p.h"

namespace sealift::tuf {

namespace {

SigningRequest::Item itemOf(const Publication::Part& part, const Json& before) {
  SigningRequest::Item item{part.document.role, part.document.signedPart, part.document.signatures, before, {}, {}};
  for (const SigningDemand& demand : part.demands) {
    for (const QString& keyId : demand.roleKeys.keyIds) {
      if (const auto key = demand.keys.constFind(keyId); key != demand.keys.constEnd()) {
        item.keys.insert(keyId, *key);
      }
    }
    if (!item.demands.contains(demand.roleKeys)) {
      item.demands.append(demand.roleKeys);
    }
  }
  return item;
}

}  // namespace

Result<SigningRequest> Publisher::requestSignatures() {
  Publication publication(d_->context());
  SEALIFT_CHECK(publication.prepare());
  SigningRequest request;
  for (const Publication::Part& part : publication.parts()) {
    if (!part.missing) {
      continue;
    }
    Json before;
    if (d_->published.version(part.document.role) > 0) {
      SEALIFT_TRY(const QByteArray bytes, d_->published.file(part.document.role));
      SEALIFT_TRY(before, parseStrictJson(bytes));
    }
    request.items.append(itemOf(part, before));
  }
  if (request.items.isEmpty()) {
    return fail(ErrorCode::NotFound, QStringLiteral("No signature is missing."),
                QStringLiteral("Go on with: sealiftctl repo publish"));
  }
  // All parts stay as they are from now on: what a later one says of an earlier one's bytes holds.
  for (const Publication::Part& part : publication.parts()) {
    SEALIFT_CHECK(d_->staging.setPrepared(
        part.document.role, {{"signed", part.document.signedPart}, {"signatures", part.document.signatures}}));
  }
  return request;
}

Result<QList<Publisher::Progress>> Publisher::importSignatures(const SignatureFile& signatures) {
  Publication publication(d_->context());
  SEALIFT_CHECK(publication.prepare());
  QMap<QString, Publication::Part> waiting;
  for (const Publication::Part& part : publication.parts()) {
    if (d_->staging.prepared(part.document.role) != nullptr) {
      waiting.insert(part.document.role, part);
    }
  }
  for (const SignatureFile::Entry& entry : signatures.entries) {
    const auto part = waiting.find(entry.role);
    const QString now = part == waiting.end()
                            ? QString()
                            : QString::fromLatin1(sha256(canonicalJson(part->document.signedPart)).toHex());
    if (part == waiting.end() || now != entry.sha256) {
      return fail(ErrorCode::TrustHashMismatch,
                  QStringLiteral("The signature of \"%1\" version %2 is for something else than what waits for "
                                 "signatures here.")
                      .arg(entry.role)
                      .arg(entry.version),
                  QStringLiteral("The staged changes were changed or published since the request was made. Make a new "
                                 "one with: sealiftctl repo request-signatures"));
    }
    // Only a signature that counts is taken, so that a wrong one is noticed here and not when it is missing.
    const QByteArray message = canonicalJson(part->document.signedPart);
    bool isValid = false;
    for (const SigningDemand& demand : part->demands) {
      const auto key = demand.keys.constFind(entry.keyId);
      isValid = isValid || (demand.roleKeys.keyIds.contains(entry.keyId) && key != demand.keys.constEnd() &&
                            key->publicKey.verify(key->scheme, message, entry.signature).has_value());
    }
    if (!isValid) {
      return fail(ErrorCode::TrustThreshold,
                  QStringLiteral("The signature of \"%1\" by the key %2 is not valid, or that key may not sign it.")
                      .arg(entry.role, entry.keyId),
                  QStringLiteral("Sign the request again with a key that it lists."));
    }
    part->document.addSignature(entry.keyId, entry.signature);
  }
  QList<Progress> progress;
  for (const Publication::Part& part : std::as_const(waiting)) {
    SEALIFT_CHECK(d_->staging.setPrepared(
        part.document.role, {{"signed", part.document.signedPart}, {"signatures", part.document.signatures}}));
    // The demand that is furthest from being satisfied.
    Progress worst{part.document.role, 0, 0};
    for (const SigningDemand& demand : part.demands) {
      int have = 0;
      for (const QString& keyId : demand.roleKeys.keyIds) {
        have += part.document.hasSignatureOf(keyId) ? 1 : 0;
      }
      if (worst.needed == 0 || demand.roleKeys.threshold - have > worst.needed - worst.have) {
        worst = {part.document.role, have, demand.roleKeys.threshold};
      }
    }
    progress.append(worst);
  }
  return progress;
}

}  // namespace sealift::tuf
