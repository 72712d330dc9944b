#include "app/update/plan_maker.h"

#include "app/update/delivery.h"
#include "keystore/crypto/digest.h"

#include <algorithm>

namespace sealift {
namespace {

QString shortHex(const QString& hex) {
  return hex.left(4) + QStringLiteral("…") + hex.right(4);
}

Check checkMetadata(const VendorRepository& repository, const QString& targetPath,
                    const std::optional<Error>& refreshProblem) {
  const QString id = QStringLiteral("metadata");
  const QString title = QStringLiteral("Published by %1").arg(repository.identity().name);
  const QString refusal = QStringLiteral("Not proven to be %1's").arg(repository.identity().name);
  if (Status fresh = repository.checkFresh(targetPath); !fresh) {
    return Check::failed(id, refusal, fresh.error());
  }
  // A repository that can't be reached leaves what was trusted before, until it expires. One that serves what must not
  // be trusted is an attack or a mistake: neither is a moment to install from it.
  if (refreshProblem && !isRepositoryAway(refreshProblem->code)) {
    return Check::failed(id, refusal, *refreshProblem);
  }
  const QList<TrustedRole> roles = repository.roles();
  for (const TrustedRole& role : roles) {
    if (role.role == QLatin1String("targets")) {
      if (refreshProblem) {
        return Check::warning(id, title,
                              QStringLiteral("signed, but the vendor can't be reached to see whether there is news"));
      }
      return Check::passed(id, title,
                           role.threshold == 1
                               ? QStringLiteral("signed by the vendor's release key · metadata fresh")
                               : QStringLiteral("%1 of %2 release keys needed and there · metadata fresh")
                                     .arg(role.threshold)
                                     .arg(role.keys));
    }
  }
  return Check::failed(id, refusal, makeError(ErrorCode::TrustTargetMissing, QStringLiteral("No trusted metadata.")));
}

struct ImageAnswer {
  std::optional<Image> image;
  ObtainedImage obtained;
  QList<Check> checks;
};

ImageAnswer checkImage(const PlanRequest& request, VendorRepository& repository, const CancelToken& cancel) {
  ImageAnswer answer;
  const QString hashTitle = QStringLiteral("Image is what was published");
  const QString signatureTitle = QStringLiteral("Image signature valid");
  Result<ObtainedImage> obtained = repository.image(request.release, cancel);
  if (!obtained) {
    answer.checks << Check::failed(QStringLiteral("image-hash"), QStringLiteral("Image is not what was published"),
                                   obtained.error());
    answer.checks << Check{QStringLiteral("image-signature"),
                           CheckState::NotApplicable,
                           signatureTitle,
                           QStringLiteral("there is no image to look at"),
                           {},
                           {}};
    return answer;
  }
  answer.obtained = std::move(*obtained);
  Image image{.bytes = answer.obtained.bytes, .sha256 = sha256(answer.obtained.bytes), .facts = {}};
  const QString hex = QString::fromLatin1(image.sha256.toHex());
  if (hex != request.release.sha256) {
    answer.checks << Check::failed(
        QStringLiteral("image-hash"), hashTitle,
        makeError(ErrorCode::ImageHashMismatch, QStringLiteral("The image's SHA-256 is %1.").arg(shortHex(hex))));
    return answer;
  }
  answer.checks << Check::passed(QStringLiteral("image-hash"), hashTitle,
                                 QStringLiteral("SHA-256 %1").arg(shortHex(hex)));
  Result<ImageFacts> facts = verifyImage(request.model.imageFormat, image.bytes, request.model.imageKeys);
  if (!facts) {
    answer.checks << Check::failed(QStringLiteral("image-signature"), QStringLiteral("Image signature not valid"),
                                   facts.error());
    return answer;
  }
  answer.checks << (facts->signatureAlgorithm.isEmpty()
                        ? Check::warning(
                              QStringLiteral("image-signature"), QStringLiteral("Image has no signature of its own"),
                              QStringLiteral("its format carries none: the vendor's signed metadata vouches for "
                                             "every byte, the device itself does not check"))
                        : Check::passed(
                              QStringLiteral("image-signature"), signatureTitle,
                              QStringLiteral("%1, key ID %2").arg(facts->signatureAlgorithm, shortHex(facts->keyId))));
  image.facts = *facts;
  answer.image = std::move(image);
  return answer;
}

bool fits(const Release& release, const ModelDescription& model, const DeviceSnapshot& device) {
  const ReleaseTerms& terms = release.terms;
  return terms.modelId == model.id && terms.component == QLatin1String("application") &&
         (terms.hardwareRevisions.isEmpty() || terms.hardwareRevisions.contains(device.hardwareRevision));
}

// Everything between the installed version and the release, newest first: an update that jumps over
// two releases changes what all three say, and a downgrade undoes it.
Result<QString> cumulativeNotes(const PlanRequest& request, VendorRepository& repository, const CancelToken& cancel) {
  const Slot* running = request.device.runningSlot();
  QList<Release> releases;
  const VendorContents contents = repository.contents();
  for (const Release& release : contents.releases) {
    const Version& version = release.terms.version;
    const Version& wanted = request.release.terms.version;
    const bool knowsRunning = running != nullptr && running->version;
    const bool between = request.downgrade ? knowsRunning && version > wanted && version <= *running->version
                                           : (!knowsRunning || version > *running->version) && version < wanted;
    if (fits(release, request.model, request.device) && between) {
      releases << release;
    }
  }
  releases << request.release;
  std::sort(releases.begin(), releases.end(),
            [](const Release& a, const Release& b) { return a.terms.version > b.terms.version; });
  QString text;
  for (const Release& release : releases) {
    const QString path = release.notes.value(request.language, release.notes.value(QStringLiteral("en")));
    QString notes;
    if (!path.isEmpty()) {
      constexpr qint64 kMaxNotes = 256 * 1024;
      SEALIFT_TRY(const QByteArray bytes, repository.target(path, kMaxNotes, cancel));
      notes = QString::fromUtf8(bytes).trimmed();
    }
    if (notes.isEmpty()) {
      notes = QStringLiteral("The vendor published no notes for this version.");
    }
    if (releases.size() > 1) {
      const bool isUndone = request.downgrade && release.terms.version > request.release.terms.version;
      text += (isUndone ? QStringLiteral("# Undone: %1\n\n") : QStringLiteral("# %1\n\n"))
                  .arg(release.terms.version.toString());
    }
    text += notes + QStringLiteral("\n\n");
  }
  return text.trimmed() + u'\n';
}

int expectedSeconds(const PlanRequest& request, qint64 bytes) {
  return static_cast<int>(static_cast<double>(bytes) / expectedBytesPerSecond(request.address)) +
         request.model.timings.restartSeconds + request.release.offlineSeconds;
}

}  // namespace

std::optional<Release> chooseRelease(const VendorContents& contents, const ModelDescription& model,
                                     const DeviceSnapshot& device, const std::function<bool(const Release&)>& skip) {
  const Slot* running = device.runningSlot();
  std::optional<Release> best;
  for (const Release& release : contents.releases) {
    const ReleaseTerms& terms = release.terms;
    const bool above = running == nullptr || !running->version || terms.version > *running->version;
    const bool reachable = !terms.minimumVersion || (running != nullptr && running->version >= *terms.minimumVersion);
    if (fits(release, model, device) && above && reachable && !skip(release) &&
        (!best || terms.version > best->terms.version)) {
      best = release;
    }
  }
  return best;
}

Result<MadePlan> makePlan(const PlanRequest& request, VendorRepository& repository, const Clock& clock,
                          const CancelToken& cancel) {
  MadePlan made;
  Plan& plan = made.plan;
  plan.deviceId = request.deviceId;
  plan.deviceName = request.deviceName;
  plan.address = request.address;
  plan.model = request.model;
  plan.vendorName = repository.identity().name;
  plan.device = request.device;
  plan.release = request.release;
  SEALIFT_TRY(plan.notesMarkdown, cumulativeNotes(request, repository, cancel));
  plan.notesHash = QString::fromLatin1(sha256(plan.notesMarkdown.toUtf8()).toHex());
  plan.canFallBack = request.capabilities.slots && request.capabilities.testBoot;
  plan.highestSecurityVersionSeen = request.highestSecurityVersionSeen;
  plan.downgrade = request.downgrade;
  plan.eraseEverything = request.eraseEverything;

  plan.checks << checkMetadata(repository, request.release.targetPath, request.refreshProblem);
  ImageAnswer answer = checkImage(request, repository, cancel);
  SEALIFT_CHECK(cancel.check());
  plan.checks += answer.checks;
  plan.checks += askUpdatePolicy({.model = request.model,
                                  .device = request.device,
                                  .capabilities = request.capabilities,
                                  .release = request.release.terms,
                                  .image = answer.image ? std::optional(answer.image->facts) : std::nullopt,
                                  .highestSecurityVersionSeen = request.highestSecurityVersionSeen,
                                  .downgrade = request.downgrade,
                                  .eraseAgreed = request.eraseEverything,
                                  .today = clock.nowUtc().date()});
  plan.delivery.sendBytes = request.release.terms.bytes;
  if (answer.image) {
    plan.delivery =
        chooseDelivery({request.release, answer.obtained, request.device, request.capabilities, request.address},
                       *answer.image, repository, cancel);
  }
  plan.expectedSeconds = expectedSeconds(request, plan.delivery.sendBytes);
  made.image = std::move(answer.image);
  return made;
}

}  // namespace sealift
