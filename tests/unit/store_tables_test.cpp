#include "app/store/address_table.h"
#include "app/store/consent_table.h"
#include "app/store/database.h"
#include "app/store/deferral_table.h"
#include "app/store/device_table.h"
#include "app/store/job_table.h"
#include "app/store/journal_table.h"
#include "app/store/plan_table.h"
#include "app/store/setting_table.h"
#include "app/store/transaction.h"
#include "app/store/vendor_table.h"

#include <QTemporaryDir>
#include <QTest>

using namespace sealift;

class StoreTablesTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Database> database_;

  PlanRow plan(const QString& digest) {
    return {digest, QStringLiteral("gw-1"), QByteArrayLiteral("{\"release\":\"1.1.0\"}"), 1'700'000'000'000};
  }
  JobRow job(const QString& id, qint64 startedMs) {
    return {id,
            QStringLiteral("gw-1"),
            QStringLiteral("d1"),
            QStringLiteral("running"),
            QStringLiteral("check"),
            QString(),
            QString(),
            startedMs,
            std::nullopt,
            QByteArrayLiteral("{}")};
  }

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    Result<std::unique_ptr<Database>> opened = Database::open(folder_->path() + QStringLiteral("/data"));
    QVERIFY(opened);
    database_ = std::move(*opened);
  }
  void cleanup() { database_.reset(); }

  void settings() {
    SettingTable table(*database_);
    QVERIFY(!table.find(QStringLiteral("mode")).value());
    QVERIFY(table.set(QStringLiteral("mode"), QStringLiteral("home")));
    QVERIFY(table.set(QStringLiteral("mode"), QStringLiteral("station")));
    QVERIFY(table.set(QStringLiteral("empty"), QString()));
    QCOMPARE(table.find(QStringLiteral("mode")).value(), QStringLiteral("station"));
    QCOMPARE(table.all().value().size(), 2);
    QVERIFY(table.remove(QStringLiteral("mode")));
    QVERIFY(!table.find(QStringLiteral("mode")).value());
  }

  void vendors() {
    VendorTable table(*database_);
    VendorRow row{QStringLiteral("acme"),
                  QStringLiteral("Acme"),
                  {QStringLiteral("https://acme.example/tuf"), QStringLiteral("file:/srv/acme")},
                  QByteArray("{\0}", 3),
                  QStringLiteral("12:34"),
                  QStringLiteral("vendors/acme"),
                  7};
    QVERIFY(table.insert(row));
    QCOMPARE(table.insert(row).error().code, ErrorCode::AlreadyExists);
    const VendorRow found = table.find(row.id).value().value();
    QCOMPARE(found.addresses, row.addresses);
    QCOMPARE(found.initialRoot, row.initialRoot);
    QCOMPARE(found.addedMs, row.addedMs);
    row.name = QStringLiteral("Acme Ltd");
    row.addresses = {};
    QVERIFY(table.update(row));
    QCOMPARE(table.list().value().size(), 1);
    QCOMPARE(table.list().value().first().name, row.name);
    QVERIFY(table.list().value().first().addresses.isEmpty());
    QVERIFY(table.remove(row.id));
    QCOMPARE(table.remove(row.id).error().code, ErrorCode::NotFound);
    QCOMPARE(table.update(row).error().code, ErrorCode::NotFound);
    QVERIFY(!table.find(row.id).value());
  }

  void devicesKeepTheirGivenName() {
    DeviceTable table(*database_);
    DeviceRow row{QStringLiteral("gw-1"),
                  QStringLiteral("acme"),
                  QStringLiteral("gateway"),
                  QStringLiteral("S1"),
                  QStringLiteral("udp:192.0.2.1:1337"),
                  QString(),
                  QByteArrayLiteral("{}"),
                  10};
    QVERIFY(table.recordSeen(row));
    QVERIFY(table.setGivenName(row.id, QStringLiteral("Hall 2")));
    row.address = QStringLiteral("udp:192.0.2.2:1337");
    row.lastSeenMs = 20;
    QVERIFY(table.recordSeen(row));
    const DeviceRow found = table.find(row.id).value().value();
    QCOMPARE(found.givenName, QStringLiteral("Hall 2"));
    QCOMPARE(found.address, row.address);
    QCOMPARE(found.lastSeenMs, 20);
    row.id = QStringLiteral("gw-2");
    row.lastSeenMs = 30;
    QVERIFY(table.recordSeen(row));
    QCOMPARE(table.list().value().first().id, QStringLiteral("gw-2"));
    QVERIFY(table.remove(row.id));
    QCOMPARE(table.remove(row.id).error().code, ErrorCode::NotFound);
    QCOMPARE(table.setGivenName(row.id, QString()).error().code, ErrorCode::NotFound);
  }

  void addresses() {
    AddressTable table(*database_);
    QVERIFY(table.insert({QStringLiteral("tcp:192.0.2.9:80"), QString(), 2}));
    QVERIFY(table.insert({QStringLiteral("tcp:192.0.2.8:80"), QStringLiteral("bench"), 1}));
    QCOMPARE(table.insert({QStringLiteral("tcp:192.0.2.8:80"), QString(), 3}).error().code, ErrorCode::AlreadyExists);
    QCOMPARE(table.list().value().first().note, QStringLiteral("bench"));
    QVERIFY(table.remove(QStringLiteral("tcp:192.0.2.8:80")));
    QCOMPARE(table.remove(QStringLiteral("tcp:192.0.2.8:80")).error().code, ErrorCode::NotFound);
  }

  void consentsStandUntilWithdrawn() {
    ConsentTable table(*database_);
    ConsentRow row{0, QStringLiteral("d1"), QStringLiteral("operator-1"), QStringLiteral("ab"), 5, std::nullopt};
    QCOMPARE(table.insert(row).error().code, ErrorCode::NotFound);  // to a plan that isn't there
    QVERIFY(PlanTable(*database_).insert(plan(QStringLiteral("d1"))));
    const qint64 first = table.insert(row).value();
    row.operatorName = QStringLiteral("operator-2");
    const qint64 second = table.insert(row).value();
    QVERIFY(second != first);
    QCOMPARE(table.findStanding(QStringLiteral("d1")).value().value().id, second);
    QVERIFY(table.withdraw(second, 6));
    QCOMPARE(table.withdraw(second, 7).error().code, ErrorCode::NotFound);
    QCOMPARE(table.findStanding(QStringLiteral("d1")).value().value().id, first);
    QVERIFY(table.withdraw(first, 8));
    QVERIFY(!table.findStanding(QStringLiteral("d1")).value());
  }

  void plansNeverChange() {
    PlanTable table(*database_);
    PlanRow row = plan(QStringLiteral("d1"));
    QVERIFY(table.insert(row));
    const QByteArray json = row.json;
    row.json = QByteArrayLiteral("{}");
    QVERIFY(table.insert(row));
    QCOMPARE(table.find(QStringLiteral("d1")).value().value().json, json);
    QVERIFY(!table.find(QStringLiteral("d2")).value());
  }

  void deferrals() {
    DeferralTable table(*database_);
    DeferralRow row{DeferralScope::Model,
                    QStringLiteral("gateway"),
                    QStringLiteral("gateway/1.1.0.bin"),
                    QStringLiteral("1.1.0"),
                    QStringLiteral("ab"),
                    DeferralKind::Remind,
                    100,
                    1};
    QVERIFY(table.set(row));
    const auto find = [&] { return table.find(row.scope, row.scopeId, row.releasePath).value(); };
    QCOMPARE(find().value().untilMs, 100);
    QCOMPARE(find().value().kind, DeferralKind::Remind);
    QCOMPARE(find().value().scope, DeferralScope::Model);
    row.kind = DeferralKind::Skip;
    row.untilMs = std::nullopt;
    QVERIFY(table.set(row));
    QCOMPARE(find().value().kind, DeferralKind::Skip);
    QVERIFY(!find().value().untilMs);
    QVERIFY(!table.find(DeferralScope::Device, row.scopeId, row.releasePath).value());
    QCOMPARE(table.list().value().size(), 1);
    QVERIFY(table.remove(row.scope, row.scopeId, row.releasePath));
    QVERIFY(!find());
  }

  void jobs() {
    JobTable table(*database_);
    QCOMPARE(table.insert(job(QStringLiteral("j1"), 1)).error().code, ErrorCode::NotFound);  // no plan
    QVERIFY(PlanTable(*database_).insert(plan(QStringLiteral("d1"))));
    QVERIFY(table.insert(job(QStringLiteral("j1"), 1)));
    QVERIFY(table.insert(job(QStringLiteral("j2"), 2)));
    QCOMPARE(table.insert(job(QStringLiteral("j2"), 3)).error().code, ErrorCode::AlreadyExists);
    QCOMPARE(table.listUnfinished().value().size(), 2);
    JobRow done = table.find(QStringLiteral("j1")).value().value();
    done.state = QStringLiteral("ended");
    done.outcome = QStringLiteral("succeeded");
    done.endedMs = 9;
    QVERIFY(table.update(done));
    QCOMPARE(table.listUnfinished().value().first().id, QStringLiteral("j2"));
    QCOMPARE(table.find(QStringLiteral("j1")).value().value().endedMs, 9);
    QCOMPARE(table.list(1).value().first().id, QStringLiteral("j2"));
    QCOMPARE(table.listOfDevice(QStringLiteral("gw-1"), 10).value().size(), 2);
    QVERIFY(table.listOfDevice(QStringLiteral("gw-2"), 10).value().isEmpty());
    done.id = QStringLiteral("j9");
    QCOMPARE(table.update(done).error().code, ErrorCode::NotFound);
  }

  void journalCountsWithinAJob() {
    QVERIFY(PlanTable(*database_).insert(plan(QStringLiteral("d1"))));
    for (const char* id : {"j1", "j2"}) {
      QVERIFY(JobTable(*database_).insert(job(QLatin1String(id), 1)));
    }
    JournalTable table(*database_);
    JournalRow row{QStringLiteral("j1"),
                   0,
                   5,
                   QStringLiteral("transfer"),
                   JournalPhase::Intent,
                   QByteArrayLiteral("{\"slot\":1}")};
    QCOMPARE(table.append(row).value(), 1);
    row.phase = JournalPhase::Result;
    QCOMPARE(table.append(row).value(), 2);
    row.jobId = QStringLiteral("j2");
    QCOMPARE(table.append(row).value(), 1);
    QCOMPARE(table.list(QStringLiteral("j1")).value().size(), 2);
    QCOMPARE(table.list(QStringLiteral("j1")).value().first().phase, JournalPhase::Intent);
    QCOMPARE(table.last(QStringLiteral("j1")).value().value().phase, JournalPhase::Result);
    QCOMPARE(table.last(QStringLiteral("j1")).value().value().detail, row.detail);
    row.jobId = QStringLiteral("j9");
    QCOMPARE(table.append(row).error().code, ErrorCode::NotFound);
    QVERIFY(!table.last(QStringLiteral("j9")).value());
  }

  void takePartInATransaction() {
    QVERIFY(PlanTable(*database_).insert(plan(QStringLiteral("d1"))));
    {
      const Result<Transaction> transaction = Transaction::beginWrite(*database_);
      QVERIFY(JobTable(*database_).insert(job(QStringLiteral("j1"), 1)));
      QVERIFY(JournalTable(*database_)
                  .append({QStringLiteral("j1"), 0, 1, QStringLiteral("check"), JournalPhase::Intent, QByteArray()}));
    }
    QVERIFY(!JobTable(*database_).find(QStringLiteral("j1")).value());
    QVERIFY(JournalTable(*database_).list(QStringLiteral("j1")).value().isEmpty());
  }
};

QTEST_GUILESS_MAIN(StoreTablesTest)
#include "store_tables_test.moc"
