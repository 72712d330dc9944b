// Trusted metadata between runs: one file a role in a folder, named without version. What is read from here is
// verified again like anything else.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>

namespace sealift::tuf {

class MetadataCache {
 public:
  explicit MetadataCache(const QString& folder) : folder_(folder) {}

  // FileRead when there is none, FileTooLarge above `maxBytes`.
  Result<QByteArray> read(const QString& role, qint64 maxBytes) const;
  Status write(const QString& role, const QByteArray& bytes) const;  // atomic; makes the folder
  Status remove(const QString& role) const;                          // no error when there is none

  Result<QByteArray> readInitialRoot(qint64 maxBytes) const;
  Status writeInitialRoot(const QByteArray& bytes) const;
  bool hasInitialRoot() const;

 private:
  QString pathOf(const QString& role) const;
  QString initialRootPath() const { return folder_ + QStringLiteral("/initial/root.json"); }

  QString folder_;
};

}  // namespace sealift::tuf
