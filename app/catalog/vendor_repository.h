// One vendor's repository: trusted metadata, and what it says of models and releases.
//
// Any thread; calls that fetch take turns. Nothing is given out that the TUF client has not verified.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/clock.h"
#include "app/catalog/release.h"
#include "devices/core/model.h"
#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/client/target_store.h"

#include <QDateTime>
#include <QList>
#include <QMap>
#include <QStringList>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace sealift {

namespace tuf {
class Client;
}

// What the trusted metadata says. A document of the vendor that can't be used is told in `problems`
// and left out; it doesn't hide the others.
struct VendorContents {
  QList<ModelDescription> models;
  QList<Release> releases;
  QStringList problems;
  QList<tuf::RoleProblem> roleProblems;  // delegated roles whose part of the offer is left out

  const ModelDescription* model(const QString& id) const;
  const Release* release(const QString& targetPath, const QString& sha256) const;
};

struct TrustedRole {
  QString role;
  qint64 version = 0;
  QDateTime expires;
  QDateTime signedAt;  // as the vendor says in what it signed; not valid where it doesn't
  int threshold = 0;
  int keys = 0;
};

// A release's image, and how it came here.
struct ObtainedImage {
  enum class Way { Kept, Rebuilt, Fetched };
  QByteArray bytes;
  Way way = Way::Fetched;
  qint64 fetchedBytes = 0;     // over the network, or from the vendor's folder
  QString fromVersion;         // Rebuilt: of the image that it was made from; may be empty
  std::optional<Error> delta;  // why a delta that would have saved bytes did not do
};

// Makes the fetcher for one address; called in the thread that fetches.
using FetcherFactory = std::function<Result<std::unique_ptr<tuf::Fetcher>>(const QString& address)>;

// Whether this error means that an address can't be reached now: what was trusted before stays so until it expires,
// and another address may help. Everything else is about what was served.
bool isRepositoryAway(ErrorCode code);

// As SystemFetchers, with this computer's trusted authorities and no client certificate.
Result<std::unique_ptr<tuf::Fetcher>> makeSystemFetcher(const QString& address);

class VendorRepository {
 public:
  struct Identity {
    QString id;
    QString name;
    QStringList addresses;
    QByteArray initialRoot;
  };

  // `folder` keeps metadata/ and targets/ of this vendor. The clock outlives the repository.
  VendorRepository(const Identity& identity, const QString& folder, const Clock& clock, FetcherFactory fetchers);

  const Identity& identity() const { return identity_; }

  // Reads what was trusted before, without any connection. Nothing trusted yet is no error.
  Status loadTrusted();
  // The TUF client workflow against the first address that answers, then the vendor's documents.
  Status refresh(const CancelToken& cancel);
  // The same from an offline bundle, and every published file that it holds is verified and kept, so that none of
  // them needs a network later. Gives the paths of the targets that came. Errors as of refresh().
  Result<QStringList> importBundle(tuf::Fetcher& bundle, const CancelToken& cancel);
  // A target's bytes: kept from before, or fetched to the disk piece by piece. In both cases they were read once and
  // hashed as they were read: whoever sends them on sends what was verified.
  Result<QByteArray> target(const QString& path, qint64 maxBytes, const CancelToken& cancel);

  // A release's image the shortest way: what is kept; made from an image that is kept and a delta; whole. What it was
  // made of is nothing to trust: the bytes are held to the hash in the vendor's signed metadata, and kept. Errors as of
  // target(), of the image as a whole.
  Result<ObtainedImage> image(const Release& release, const CancelToken& cancel);
  // The delta over the network that image() would take now, were the image needed; nothing: the whole image, or none
  // is needed.
  std::optional<ReleaseDelta> usefulDelta(const Release& release) const;
  bool isKept(const Release& release) const;           // whole, as far as its size tells; image() verifies it
  qint64 downloadBytes(const Release& release) const;  // that image() would fetch now

  VendorContents contents() const;
  QList<TrustedRole> roles() const;
  // Error TrustExpired when metadata that everything hangs on (root, timestamp, snapshot, targets) has expired by now;
  // NotFound before the first refresh.
  Status checkFresh() const;
  // The same for every role on the way to this target, from what is kept.
  Status checkFresh(const QString& targetPath) const;
  QDateTime refreshedAt() const;  // of the last success in this run; invalid before

 private:
  // A target, and how many of its bytes had to be fetched: 0 when it was kept.
  struct Obtained {
    QByteArray bytes;
    qint64 fetchedBytes = 0;
  };
  Result<Obtained> obtain(const QString& path, qint64 maxBytes, const CancelToken& cancel);
  Status readContents(tuf::Client& client, const CancelToken& cancel);
  Result<QByteArray> document(tuf::Client& client, const tuf::TargetInfo& info, const CancelToken& cancel) const;

  Identity identity_;
  QString folder_;
  const Clock& clock_;
  FetcherFactory fetchers_;
  tuf::TargetStore store_;
  mutable std::mutex work_;   // one fetch at a time
  mutable std::mutex state_;  // guards what follows
  VendorContents contents_;
  QList<TrustedRole> roles_;
  QDateTime refreshedAt_;
};

}  // namespace sealift
