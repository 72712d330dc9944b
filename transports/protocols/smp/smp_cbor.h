// Bodies of SMP packets: one CBOR map (RFC 8949), read with caps on depth, items and lengths,
// and typed access to its fields. Nothing a device says is believed to be of the expected type.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QCborMap>
#include <QString>

#include <optional>

namespace sealift {

inline constexpr int kSmpMaxDepth = 8;      // nested containers and tags; the deepest standard body has 4
inline constexpr int kSmpMaxItems = 1024;   // values and keys in one body
inline constexpr int kSmpMaxChunks = 1024;  // pieces of one indefinite-length string

// The map, or an empty one when there are no bytes at all (a header alone is a legal packet).
// ProtocolMalformed for anything else than exactly one map within the caps. Of equal keys the first counts.
Result<QCborMap> decodeSmpBody(QByteArrayView cbor);

// The field of that name when it is there and of that type; nothing otherwise.
std::optional<qint64> smpInteger(const QCborMap& map, QLatin1String key);
std::optional<QString> smpText(const QCborMap& map, QLatin1String key);
std::optional<QByteArray> smpBytes(const QCborMap& map, QLatin1String key);
// Absent flags are false: "this field does not have to be present if false" (image management group).
bool smpFlag(const QCborMap& map, QLatin1String key);

}  // namespace sealift
