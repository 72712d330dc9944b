// Scripts, recordings, delays and faults.
#include "app/base/crc.h"
#include "transports/links/delay_link.h"
#include "transports/links/faulty_link.h"
#include "transports/links/link_recording.h"
#include "transports/links/recording_link.h"
#include "transports/links/scripted_link.h"

#include <QElapsedTimer>
#include <QTest>

using namespace sealift;

namespace {

Deadline soon(std::chrono::milliseconds time = std::chrono::seconds(10)) {
  return Deadline::in(time, QStringLiteral("the test"));
}

// What a faulty link makes of the same stream, sent in pieces of `piece` bytes.
template <class Fault>
QByteArray throughFault(const QByteArray& stream, const FaultPlan& plan, qsizetype piece) {
  ScriptedByteLink inner;
  inner.script().expectAny(1 << 30);
  auto link = FaultyByteLink::make<Fault>(inner, plan);
  for (qsizetype at = 0; at < stream.size(); at += piece) {
    if (!link.write(stream.mid(at, piece), soon(), {})) {
      return {};
    }
  }
  return inner.script().sent();
}

QByteArray stream() {
  QByteArray bytes;
  for (int i = 0; i < 20'000; ++i) {
    bytes.append(static_cast<char>(i * 7));
  }
  return bytes;
}

}  // namespace

class LinkWrappersTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void checksums();
  void scriptTakesBytesInAnyDivision();
  void scriptComplains();
  void scriptOfDatagramsKeepsBorders();
  void recordingIsReplayed();
  void recordingRefusesDamage_data();
  void recordingRefusesDamage();
  void delayHolds();
  void delayObeysCancelAndDeadline();
  void faultsAreRepeatable();
  void corruptingFlipsOneBit();
  void droppingLosesOneByte();
  void truncatingLosesARun();
  void noFaultsChangeNothing();
  void droppedDatagrams();
  void corruptedAndTruncatedDatagrams();
};

void LinkWrappersTest::checksums() {
  // Check values of the CRC catalogue: CRC-16/XMODEM and CRC-32/ISO-HDLC over "123456789".
  QCOMPARE(crc16Xmodem("123456789"), std::uint16_t(0x31C3));
  QCOMPARE(crc32("123456789"), std::uint32_t(0xCBF43926));
  QCOMPARE(crc16Xmodem("6789", crc16Xmodem("12345")), std::uint16_t(0x31C3));
  QCOMPARE(crc32("6789", crc32("12345")), std::uint32_t(0xCBF43926));
  QCOMPARE(crc32(""), std::uint32_t(0));
}

void LinkWrappersTest::scriptTakesBytesInAnyDivision() {
  ScriptedByteLink link;
  link.script().expect("hello").reply("world").expectAny(2).failWith(makeError(ErrorCode::LinkLost, QString()));
  QVERIFY(link.write("he", soon(), {}));
  QCOMPARE(link.read(10, soon(), {}).error().code, ErrorCode::Timeout);  // not before all was sent
  QVERIFY(link.write("llo", soon(), {}));
  QCOMPARE(*link.read(2, soon(), {}), QByteArray("wo"));
  QCOMPARE(*link.read(10, soon(), {}), QByteArray("rld"));
  QVERIFY(link.write("?!", soon(), {}));
  QCOMPARE(link.read(1, soon(), {}).error().code, ErrorCode::LinkLost);
  QVERIFY(link.script().finished());
  QVERIFY(link.script().complaint().isEmpty());
  QCOMPARE(link.script().sent(), QByteArray("hello?!"));
}

void LinkWrappersTest::scriptComplains() {
  ScriptedByteLink link;
  link.script().expect("abc");
  QCOMPARE(link.write("abd", soon(), {}).error().code, ErrorCode::ProtocolUnexpected);
  QVERIFY(link.script().complaint().contains(QStringLiteral("61 62 64")));
  QVERIFY(!link.script().finished());
}

