#include "keystore/secrets/private_file.h"

#include <QFileInfo>

namespace sealift {

// Where the file system keeps no owners (FAT, Windows' own rights) Qt reports what the owner may do for everybody
// or nobody; only Unix permissions say something here.
Status requirePrivateFile(const QString& path, const QString& what) {
#ifdef Q_OS_UNIX
  constexpr QFileDevice::Permissions kOthers =
      QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
  if ((QFileInfo(path).permissions() & kOthers) != 0) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The %1 %2 can be read or changed by others.").arg(what, path),
                QStringLiteral("Replace it if others may have seen it; otherwise run: chmod 600 \"%1\"").arg(path));
  }
#else
  Q_UNUSED(path);
  Q_UNUSED(what);
#endif
  return {};
}

}  // namespace sealift
