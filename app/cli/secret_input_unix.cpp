#include "app/cli/secret_input.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace sealift {
namespace {

constexpr char kInterrupt = 0x03;  // Ctrl-C

// POSIX.1-2017, General Terminal Interface: echo off while this lives, pending input thrown away. Ctrl-C ends the
// line in place of the program, which would leave the terminal without its echo.
class WithoutEcho {
 public:
  explicit WithoutEcho(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) == 0) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
      quiet.c_cc[VEOL] = kInterrupt;
      isQuiet_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
  }
  ~WithoutEcho() {
    if (isQuiet_) {
      tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
  bool isQuiet() const { return isQuiet_; }

 private:
  int terminal_;
  termios before_{};
  bool isQuiet_ = false;
};

bool writeAll(int terminal, const QByteArray& bytes) {
  return write(terminal, bytes.constData(), static_cast<size_t>(bytes.size())) == bytes.size();
}

}  // namespace

std::optional<QByteArray> readSecret(const QString& prompt) {
  constexpr qsizetype kLongest = 4096;
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0) {
    return std::nullopt;
  }
  std::optional<QByteArray> secret;
  bool interrupted = false;
  if (const WithoutEcho quiet(terminal); quiet.isQuiet() && writeAll(terminal, prompt.toLocal8Bit() + ": ")) {
    QByteArray line;
    line.reserve(kLongest);  // so that no copy is left behind while it grows
    char c = 0;
    ssize_t count = 0;
    while ((count = read(terminal, &c, 1)) == 1 || (count < 0 && errno == EINTR)) {
      if (count == 1 && c == kInterrupt) {
        interrupted = true;
        break;
      }
      if (count == 1 && (c == '\n' || line.size() == kLongest)) {
        secret = line;
        break;
      }
      if (count == 1) {
        line.append(c);
      }
    }
    writeAll(terminal, "\n");
  }
  close(terminal);
  if (interrupted) {
    std::raise(SIGINT);
  }
  return secret;
}

}  // namespace sealift
