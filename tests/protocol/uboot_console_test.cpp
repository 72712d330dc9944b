// The console and its commands against scripted U-Boots, honest and otherwise.
#include "transports/protocols/uboot/console.h"
#include "transports/protocols/uboot/device_tree.h"
#include "transports/protocols/uboot/environment.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/network.h"
#include "transports/protocols/uboot/signature_check.h"
#include "transports/protocols/uboot/storage.h"

#include <QMap>
#include <QTest>

#include <functional>

using namespace sealift;

namespace {

// A U-Boot as seen from its console: echoes, runs the lines it knows, prints status and prompt. Written from
// what the real one prints (2023.01), see transports/protocols/uboot/README.md.
class FakeUboot final : public ByteLink {
 public:
  struct Answer {
    QByteArray output;
    int status = 0;
  };
  QMap<QByteArray, Answer> answers;  // by command, without the marker's echo
  QList<QByteArray> ran;
  std::function<char(char)> echo = [](char c) { return c; };
  bool atPrompt = true;
  bool forgesMarkers = false;

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    if (output_.isEmpty()) {
      return deadline.timeout();
    }
    const QByteArray bytes = output_.left(std::min<qsizetype>(maxBytes, 5));  // in small pieces
    output_.remove(0, bytes.size());
    return bytes;
  }
  Status write(QByteArrayView bytes, const Deadline&, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    for (const char c : bytes) {
      take(c);
    }
    return {};
  }
  Status discardInput() override {
    output_.clear();
    return {};
  }
  QString description() const override { return QStringLiteral("fake U-Boot"); }
  void print(const QByteArray& text) { output_ += text; }

 private:
  void take(char c) {
    if (!atPrompt) {
      return;
    }
    if (c == '\x03') {
      line_.clear();
      output_ += "<INTERRUPT>\r\n=> ";
    } else if (c == '\r') {
      run();
    } else {
      const char heard = echo(c);
      line_ += heard;
      output_ += heard;
    }
  }
  void run() {
    output_ += "\r\n";
    ran << line_;
    const qsizetype at = line_.indexOf("; echo SL");
    const QByteArray command = line_.left(at);
    if (forgesMarkers) {
      output_ += "SL0000000000000000=0\r\n=> ";
    }
    const Answer answer = answers.value(command, {"Unknown command '" + command + "' - try 'help'\r\n", 1});
    output_ += answer.output;
    if (at >= 0) {
      const QByteArray marker = line_.mid(at + 7);
      output_ += marker.left(marker.size() - 2) + QByteArray::number(answer.status) + "\r\n";
    }
    output_ += "=> ";
    line_.clear();
  }

  QByteArray line_;
  QByteArray output_;
};

constexpr std::chrono::milliseconds kTime{1'000};

}  // namespace

class UbootConsoleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void outputAndStatus();
  void outputCannotForgeTheEnd();
  void outputWithoutLineEnd();
  void damagedEchoIsNeverRun();
  void permanentlyDamagedEchoIsReported();
  void refusesWhatCannotBeTyped();
  void endlessOutputIsCapped();
  void noAnswerTimesOut();
  void findsThePrompt();
  void interruptsAutoboot();
  void commandThatEndsAtOnce();
  void environmentGet();
  void environmentSetRefusesShellCharacters_data();
  void environmentSetRefusesShellCharacters();
  void environmentImport();
  void memoryCrc();
  void memoryCompareNeedsWordsAndStatus();
  void memoryRead();
  void memoryReadRefusesOtherAddresses();
  void storageSelectsItsDevice();
  void deviceTree();
  void memorySha256();
  void networkAddress_data();
  void networkAddress();
  void networkByDhcp();
  void networkAddressOfTheModel();
  void loadsByTftp();
  void loadsByTftpFromAnotherPort();
  void loadFails_data();
  void loadFails();
  void signatureCheck_data();
  void signatureCheck();
};

void UbootConsoleTest::outputAndStatus() {
  FakeUboot fake;
  fake.answers["help"] = {"one\r\ntwo\r\n", 0};
  fake.answers["false"] = {"", 1};
  UbootConsole console(fake, {});
  const auto help = console.run("help", kTime, {});
  QVERIFY(help);
  QCOMPARE(help->output, QByteArray("one\ntwo\n"));
  QCOMPARE(help->status, 0);
  QCOMPARE(console.run("false", kTime, {})->status, 1);
  const auto failed = console.runOk("bogus", kTime, {});
  QVERIFY(!failed);
  QCOMPARE(failed.error().code, ErrorCode::ProtocolRefused);
  QVERIFY(failed.error().what.contains(QStringLiteral("Unknown command 'bogus'")));
}

