// A whole job on a U-Boot device: looked at, planned from what was seen, carried out by the engine.
#pragma once

#include "tests/support/job_fixture.h"

#include <memory>

namespace sealift::test {

inline Result<JobReport> runUbootJob(Driver& driver, const ModelDescription& model, const Image& image) {
  StepContext step;
  SEALIFT_TRY(const DeviceSnapshot before, driver.identify(step));
  JobFixture job;
  job.device = &driver;
  job.image = image;
  job.plan.model = model;
  job.plan.device = before;
  job.plan.release.sha256 = QString::fromLatin1(image.sha256.toHex());
  job.plan.release.terms.modelId = model.id;
  job.plan.release.terms.format = image.facts.format;
  job.plan.release.terms.version = image.facts.version.value_or(Version{});
  job.plan.release.terms.securityVersion = image.facts.securityVersion.value_or(0);
  job.plan.release.terms.bytes = image.bytes.size();
  return job.run();
}

}  // namespace sealift::test
