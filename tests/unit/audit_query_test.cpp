#include "app/audit/audit_query.h"

#include "app/audit/export.h"
#include "app/audit/merkle.h"
#include "tests/support/audit_fixture.h"

#include <QBuffer>
#include <QJsonDocument>
#include <QTest>

using namespace sealift;

namespace {

// RFC 4180, section 2: the records of a file, each a list of fields.
QList<QStringList> parseCsv(const QByteArray& bytes) {
  QList<QStringList> records;
  QStringList record;
  QByteArray field;
  bool quoted = false;
  for (qsizetype i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (quoted) {
      if (c == '"' && i + 1 < bytes.size() && bytes[i + 1] == '"') {
        field += '"';
        ++i;
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      record.append(QString::fromUtf8(field));
      field.clear();
    } else if (c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') {
      record.append(QString::fromUtf8(field));
      field.clear();
      records.append(record);
      record.clear();
      ++i;
    } else {
      field += c;
    }
  }
  return records;
}

}  // namespace

class AuditQueryTest : public QObject {
  Q_OBJECT

 private:
  std::unique_ptr<AuditStation> station_;

  void append(const QString& message, AuditEvent event, AuditOutcome outcome, const QString& subject) {
    station_->clock().advanceSeconds(1);
    QVERIFY(station_->log().append(makeAuditEntry(message, event, outcome, subject)));
  }
  QByteArray exported(AuditExportFormat format, const AuditSelection& filter = {}) {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    Progress progress;
    const Result<qint64> count = exportAuditLog(station_->database(), filter, format, buffer, progress, {});
    return count ? buffer.data() : QByteArray();
  }

 private Q_SLOTS:
  void init() {
    station_ = std::make_unique<AuditStation>();
    QVERIFY(station_->isOpen());
    // 1700000001000 …, one a second
    append(QStringLiteral("Update of the gateway began."), AuditEvent::UpdateStarted, AuditOutcome::Recorded,
           QStringLiteral("gw-2041"));
    append(QStringLiteral("Wrong key: \u00dcberpr\u00fcfung."), AuditEvent::UpdateRefused, AuditOutcome::Refused,
           QStringLiteral("gw-2041"));
    append(QStringLiteral("Sensor seen."), AuditEvent::DeviceSeen, AuditOutcome::Recorded, QStringLiteral("sensor-7"));
    append(QStringLiteral("Sensor update failed."), AuditEvent::UpdateFailed, AuditOutcome::Failed,
           QStringLiteral("sensor-7"));
    append(QStringLiteral("It is done, \"truly\"."), AuditEvent::UpdateSucceeded, AuditOutcome::Ok,
           QStringLiteral("gw-2041"));
  }
  void cleanup() { station_.reset(); }

  void filters_data() {
    QTest::addColumn<AuditSelection>("filter");
    QTest::addColumn<QList<qint64>>("expected");  // newest first
    const auto row = [](const char* name, const QList<qint64>& expected, auto set) {
      AuditSelection filter;
      set(filter);
      QTest::newRow(name) << filter << expected;
    };
    const qint64 t0 = 1'700'000'000'000;
    row("nothing", {5, 4, 3, 2, 1}, [](AuditSelection&) {});
    row("family", {5, 4, 2, 1}, [](AuditSelection& f) { f.event = QStringLiteral("update"); });
    row("event", {4}, [](AuditSelection& f) { f.event = QStringLiteral("update.failed"); });
    row("part of a family is none", {}, [](AuditSelection& f) { f.event = QStringLiteral("upd"); });
    row("outcome", {3, 1}, [](AuditSelection& f) { f.outcome = QStringLiteral("recorded"); });
    row("subject", {5, 2, 1}, [](AuditSelection& f) { f.subjectId = QStringLiteral("gw-2041"); });
    row("from", {5, 4}, [=](AuditSelection& f) { f.fromMs = t0 + 4000; });
    row("until", {3, 2, 1}, [=](AuditSelection& f) { f.untilMs = t0 + 4000; });
    row("between", {3, 2}, [=](AuditSelection& f) {
      f.fromMs = t0 + 2000;
      f.untilMs = t0 + 4000;
    });
    row("word", {4, 3}, [](AuditSelection& f) { f.text = QStringLiteral("sensor"); });
    row("beginning of a word, other case", {4, 3}, [](AuditSelection& f) { f.text = QStringLiteral("SENS"); });
    row("two words", {4}, [](AuditSelection& f) { f.text = QStringLiteral(" fail  sensor "); });
    row("without diacritics", {2}, [](AuditSelection& f) { f.text = QStringLiteral("uberprufung"); });
    row("serial number", {5, 2, 1}, [](AuditSelection& f) { f.text = QStringLiteral("gw-20"); });
    row("quote", {5}, [](AuditSelection& f) { f.text = QStringLiteral("\"truly\""); });
    row("query language is text", {}, [](AuditSelection& f) { f.text = QStringLiteral("sensor OR gateway)"); });
    row("only signs", {5, 4, 3, 2, 1}, [](AuditSelection& f) { f.text = QStringLiteral("\" * -"); });
    row("everything", {4}, [=](AuditSelection& f) {
      f.text = QStringLiteral("sensor");
      f.event = QStringLiteral("update");
      f.outcome = QStringLiteral("failed");
      f.subjectId = QStringLiteral("sensor-7");
      f.fromMs = t0;
      f.untilMs = t0 + 10'000;
    });
    row("sql is text", {}, [](AuditSelection& f) { f.subjectId = QStringLiteral("' OR 1=1 --"); });
  }
  void filters() {
    QFETCH(AuditSelection, filter);
    QFETCH(QList<qint64>, expected);
    AuditQuery query(station_->database());
    const Result<QList<qint64>> numbers = query.sequences(filter, 100);
    QVERIFY2(numbers, qUtf8Printable(messageOf(numbers)));
    QCOMPARE(*numbers, expected);
    QCOMPARE(query.count(filter).value(), expected.size());
    QCOMPARE(query.count(filter, 1).value(), std::min<qsizetype>(expected.size(), 1));
    QList<qint64> paged;
    qint64 before = std::numeric_limits<qint64>::max();
    for (;;) {
      const QList<AuditRecord> page = query.pageBefore(filter, before, 2).value();
      for (const AuditRecord& record : page) {
        paged.append(record.sequence);
      }
      if (page.size() < 2) {
        break;
      }
      before = page.last().sequence;
    }
    QCOMPARE(paged, expected);
    QList<qint64> forward;
    const QList<AuditRecord> oldestFirst = query.pageAfter(filter, 0, 100).value();
    for (const AuditRecord& record : oldestFirst) {
      forward.prepend(record.sequence);
    }
    QCOMPARE(forward, expected);
  }

