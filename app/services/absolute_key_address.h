// A key's address as it can be kept: the command line's working folder is not the station's.
#pragma once

#include "keystore/secrets/key_address.h"

#include <QFileInfo>

namespace sealift {

inline QString absoluteKeyAddress(const KeyAddress& address) {
  if (const auto* file = address.as<FileKeyAddress>()) {
    return QFileInfo(file->path).absoluteFilePath();
  }
  if (const auto* tpm = address.as<TpmKeyAddress>(); tpm != nullptr && !tpm->path.isEmpty()) {
    TpmKeyAddress absolute = *tpm;
    absolute.path = QFileInfo(tpm->path).absoluteFilePath();
    return KeyAddress(absolute).toString();
  }
  return address.toString();
}

}  // namespace sealift