void LinkWrappersTest::scriptOfDatagramsKeepsBorders() {
  ScriptedDatagramLink link;
  link.script().expect("ab").reply("12").silence().reply("34");
  QVERIFY(link.send("ab", soon(), {}));
  QCOMPARE(*link.receive(soon(), {}), QByteArray("12"));
  QCOMPARE(link.receive(soon(), {}).error().code, ErrorCode::Timeout);
  QCOMPARE(*link.receive(soon(), {}), QByteArray("34"));
  ScriptedDatagramLink divided;
  divided.script().expect("ab");
  QVERIFY(!divided.send("a", soon(), {}));
}

void LinkWrappersTest::recordingIsReplayed() {
  ScriptedByteLink device;
  device.script().expect("ask").reply(QByteArray("\0\xff\n", 3)).expect("more").reply("end");
  QByteArray recording;
  RecordingByteLink recorder(device, [&](const QByteArray& line) { recording += line; });
  QVERIFY(recorder.write("ask", soon(), {}));
  QVERIFY(recorder.read(10, soon(), {}));
  QVERIFY(recorder.write("more", soon(), {}));
  QVERIFY(recorder.read(10, soon(), {}));
  QCOMPARE(recording, QByteArray("sealift-recording 1 bytes\n> 61736b\n< 00ff0a\n> 6d6f7265\n< 656e64\n"));

  auto script = scriptFromRecording(recording + "\n# a comment\n", RecordingKind::Bytes);
  QVERIFY(script);
  ScriptedByteLink replay(*script);
  QVERIFY(replay.write("ask", soon(), {}));
  QCOMPARE(*replay.read(10, soon(), {}), QByteArray("\0\xff\n", 3));
  QVERIFY(!replay.write("other", soon(), {}));
}

void LinkWrappersTest::recordingRefusesDamage_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::newRow("empty") << QByteArray();
  QTest::newRow("other kind") << QByteArray("sealift-recording 1 datagrams\n");
  QTest::newRow("newer version") << QByteArray("sealift-recording 2 bytes\n");
  QTest::newRow("half a byte") << QByteArray("sealift-recording 1 bytes\n> 123\n");
  QTest::newRow("not hex") << QByteArray("sealift-recording 1 bytes\n> zz\n");
  QTest::newRow("no direction") << QByteArray("sealift-recording 1 bytes\n1234\n");
  QTest::newRow("no bytes") << QByteArray("sealift-recording 1 bytes\n>\n");
}

void LinkWrappersTest::recordingRefusesDamage() {
  QFETCH(const QByteArray, text);
  const auto script = scriptFromRecording(text, RecordingKind::Bytes);
  QVERIFY(!script);
  QCOMPARE(script.error().code, ErrorCode::InvalidArgument);
}

void LinkWrappersTest::delayHolds() {
  ScriptedByteLink inner;
  inner.script().expect("a").reply("b");
  DelayByteLink link(inner, {std::chrono::milliseconds(30), std::chrono::milliseconds(30)});
  QElapsedTimer timer;
  timer.start();
  QVERIFY(link.write("a", soon(), {}));
  QVERIFY(link.read(1, soon(), {}));
  QVERIFY(timer.elapsed() >= 60);
  Delayer first({std::chrono::milliseconds(1), std::chrono::milliseconds(9), 5});
  Delayer second({std::chrono::milliseconds(1), std::chrono::milliseconds(9), 5});
  for (int i = 0; i < 100; ++i) {
    const auto delay = first.next();
    QCOMPARE(delay.count(), second.next().count());
    QVERIFY(delay >= std::chrono::milliseconds(1) && delay <= std::chrono::milliseconds(9));
  }
}

void LinkWrappersTest::delayObeysCancelAndDeadline() {
  ScriptedByteLink inner;
  inner.script().reply("b");
  DelayByteLink link(inner, {std::chrono::hours(1), std::chrono::hours(1)});
  QCOMPARE(link.read(1, soon(std::chrono::milliseconds(50)), {}).error().code, ErrorCode::Timeout);
  QCOMPARE(*link.read(1, soon(), {}), QByteArray("b"));  // held, not lost
  const CancelToken cancelled;
  cancelled.cancel();
  QCOMPARE(link.write("x", soon(), cancelled).error().code, ErrorCode::Cancelled);
}

