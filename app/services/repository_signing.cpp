// Signing elsewhere: requests and signatures as files.
#include "app/base/file_io.h"
#include "app/services/repository_desk.h"
#include "keystore/secrets/open_signer.h"
#include "keystore/tuf/publisher/publisher.h"

namespace sealift {
namespace {

Result<tuf::SigningRequest> readRequest(const QString& path) {
  SEALIFT_TRY(const QByteArray bytes, readFile(path, tuf::kMostRequestBytes));
  auto request = tuf::SigningRequest::parse(bytes);
  if (!request) {
    return failBecause(request.error().code, QStringLiteral("%1 is not a request for signatures.").arg(path),
                       request.error());
  }
  return request;
}

SigningView viewOf(const tuf::SigningRequest& request, const PublicKey* key) {
  SigningView view;
  view.digest = request.digest();
  const QList<tuf::SigningSummary> summaries = tuf::summarize(request);
  for (qsizetype i = 0; i < summaries.size(); ++i) {
    const tuf::SigningSummary& summary = summaries[i];
    view.items << SigningItem{summary.role,
                              summary.version,
                              summary.versionBefore,
                              summary.expires,
                              summary.expiresBefore,
                              summary.changes,
                              summary.signedBy,
                              summary.stillSignable,
                              summary.needed,
                              key == nullptr ? std::nullopt : std::optional(tuf::signedBefore(request.items[i], *key))};
  }
  return view;
}

Result<std::unique_ptr<Signer>> openKey(const QString& address, PinSource& pins) {
  SEALIFT_TRY(const KeyAddress parsed, KeyAddress::parse(address));
  return openSigner(parsed, pins);
}

}  // namespace

Result<SigningView> RepositoryDesk::requestSignatures(const QString& outputPath) {
  const std::unique_ptr<PinSource> pins = makePinSource(pins_);
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher,
              tuf::Publisher::open(folder_, clock_, {pins.get(), false, {}}));
  SEALIFT_TRY(const tuf::SigningRequest request, publisher->requestSignatures());
  SEALIFT_CHECK(writeFileAtomic(outputPath, request.toBytes()));
  return viewOf(request, nullptr);
}

Result<QList<SignatureProgress>> RepositoryDesk::importSignatures(const QStringList& paths) {
  const std::unique_ptr<PinSource> pins = makePinSource(pins_);
  SEALIFT_TRY(const std::unique_ptr<tuf::Publisher> publisher,
              tuf::Publisher::open(folder_, clock_, {pins.get(), false, {}}));
  QList<SignatureProgress> progress;
  for (const QString& path : paths) {
    SEALIFT_TRY(const QByteArray bytes, readFile(path, tuf::kMostRequestBytes));
    const auto signatures = tuf::SignatureFile::parse(bytes);
    if (!signatures) {
      return failBecause(signatures.error().code, QStringLiteral("%1 holds no signatures.").arg(path),
                         signatures.error());
    }
    SEALIFT_TRY(const QList<tuf::Publisher::Progress> now, publisher->importSignatures(*signatures));
    progress.clear();
    for (const tuf::Publisher::Progress& each : now) {
      progress << SignatureProgress{each.role, each.have, each.needed};
    }
  }
  return progress;
}

Result<SigningView> inspectSigningRequest(const QString& path, const QString& keyAddress, const PinAccess& access) {
  SEALIFT_TRY(const tuf::SigningRequest request, readRequest(path));
  if (keyAddress.isEmpty()) {
    return viewOf(request, nullptr);
  }
  const std::unique_ptr<PinSource> pins = makePinSource(access);
  SEALIFT_TRY(const std::unique_ptr<Signer> signer, openKey(keyAddress, *pins));
  return viewOf(request, &signer->publicKey());
}

Result<QStringList> signRequestFile(const QString& path, const QString& digest, const QString& keyAddress,
                                    const PinAccess& access, const QString& outputPath) {
  SEALIFT_TRY(const tuf::SigningRequest request, readRequest(path));
  if (request.digest() != digest) {
    return fail(ErrorCode::ConsentPlanChanged,
                QStringLiteral("%1 asks for something else than was agreed to.").arg(path),
                QStringLiteral("Look at it again: sealiftctl repo sign %1").arg(path));
  }
  const std::unique_ptr<PinSource> pins = makePinSource(access);
  SEALIFT_TRY(const std::unique_ptr<Signer> signer, openKey(keyAddress, *pins));
  SEALIFT_TRY(const tuf::SignatureFile signatures, tuf::signRequest(request, *signer));
  SEALIFT_CHECK(writeFileAtomic(outputPath, signatures.toBytes()));
  QStringList roles;
  for (const tuf::SignatureFile::Entry& entry : signatures.entries) {
    roles << entry.role;
  }
  return roles;
}

}  // namespace sealift
