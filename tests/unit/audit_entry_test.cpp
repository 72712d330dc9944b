#include "app/audit/canonical_json.h"
#include "app/audit/entry.h"
#include "keystore/crypto/digest.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QSet>
#include <QTest>

using namespace sealift;

namespace {

AuditEntry sample() {
  AuditEntry entry;
  entry.event = AuditEvent::UpdateRefused;
  entry.actor = QStringLiteral("operator-1");
  entry.subject = {QStringLiteral("device"), QStringLiteral("gw-1"), QStringLiteral("Hall \"2\"")};
  entry.outcome = AuditOutcome::Refused;
  entry.code = QStringLiteral("image.signature-invalid");
  entry.message = QStringLiteral("The image was refused.\n\u00e4\U0001F6A2");
  entry.details = {{QStringLiteral("b"), 2}, {QStringLiteral("a"), QJsonArray{true, QJsonValue::Null}}};
  return entry;
}

}  // namespace

class AuditEntryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void canonicalJson_data() {
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QByteArray>("bytes");
    const auto row = [](const char* name, const QJsonValue& value, const char* bytes) {
      QTest::newRow(name) << value << QByteArray(bytes);
    };
    row("null", QJsonValue::Null, "null");
    row("booleans", QJsonArray{true, false}, "[true,false]");
    row("integers", QJsonArray{0, -1, qint64{9007199254740993}, std::numeric_limits<qint64>::min()},
        "[0,-1,9007199254740993,-9223372036854775808]");
    row("whole double", 5.0, "5");
    row("fraction becomes text", 0.5, "\"0.5\"");
    row("escapes", QStringLiteral("\"\\/\b\f\n\r\t\x01\x1f\x7f"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    row("nul", QString(QChar(u'\0')), "\"\\u0000\"");
    row("utf-8", QStringLiteral("\u00e4\u20ac\U0001F6A2"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xa2\"");
    row("unpaired high surrogate", QString(QChar(0xd83d)) + QLatin1Char('x'), "\"\xef\xbf\xbdx\"");
    row("unpaired low surrogate", QString(QChar(0xdea2)), "\"\xef\xbf\xbd\"");
    // RFC 8785 section 3.2.3: sorted by UTF-16 code units, so U+1F600 (0xD83D …) comes before U+FB33.
    row("member order",
        QJsonObject{{QStringLiteral("\u20ac"), 1},
                    {QStringLiteral("\r"), 2},
                    {QStringLiteral("\ufb33"), 3},
                    {QStringLiteral("1"), 4},
                    {QStringLiteral("\U0001F600"), 5},
                    {QStringLiteral("\u0080"), 6},
                    {QStringLiteral("\u00f6"), 7}},
        "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":"
        "3}");
    row("empty", QJsonObject{{QStringLiteral("a"), QJsonArray()}, {QStringLiteral("b"), QJsonObject()}},
        "{\"a\":[],\"b\":{}}");
  }
  void canonicalJson() {
    QFETCH(QJsonValue, value);
    QFETCH(QByteArray, bytes);
    QCOMPARE(writeCanonicalJson(value), bytes);
  }

  void leafBytes() {
    QCOMPARE(encodeLeaf(sample(), 7, 1'700'000'000'123),
             QByteArray("{\"actor\":\"operator-1\",\"code\":\"image.signature-invalid\",\"details\":{\"a\":[true,null],"
                        "\"b\":2},\"event\":\"update.refused\",\"message\":\"The image was refused.\\n\xc3\xa4"
                        "\xf0\x9f\x9a\xa2\",\"outcome\":\"refused\",\"seq\":7,\"subject\":{\"id\":\"gw-1\",\"kind\":"
                        "\"device\",\"name\":\"Hall \\\"2\\\"\"},\"time\":1700000000123,\"v\":1}"));
  }

  void leafIsCanonicalAsAWhole() {
    const QByteArray leaf = encodeLeaf(sample(), 7, 1);
    QCOMPARE(writeCanonicalJson(QJsonDocument::fromJson(leaf).object()), leaf);
  }

  void decodesWhatItEncoded() {
    const QByteArray leaf = encodeLeaf(sample(), 7, 1'700'000'000'123);
    const Result<AuditRecord> record = decodeLeaf(leaf);
    QVERIFY(record);
    QCOMPARE(record->sequence, 7);
    QCOMPARE(record->timeMs, 1'700'000'000'123);
    QCOMPARE(record->event, QStringLiteral("update.refused"));
    QCOMPARE(record->outcome, QStringLiteral("refused"));
    QCOMPARE(record->subject.name, sample().subject.name);
    QCOMPARE(record->message, sample().message);
    QCOMPARE(record->details, sample().details);
    QCOMPARE(record->leaf, leaf);
  }

  void refusesOtherForms_data() {
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    const auto row = [](const char* name, const char* from, const char* to) {
      QTest::newRow(name) << QByteArray(from) << QByteArray(to);
    };
    row("white space", ",\"v\"", ", \"v\"");
    row("unknown member", ",\"v\":1", ",\"v\":1,\"w\":1");
    row("duplicate member", ",\"seq\":7", ",\"seq\":6,\"seq\":7");
    row("missing member", "\"code\":\"image.signature-invalid\",", "");
    row("other version", "\"v\":1", "\"v\":2");
    row("leading zero", "\"seq\":7", "\"seq\":07");
    row("escaped letter", "operator", "\\u006fperator");
    row("wrong type", "\"seq\":7", "\"seq\":\"7\"");
    row("order of details", "\"a\":[true,null],\"b\":2", "\"b\":2,\"a\":[true,null]");
    row("not an object", "{\"actor\"", "[\"actor\"");
    row("bad utf-8", "\xc3\xa4", "\xc3");
  }
  void refusesOtherForms() {
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QByteArray leaf = encodeLeaf(sample(), 7, 1);
    QVERIFY(decodeLeaf(leaf));
    QVERIFY(leaf.contains(from));
    leaf.replace(from, to);
    QVERIFY(!decodeLeaf(leaf));
  }

  void sequenceIsTheLeafsOwn() {
    AuditEntry entry = sample();
    entry.details = {{QStringLiteral("a"), 1}, {QStringLiteral("seq"), 99}};
    entry.subject.name = QStringLiteral(",\"seq\":98");
    entry.subject.kind = QStringLiteral(",");
    QCOMPARE(readLeafSequence(encodeLeaf(entry, 12345, 1)), 12345);
    QVERIFY(!readLeafSequence("{}"));
    QVERIFY(!readLeafSequence(",\"seq\":99999999999999999999999"));
  }

  void cutsWhatIsTooLong() {
    AuditEntry entry = sample();
    entry.message = QString(3 * kAuditTextMaxChars, QLatin1Char('m'));
    entry.details = {{QStringLiteral("dump"), QString(kAuditDetailsMaxBytes, QLatin1Char('d'))}};
    const QByteArray leaf = encodeLeaf(entry, 1, 1);
    QVERIFY(leaf.size() < kAuditLeafMaxBytes);
    const Result<AuditRecord> record = decodeLeaf(leaf);
    QVERIFY(record);
    QCOMPARE(record->message.size(), kAuditTextMaxChars);
    QVERIFY(record->message.endsWith(QChar(0x2026)));
    QCOMPARE(record->details.value(QStringLiteral("sha256")).toString(),
             QString::fromLatin1(sha256(writeCanonicalJson(entry.details)).toHex()));
  }

  void namesAreUniqueAndGoBothWays() {
    QSet<QString> names;
    for (const AuditEvent event : allAuditEvents()) {
      const QString name = auditEventName(event);
      QVERIFY2(name.count(QLatin1Char('.')) == 1 && !names.contains(name), qUtf8Printable(name));
      names.insert(name);
      QCOMPARE(auditEventFromName(name), event);
    }
    for (const AuditOutcome outcome : allAuditOutcomes()) {
      QCOMPARE(auditOutcomeFromName(auditOutcomeName(outcome)), outcome);
    }
    QVERIFY(!auditEventFromName(u"update.unheard-of"));
  }
};

QTEST_GUILESS_MAIN(AuditEntryTest)
#include "audit_entry_test.moc"
