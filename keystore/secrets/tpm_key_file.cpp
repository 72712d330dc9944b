#include "keystore/secrets/tpm_key_file.h"

#include "app/base/file_io.h"
#include "keystore/crypto/openssl_p.h"
#include "keystore/crypto/secret_bytes.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace sealift {

namespace {

constexpr qint64 kMostKeyFileBytes = 64 * 1024;

// The DER element at the beginning of what is left (X.690, 8.1).
struct Element {
  int tag = 0;
  int tagClass = 0;
  QByteArrayView contents;
};

std::optional<Element> takeElement(QByteArrayView& rest) {
  const unsigned char* at = openssl::data(rest);
  long length = 0;
  Element element;
  const int flags = ASN1_get_object(&at, &length, &element.tag, &element.tagClass, static_cast<long>(rest.size()));
  const qsizetype header = at - openssl::data(rest);
  if ((flags & 0x80) != 0 || (flags & 0x01) != 0 || length < 0 || length > rest.size() - header) {
    ERR_clear_error();
    return std::nullopt;  // not well-formed, or of indefinite length, which DER has not
  }
  element.contents = rest.sliced(header, length);
  rest = rest.sliced(header + length);
  return element;
}

// TPMKey ::= SEQUENCE { type OBJECT IDENTIFIER, emptyAuth [0] EXPLICIT BOOLEAN OPTIONAL, … }
std::optional<bool> readEmptyAuth(QByteArrayView der) {
  const auto key = takeElement(der);
  if (!key || key->tag != V_ASN1_SEQUENCE) {
    return std::nullopt;
  }
  QByteArrayView rest = key->contents;
  const auto type = takeElement(rest);
  if (!type || type->tag != V_ASN1_OBJECT) {
    return std::nullopt;
  }
  const auto next = takeElement(rest);
  if (!next) {
    return std::nullopt;
  }
  if (next->tagClass != V_ASN1_CONTEXT_SPECIFIC || next->tag != 0) {
    return false;  // it is left out
  }
  QByteArrayView inner = next->contents;
  const auto flag = takeElement(inner);
  if (!flag || flag->tag != V_ASN1_BOOLEAN || flag->contents.size() != 1) {
    return std::nullopt;
  }
  return flag->contents.front() != '\0';
}

std::optional<bool> readEmptyAuthOfPem(const QByteArray& pem) {
  const openssl::Bio bio(BIO_new_mem_buf(pem.constData(), static_cast<int>(pem.size())));
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* body = nullptr;
  long length = 0;
  if (!bio || PEM_read_bio(bio.get(), &label, &header, &body, &length) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  const bool ours = QByteArrayView(label) == QByteArrayView("TSS2 PRIVATE KEY");
  const std::optional<bool> emptyAuth = ours ? readEmptyAuth(QByteArrayView(body, length)) : std::nullopt;
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(body, static_cast<std::size_t>(length));  // it might have been an ordinary private key
  return emptyAuth;
}

}  // namespace

Result<TpmKeyFile> readTpmKeyFile(const QString& path) {
  SEALIFT_TRY(QByteArray pem, readFile(path, kMostKeyFileBytes));
  const std::optional<bool> emptyAuth = readEmptyAuthOfPem(pem);
  if (!emptyAuth) {
    zeroize(pem);
    return fail(ErrorCode::CryptoKey, QStringLiteral("%1 is no file of a TPM's key (TSS2 PRIVATE KEY).").arg(path));
  }
  return TpmKeyFile{pem, !*emptyAuth};
}

}  // namespace sealift
