#include "tests/interrupt/sealift_process.h"

#include "app/audit/audit_verifier.h"
#include "app/store/plan_table.h"
#include "devices/registry.h"
#include "tests/interrupt/remote_links.h"
#include "tests/support/audit_fixture.h"
#include "tests/support/watched_driver.h"

#include <QDateTime>

#include <array>
#include <csignal>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sealift::test {

namespace {

const QString kJob = QStringLiteral("job-1");

// One station: its key is the same in all processes.
KeySigner& stationKey() {
  static const std::unique_ptr<KeySigner> key = KeySigner::generate();
  return *key;
}

const ManualClock& stationClock() {
  static const ManualClock clock(QDateTime::fromMSecsSinceEpoch(1'700'000'000'000, Qt::UTC));
  return clock;
}

// What is known to be on the disk, told once for each length of the log.
class AuditWitness {
 public:
  explicit AuditWitness(AuditLog& log) : log_(log) {}
  QByteArray operator()() {
    const Result<qint64> size = log_.size();
    if (size && *size != size_) {
      const auto head = log_.head();
      head_ = head && *head ? writeTreeHead(**head) : QByteArray();
      size_ = *size;
    }
    return head_;
  }

 private:
  AuditLog& log_;
  qint64 size_ = 0;
  QByteArray head_;
};

QString recordedOutcome(Database& database) {
  const auto row = JobTable(database).find(kJob);
  return row && *row && (*row)->state == QLatin1String("finished") ? (*row)->outcome : QString();
}

// Empty: the log is whole and goes on from what was seen of it before, and the job's row says what its report says.
QString faultOf(Database& database, const QByteArray& audited, const JobReport& report) {
  QList<TreeHead> known;
  if (!audited.isEmpty()) {
    const Result<TreeHead> head = readTreeHead(audited);
    if (!head) {
      return QStringLiteral("the witnessed head can't be read");
    }
    known << *head;
  }
  Progress progress;
  const auto verified = verifyAuditLog(database, {{stationKey().publicKey()}, known, true}, progress, CancelToken());
  if (!verified || !verified->isIntact()) {
    return QStringLiteral("audit log: ") + (verified ? verified->findings.first().what : verified.error().message());
  }
  if (recordedOutcome(database) != outcomeName(report.outcome)) {
    return QStringLiteral("the job's row does not say %1").arg(outcomeName(report.outcome));
  }
  return {};
}

template <class Value>
Value orDie(Result<Value> result, const char* what) {
  if (!result) {
    qWarning("%s: %s", what, qUtf8Printable(result.error().message()));
    ::_exit(2);
  }
  return std::move(*result);
}

// Never returns.
void beSealift(int socket, const InterruptedJob& job, const ProcessMishap& mishap, bool settles) {
  LinkClient client(socket);
  RemoteLinks links(client);
  const std::unique_ptr<Database> database = orDie(Database::open(job.folder), "the store");
  AuditLog log(*database, stationKey(), stationClock());
  AuditWitness witness(log);
  client.audited = [&] { return witness(); };
  Journal journal(*database, log, stationClock(), kJob, {QStringLiteral("device"), job.plan.deviceId, {}},
                  QStringLiteral("operator-1"));
  const QSet<QString> intended = orDie(journal.intendedSteps(), "the journal");
  const DriverEntry* entry = driverRegistry().find(job.plan.model.driver);
  WatchedDriver driver(orDie(entry->make(job.plan.model, job.plan.address, links), "the driver"));
  driver.entering = [&](const QString& step) { (void)client.call(LinkCall::Entering, step); };
  driver.leaving = [&](const QString& step) { (void)client.call(LinkCall::Leaving, step); };

  TroubledStore::countFromHere();
  if (mishap.store != TroubledStore::Trouble::None) {
    TroubledStore::begin(mishap.store, mishap.storeAt);
  }
  JobReport report;
  if (const Status begun = journal.started(QStringLiteral("begun"), {}, settles); !begun) {
    report.message = begun.error().message();
  } else {
    JobRunner runner(job.plan, job.image, driver, journal, stationClock(), CancelToken(), JobRunner::Observer());
    report = settles ? runner.settle() : runner.run();
  }
  const int writes = TroubledStore::writes();
  TroubledStore::end();
  const bool isRecorded = recordedOutcome(*database) == outcomeName(report.outcome);
  const QString fault =
      mishap.store == TroubledStore::Trouble::None || isRecorded ? faultOf(*database, job.audited, report) : QString();
  QByteArray told;
  QDataStream stream(&told, QIODevice::WriteOnly);
  // What could not be recorded is not known to whoever comes next.
  stream << isRecorded << static_cast<qint32>(report.outcome) << static_cast<qint32>(report.stage) << report.message
         << intended << fault << qint32(writes);
  (void)client.call(LinkCall::Ended, told);
  ::_exit(0);
}

ProcessEnd carryOut(InterruptedJob& job, LinkOpener& device, const ProcessMishap& mishap, bool settles) {
  ProcessEnd end;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    end.problem = QStringLiteral("there is no socket");
    return end;
  }
  const pid_t program = ::fork();
  if (program == 0) {
    ::close(ends[0]);
    beSealift(ends[1], job, mishap, settles);
  }
  ::close(ends[1]);
  LinkServer server(device, mishap.link);
  const LinkLog log = server.serve(ends[0], program);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(program, &status, 0);
  if (!log.audited.isEmpty()) {
    job.audited = log.audited;
  }
  end.operations = log.operations;
  end.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  const bool mayBeKilled = mishap.store == TroubledStore::Trouble::Killed ||
                           mishap.link.kind == LinkMishap::Kind::ProgramKilled ||
                           mishap.link.kind == LinkMishap::Kind::PowerCutAndProgramKilled;
  if (log.report.isEmpty() || (!end.killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))) {
    if (!end.killed || !mayBeKilled) {
      end.problem = QStringLiteral("the program ended with status %1").arg(status);
    }
    return end;
  }
  QDataStream stream(log.report);
  qint32 outcome = 0;
  qint32 stage = 0;
  qint32 writes = 0;
  bool isRecorded = false;
  stream >> isRecorded >> outcome >> stage >> end.message >> end.intended >> end.problem >> writes;
  end.outcome = isRecorded ? std::optional(static_cast<Outcome>(outcome)) : std::nullopt;
  end.stage = static_cast<Stage>(stage);
  end.writes = writes;
  return end;
}

}  // namespace

