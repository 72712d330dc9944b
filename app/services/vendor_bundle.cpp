// Offline bundles of vendors: VendorService::importBundle.
#include "app/services/vendor_service.h"
#include "keystore/tuf/bundle.h"
#include "keystore/tuf/client/client.h"

#include <QFileInfo>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kMostRootBytes = qint64{512} * 1024;

// Where the metadata of a bundle can begin: the fingerprints of its roots.
Result<QStringList> rootsOf(tuf::BundleFetcher& bundle, const CancelToken& cancel) {
  QStringList fingerprints;
  const QStringList paths = bundle.paths();
  for (const QString& path : paths) {
    if (!path.startsWith(QLatin1String("metadata/")) || !path.endsWith(QLatin1String(".root.json"))) {
      continue;
    }
    SEALIFT_TRY(const QByteArray bytes, bundle.fetch(path, kMostRootBytes, cancel));
    if (const Result<tuf::TrustSummary> root = tuf::Client::inspectRoot(bytes)) {
      fingerprints << root->fingerprint;
    }
  }
  return fingerprints;
}

QDateTime firstExpiry(const QList<TrustedRole>& roles) {
  QDateTime first;
  for (const TrustedRole& role : roles) {
    if (role.version > 0 && (!first.isValid() || role.expires < first)) {
      first = role.expires;
    }
  }
  return first;
}

// Whole days of 24 hours: how long it really is, whatever the time of day.
QString daysText(const QDateTime& from, const QDateTime& to) {
  constexpr qint64 kSecondsOfDay = 24 * 60 * 60;
  const qint64 days = from.secsTo(to) / kSecondsOfDay;
  return days <= 0   ? QStringLiteral("less than a day")
         : days == 1 ? QStringLiteral("1 day")
                     : QStringLiteral("%1 days").arg(days);
}

// How old the vendor's word is, and what follows from it.
QString ageText(const QDateTime& signedAt, const QDateTime& validUntil, const QDateTime& now) {
  const QString age = signedAt.isValid() ? QStringLiteral("The vendor signed this state on %1, %2 ago")
                                               .arg(signedAt.date().toString(Qt::ISODate), daysText(signedAt, now))
                                         : QStringLiteral("The vendor does not say when it signed this state");
  return QStringLiteral(
             "%1; it is valid until %2, for %3 more. What the vendor published or withdrew since is not known here "
             "until a newer bundle is imported or its server is asked.")
      .arg(age, validUntil.date().toString(Qt::ISODate), daysText(now, validUntil));
}

// The same refusals as of a server, in words for a file that somebody carried here.
Error inWordsOfBundles(Error error, const QString& vendor) {
  if (error.code == ErrorCode::TrustExpired) {
    error.remedy = QStringLiteral(
                       "The bundle is too old: a newer release or a withdrawal may have been kept from you. Check this "
                       "computer's clock, then ask %1 for a new bundle.")
                       .arg(vendor);
  } else if (error.code == ErrorCode::TrustRollback) {
    error.remedy = QStringLiteral(
                       "This station knows a newer state of %1 than the bundle holds, and keeps it. Use a newer "
                       "bundle.")
                       .arg(vendor);
  }
  return error;
}

}  // namespace

bool VendorService::isBundle(const QString& path) {
  return tuf::BundleFetcher::looksLikeBundle(path);
}

Result<std::shared_ptr<VendorRepository>> VendorService::vendorOf(const QStringList& roots) const {
  const std::scoped_lock lock(mutex_);
  for (const Known& known : known_) {
    if (roots.contains(known.fingerprint)) {
      return known.repository;
    }
  }
  return fail(ErrorCode::NotFound, QStringLiteral("The bundle is from a vendor that is not trusted here."),
              QStringLiteral("Add its vendor first, with a vendor file whose fingerprint you compare."));
}

Result<BundleImport> VendorService::importBundle(const QString& path, const CancelToken& cancel) {
  SEALIFT_TRY(const std::unique_ptr<tuf::BundleFetcher> bundle, tuf::BundleFetcher::open(path));
  SEALIFT_TRY(const QStringList roots, rootsOf(*bundle, cancel));
  if (roots.isEmpty()) {
    return fail(
        ErrorCode::TrustMalformed,
        QStringLiteral("%1 holds no root of trust: it is no bundle of a vendor.").arg(QFileInfo(path).fileName()),
        QStringLiteral("Ask the vendor for a bundle made with `sealiftctl repo bundle`."));
  }
  SEALIFT_TRY(const std::shared_ptr<VendorRepository> repository, vendorOf(roots));
  const VendorRepository::Identity& identity = repository->identity();
  const qint64 oldRoot = rootVersionOf(*repository);
  const Result<QStringList> taken = repository->importBundle(*bundle, cancel);
  const Status imported = taken ? Status() : tl::unexpected<Error>(inWordsOfBundles(taken.error(), identity.name));
  SEALIFT_CHECK(noteRefreshed(repository, imported, oldRoot, {{QStringLiteral("bundle"), QFileInfo(path).fileName()}}));
  BundleImport result;
  result.vendorId = identity.id;
  result.vendorName = identity.name;
  result.files = static_cast<int>(taken->size());
  const VendorContents contents = repository->contents();
  for (const Release& release : contents.releases) {
    const ModelDescription* model = contents.model(release.terms.modelId);
    const QString name = model != nullptr ? model->name : release.terms.modelId;
    if (taken->contains(release.targetPath) && !result.models.contains(name)) {
      result.models << name;
    }
  }
  const QList<TrustedRole> roles = repository->roles();
  QDateTime signedAt;
  for (const TrustedRole& role : roles) {
    if (role.role == QLatin1String("timestamp")) {
      result.timestampVersion = role.version;
      signedAt = role.signedAt;
    }
  }
  result.validUntil = firstExpiry(roles);
  result.ageText = ageText(signedAt, result.validUntil, core_.clock->nowUtc());
  return result;
}

}  // namespace sealift
