// The YMODEM sender: against Debian's rb (lrzsz) over a pty, and against scripted receivers that misbehave.
#include "tests/support/link_relays.h"
#include "transports/links/faulty_link.h"
#include "transports/links/pty_pair.h"
#include "transports/links/scripted_link.h"
#include "transports/links/serial_link.h"
#include "transports/protocols/ymodem/ymodem_sender.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <unistd.h>

using namespace sealift;

namespace {

constexpr char kAck[] = "\x06";
constexpr char kNak[] = "\x15";
const QByteArray kCancel = QByteArray(8, '\x18') + QByteArray(8, '\b');

QByteArray pattern(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 99;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

// Written from the protocol reference, apart from the sender's own code.
QByteArray block(int number, const QByteArray& payload) {
  const QByteArray head(1, payload.size() == 128 ? '\x01' : '\x02');
  quint32 crc = 0;
  for (const char c : payload) {
    crc ^= static_cast<quint32>(static_cast<unsigned char>(c)) << 8;
    for (int i = 0; i < 8; ++i) {
      crc = (crc & 0x8000U) != 0 ? ((crc << 1) ^ 0x1021U) & 0xFFFFU : (crc << 1) & 0xFFFFU;
    }
  }
  return head + char(number & 255) + char(255 - (number & 255)) + payload + char(crc >> 8) + char(crc & 255);
}

QByteArray headerBlock(const QByteArray& name, qsizetype size) {
  return block(0, (name + '\0' + QByteArray::number(size)).leftJustified(128, '\0'));
}

const QByteArray kEnd = block(0, QByteArray(128, '\0'));

// A whole transfer of `data` of up to one block, as a receiver without faults sees it.
LinkScript goodTransfer(const QByteArray& data) {
  LinkScript script;
  const qsizetype size = data.size() <= 128 ? 128 : 1024;
  script.reply("C").expect(headerBlock("a.bin", data.size())).reply(kAck).reply("C");
  script.expect(block(1, data.leftJustified(size, '\x1A'))).reply(kAck);
  script.expect("\x04").reply(kNak).expect("\x04").reply(kAck).reply("C").expect(kEnd).reply(kAck);
  return script;
}

Status sendTo(ByteLink& link, const QByteArray& data, const CancelToken& cancel = {}) {
  Progress progress;
  return YmodemSender(link).send(QStringLiteral("a.bin"), data, progress, cancel);
}

}  // namespace

class YmodemTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void sendsAsTheReferenceSays();
  void whatArrivedBeforeIsHeard();
  void usesShortLastBlock();
  void emptyFile();
  void repeatsAfterNak();
  void repeatsAfterLostAcknowledgement();
  void secondAcknowledgementIsNotCountedTwice();
  void garbageIsPassedOver();
  void receiverThatNeverAsksForDataAgain();
  void receiverCancels();
  void oneCancelCharacterIsNoise();
  void receiverNeverStarts();
  void receiverNeverAcknowledges();
  void receiverNeverAcknowledgesTheEnd();
  void lostLink();
  void cancelTellsTheReceiver();
  void badNames();
  void progressReachesTheEnd();
  void rbReceives_data();
  void rbReceives();
  void rbReceivesOverFaultyLine_data();
  void rbReceivesOverFaultyLine();
};

void YmodemTest::sendsAsTheReferenceSays() {
  const QByteArray data = pattern(1000);
  ScriptedByteLink link(goodTransfer(data));
  QVERIFY(sendTo(link, data));
  QVERIFY2(link.script().finished() && link.script().complaint().isEmpty(), qPrintable(link.script().complaint()));
}

// A console that read up to "bps...\r\n" may have the receiver's only 'C' in its hands.
void YmodemTest::whatArrivedBeforeIsHeard() {
  LinkScript script;
  script.expect(headerBlock("a.bin", 0))
      .reply(
          "\x06"
          "C");
  script.expect("\x04").reply(
      "\x06"
      "C");
  script.expect(kEnd).reply(kAck);
  ScriptedByteLink link(script);
  Progress progress;
  QVERIFY(YmodemSender(link, {}, "\r\nC").send(QStringLiteral("a.bin"), {}, progress, {}));
  QVERIFY(link.script().finished());
}

void YmodemTest::usesShortLastBlock() {
  const QByteArray data = pattern(1024 + 128);
  LinkScript script;
  script.reply("CCC")
      .expect(headerBlock("a.bin", data.size()))
      .reply(
          "\x06"
          "C");
  script.expect(block(1, data.first(1024))).reply(kAck).expect(block(2, data.sliced(1024))).reply(kAck);
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY(link.script().finished());
}

void YmodemTest::emptyFile() {
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 0))
      .reply(
          "\x06"
          "C");
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, {}));
  QVERIFY(link.script().finished());
}

