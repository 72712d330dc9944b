// U-Boot's interactive console: runs a command and returns exactly its output and its true exit status.
// Source: U-Boot documentation, "Command-line parsing" and the commands' own pages (see README.md).
//
// Every command is followed by `echo MARKER=$?` with a marker that is drawn anew each time, so that no output
// can be taken for the end of a command. What U-Boot echoes is compared before Enter is sent: a line that got
// damaged on the way is withdrawn with ^C and typed again, never run.
//
// Use by one thread. The link is used, not owned.
#pragma once

#include "transports/links/link.h"

#include <QByteArray>
#include <QString>

#include <chrono>
#include <optional>
#include <utility>

namespace sealift {

struct ConsoleSettings {
  QByteArray prompt = "=> ";
  QByteArray bootloaderBanner = "U-Boot 20";  // begins a line when U-Boot starts (its version is a year)
  QByteArray autobootText = "stop autoboot";  // part of the countdown's text
  QByteArray interruptKeys = "\x03";          // what stops autoboot
};

// True when a line of `text` begins with `banner`. U-Boot's name alone also stands in other messages.
bool hasLineThatBegins(const QByteArray& text, const QByteArray& banner);

// The end of what a command printed, made fit for one line of an error message.
QString ubootLastWords(const QByteArray& output);

struct CommandResult {
  QByteArray output;  // with "\n" line ends, without echo, marker and prompt
  int status = 0;     // as the shell's $? says; 0 is success
};

class UbootConsole {
 public:
  UbootConsole(ByteLink& link, ConsoleSettings settings);

  // True when the prompt answers to ^C within `time`. At a prompt this only clears the typed line; while
  // U-Boot counts down it stops autoboot (sawAutoboot() then says so); an application gets one ^C.
  Result<bool> findPrompt(std::chrono::milliseconds time, const CancelToken& cancel);
  // Waits for U-Boot to start and stops it before it boots. Nothing is sent until U-Boot's banner is seen.
  // Errors: Timeout, Cancelled, LinkLost.
  Status interruptAutoboot(const Deadline& deadline, const CancelToken& cancel);
  // True when autoboot's countdown went by since the console was made or clearSeen() was called.
  bool sawAutoboot() const;
  void clearSeen() { seen_.clear(); }

  // `command`: printable ASCII, at most kMaxCommand characters; may have several commands separated by ';',
  // then the status is the last one's. Errors: InvalidArgument, Timeout, Cancelled, LinkLost,
  // ProtocolMalformed (the line can't be typed without damage, or too much output).
  Result<CommandResult> run(const QByteArray& command, std::chrono::milliseconds time, const CancelToken& cancel);
  // As run(), but a status other than 0 is ProtocolRefused with U-Boot's own last words.
  Result<QByteArray> runOk(const QByteArray& command, std::chrono::milliseconds time, const CancelToken& cancel);

  // For commands that talk on the line themselves (loady): starts one and returns when `until` was printed;
  // finish() then takes the output after that and the status.
  // What already came in behind `until` is to be taken with takeInput(): it is the other protocol's.
  Result<QByteArray> start(const QByteArray& command, const QByteArray& until, const Deadline& deadline,
                           const CancelToken& cancel);
  Result<CommandResult> finish(const QByteArray& marker, const Deadline& deadline, const CancelToken& cancel);
  QByteArray takeInput() { return std::exchange(input_, {}); }
  // For commands after which U-Boot is gone (boot, reset): types the line and Enter, waits for nothing.
  Status runAndLeave(const QByteArray& command, const CancelToken& cancel);
  // Withdraws whatever runs or was typed (^C), until the prompt stands there. For cleaning up after an error.
  Status recover(std::chrono::milliseconds time);

  ByteLink& link() { return link_; }

  static constexpr qsizetype kMaxCommand = 440;        // CONFIG_SYS_CBSIZE is 512 here; room for the marker
  static constexpr qsizetype kMaxOutput = 256 * 1024;  // of one command

 private:
  Status typeLine(const QByteArray& line, const CancelToken& cancel);
  Result<bool> echoComes(const QByteArray& line, const Deadline& deadline, const CancelToken& cancel);
  // Reads more into input_. False on deadline.
  Result<bool> readMore(const Deadline& deadline, const CancelToken& cancel);
  Result<bool> waitForPrompt(const Deadline& deadline, const CancelToken& cancel);
  Status send(QByteArrayView bytes, const CancelToken& cancel);
  Status settle(const CancelToken& cancel);

  ByteLink& link_;
  ConsoleSettings settings_;
  QByteArray input_;  // came in and belongs to the command that runs
  QByteArray seen_;   // the last of everything that came in
};

}  // namespace sealift
