// One job on a ScriptedDriver in a store and audit log of its own: gw-0001 goes from 1.0.0 to 1.1.0.
#pragma once

#include "app/audit/audit_query.h"
#include "app/store/plan_table.h"
#include "app/update/job_runner.h"
#include "keystore/crypto/digest.h"
#include "tests/support/audit_fixture.h"
#include "tests/support/scripted_driver.h"

namespace sealift {

class JobFixture {
 public:
  JobFixture() : driver(cancel) {
    image.bytes = QByteArray(4096, 'n');
    image.sha256 = sha256(image.bytes);
    image.facts.version = Version{1, 1, 0, 0};
    image.facts.securityVersion = 3;
    image.facts.digest = QByteArrayLiteral("digest of the new firmware");
    plan.deviceId = QStringLiteral("d-1");
    plan.model.vendorId = QStringLiteral("norrland");
    plan.model.id = QStringLiteral("t2");
    plan.model.deviceNames = QStringList{QStringLiteral("gateway")};
    plan.model.imageFormat = QStringLiteral("mcuboot");
    plan.device = driver.snapshot();
    plan.release.targetPath = QStringLiteral("t2/1.1.0.bin");
    plan.release.sha256 = QString::fromLatin1(image.sha256.toHex());
    plan.release.terms.modelId = QStringLiteral("t2");
    plan.release.terms.format = QStringLiteral("mcuboot");
    plan.release.terms.version = Version{1, 1, 0, 0};
    plan.release.terms.securityVersion = 3;
    plan.release.terms.bytes = image.bytes.size();
    plan.checks << Check::passed(QStringLiteral("image-signature"), QStringLiteral("Image signature valid"), {});
    plan.canFallBack = true;
    driver.inside = [this](const QString& step) { lookAtJournal(step); };
    const qint64 now = station.clock().nowUtc().toMSecsSinceEpoch();
    const Status stored = PlanTable(station.database()).insert({plan.digest(), plan.deviceId, "{}", now});
    const Status inserted = JobTable(station.database())
                                .insert({.id = jobId(),
                                         .deviceId = plan.deviceId,
                                         .planDigest = plan.digest(),
                                         .state = QStringLiteral("running"),
                                         .stage = QStringLiteral("check"),
                                         .outcome = {},
                                         .errorCode = {},
                                         .startedMs = now,
                                         .endedMs = {},
                                         .summary = "{}"});
    if (!stored || !inserted) {
      qFatal("The job could not be stored: %s", qUtf8Printable(messageOf(stored) + messageOf(inserted)));
    }
  }

  AuditStation station;
  CancelToken cancel;
  ScriptedDriver driver;
  Driver* device = &driver;  // what the job works on
  Image image;
  Plan plan;

  QList<Stage> stages;        // entered
  QList<double> fractions;    // reported
  int pointsOfNoReturn = 0;   // passed
  QStringList withoutIntent;  // steps that began while their intent was not the journal's last row
  static QString jobId() { return QStringLiteral("job-1"); }

  Journal makeJournal() {
    return {station.database(),
            station.log(),
            station.clock(),
            jobId(),
            {QStringLiteral("device"), plan.deviceId, QStringLiteral("Gateway")},
            QStringLiteral("operator-1")};
  }
  JobReport run() { return carryOut(&JobRunner::run); }
  // As after a restart of the program: nothing is left but the store and the device.
  JobReport settle() {
    cancel = CancelToken();
    return carryOut(&JobRunner::settle);
  }

  JobRow row() { return JobTable(station.database()).find(jobId())->value(); }
  QList<JournalRow> journal() { return *JournalTable(station.database()).list(jobId()); }
  QStringList auditEvents() {
    QStringList events;
    const auto records = AuditQuery(station.database()).pageAfter({}, 0, AuditQuery::kMaxPage);
    for (const AuditRecord& record : *records) {
      events << record.event;
    }
    return events;
  }
  // The audit entries that tell an outcome.
  QStringList auditedOutcomes() {
    QStringList outcomes;
    for (const QString& event : auditEvents()) {
      if (outcomeFromName(event.mid(event.indexOf(u'.') + 1))) {
        outcomes << event;
      }
    }
    return outcomes;
  }
  // As a full disk: no row after the first `count` of the journal is written, and nothing else either.
  bool stopStoreAfter(int count) {
    for (const QString& table : {QStringLiteral("journal"), QStringLiteral("audit_entry")}) {
      if (!execute(QStringLiteral("CREATE TRIGGER full_%1 BEFORE INSERT ON %1 WHEN (SELECT count(*) FROM journal) >= %2"
                                  " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
                       .arg(table)
                       .arg(count))) {
        return false;
      }
    }
    return true;
  }
  bool letStoreGoOn() {
    return execute(QStringLiteral("DROP TRIGGER full_journal")) &&
           execute(QStringLiteral("DROP TRIGGER full_audit_entry"));
  }
  bool execute(const QString& sql) { return station.database().run(sql).has_value(); }

 private:
  JobReport carryOut(JobReport (JobRunner::*call)()) {
    Journal journal = makeJournal();
    JobRunner::Observer observer;
    observer.stage = [this](Stage stage) { stages << stage; };
    observer.progress = [this](const ProgressUpdate& update) { fractions << update.fraction; };
    observer.pointOfNoReturn = [this] { ++pointsOfNoReturn; };
    JobRunner runner(plan, image, *device, journal, station.clock(), cancel, observer);
    return (runner.*call)();
  }

  void lookAtJournal(const QString& step) {
    const auto last = JournalTable(station.database()).last(jobId());
    const bool intended = last && *last && (*last)->phase == JournalPhase::Intent &&
                          ((*last)->step == step || (*last)->step.startsWith(step + u'-'));
    if (!intended) {
      withoutIntent << step;
    }
  }
};

}  // namespace sealift
