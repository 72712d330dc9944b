#include "keystore/crypto/pem.h"

#include "keystore/crypto/openssl_p.h"
#include "keystore/crypto/secret_bytes.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace sealift {

namespace {

constexpr qsizetype kMostPemBytes = 64 * 1024 * 1024;
constexpr qsizetype kMostBlocks = 64;
constexpr char kDerSequence = 0x30;  // X.690, 8.1.2: certificates, requests and lists are SEQUENCEs

}  // namespace

Result<QList<QByteArray>> readPem(QByteArrayView pem, const char* label) {
  if (pem.size() > kMostPemBytes) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The PEM text is far too long."));
  }
  const openssl::Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  QList<QByteArray> blocks;
  while (in) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* body = nullptr;
    long length = 0;
    if (PEM_read_bio(in.get(), &name, &header, &body, &length) != 1) {
      break;
    }
    const bool isWanted = QByteArrayView(name) == QByteArrayView(label);
    blocks << QByteArray(reinterpret_cast<const char*>(body), length);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(body, static_cast<std::size_t>(length));  // it might have been a private key
    if (!isWanted || blocks.size() > kMostBlocks) {
      zeroize(blocks.back());
      return fail(ErrorCode::IdentityMalformed,
                  QStringLiteral("The PEM text must hold at most %1 blocks, all of \"%2\".")
                      .arg(kMostBlocks)
                      .arg(QLatin1String(label)));
    }
  }
  const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (blocks.isEmpty() || !atEnd) {
    return fail(ErrorCode::IdentityMalformed,
                QStringLiteral("The text holds no whole PEM block \"%1\".").arg(QLatin1String(label)));
  }
  return blocks;
}

Result<QList<QByteArray>> readPemOrDer(QByteArrayView bytes, const char* label) {
  if (!bytes.isEmpty() && bytes.front() == kDerSequence) {
    return QList<QByteArray>{bytes.toByteArray()};
  }
  return readPem(bytes, label);
}

QByteArray writePem(QByteArrayView der, const char* label) {
  const openssl::Bio out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio(out.get(), label, "", openssl::data(der), static_cast<long>(der.size())) <= 0) {
    ERR_clear_error();
    return {};
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, length};
}

}  // namespace sealift
