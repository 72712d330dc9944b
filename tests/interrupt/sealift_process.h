// Sealift as a process of its own that carries out one job, or settles it, on a device that lives in the test's
// process: forked from the test, with a store and an audit log on the disk, to be killed at a chosen moment. Linux.
#pragma once

#include "app/update/job_runner.h"
#include "tests/interrupt/link_server.h"
#include "tests/support/troubled_store.h"

#include <QSet>

namespace sealift::test {

// Everything that a job needs and that outlasts a run of the program.
struct InterruptedJob {
  Plan plan;
  Image image;
  QString folder;      // the data folder
  QByteArray audited;  // the newest audit head that was seen on the disk by an earlier run, as JSON; empty: none
};

struct ProcessMishap {
  LinkMishap link;
  // At the nth write of the store, from the job's first; 0: never. All but Killed stay until the process ends.
  int storeAt = 0;
  TroubledStore::Trouble store = TroubledStore::Trouble::None;
};

// How a process ended.
struct ProcessEnd {
  bool killed = false;             // as was asked
  std::optional<Outcome> outcome;  // when it came to one
  Stage stage = Stage::Check;
  QString message;
  QSet<QString> intended;  // the journal's steps before it began
  QString problem;         // with the log or the journal, or how it ended otherwise than it should; empty: none
  int operations = 0;      // on links
  int writes = 0;          // of the store, by the job
};

// The store with its plan and its job, as they are when somebody has consented.
Status makeJobStore(const InterruptedJob& job);
ProcessEnd runJob(InterruptedJob& job, LinkOpener& device, const ProcessMishap& mishap);
ProcessEnd settleJob(InterruptedJob& job, LinkOpener& device, const ProcessMishap& mishap = {});

}  // namespace sealift::test