void UbootConsoleTest::outputCannotForgeTheEnd() {
  FakeUboot fake;
  fake.forgesMarkers = true;
  fake.answers["md"] = {"real\r\n=> fake prompt\r\n=> ", 7};
  UbootConsole console(fake, {});
  const auto result = console.run("md", kTime, {});
  QVERIFY(result);
  QCOMPARE(result->status, 7);
  QVERIFY(result->output.contains("SL0000000000000000=0"));
  QVERIFY(result->output.contains("real\n=> fake prompt\n=> "));
}

void UbootConsoleTest::outputWithoutLineEnd() {
  FakeUboot fake;
  fake.answers["printf"] = {"no end", 0};
  UbootConsole console(fake, {});
  QCOMPARE(console.run("printf", kTime, {})->output, QByteArray("no end"));
}

void UbootConsoleTest::damagedEchoIsNeverRun() {
  FakeUboot fake;
  fake.answers["erase 1"] = {"", 0};
  int typed = 0;
  fake.echo = [&](char c) { return ++typed == 7 ? '9' : c; };  // "erase 9" the first time
  UbootConsole console(fake, {});
  QVERIFY(console.run("erase 1", kTime, {}));
  QCOMPARE(fake.ran.size(), 1);
  QVERIFY(fake.ran.constFirst().startsWith("erase 1;"));
}

void UbootConsoleTest::permanentlyDamagedEchoIsReported() {
  FakeUboot fake;
  fake.echo = [](char c) { return c == '1' ? '2' : c; };
  UbootConsole console(fake, {});
  const auto result = console.run("erase 1", kTime, {});
  QVERIFY(!result);
  QCOMPARE(result.error().code, ErrorCode::ProtocolMalformed);
  QVERIFY(fake.ran.isEmpty());
}

void UbootConsoleTest::refusesWhatCannotBeTyped() {
  FakeUboot fake;
  UbootConsole console(fake, {});
  for (const QByteArray& command : {QByteArray(), QByteArray("a\rb"), QByteArray("a\nb"), QByteArray("\x03"),
                                    QByteArray("\xff"), QByteArray(UbootConsole::kMaxCommand + 1, 'x')}) {
    QCOMPARE(console.run(command, kTime, {}).error().code, ErrorCode::InvalidArgument);
  }
  QVERIFY(fake.ran.isEmpty());
}

void UbootConsoleTest::endlessOutputIsCapped() {
  FakeUboot fake;
  fake.answers["loop"] = {QByteArray(UbootConsole::kMaxOutput + 10, 'x'), 0};
  UbootConsole console(fake, {});
  const auto result = console.run("loop", std::chrono::seconds(60), {});
  QVERIFY(!result);
  QCOMPARE(result.error().code, ErrorCode::ProtocolMalformed);
}

void UbootConsoleTest::noAnswerTimesOut() {
  FakeUboot fake;
  fake.atPrompt = false;
  UbootConsole console(fake, {});
  QCOMPARE(console.run("help", kTime, {}).error().code, ErrorCode::Timeout);
}

void UbootConsoleTest::findsThePrompt() {
  FakeUboot fake;
  UbootConsole console(fake, {});
  const auto found = console.findPrompt(kTime, {});
  QVERIFY(found && *found);
  QVERIFY(!console.sawAutoboot());
  fake.atPrompt = false;
  const auto lost = console.findPrompt(kTime, {});
  QVERIFY(lost && !*lost);
}

void UbootConsoleTest::interruptsAutoboot() {
  FakeUboot fake;
  fake.print("kernel noise\r\nU-Boot 2023.01\r\nHit any key to stop autoboot:  2 ");
  UbootConsole console(fake, {});
  QVERIFY(console.interruptAutoboot(Deadline::in(kTime, QStringLiteral("autoboot")), {}));
  QVERIFY(console.sawAutoboot());
  FakeUboot silent;
  silent.print("firmware runs\r\nFound U-Boot script /boot.scr\r\nno U-Boot 2023.01 here\r\n");
  UbootConsole other(silent, {});
  QCOMPARE(other.interruptAutoboot(Deadline::in(kTime, QStringLiteral("autoboot")), {}).error().code,
           ErrorCode::Timeout);
}

