#include "app/services/device_view.h"

#include "app/base/size_text.h"
#include "app/base/time_text.h"

#include <QLocale>

namespace sealift {
namespace {

constexpr int kEndingSoonDays = 365;  // from here on the end of support is what the list shows

Badge slotBadge(const Slot& slot) {
  if (slot.running) {
    return slot.confirmed ? Badge{Tone::Good, QStringLiteral("Running, confirmed")}
                          : Badge{Tone::Warning, QStringLiteral("Running, on trial")};
  }
  if (slot.pending) {
    return {Tone::Accent,
            slot.permanent ? QStringLiteral("Starts next, for good") : QStringLiteral("Starts next, on trial")};
  }
  if (!slot.version) {
    return {Tone::Neutral, QStringLiteral("Empty")};
  }
  return slot.bootable ? Badge{Tone::Neutral, QStringLiteral("Previous version")}
                       : Badge{Tone::Warning, QStringLiteral("Can't start")};
}

QString phaseText(const Lifecycle& lifecycle, SupportPhase phase) {
  const QLocale locale;
  const auto shown = [&](const std::optional<QDate>& date) {
    return date ? locale.toString(*date, QStringLiteral("d MMM yyyy")) : QStringLiteral("a date not announced");
  };
  switch (phase) {
    case SupportPhase::Full:
      return QStringLiteral("Full support until %1").arg(shown(lifecycle.fullSupportEnds));
    case SupportPhase::SecurityOnly:
      return QStringLiteral("Security updates until %1").arg(shown(lifecycle.securitySupportEnds));
    case SupportPhase::EndOfLife:
      return QStringLiteral("End of life since %1").arg(shown(lifecycle.securitySupportEnds));
    case SupportPhase::Unknown:
      break;
  }
  return QStringLiteral("The vendor has not published support dates");
}

QString placeOf(const LinkAddress& address) {
  if (address.isNetwork()) {
    return QStringLiteral("network");
  }
  if (address.kind == LinkKind::Usb) {
    return QStringLiteral("USB %1").arg(address.target);
  }
  QString port = address.target;
  if (port.startsWith(QLatin1String("/dev/"))) {
    port = port.mid(5);
  }
  return QStringLiteral("serial %1").arg(port);
}

QString severityText(const Release& release) {
  static const QStringList kOrder{QStringLiteral("critical"), QStringLiteral("high"), QStringLiteral("moderate"),
                                  QStringLiteral("low")};
  for (const QString& severity : kOrder) {
    qsizetype count = 0;
    for (const Advisory& advisory : release.advisories) {
      count += advisory.severity == severity ? 1 : 0;
    }
    if (count > 0) {
      return QStringLiteral(" (%1 %2)").arg(count).arg(severity);
    }
  }
  return {};
}

// `downloadBytes`: what would have to be fetched for it now.
OfferView makeOffer(const Release& release, qint64 downloadBytes, const std::optional<QDateTime>& remindAt) {
  OfferView offer;
  offer.releaseId = release.id();
  offer.version = release.terms.version.toString();
  offer.severity = release.severity;
  offer.securityFixes = static_cast<int>(release.advisories.size());
  offer.downloadBytes = downloadBytes;
  offer.offlineSeconds = release.offlineSeconds;
  offer.remindAt = remindAt;
  offer.deferrableUntil = release.deferrableUntil;
  QStringList parts;
  if (offer.securityFixes > 0) {
    parts << QStringLiteral("Fixes %1 security %2%3")
                 .arg(offer.securityFixes)
                 .arg(offer.securityFixes == 1 ? QStringLiteral("issue") : QStringLiteral("issues"),
                      severityText(release));
  }
  parts << (downloadBytes > 0 ? QStringLiteral("%1 download").arg(sizeText(downloadBytes))
                              : QStringLiteral("already downloaded"));
  if (release.restart) {
    parts << (release.offlineSeconds > 0 ? QStringLiteral("device restarts for about %1 s").arg(release.offlineSeconds)
                                         : QStringLiteral("device restarts"));
  }
  if (release.deferrableUntil) {
    parts << QStringLiteral("can be put off until %1").arg(release.deferrableUntil->toString(Qt::ISODate));
  }
  offer.headline = parts.join(QStringLiteral(" · "));
  return offer;
}

void showSnapshot(DeviceView& view, const DeviceSnapshot& snapshot) {
  view.hardwareRevision = snapshot.hardwareRevision;
  view.serial = snapshot.serial;
  view.bootloader = snapshot.bootloader;
  if (const Slot* running = snapshot.runningSlot(); running != nullptr && running->version) {
    view.version = running->version->toString();
  }
  for (const Slot& slot : snapshot.slots) {
    view.slots << SlotView{slot.name, slot.version ? slot.version->toString() : QString(), slotBadge(slot)};
  }
  switch (snapshot.secureBoot) {
    case TriState::Yes:
      view.secureBoot = {Tone::Good, QStringLiteral("On")};
      break;
    case TriState::No:
      view.secureBoot = {Tone::Warning, QStringLiteral("Off")};
      break;
    case TriState::Unknown:
      view.secureBoot = {Tone::Neutral, QStringLiteral("Not told")};
      break;
  }
  view.secureBootDetail = snapshot.secureBootDetail;
  if (snapshot.securityVersion) {
    view.rollbackCounter = QString::number(*snapshot.securityVersion);
    view.rollbackDetail = snapshot.securityVersionDetail.isEmpty()
                              ? QStringLiteral("releases below %1 are refused").arg(*snapshot.securityVersion)
                              : snapshot.securityVersionDetail;
  }
}

void showRunningImage(DeviceView& view, const DeviceSnapshot& snapshot, const VendorContents& contents) {
  const Slot* running = snapshot.runningSlot();
  if (running == nullptr || !running->version) {
    return;
  }
  for (const Release& release : contents.releases) {
    if (release.terms.modelId == view.modelId && release.terms.version == *running->version &&
        !release.imageDigest.isEmpty()) {
      view.runningImageNote =
          release.imageDigest == running->digest
              ? QStringLiteral("The digest that the device reports matches the vendor's release.")
              : QStringLiteral("The digest that the device reports differs from the vendor's release.");
      return;
    }
  }
}

// The one thing that the list says of a device: what needs doing comes first.
void showCondition(DeviceView& view, const KnownDevice& device, const StationCore& core, const UpdateService& updates,
                   const ReleaseOffers& offers) {
  const auto set = [&](DeviceCondition condition, Tone tone, const QString& text) {
    view.condition = condition;
    view.badge = {tone, text};
  };
  if (updates.runningJobOf(device.id)) {
    return set(DeviceCondition::Updating, Tone::Accent, QStringLiteral("Updating"));
  }
  if (!device.online && device.connected && device.problem) {
    return set(DeviceCondition::Problem, Tone::Bad,
               device.problem->code == ErrorCode::LinkPermission ? QStringLiteral("No permission")
                                                                 : QStringLiteral("Can't be read"));
  }
  if (!device.online) {
    return set(DeviceCondition::Offline, Tone::Neutral, QStringLiteral("Not connected"));
  }
  if (device.vendorId.isEmpty()) {
    return set(DeviceCondition::NotManaged, Tone::Neutral, QStringLiteral("Not managed"));
  }
  if (view.offer) {
    if (offers.refusalOf(device.id, view.offer->releaseId)) {
      return set(DeviceCondition::UpdateRefused, Tone::Bad, QStringLiteral("%1 refused").arg(view.offer->version));
    }
    return set(DeviceCondition::UpdateAvailable, Tone::Accent, QStringLiteral("%1 available").arg(view.offer->version));
  }
  if (view.phase == SupportPhase::EndOfLife) {
    return set(DeviceCondition::EndOfLife, Tone::Bad, QStringLiteral("End of life"));
  }
  const std::optional<qint64> days = view.lifecycle.daysToEndOfLife(core.clock->nowUtc().date());
  if (days && *days <= kEndingSoonDays) {
    return set(DeviceCondition::SupportEnding, Tone::Warning, QStringLiteral("Support ends in %1 days").arg(*days));
  }
  set(DeviceCondition::UpToDate, Tone::Good, QStringLiteral("Up to date"));
}

QString twinWarning(const KnownDevice& device, const DeviceService& devices) {
  if (const std::optional<QString> twin = devices.twinOf(device)) {
    return QStringLiteral(
               "Another device with the serial number %1 is connected at %2. Sealift tells them apart by "
               "their places: make sure that you chose the right one.")
        .arg(device.snapshot->serial, *twin);
  }
  if (device.online && UnitIdentity::isAtPlace(device.id)) {
    return QStringLiteral(
               "Two devices with the serial number %1 were connected at once, so this one is known by its "
               "place only.")
        .arg(device.snapshot->serial);
  }
  return {};
}

}  // namespace

DeviceView makeDeviceView(const KnownDevice& device, const StationCore& core, const VendorService& vendors,
                          const DeviceService& devices, const UpdateService& updates, const ReleaseOffers& offers) {
  DeviceView view;
  view.id = device.id;
  view.linkKind = linkKindName(device.address.kind);
  view.address = device.address.toString();
  view.place = placeOf(device.address);
  view.online = device.online;
  if (device.lastSeenMs > 0) {
    view.lastSeen = QDateTime::fromMSecsSinceEpoch(device.lastSeenMs, Qt::UTC);
  }
  view.problem = device.online ? std::nullopt : device.problem;
  view.identity = {Tone::Neutral, QStringLiteral("Can't be verified")};
  view.identityDetail = QStringLiteral("this bootloader has no way to prove it");
  view.secureBoot = {Tone::Neutral, QStringLiteral("Not told")};
  if (device.snapshot) {
    showSnapshot(view, *device.snapshot);
  }
  QString modelName;
  if (const std::shared_ptr<VendorRepository> repository = vendors.repository(device.vendorId)) {
    view.vendorName = repository->identity().name;
    const VendorContents contents = repository->contents();
    if (const ModelDescription* model = contents.model(device.modelId)) {
      view.modelId = model->id;
      modelName = model->name;
      view.lifecycle = model->lifecycle;
      const DriverEntry* driver = core.drivers->find(model->driver);
      view.help = driver != nullptr ? driver->help : QString();
      view.phase = model->lifecycle.phaseOn(core.clock->nowUtc().date());
    }
    if (device.snapshot) {
      showRunningImage(view, *device.snapshot, contents);
    }
    if (const std::optional<Release> release = offers.offerFor(device)) {
      view.offer = makeOffer(*release, repository->downloadBytes(*release), offers.remindAt(device.id, *release));
      const ReleaseTrouble& trouble = offers.rules().trouble;
      const auto returned = trouble.returnOf(device.id, release->id());
      if (returned && *returned) {
        view.offer->returned =
            QStringLiteral("The device went back from it by itself on %1 (job %2).")
                .arg(timeText((*returned)->endedMs.value_or((*returned)->startedMs)), (*returned)->id);
      }
      const auto pause = trouble.pauseOf(release->id());
      view.offer->paused = !pause || pause->has_value();
    }
  }
  view.modelName = modelName;
  view.phaseText = phaseText(view.lifecycle, view.phase);
  if (!device.givenName.isEmpty()) {
    view.name = device.givenName;
  } else if (!modelName.isEmpty()) {
    view.name = modelName;
  } else if (device.snapshot && !device.snapshot->deviceName.isEmpty()) {
    view.name = device.snapshot->deviceName;
  } else {
    view.name = device.foundName.isEmpty() ? QStringLiteral("Unknown device") : device.foundName;
  }
  view.warning = twinWarning(device, devices);
  if (const auto fall = devices.securityFloor().fallOf(device.id); fall && *fall) {
    view.counterWarning = SecurityFloor::textOf(**fall);
  }
  const auto rules = offers.rules().releases.listFor(device.id, device.vendorId, device.modelId);
  for (const ReleaseRuleRow& rule : rules.value_or(QList<ReleaseRuleRow>())) {
    view.rules << viewOf(rule);
  }
  view.history = updates.historyOf(device.id);
  showCondition(view, device, core, updates, offers);
  return view;
}

}  // namespace sealift
