// Fetchers for the addresses of vendors, as this computer can make them. Any thread.
#pragma once

#include "app/catalog/http_fetcher.h"
#include "app/catalog/vendor_access.h"
#include "keystore/secrets/pin_source.h"

#include <QHash>

#include <memory>
#include <mutex>

namespace sealift {

class SystemFetchers {
 public:
  // Who is asked for the PIN of a client key; outlives this. A key that was opened stays open, so that this happens
  // once.
  explicit SystemFetchers(std::shared_ptr<PinSource> pins) : pins_(std::move(pins)) {}

  // https: and http: by HttpFetcher, file: by the folder's files. The fetcher belongs to the calling thread.
  // InvalidArgument for other addresses; the errors of openSigner() and TlsIdentity for a client key.
  Result<std::unique_ptr<tuf::Fetcher>> make(const QString& address, const VendorAccess& access);

 private:
  Result<std::shared_ptr<const TlsIdentity>> identity(const VendorAccess& access);

  std::shared_ptr<PinSource> pins_;
  std::mutex mutex_;
  QHash<QString, std::shared_ptr<const TlsIdentity>> identities_;
};

}  // namespace sealift
