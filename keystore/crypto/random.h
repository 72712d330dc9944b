// Unpredictable bytes from OpenSSL's generator, for nonces and keys.
#pragma once

#include "app/base/result.h"

#include <QByteArray>

namespace sealift {

Result<QByteArray> randomBytes(int count);

}  // namespace sealift
