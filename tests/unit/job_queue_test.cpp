// Which waiting jobs begin: limits, priorities, fairness. No threads, no clock.
#include "app/update/job_queue.h"

#include "app/update/retry_policy.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace sealift;

namespace {

QueuedJob job(const QString& id, qint64 arrival, const QList<Resource>& needs = {},
              JobPriority priority = JobPriority::Normal, int passedOver = 0) {
  return {id, needs, priority, arrival, passedOver};
}

Resource hub(const QString& place) {
  return {ResourceKind::Hub, place};
}
Resource host(const QString& name) {
  return {ResourceKind::Host, name};
}
Resource device(const QString& id) {
  return {ResourceKind::Device, id};
}

QString name(int number) {
  return QStringLiteral("job%1").arg(number);
}

int used(const QList<QueuedJob>& running, const Resource& resource) {
  return static_cast<int>(std::count_if(running.cbegin(), running.cend(),
                                        [&](const QueuedJob& one) { return one.needs.contains(resource); }));
}

}  // namespace

class JobQueueTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void limitsHold_data();
  void limitsHold();
  void oneJobADevice();
  void sixtyFourAtOnceAreNormal();
  void arrivalDecidesAmongEquals();
  void securityFixesComeFirst();
  void neighboursDoNotTakeEverything();
  void shortageNamesWhatIsNearest();
  void passedOverJobRises();
  void starvedJobKeepsItsPlaces();
  void nothingStarves_data();
  void nothingStarves();
  void limitsBelowOneAreOne();
  void severityDecidesPriority();
  void onlyWhatTimeHealsIsTriedAgain();
  void backOffDoublesToItsLimit();
};

void JobQueueTest::limitsHold_data() {
  QTest::addColumn<int>("kind");
  QTest::newRow("all") << static_cast<int>(ResourceKind::All);
  QTest::newRow("hub") << static_cast<int>(ResourceKind::Hub);
  QTest::newRow("adapter") << static_cast<int>(ResourceKind::Adapter);
  QTest::newRow("host") << static_cast<int>(ResourceKind::Host);
}

void JobQueueTest::limitsHold() {
  QFETCH(int, kind);
  const Resource shared{static_cast<ResourceKind>(kind),
                        kind == static_cast<int>(ResourceKind::All) ? QString() : QStringLiteral("x")};
  QueueLimits limits{.all = 64, .perHub = 5, .perAdapter = 5, .perHost = 5};
  if (shared.kind == ResourceKind::All) {
    limits.all = 5;
  }
  QList<QueuedJob> waiting;
  for (int i = 0; i < 9; ++i) {
    waiting << job(name(i), i, {shared});
  }
  const QList<QueuedJob> running{job(QStringLiteral("r"), -1, {shared})};
  const QueueDecision decision = decideQueue(waiting, running, limits);
  QCOMPARE(decision.start, (QStringList{name(0), name(1), name(2), name(3)}));
  QCOMPARE(decision.waits.size(), 5);
  const Shortage why = decision.waits.value(name(8));
  QVERIFY2(why.on == shared, qPrintable(why.text()));
  QCOMPARE(why.used, 5);
  QCOMPARE(why.limit, 5);
}

void JobQueueTest::oneJobADevice() {
  const QList<QueuedJob> waiting{job(name(1), 1, {device(QStringLiteral("d"))}),
                                 job(name(2), 2, {device(QStringLiteral("d"))}),
                                 job(name(3), 3, {device(QStringLiteral("e"))})};
  QCOMPARE(decideQueue(waiting, {}, {}).start, (QStringList{name(1), name(3)}));
  const QList<QueuedJob> running{job(name(0), 0, {device(QStringLiteral("d"))})};
  QCOMPARE(decideQueue(waiting, running, {}).start, QStringList{name(3)});
  QCOMPARE(decideQueue(waiting, running, {}).waits.value(name(1)).text(),
           QStringLiteral("the device is being worked on"));
}

void JobQueueTest::sixtyFourAtOnceAreNormal() {
  QList<QueuedJob> waiting;
  for (int i = 0; i < 70; ++i) {  // sixteen hubs of four, and more than that
    waiting << job(name(i), i, {hub(QString::number(i / 4))});
  }
  const QueueDecision decision = decideQueue(waiting, {}, {});
  QCOMPARE(decision.start.size(), 64);
  QCOMPARE(decision.waits.size(), 6);
  for (const Shortage& why : decision.waits) {
    QCOMPARE(why.text(), QStringLiteral("the station is busy with 64 of 64"));
  }
}

void JobQueueTest::arrivalDecidesAmongEquals() {
  const QueueLimits one{.all = 1};
  const QList<QueuedJob> waiting{job(name(2), 2), job(name(1), 1), job(name(3), 3)};
  QCOMPARE(decideQueue(waiting, {}, one).start, QStringList{name(1)});
}

