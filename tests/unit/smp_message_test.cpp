#include "transports/protocols/smp/smp_message.h"

#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_error.h"

#include <QCborArray>
#include <QtTest>

using namespace sealift;

namespace {

QByteArray bytes(const char* hex) {
  return QByteArray::fromHex(hex);
}

}  // namespace

class SmpMessageTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // Header bits worked out by hand from the table in "Frame: The envelope"; bodies by RFC 8949, appendix A's rules.
  void encodesHeaders_data() {
    QTest::addColumn<int>("op");
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("group");
    QTest::addColumn<int>("sequence");
    QTest::addColumn<int>("command");
    QTest::addColumn<QCborMap>("body");
    QTest::addColumn<QByteArray>("packet");
    QTest::newRow("image state, version 1") << 0 << 0 << 1 << 0 << 0 << QCborMap() << bytes("0000000100010000a0");
    QTest::newRow("image state, version 2") << 0 << 1 << 1 << 0 << 0 << QCborMap() << bytes("0800000100010000a0");
    QTest::newRow("echo") << 2 << 1 << 0 << 0x42 << 0 << QCborMap{{QStringLiteral("d"), QStringLiteral("hi")}}
                          << bytes("0a00000600004200a16164626869");
    QTest::newRow("reset") << 2 << 0 << 0 << 255 << 5 << QCborMap() << bytes("020000010000ff05a0");
    QTest::newRow("group of two bytes") << 3 << 1 << 0x1234 << 1 << 2 << QCborMap() << bytes("0b00000112340102a0");
  }
  void encodesHeaders() {
    QFETCH(int, op);
    QFETCH(int, version);
    QFETCH(int, group);
    QFETCH(int, sequence);
    QFETCH(int, command);
    QFETCH(QCborMap, body);
    QFETCH(QByteArray, packet);
    SmpMessage message;
    message.header = {static_cast<SmpOp>(op), static_cast<SmpVersion>(version), static_cast<std::uint16_t>(group),
                      static_cast<std::uint8_t>(sequence), static_cast<std::uint8_t>(command)};
    message.body = body;
    QCOMPARE(encodeSmpMessage(message).toHex(), packet.toHex());
    const auto back = decodeSmpMessage(packet);
    QVERIFY(back.has_value());
    QVERIFY(back->header == message.header);
    QCOMPARE(back->body, body);
  }

  void refusesBrokenPackets_data() {
    QTest::addColumn<QByteArray>("packet");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("half a header") << bytes("08000001");
    QTest::newRow("length too long") << bytes("0800000200010000a0");
    QTest::newRow("length too short") << bytes("0800000100010000a000");
    QTest::newRow("length of 65535") << bytes("0800ffff00010000a0");
    QTest::newRow("reserved version 2") << bytes("1000000100010000a0");
    QTest::newRow("reserved version 3") << bytes("1800000100010000a0");
    QTest::newRow("unknown operation") << bytes("0c00000100010000a0");
    QTest::newRow("body is an array") << bytes("090000010001000080");
    QTest::newRow("body is text") << bytes("09000002000100006161");
    QTest::newRow("two bodies") << bytes("0900000200010000a0a0");
  }
  void refusesBrokenPackets() {
    QFETCH(QByteArray, packet);
    const auto message = decodeSmpMessage(packet);
    QVERIFY(!message.has_value());
    QCOMPARE(message.error().code, ErrorCode::ProtocolMalformed);
  }

  void takesEmptyBody() {
    const auto message = decodeSmpMessage(bytes("0b00000000000005"));
    QVERIFY(message.has_value());
    QVERIFY(message->body.isEmpty());
  }

  void readsEveryType() {
    // {"i": 7, "n": -3, "b": h'0102', "t": "é", "a": [true, null], "m": {"x": false}, "f": 1.5, "g": 1(5)}
    const auto body =
        decodeSmpBody(bytes("a8616907616e22616242010261"
                            "7462c3a9616182f5f6616da16178f46166f93e006167c105"));
    QVERIFY2(body.has_value(), body ? "" : qPrintable(body.error().what));
    QCOMPARE(smpInteger(*body, QLatin1String("i")), std::optional<qint64>(7));
    QCOMPARE(smpInteger(*body, QLatin1String("n")), std::optional<qint64>(-3));
    QCOMPARE(smpBytes(*body, QLatin1String("b")), std::optional(bytes("0102")));
    QCOMPARE(smpText(*body, QLatin1String("t")), std::optional(QString(QChar(0xe9))));
    QCOMPARE(body->value(QStringLiteral("a")).toArray().size(), 2);
    QCOMPARE(body->value(QStringLiteral("m")).toMap().value(QStringLiteral("x")).isFalse(), true);
    QCOMPARE(smpInteger(*body, QLatin1String("g")), std::optional<qint64>(5));
    // Another type, or no such field: nothing.
    QVERIFY(!smpInteger(*body, QLatin1String("t")));
    QVERIFY(!smpInteger(*body, QLatin1String("f")));
    QVERIFY(!smpText(*body, QLatin1String("b")));
    QVERIFY(!smpBytes(*body, QLatin1String("none")));
    QVERIFY(!smpFlag(*body, QLatin1String("i")));
  }

  void readsIndefiniteLengths() {
    // {_ "d": (_ h'01', h'0203'), "l": [_ 1, 2]}
    const auto body = decodeSmpBody(bytes("bf61645f4101420203ff616c9f0102ffff"));
    QVERIFY(body.has_value());
    QCOMPARE(smpBytes(*body, QLatin1String("d")), std::optional(bytes("010203")));
    QCOMPARE(body->value(QStringLiteral("l")).toArray().size(), 2);
  }

  void integersOutOfRangeAreNoIntegers() {
    const auto body = decodeSmpBody(bytes("a261611bffffffffffffffff61623bffffffffffffffff"));
    QVERIFY(body.has_value());
    QVERIFY(!smpInteger(*body, QLatin1String("a")));
    QVERIFY(!smpInteger(*body, QLatin1String("b")));
    const auto least = decodeSmpBody(bytes("a161613b7ffffffffffffffe"));
    QVERIFY(least.has_value());
    QCOMPARE(smpInteger(*least, QLatin1String("a")), std::optional<qint64>(-std::numeric_limits<qint64>::max()));
  }

  void firstOfEqualKeysCounts() {
    const auto body = decodeSmpBody(bytes("a2627263016272630 0"));
    QVERIFY(body.has_value());
    QCOMPARE(smpInteger(*body, QLatin1String("rc")), std::optional<qint64>(1));
  }

  void refusesHostileBodies_data() {
    QTest::addColumn<QByteArray>("cbor");
    QTest::newRow("nested 5000 deep") << QByteArray("\xa1\x61x") + QByteArray(5000, '\x81') + '\x01';
    QTest::newRow("nested 9 deep") << bytes("a16178") + QByteArray(8, '\x81') + '\x01';
    QTest::newRow("tags of tags") << bytes("a16178") + QByteArray(60000, '\xc1') + '\x01';
    QTest::newRow("byte string of 2^63 - 1") << bytes("a161785b7fffffffffffffff00");
    QTest::newRow("byte string of 2^64 - 1") << bytes("a161785bffffffffffffffff00");
    QTest::newRow("text of 4 GiB") << bytes("a161787affffffff41");
    QTest::newRow("array of 2^64 - 1") << bytes("a161789bffffffffffffffff");
    QTest::newRow("map of 2^64 - 1") << bytes("bbffffffffffffffff");
    QTest::newRow("map of 2^63") << bytes("bb8000000000000000");
    QTest::newRow("map without its value") << bytes("a16178");
    QTest::newRow("odd indefinite map") << bytes("bf6178ff");
    QTest::newRow("unended indefinite map") << bytes("bf617801");
    QTest::newRow("break instead of a value") << bytes("a16178ff");
    QTest::newRow("reserved length") << bytes("a161781c");
    QTest::newRow("text in a byte string") << bytes("a161785f6161ff");
    QTest::newRow("not UTF-8") << bytes("a1617862fffe");
    QTest::newRow("more than 1024 items") << bytes("a161789f") + QByteArray(2000, '\x01') + '\xff';
    QTest::newRow("cut integer") << bytes("a161781a0000");
  }
  void refusesHostileBodies() {
    QFETCH(QByteArray, cbor);
    const auto body = decodeSmpBody(cbor);
    QVERIFY(!body.has_value());
    QCOMPARE(body.error().code, ErrorCode::ProtocolMalformed);
  }

  // Every cut of a real answer is refused, and nothing is read outside (the sanitizers watch).
  void refusesEveryCut() {
    const QCborMap image{{QStringLiteral("slot"), 0},
                         {QStringLiteral("version"), QStringLiteral("2.3.1")},
                         {QStringLiteral("hash"), QByteArray(32, 'h')},
                         {QStringLiteral("active"), true}};
    const QByteArray whole = QCborMap{{QStringLiteral("images"), QCborArray{image}}}.toCborValue().toCbor();
    QVERIFY(decodeSmpBody(whole).has_value());
    for (qsizetype size = 1; size < whole.size(); ++size) {
      QVERIFY2(!decodeSmpBody(QByteArrayView(whole).first(size)).has_value(), qPrintable(QString::number(size)));
    }
  }

  void tellsRefusals_data() {
    QTest::addColumn<QByteArray>("cbor");
    QTest::addColumn<QString>("text");
    QTest::newRow("success") << bytes("a0") << QString();
    QTest::newRow("rc 0") << bytes("a162726300") << QString();
    QTest::newRow("version 1") << bytes("a162726306")
                               << QStringLiteral("current state disallows the command (MGMT_ERR_EBADSTATE)");
    QTest::newRow("version 1, reason") << bytes("a2627263016372736e696e6f20736c6f742121")
                                       << QStringLiteral("unknown error (MGMT_ERR_EUNKNOWN), \"no slot!!\"");
    QTest::newRow("version 2, image") << bytes("a163657272a26567726f75700162726309")
                                      << QStringLiteral(
                                             "there is no free slot to place the image (IMG_MGMT_ERR_NO_FREE_SLOT)");
    QTest::newRow("version 2, settings") << bytes("a163657272a26567726f75700362726303")
                                         << QStringLiteral("the key does not exist (SETTINGS_MGMT_ERR_KEY_NOT_FOUND)");
    QTest::newRow("version 2, rc 0") << bytes("a163657272a26567726f75700162726300") << QString();
    QTest::newRow("unknown group") << bytes("a163657272a26567726f7570184062726305")
                                   << QStringLiteral("error 5 of group 64");
    QTest::newRow("unknown code") << bytes("a1627263190100") << QStringLiteral("error 256");
    QTest::newRow("negative code") << bytes("a162726320") << QStringLiteral("error -1");
    QTest::newRow("rc of a wrong type") << bytes("a16272636161") << QStringLiteral("unknown error (MGMT_ERR_EUNKNOWN)");
    QTest::newRow("err without rc") << bytes("a163657272a0") << QStringLiteral("error 1 of group 65535");
  }
  void tellsRefusals() {
    QFETCH(QByteArray, cbor);
    QFETCH(QString, text);
    const auto body = decodeSmpBody(cbor);
    QVERIFY(body.has_value());
    const auto refusal = smpRefusal(*body);
    QCOMPARE(refusal.has_value(), !text.isEmpty());
    if (refusal) {
      QCOMPARE(refusal->text(), text);
    }
  }

  void reasonsAreMadePrintable() {
    const auto refusal =
        smpRefusal({{QStringLiteral("rc"), 1}, {QStringLiteral("rsn"), QStringLiteral("a\x1b[2Jb\n")}});
    QVERIFY(refusal.has_value());
    QCOMPARE(refusal->reason, QStringLiteral("a?[2Jb?"));
  }
};

QTEST_GUILESS_MAIN(SmpMessageTest)
#include "smp_message_test.moc"
