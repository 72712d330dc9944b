// A job on a unit of the contract, by the engine and the registry's driver, over links that can go wrong.
#pragma once

#include "devices/registry.h"
#include "tests/support/driver_contract.h"
#include "tests/support/job_fixture.h"
#include "tests/support/troubled_links.h"
#include "tests/support/watched_driver.h"

namespace sealift::test {

inline std::unique_ptr<Driver> makeDriver(const ModelDescription& model, const LinkAddress& address,
                                          LinkOpener& links) {
  const DriverEntry* entry = driverRegistry().find(model.driver);
  auto driver = entry != nullptr ? entry->make(model, address, links) : nullptr;
  return driver ? std::move(*driver) : nullptr;
}

// One update of a unit by the engine, over links that go wrong when they are told to.
class ContractJob {
 public:
  // `restarts`: how many times the device starts at most until it has come back.
  ContractJob(ContractUnit& unit, const Image& image, int restarts = 1) : unit_(unit), links(unit.opener()) {
    fixture.image = image;
    fixture.plan.model = unit.model();
    fixture.plan.model.timings.restartSeconds *= restarts;
    fixture.plan.address = unit.address();
    fixture.plan.release.sha256 = QString::fromLatin1(image.sha256.toHex());
    ReleaseTerms& terms = fixture.plan.release.terms;
    terms.modelId = fixture.plan.model.id;
    terms.format = image.facts.format;
    terms.version = *image.facts.version;
    terms.securityVersion = image.facts.securityVersion.value_or(1);
    terms.bytes = image.bytes.size();
    connect();
    before = driver->identify(step);
    if (before) {
      fixture.plan.device = *before;
      fixture.plan.canFallBack = driver->capabilities().slots;
    }
  }
  // As a program does that was started anew.
  void connect() {
    driver = std::make_unique<WatchedDriver>(makeDriver(fixture.plan.model, unit_.address(), links));
    fixture.device = driver.get();
  }
  JobReport run() { return fixture.run(); }
  JobReport settle() {
    connect();
    return fixture.settle();
  }

  // What is wrong with what the report claims; empty: nothing.
  QString contradiction(const JobReport& report) const {
    if (report.outcome == Outcome::Unknown) {  // claims nothing
      return {};
    }
    const std::optional<Version> now = unit_.firmware();
    const QString holds = now ? now->toString() : QStringLiteral("nothing that runs");
    const QString claim = outcomeName(report.outcome) + QStringLiteral(" (") + report.message + QStringLiteral(")");
    const bool isNew = now == fixture.image.facts.version;
    if (report.outcome == Outcome::Succeeded) {
      const bool stays = unit_.isConfirmed();
      return isNew && stays ? QString()
                            : QStringLiteral("%1, but the unit holds %2%3")
                                  .arg(claim, holds, stays ? QString() : QStringLiteral(", on trial"));
    }
    return now && !isNew ? QString() : QStringLiteral("%1, but the unit holds %2").arg(claim, holds);
  }

 private:
  ContractUnit& unit_;

 public:
  JobFixture fixture;
  TroubledLinks links;
  std::unique_ptr<WatchedDriver> driver;
  StepContext step;
  Result<DeviceSnapshot> before = fail(ErrorCode::Internal, QString());
};

}  // namespace sealift::test
