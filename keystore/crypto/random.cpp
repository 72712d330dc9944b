#include "keystore/crypto/random.h"

#include <openssl/rand.h>

namespace sealift {

Result<QByteArray> randomBytes(int count) {
  QByteArray bytes(qMax(count, 0), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL's random generator gave no bytes."));
  }
  return bytes;
}

}  // namespace sealift
