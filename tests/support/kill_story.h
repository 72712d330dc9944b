// Updates of a real device whose power goes at a seeded moment: some time into a seeded operation of the link.
#pragma once

#include "tests/support/contract_job.h"
#include "tests/support/soak.h"

#include <chrono>
#include <random>
#include <thread>

namespace sealift::test {

class KillStory {
 public:
  using Make = std::function<std::unique_ptr<ContractUnit>()>;
  using Cut = std::function<void(ContractUnit&)>;  // from a thread of its own

  KillStory(Make make, Cut cut) : make_(std::move(make)), cut_(std::move(cut)) {}

  // Empty, or the first thing that went otherwise than the recovery table says.
  QString run(int cases, const QString& what) {
    {
      const auto unit = make_();
      ContractJob job(*unit, unit->newImage());
      if (!job.before || job.run().outcome != Outcome::Succeeded) {
        return QStringLiteral("an update that nobody disturbs does not succeed");
      }
      whole_ = job.links.operations();
    }
    for (int i = 0; i < cases; ++i) {
      // Evenly over the update, each somewhere in its part.
      const int from = 1 + whole_ * i / cases;
      const int to = std::max(from, whole_ * (i + 1) / cases);
      const int at = std::uniform_int_distribution<int>(from, to)(random_);
      const std::chrono::microseconds late(std::uniform_int_distribution<int>(0, kLatestUs)(random_));
      if (const QString problem = killAt(at, late); !problem.isEmpty()) {
        return QStringLiteral("killed %1 µs into operation %2 of %3: %4")
            .arg(late.count())
            .arg(at)
            .arg(whole_)
            .arg(problem);
      }
    }
    QStringList told;
    for (auto it = ends_.cbegin(); it != ends_.cend(); ++it) {
      told << QStringLiteral("%1 %2").arg(it.value()).arg(it.key());
    }
    const QString words = what + QStringLiteral(": ") + told.join(QStringLiteral(", "));
    tellCases(cases, words);
    qInfo("%d cases, %s", cases, qUtf8Printable(words));
    return {};
  }

 private:
  static constexpr quint32 kSeed = 20'261'121;
  static constexpr int kLatestUs = 60'000;
  static constexpr int kSights = 4;

  QString killAt(int at, std::chrono::microseconds late) {
    const auto unit = make_();
    ContractJob job(*unit, unit->newImage());
    if (!job.before) {
      return job.before.error().message();
    }
    std::thread killer;
    job.links.callAt(at - job.links.operations(), [&] {
      killer = std::thread([&] {
        std::this_thread::sleep_for(late);
        cut_(*unit);
      });
    });
    JobReport report = job.run();
    if (killer.joinable()) {
      killer.join();
    }
    unit->powerCycle();
    if (!unit->firmware()) {
      return QStringLiteral("it does not start any more");
    }
    for (int sight = 0; report.outcome == Outcome::Unknown; ++sight) {
      if (sight == kSights) {
        return QStringLiteral("it stays unknown: ") + report.message;
      }
      report = job.settle();
    }
    ++ends_[outcomeName(report.outcome)];
    const auto audit = job.fixture.station.verify();
    if (!audit || !audit->isIntact() || job.fixture.row().outcome != outcomeName(report.outcome)) {
      return QStringLiteral("the log or the job does not tell what happened");
    }
    return job.contradiction(report);
  }

  Make make_;
  Cut cut_;
  std::mt19937 random_{kSeed};
  int whole_ = 0;  // operations of an update
  QMap<QString, int> ends_;
};

}  // namespace sealift::test
