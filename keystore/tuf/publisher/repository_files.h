// The files of a repository that is being published, by paths relative to its folder.
#pragma once

#include "keystore/tuf/publisher/publisher.h"
#include "keystore/tuf/strict_json.h"

namespace sealift::tuf {

class RepositoryFiles {
 public:
  RepositoryFiles(const QString& folder, const PublisherHooks& hooks) : folder_(folder), hooks_(hooks) {}

  QString absolute(const QString& path) const { return folder_ + QLatin1Char('/') + path; }
  bool exists(const QString& path) const;
  Result<QByteArray> read(const QString& path) const;
  Result<Json> readJson(const QString& path) const;
  // Atomic; makes the folders above.
  Status write(const QString& path, const QByteArray& bytes) const;
  Status remove(const QString& path) const;

  static QString metadataPath(const QString& role, qint64 version);
  static QString targetPath(const QString& path, const QByteArray& sha256);

 private:
  QString folder_;
  PublisherHooks hooks_;
};

}  // namespace sealift::tuf