void YmodemTest::repeatsAfterNak() {
  const QByteArray data = pattern(1024);
  LinkScript script;
  script.reply("C").expect(headerBlock("a.bin", 1024)).reply(kNak).expect(headerBlock("a.bin", 1024));
  script
      .reply(
          "\x06"
          "C")
      .expect(block(1, data))
      .reply(kNak)
      .expect(block(1, data))
      .reply(kNak);
  script.expect(block(1, data)).reply(kAck).silence();
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

void YmodemTest::repeatsAfterLostAcknowledgement() {
  const QByteArray data = pattern(1024);
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 1024))
      .reply(
          "\x06"
          "C")
      .expect(block(1, data))
      .silence();
  script.expect(block(1, data)).reply(kAck).silence().expect("\x04").silence();
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

void YmodemTest::secondAcknowledgementIsNotCountedTwice() {
  const QByteArray data = pattern(2048);
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 2048))
      .reply(
          "\x06"
          "C")
      .expect(block(1, data.first(1024)))
      .silence();
  script.expect(block(1, data.first(1024))).reply("\x06\x06").silence();  // one for each copy
  script.expect(block(2, data.sliced(1024))).reply(kNak).expect(block(2, data.sliced(1024))).reply(kAck).silence();
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

void YmodemTest::garbageIsPassedOver() {
  const QByteArray data = pattern(128);
  LinkScript script;
  script.reply("## Ready for binary...\r\n").reply("C").expect(headerBlock("a.bin", 128)).reply("\xff\x06").reply("zC");
  script.expect(block(1, data)).reply(QByteArray("\x00\x7f noise \x06", 10));
  script.expect("\x04")
      .reply(
          "\x06\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

// U-Boot acknowledges block 0 and says nothing more.
void YmodemTest::receiverThatNeverAsksForDataAgain() {
  const QByteArray data = pattern(128);
  LinkScript script;
  script.reply("C").expect(headerBlock("a.bin", 128)).reply(kAck).silence().expect(block(1, data)).reply(kAck);
  script.expect("\x04")
      .reply(
          "\x06\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
  QVERIFY(link.script().finished());
}

void YmodemTest::receiverCancels() {
  const QByteArray data = pattern(3000);
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 3000))
      .reply(
          "\x06"
          "C")
      .expect(block(1, data.first(1024)));
  script.reply("\x18\x18").expect(kCancel);
  ScriptedByteLink link(script);
  const Status sent = sendTo(link, data);
  QVERIFY(!sent);
  QCOMPARE(sent.error().code, ErrorCode::ProtocolRefused);
  QVERIFY(link.script().finished());
}

void YmodemTest::oneCancelCharacterIsNoise() {
  const QByteArray data = pattern(128);
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 128))
      .reply(
          "\x06"
          "C")
      .expect(block(1, data))
      .reply(
          "\x18"
          "x\x18\x06");
  script.expect("\x04")
      .reply(
          "\x06"
          "C")
      .expect(kEnd)
      .reply(kAck);
  ScriptedByteLink link(script);
  QVERIFY(sendTo(link, data));
}

void YmodemTest::receiverNeverStarts() {
  LinkScript script;
  script.reply("=> ").silence().expect(kCancel);
  ScriptedByteLink link(script);
  const Status sent = sendTo(link, pattern(10));
  QVERIFY(!sent);
  QCOMPARE(sent.error().code, ErrorCode::Timeout);
  QVERIFY(sent.error().what.contains(QStringLiteral("YMODEM")));
}

void YmodemTest::receiverNeverAcknowledges() {
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 10))
      .reply(
          "\x06"
          "C");
  for (int i = 0; i < 11; ++i) {  // once, and ten times more
    script.expect(block(1, pattern(10).leftJustified(128, '\x1A'))).silence();
  }
  script.expect(kCancel);
  ScriptedByteLink link(script);
  const Status sent = sendTo(link, pattern(10));
  QVERIFY(!sent);
  QCOMPARE(sent.error().code, ErrorCode::Timeout);
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

void YmodemTest::receiverNeverAcknowledgesTheEnd() {
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 0))
      .reply(
          "\x06"
          "C");
  for (int i = 0; i < 11; ++i) {
    script.expect("\x04").silence();
  }
  script.expect(kCancel);
  ScriptedByteLink link(script);
  QCOMPARE(sendTo(link, {}).error().code, ErrorCode::Timeout);
  QVERIFY(link.script().finished());
}

void YmodemTest::lostLink() {
  LinkScript script;
  script.reply("C").expect(headerBlock("a.bin", 10)).failWith(makeError(ErrorCode::LinkLost, QStringLiteral("Gone.")));
  ScriptedByteLink link(script);
  QCOMPARE(sendTo(link, pattern(10)).error().code, ErrorCode::LinkLost);
  QVERIFY(link.script().finished());
}

