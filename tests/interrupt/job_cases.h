// Jobs to be interrupted: a plan for a unit, in a store of its own. One thread.
#pragma once

#include "tests/interrupt/sealift_process.h"
#include "tests/support/driver_contract.h"

#include <QTemporaryDir>

namespace sealift::test {

class JobCases {
 public:
  JobCases();

  // Empty, or what went wrong.
  QString prepare(ContractUnit& unit, InterruptedJob& job);
  static void remove(const InterruptedJob& job);

 private:
  QTemporaryDir folder_;
  int count_ = 0;
};

std::unique_ptr<Driver> driverOf(const Plan& plan, LinkOpener& opener);
// Whether the unit, by its own memory, is what the outcome claims: empty, or how not.
QString contradictionOf(ContractUnit& unit, const InterruptedJob& job, Outcome outcome);

}  // namespace sealift::test
