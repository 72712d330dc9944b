// The client workflow of the TUF specification 1.0.x, section 5, on top of an injected Fetcher and Clock, with the
// trusted metadata kept in a folder between runs. One thread at a time.
//
//   SEALIFT_CHECK(Client::pinRoot(folder, rootBytes));        // once, after the fingerprint was confirmed
//   Client client(folder, fetcher, clock);
//   SEALIFT_CHECK(client.refresh(cancel));                    // or loadCached() without any request
//   SEALIFT_TRY(const TargetInfo target, client.target(path, cancel));
//   SEALIFT_TRY(const QByteArray bytes, client.download(target, cancel));
//
// The folder holds root.json, timestamp.json, snapshot.json, targets.json and delegated roles (percent-encoded),
// each written atomically and only after it was verified, and initial/root.json, the root that was pinned.
#pragma once

#include "app/base/clock.h"
#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/client/target_info.h"
#include "keystore/tuf/client/trust_summary.h"

#include <QList>

#include <memory>

namespace sealift::tuf {

struct ClientOptions {
  QString metadataPath = QStringLiteral("metadata");  // where metadata lies, relative to the repository's base
  QString targetsPath = QStringLiteral("targets");    // the same for target files; both percent-encoded, may be empty
  int maxRootRotations = 1024;                        // new roots taken in one refresh (5.3.3, Y)
  int maxDelegations = 64;                            // roles visited while looking for one target (5.6.7.1)
  int maxListedRoles = 20000;                         // roles visited by targets()
  qint64 rootBytes = 512 * 1024;                      // limits for files whose length is not signed
  qint64 timestampBytes = 16 * 1024;
  qint64 snapshotBytes = 4 * 1024 * 1024;
  qint64 targetsBytes = 8 * 1024 * 1024;         // also for delegated roles
  qint64 mostAnnouncedBytes = 64 * 1024 * 1024;  // no signed length is believed above this
};

enum class Freshness { Required, NotRequired };

class Client {
 public:
  // `fetcher` and `clock` must outlive the client. Nothing is read yet.
  Client(const QString& cacheFolder, Fetcher& fetcher, const Clock& clock, const ClientOptions& options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What a root file would make trusted, without storing anything. It must verify against itself; it may have
  // expired (5.3.10 looks at the newest root only).
  static Result<TrustSummary> inspectRoot(const QByteArray& rootBytes);
  // Stores the initial root as trusted. AlreadyExists when this folder trusts another initial root.
  static Status pinRoot(const QString& cacheFolder, const QByteArray& rootBytes);

  // Section 5.3 to 5.6: newest root, timestamp, snapshot, targets. After an error the client still serves what
  // it trusted before, if anything. Errors: Trust…, Fetch…, Cancelled; NotFound when no root was pinned.
  Status refresh(const CancelToken& cancel);
  // The same from the folder alone, without any request. With Freshness::NotRequired expired metadata is served,
  // too: to look at, never to install from; summary() tells the dates.
  Status loadCached(Freshness freshness = Freshness::Required);

  // The preconditions of all below: refresh() or loadCached() succeeded once. Delegated roles are fetched when
  // they are needed (from the folder alone after loadCached()).

  // 5.6.7: the first role in pre-order that has the target. TrustTargetMissing when none does.
  Result<TargetInfo> target(const QString& path, const CancelToken& cancel);
  // Every target that target() would find, by path. Loads every delegated role; one that fails is told of and hides
  // only what stands behind it.
  Result<TargetListing> targets(const CancelToken& cancel);
  // 5.7: the target's bytes, of the signed length, with every known hash right.
  // TrustLength, TrustHashMismatch, TrustTargetMissing (the repository has no such file), Fetch….
  Result<QByteArray> download(const TargetInfo& target, const CancelToken& cancel);
  // The same into a file, for targets of any size; see target_download.h.
  Status downloadTo(const QString& filePath, const TargetInfo& target, const CancelToken& cancel);

  TrustSummary summary() const;  // fingerprint empty when nothing is trusted

 private:
  struct Private;
  std::unique_ptr<Private> d_;
};

}  // namespace sealift::tuf