void YmodemTest::cancelTellsTheReceiver() {
  const QByteArray data = pattern(4096);
  LinkScript script;
  script.reply("C")
      .expect(headerBlock("a.bin", 4096))
      .reply(
          "\x06"
          "C")
      .expect(block(1, data.first(1024)))
      .reply(kAck);
  script.expect(kCancel);
  ScriptedByteLink link(script);
  const CancelToken cancel;
  Progress progress([&](const ProgressUpdate& update) {
    if (update.bytesDone >= 1024) {
      cancel.cancel();
    }
  });
  const Status sent = YmodemSender(link).send(QStringLiteral("a.bin"), data, progress, cancel);
  QVERIFY(!sent);
  QCOMPARE(sent.error().code, ErrorCode::Cancelled);
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

void YmodemTest::badNames() {
  ScriptedByteLink link;
  Progress progress;
  for (const QString& name : {QString(), QStringLiteral("a/b"), QStringLiteral("a b"), QStringLiteral("é"),
                              QString(101, QLatin1Char('x')), QStringLiteral("a\n")}) {
    QCOMPARE(YmodemSender(link).send(name, {}, progress, {}).error().code, ErrorCode::InvalidArgument);
  }
  QVERIFY(link.script().sent().isEmpty());
}

void YmodemTest::progressReachesTheEnd() {
  const QByteArray data = pattern(1000);
  ScriptedByteLink link(goodTransfer(data));
  qint64 last = 0;
  Progress progress([&](const ProgressUpdate& update) { last = std::max(last, update.bytesDone); });
  QVERIFY(YmodemSender(link).send(QStringLiteral("a.bin"), data, progress, {}));
  QCOMPARE(last, 1000);
}

// ---- lrzsz --------------------------------------------------------------------------------------------

namespace {

// rb with the master of a pty as its line; the sender has the slave.
class Rb {
 public:
  explicit Rb(PtyPair& pty) {
    const int fd = pty.master().fd();
    process_.setWorkingDirectory(folder_.path());
    process_.setStandardErrorFile(QProcess::nullDevice());
    process_.setChildProcessModifier([fd] {
      ::dup2(fd, 0);
      ::dup2(fd, 1);
      // The link made it non-blocking for itself; rb expects a terminal that waits.
      ::fcntl(0, F_SETFL, ::fcntl(0, F_GETFL) & ~O_NONBLOCK);
    });
    process_.start(QStringLiteral("rb"), {QStringLiteral("--ymodem"), QStringLiteral("-b")});
  }
  bool finished() { return process_.waitForFinished(60'000) && process_.exitCode() == 0; }
  void kill() {
    process_.kill();
    process_.waitForFinished();
  }
  QByteArray received(const QString& name) const {
    QFile file(folder_.filePath(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(no file)");
  }

 private:
  QTemporaryDir folder_;
  QProcess process_;
};

}  // namespace

void YmodemTest::rbReceives_data() {
  QTest::addColumn<qsizetype>("size");
  for (const qsizetype size : {1, 128, 129, 1024, 1025, 100'000}) {
    QTest::addRow("%lld bytes", static_cast<long long>(size)) << size;
  }
}

void YmodemTest::rbReceives() {
  if (QStandardPaths::findExecutable(QStringLiteral("rb")).isEmpty()) {
    QSKIP("rb is missing (package lrzsz)");
  }
  QFETCH(const qsizetype, size);
  auto pty = PtyPair::open();
  QVERIFY(pty);
  // rb throws its input away after each answer; only a line that takes time lets it be in time for that.
  const test::PacedSerialRelay line((*pty)->slavePath(), 460800);
  auto link = openSerialLink(line.address().target, 460800);
  QVERIFY(link);
  Rb rb(**pty);
  const QByteArray data = pattern(size);
  Progress progress;
  const Status sent = YmodemSender(**link).send(QStringLiteral("firmware.bin"), data, progress, {});
  QVERIFY2(sent, sent ? "" : qPrintable(sent.error().message()));
  QVERIFY(rb.finished());
  QVERIFY(rb.received(QStringLiteral("firmware.bin")) == data);
}

void YmodemTest::rbReceivesOverFaultyLine_data() {
  QTest::addColumn<qint64>("at");
  QTest::newRow("block 0") << qint64(5);
  QTest::newRow("data") << qint64(133 + 500);
  QTest::newRow("a later block") << qint64(133 + 7 * 1029 + 77);
}

void YmodemTest::rbReceivesOverFaultyLine() {
  if (QStandardPaths::findExecutable(QStringLiteral("rb")).isEmpty()) {
    QSKIP("rb is missing (package lrzsz)");
  }
  QFETCH(const qint64, at);
  auto pty = PtyPair::open();
  QVERIFY(pty);
  // rb throws its input away after each answer; only a line that takes time lets it be in time for that.
  const test::PacedSerialRelay line((*pty)->slavePath(), 460800);
  auto link = openSerialLink(line.address().target, 460800);
  QVERIFY(link);
  auto faulty = FaultyByteLink::make<CorruptingFault>(**link, {.at = at, .whenReceiving = false});
  Rb rb(**pty);
  const QByteArray data = pattern(20'000);
  Progress progress;
  const Status sent = YmodemSender(faulty).send(QStringLiteral("firmware.bin"), data, progress, {});
  QVERIFY2(sent, sent ? "" : qPrintable(sent.error().message()));
  QCOMPARE(faulty.faults(), 1);
  QVERIFY(rb.finished());
  QVERIFY(rb.received(QStringLiteral("firmware.bin")) == data);
}

QTEST_GUILESS_MAIN(YmodemTest)
#include "ymodem_test.moc"
