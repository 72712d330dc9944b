// A repository in a folder. Never leaves it: paths with "." or ".." parts, and links that lead out, are not found.
#pragma once

#include "keystore/tuf/client/fetcher.h"

namespace sealift::tuf {

class FolderFetcher final : public Fetcher {
 public:
  explicit FolderFetcher(const QString& folder) : folder_(folder) {}
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override;
  Status fetchTo(const QString& path, qint64 maxBytes, const ResumePoint& from, FetchSink& sink,
                 const CancelToken& cancel) override;

 private:
  Result<QString> locate(const QString& path) const;

  QString folder_;
};

}  // namespace sealift::tuf