void JobQueueTest::securityFixesComeFirst() {
  const QueueLimits two{.all = 2};
  const QList<QueuedJob> waiting{job(name(1), 1), job(name(2), 2, {}, JobPriority::High),
                                 job(name(3), 3, {}, JobPriority::Critical)};
  QCOMPARE(decideQueue(waiting, {}, two).start, (QStringList{name(3), name(2)}));
}

void JobQueueTest::neighboursDoNotTakeEverything() {
  QList<QueuedJob> waiting;
  for (int i = 0; i < 40; ++i) {  // all of them came before the other two
    waiting << job(name(i), i, {host(QStringLiteral("a"))});
  }
  waiting << job(name(40), 40, {host(QStringLiteral("b"))}) << job(name(41), 41, {host(QStringLiteral("b"))});
  const QueueLimits four{.all = 4, .perHost = 64};
  const QueueDecision decision = decideQueue(waiting, {}, four);
  QCOMPARE(decision.start, (QStringList{name(0), name(40), name(1), name(41)}));
}

void JobQueueTest::shortageNamesWhatIsNearest() {
  const QList<QueuedJob> running{job(name(0), 0, {hub(QStringLiteral("1-2"))})};
  const QueueLimits limits{.all = 1, .perHub = 1};
  const QueueDecision decision = decideQueue({job(name(1), 1, {hub(QStringLiteral("1-2"))})}, running, limits);
  QCOMPARE(decision.waits.value(name(1)).text(), QStringLiteral("hub 1-2 is busy with 1 of 1"));
  QCOMPARE((Shortage{{ResourceKind::Host, QStringLiteral("h")}, 8, 8}).text(),
           QStringLiteral("host h is busy with 8 of 8"));
}

void JobQueueTest::passedOverJobRises() {
  const QueueLimits one{.all = 1};
  QueuedJob old = job(QStringLiteral("old"), 0);
  int passes = 0;
  for (;; ++passes) {
    QVERIFY2(passes <= 2 * kPassesPerStep, "critical fixes that keep coming pass an old job for ever");
    const QueuedJob fresh = job(name(passes), passes + 1, {}, JobPriority::Critical);
    const QueueDecision decision = decideQueue({old, fresh}, {}, one);
    QCOMPARE(decision.start.size(), 1);
    if (decision.start.constFirst() == old.id) {
      break;
    }
    old.passedOver = decision.passedOver.value(old.id);
    QCOMPARE(old.passedOver, passes + 1);
  }
  QCOMPARE(passes, 2 * kPassesPerStep);
}

// It needs two things that are never free at the same time, unless one is kept for it.
void JobQueueTest::starvedJobKeepsItsPlaces() {
  const QueueLimits limits{.all = 64, .perHub = 1, .perHost = 1};
  const QueuedJob wants = job(QStringLiteral("both"), 0, {hub(QStringLiteral("h")), host(QStringLiteral("n"))},
                              JobPriority::Normal, kPassesUntilFirst);
  const QueuedJob onHub = job(QStringLiteral("r"), 1, {hub(QStringLiteral("h"))});
  const QueuedJob forHost = job(QStringLiteral("late"), 2, {host(QStringLiteral("n"))}, JobPriority::Critical);
  QueueDecision decision = decideQueue({wants, forHost}, {onHub}, limits);
  QVERIFY2(decision.start.isEmpty(), "the host was given away though the job that was passed over needs it");
  decision = decideQueue({wants, forHost}, {}, limits);
  QCOMPARE(decision.start, QStringList{wants.id});
  QueuedJob young = wants;
  young.passedOver = kPassesUntilFirst - 1;
  QCOMPARE(decideQueue({young, forHost}, {onHub}, limits).start, QStringList{forHost.id});
}

void JobQueueTest::nothingStarves_data() {
  QTest::addColumn<quint32>("seed");
  for (quint32 seed = 1; seed <= 40; ++seed) {
    QTest::addRow("seed %u", seed) << seed;
  }
}

