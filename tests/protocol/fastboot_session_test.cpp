// Fastboot's packets byte by byte, as AOSP's README shows them, and what a device must not do.
#include "transports/protocols/fastboot/fastboot_session.h"

#include "transports/links/faulty_link.h"
#include "transports/links/scripted_link.h"
#include "transports/protocols/fastboot/fastboot_tcp.h"
#include "transports/protocols/fastboot/fastboot_udp.h"
#include "transports/protocols/fastboot/fastboot_usb.h"

#include <QtTest>

using namespace sealift;

namespace {

// Of TCP: 8 bytes of length in front.
QByteArray message(const QByteArray& packet) {
  return QByteArray(7, '\0') + static_cast<char>(packet.size()) + packet;
}

QByteArray packet(const char* hex, const QByteArray& data = {}) {
  return QByteArray::fromHex(hex) + data;
}

struct Tcp {
  explicit Tcp(const LinkScript& script) : link(script), carrier(link), session(carrier) {
    session.tellTo([this](const QString& line) { lines << line; });
  }
  ScriptedByteLink link;
  FastbootTcp carrier;
  FastbootSession session;
  QStringList lines;
};

LinkScript greeted() {
  LinkScript script;
  script.expect("FB01").reply("FB01");
  return script;
}

struct Udp {
  explicit Udp(const LinkScript& script) : link(script), carrier(link), session(carrier) {}
  ScriptedDatagramLink link;
  FastbootUdp carrier;
  FastbootSession session;
};

// README, "Examples", "Initialization": ours is 8192, theirs 1024.
LinkScript synced() {
  LinkScript script;
  script.expect(packet("01000000")).reply(packet("0100000055AA"));
  script.expect(packet("020055AA00012000")).reply(packet("020055AA00020400"));
  return script;
}

const CancelToken kGo;

}  // namespace

class FastbootSessionTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void replies_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("fine");
    QTest::newRow("OKAY") << QByteArray("OKAY") << true;
    QTest::newRow("with text") << QByteArray("OKAY0.4") << true;
    QTest::newRow("256 bytes") << QByteArray("INFO") + QByteArray(252, 'x') << true;
    QTest::newRow("257 bytes") << QByteArray("INFO") + QByteArray(253, 'x') << false;
    QTest::newRow("3 bytes") << QByteArray("OKA") << false;
    QTest::newRow("nothing") << QByteArray() << false;
    QTest::newRow("small letters") << QByteArray("okay") << false;
    QTest::newRow("DATA") << QByteArray("DATA0000aBcD") << true;
    QTest::newRow("DATA of 7 digits") << QByteArray("DATA000abcd") << false;
    QTest::newRow("DATA of 9 digits") << QByteArray("DATA00000abcd") << false;
    QTest::newRow("DATA with a sign") << QByteArray("DATA-000abcd") << false;
    QTest::newRow("DATA with 0x") << QByteArray("DATA0x00abcd") << false;
  }
  void replies() {
    QFETCH(QByteArray, bytes);
    QFETCH(bool, fine);
    const auto reply = FastbootReply::parse(bytes);
    QCOMPARE(reply.has_value(), fine);
    if (reply && reply->kind == FastbootReply::Kind::Data) {
      QCOMPARE(reply->dataSize, quint32{0xABCD});
    }
  }

  void textIsHarmless() {
    QCOMPARE(fastbootText(QByteArrayView(" a\x1b[31mb\tc\xC3\xA4\n\0hidden", 19)), QStringLiteral("a?[31mb c??"));
  }

  // README, "TCP Protocol v1", "Example".
  void tcpExample() {
    Tcp tcp(greeted()
                .expect(message("getvar:version"))
                .reply(message("OKAY0.4"))
                .expect(message("getvar:none"))
                .reply(message("FAILUnknown variable")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    QCOMPARE(tcp.session.variable("version", kGo).value(), std::optional<QByteArray>("0.4"));
    QCOMPARE(tcp.session.variable("none", kGo).value(), std::optional<QByteArray>());
    QVERIFY2(tcp.link.script().finished(), qPrintable(tcp.link.script().complaint()));
  }

  void tcpHandshake_data() {
    QTest::addColumn<QByteArray>("theirs");
    QTest::addColumn<bool>("fine");
    QTest::newRow("a later version") << QByteArray("FB02") << true;
    QTest::newRow("version 0") << QByteArray("FB00") << false;
    QTest::newRow("no number") << QByteArray("FBxx") << false;
    QTest::newRow("a web server") << QByteArray("HTTP") << false;
  }
  void tcpHandshake() {
    QFETCH(QByteArray, theirs);
    QFETCH(bool, fine);
    Tcp tcp(LinkScript().expect("FB01").reply(theirs));
    QCOMPARE(tcp.session.begin(kGo).has_value(), fine);
    QCOMPARE(tcp.session.isUsable(), fine);
  }

  void tcpLengthIsBounded() {
    Tcp tcp(greeted().expect(message("getvar:x")).reply(QByteArray::fromHex("00000000000001010000")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    QCOMPARE(tcp.session.variable("x", kGo).error().code, ErrorCode::ProtocolMalformed);
    QCOMPARE(tcp.session.variable("x", kGo).error().code, ErrorCode::LinkLost);  // the session is over
  }

  // README, "Example Session".
  void downloadAndFlash() {
    const QByteArray data(300, 'd');
    Tcp tcp(greeted()
                .expect(message("download:0000012c"))
                .reply(message("DATA0000012c"))
                .expect(QByteArray::fromHex("000000000000012c") + data)
                .reply(message("OKAY"))
                .expect(message("flash:bootloader"))
                .reply(message("INFOerasing flash"))
                .reply(message("TEXTwriting\n"))
                .reply(message("OKAY")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    qint64 shown = 0;
    Progress progress([&](const ProgressUpdate& update) { shown = update.bytesDone; });
    QVERIFY(tcp.session.download(data, 1000, 2000, progress, kGo).has_value());
    QCOMPARE(shown, qint64{1300});
    QVERIFY(tcp.session.flash("bootloader", std::chrono::seconds(1), kGo).has_value());
    QCOMPARE(tcp.lines, QStringList({QStringLiteral("Device: erasing flash"), QStringLiteral("Device: writing")}));
    QVERIFY(tcp.link.script().finished());
  }

  void refusalKeepsTheSession() {
    Tcp tcp(greeted()
                .expect(message("flash:x"))
                .reply(message("FAILno such partition"))
                .expect(message("getvar:product"))
                .reply(message("OKAYboard")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    const Status refused = tcp.session.flash("x", std::chrono::seconds(1), kGo);
    QCOMPARE(refused.error().code, ErrorCode::ProtocolRefused);
    QVERIFY(refused.error().what.contains(QStringLiteral("\"no such partition\"")));
    QCOMPARE(tcp.session.variable("product", kGo).value(), std::optional<QByteArray>("board"));
  }

  void misbehaviour_data() {
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<int>("code");
    QTest::newRow("another size") << message("DATA00000005") << static_cast<int>(ErrorCode::ProtocolUnexpected);
    QTest::newRow("OKAY instead of DATA") << message("OKAY") << static_cast<int>(ErrorCode::ProtocolUnexpected);
    QTest::newRow("garbage") << message("\x01\x02\x03\x04") << static_cast<int>(ErrorCode::ProtocolMalformed);
    QTest::newRow("empty") << message("") << static_cast<int>(ErrorCode::ProtocolMalformed);
    QTest::newRow("silence") << QByteArray() << static_cast<int>(ErrorCode::Timeout);
  }
  void misbehaviour() {
    QFETCH(QByteArray, answer);
    QFETCH(int, code);
    LinkScript script = greeted();
    script.expect(message("download:00000004"));
    Tcp tcp(answer.isEmpty() ? script : script.reply(answer));
    QVERIFY(tcp.session.begin(kGo).has_value());
    Progress progress;
    QCOMPARE(static_cast<int>(tcp.session.download("data", 0, 4, progress, kGo).error().code), code);
    QVERIFY(!tcp.session.isUsable() && tcp.session.wasCutOff());
  }

  void endlessMessagesEnd() {
    LinkScript script = greeted();
    script.expect(message("erase:x"));
    for (int i = 0; i <= FastbootSession::kMaxLines; ++i) {
      script.reply(message("INFObusy"));
    }
    Tcp tcp(script);
    QVERIFY(tcp.session.begin(kGo).has_value());
    QCOMPARE(tcp.session.erase("x", std::chrono::minutes(5), kGo).error().code, ErrorCode::ProtocolUnexpected);
    QCOMPARE(tcp.lines.size(), qsizetype{FastbootSession::kMaxLines});
  }

  void allVariables() {
    Tcp tcp(greeted()
                .expect(message("getvar:all"))
                .reply(message("INFOproduct: board"))
                .reply(message("INFOslot-successful:a: yes"))
                .reply(message("INFOmax-download-size:0x1000"))
                .reply(message("INFOjust words"))
                .reply(message("OKAY")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    const auto all = tcp.session.allVariables(kGo);
    QVERIFY(all.has_value());
    const QList<std::pair<QByteArray, QByteArray>> expected{
        {"product", "board"}, {"slot-successful:a", "yes"}, {"max-download-size", "0x1000"}};
    QCOMPARE(*all, expected);
  }

  void namesAreChecked() {
    Tcp tcp(greeted());
    QVERIFY(tcp.session.begin(kGo).has_value());
    for (const QByteArray& name :
         {QByteArray(), QByteArray("a b"), QByteArray("a\n"), QByteArray("\xff"), QByteArray(60, 'x')}) {
      QCOMPARE(tcp.session.flash(name, std::chrono::seconds(1), kGo).error().code, ErrorCode::InvalidArgument);
      QCOMPARE(tcp.session.variable(name, kGo).error().code, ErrorCode::InvalidArgument);
    }
    QVERIFY(tcp.session.isUsable());
  }

  void fetches() {
    Tcp tcp(greeted()
                .expect(message("fetch:boot:0x00001000:0x00000006"))
                .reply(message("DATA00000006"))
                .reply(message("abc"))
                .reply(message(""))
                .reply(message("def"))
                .reply(message("OKAY")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    QByteArray all;
    const Status done = tcp.session.fetch(
        "boot", 0x1000, 6,
        [&](qint64 offset, QByteArrayView bytes) {
          all += QByteArray::number(offset) + ':' + bytes.toByteArray() + ' ';
          return Status();
        },
        kGo);
    QVERIFY2(done.has_value(), done ? "" : qPrintable(done.error().message()));
    QCOMPARE(all, QByteArray("4096:abc 4099:def "));
  }

  void fetchedTooMuchIsFound() {
    Tcp tcp(greeted()
                .expect(message("fetch:boot:0x00000000:0x00000002"))
                .reply(message("DATA00000002"))
                .reply(message("abc")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    const auto take = [](qint64, QByteArrayView) { return Status(); };
    QCOMPARE(tcp.session.fetch("boot", 0, 2, take, kGo).error().code, ErrorCode::ProtocolMalformed);
  }

  // README, "Examples": initialisation, getvar, and 2100 bytes in packets of 1024.
  void udpExamples() {
    LinkScript script = synced();
    script.expect(packet("030055AB", "getvar:version")).reply(packet("030055AB"));
    script.expect(packet("030055AC")).reply(packet("030055AC", "OKAY0.4"));
    script.expect(packet("030055AD", "download:00000834")).reply(packet("030055AD"));
    script.expect(packet("030055AE")).reply(packet("030055AE", "DATA00000834"));
    const QByteArray data(2100, 'd');
    script.expect(packet("030155AF", data.first(1020))).reply(packet("030055AF"));
    script.expect(packet("030155B0", data.first(1020))).reply(packet("030055B0"));
    script.expect(packet("030055B1", data.first(60))).reply(packet("030055B1"));
    script.expect(packet("030055B2")).reply(packet("030055B2", "OKAY"));
    Udp udp(script);
    QVERIFY(udp.session.begin(kGo).has_value());
    QCOMPARE(udp.carrier.packetSize(), qsizetype{1024});
    QCOMPARE(udp.session.variable("version", kGo).value(), std::optional<QByteArray>("0.4"));
    Progress progress;
    const Status done = udp.session.download(data, 0, 2100, progress, kGo);
    QVERIFY2(done.has_value(), qPrintable(udp.link.script().complaint()));
    QVERIFY(udp.link.script().finished());
  }

  // "[lost]" and "[delayed]": the same packet again; what is late or doubled is passed over.
  void udpRetransmits() {
    LinkScript script = synced();
    script.expect(packet("030055AB", "getvar:version")).silence();
    script.expect(packet("030055AB", "getvar:version"));
    script.reply(packet("020055AA00020400")).reply(packet("ff")).reply(packet("030055AA")).reply(packet("030055AB"));
    script.expect(packet("030055AC")).reply(packet("030055AB")).reply(packet("030055AC", "OKAY0.4"));
    Udp udp(script);
    QVERIFY(udp.session.begin(kGo).has_value());
    const auto value = udp.session.variable("version", kGo);
    QVERIFY2(value.has_value(), qPrintable(udp.link.script().complaint()));
    QCOMPARE(*value, std::optional<QByteArray>("0.4"));
    QVERIFY(udp.link.script().finished());
  }

  // Sequence numbers go on after 0xFFFF with 0; a long answer comes in several packets.
  void udpWrapsAndContinues() {
    LinkScript script;
    script.expect(packet("01000000")).reply(packet("01000000FFFE"));
    script.expect(packet("0200FFFE00012000")).reply(packet("0200FFFE00010200"));
    script.expect(packet("0300FFFF", "getvar:version")).reply(packet("0300FFFF"));
    script.expect(packet("03000000")).reply(packet("03010000", "OKA"));
    script.expect(packet("03000001")).reply(packet("03000001", "Y0.4"));
    Udp udp(script);
    QVERIFY(udp.session.begin(kGo).has_value());
    QCOMPARE(udp.session.variable("version", kGo).value(), std::optional<QByteArray>("0.4"));
  }

  // After three unanswered transmissions the device is asked where it is.
  void udpNoticesARestart_data() {
    QTest::addColumn<QByteArray>("expected");
    QTest::addColumn<bool>("goesOn");
    QTest::newRow("did not get it") << QByteArray::fromHex("55AB") << true;
    QTest::newRow("its answer was lost") << QByteArray::fromHex("55AC") << true;
    QTest::newRow("restarted") << QByteArray::fromHex("1234") << false;
  }
  void udpNoticesARestart() {
    QFETCH(QByteArray, expected);
    QFETCH(bool, goesOn);
    LinkScript script = synced();
    for (int i = 0; i < 3; ++i) {
      script.expect(packet("030055AB", "getvar:version")).silence();
    }
    script.expect(packet("010055AB")).reply(packet("010055AB", expected));
    if (goesOn) {
      script.expect(packet("030055AB", "getvar:version")).reply(packet("030055AB"));
      script.expect(packet("030055AC")).reply(packet("030055AC", "OKAY0.4"));
    }
    Udp udp(script);
    QVERIFY(udp.session.begin(kGo).has_value());
    const auto value = udp.session.variable("version", kGo);
    QCOMPARE(value.has_value(), goesOn);
    if (!goesOn) {
      QCOMPARE(value.error().code, ErrorCode::LinkLost);
    }
    QVERIFY(udp.link.script().finished());
  }

  void udpMisbehaviour_data() {
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<int>("code");
    QTest::newRow("error packet") << packet("000055AB", "out of\x07memory")
                                  << static_cast<int>(ErrorCode::ProtocolRefused);
    QTest::newRow("data out of turn") << packet("030055AB", "OKAY") << static_cast<int>(ErrorCode::ProtocolMalformed);
  }
  void udpMisbehaviour() {
    QFETCH(QByteArray, answer);
    QFETCH(int, code);
    Udp udp(synced().expect(packet("030055AB", "getvar:x")).reply(answer));
    QVERIFY(udp.session.begin(kGo).has_value());
    QCOMPARE(static_cast<int>(udp.session.variable("x", kGo).error().code), code);
  }

  void udpEndlessContinuationEnds() {
    LinkScript script = synced();
    script.expect(packet("030055AB", "getvar:x")).reply(packet("030055AB"));
    script.expect(packet("030055AC")).reply(packet("030155AC", QByteArray(200, 'x')));
    script.expect(packet("030055AD")).reply(packet("030155AD", QByteArray(200, 'x')));
    Udp udp(script);
    QVERIFY(udp.session.begin(kGo).has_value());
    QCOMPARE(udp.session.variable("x", kGo).error().code, ErrorCode::ProtocolMalformed);
  }

  void udpInitIsChecked_data() {
    QTest::addColumn<QByteArray>("init");
    QTest::newRow("version 0") << QByteArray::fromHex("00000400");
    QTest::newRow("packets of 511 bytes") << QByteArray::fromHex("000101ff");
    QTest::newRow("nothing") << QByteArray();
  }
  void udpInitIsChecked() {
    QFETCH(QByteArray, init);
    LinkScript script;
    script.expect(packet("01000000")).reply(packet("0100000055AA"));
    script.expect(packet("020055AA00012000")).reply(packet("020055AA", init));
    Udp udp(script);
    QCOMPARE(udp.session.begin(kGo).error().code, ErrorCode::ProtocolMalformed);
  }

  void lossAndCancelEndTheSession() {
    const Error lost = makeError(ErrorCode::LinkLost, QStringLiteral("Gone."));
    Tcp tcp(greeted().expect(message("getvar:x")).failWith(lost));
    QVERIFY(tcp.session.begin(kGo).has_value());
    QCOMPARE(tcp.session.variable("x", kGo).error().code, ErrorCode::LinkLost);
    QVERIFY(!tcp.session.isUsable());

    Tcp stopped(greeted());
    QVERIFY(stopped.session.begin(kGo).has_value());
    const CancelToken cancelled;
    cancelled.cancel();
    QCOMPARE(stopped.session.variable("x", cancelled).error().code, ErrorCode::Cancelled);
    QVERIFY(stopped.session.isUsable());  // nothing was begun
  }

  void rebootEndsTheSession() {
    Tcp tcp(greeted().expect(message("reboot")).reply(message("OKAY")));
    QVERIFY(tcp.session.begin(kGo).has_value());
    QVERIFY(tcp.session.reboot(kGo).has_value());
    QVERIFY(!tcp.session.isUsable() && !tcp.session.wasCutOff());
  }

  void usbInterfaces() {
    UsbDeviceInfo device;
    device.alternates = {{0, 0, 0xFF, 0x42, 0x01, QStringLiteral("ADB"), {{0x81, 2, 512}, {0x01, 2, 512}}, {}},
                         {1, 0, 0xFF, 0x42, 0x03, QStringLiteral("only one"), {{0x82, 2, 512}}, {}},
                         {2, 0, 0xFF, 0x42, 0x03, QStringLiteral("interrupt"), {{0x83, 3, 64}, {0x03, 2, 512}}, {}},
                         {3, 1, 0xFF, 0x42, 0x03, QStringLiteral("fastboot"), {{0x84, 2, 512}, {0x04, 2, 512}}, {}}};
    const auto found = findFastbootInterface(device);
    QVERIFY(found.has_value());
    QCOMPARE(found->interfaceNumber, 3);
    QCOMPARE(found->alternate, 1);
    QCOMPARE(found->in.address, quint8{0x84});
    device.alternates.removeLast();
    QVERIFY(!findFastbootInterface(device).has_value());
  }
};

QTEST_GUILESS_MAIN(FastbootSessionTest)
#include "fastboot_session_test.moc"
