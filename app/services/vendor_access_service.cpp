// VendorService: how a vendor's server is reached.
#include "app/base/file_io.h"
#include "app/services/client_identity.h"
#include "app/services/vendor_service.h"

#include <algorithm>

namespace sealift {

VendorAccess VendorService::accessOf(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  return access_.value(id);
}

void VendorService::setAccess(const QString& id, const VendorAccess& access) {
  const std::scoped_lock lock(mutex_);
  access_[id] = access;
}

Result<VendorAccess> VendorService::changed(VendorAccess access, const VendorAccessChange& change) const {
  if (change.authoritiesFile) {
    access.authorities.clear();
    if (!change.authoritiesFile->isEmpty()) {
      SEALIFT_TRY(access.authorities, sealift::readFile(*change.authoritiesFile, kAuthoritiesMaxBytes));
      SEALIFT_CHECK(inspectAuthorities(access.authorities));
    }
  }
  SEALIFT_TRY(const ClientIdentity shown, changeClientIdentity({access.clientCertificate, access.clientKey},
                                                               change.clientCertificate, change.clientKey));
  access.clientCertificate = shown.certificate;
  access.clientKey = shown.key;
  return access;
}

Result<VendorView> VendorService::changeAccess(const QString& id, const VendorAccessChange& change) {
  const std::shared_ptr<VendorRepository> known = repository(id);
  if (!known) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no vendor \"%1\".").arg(id));
  }
  SEALIFT_TRY(const VendorAccess access, changed(accessOf(id), change));
  if (change.clientCertificate && !access.clientCertificate.isEmpty()) {
    // Tried out now, while whoever knows the PIN is there: certificate and key must fit. No connection is made.
    const auto fetcher = core_.network->makeFetcher(QStringLiteral("https://localhost/"), access);
    if (!fetcher && fetcher.error().code != ErrorCode::Offline) {
      return tl::unexpected<Error>(fetcher.error());
    }
  }
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(SettingTable(*core_.database).set(accessKey(id), QString::fromUtf8(access.toBytes())));
  SEALIFT_CHECK(core_.record(
      transaction,
      {.event = AuditEvent::SettingsChanged,
       .actor = {},
       .subject = {QStringLiteral("vendor"), id, known->identity().name},
       .outcome = AuditOutcome::Ok,
       .code = {},
       .message = QStringLiteral("How the server of %1 is reached was changed.").arg(known->identity().name),
       .details = {{QStringLiteral("ownAuthorities"), !access.authorities.isEmpty()},
                   {QStringLiteral("clientCertificate"), access.clientCertificate},
                   {QStringLiteral("clientKey"), access.clientKey}}}));
  SEALIFT_CHECK(transaction.commit());
  setAccess(id, access);
  changed_();
  const QList<VendorView> all = views();
  const auto it = std::find_if(all.begin(), all.end(), [&](const VendorView& view) { return view.id == id; });
  return it != all.end() ? Result<VendorView>(*it)
                         : fail(ErrorCode::NotFound, QStringLiteral("The vendor was removed meanwhile."));
}

}  // namespace sealift
