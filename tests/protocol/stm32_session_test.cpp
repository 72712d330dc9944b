// The STM32 bootloader's protocol: messages byte by byte, a line with noise, and bootloaders left anywhere.
#include "transports/protocols/stm32/stm32_session.h"

#include "app/base/file_io.h"
#include "devices/virtual/virtual_stm32_link.h"
#ifdef __unix__
#include "devices/virtual/virtual_stm32_device.h"
#endif
#include "tests/support/stm32_world.h"
#include "transports/links/link_recording.h"
#include "transports/links/recording_link.h"
#include "transports/links/scripted_link.h"
#include "transports/links/serial_link.h"

#include <QTest>

using namespace sealift;

namespace {

constexpr quint32 kBase = 0x08000000;
const QString kRecording = QStringLiteral(SEALIFT_TEST_DATA "/stm32/session-update.txt");

QByteArray hexBytes(const char* text) {
  return QByteArray::fromHex(text);
}

// What every conversation begins with: 0x7F, Get.
LinkScript greeting(const char* commands = "00010211213144637382 92") {
  const QByteArray codes = hexBytes(commands);
  LinkScript script;
  script.expect(hexBytes("7f")).reply(hexBytes("79"));
  script.expect(hexBytes("00ff"))
      .reply(hexBytes("79") + static_cast<char>(codes.size()) + '\x31' + codes + hexBytes("79"));
  return script;
}

// Turns one bit of the nth byte that is sent.
class NoisyLink final : public ByteLink {
 public:
  NoisyLink(ByteLink& inner, qint64 nth, int bit) : inner_(inner), left_(nth), bit_(bit) {}
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    return inner_.read(maxBytes, deadline, cancel);
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    QByteArray sent = bytes.toByteArray();
    if (left_ > 0 && left_ <= sent.size()) {
      sent[left_ - 1] = static_cast<char>(sent[left_ - 1] ^ (1 << bit_));
    }
    left_ -= sent.size();
    return inner_.write(sent, deadline, cancel);
  }
  Status discardInput() override { return inner_.discardInput(); }
  QString description() const override { return QStringLiteral("noisy line"); }
  bool isThrough() const { return left_ <= 0; }

 private:
  ByteLink& inner_;
  qint64 left_;
  int bit_;
};

struct Talk {
  explicit Talk(const Stm32MachineConfig& config = {}) : port(config), link(port.open()), session(*link, patience()) {}
  static Stm32Patience patience() { return briefStm32Patience(); }
  void put(const QByteArray& bytes) const {
    (void)link->write(bytes, Deadline::in(std::chrono::seconds(1), QStringLiteral("x")), CancelToken());
  }
  QByteArray content(qsizetype at, qsizetype size) {
    QByteArray bytes;
    port.with([&](Stm32Machine& machine) { bytes = machine.content(at, size); });
    return bytes;
  }
  VirtualStm32Port port;
  std::unique_ptr<ByteLink> link;
  Stm32Session session;
  Progress progress;
  CancelToken cancel;
};

QByteArray pattern(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 7;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

#define VERIFY_OK(expression)                                                    \
  do {                                                                           \
    const auto& result = (expression);                                           \
    QVERIFY2(result, qPrintable(result ? QString() : result.error().message())); \
  } while (false)

class Stm32SessionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void encodesAsTheNoteSays();
  void readsLists_data();
  void readsLists();
  void speaksEachCommand();
  void erasesInTheShortForm();
  void erasesInPortions();
  void connectsFromAnywhere_data();
  void connectsFromAnywhere();
  void refusesWhatIsNoBootloader_data();
  void refusesWhatIsNoBootloader();
  void worksOnAMachine();
  void tellsProtectionFromNoise();
  void tellsMissingMemory();
  void missingCommandsAreToldWithoutSending();
  void surprisesInEachAnswer_data();
  void surprisesInEachAnswer();
  void noiseInEachByte_data();
  void noiseInEachByte();
  void writtenBlocksAreNotWrittenTwice();
  void wornFlashIsToldAndNotTriedForEver();
  void resetInTheMiddleIsTold();
  void cancelsAndIsUsableAfterwards();
  void linkLostAtEachOperation();
  void replaysARecordedUpdate();
  void recordsTheSameUpdate();

 private:
  static Status update(ByteLink& link);
};

