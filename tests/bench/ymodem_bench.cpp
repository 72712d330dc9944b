// YMODEM to a real U-Boot: this sender against lrzsz's `sb`, in turn on the same machine and link.
//   ymodem_bench [KIB [ROUNDS]]     default 128 KiB, 3 rounds
// Prints one line: the medians of both in seconds and their ratio. What arrived is checked by CRC-32 each time.
#include "app/base/crc.h"
#include "tests/bench/bench_support.h"
#include "tests/support/uboot_machine.h"
#include "transports/links/fd_link.h"
#include "transports/protocols/uboot/console.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/ymodem/ymodem_sender.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr quint64 kAddress = 0x44000000;

// Takes nothing from the line that was not asked for: the receiver's first 'C' stays there for whoever sends.
class OneByteLink final : public ByteLink {
 public:
  explicit OneByteLink(ByteLink& inner) : inner_(inner) {}
  Result<QByteArray> read(qsizetype, const Deadline& deadline, const CancelToken& cancel) override {
    return inner_.read(1, deadline, cancel);
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    return inner_.write(bytes, deadline, cancel);
  }
  Status discardInput() override { return inner_.discardInput(); }
  QString description() const override { return inner_.description(); }

 private:
  ByteLink& inner_;
};

void checkArrived(UbootConsole& console, const QByteArray& data) {
  const auto bytes = static_cast<quint64>(data.size());
  if (must(UbootMemory(console).crc32(kAddress, bytes, {})) != crc32(data)) {
    give(QStringLiteral("what arrived differs"));
  }
  must(UbootMemory(console).fill(kAddress, 0, bytes, {}));  // the next round starts without it
}

QByteArray startLoady(UbootConsole& console) {
  return must(console.start("loady 0x" + QByteArray::number(kAddress, 16), "bps...\r\n",
                            Deadline::in(std::chrono::seconds(10), QStringLiteral("loady")), {}));
}

double sendOurs(UbootConsole& console, const QByteArray& data) {
  const QByteArray marker = startLoady(console);
  QElapsedTimer timer;
  timer.start();
  YmodemOptions options;
  options.dataStart = std::chrono::milliseconds(100);  // as the driver has it
  Progress progress;
  must(YmodemSender(console.link(), options).send(QStringLiteral("data.bin"), data, progress, {}));
  const double time = seconds(timer);
  must(console.finish(marker, Deadline::in(std::chrono::seconds(15), QStringLiteral("end of loady")), {}));
  checkArrived(console, data);
  return time;
}

double sendWithSb(UbootConsole& console, const QString& line, const QString& file, const QByteArray& data) {
  const QByteArray marker = startLoady(console);
  QElapsedTimer timer;
  timer.start();
  QProcess sb;
  sb.setStandardInputFile(line);
  sb.setStandardOutputFile(line);
  sb.setStandardErrorFile(QProcess::nullDevice());
  sb.start(QStringLiteral("sb"), {QStringLiteral("-k"), file});  // -k: blocks of 1024 bytes, as ours
  if (!sb.waitForFinished(300'000) || sb.exitCode() != 0) {
    give(QStringLiteral("sb failed"));
  }
  const double time = seconds(timer);
  must(console.finish(marker, Deadline::in(std::chrono::seconds(15), QStringLiteral("end of loady")), {}));
  checkArrived(console, data);
  return time;
}

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  QString why = UbootMachine::whyNotHere();
  if (why.isEmpty() && QStandardPaths::findExecutable(QStringLiteral("sb")).isEmpty()) {
    why = QStringLiteral("sb is missing (package lrzsz)");
  }
  if (!why.isEmpty()) {
    std::fprintf(stderr, "ymodem_bench: skipped: %s\n", qPrintable(why));
    return 77;
  }
  const int kib = argc > 1 ? std::max(1, std::atoi(argv[1])) : 128;
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;

  const QTemporaryDir folder;
  const auto machine = must(UbootMachine::make(folder.path()));
  must(machine->start());
  QByteArray data(static_cast<qsizetype>(kib) * 1024, '\0');
  quint32 state = 1;
  for (char& c : data) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  const QString file = folder.filePath(QStringLiteral("data.bin"));
  QFile out(file);
  if (!out.open(QIODevice::WriteOnly) || out.write(data) != data.size() || !out.flush()) {
    give(QStringLiteral("the data file could not be written"));
  }

  // sb opens the same pty, which our own port would otherwise keep for itself: this link shares it.
  const QString line = QFile::symLinkTarget(machine->consolePath());
  const int fd = ::open(line.toLocal8Bit().constData(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    give(QStringLiteral("%1 could not be opened").arg(line));
  }
  FdLink port(fd, line);
  OneByteLink link(port);
  UbootConsole console(link, {});
  must(console.interruptAutoboot(Deadline::in(std::chrono::seconds(30), QStringLiteral("U-Boot")), {}));
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int i = 0; i < rounds; ++i) {
    ours.push_back(sendOurs(console, data));
    theirs.push_back(sendWithSb(console, line, file, data));
  }
  std::printf("ymodem %d KiB to U-Boot: ours %.2f s, sb %.2f s, ratio %.3f\n", kib, median(ours), median(theirs),
              median(ours) / median(theirs));
  return 0;
}
