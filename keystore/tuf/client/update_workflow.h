// Section 5.2 to 5.6.6 of the TUF specification 1.0.x: brings files from the repository or from the folder, in the
// specification's order, has TrustedMetadataSet decide on each of them, and keeps what was trusted. One thread at a
// time.
#pragma once

#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/client/metadata_cache.h"
#include "keystore/tuf/client/trusted_metadata_set.h"

namespace sealift::tuf {

enum class Source { Repository, CacheOnly };

class UpdateWorkflow {
 public:
  // All of them must outlive it.
  UpdateWorkflow(const MetadataCache& cache, Fetcher& fetcher, const ClientOptions& options)
      : cache_(cache), fetcher_(fetcher), options_(options) {}

  // The newest trusted state, begun from `rootBytes`, the root that was trusted last. With Source::CacheOnly nothing is
  // requested and nothing written.
  Result<TrustedMetadataSet> run(Source source, const QByteArray& rootBytes, const QDateTime& updateStart,
                                 Freshness freshness, const CancelToken& cancel);
  // 5.6.1 to 5.6.6 for "targets" (delegator: "root") or a delegated role, whose delegator must be in the set. One that
  // is in the set already is held against this delegator.
  Status loadTargets(TrustedMetadataSet& set, Source source, const QString& role, const QString& delegator,
                     const CancelToken& cancel);

 private:
  Status updateRoots(TrustedMetadataSet& set, const CancelToken& cancel);
  Status updateTimestamp(TrustedMetadataSet& set, Source source, const CancelToken& cancel);
  Status updateSnapshot(TrustedMetadataSet& set, Source source, const CancelToken& cancel);
  Result<QByteArray> fetch(const QString& role, qint64 version, qint64 maxBytes, const CancelToken& cancel);

  const MetadataCache& cache_;
  Fetcher& fetcher_;
  const ClientOptions& options_;
};

}  // namespace sealift::tuf
