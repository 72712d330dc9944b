// Makes plans: refreshes the vendor's metadata, looks at the device, and asks every check. Writes nothing to a device.
// Any thread.
#pragma once

#include "app/services/release_offers.h"
#include "app/services/station.h"
#include "app/store/job_table.h"
#include "app/update/plan_maker.h"

#include <functional>
#include <optional>

namespace sealift {

// A plan with what it takes to carry it out.
struct PreparedUpdate {
  KnownDevice device;
  DeviceService::Driven driven;
  MadePlan made;
};

class UpdatePlanner {
 public:
  UpdatePlanner(StationCore& core, VendorService& vendors, DeviceService& devices, ReleaseOffers& offers)
      : core_(core), vendors_(vendors), devices_(devices), offers_(offers) {}

  struct Choice {
    // Which release a plan is about; asked after the vendor's metadata and the device were looked at.
    std::function<Result<Release>(const KnownDevice& device)> release;
    bool eraseEverything = false;
    bool asLastSeen = false;  // where the device does not answer, from what it last said
    bool again = false;
    std::optional<QString> downgradeReason = {};
    QString downgradeAgreedBy = {};  // of a job: by the audit log
  };
  Choice choiceOf(const UpdateWish& wish) const;
  // PolicyDowngrade when the job is a downgrade that, by the audit log, nobody agreed to.
  Result<Choice> wishOf(const JobRow& job) const;

  // `before` is set when the plan of an interrupted job is made again: then that state of the device counts.
  Result<PreparedUpdate> prepare(const QString& deviceId, const Choice& choose,
                                 const std::optional<DeviceSnapshot>& before, const CancelToken& cancel);
  // As prepare for somebody who asked; when it is refused before there is a plan, the log tells.
  Result<PreparedUpdate> prepareAsked(const QString& deviceId, const UpdateWish& wish, const CancelToken& cancel);
  PlanView view(const PreparedUpdate& prepared) const;
  // Keeps the plan, and what each check said in the audit log.
  Status record(const Plan& plan);
  // The same unit, from the same firmware, to the same bytes, with the same notes, and nothing stands against it now.
  Status checkStillAgreed(const Plan& plan, const QString& agreedDigest) const;

 private:
  void addStationChecks(PreparedUpdate& prepared, bool again) const;
  Result<QString> recordedAgreement(const JobRow& job) const;

  StationCore& core_;
  VendorService& vendors_;
  DeviceService& devices_;
  ReleaseOffers& offers_;
};

AuditSubject subjectOf(const Plan& plan);
Error errorOf(const Check& failed);
// Why an update can't wait until the device is idle; empty: it can.
QString idleProblem(const Plan& plan);

}  // namespace sealift