void UbootConsoleTest::commandThatEndsAtOnce() {
  FakeUboot fake;
  UbootConsole console(fake, {});
  const auto started = console.start("loady 1000", "bps...", Deadline::in(kTime, QStringLiteral("loady")), {});
  QVERIFY(!started);
  QCOMPARE(started.error().code, ErrorCode::ProtocolRefused);
}

void UbootConsoleTest::environmentGet() {
  FakeUboot fake;
  fake.answers["printenv slot"] = {"slot=A\r\n", 0};
  fake.answers["printenv odd"] = {"odd=a=b\r\nsecond line\r\n", 0};
  fake.answers["printenv liar"] = {"other=1\r\n", 0};
  fake.answers["printenv none"] = {"## Error: \"none\" not defined\r\n", 1};
  UbootConsole console(fake, {});
  UbootEnvironment environment(console);
  QCOMPARE(**environment.get("slot", {}), QByteArray("A"));
  QCOMPARE(**environment.get("odd", {}), QByteArray("a=b\nsecond line"));
  QCOMPARE(environment.get("liar", {}).error().code, ErrorCode::ProtocolMalformed);
  const auto none = environment.get("none", {});
  QVERIFY(none && !*none);
  QCOMPARE(environment.get("a;reset", {}).error().code, ErrorCode::InvalidArgument);
}

void UbootConsoleTest::environmentSetRefusesShellCharacters_data() {
  QTest::addColumn<QByteArray>("value");
  for (const char* value :
       {"a;reset", "$(x)", "${x}", "a b", "'", "\"", "\\", "a&b", "a|b", "a\nb", "#x", "-f", "`x`"}) {
    QTest::newRow(value) << QByteArray(value);
  }
  QTest::newRow("long") << QByteArray(300, 'a');
}

void UbootConsoleTest::environmentSetRefusesShellCharacters() {
  QFETCH(const QByteArray, value);
  FakeUboot fake;
  UbootConsole console(fake, {});
  QCOMPARE(UbootEnvironment(console).set("slot", value, {}).error().code, ErrorCode::InvalidArgument);
  QVERIFY(fake.ran.isEmpty());
}

void UbootConsoleTest::environmentImport() {
  FakeUboot fake;
  fake.answers["setenv slot; setenv seq"] = {};
  fake.answers["env import -c 0x1000 0x200 slot seq"] = {};
  fake.answers["printenv slot"] = {"slot=B\r\n", 0};
  UbootConsole console(fake, {});
  const auto values = UbootEnvironment(console).importBlock(0x1000, 0x200, {"slot", "seq"}, {});
  QVERIFY(values && *values);
  QCOMPARE((*values)->size(), 1);
  QCOMPARE((*values)->value("slot"), QByteArray("B"));
  fake.answers["env import -c 0x1000 0x200 slot seq"] = {"## Error: bad CRC, import failed\r\n", 1};
  const auto bad = UbootEnvironment(console).importBlock(0x1000, 0x200, {"slot", "seq"}, {});
  QVERIFY(bad && !*bad);
}

void UbootConsoleTest::memoryCrc() {
  FakeUboot fake;
  fake.answers["crc32 40000000 10"] = {"crc32 for 40000000 ... 4000000f ==> f8ba6909\r\n", 0};
  fake.answers["crc32 50000000 10"] = {"crc32 for 40000000 ... 4000000f ==> f8ba6909\r\n", 0};
  fake.answers["crc32 60000000 10"] = {"crc32 for 60000000 ... 6000000f ==> f8ba\r\n", 0};
  UbootConsole console(fake, {});
  QCOMPARE(*UbootMemory(console).crc32(0x40000000, 16, {}), 0xf8ba6909U);
  QCOMPARE(UbootMemory(console).crc32(0x50000000, 16, {}).error().code, ErrorCode::ProtocolMalformed);
  QCOMPARE(UbootMemory(console).crc32(0x60000000, 16, {}).error().code, ErrorCode::ProtocolMalformed);
}

void UbootConsoleTest::memoryCompareNeedsWordsAndStatus() {
  FakeUboot fake;
  fake.answers["cmp.b 1000 2000 4"] = {"Total of 4 byte(s) were the same\r\n", 0};
  fake.answers["cmp.b 1000 2000 5"] = {"Total of 4 byte(s) were the same\r\n", 0};
  fake.answers["cmp.b 1000 2000 6"] = {"Total of 6 byte(s) were the same\r\n", 1};
  UbootConsole console(fake, {});
  UbootMemory memory(console);
  QVERIFY(*memory.equal(0x1000, 0x2000, 4, {}));
  QVERIFY(!*memory.equal(0x1000, 0x2000, 5, {}));
  QVERIFY(!*memory.equal(0x1000, 0x2000, 6, {}));
}

