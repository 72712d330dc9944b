#include "app/services/client_identity.h"

#include "app/base/file_io.h"
#include "keystore/secrets/key_address.h"

#include <QFileInfo>
#include <QSslCertificate>

namespace sealift {

Result<ClientIdentity> changeClientIdentity(const ClientIdentity& before, const std::optional<QString>& certificate,
                                            const std::optional<QString>& key) {
  constexpr qint64 kMostCertificateBytes = 256 * 1024;
  if (!certificate && !key) {
    return before;
  }
  if (!certificate || certificate->isEmpty() != key.value_or(QString()).isEmpty()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A client certificate and its key belong together."),
                QStringLiteral("Give both: --client-certificate FILE --client-key ADDRESS."));
  }
  if (certificate->isEmpty()) {
    return ClientIdentity{};
  }
  SEALIFT_TRY(const QByteArray pem, readFile(*certificate, kMostCertificateBytes));
  if (QSslCertificate(pem, QSsl::Pem).isNull()) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("%1 is not a certificate in PEM.").arg(*certificate));
  }
  SEALIFT_TRY(const KeyAddress address, KeyAddress::parse(*key));
  return ClientIdentity{QFileInfo(*certificate).absoluteFilePath(), address.absolute().toString()};
}

}  // namespace sealift
