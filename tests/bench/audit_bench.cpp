// audit_bench [ENTRIES]: how fast the audit log appends, verifies, pages, filters and exports, on a log of ENTRIES
// (default 100000) in a temporary folder. Prints one line of "name value unit" each.
#include "app/audit/audit_query.h"
#include "app/audit/export.h"
#include "tests/support/audit_fixture.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>

#include <cstdio>

using namespace sealift;

namespace {

constexpr int kSingleAppends = 300;
constexpr int kBatch = 10'000;

void print(const char* name, double value, const char* unit) {
  std::printf("%-46s %12.1f %s\n", name, value, unit);
  std::fflush(stdout);
}

// A day at a station: mostly sightings, some updates, few failures.
AuditEntry makeEntry(qint64 n) {
  const bool isUpdate = n % 10 == 0;
  const bool isFailure = n % 5000 == 0;
  AuditEntry entry = makeAuditEntry(QStringLiteral("The gateway in hall %1 was seen at its address.").arg(n % 97),
                                    isFailure  ? AuditEvent::UpdateFailed
                                    : isUpdate ? AuditEvent::UpdateStage
                                               : AuditEvent::DeviceSeen,
                                    isFailure ? AuditOutcome::Failed : AuditOutcome::Recorded,
                                    QStringLiteral("gw-%1").arg(n % 1000, 4, 10, QLatin1Char('0')));
  entry.details = {{QStringLiteral("address"), QStringLiteral("udp:192.0.2.%1:1337").arg(n % 250)},
                   {QStringLiteral("version"), QStringLiteral("1.%1.0").arg(n % 7)}};
  return entry;
}

Status measureAppends(AuditStation& station) {
  QElapsedTimer timer;
  timer.start();
  for (int i = 1; i <= kSingleAppends; ++i) {
    SEALIFT_CHECK(station.log().append(makeEntry(i)));
  }
  print("append, each on the disk", kSingleAppends * 1e9 / static_cast<double>(timer.nsecsElapsed()), "entries/s");
  return {};
}

Status fill(AuditStation& station, qint64 entries) {
  QElapsedTimer timer;
  timer.start();
  const qint64 before = station.log().size().value_or(0);
  for (qint64 n = before; n < entries;) {
    SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(station.database()));
    for (int i = 0; i < kBatch && n < entries; ++i) {
      station.clock().advanceSeconds(1);
      SEALIFT_CHECK(station.log().append(transaction, makeEntry(++n)));
    }
    SEALIFT_CHECK(transaction.commit());
  }
  print("append, 10000 in a transaction",
        static_cast<double>(entries - before) * 1e9 / static_cast<double>(timer.nsecsElapsed()), "entries/s");
  print("database", static_cast<double>(QFileInfo(station.databasePath()).size()) / static_cast<double>(entries),
        "bytes/entry");
  return {};
}

Status measureVerify(AuditStation& station, bool checkIndexes) {
  QElapsedTimer timer;
  timer.start();
  Progress progress;
  SEALIFT_TRY(const AuditReport report,
              verifyAuditLog(station.database(), {{station.signer().publicKey()}, {}, checkIndexes}, progress, {}));
  SEALIFT_CHECK(report.toStatus());
  print(checkIndexes ? "verify with indexes" : "verify",
        static_cast<double>(report.entries) * 1e9 / static_cast<double>(timer.nsecsElapsed()), "entries/s");
  return {};
}