void UbootConsoleTest::memoryRead() {
  FakeUboot fake;
  fake.answers["md.b 1000 12"] = {
      "00001000: d0 0d fe ed 00 01 06 33 00 01 02 03 04 05 06 3a  .......3.......:\r\n"
      "00001010: ff 41                                            .A\r\n",
      0};
  UbootConsole console(fake, {});
  QCOMPARE(*UbootMemory(console).read(0x1000, 18, {}), QByteArray::fromHex("d00dfeed00010633000102030405063aff41"));
  QCOMPARE(UbootMemory(console).read(0x1000, 0, {}).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(UbootMemory(console).read(0x1000, 5000, {}).error().code, ErrorCode::InvalidArgument);
}

void UbootConsoleTest::memoryReadRefusesOtherAddresses() {
  FakeUboot fake;
  fake.answers["md.b 1000 2"] = {"00002000: 01 02    ..\r\n", 0};
  fake.answers["md.b 1000 3"] = {"00001000: 01 0g 03    ..\r\n", 0};
  fake.answers["md.b 1000 4"] = {"00001000: 01 02 03    ..\r\n", 0};
  UbootConsole console(fake, {});
  for (const quint64 bytes : {2, 3, 4}) {
    QCOMPARE(UbootMemory(console).read(0x1000, bytes, {}).error().code, ErrorCode::ProtocolMalformed);
  }
}

void UbootConsoleTest::storageSelectsItsDevice() {
  FakeUboot fake;
  fake.answers["mmc dev 1"] = {"mmc1 is current device\r\n", 0};
  fake.answers["mmc write 1000 20 3"] = {"3 blocks written: OK\r\n", 0};
  fake.answers["mmc read 1000 20 3"] = {"3 blocks read: ERROR\r\n", 1};
  UbootConsole console(fake, {});
  UbootStorage storage(console, "mmc", 1);
  QVERIFY(storage.write(0x1000, 0x20, 3, {}));
  QCOMPARE(fake.ran.size(), 2);
  QVERIFY(fake.ran.constFirst().startsWith("mmc dev 1;"));
  QCOMPARE(storage.read(0x1000, 0x20, 3, {}).error().code, ErrorCode::ProtocolRefused);
}

void UbootConsoleTest::deviceTree() {
  FakeUboot fake;
  fake.answers["fdt addr 0x1000"] = {"Working FDT set to 1000\r\n", 0};
  fake.answers["fdt print / sealift,version"] = {"sealift,version = \"1.0.0\"\r\n", 0};
  fake.answers["fdt print / compatible"] = {"compatible = \"a\", \"b\"\r\n", 0};
  fake.answers["fdt print / sealift,security-version"] = {"sealift,security-version = <0x00000002>\r\n", 0};
  fake.answers["fdt print / two"] = {"two = <0x00000002 0x00000003>\r\n", 0};
  fake.answers["fdt print / none"] = {"libfdt fdt_getprop(): FDT_ERR_NOTFOUND\r\n", 1};
  fake.answers["fdt list /signature"] = {"signature {\r\n\tkey-dev {\r\n\t};\r\n\tx = <0x1>;\r\n};\r\n", 0};
  UbootConsole console(fake, {});
  UbootDeviceTree tree(console);
  QVERIFY(*tree.open("0x1000", {}));
  QVERIFY(!*tree.open("0x2000", {}));
  QCOMPARE(**tree.text("/", "sealift,version", {}), QByteArray("1.0.0"));
  QVERIFY(!*tree.text("/", "compatible", {}));
  QCOMPARE(**tree.cell("/", "sealift,security-version", {}), 2U);
  QVERIFY(!*tree.cell("/", "two", {}));
  QVERIFY(!*tree.cell("/", "none", {}));
  QVERIFY(!*tree.text("/", "sealift,security-version", {}));
  QCOMPARE(*tree.children("/signature", {}), QList<QByteArray>{"key-dev"});
  QVERIFY(tree.children("/none", {})->isEmpty());
}

void UbootConsoleTest::memorySha256() {
  const QByteArray digits(64, 'a');
  FakeUboot fake;
  fake.answers["hash sha256 40000000 10"] = {"sha256 for 40000000 ... 4000000f ==> " + digits + "\r\n", 0};
  fake.answers["hash sha256 50000000 10"] = {"sha256 for 40000000 ... 4000000f ==> " + digits + "\r\n", 0};
  fake.answers["hash sha256 60000000 10"] = {"sha256 for 60000000 ... 6000000f ==> " + digits.chopped(2) + "\r\n", 0};
  UbootConsole console(fake, {});
  UbootMemory memory(console);
  const auto good = memory.sha256(0x40000000, 16, {});
  QVERIFY(good && *good);
  QCOMPARE(**good, QByteArray(32, '\xaa'));
  QCOMPARE(memory.sha256(0x50000000, 16, {}).error().code, ErrorCode::ProtocolMalformed);
  QCOMPARE(memory.sha256(0x60000000, 16, {}).error().code, ErrorCode::ProtocolMalformed);
  const auto unknown = memory.sha256(0x70000000, 16, {});  // "Unknown command 'hash'"
  QVERIFY(unknown && !*unknown);
}

void UbootConsoleTest::networkAddress_data() {
  QTest::addColumn<QByteArray>("output");
  QTest::addColumn<QString>("address");
  QTest::newRow("good") << QByteArray("ipaddr=192.168.7.2\r\n") << QStringLiteral("192.168.7.2");
  for (const char* bad : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "::1", "fe80::1", "192.168.7.2.1",
                          "host", "", "0.1.2.3", "192.168.7.2; reset"}) {
    QTest::newRow(bad) << QByteArray("ipaddr=") + bad + "\r\n" << QString();
  }
}

