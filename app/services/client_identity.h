// The certificate by which this station shows who it is over TLS, with its key: to a vendor's server or to a device.
#pragma once

#include "app/base/result.h"

#include <QString>

#include <optional>

namespace sealift {

struct ClientIdentity {
  QString certificate;  // absolute path of a PEM file; empty: none
  QString key;          // its key's address, as it can be kept
};

// What `before` becomes: absent, both stay; empty, none is shown. A certificate and its key come together only.
// InvalidArgument, FileRead, CryptoKey. Whether they fit is not looked at, since the key may ask for a PIN.
Result<ClientIdentity> changeClientIdentity(const ClientIdentity& before, const std::optional<QString>& certificate,
                                            const std::optional<QString>& key);

}  // namespace sealift
