// TFTP at the same block and window size: this server against Debian's atftpd (which knows RFC 7440), in turn, with the
// same clients: U-Boot in QEMU over a tap device, and atftp over the loopback. In a network namespace of its own.
//   tftp_bench [ROUNDS [BLOCK WINDOW]]     default 7 rounds of several sizes
// Prints one line for each pair of sizes: the medians of both in seconds and their ratio. What arrived is compared.
#include "app/base/crc.h"
#include "tests/bench/bench_support.h"
#include "tests/support/private_network.h"
#include "tests/support/uboot_machine.h"
#include "transports/links/link_opener.h"
#include "transports/links/udp_port.h"
#include "transports/protocols/tftp/tftp_service.h"
#include "transports/protocols/uboot/environment.h"
#include "transports/protocols/uboot/memory.h"

#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr quint64 kAddress = 0x44000000;
const QByteArray kFile = "image.bin";

struct Sizes {
  int block;
  int window;
  // Long enough to be measured, short enough to be waited for.
  qsizetype bytes() const { return static_cast<qsizetype>(window > 1 ? 64 : 16) * 1024 * 1024; }
};

QString daemonPath() {
  return QStandardPaths::findExecutable(QStringLiteral("atftpd"),
                                        {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")});
}

QByteArray someBytes(qsizetype size) {
  QByteArray bytes(size, '\0');
  quint32 state = 1;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

// Puts them where atftpd finds them.
QByteArray serveBytes(const QString& folder, qsizetype size) {
  const QByteArray data = someBytes(size);
  QFile file(folder + QStringLiteral("/served/") + QString::fromLatin1(kFile));
  if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(data) != data.size() || !file.flush()) {
    give(QStringLiteral("the data file could not be written"));
  }
  return data;
}

// One of the two servers, for as long as this lives.
class Server {
 public:
  Server(bool ours, const QString& own, const QString& client, const QString& folder, const QByteArray& file) {
    const QHostAddress address(own);
    if (ours) {
      service_ = must(TftpService::start([address] { return open(address, 69); },
                                         [address] { return open(address, 0); }, {kFile, file, QHostAddress(client)}));
      return;
    }
    daemon_.setStandardOutputFile(QProcess::nullDevice());
    daemon_.setStandardErrorFile(QProcess::nullDevice());
    daemon_.start(daemonPath(), {QStringLiteral("--daemon"), QStringLiteral("--no-fork"), QStringLiteral("--user"),
                                 QStringLiteral("root"), QStringLiteral("--group"), QStringLiteral("root"),
                                 QStringLiteral("--logfile"), QStringLiteral("/dev/null"),
                                 QStringLiteral("--verbose=0"), QStringLiteral("--bind-address"), own, folder});
    // It listens as soon as nobody else can.
    QElapsedTimer timer;
    timer.start();
    while (daemon_.waitForStarted() && open(address, 69) && timer.elapsed() < 10'000) {
      daemon_.waitForFinished(10);
    }
    if (daemon_.state() != QProcess::Running || timer.elapsed() >= 10'000) {
      give(QStringLiteral("atftpd does not run"));
    }
  }
  ~Server() {
    if (daemon_.state() != QProcess::NotRunning) {
      daemon_.kill();
      daemon_.waitForFinished();
    }
  }

 private:
  static Result<std::unique_ptr<DatagramPort>> open(const QHostAddress& address, quint16 port) {
    return UdpPort::open(address, port);
  }
  std::unique_ptr<TftpService> service_;
  QProcess daemon_;
};

void report(const char* client, qsizetype bytes, const Sizes& sizes, const std::vector<double>& ours,
            const std::vector<double>& theirs) {
  std::printf("tftp %lld MiB to %s, block %d, window %d: ours %.3f s, atftpd %.3f s, ratio %.3f\n",
              static_cast<long long>(bytes >> 20), client, sizes.block, sizes.window, median(ours), median(theirs),
              median(ours) / median(theirs));
  std::fflush(stdout);
}

// ---- U-Boot ---------------------------------------------------------------------------------------------

double loadOnce(UbootConsole& console, const QByteArray& data) {
  must(UbootMemory(console).fill(kAddress, 0, static_cast<quint64>(data.size()), {}));
  QElapsedTimer timer;
  timer.start();
  must(console.runOk(
      "tftpboot 0x" + QByteArray::number(kAddress, 16) + " " + PrivateNetwork::host().toLatin1() + ":" + kFile,
      std::chrono::seconds(60), {}));
  const double time = static_cast<double>(timer.nsecsElapsed()) / 1e9;
  if (must(UbootMemory(console).crc32(kAddress, static_cast<quint64>(data.size()), {})) != crc32(data)) {
    give(QStringLiteral("what arrived differs"));
  }
  return time;
}

void benchUboot(const QString& folder, int rounds, const std::vector<Sizes>& all) {
  const auto machine = must(UbootMachine::make(folder));
  machine->connectTo(PrivateNetwork::tap());
  must(machine->start());
  SystemLinkOpener links;
  const auto link = must(links.openBytes(machine->address(), {}));
  UbootConsole console(*link, {});
  must(console.interruptAutoboot(Deadline::in(std::chrono::seconds(30), QStringLiteral("U-Boot")), {}));
  UbootEnvironment environment(console);
  must(environment.set("ipaddr", PrivateNetwork::device().toLatin1(), {}));
  must(environment.set("netmask", "255.255.255.0", {}));
  must(environment.set("tftptimeout", "1000", {}));
  for (const Sizes& sizes : all) {
    must(environment.set("tftpblocksize", QByteArray::number(sizes.block), {}));
    must(environment.set("tftpwindowsize", QByteArray::number(sizes.window), {}));
    const QByteArray data = serveBytes(folder, sizes.bytes());
    std::vector<double> times[2];
    for (int i = 0; i < 2 * rounds; ++i) {
      const bool ours = i % 4 == 0 || i % 4 == 3;  // neither is always the first
      const Server server(ours, PrivateNetwork::host(), PrivateNetwork::device(), folder + QStringLiteral("/served"),
                          data);
      times[ours ? 0 : 1].push_back(loadOnce(console, data));
    }
    report("U-Boot", data.size(), sizes, times[0], times[1]);
  }
}

// ---- atftp ----------------------------------------------------------------------------------------------

void benchAtftp(const QString& folder, int rounds, const std::vector<Sizes>& all) {
  const QString got = folder + QStringLiteral("/got.bin");
  for (const Sizes& sizes : all) {
    const QByteArray data = serveBytes(folder, sizes.bytes());
    std::vector<double> times[2];
    for (int i = 0; i < 2 * rounds; ++i) {
      const bool ours = i % 4 == 0 || i % 4 == 3;  // neither is always the first
      const Server server(ours, QStringLiteral("127.0.0.1"), QStringLiteral("127.0.0.1"),
                          folder + QStringLiteral("/served"), data);
      QFile::remove(got);
      QElapsedTimer timer;
      timer.start();
      QProcess client;
      client.setProcessChannelMode(QProcess::MergedChannels);
      client.start(
          QStringLiteral("atftp"),
          {QStringLiteral("--option"), QStringLiteral("blksize %1").arg(sizes.block), QStringLiteral("--option"),
           QStringLiteral("windowsize %1").arg(sizes.window), QStringLiteral("-g"), QStringLiteral("-r"),
           QString::fromLatin1(kFile), QStringLiteral("-l"), got, QStringLiteral("127.0.0.1"), QStringLiteral("69")});
      if (!client.waitForFinished(120'000) || client.exitCode() != 0) {
        give(QStringLiteral("atftp failed: %1").arg(QString::fromLocal8Bit(client.readAll())));
      }
      times[ours ? 0 : 1].push_back(static_cast<double>(timer.nsecsElapsed()) / 1e9);
      QFile back(got);
      if (!back.open(QIODevice::ReadOnly) || back.readAll() != data) {
        give(QStringLiteral("what arrived differs"));
      }
    }
    report("atftp", data.size(), sizes, times[0], times[1]);
  }
}

QString whyNotHere() {
  if (daemonPath().isEmpty()) {
    return QStringLiteral("atftpd is missing (package atftpd)");
  }
  if (QStandardPaths::findExecutable(QStringLiteral("atftp")).isEmpty()) {
    return QStringLiteral("atftp is missing (package atftp)");
  }
  return UbootMachine::whyNotHere();
}

}  // namespace

int main(int argc, char** argv) {
  QString why = whyNotHere();
  if (why.isEmpty()) {
    why = PrivateNetwork::enter();
  }
  QCoreApplication application(argc, argv);
  if (why.isEmpty()) {
    why = PrivateNetwork::addTap();
  }
  if (!why.isEmpty()) {
    std::printf("SKIP: %s\n", qPrintable(why));
    return 0;
  }
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
  const QTemporaryDir folder;
  if (!folder.isValid() || !QDir(folder.path()).mkdir(QStringLiteral("served"))) {
    give(QStringLiteral("no temporary folder could be made"));
  }
  // With windows of 32 U-Boot's network card in QEMU, which has 32 buffers, stops altogether, whoever serves.
  std::vector<Sizes> all{{512, 1}, {1468, 1}, {1468, 8}, {1468, 16}};
  if (argc > 3) {
    all = {{std::clamp(std::atoi(argv[2]), 8, 65464), std::clamp(std::atoi(argv[3]), 1, 64)}};
  }
  benchUboot(folder.path(), rounds, all);
  benchAtftp(folder.path(), rounds, all);
  return 0;
}
