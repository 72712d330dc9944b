// VendorRepository::image(): the shortest way to a release's image.
#include "app/catalog/vendor_repository.h"
#include "devices/images/delta/image_delta.h"

#include <QFileInfo>

namespace sealift {
namespace {

bool canApply(const ReleaseDelta& delta) {
  return delta.kind == deltaKindName(DeltaKind::Zstd) || delta.kind == deltaKindName(DeltaKind::Suffix);
}

tuf::TargetInfo fileOf(const QString& path, qint64 bytes, const QByteArray& sha256) {
  return {path, bytes, {{DigestAlgorithm::Sha256, sha256}}, {}, {}};
}

tuf::TargetInfo imageOf(const Release& release) {
  return fileOf(release.targetPath, release.terms.bytes, QByteArray::fromHex(release.sha256.toLatin1()));
}

tuf::TargetInfo baseOf(const ReleaseDelta& delta) {
  return fileOf(delta.fromVersion, delta.fromBytes, delta.fromSha256);
}

}  // namespace

bool VendorRepository::isKept(const Release& release) const {
  return QFileInfo(store_.pathOf(imageOf(release))).size() == release.terms.bytes;
}

std::optional<ReleaseDelta> VendorRepository::usefulDelta(const Release& release) const {
  if (isKept(release)) {
    return std::nullopt;
  }
  for (const ReleaseDelta& delta : release.deltas) {  // smallest first
    const QFileInfo base(store_.pathOf(baseOf(delta)));
    if (canApply(delta) && deltaPaysOff(delta.bytes, release.terms.bytes) && base.isFile() &&
        base.size() == delta.fromBytes) {
      return delta;
    }
  }
  return std::nullopt;
}

qint64 VendorRepository::downloadBytes(const Release& release) const {
  if (isKept(release)) {
    return 0;
  }
  const std::optional<ReleaseDelta> delta = usefulDelta(release);
  return delta ? delta->bytes : release.terms.bytes;
}

Result<ObtainedImage> VendorRepository::image(const Release& release, const CancelToken& cancel) {
  ObtainedImage image;
  if (const std::optional<ReleaseDelta> delta = usefulDelta(release)) {
    Result<QByteArray> rebuilt = [&]() -> Result<QByteArray> {
      SEALIFT_TRY(const QByteArray difference, target(delta->targetPath, delta->bytes, cancel));
      image.fetchedBytes = difference.size();
      SEALIFT_TRY(const QByteArray base, store_.read(baseOf(*delta), kMaxImageBytes));
      SEALIFT_TRY(QByteArray made, applyDelta(base, difference, release.terms.bytes, cancel));
      SEALIFT_CHECK(store_.keep(imageOf(release), made));  // verified before anything is done with it
      return made;
    }();
    SEALIFT_CHECK(cancel.check());
    if (rebuilt) {
      image.bytes = std::move(*rebuilt);
      image.way = ObtainedImage::Way::Rebuilt;
      image.fromVersion = delta->fromVersion;
      return image;
    }
    image.delta = rebuilt.error();
  }
  SEALIFT_TRY(Obtained obtained, obtain(release.targetPath, kMaxImageBytes, cancel));
  image.bytes = std::move(obtained.bytes);
  image.way = obtained.fetchedBytes == 0 ? ObtainedImage::Way::Kept : ObtainedImage::Way::Fetched;
  image.fetchedBytes += obtained.fetchedBytes;
  return image;
}

}  // namespace sealift
