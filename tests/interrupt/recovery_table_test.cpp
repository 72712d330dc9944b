// Walks the tables of app/update/RECOVERY.md: every step × how far it had come × what was lost, on devices of each
// kind. A row that has no case fails, and so does a step of a real update that has no row.
#include "app/store/journal_table.h"
#include "tests/interrupt/direct_smp_unit.h"
#include "tests/interrupt/job_cases.h"
#include "tests/interrupt/virtual_time.h"
#include "tests/support/job_fixture.h"
#include "tests/support/stm32_unit.h"
#include "tests/support/virtual_test_bus.h"
#include "tests/support/virtual_units.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

const QStringList kLosses{QStringLiteral("program"), QStringLiteral("device"), QStringLiteral("link"),
                          QStringLiteral("all")};
constexpr int kSights = 4;
const QString kBegan = QStringLiteral("began");
const QString kDone = QStringLiteral("done");

struct Row {
  QString step;
  QString moment;
  QStringList outcomes;  // by kLosses
};

// The table under a heading; empty when there is none.
QList<Row> readTable(const QString& heading) {
  QFile file(QStringLiteral(SEALIFT_SOURCE_DIR "/app/update/RECOVERY.md"));
  if (!file.open(QIODevice::ReadOnly)) {
    return {};
  }
  QList<Row> rows;
  bool isHere = false;
  const QStringList lines = QString::fromUtf8(file.readAll()).split(u'\n');
  for (const QString& line : lines) {
    if (line.startsWith(u'#')) {
      isHere = line == QStringLiteral("### ") + heading;
    }
    QStringList cells = line.split(u'|');
    if (!isHere || cells.size() != 2 + 2 + kLosses.size() || line.contains(QLatin1String("---"))) {
      continue;
    }
    for (QString& cell : cells) {
      cell = cell.trimmed().remove(u'`');
    }
    if (cells[1] != QLatin1String("step")) {
      rows << Row{cells[1], cells[2], cells.mid(3, kLosses.size())};
    }
  }
  return rows;
}

UsbTestBus& freshBus() {
  static VirtualTestBus bus;
  bus.unplugAll();
  return bus;
}

struct Table {
  QString heading;
  std::function<std::unique_ptr<ContractUnit>()> make;  // null: the scripted driver
};