void Stm32SessionTest::encodesAsTheNoteSays() {
  QCOMPARE(encodeStm32Command(Stm32Command::ReadMemory), hexBytes("11ee"));
  QCOMPARE(encodeStm32Command(Stm32Command::ExtendedErase), hexBytes("44bb"));
  QCOMPARE(encodeStm32Command(Stm32Command::ReadoutUnprotect), hexBytes("926d"));
  QCOMPARE(encodeStm32Address(0x08001234), hexBytes("080012342e"));
  QCOMPARE(encodeStm32Count(256), hexBytes("ff00"));
  QCOMPARE(encodeStm32Count(1), hexBytes("00ff"));
  QCOMPARE(encodeStm32Data(hexBytes("01020408")), hexBytes("03010204080c"));
  QCOMPARE(encodeStm32Pages({0, 5}, false), hexBytes("01000504"));
  QCOMPARE(encodeStm32Pages({1, 0x102}, true), hexBytes("000100010102") + hexBytes("03"));
  QCOMPARE(encodeStm32MassErase(false), hexBytes("ff00"));
  QCOMPARE(encodeStm32MassErase(true), hexBytes("ffff00"));
}

void Stm32SessionTest::readsLists_data() {
  QTest::addColumn<QByteArray>("answer");
  QTest::addColumn<bool>("good");
  QTest::newRow("the usual") << hexBytes("79 04 31 00 01 02 11 79") << true;
  QTest::newRow("ends with NACK") << hexBytes("79 04 31 00 01 02 11 1f") << false;
  QTest::newRow("ends with anything") << hexBytes("79 04 31 00 01 02 11 55") << false;
  QTest::newRow("without Get ID") << hexBytes("79 02 31 00 01 79") << false;
  QTest::newRow("empty") << hexBytes("79 00 31 79") << false;
  QTest::newRow("longer than told") << hexBytes("79 02 31 00 02 11 79") << false;
  QTest::newRow("shorter than told") << hexBytes("79 ff 31 00 02 11 79") << false;
  QTest::newRow("nothing after the ACK") << hexBytes("79") << false;
  QTest::newRow("NACK") << hexBytes("1f") << false;
}

void Stm32SessionTest::readsLists() {
  QFETCH(const QByteArray, answer);
  QFETCH(const bool, good);
  LinkScript script;
  for (int i = 0; i < 3; ++i) {
    script.expect(hexBytes("7f")).reply(hexBytes("79")).expect(hexBytes("00ff")).reply(answer);
    if (good) {
      break;
    }
  }
  ScriptedByteLink link(script);
  Stm32Session session(link);
  const Status connected = session.connect({});
  QCOMPARE(connected.has_value(), good);
  if (!good) {
    QCOMPARE(connected.error().code, ErrorCode::DeviceNotRecognised);
  }
  QVERIFY2(link.script().complaint().isEmpty(), qPrintable(link.script().complaint()));
}

void Stm32SessionTest::speaksEachCommand() {
  LinkScript script = greeting();
  const QByteArray ack = hexBytes("79");
  script.expect(hexBytes("02fd")).reply(hexBytes("7901041379"));
  script.expect(hexBytes("11ee")).reply(ack).expect(hexBytes("0800000008")).reply(ack);
  script.expect(hexBytes("03fc")).reply(ack + "abcd");
  script.expect(hexBytes("44bb")).reply(ack).expect(hexBytes("00010000000706")).reply(ack);
  script.expect(hexBytes("31ce")).reply(ack).expect(hexBytes("0800010009")).reply(ack);
  const QByteArray block = QByteArray("hello") + QByteArray(27, '\xFF');
  script.expect(encodeStm32Data(block)).reply(ack);
  script.expect(hexBytes("827d")).reply(ack).reply(ack);
  script.expect(hexBytes("926d")).reply(ack).reply(ack);
  script.expect(hexBytes("44bb")).reply(ack).expect(hexBytes("ffff00")).reply(ack);
  script.expect(hexBytes("21de")).reply(ack).expect(hexBytes("0800000008")).reply(ack);
  ScriptedByteLink link(script);
  Stm32Session session(link);
  Progress progress;
  const CancelToken cancel;
  VERIFY_OK(session.connect(cancel));
  QCOMPARE(session.info().versionText(), QStringLiteral("3.1"));
  QCOMPARE(session.productId(cancel).value_or(0), 0x413);
  QCOMPARE(session.read(kBase, 4, progress, cancel).value_or(QByteArray()), QByteArray("abcd"));
  VERIFY_OK(session.erasePages({0, 7}, progress, cancel));
  VERIFY_OK(session.write(kBase + 0x100, "hello", progress, cancel));
  VERIFY_OK(session.readoutProtect(cancel));
  VERIFY_OK(session.readoutUnprotect(cancel));
  VERIFY_OK(session.massErase(cancel));
  VERIFY_OK(session.go(kBase, cancel));
  QVERIFY(link.script().finished());
}

