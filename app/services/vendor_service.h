// The vendors that this station trusts. Any thread.
#pragma once

#include "app/catalog/vendor_repository.h"
#include "app/services/station_core.h"

#include <QHash>

#include <functional>

namespace sealift {

class VendorService {
 public:
  VendorService(StationCore& core, std::function<void()> changed) : core_(core), changed_(std::move(changed)) {}

  Status load();  // from the store and what was trusted before; asks nobody
  static Result<VendorCandidate> readFile(const QString& path);
  Result<VendorView> add(const VendorCandidate& candidate, const QString& confirmedFingerprint,
                         const CancelToken& cancel);
  Result<VendorView> refresh(const QString& id, const CancelToken& cancel);
  Result<VendorView> changeAccess(const QString& id, const VendorAccessChange& change);
  // Of the vendor whose root of trust the bundle begins with: it must be trusted already.
  Result<BundleImport> importBundle(const QString& path, const CancelToken& cancel);
  static bool isBundle(const QString& path);
  Status remove(const QString& id);
  QList<VendorView> views() const;

  QList<std::shared_ptr<VendorRepository>> repositories() const;
  std::shared_ptr<VendorRepository> repository(const QString& id) const;
  // A device's name that stations have in common, by its id here: whose id it is, is told by the vendor's root of trust
  // as it was added. Empty for a device that is known by its address only.
  QString nameAmongStations(const QString& deviceId) const;
  // What the last refresh of this run said, if it failed.
  std::optional<Error> problem(const QString& id) const;

 private:
  struct Known {
    std::shared_ptr<VendorRepository> repository;
    QString fingerprint;
    qint64 addedMs = 0;
    qint64 refreshedMs = 0;
    std::optional<Error> problem;
  };
  Result<std::shared_ptr<VendorRepository>> vendorOf(const QStringList& roots) const;
  static qint64 rootVersionOf(const VendorRepository& repository);
  Status noteRefreshed(const std::shared_ptr<VendorRepository>& repository, const Status& refreshed, qint64 oldRoot,
                       const QJsonObject& details);
  VendorView view(const Known& known) const;
  QString folderOf(const QString& id) const;
  std::shared_ptr<VendorRepository> open(const VendorRepository::Identity& identity) const;
  VendorAccess accessOf(const QString& id) const;
  Result<VendorAccess> changed(VendorAccess access, const VendorAccessChange& change) const;
  static QString accessKey(const QString& id) { return QStringLiteral("vendor.%1.access").arg(id); }
  void setAccess(const QString& id, const VendorAccess& access);

  StationCore& core_;
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  QList<Known> known_;
  QHash<QString, VendorAccess> access_;  // by vendor; what is not here is the default
};

}  // namespace sealift