void LinkWrappersTest::faultsAreRepeatable() {
  const FaultPlan plan{.seed = 42, .perMillion = 2'000};
  for (const qsizetype piece : {1, 7, 1024, 20'000}) {
    QCOMPARE(throughFault<CorruptingFault>(stream(), plan, piece), throughFault<CorruptingFault>(stream(), plan, 333));
    QCOMPARE(throughFault<DroppingFault>(stream(), plan, piece), throughFault<DroppingFault>(stream(), plan, 333));
    QCOMPARE(throughFault<TruncatingFault>(stream(), plan, piece), throughFault<TruncatingFault>(stream(), plan, 333));
  }
  QVERIFY(throughFault<CorruptingFault>(stream(), plan, 100) !=
          throughFault<CorruptingFault>(stream(), {.seed = 43, .perMillion = 2'000}, 100));
}

void LinkWrappersTest::corruptingFlipsOneBit() {
  const QByteArray sent = stream();
  const QByteArray damaged = throughFault<CorruptingFault>(sent, {.at = 5'000}, 100);
  QCOMPARE(damaged.size(), sent.size());
  int bits = 0;
  for (qsizetype i = 0; i < damaged.size(); ++i) {
    const auto changed = static_cast<unsigned>(static_cast<unsigned char>(damaged[i] ^ sent[i]));
    bits += qPopulationCount(changed);
    QVERIFY(changed == 0 || i == 5'000);
  }
  QCOMPARE(bits, 1);
}

void LinkWrappersTest::droppingLosesOneByte() {
  QByteArray wanted = stream();
  wanted.remove(123, 1);
  QCOMPARE(throughFault<DroppingFault>(stream(), {.at = 123}, 100), wanted);
}

void LinkWrappersTest::truncatingLosesARun() {
  const QByteArray damaged = throughFault<TruncatingFault>(stream(), {.at = 123}, 100);
  const qsizetype lost = stream().size() - damaged.size();
  QVERIFY(lost >= 1 && lost <= 64);
  QByteArray wanted = stream();
  wanted.remove(123, lost);
  QCOMPARE(damaged, wanted);
}

void LinkWrappersTest::noFaultsChangeNothing() {
  QCOMPARE(throughFault<CorruptingFault>(stream(), {}, 100), stream());
  QCOMPARE(throughFault<DroppingFault>(stream(), {.perMillion = 1'000'000, .atMost = 0}, 100), stream());
  QCOMPARE(throughFault<DroppingFault>(stream(), {.perMillion = 1'000'000, .whenSending = false}, 100), stream());
}

void LinkWrappersTest::droppedDatagrams() {
  ScriptedDatagramLink inner;
  inner.script().expect("a").expect("c").reply("1").reply("2");
  auto link = FaultyDatagramLink::make<DroppingFault>(inner, {.at = 1, .whenReceiving = false});
  QVERIFY(link.send("a", soon(), {}));
  QVERIFY(link.send("b", soon(), {}));  // lost on the way: no error, as on a network
  QVERIFY(link.send("c", soon(), {}));
  QCOMPARE(*link.receive(soon(), {}), QByteArray("1"));
  QCOMPARE(link.faults(), 1);
  ScriptedDatagramLink other;
  other.script().reply("1").reply("2");
  auto deaf = FaultyDatagramLink::make<DroppingFault>(other, {.at = 0, .whenSending = false});
  QCOMPARE(*deaf.receive(soon(), {}), QByteArray("2"));
}

void LinkWrappersTest::corruptedAndTruncatedDatagrams() {
  CorruptingFault corrupting({.at = 0});
  const auto corrupted = corrupting.damageDatagram("payload");
  QVERIFY(corrupted && corrupted->size() == 7 && *corrupted != "payload");
  QCOMPARE(*corrupting.damageDatagram("payload"), QByteArray("payload"));
  TruncatingFault truncating({.at = 0});
  const auto truncated = truncating.damageDatagram("payload");
  QVERIFY(truncated && truncated->size() < 7 && QByteArray("payload").startsWith(*truncated));
  QVERIFY(CorruptingFault({.at = 0}).damageDatagram("")->isEmpty());
}

QTEST_GUILESS_MAIN(LinkWrappersTest)
#include "link_wrappers_test.moc"
