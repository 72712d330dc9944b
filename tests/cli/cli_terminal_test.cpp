// The tool in front of a person: questions, Ctrl-C and progress on a pseudo terminal, and text that would steer it.
#include "keystore/tuf/fingerprint_words.h"
#include "tests/cli/cli_world.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 30'000;

// The tool with a pseudo terminal as its controlling one.
class AtTerminal {
 public:
  AtTerminal(const CliWorld& world, const QStringList& arguments) {
    if (openpty(&master_, &slave_, nullptr, nullptr, nullptr) != 0) {
      return;
    }
    fcntl(master_, F_SETFL, O_NONBLOCK);
    tool_.setProcessEnvironment(CliWorld::environment());
    tool_.setChildProcessModifier([slave = slave_] {
      setsid();
      ioctl(slave, TIOCSCTTY, 0);
      dup2(slave, 0);
      dup2(slave, 1);
      dup2(slave, 2);
    });
    tool_.start(QStringLiteral(SEALIFTCTL), world.withDataFolder(arguments));
    tool_.waitForStarted(kWaitMs);
    close(slave_);
  }
  ~AtTerminal() {
    if (tool_.state() != QProcess::NotRunning) {
      tool_.kill();
      tool_.waitForFinished(kWaitMs);
    }
    close(master_);
  }

  // Reads until `text` was shown. False when it never was.
  bool sees(const QByteArray& text) {
    QDeadlineTimer deadline(kWaitMs);
    while (!screen_.contains(text) && !deadline.hasExpired() && read()) {
    }
    return screen_.contains(text);
  }
  void type(const QByteArray& text) { QVERIFY(write(master_, text.constData(), static_cast<size_t>(text.size())) > 0); }
  int status() {
    QDeadlineTimer deadline(kWaitMs);
    while (!deadline.hasExpired() && read()) {
    }
    if (!tool_.waitForFinished(kWaitMs) || tool_.exitStatus() != QProcess::NormalExit) {
      return -1;
    }
    return tool_.exitCode();
  }
  const QByteArray& screen() const { return screen_; }
  // Whether what is typed is shown.
  bool echoes() const {
    termios now{};
    return tcgetattr(master_, &now) == 0 && (now.c_lflag & ECHO) != 0;
  }
  // Ends within its time, however.
  bool ends() { return tool_.state() == QProcess::NotRunning || tool_.waitForFinished(kWaitMs); }

 private:
  bool read() {  // false at the end
    pollfd waiting{master_, POLLIN, 0};
    poll(&waiting, 1, 200);
    char bytes[4096];
    const ssize_t count = ::read(master_, bytes, sizeof bytes);
    if (count > 0) {
      screen_ += QByteArray(bytes, count);
      return true;
    }
    return count < 0 && errno == EAGAIN;  // EIO: the other side was closed
  }

  int master_ = -1;
  int slave_ = -1;
  QProcess tool_;
  QByteArray screen_;
};

const QStringList kApply{QStringLiteral("update"), QStringLiteral("apply"), QStringLiteral("0001")};
constexpr char kQuestion[] = "Type yes to agree: ";
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliTerminalTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void yesAfterTheNotesInstalls();
  void anythingElseInstallsNothing_data();
  void anythingElseInstallsNothing();
  void ctrlCInTransferCancels();
  void ctrlCAtAHiddenInputGivesTheEchoBack();
  void vendorIsAskedFor();
  void notesCannotSteerTheTerminal();
  void jsonAsksNobody();
};

void CliTerminalTest::yesAfterTheNotesInstalls() {
  CliWorld world;
  const auto device = world.ready({.notes = "## Known issues\n\n- The lamp flickers once.\n"}, world.deviceConfig());
  QVERIFY(device);
  AtTerminal terminal(world, kApply);
  QVERIFY2(terminal.sees(kQuestion), terminal.screen().constData());
  const QByteArray shown = terminal.screen();
  QVERIFY2(shown.contains("The lamp flickers once.") && shown.contains("Image signature valid"), shown.constData());
  QVERIFY(shown.indexOf("The lamp flickers once.") < shown.indexOf(kQuestion));
  terminal.type("yes\n");
  QCOMPARE(terminal.status(), 0);
  QVERIFY2(terminal.screen().contains("Succeeded"), terminal.screen().constData());
  QVERIFY2(terminal.screen().contains("\r\033[K[#"), terminal.screen().constData());  // one line, redrawn
  QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
  QVERIFY(world.run("audit list").out.contains("consent.given"));
}

void CliTerminalTest::anythingElseInstallsNothing_data() {
  QTest::addColumn<QByteArray>("answer");
  QTest::addColumn<int>("status");
  QTest::newRow("no") << QByteArray("no\n") << 3;
  QTest::newRow("y") << QByteArray("y\n") << 3;
  QTest::newRow("nothing") << QByteArray("\n") << 3;
  QTest::newRow("yes and more") << QByteArray("yes please\n") << 3;
  QTest::newRow("end of input") << QByteArray("\x04") << 3;
  QTest::newRow("ctrl-c") << QByteArray("\x03") << 7;
}

