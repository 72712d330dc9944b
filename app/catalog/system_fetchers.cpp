#include "app/catalog/system_fetchers.h"

#include "keystore/tuf/client/folder_fetcher.h"

#include <QUrl>

namespace sealift {

Result<std::shared_ptr<const TlsIdentity>> SystemFetchers::identity(const VendorAccess& access) {
  if (access.clientCertificate.isEmpty()) {
    return std::shared_ptr<const TlsIdentity>();
  }
  const std::scoped_lock lock(mutex_);  // a PIN is asked for once, also when several fetch
  const QString name = access.clientCertificate + u'\n' + access.clientKey;
  if (const auto known = identities_.constFind(name); known != identities_.constEnd()) {
    return *known;
  }
  SEALIFT_TRY(const KeyAddress key, KeyAddress::parse(access.clientKey));
  SEALIFT_TRY(TlsIdentity opened, TlsIdentity::load(access.clientCertificate, key, *pins_));
  const auto shared = std::make_shared<const TlsIdentity>(std::move(opened));
  identities_.insert(name, shared);
  return shared;
}

Result<std::unique_ptr<tuf::Fetcher>> SystemFetchers::make(const QString& address, const VendorAccess& access) {
  const QUrl url(address, QUrl::StrictMode);
  if (url.scheme() == QLatin1String("file")) {
    return std::make_unique<tuf::FolderFetcher>(url.toLocalFile());
  }
  if (url.scheme() == QLatin1String("http")) {
    return std::make_unique<HttpFetcher>(address);  // nothing is proven there, and nothing shown
  }
  if (url.scheme() == QLatin1String("https")) {
    SEALIFT_TRY(const std::shared_ptr<const TlsIdentity> identity, this->identity(access));
    return std::make_unique<HttpFetcher>(address, HttpOptions{{}, access.authorities, identity});
  }
  return fail(ErrorCode::InvalidArgument,
              QStringLiteral("\"%1\" does not start with https:, http: or file:.").arg(address));
}

}  // namespace sealift
