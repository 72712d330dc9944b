#include "transports/protocols/uboot/console.h"

#include <QRandomGenerator>

#include <algorithm>

namespace sealift {
namespace {

constexpr char kInterrupt[] = "\x03";
constexpr int kTypingAttempts = 4;
constexpr qsizetype kSeenBytes = 16 * 1024;
constexpr qsizetype kReadBytes = 4096;
constexpr std::chrono::milliseconds kSendTime{5'000};
constexpr std::chrono::milliseconds kEchoTime{2'000};
constexpr std::chrono::milliseconds kQuietTime{30};
constexpr std::chrono::milliseconds kKeyInterval{100};

QByteArray newMarker() {
  // Not a secret, only never the same: the system's generator keeps a device from guessing it.
  return "SL" + QByteArray::number(QRandomGenerator::system()->generate64(), 16).rightJustified(16, '0');
}

bool isTypeable(const QByteArray& line) {
  return std::all_of(line.cbegin(), line.cend(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

QByteArray withoutCarriageReturns(QByteArray text) {
  return text.replace("\r\n", "\n");
}

}  // namespace

QString ubootLastWords(const QByteArray& output) {
  constexpr qsizetype kWords = 160;
  QString words = QString::fromLatin1(output.trimmed().right(kWords)).simplified();
  for (QChar& c : words) {
    if (!c.isPrint()) {
      c = QLatin1Char('?');
    }
  }
  return words;
}

bool hasLineThatBegins(const QByteArray& text, const QByteArray& banner) {
  return text.startsWith(banner) || text.contains("\n" + banner);
}

UbootConsole::UbootConsole(ByteLink& link, ConsoleSettings settings) : link_(link), settings_(std::move(settings)) {}

bool UbootConsole::sawAutoboot() const {
  return seen_.contains(settings_.autobootText);
}

Status UbootConsole::send(QByteArrayView bytes, const CancelToken& cancel) {
  return link_.write(bytes, Deadline::in(kSendTime, QStringLiteral("the console to take input")), cancel);
}

Result<bool> UbootConsole::readMore(const Deadline& deadline, const CancelToken& cancel) {
  auto bytes = link_.read(kReadBytes, deadline, cancel);
  if (!bytes && bytes.error().code == ErrorCode::Timeout) {
    return false;
  }
  SEALIFT_TRY(const QByteArray more, std::move(bytes));
  input_.append(more);
  seen_ = (seen_ + more).right(kSeenBytes);
  if (input_.size() > kMaxOutput) {
    input_.clear();
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The console printed more than a command ever does."));
  }
  return true;
}

// Input that ends with the prompt at the beginning of a line: U-Boot waits for a command.
Result<bool> UbootConsole::waitForPrompt(const Deadline& deadline, const CancelToken& cancel) {
  while (!input_.endsWith("\n" + settings_.prompt)) {
    SEALIFT_TRY(const bool more, readMore(deadline, cancel));
    // A console that never stops printing must not keep us here.
    if (!more || deadline.passed()) {
      return input_.endsWith("\n" + settings_.prompt);
    }
  }
  return true;
}

// Takes what is still on its way, e.g. the answer to a second ^C, until the line is quiet.
Status UbootConsole::settle(const CancelToken& cancel) {
  for (int i = 0; i < 50; ++i) {
    SEALIFT_TRY(const bool more, readMore(Deadline::in(kQuietTime, QStringLiteral("quiet")), cancel));
    if (!more) {
      break;
    }
  }
  input_.clear();
  return {};
}

Result<bool> UbootConsole::findPrompt(std::chrono::milliseconds time, const CancelToken& cancel) {
  input_.clear();
  SEALIFT_CHECK(send(kInterrupt, cancel));
  SEALIFT_TRY(bool there, waitForPrompt(Deadline::in(time, QStringLiteral("U-Boot's prompt")), cancel));
  if (!there && hasLineThatBegins(input_, settings_.bootloaderBanner)) {
    // U-Boot is starting: its countdown comes next.
    const Status stopped =
        interruptAutoboot(Deadline::in(std::chrono::seconds(20), QStringLiteral("U-Boot's autoboot")), cancel);
    if (!stopped && stopped.error().code != ErrorCode::Timeout) {
      return tl::unexpected<Error>(stopped.error());
    }
    there = stopped.has_value();
  }
  if (there) {
    SEALIFT_CHECK(settle(cancel));
  }
  return there;
}

Status UbootConsole::interruptAutoboot(const Deadline& deadline, const CancelToken& cancel) {
  bool started = hasLineThatBegins(input_, settings_.bootloaderBanner);
  while (!started) {
    SEALIFT_TRY(const bool more, readMore(deadline, cancel));
    started = hasLineThatBegins(input_, settings_.bootloaderBanner) || input_.contains(settings_.autobootText);
    if (!started && (!more || deadline.passed())) {
      return deadline.timeout();
    }
    if (!started) {
      input_ = input_.right(kReadBytes);  // an application may print for long before it restarts
    }
  }
  // From here on the keys are repeated: the countdown may be zero, and early characters may get lost.
  for (;;) {
    SEALIFT_CHECK(send(settings_.interruptKeys, cancel));
    SEALIFT_TRY(const bool there, waitForPrompt(deadline.sooner(kKeyInterval, deadline.name()), cancel));
    if (there) {
      return settle(cancel);
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
  }
}

Result<bool> UbootConsole::echoComes(const QByteArray& line, const Deadline& deadline, const CancelToken& cancel) {
  while (!input_.endsWith(line)) {
    SEALIFT_TRY(const bool more, readMore(deadline, cancel));
    if (!more || deadline.passed()) {
      return input_.endsWith(line);
    }
    // All came, and it is something else.
    if (input_.size() >= line.size() && !input_.endsWith(line)) {
      SEALIFT_TRY(const bool still, readMore(deadline.sooner(kQuietTime, deadline.name()), cancel));
      if (!still) {
        return false;
      }
    }
  }
  return true;
}

Status UbootConsole::typeLine(const QByteArray& line, const CancelToken& cancel) {
  for (int attempt = 0; attempt < kTypingAttempts; ++attempt) {
    SEALIFT_CHECK(link_.discardInput());
    input_.clear();
    SEALIFT_CHECK(send(line, cancel));
    SEALIFT_TRY(const bool echoed, echoComes(line, Deadline::in(kEchoTime, QStringLiteral("echo")), cancel));
    if (echoed) {
      input_.clear();
      return send("\r", cancel);
    }
    SEALIFT_CHECK(recover(kEchoTime));
  }
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("U-Boot's console does not repeat what is typed; the line loses or changes characters."),
              QStringLiteral("Check the cable and the baud rate."));
}

Result<QByteArray> UbootConsole::start(const QByteArray& command, const QByteArray& until, const Deadline& deadline,
                                       const CancelToken& cancel) {
  if (command.isEmpty() || command.size() > kMaxCommand || !isTypeable(command)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("This can't be typed as one U-Boot command: %1.").arg(ubootLastWords(command)));
  }
  const QByteArray marker = newMarker();
  SEALIFT_CHECK(typeLine(command + "; echo " + marker + "=$?", cancel));
  while (!until.isEmpty() && !input_.contains(until)) {
    SEALIFT_TRY(const bool more, readMore(deadline, cancel));
    if (!more || deadline.passed()) {
      return deadline.timeout();
    }
    if (input_.contains(marker + "=")) {
      return fail(
          ErrorCode::ProtocolRefused,
          QStringLiteral("U-Boot ended \"%1\" at once: %2.").arg(QString::fromLatin1(command), ubootLastWords(input_)));
    }
  }
  if (!until.isEmpty()) {
    input_.remove(0, input_.indexOf(until) + until.size());
  }
  return marker;
}

Result<CommandResult> UbootConsole::finish(const QByteArray& marker, const Deadline& deadline,
                                           const CancelToken& cancel) {
  const QByteArray sign = marker + "=";
  const QByteArray end = "\n" + settings_.prompt;
  for (;;) {
    const qsizetype at = input_.indexOf(sign);
    const qsizetype prompt = at < 0 ? -1 : input_.indexOf(end, at);
    if (prompt >= 0) {
      bool ok = false;
      const qsizetype digits = at + sign.size();
      const int status = input_.mid(digits, prompt - digits).trimmed().toInt(&ok);
      if (!ok) {
        return fail(ErrorCode::ProtocolMalformed, QStringLiteral("U-Boot gave no exit status."));
      }
      CommandResult result{input_.left(at), status};
      // The first line end is the one that answers our Enter.
      if (result.output.startsWith("\r\n")) {
        result.output.remove(0, 2);
      }
      result.output = withoutCarriageReturns(result.output);
      input_.clear();
      return result;
    }
    SEALIFT_TRY(const bool more, readMore(deadline, cancel));
    if (!more || deadline.passed()) {
      return deadline.timeout();
    }
  }
}

Result<CommandResult> UbootConsole::run(const QByteArray& command, std::chrono::milliseconds time,
                                        const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(time, QStringLiteral("U-Boot's \"%1\"").arg(QString::fromLatin1(command)));
  SEALIFT_TRY(const QByteArray marker, start(command, {}, deadline, cancel));
  return finish(marker, deadline, cancel);
}

Result<QByteArray> UbootConsole::runOk(const QByteArray& command, std::chrono::milliseconds time,
                                       const CancelToken& cancel) {
  SEALIFT_TRY(const CommandResult result, run(command, time, cancel));
  if (result.status != 0) {
    return fail(ErrorCode::ProtocolRefused, QStringLiteral("U-Boot's \"%1\" failed with status %2: %3.")
                                                .arg(QString::fromLatin1(command))
                                                .arg(result.status)
                                                .arg(ubootLastWords(result.output)));
  }
  return result.output;
}

Status UbootConsole::runAndLeave(const QByteArray& command, const CancelToken& cancel) {
  if (command.isEmpty() || command.size() > kMaxCommand || !isTypeable(command)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("This can't be typed as one U-Boot command."));
  }
  return typeLine(command, cancel);
}

Status UbootConsole::recover(std::chrono::milliseconds time) {
  const CancelToken never;  // cleaning up goes on after a cancel
  input_.clear();
  SEALIFT_CHECK(send(kInterrupt, never));
  const Deadline deadline = Deadline::in(time, QStringLiteral("U-Boot's prompt after an interruption"));
  SEALIFT_TRY(const bool there, waitForPrompt(deadline, never));
  return there ? settle(never) : Status(deadline.timeout());
}

}  // namespace sealift
