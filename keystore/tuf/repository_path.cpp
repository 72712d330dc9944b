#include "keystore/tuf/repository_path.h"

#include <QStringList>
#include <QUrl>

#include <algorithm>

namespace sealift::tuf {

bool isSafeTargetPath(const QString& path) {
  const bool hasUnsafeCharacter = std::any_of(path.begin(), path.end(), [](QChar c) {
    return c.unicode() < 0x20 || c.unicode() == 0x7f || c == QLatin1Char('\\');
  });
  const QStringList parts = path.split(QLatin1Char('/'));
  return !hasUnsafeCharacter && path.isValidUtf16() && std::all_of(parts.begin(), parts.end(), [](const QString& part) {
    return !part.isEmpty() && part != QLatin1String(".") && part != QLatin1String("..");
  });
}

QString encodePart(const QString& name) {
  return QString::fromLatin1(QUrl::toPercentEncoding(name));
}

QString encodePath(const QString& path) {
  return QString::fromLatin1(QUrl::toPercentEncoding(path, "/"));
}

QString metadataFileName(const QString& role, qint64 version) {
  const QString name = encodePart(role) + QStringLiteral(".json");
  return version > 0 ? QStringLiteral("%1.").arg(version) + name : name;
}

QString hashPrefixedPath(const QString& targetPath, const QByteArray& hash) {
  const qsizetype nameStart = targetPath.lastIndexOf(QLatin1Char('/')) + 1;
  return targetPath.left(nameStart) + QString::fromLatin1(hash.toHex()) + QLatin1Char('.') + targetPath.mid(nameStart);
}

}  // namespace sealift::tuf