void UbootConsoleTest::networkAddress() {
  QFETCH(const QByteArray, output);
  QFETCH(const QString, address);
  FakeUboot fake;
  fake.answers["printenv ipaddr"] = {output, 0};
  UbootConsole console(fake, {});
  const auto found = UbootNetwork(console).address({});
  QVERIFY(found);
  QCOMPARE(found->has_value(), !address.isEmpty());
  QCOMPARE(found->value_or(QHostAddress()), QHostAddress(address));
}

// DHCP alone: without autoload=no U-Boot would load, and perhaps start, what the DHCP server names.
void UbootConsoleTest::networkByDhcp() {
  FakeUboot fake;
  fake.answers["setenv autoload no"] = {};
  fake.answers["dhcp"] = {"DHCP client bound to address 10.0.2.15 (1 ms)\r\n", 0};
  UbootConsole console(fake, {});
  QVERIFY(UbootNetwork(console).askDhcp({}));
  QCOMPARE(fake.ran.size(), 2);
  QVERIFY(fake.ran[0].startsWith("setenv autoload no;"));
  fake.answers["dhcp"] = {"Retry time exceeded\r\n", 1};
  const Status refused = UbootNetwork(console).askDhcp({});
  QVERIFY(!refused);
  QCOMPARE(refused.error().code, ErrorCode::ProtocolRefused);
  QVERIFY(refused.error().what.contains(QStringLiteral("Retry time exceeded")));
}

void UbootConsoleTest::networkAddressOfTheModel() {
  FakeUboot fake;
  fake.answers["setenv ipaddr 192.168.7.2"] = {};
  fake.answers["setenv netmask 255.255.254.0"] = {};
  UbootConsole console(fake, {});
  QVERIFY(UbootNetwork(console).setAddress(QHostAddress(QStringLiteral("192.168.7.2")), 23, {}));
  QCOMPARE(fake.ran.size(), 2);
}

namespace {

void answerSettings(FakeUboot& fake, const QByteArray& port) {
  for (const QByteArray& command :
       {QByteArray("setenv autostart no"), QByteArray("setenv netretry no"), QByteArray("setenv tftptimeout 1000"),
        QByteArray("setenv tftpblocksize 1024"), QByteArray("setenv tftpwindowsize 4"), "setenv tftpdstp " + port}) {
    fake.answers[command] = {};
  }
}

UbootTftpLoad someLoad() {
  UbootTftpLoad load;
  load.server = QHostAddress(QStringLiteral("192.168.7.1"));
  load.fileName = "sealift-1234";
  load.address = 0x44000000;
  load.blockBytes = 1024;
  load.windowBlocks = 4;
  load.time = kTime;
  return load;
}

const QByteArray kTftpboot = "tftpboot 0x44000000 192.168.7.1:sealift-1234";

}  // namespace