// Jobs keep arriving, many of them critical and in one neighbourhood; running ones end in any order. At every moment
// the limits hold and no room is wasted, and every job begins before the bound on how often it can be passed over.
void JobQueueTest::nothingStarves() {
  QFETCH(quint32, seed);
  std::mt19937 random(seed);
  const auto below = [&](quint32 bound) { return static_cast<int>(random() % bound); };
  const QueueLimits limits{
      .all = 1 + below(6), .perHub = 1 + below(3), .perAdapter = 1 + below(2), .perHost = 1 + below(3)};
  QList<QueuedJob> waiting;
  QList<QueuedJob> running;
  int made = 0;
  int started = 0;
  const auto arrive = [&] {
    QList<Resource> needs{device(QString::number(below(30)))};
    if (below(3) > 0) {
      needs << hub(QString::number(below(3)));
    }
    if (below(2) == 0) {
      needs << host(QString::number(below(2)));
    }
    if (below(4) == 0) {
      needs << Resource{ResourceKind::Adapter, QString::number(below(2))};
    }
    waiting << job(name(made), made, needs, static_cast<JobPriority>(below(5) == 0 ? 0 : 2));
    ++made;
  };
  for (int round = 0; round < 600; ++round) {
    if (round < 300) {
      for (int i = below(3); i > 0; --i) {
        arrive();
      }
    }
    const QueueDecision decision = decideQueue(waiting, running, limits);
    QCOMPARE(decision.start.size() + decision.waits.size(), waiting.size());
    QCOMPARE(decision.passedOver.size(), decision.waits.size());
    bool anyFirst = false;
    for (auto it = waiting.begin(); it != waiting.end();) {
      if (decision.start.contains(it->id)) {
        running << *it;
        it = waiting.erase(it);
        ++started;
      } else {
        it->passedOver = decision.passedOver.value(it->id);
        anyFirst = anyFirst || it->passedOver >= kPassesUntilFirst;
        QVERIFY2(it->passedOver <= kPassesUntilFirst + limits.all + 30,
                 qPrintable(QStringLiteral("%1 was passed over %2 times").arg(it->id).arg(it->passedOver)));
        ++it;
      }
    }
    QVERIFY2(running.size() <= limits.all, "more run than the station may");
    for (const QueuedJob& one : running) {
      for (const Resource& need : one.needs) {
        QVERIFY2(used(running, need) <= limits.of(need.kind), qPrintable(need.key));
      }
    }
    for (const QueuedJob& one : waiting) {  // no room is wasted, unless it is kept
      const bool room = running.size() < limits.all &&
                        std::all_of(one.needs.cbegin(), one.needs.cend(),
                                    [&](const Resource& need) { return used(running, need) < limits.of(need.kind); });
      QVERIFY2(!room || anyFirst, qPrintable(one.id + QStringLiteral(" waits though there is room")));
    }
    if (!running.isEmpty()) {
      running.removeAt(below(static_cast<quint32>(running.size())));
    }
    if (round >= 300 && waiting.isEmpty()) {
      break;
    }
  }
  QCOMPARE(started, made);
}

void JobQueueTest::limitsBelowOneAreOne() {
  const QueueLimits none{.all = 0, .perHub = -3, .perAdapter = 0, .perHost = 0};
  QCOMPARE(decideQueue({job(name(1), 1, {hub(QStringLiteral("h"))})}, {}, none).start.size(), 1);
  QCOMPARE((QueueLimits{.all = 100'000}).of(ResourceKind::All), kHighestLimit);
}

void JobQueueTest::severityDecidesPriority() {
  QVERIFY(priorityOf(QStringLiteral("critical")) == JobPriority::Critical);
  QVERIFY(priorityOf(QStringLiteral("high")) == JobPriority::High);
  for (const char* other : {"moderate", "low", "none", "", "Critical!"}) {
    QVERIFY(priorityOf(QString::fromLatin1(other)) == JobPriority::Normal);
  }
}

void JobQueueTest::onlyWhatTimeHealsIsTriedAgain() {
  for (const ErrorCode code : {ErrorCode::Timeout, ErrorCode::LinkLost, ErrorCode::LinkOpen, ErrorCode::FetchFailed,
                               ErrorCode::DeviceBusy, ErrorCode::KeyAbsent}) {
    QVERIFY2(canHeal(code), qPrintable(errorCodeName(code)));
  }
  for (const ErrorCode code :
       {ErrorCode::Cancelled, ErrorCode::ConsentPlanChanged, ErrorCode::ImageHashMismatch, ErrorCode::TrustExpired,
        ErrorCode::PolicySecurityVersion, ErrorCode::DeviceWriteFailed, ErrorCode::DeviceVerifyFailed,
        ErrorCode::DeviceChanged, ErrorCode::ProtocolRefused, ErrorCode::FetchRefused, ErrorCode::FetchTls,
        ErrorCode::LinkPermission, ErrorCode::IdentityNotProven, ErrorCode::Internal}) {
    QVERIFY2(!canHeal(code), qPrintable(errorCodeName(code)));
  }
  // Nothing answers, or something answers that is not the device.
  Error silent = makeError(ErrorCode::DeviceNotRecognised, QStringLiteral("Nothing answers."));
  QVERIFY(!canHeal(silent));
  silent.cause = std::make_shared<Error>(makeError(ErrorCode::Timeout, QStringLiteral("Nothing came.")));
  QVERIFY(canHeal(silent));
  silent.cause = std::make_shared<Error>(makeError(ErrorCode::ProtocolMalformed, QStringLiteral("Nonsense came.")));
  QVERIFY(!canHeal(silent));
}

void JobQueueTest::backOffDoublesToItsLimit() {
  qint64 last = 0;
  for (const auto& [attempts, seconds] :
       {std::pair{1, 30}, {2, 60}, {3, 120}, {4, 240}, {5, 480}, {6, 900}, {60, 900}}) {
    QCOMPARE(backOffAfter(attempts).count(), seconds);
    last = seconds;
  }
  QCOMPARE(backOffAfter(0).count(), 30);
  QCOMPARE(last, kLongestBackOff.count());
}

QTEST_GUILESS_MAIN(JobQueueTest)
#include "job_queue_test.moc"
