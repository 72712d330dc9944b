// PEM (RFC 7468) around DER. Any thread.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace sealift {

inline constexpr char kPemCertificate[] = "CERTIFICATE";      // clause 5
inline constexpr char kPemRevocationList[] = "X509 CRL";      // clause 6
inline constexpr char kPemRequest[] = "CERTIFICATE REQUEST";  // clause 7

// The DER of every block with that label, in order; text around blocks is skipped (clause 2).
// IdentityMalformed when there is none, more than 64, or one with another label or damaged.
Result<QList<QByteArray>> readPem(QByteArrayView pem, const char* label);
// What PEM or DER files hold: readPem for what starts with a block or text, otherwise the bytes themselves as one.
Result<QList<QByteArray>> readPemOrDer(QByteArrayView bytes, const char* label);
QByteArray writePem(QByteArrayView der, const char* label);

}  // namespace sealift