void CliTerminalTest::anythingElseInstallsNothing() {
  QFETCH(const QByteArray, answer);
  QFETCH(const int, status);
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  AtTerminal terminal(world, kApply);
  QVERIFY2(terminal.sees(kQuestion), terminal.screen().constData());
  terminal.type(answer);
  QCOMPARE(terminal.status(), status);
  QCOMPARE(device->snapshot().flashOperations, written);
  const QByteArray log = world.run("audit list --limit 1000").out;
  QVERIFY2(!log.contains("consent.given") && !log.contains("update.started"), log.constData());
  VERIFY_STATUS(world.run("audit verify"), 0);
}

void CliTerminalTest::ctrlCInTransferCancels() {
  CliWorld world;
  SmpDeviceConfig config = world.deviceConfig();
  config.programUsPerKiB = 40'000;
  const auto device = world.ready({.payload = 100'000}, config);
  QVERIFY(device);
  AtTerminal terminal(world, kApply);
  QVERIFY(terminal.sees(kQuestion));
  terminal.type("yes\n");
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.uploadedBytes > 20'000; }, kWaitMs));
  terminal.type("\x03");
  QCOMPARE(terminal.status(), 7);
  QVERIFY2(terminal.screen().contains("Cancelled"), terminal.screen().constData());
  QVERIFY(device->snapshot().running == kOld);
  QCOMPARE(device->snapshot().boots, 1U);
}

void CliTerminalTest::ctrlCAtAHiddenInputGivesTheEchoBack() {
  CliWorld world;
  world.initRepository();
  AtTerminal terminal(
      world, {QStringLiteral("repo"), QStringLiteral("key"), QStringLiteral("generate"), QStringLiteral("--repo"),
              world.repo(), QStringLiteral("--at"), world.file(QStringLiteral("offline.pem"))});
  QVERIFY2(terminal.sees(": "), terminal.screen().constData());
  QVERIFY(!terminal.echoes());
  terminal.type("half a pass\x03");
  QVERIFY(terminal.ends());
  QVERIFY(terminal.echoes());
  QVERIFY(!terminal.screen().contains("half"));
  QVERIFY(!QFile::exists(world.file(QStringLiteral("offline.pem"))));
}

void CliTerminalTest::vendorIsAskedFor() {
  CliWorld world;
  world.initRepository();
  world.publish();
  const QStringList add{QStringLiteral("vendor"), QStringLiteral("add"), world.vendorFile()};
  {
    AtTerminal terminal(world, add);
    QVERIFY(terminal.sees(kQuestion));
    terminal.type("no\n");
    QCOMPARE(terminal.status(), 3);
  }
  QVERIFY(world.runJson("vendor list").json().value(QLatin1String("vendors")).toArray().isEmpty());
  AtTerminal terminal(world, add);
  QVERIFY(terminal.sees(kQuestion));
  // In hexadecimal, and in words to be read out.
  QVERIFY2(terminal.screen().contains(world.fingerprint().toUtf8()), terminal.screen().constData());
  const QStringList words = tuf::fingerprintWords(world.fingerprint());
  QVERIFY2(terminal.screen().contains(words.first(8).join(u' ').toUtf8()), terminal.screen().constData());
  QVERIFY2(terminal.screen().contains(words.last(8).join(u' ').toUtf8()), terminal.screen().constData());
  terminal.type("yes\n");
  QCOMPARE(terminal.status(), 0);
}

// Hides the warning, writes a friendlier line, renames the window, turns the reading direction around.
void CliTerminalTest::notesCannotSteerTheTerminal() {
  CliWorld world;
  const auto device = world.ready({.notes = "Harmless\033[2J\033]0;owned\007\r\b\x9b"
                                            "31m \xc2\x9b"
                                            "2J"
                                            "\xe2\x80\xae"
                                            "desrever\xe2\x80\xac\n"},
                                  world.deviceConfig());
  QVERIFY(device);
  AtTerminal terminal(world, kApply);
  QVERIFY(terminal.sees(kQuestion));
  const QByteArray shown = terminal.screen().first(terminal.screen().indexOf(kQuestion));
  QVERIFY(shown.contains("Harmless"));
  // NOLINTNEXTLINE(misc-misleading-bidirectional): what is tested
  for (const char* steering : {"\033", "\007", "\b", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xac"}) {
    QVERIFY2(!shown.contains(steering), shown.toHex(' ').constData());
  }
  terminal.type("no\n");
  QCOMPARE(terminal.status(), 3);
  // In JSON they are escaped, so that whoever decodes it gets what was published.
  const Ran plan = world.runJson("update plan 0001");
  VERIFY_STATUS(plan, 0);
  QVERIFY(!plan.out.contains('\033') && plan.out.contains("\\u001b"));
}

// A question among JSON would be a consent to notes that nobody saw.
void CliTerminalTest::jsonAsksNobody() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  AtTerminal terminal(world, kApply + QStringList{QStringLiteral("--json")});
  QCOMPARE(terminal.status(), 3);
  QVERIFY2(!terminal.screen().contains(kQuestion) && terminal.screen().contains("consent.missing"),
           terminal.screen().constData());
  QVERIFY(device->snapshot().running == kOld);
}

QTEST_GUILESS_MAIN(CliTerminalTest)
#include "cli_terminal_test.moc"
