// The file of a TPM's wrapped key: "TSS2 PRIVATE KEY" in PEM (draft-bottomley-tpm2-keys, section 3). Internal.
#pragma once

#include "app/base/result.h"

#include <QByteArray>

namespace sealift {

struct TpmKeyFile {
  QByteArray pem;
  bool needsAuthorization = true;  // emptyAuth is absent or false
};

// FileRead, FileTooLarge, CryptoKey. The wrapped key itself is the TPM's to judge.
Result<TpmKeyFile> readTpmKeyFile(const QString& path);

}  // namespace sealift