Status makeJobStore(const InterruptedJob& job) {
  SEALIFT_TRY(const std::unique_ptr<Database> database, Database::open(job.folder));
  AuditLog log(*database, stationKey(), stationClock());
  const qint64 now = stationClock().nowUtc().toMSecsSinceEpoch();
  SEALIFT_CHECK(PlanTable(*database).insert({job.plan.digest(), job.plan.deviceId, "{}", now}));
  SEALIFT_CHECK(JobTable(*database).insert({.id = kJob,
                                            .deviceId = job.plan.deviceId,
                                            .planDigest = job.plan.digest(),
                                            .state = QStringLiteral("running"),
                                            .stage = QStringLiteral("check"),
                                            .outcome = {},
                                            .errorCode = {},
                                            .startedMs = now,
                                            .endedMs = {},
                                            .summary = "{}"}));
  SEALIFT_CHECK(log.append(makeAuditEntry(QStringLiteral("consent"), AuditEvent::ConsentGiven)));
  return {};
}

ProcessEnd runJob(InterruptedJob& job, LinkOpener& device, const ProcessMishap& mishap) {
  return carryOut(job, device, mishap, false);
}

ProcessEnd settleJob(InterruptedJob& job, LinkOpener& device, const ProcessMishap& mishap) {
  return carryOut(job, device, mishap, true);
}

}  // namespace sealift::test