  void findsByNumber() {
    AuditQuery query(station_->database());
    const AuditRecord record = query.find(2).value().value();
    QCOMPARE(record.event, QStringLiteral("update.refused"));
    QCOMPARE(record.leafHash, merkleLeafHash(record.leaf));
    QVERIFY(!query.find(6).value());
    QVERIFY(!query.find(0).value());
  }

  void showsThatAnEntryCanNotBeRead() {
    QVERIFY(station_->runShell(QStringLiteral("UPDATE audit_entry SET leaf=leaf||' ' WHERE seq=3")));
    const QList<AuditRecord> page = AuditQuery(station_->database()).newestPage({}, 10).value();
    QCOMPARE(page.size(), 5);
    QCOMPARE(page[2].sequence, 3);
    QVERIFY(page[2].message.contains(QStringLiteral("can't be read")));
  }

  void jsonLinesCarryTheLeafItself() {
    QByteArray all = exported(AuditExportFormat::JsonLines);
    QVERIFY(all.endsWith('\n'));
    all.chop(1);
    const QList<QByteArray> lines = all.split('\n');
    QCOMPARE(lines.size(), 6);
    MerkleFrontier frontier;
    for (const QByteArray& line : lines.first(5)) {
      const QByteArray begin = "{\"leaf\":";
      const QByteArray end = ",\"hash\":\"" + QByteArray(64, '0') + "\"}";
      QVERIFY(line.startsWith(begin));
      const QByteArray leaf = line.mid(begin.size(), line.size() - begin.size() - end.size());
      QVERIFY(!QJsonDocument::fromJson(line).isNull());
      QCOMPARE(QJsonDocument::fromJson(line).object().value(QLatin1String("hash")).toString().toLatin1(),
               merkleLeafHash(leaf).toHex());
      frontier.append(merkleLeafHash(leaf));
    }
    const QByteArray& headLine = lines.last();
    const TreeHead head = readTreeHead(QByteArrayView(headLine).sliced(8).chopped(1)).value();
    QVERIFY(checkTreeHead(HeadKind::Head, head, {station_->signer().publicKey()}));
    QCOMPARE(head.rootHash, frontier.root());
    AuditSelection filter;
    filter.subjectId = QStringLiteral("sensor-7");
    QCOMPARE(exported(AuditExportFormat::JsonLines, filter).count('\n'), 2);  // a part has no head
  }

  void csvIsReadBackAndHarmless() {
    append(QStringLiteral("=HYPERLINK(\"http://evil.example\",\"x\")\nnext, line"), AuditEvent::DeviceSeen,
           AuditOutcome::Recorded, QStringLiteral("@cmd"));
    const QList<QStringList> records = parseCsv(exported(AuditExportFormat::Csv));
    QCOMPARE(records.size(), 7);
    QCOMPARE(records[0].size(), 12);
    QCOMPARE(records[5][9], QStringLiteral("It is done, \"truly\"."));
    QCOMPARE(records[1][1], QStringLiteral("2023-11-14T22:13:21.000Z"));
    QCOMPARE(records[6][9], QStringLiteral("'=HYPERLINK(\"http://evil.example\",\"x\")\nnext, line"));
    QCOMPARE(records[6][5], QStringLiteral("'@cmd"));
    QCOMPARE(records[1][11].size(), 64);
    for (const QStringList& record : records) {
      QCOMPARE(record.size(), 12);
    }
  }

  void exportsManyPagesInOrder() {
    QVERIFY(station_->fill(2500));
    const QList<QStringList> records = parseCsv(exported(AuditExportFormat::Csv));
    QCOMPARE(records.size(), 2506);
    for (qsizetype i = 1; i < records.size(); ++i) {
      QCOMPARE(records[i][0], QString::number(i));
    }
  }

  void exportTellsWhenItCanNotWrite() {
    QBuffer closed;
    Progress progress;
    QTest::ignoreMessage(QtWarningMsg, "QIODevice::write (QBuffer): device not open");
    const Result<qint64> failed =
        exportAuditLog(station_->database(), {}, AuditExportFormat::Csv, closed, progress, CancelToken());
    QVERIFY(!failed);
    QCOMPARE(failed.error().code, ErrorCode::FileWrite);
    CancelToken cancel;
    cancel.cancel();
    QBuffer open;
    QVERIFY(open.open(QIODevice::WriteOnly));
    QCOMPARE(exportAuditLog(station_->database(), {}, AuditExportFormat::Csv, open, progress, cancel).error().code,
             ErrorCode::Cancelled);
  }
};

QTEST_GUILESS_MAIN(AuditQueryTest)
#include "audit_query_test.moc"