const QList<Table>& tables() {
  static const QList<Table> all{
      {QStringLiteral("Two slots"), [] { return std::make_unique<DirectSmpUnit>(); }},
      {QStringLiteral("Two slots, of a device that proves who it is"), nullptr},
      {QStringLiteral("One place"), [] { return std::make_unique<VirtualDfuUnit>(freshBus(), 6'000); }},
      {QStringLiteral("One place, and nothing tells what runs"),
       [] { return std::make_unique<VirtualStm32Unit>(false, 2'000); }},
  };
  return all;
}

}  // namespace

class RecoveryTableTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void everyStepHasItsRows_data();
  void everyStepHasItsRows();
  void row_data();
  void row();

 private:
  QString walk(ContractUnit& unit, const Row& row, int loss, QString& outcome);
  static QString walkScripted(const Row& row, int loss);

  std::unique_ptr<JobCases> cases_;
};

void RecoveryTableTest::initTestCase() {
  VirtualTime::begin();
  cases_ = std::make_unique<JobCases>();
}

void RecoveryTableTest::everyStepHasItsRows_data() {
  QTest::addColumn<int>("of");
  for (int i = 0; i < tables().size(); ++i) {
    QTest::addRow("%s, %d", qPrintable(tables()[i].heading), i) << i;
  }
}

// The steps that an update takes are those of the table, each begun and each done.
void RecoveryTableTest::everyStepHasItsRows() {
  QFETCH(const int, of);
  QStringList taken;
  const auto take = [&](const QList<JournalRow>& journal) {
    for (const JournalRow& entry : journal) {
      const bool isLook = entry.step.startsWith(QLatin1String("identify-"));  // a further one: it changes nothing
      if (entry.phase == JournalPhase::Intent && !isLook) {
        taken << entry.step + u'/' + kBegan << entry.step + u'/' + kDone;
      }
    }
  };
  if (tables()[of].make) {
    const auto unit = tables()[of].make();
    InterruptedJob job;
    QCOMPARE(cases_->prepare(*unit, job), QString());
    const ProcessEnd end = runJob(job, unit->opener(), {});
    QVERIFY2(end.outcome == Outcome::Succeeded, qPrintable(end.problem + end.message));
    const auto database = Database::open(job.folder);
    QVERIFY(database);
    take(*JournalTable(**database).list(QStringLiteral("job-1")));
  } else {
    JobFixture job;
    QVERIFY(job.run().outcome == Outcome::Succeeded);
    take(job.journal());
  }
  QStringList rows;
  for (const Row& row : readTable(tables()[of].heading)) {
    rows << row.step + u'/' + row.moment;
  }
  QCOMPARE(rows, taken);
}

void RecoveryTableTest::row_data() {
  QTest::addColumn<int>("of");
  QTest::addColumn<int>("at");
  QTest::addColumn<int>("loss");
  for (int i = 0; i < tables().size(); ++i) {
    const QList<Row> rows = readTable(tables()[i].heading);
    for (int at = 0; at < rows.size(); ++at) {
      for (int loss = 0; loss < kLosses.size(); ++loss) {
        QTest::addRow("%s, %d: %s %s, %s lost", qPrintable(tables()[i].heading), i, qPrintable(rows[at].step),
                      qPrintable(rows[at].moment), qPrintable(kLosses[loss]))
            << i << at << loss;
      }
    }
  }
}

void RecoveryTableTest::row() {
  QFETCH(const int, of);
  QFETCH(const int, at);
  QFETCH(const int, loss);
  const Row row = readTable(tables()[of].heading)[at];
  QVERIFY2(row.moment == kBegan || row.moment == kDone, qPrintable(row.moment));
  QString outcome;
  if (tables()[of].make) {
    const auto unit = tables()[of].make();
    QCOMPARE(walk(*unit, row, loss, outcome), QString());
  } else {
    outcome = walkScripted(row, loss);
  }
  QCOMPARE(outcome, row.outcomes[loss]);
}

QString RecoveryTableTest::walk(ContractUnit& unit, const Row& row, int loss, QString& outcome) {
  using Kind = LinkMishap::Kind;
  constexpr std::array kKinds{Kind::ProgramKilled, Kind::PowerCut, Kind::CableOut, Kind::PowerCutAndProgramKilled};
  InterruptedJob job;
  if (QString problem = cases_->prepare(unit, job); !problem.isEmpty()) {
    return problem;
  }
  ProcessMishap mishap;
  mishap.link = {.kind = kKinds.at(static_cast<std::size_t>(loss)),
                 .at = 0,
                 .reachesDevice = row.moment == kDone,
                 .step = row.step,
                 .powerCycle = [&] { unit.powerCycle(); }};
  ProcessEnd end = runJob(job, unit.opener(), mishap);
  for (int sight = 0; end.problem.isEmpty() && (!end.outcome || end.outcome == Outcome::Unknown); ++sight) {
    if (sight == kSights) {
      return QStringLiteral("it stays unknown: ") + end.message;
    }
    if (sight == kSights / 2) {
      unit.powerCycle();  // as the error's remedy says
    }
    end = settleJob(job, unit.opener());
  }
  if (!end.problem.isEmpty()) {
    return end.problem;
  }
  outcome = outcomeName(*end.outcome);
  return contradictionOf(unit, job, *end.outcome);
}

// The program is lost when nothing of its journal is written any more: no further step begins then. A device that
// restarts tells nobody.
QString RecoveryTableTest::walkScripted(const Row& row, int loss) {
  const bool programLost = loss == 0 || loss == 3;
  const bool deviceLost = loss == 1 || loss == 3;
  const bool linkLost = loss == 2;
  const bool isDone = row.moment == kDone;
  JobFixture job;
  int calls = 0;
  const auto strike = [&](const QString& step) {
    if (programLost && !job.stopStoreAfter(0)) {
      qFatal("the store could not be stopped in %s", qPrintable(step));
    }
    if (deviceLost) {
      job.driver.powerCycle();
    }
    job.driver.away = linkLost;
  };
  const auto check = job.driver.inside;
  job.driver.inside = [&](const QString& step) {
    check(step);
    if (step == row.step && ++calls == 1 && !isDone) {
      strike(step);
    }
  };
  job.driver.after = [&](const QString& step) {
    if (step == row.step && calls == 1 && isDone) {
      ++calls;
      strike(step);
    }
  };
  if (programLost && !isDone) {
    job.driver.script(row.step, Mishap::Fails, ErrorCode::LinkLost);
  }
  JobReport report = job.run();
  if (programLost && !job.letStoreGoOn()) {
    qFatal("the store does not go on");
  }
  job.driver.away = false;
  if (programLost || report.outcome == Outcome::Unknown) {
    report = job.settle();
  }
  return outcomeName(report.outcome);
}

QTEST_GUILESS_MAIN(RecoveryTableTest)
#include "recovery_table_test.moc"