void UbootConsoleTest::loadsByTftp() {
  FakeUboot fake;
  answerSettings(fake, {});
  fake.answers[kTftpboot] = {
      "Using eth0 device\r\nLoading: *###\r\n\t 5.9 MiB/s\r\ndone\r\n"
      "Bytes transferred = 43408 (a990 hex)\r\n",
      0};
  UbootConsole console(fake, {});
  UbootTftpLoad load = someLoad();
  int told = 0;
  load.meanwhile = [&told] { ++told; };
  const auto bytes = UbootNetwork(console).load(load, {});
  QVERIFY2(bytes, bytes ? "" : qPrintable(bytes.error().what));
  QCOMPARE(*bytes, 43408U);
  QVERIFY(told > 0);
}

void UbootConsoleTest::loadsByTftpFromAnotherPort() {
  FakeUboot fake;
  answerSettings(fake, "6969");
  fake.answers[kTftpboot] = {"Bytes transferred = 1 (1 hex)\r\n", 0};
  UbootConsole console(fake, {});
  UbootTftpLoad load = someLoad();
  load.port = 6969;
  QCOMPARE(*UbootNetwork(console).load(load, {}), 1U);
}

void UbootConsoleTest::loadFails_data() {
  QTest::addColumn<QByteArray>("output");
  QTest::addColumn<int>("status");
  QTest::addColumn<ErrorCode>("code");
  QTest::newRow("its words") << QByteArray("TFTP error: 'File not found' (1)\r\nNot retrying...\r\n") << 1
                             << ErrorCode::ProtocolRefused;
  QTest::newRow("words of success, status of failure")
      << QByteArray("Bytes transferred = 9 (9 hex)\r\n") << 1 << ErrorCode::ProtocolRefused;
  QTest::newRow("says nothing") << QByteArray("done\r\n") << 0 << ErrorCode::ProtocolMalformed;
  QTest::newRow("no number") << QByteArray("Bytes transferred = many (x hex)\r\n") << 0 << ErrorCode::ProtocolMalformed;
  QTest::newRow("too large a number") << QByteArray("Bytes transferred = 99999999999999999999 (x hex)\r\n") << 0
                                      << ErrorCode::ProtocolMalformed;
}

void UbootConsoleTest::loadFails() {
  QFETCH(const QByteArray, output);
  QFETCH(const int, status);
  QFETCH(const ErrorCode, code);
  FakeUboot fake;
  answerSettings(fake, {});
  fake.answers[kTftpboot] = {output, status};
  UbootConsole console(fake, {});
  const auto bytes = UbootNetwork(console).load(someLoad(), {});
  QVERIFY(!bytes);
  QCOMPARE(bytes.error().code, code);
}

void UbootConsoleTest::signatureCheck_data() {
  QTest::addColumn<int>("treeStatus");
  QTest::addColumn<QByteArray>("output");
  QTest::addColumn<int>("status");
  QTest::addColumn<bool>("accepted");
  const QByteArray good =
      "## Loading kernel from FIT Image at 44000000 ...\r\n   Verifying Hash Integrity ... sha256,rsa2048:dev+ OK\r\n";
  QTest::newRow("good") << 0 << good << 0 << true;
  QTest::newRow("bad hash") << 0 << good + "   Verifying Hash Integrity ... sha256 error!\r\n" << 1 << false;
  QTest::newRow("an error all the same") << 0 << good + "ERROR: no\r\n  error!\r\n" << 0 << false;
  // Seen from U-Boot 2023.01 with a required key: legacy images pass.
  QTest::newRow("legacy image") << 1 << QByteArray("## Booting kernel from Legacy Image at 44000000 ...\r\n") << 0
                                << false;
  QTest::newRow("legacy image behind a tree")
      << 0 << QByteArray("## Booting kernel from Legacy Image at 44000000 ...\r\n") << 0 << false;
  QTest::newRow("says nothing") << 0 << QByteArray() << 0 << false;
}

void UbootConsoleTest::signatureCheck() {
  QFETCH(const int, treeStatus);
  QFETCH(const QByteArray, output);
  QFETCH(const int, status);
  FakeUboot fake;
  fake.answers["fdt addr 0x44000000"] = {{}, treeStatus};
  fake.answers["bootm start 0x44000000"] = {output, status};
  UbootConsole console(fake, {});
  const auto accepted = UbootSignatureCheck(console).accepts(0x44000000, {});
  QVERIFY(accepted);
  QTEST(*accepted, "accepted");
}

QTEST_GUILESS_MAIN(UbootConsoleTest)
#include "uboot_console_test.moc"
