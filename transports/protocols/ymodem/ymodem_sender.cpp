#include "transports/protocols/ymodem/ymodem_sender.h"

#include "app/base/crc.h"

#include <algorithm>

namespace sealift {
namespace {

// Control characters: XMODEM/YMODEM Protocol Reference, chapter 7.
constexpr char kSoh = 0x01;  // begins a block of 128 bytes
constexpr char kStx = 0x02;  // begins a block of 1024 bytes
constexpr char kEot = 0x04;  // end of the file
constexpr char kAck = 0x06;
constexpr char kNak = 0x15;
constexpr char kCan = 0x18;  // two in a row end the transfer
constexpr char kWantCrc = 'C';
constexpr char kFiller = 0x1A;  // CP/M end of file, fills the last block

constexpr qsizetype kShortBlock = 128;
constexpr qsizetype kLongBlock = 1024;
constexpr qsizetype kMaxName = 100;
constexpr int kCansToGiveUp = 2;
constexpr std::chrono::milliseconds kWriteTime{30'000};  // a block at 300 baud takes longer than any sane line
constexpr std::chrono::milliseconds kQuietAfterRetry{20};
// lrzsz's rb throws its input away right after it has asked for block 0.
constexpr std::chrono::milliseconds kTurnaround{20};
constexpr std::chrono::milliseconds kLastAnswer{1'000};

QByteArray encodeBlock(int number, QByteArrayView payload, char filler) {
  const qsizetype size = payload.size() <= kShortBlock ? kShortBlock : kLongBlock;
  QByteArray block;
  block.reserve(size + 5);
  block.append(size == kShortBlock ? kSoh : kStx);
  block.append(static_cast<char>(number & 0xFF));
  block.append(static_cast<char>(~number & 0xFF));
  block.append(payload);
  block.append(size - payload.size(), filler);
  const std::uint16_t crc = crc16Xmodem(QByteArrayView(block).sliced(3));
  block.append(static_cast<char>(crc >> 8));
  block.append(static_cast<char>(crc & 0xFF));
  return block;
}

bool isGoodName(const QString& name) {
  return !name.isEmpty() && name.size() <= kMaxName && std::all_of(name.cbegin(), name.cend(), [](QChar c) {
    return c > QLatin1Char(' ') && c < QLatin1Char(0x7F) && c != QLatin1Char('/');
  });
}

}  // namespace

Status YmodemSender::send(const QString& name, QByteArrayView bytes, Progress& progress, const CancelToken& cancel) {
  if (!isGoodName(name)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A YMODEM file name has 1 to 100 printable ASCII characters."));
  }
  const Status sent = sendFile(name, bytes, progress, cancel);
  if (!sent && sent.error().code != ErrorCode::LinkLost) {
    abort();
  }
  return sent;
}

Status YmodemSender::sendFile(const QString& name, QByteArrayView bytes, Progress& progress,
                              const CancelToken& cancel) {
  SEALIFT_CHECK(waitForStart(cancel));
  // Block 0 (chapter 5): name, NUL, length in decimal; the rest is NUL.
  SEALIFT_CHECK(sendBlock(0, name.toLatin1() + '\0' + QByteArray::number(bytes.size()), '\0', cancel));
  SEALIFT_CHECK(waitForDataStart(cancel));
  int number = 1;
  for (qsizetype at = 0; at < bytes.size(); ++number) {
    const qsizetype count = std::min(kLongBlock, bytes.size() - at);
    SEALIFT_CHECK(sendBlock(number, bytes.sliced(at, count), kFiller, cancel));
    at += count;
    progress.setBytes(at, bytes.size());
  }
  SEALIFT_CHECK(sendEndOfFile(cancel));
  return sendEndOfBatch(cancel);
}

Status YmodemSender::waitForStart(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(options_.start, QStringLiteral("the receiver to ask for a file (YMODEM)"));
  for (;;) {
    SEALIFT_TRY(const Answer answer, readAnswer(deadline, cancel));
    if (answer == Answer::WantCrc) {
      return {};
    }
    if (answer == Answer::Silence) {
      return deadline.timeout();
    }
  }
}

Status YmodemSender::waitForDataStart(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(options_.dataStart, QStringLiteral("the receiver to ask for data (YMODEM)"));
  for (;;) {
    SEALIFT_TRY(const Answer answer, readAnswer(deadline, cancel));
    if (answer == Answer::WantCrc || answer == Answer::Silence) {
      return {};
    }
  }
}

Status YmodemSender::sendBlock(int number, QByteArrayView payload, char filler, const CancelToken& cancel) {
  const QByteArray block = encodeBlock(number, payload, filler);
  for (int attempt = 0; attempt <= options_.retries; ++attempt) {
    if (attempt > 0 || number == 0) {
      SEALIFT_CHECK(settle(cancel));
    }
    SEALIFT_CHECK(write(block, cancel));
    const Deadline deadline = Deadline::in(options_.answer, QStringLiteral("YMODEM block %1").arg(number));
    Answer answer = Answer::Silence;
    do {
      SEALIFT_TRY(answer, readAnswer(deadline, cancel));
      // Only before it saw block 0 does a receiver ask with 'C'; a 'C' later is an old one.
    } while (answer == Answer::WantCrc && number != 0);
    if (answer == Answer::Ack) {
      if (attempt == 0) {
        return {};
      }
      // The receiver may acknowledge both copies; the second answer must not count for the next block.
      const Deadline quiet = Deadline::in(kQuietAfterRetry, QStringLiteral("quiet"));
      Answer late = Answer::Ack;
      while (late == Answer::Ack || late == Answer::Nak) {
        SEALIFT_TRY(late, readAnswer(quiet, cancel));
      }
      if (late == Answer::WantCrc) {
        input_.prepend(kWantCrc);  // it already asks for the data
      }
      return {};
    }
  }
  return fail(
      ErrorCode::Timeout,
      QStringLiteral("The receiver did not accept block %1 in %2 attempts.").arg(number).arg(options_.retries + 1),
      QStringLiteral("Check the cable and the baud rate."));
}

Status YmodemSender::sendEndOfFile(const CancelToken& cancel) {
  for (int attempt = 0; attempt <= options_.retries; ++attempt) {
    // Many receivers answer NAK to the first EOT, to be sure that it was one (chapter 7.3.3).
    SEALIFT_CHECK(write(QByteArrayView(&kEot, 1), cancel));
    const Deadline deadline = Deadline::in(options_.answer, QStringLiteral("YMODEM end of file"));
    SEALIFT_TRY(const Answer answer, readAnswer(deadline, cancel));
    if (answer == Answer::Ack) {
      return {};
    }
    if (answer == Answer::WantCrc) {  // the acknowledgement was lost: it already asks for the next file
      input_.prepend(kWantCrc);
      return {};
    }
  }
  return fail(ErrorCode::Timeout, QStringLiteral("The receiver did not acknowledge the end of the file."));
}

Status YmodemSender::sendEndOfBatch(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(options_.answer, QStringLiteral("the receiver to ask for the next file"));
  Answer answer = Answer::Ack;
  while (answer != Answer::WantCrc) {
    SEALIFT_TRY(answer, readAnswer(deadline, cancel));
    if (answer == Answer::Silence) {
      return deadline.timeout();
    }
  }
  // An empty name: no more files (chapter 5). The file itself is acknowledged by now, and some receivers (lrzsz)
  // drop this last answer on their way out: silence after it is no failure.
  const QByteArray last = encodeBlock(0, {}, '\0');
  for (int attempt = 0; attempt <= options_.retries; ++attempt) {
    SEALIFT_CHECK(settle(cancel));
    SEALIFT_CHECK(write(last, cancel));
    SEALIFT_TRY(answer, readAnswer(Deadline::in(kLastAnswer, QStringLiteral("YMODEM end of batch")), cancel));
    if (answer == Answer::Ack || answer == Answer::Silence) {
      break;
    }
  }
  return {};
}

Status YmodemSender::write(QByteArrayView bytes, const CancelToken& cancel) {
  return link_.write(bytes, Deadline::in(kWriteTime, QStringLiteral("the serial line to take a YMODEM block")), cancel);
}

// The next answer; everything else that comes in is line noise or console text.
Result<YmodemSender::Answer> YmodemSender::readAnswer(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    while (!input_.isEmpty()) {
      const char c = input_.front();
      input_.remove(0, 1);
      cansInARow_ = c == kCan ? cansInARow_ + 1 : 0;
      if (cansInARow_ >= kCansToGiveUp) {
        return fail(ErrorCode::ProtocolRefused, QStringLiteral("The receiver gave the YMODEM transfer up."));
      }
      switch (c) {
        case kAck:
          return Answer::Ack;
        case kNak:
          return Answer::Nak;
        case kWantCrc:
          return Answer::WantCrc;
        default:
          break;
      }
    }
    // A line that never stops talking must not keep us here.
    if (deadline.passed()) {
      return Answer::Silence;
    }
    auto bytes = link_.read(kLongBlock, deadline, cancel);
    if (!bytes && bytes.error().code == ErrorCode::Timeout) {
      return Answer::Silence;
    }
    SEALIFT_TRY(input_, std::move(bytes));
  }
}

// Lets the receiver get ready and drops what it still says: it asks again and again, one block is enough.
Status YmodemSender::settle(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(kTurnaround, QStringLiteral("turnaround"));
  Answer answer = Answer::Ack;
  while (answer != Answer::Silence) {
    SEALIFT_TRY(answer, readAnswer(deadline, cancel));
  }
  input_.clear();
  return {};
}

// Chapter 7: eight CANs; the backspaces take them off a command line that they may land on.
void YmodemSender::abort() {
  const QByteArray bytes = QByteArray(8, kCan) + QByteArray(8, '\b');
  // Sent even when the caller cancelled; the outcome changes nothing any more.
  (void)link_.write(bytes, Deadline::in(std::chrono::seconds(2), QStringLiteral("YMODEM abort")), CancelToken());
}

}  // namespace sealift
