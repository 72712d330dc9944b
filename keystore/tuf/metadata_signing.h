// Signatures of TUF metadata: which keys count, and when they are enough.
#pragma once

#include "keystore/tuf/metadata.h"

namespace sealift::tuf {

// How TUF writes keys (4.2.1): "ed25519" / "ecdsa-sha2-nistp256" …; nothing for keys that TUF has no name for.
Json keyToJson(const PublicKey& key);
// Nothing when type or scheme are unknown or the key is not usable.
std::optional<Key> keyFromJson(const Json& value);
// The scheme with which a key of this type signs metadata.
SignatureScheme metadataSchemeOf(const PublicKey& key);
// Hex SHA-256 of the canonical form of keyToJson (4.2.1).
QString keyIdOf(const PublicKey& key);

// TrustThreshold unless at least `threshold` different keys of the role made valid signatures. One key counts
// once, be it listed under several ids.
Status verifyThreshold(const Envelope& envelope, const QString& roleName, const Keys& keys, const RoleKeys& roleKeys);

}  // namespace sealift::tuf