void Stm32SessionTest::erasesInTheShortForm() {
  LinkScript script = greeting("00 01 02 11 21 31 43");
  script.expect(hexBytes("43bc")).reply(hexBytes("79")).expect(hexBytes("010a0b00")).reply(hexBytes("79"));
  script.expect(hexBytes("43bc")).reply(hexBytes("79")).expect(hexBytes("ff00")).reply(hexBytes("79"));
  ScriptedByteLink link(script);
  Stm32Session session(link);
  Progress progress;
  VERIFY_OK(session.connect({}));
  VERIFY_OK(session.erasePages({10, 11}, progress, {}));
  VERIFY_OK(session.massErase({}));
  QCOMPARE(session.erasePages({10, 256}, progress, {}).error().code, ErrorCode::NotSupported);
  QVERIFY(link.script().finished());
}

void Stm32SessionTest::erasesInPortions() {
  Stm32MachineConfig config;
  config.productId = 0x415;
  config.sectors = {{256, 2048}};
  config.firmware = QByteArray(200'000, 'x');
  Talk talk(config);
  VERIFY_OK(talk.session.connect(talk.cancel));
  QList<quint16> pages;
  for (quint16 page = 0; page < 97; ++page) {
    pages << page;
  }
  VERIFY_OK(talk.session.erasePages(pages, talk.progress, talk.cancel));
  QCOMPARE(talk.content(0, 97 * 2048), QByteArray(97 * 2048, '\xFF'));
  QCOMPARE(talk.content(97 * 2048, 100), QByteArray(100, 'x'));
  QCOMPARE(talk.port.lostBytes(), 0U);
}

void Stm32SessionTest::connectsFromAnywhere_data() {
  QTest::addColumn<QByteArray>("before");
  QTest::newRow("fresh") << QByteArray();
  QTest::newRow("waiting") << hexBytes("7f");
  const QByteArray start = hexBytes("7f");
  QTest::newRow("half a command") << QByteArray(start + hexBytes("31"));
  QTest::newRow("half of Get") << QByteArray(start + hexBytes("00"));
  QTest::newRow("half of 0x7F's complement") << QByteArray(start + hexBytes("80"));
  const QByteArray write = start + encodeStm32Command(Stm32Command::WriteMemory);
  for (int bytes = 0; bytes < 5; ++bytes) {
    QTest::addRow("address, %d bytes of it", bytes) << QByteArray(write + encodeStm32Address(kBase).left(bytes));
  }
  const QByteArray data = encodeStm32Data(QByteArray(256, 'd'));
  for (int bytes = 0; bytes < data.size(); ++bytes) {
    QTest::addRow("data, %d bytes of it", bytes) << QByteArray(write + encodeStm32Address(kBase) + data.left(bytes));
  }
  QList<quint16> pages;
  for (quint16 page = 0; page < kStm32MostPages; ++page) {
    pages << page;
  }
  const QByteArray list = encodeStm32Pages(pages, true);
  for (int bytes = 0; bytes < list.size(); ++bytes) {
    QTest::addRow("pages, %d bytes of them", bytes)
        << QByteArray(start + encodeStm32Command(Stm32Command::ExtendedErase) + list.left(bytes));
  }
}

void Stm32SessionTest::connectsFromAnywhere() {
  QFETCH(const QByteArray, before);
  Talk talk;
  for (const char byte : before) {  // one by one: the host that went away was never too early
    talk.put(QByteArray(1, byte));
  }
  const Status connected = talk.session.connect(talk.cancel);
  if (before.endsWith(encodeStm32Command(Stm32Command::ExtendedErase))) {
    // It takes 0x7F for the count of a list of pages without end. Only a reset helps.
    QCOMPARE(connected.error().code, ErrorCode::Timeout);
    return;
  }
  VERIFY_OK(connected);
  QCOMPARE(talk.session.productId(talk.cancel).value_or(0), 0x413);
}

void Stm32SessionTest::refusesWhatIsNoBootloader_data() {
  QTest::addColumn<QByteArray>("answer");  // to each message
  QTest::addColumn<ErrorCode>("code");
  QTest::newRow("silence") << QByteArray() << ErrorCode::Timeout;
  QTest::newRow("a prompt") << QByteArray("login: ") << ErrorCode::DeviceNotRecognised;
  QTest::newRow("only ACK") << hexBytes("79") << ErrorCode::DeviceNotRecognised;
  QTest::newRow("only NACK") << hexBytes("1f") << ErrorCode::DeviceNotRecognised;
  QTest::newRow("an echo") << QByteArray("\x7F") << ErrorCode::DeviceNotRecognised;
  QTest::newRow("too much") << QByteArray(100'000, 'x') << ErrorCode::DeviceNotRecognised;
  QTest::newRow("too much, with ACKs") << QByteArray(100'000, '\x79') << ErrorCode::DeviceNotRecognised;
}

void Stm32SessionTest::refusesWhatIsNoBootloader() {
  QFETCH(const QByteArray, answer);
  QFETCH(const ErrorCode, code);
  class Peer final : public ByteLink {
   public:
    explicit Peer(QByteArray answer) : answer_(std::move(answer)) {}
    Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken&) override {
      if (waiting_.isEmpty()) {
        return deadline.timeout();
      }
      const QByteArray bytes = waiting_.left(maxBytes);
      waiting_.remove(0, bytes.size());
      return bytes;
    }
    Status write(QByteArrayView, const Deadline&, const CancelToken&) override {
      waiting_ += answer_;
      return {};
    }
    Status discardInput() override { return {}; }
    QString description() const override { return QStringLiteral("peer"); }

   private:
    QByteArray answer_;
    QByteArray waiting_;
  };
  Peer peer(answer);
  Stm32Session session(peer, Talk::patience());
  const Status connected = session.connect({});
  QVERIFY(!connected);
  QCOMPARE(connected.error().code, code);
  QVERIFY(connected.error().what.endsWith(u'.'));
}

void Stm32SessionTest::worksOnAMachine() {
  Talk talk;
  const QByteArray data = pattern(70'001);
  VERIFY_OK(talk.session.connect(talk.cancel));
  VERIFY_OK(talk.session.write(kBase, data, talk.progress, talk.cancel));
  const auto back = talk.session.read(kBase, data.size(), talk.progress, talk.cancel);
  VERIFY_OK(back);
  QCOMPARE(*back, data);
  VERIFY_OK(talk.session.erasePages({4}, talk.progress, talk.cancel));
  QCOMPARE(talk.content(0, 65'536), data.first(65'536));
  QCOMPARE(talk.content(65'536, 65'536), QByteArray(65'536, '\xFF'));
  VERIFY_OK(talk.session.massErase(talk.cancel));
  QCOMPARE(talk.content(0, 65'536), QByteArray(65'536, '\xFF'));
  QCOMPARE(talk.port.lostBytes(), 0U);
}

void Stm32SessionTest::tellsProtectionFromNoise() {
  Stm32MachineConfig config;
  config.readProtected = true;
  config.firmware = pattern(5'000);
  Talk talk(config);
  VERIFY_OK(talk.session.connect(talk.cancel));
  QCOMPARE(talk.session.productId(talk.cancel).value_or(0), 0x413);
  QCOMPARE(talk.session.read(kBase, 10, talk.progress, talk.cancel).error().code, ErrorCode::DeviceProtected);
  QCOMPARE(talk.session.write(kBase, "x", talk.progress, talk.cancel).error().code, ErrorCode::DeviceProtected);
  QCOMPARE(talk.session.erasePages({1}, talk.progress, talk.cancel).error().code, ErrorCode::DeviceProtected);
  QCOMPARE(talk.session.massErase(talk.cancel).error().code, ErrorCode::DeviceProtected);
  QCOMPARE(talk.session.go(kBase, talk.cancel).error().code, ErrorCode::DeviceProtected);
  QCOMPARE(talk.content(0, 5'000), config.firmware);
  VERIFY_OK(talk.session.readoutUnprotect(talk.cancel));
  QCOMPARE(talk.content(0, 5'000), QByteArray(5'000, '\xFF'));
  VERIFY_OK(talk.session.connect(talk.cancel));  // it was reset
  VERIFY_OK(talk.session.read(kBase, 10, talk.progress, talk.cancel));
}

void Stm32SessionTest::tellsMissingMemory() {
  Talk talk;
  VERIFY_OK(talk.session.connect(talk.cancel));
  const quint32 end = kBase + 1024 * 1024;
  QCOMPARE(talk.session.read(end, 1, talk.progress, talk.cancel).error().code, ErrorCode::ProtocolRefused);
  QCOMPARE(talk.session.read(end - 4, 8, talk.progress, talk.cancel).error().code, ErrorCode::ProtocolRefused);
  QCOMPARE(talk.session.write(end, "x", talk.progress, talk.cancel).error().code, ErrorCode::ProtocolRefused);
  QCOMPARE(talk.session.erasePages({12}, talk.progress, talk.cancel).error().code, ErrorCode::DeviceWriteFailed);
  QCOMPARE(talk.session.go(0x10, talk.cancel).error().code, ErrorCode::ProtocolRefused);
  QVERIFY(talk.session.read(end - 4, 4, talk.progress, talk.cancel).has_value());
}

void Stm32SessionTest::missingCommandsAreToldWithoutSending() {
  ScriptedByteLink link(greeting("00 02"));
  Stm32Session session(link);
  Progress progress;
  VERIFY_OK(session.connect({}));
  QCOMPARE(session.read(kBase, 1, progress, {}).error().code, ErrorCode::NotSupported);
  QCOMPARE(session.write(kBase, "x", progress, {}).error().code, ErrorCode::NotSupported);
  QCOMPARE(session.massErase({}).error().code, ErrorCode::NotSupported);
  QCOMPARE(session.go(kBase, {}).error().code, ErrorCode::NotSupported);
  QVERIFY(link.script().finished() && link.script().complaint().isEmpty());
}

void Stm32SessionTest::surprisesInEachAnswer_data() {
  QTest::addColumn<int>("kind");
  QTest::newRow("lost") << 0;
  QTest::newRow("NACK") << 1;
  QTest::newRow("garbage") << 2;
  QTest::newRow("twice") << 3;
  QTest::newRow("garbage behind it") << 4;
  QTest::newRow("cut short") << 5;
}

// Whatever happens to one answer, the work is done in the end and done right.
void Stm32SessionTest::surprisesInEachAnswer() {
  QFETCH(const int, kind);
  const QByteArray data = pattern(700);
  for (quint64 broken = 3;; ++broken) {  // 1 and 2 are those of connect()
    Stm32MachineConfig config;
    config.firmware = QByteArray(300, 'x');
    Talk talk(config);
    bool happened = false;
    talk.port.with([&](Stm32Machine& machine) {
      machine.tamper = [&, broken](quint64 nth, const QByteArray& answer) -> QByteArray {
        if (nth != broken) {
          return answer;
        }
        happened = true;
        switch (kind) {
          case 0:
            return {};
          case 1:
            return hexBytes("1f");
          case 2:
            return hexBytes("5a5a5a");
          case 3:
            return answer + answer;
          case 4:
            return answer + hexBytes("00ff1f");
          default:
            return answer.left(answer.size() / 2);
        }
      };
    });
    VERIFY_OK(talk.session.connect(talk.cancel));
    VERIFY_OK(talk.session.erasePages({0}, talk.progress, talk.cancel));
    VERIFY_OK(talk.session.write(kBase, data, talk.progress, talk.cancel));
    const auto back = talk.session.read(kBase, data.size(), talk.progress, talk.cancel);
    VERIFY_OK(back);
    // Data that is read carries no checksum: an ACK too many shifts it. Whoever compares reads again.
    if (kind == 3 && *back != data) {
      QCOMPARE(talk.session.read(kBase, data.size(), talk.progress, talk.cancel).value_or(QByteArray()), data);
    } else {
      QCOMPARE(*back, data);
    }
    QCOMPARE(talk.content(0, data.size()), data);
    if (!happened) {
      QVERIFY(broken > 20);
      break;
    }
  }
}

void Stm32SessionTest::noiseInEachByte_data() {
  QTest::addColumn<int>("bit");
  for (int bit = 0; bit < 8; ++bit) {
    QTest::addRow("bit %d", bit) << bit;
  }
}

// One wrong bit is repaired or told; what is said to be written is written.
void Stm32SessionTest::noiseInEachByte() {
  QFETCH(const int, bit);
  const QByteArray data = pattern(300);
  int failures = 0;
  for (qint64 nth = 1;; ++nth) {
    Stm32MachineConfig config;
    config.firmware = QByteArray(300, 'x');
    Talk talk(config);
    NoisyLink noisy(*talk.link, nth, bit);
    Stm32Session session(noisy, Talk::patience());
    const auto work = [&]() -> Status {
      SEALIFT_CHECK(session.connect(talk.cancel));
      SEALIFT_CHECK(session.erasePages({0}, talk.progress, talk.cancel));
      SEALIFT_CHECK(session.write(kBase, data, talk.progress, talk.cancel));
      SEALIFT_TRY(const QByteArray back, session.read(kBase, data.size(), talk.progress, talk.cancel));
      return back == data ? Status() : fail(ErrorCode::DeviceVerifyFailed, QStringLiteral("Differs."));
    };
    const Status done = work();
    if (done) {
      QCOMPARE(talk.content(0, data.size()), data);
    } else {
      ++failures;
      QVERIFY2(done.error().code != ErrorCode::DeviceVerifyFailed, qPrintable(QString::number(nth)));
    }
    if (!noisy.isThrough()) {
      QVERIFY(nth > 300);
      break;
    }
  }
  // The very first 0x7F, of which the bootloader takes the wrong baud rate, and hardly anything else.
  QVERIFY2(failures <= 4, qPrintable(QString::number(failures)));
}

void Stm32SessionTest::writtenBlocksAreNotWrittenTwice() {
  Talk talk;
  VERIFY_OK(talk.session.connect(talk.cancel));
  quint64 programs = 0;
  talk.port.with([&](Stm32Machine& machine) {
    programs = machine.flash().operations();
    // Answers: Get and 0x7F are 1 and 2; 3 to 5 are of the first block: its last one is lost.
    machine.tamper = [](quint64 nth, const QByteArray& answer) { return nth == 5 ? QByteArray() : answer; };
  });
  VERIFY_OK(talk.session.write(kBase, pattern(256), talk.progress, talk.cancel));
  talk.port.with([&](Stm32Machine& machine) { QCOMPARE(machine.flash().operations() - programs, 1U); });
  QCOMPARE(talk.content(0, 256), pattern(256));
}

void Stm32SessionTest::wornFlashIsToldAndNotTriedForEver() {
  Stm32MachineConfig config;
  config.firmware = QByteArray(300, 'x');
  Talk talk(config);
  VERIFY_OK(talk.session.connect(talk.cancel));
  const Status written = talk.session.write(kBase, pattern(256), talk.progress, talk.cancel);
  QVERIFY(!written);
  QCOMPARE(written.error().code, ErrorCode::DeviceWriteFailed);
  QCOMPARE(talk.content(0, 300), config.firmware);
}

void Stm32SessionTest::resetInTheMiddleIsTold() {
  Talk talk;
  VERIFY_OK(talk.session.connect(talk.cancel));
  talk.port.with([](Stm32Machine& machine) {
    machine.tamper = [&machine](quint64 nth, const QByteArray& answer) {
      if (nth == 7) {
        machine.powerOff();
        machine.powerOn();
        return QByteArray();
      }
      return answer;
    };
  });
  const Status written = talk.session.write(kBase, pattern(2'000), talk.progress, talk.cancel);
  QVERIFY(!written);
  QCOMPARE(written.error().code, ErrorCode::LinkLost);
}

void Stm32SessionTest::cancelsAndIsUsableAfterwards() {
  for (quint64 at = 1; at < 40; ++at) {
    Talk talk;
    talk.port.watch([&](quint64 nth) {
      if (nth == at) {
        talk.cancel.cancel();
      }
    });
    const auto work = [&]() -> Status {
      SEALIFT_CHECK(talk.session.connect(talk.cancel));
      SEALIFT_CHECK(talk.session.erasePages({0}, talk.progress, talk.cancel));
      return talk.session.write(kBase, pattern(2'000), talk.progress, talk.cancel);
    };
    const Status done = work();
    QVERIFY(!done && done.error().code == ErrorCode::Cancelled);
    Progress progress;
    Stm32Session next(*talk.link, Talk::patience());
    VERIFY_OK(next.connect({}));
    VERIFY_OK(next.erasePages({0}, progress, {}));
    VERIFY_OK(next.write(kBase, pattern(500), progress, {}));
    QCOMPARE(talk.content(0, 500), pattern(500));
  }
}

void Stm32SessionTest::linkLostAtEachOperation() {
  quint64 nth = 1;
  for (;; ++nth) {
    Talk talk;
    talk.port.loseAt(nth);
    const auto work = [&]() -> Status {
      SEALIFT_CHECK(talk.session.connect(talk.cancel));
      SEALIFT_CHECK(talk.session.erasePages({0}, talk.progress, talk.cancel));
      return talk.session.write(kBase, pattern(600), talk.progress, talk.cancel);
    };
    const Status done = work();
    if (done) {
      break;
    }
    QCOMPARE(done.error().code, ErrorCode::LinkLost);
  }
  QVERIFY(nth > 20);
}

// One update by hand, with an image of 600 bytes.
Status Stm32SessionTest::update(ByteLink& link) {
  using namespace std::chrono_literals;
  Stm32Session session(link, {20s, 20s, 20s, 20s, 20s, 30ms});  // a busy computer changes nothing
  Progress progress;
  const CancelToken cancel;
  const QByteArray image = makeUsbFirmware(0x0213, 600, 2);
  SEALIFT_CHECK(session.connect(cancel));
  SEALIFT_TRY(const quint16 product, session.productId(cancel));
  SEALIFT_TRY(const QByteArray id, session.read(0x1FFF7A10, 12, progress, cancel));
  SEALIFT_CHECK(session.erasePages({0}, progress, cancel));
  SEALIFT_CHECK(session.write(kBase, image, progress, cancel));
  SEALIFT_TRY(const QByteArray stored, session.read(kBase, image.size(), progress, cancel));
  const bool right = session.info().versionText() == QLatin1String("3.1") && product == 0x413 &&
                     id == Stm32MachineConfig().uniqueId && stored == image;
  return right ? session.go(kBase, cancel) : fail(ErrorCode::ProtocolUnexpected, QStringLiteral("Something is wrong."));
}

// tests/data/stm32: recorded from the virtual device that stm32flash works with, over a pseudo terminal.
void Stm32SessionTest::replaysARecordedUpdate() {
  const auto recording = readFile(kRecording, 1 << 20);
  VERIFY_OK(recording);
  const auto script = scriptFromRecording(*recording, RecordingKind::Bytes);
  VERIFY_OK(script);
  ScriptedByteLink link(*script);
  VERIFY_OK(update(link));
  QVERIFY2(link.script().finished(), qPrintable(link.script().complaint()));
}

// The recording is still what happens. With SEALIFT_RECORD in the environment it is made anew.
void Stm32SessionTest::recordsTheSameUpdate() {
#ifdef Q_OS_UNIX
  Stm32MachineConfig config;
  config.firmware = makeUsbFirmware(0x0100, 500, 1);
  VirtualStm32Device device(config);
  VERIFY_OK(device.start());
  const auto port = openSerialLink(device.address().target, 115200, SerialParity::Even);
  VERIFY_OK(port);
  QByteArray recording;
  RecordingByteLink link(**port, [&](const QByteArray& line) {
    // How answers are divided is the operating system's whim.
    const bool goesOn = line.startsWith('<') && recording.mid(recording.lastIndexOf('\n', -2) + 1).startsWith('<');
    recording = goesOn ? recording.chopped(1) + ' ' + line.mid(2) : recording + line;
  });
  VERIFY_OK(update(link));
  QVERIFY(device.waitUntil([](const Stm32Machine& machine) { return machine.runningRelease() == 0x0213; }, 5'000));
  if (qEnvironmentVariableIsSet("SEALIFT_RECORD")) {
    VERIFY_OK(writeFileAtomic(kRecording, recording));
  }
  QCOMPARE(recording, readFile(kRecording, 1 << 20).value_or(QByteArray()));
#else
  QSKIP("There are no pseudo terminals here.");
#endif
}

QTEST_GUILESS_MAIN(Stm32SessionTest)
#include "stm32_session_test.moc"
