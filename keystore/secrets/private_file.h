// Files that hold secrets must be their owner's alone.
#pragma once

#include "app/base/result.h"

#include <QString>

namespace sealift {

// CryptoKey when others than its owner may read or change the file (where the file system knows owners); `what`
// names it in the message, e.g. "private key".
Status requirePrivateFile(const QString& path, const QString& what);

}  // namespace sealift
