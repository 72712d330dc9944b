#include "tests/interrupt/job_cases.h"

#include "devices/registry.h"

#include <QDir>
#include <QFileInfo>

namespace sealift::test {

namespace {

// Memory, where there is such a disk: what was written outlives a killed process there as well.
QString folderTemplate() {
  const QString memory = QStringLiteral("/dev/shm");
  return (QFileInfo(memory).isWritable() ? memory : QDir::tempPath()) + QStringLiteral("/sealift-interrupt-XXXXXX");
}

}  // namespace

JobCases::JobCases() : folder_(folderTemplate()) {}

void JobCases::remove(const InterruptedJob& job) {
  (void)QDir(job.folder).removeRecursively();
}

std::unique_ptr<Driver> driverOf(const Plan& plan, LinkOpener& opener) {
  auto driver = driverRegistry().find(plan.model.driver)->make(plan.model, plan.address, opener);
  return driver ? std::move(*driver) : nullptr;
}

// The plan as it would be made; the store is the same for every unit of a subject, so it is made once and copied.
QString JobCases::prepare(ContractUnit& unit, InterruptedJob& job) {
  const QString folder = folder_.filePath(QStringLiteral("case-%1").arg(++count_));
  job.image = unit.newImage();
  job.folder = folder;
  Plan& plan = job.plan;
  plan.deviceId = QStringLiteral("d-1");
  plan.model = unit.model();
  plan.address = unit.address();
  plan.release.targetPath = QStringLiteral("image");
  plan.release.sha256 = QString::fromLatin1(job.image.sha256.toHex());
  ReleaseTerms& terms = plan.release.terms;
  terms.modelId = plan.model.id;
  terms.format = job.image.facts.format;
  terms.version = *job.image.facts.version;
  terms.securityVersion = job.image.facts.securityVersion.value_or(1);
  terms.bytes = job.image.bytes.size();
  const std::unique_ptr<Driver> driver = driverOf(plan, unit.opener());
  StepContext step;
  const Result<DeviceSnapshot> before = driver->identify(step);
  if (!before) {
    return before.error().message();
  }
  plan.device = *before;
  plan.canFallBack = driver->capabilities().slots;
  const QString base = folder_.filePath(QStringLiteral("store-") + plan.digest());
  if (!QDir(base).exists()) {
    InterruptedJob first = job;
    first.folder = base;
    if (const Status made = makeJobStore(first); !made) {
      return made.error().message();
    }
  }
  const bool copied = QDir().mkpath(folder) &&
                      QFile::copy(base + QStringLiteral("/sealift.db"), folder + QStringLiteral("/sealift.db"));
  return copied ? QString() : QStringLiteral("the store could not be copied");
}

QString contradictionOf(ContractUnit& unit, const InterruptedJob& job, Outcome outcome) {
  const std::optional<Version> now = unit.firmware();
  const QString holds = now ? now->toString() : QStringLiteral("nothing that starts");
  if (!now) {
    return QStringLiteral("%1, and the device holds %2").arg(outcomeName(outcome), holds);
  }
  const bool isNew = now == job.image.facts.version;
  const bool claimsNew = outcome == Outcome::Succeeded;
  if (isNew != claimsNew) {
    return QStringLiteral("%1, and the device holds %2").arg(outcomeName(outcome), holds);
  }
  return isNew && !unit.isConfirmed() ? QStringLiteral("it was not confirmed") : QString();
}

}  // namespace sealift::test
