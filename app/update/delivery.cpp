#include "app/update/delivery.h"

#include "app/base/size_text.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr double kSerialBytesPerSecond = 10'000.0;
constexpr double kNetworkBytesPerSecond = 200'000.0;

QString secondsText(qint64 bytes, const LinkAddress& address) {
  const auto seconds = static_cast<qint64>(static_cast<double>(bytes) / expectedBytesPerSecond(address)) + 1;
  return seconds < 90 ? QStringLiteral("%1 s").arg(seconds) : QStringLiteral("%1 min").arg((seconds + 30) / 60);
}

QString sentence(const ObtainedImage& obtained, qint64 imageBytes) {
  const QString whole = sizeText(imageBytes);
  switch (obtained.way) {
    case ObtainedImage::Way::Kept:
      return QStringLiteral("nothing (the image is on this computer already)");
    case ObtainedImage::Way::Rebuilt:
      return QStringLiteral("%1 difference to %2 (full image %3)")
          .arg(sizeText(obtained.fetchedBytes),
               obtained.fromVersion.isEmpty() ? QStringLiteral("an earlier image") : obtained.fromVersion, whole);
    case ObtainedImage::Way::Fetched:
      break;
  }
  return obtained.delta ? QStringLiteral("%1 (full image, since the smaller difference did not do: %2)")
                              .arg(sizeText(obtained.fetchedBytes), obtained.delta->what)
                        : QStringLiteral("%1 (full image)").arg(whole);
}

}  // namespace

double expectedBytesPerSecond(const LinkAddress& address) {
  return address.kind == LinkKind::Serial ? std::min(kSerialBytesPerSecond, address.baud() / 10.0)
                                          : kNetworkBytesPerSecond;
}

std::optional<ReleaseDelta> deviceDelta(const Release& release, const DeviceSnapshot& device,
                                        const Capabilities& capabilities) {
  const Slot* running = device.runningSlot();
  if (running == nullptr || running->digest.isEmpty()) {
    return std::nullopt;
  }
  for (const ReleaseDelta& delta : release.deltas) {  // smallest first
    if (capabilities.deltaKinds.contains(delta.kind) && device.deltaKinds.contains(delta.kind) &&
        delta.fromDigest == running->digest && deltaPaysOff(delta.bytes, release.terms.bytes)) {
      return delta;
    }
  }
  return std::nullopt;
}

Delivery chooseDelivery(const ImageOnTheWay& way, Image& image, VendorRepository& repository,
                        const CancelToken& cancel) {
  const qint64 whole = way.release.terms.bytes;
  Delivery delivery{way.obtained.fetchedBytes, sentence(way.obtained, whole), whole, {}};
  const auto inAll = [&](qint64 bytes) {
    return QStringLiteral("%1, about %2").arg(sizeText(bytes), secondsText(bytes, way.address));
  };
  QString reason;
  if (const std::optional<ReleaseDelta> delta = deviceDelta(way.release, way.device, way.capabilities)) {
    const Result<QByteArray> bytes = repository.target(delta->targetPath, delta->bytes, cancel);
    if (bytes) {
      image.delta = DeviceDelta{delta->kind, *bytes, delta->fromDigest};
      delivery.sendBytes = delta->bytes;
      delivery.send = QStringLiteral("%1, a difference that the device applies itself (full image %2)")
                          .arg(inAll(delta->bytes), inAll(whole));
      return delivery;
    }
    reason = QStringLiteral(", since the smaller difference could not be had: %1").arg(bytes.error().what);
  }
  delivery.send =
      (way.capabilities.sectorDigests
           ? QStringLiteral("at most %1 (only what differs from what the device holds%2)").arg(inAll(whole), reason)
           : QStringLiteral("%1 (full image%2)").arg(inAll(whole), reason));
  return delivery;
}

}  // namespace sealift