Status measureQueries(AuditStation& station, qint64 entries) {
  AuditQuery query(station.database());
  const auto measure = [&](const char* name, const AuditSelection& filter, qint64 before) -> Status {
    QElapsedTimer timer;
    timer.start();
    SEALIFT_TRY(const QList<AuditRecord> page, query.pageBefore(filter, before, 100));
    print((QByteArray("page of ") + QByteArray::number(page.size()) + ": " + name).constData(),
          static_cast<double>(timer.nsecsElapsed()) / 1e6, "ms");
    timer.restart();
    SEALIFT_TRY(const qint64 count, query.count(filter, 100'000));
    print((QByteArray("count to ") + QByteArray::number(count) + ": " + name).constData(),
          static_cast<double>(timer.nsecsElapsed()) / 1e6, "ms");
    return {};
  };
  const qint64 end = std::numeric_limits<qint64>::max();
  const auto filterOf = [](auto set) {
    AuditSelection filter;
    set(filter);
    return filter;
  };
  SEALIFT_CHECK(measure("newest", {}, end));
  SEALIFT_CHECK(measure("middle", {}, entries / 2));
  SEALIFT_CHECK(measure("common event", filterOf([](auto& f) { f.event = QStringLiteral("device.seen"); }), end));
  SEALIFT_CHECK(measure("family", filterOf([](auto& f) { f.event = QStringLiteral("update"); }), end));
  SEALIFT_CHECK(measure("family without entries", filterOf([](auto& f) { f.event = QStringLiteral("vendor"); }), end));
  SEALIFT_CHECK(measure("rare outcome", filterOf([](auto& f) { f.outcome = QStringLiteral("failed"); }), end));
  SEALIFT_CHECK(measure("no such outcome in a family", filterOf([](auto& f) {
                          f.event = QStringLiteral("device");
                          f.outcome = QStringLiteral("failed");
                        }),
                        end));
  SEALIFT_CHECK(measure("subject", filterOf([](auto& f) { f.subjectId = QStringLiteral("gw-0042"); }), end));
  SEALIFT_CHECK(measure("oldest hour", filterOf([&](auto& f) { f.untilMs = 1'700'000'000'000 + 3'600'000; }), end));
  SEALIFT_CHECK(measure("common word", filterOf([](auto& f) { f.text = QStringLiteral("gateway"); }), end));
  SEALIFT_CHECK(measure("two words", filterOf([](auto& f) { f.text = QStringLiteral("gw-0042 hall"); }), end));
  SEALIFT_CHECK(measure("no such word", filterOf([](auto& f) { f.text = QStringLiteral("zeppelin"); }), end));
  return {};
}

Status measureExport(AuditStation& station, AuditExportFormat format, const char* name) {
  QFile out(station.folder() + QStringLiteral("/export"));
  if (!out.open(QIODevice::WriteOnly | QIODevice::Truncate)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("The export could not be opened."));
  }
  QElapsedTimer timer;
  timer.start();
  Progress progress;
  SEALIFT_TRY(const qint64 count, exportAuditLog(station.database(), {}, format, out, progress, {}));
  print(name, static_cast<double>(count) * 1e9 / static_cast<double>(timer.nsecsElapsed()), "entries/s");
  return {};
}

Status measureAll(qint64 entries) {
  AuditStation station;
  if (!station.isOpen()) {
    return fail(ErrorCode::StoreOpen, QStringLiteral("The log could not be opened."));
  }
  SEALIFT_CHECK(measureAppends(station));
  SEALIFT_CHECK(fill(station, entries));
  QElapsedTimer timer;
  timer.start();
  station.reopen();
  print("open the database", static_cast<double>(timer.nsecsElapsed()) / 1e6, "ms");
  SEALIFT_CHECK(measureQueries(station, entries));
  SEALIFT_CHECK(measureVerify(station, false));
  SEALIFT_CHECK(measureVerify(station, true));
  SEALIFT_CHECK(measureExport(station, AuditExportFormat::JsonLines, "export JSON lines"));
  return measureExport(station, AuditExportFormat::Csv, "export CSV");
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  const qint64 entries = arguments.size() > 1 ? arguments[1].toLongLong() : 100'000;
  if (const Status done = measureAll(entries); !done) {
    std::fprintf(stderr, "%s\n", qUtf8Printable(done.error().message()));
    return 1;
  }
  return 0;
}
