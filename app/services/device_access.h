// How this station shows itself to devices over HTTPS, and by whom they are proven, by their address. Any thread.
//
// Names, certificates and keys' addresses stand in the settings. A password stands in none of them and in no log: it
// lies in a file of its own in the data folder that only its owner may read, since a device's password must be given as
// it is.
#pragma once

#include "app/services/station_core.h"
#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/tls_identity.h"
#include "transports/links/link_opener.h"

#include <QHash>

#include <memory>
#include <mutex>

namespace sealift {

class DeviceAccess {
 public:
  DeviceAccess(StationCore& core, std::shared_ptr<PinSource> pins) : core_(core), pins_(std::move(pins)) {}

  // `address`: https:HOST:PORT. Recorded in the audit log, without the password. A client certificate is tried out
  // before it is kept: its key may ask for a PIN. Errors: InvalidArgument, FileRead, CryptoKey, and the key's own.
  Result<DeviceAccessView> change(const QString& address, const DeviceAccessChange& change);
  Status forget(const QString& address);
  // What is known for the address goes into `access`, on top of what the device's model says.
  Status addTo(const LinkAddress& address, HttpAccess& access);

 private:
  struct Known;
  Result<Known> find(const QString& address) const;
  Result<Known> changed(Known known, const DeviceAccessChange& change) const;
  Status keepPassword(const QString& address, const DeviceAccessChange& change) const;
  QString passwordFile(const QString& address) const;
  Result<std::shared_ptr<const TlsIdentity>> identity(const Known& known);

  StationCore& core_;
  std::shared_ptr<PinSource> pins_;
  std::mutex mutex_;
  QHash<QString, std::shared_ptr<const TlsIdentity>> identities_;  // by certificate and key: a PIN is asked for once
};

}  // namespace sealift
