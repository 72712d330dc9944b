#include "transports/protocols/stm32/stm32_session.h"

#include "app/base/hex_number.h"

#include <algorithm>

namespace sealift {

namespace {

constexpr int kTries = 3;  // of each command
// What brings a bootloader back that was left in the middle of a command and waits for the rest of it: bytes that end
// whatever it is with a wrong checksum, counts included. Even, so that the exclusive or of a count, as many bytes and
// one more is not the byte itself; and small, as a count of pages is twice the byte. Only a message of which a part was
// sent can happen to fit: one case in 256.
constexpr char kFiller = 0x02;
// Between 0x7F and the fillers, for the same reason.
constexpr char kFirstFiller = 0x04;
constexpr qsizetype kMostPending = 2 + 2 * (0x0202 + 1) + 1;  // a list of pages whose count is two fillers
constexpr qsizetype kFillersAtOnce = 16;
constexpr qsizetype kMostNoise = 4096;
constexpr std::chrono::milliseconds kSendTime{10'000};  // 258 bytes at 1200 baud take 2.4 s

QString answerTo(Stm32Command command) {
  return QStringLiteral("the STM32 bootloader's answer to %1").arg(stm32CommandName(command));
}

// What noise on the line can look like; everything else is meant.
bool mayPass(ErrorCode code) {
  return code == ErrorCode::Timeout || code == ErrorCode::ProtocolMalformed || code == ErrorCode::ProtocolRefused ||
         code == ErrorCode::DeviceProtected || code == ErrorCode::DeviceWriteFailed;
}

bool isErased(const QByteArray& bytes) {
  // STM32L0 and L1 erase to zeros, all others to ones.
  return bytes.count('\xFF') == bytes.size() || bytes.count('\0') == bytes.size();
}

}  // namespace

// ---- getting and staying in step ------------------------------------------------------------------------

Status Stm32Session::drain(const CancelToken& cancel) {
  SEALIFT_CHECK(link_.discardInput());
  for (qsizetype dropped = 0; dropped < kMostNoise;) {
    const auto bytes = link_.read(kStm32Block, Deadline::in(patience_.quiet, QStringLiteral("a quiet line")), cancel);
    if (!bytes) {
      return bytes.error().code == ErrorCode::Timeout ? Status() : fail(bytes.error());
    }
    dropped += bytes->size();
  }
  return fail(
      ErrorCode::DeviceNotRecognised,
      QStringLiteral("Something on %1 talks without a pause; it is no STM32 bootloader.").arg(link_.description()));
}

// One or more bytes that are not a command; what is answered to them.
Result<Stm32Session::Heard> Stm32Session::poke(const QByteArray& bytes, std::chrono::milliseconds time,
                                               const CancelToken& cancel) {
  SEALIFT_CHECK(send(bytes, cancel));
  const auto answer = receive(1, Deadline::in(time, QStringLiteral("an STM32 bootloader to say ACK or NACK")), cancel);
  if (!answer) {
    return answer.error().code == ErrorCode::Timeout ? Result<Heard>(Heard::Nothing) : fail(answer.error());
  }
  const auto byte = static_cast<quint8>(answer->front());
  const Heard heard = byte == kStm32Ack ? Heard::Ack : byte == kStm32Nack ? Heard::Nack : Heard::Noise;
  if (heard == Heard::Noise || bytes.size() > 1) {  // there may be more of it
    SEALIFT_CHECK(drain(cancel));
  }
  return heard;
}

// A bootloader that waits for a command takes the first byte for one and the second for its complement, which is wrong:
// NACK. One in the middle of a command gets what it waits for. `first` is sent twice, each time by itself; at most
// `most` bytes in all.
Result<Stm32Session::Heard> Stm32Session::pokeUntilHeard(char first, std::chrono::milliseconds time, qsizetype most,
                                                         const CancelToken& cancel) {
  SEALIFT_CHECK(link_.discardInput());
  bool noise = false;
  for (qsizetype sent = 0; sent < most;) {
    QByteArray bytes(1, first);
    if (sent >= 2) {
      bytes.fill(kFiller, kFillersAtOnce);
      bytes[0] = sent == 2 ? kFirstFiller : kFiller;
    }
    SEALIFT_TRY(const Heard heard, poke(bytes, sent < 2 ? time : patience_.quiet, cancel));
    if (heard == Heard::Ack || heard == Heard::Nack) {
      // An ACK that comes late is that of a command which happened to be completed.
      return sent < 2 ? heard : Heard::Nack;
    }
    noise = noise || heard == Heard::Noise;
    sent += bytes.size();
  }
  return noise ? Heard::Noise : Heard::Nothing;
}

Status Stm32Session::greet(const CancelToken& cancel) {
  info_.commands = QByteArray(1, static_cast<char>(Stm32Command::Get));
  SEALIFT_TRY(const QByteArray list, askList(Stm32Command::Get, cancel));
  SEALIFT_TRY(info_, parseStm32Get(list));
  return {};
}

Result<bool> Stm32Session::isThere(const CancelToken& cancel) {
  SEALIFT_TRY(const Heard heard, pokeUntilHeard(static_cast<char>(kStm32Start), patience_.start, 2, cancel));
  return heard == Heard::Ack || heard == Heard::Nack;
}

// AN3155, chapter 1: a bootloader fresh from reset measures the first 0x7F and says ACK.
Status Stm32Session::connect(const CancelToken& cancel) {
  const auto stranger = [&] {
    return makeError(ErrorCode::DeviceNotRecognised,
                     QStringLiteral("What answers on %1 is no STM32 bootloader.").arg(link_.description()),
                     QStringLiteral("Start the device's bootloader (BOOT0 high, then reset) and check the baud rate."));
  };
  Status greeted;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (attempt > 0) {
      SEALIFT_CHECK(drain(cancel));
    }
    SEALIFT_TRY(const Heard heard,
                pokeUntilHeard(static_cast<char>(kStm32Start), patience_.start, kMostPending, cancel));
    if (heard == Heard::Noise) {
      return fail(stranger());
    }
    if (heard == Heard::Nothing) {
      return fail(ErrorCode::Timeout, QStringLiteral("No STM32 bootloader answers on %1.").arg(link_.description()),
                  QStringLiteral("Start the device's bootloader (BOOT0 high, then reset), check the wiring, and try a "
                                 "lower baud rate."));
    }
    greeted = greet(cancel);
    if (greeted || !mayPass(greeted.error().code)) {
      return greeted;
    }
  }
  Error error = stranger();
  error.cause = std::make_shared<const Error>(greeted.error());
  return fail(error);
}

// Never with 0x7F: as a count it would ask for more than can be sent. A bootloader that was reset meanwhile measures a
// wrong baud rate from this, and is silent.
Status Stm32Session::resynchronise(const CancelToken& cancel) {
  const Stm32BootloaderInfo before = info_;
  for (int attempt = 1;; ++attempt) {
    SEALIFT_CHECK(drain(cancel));  // what is still coming of the answer that went wrong
    SEALIFT_TRY(const Heard heard, pokeUntilHeard(kFiller, patience_.start / 2, kMostPending, cancel));
    if (heard == Heard::Nothing) {
      return fail(ErrorCode::LinkLost,
                  QStringLiteral("The bootloader on %1 fell silent: the device was reset, or unplugged.")
                      .arg(link_.description()),
                  QStringLiteral("Check the wiring and start the device's bootloader again."));
    }
    const Status greeted = greet(cancel);
    if (greeted && info_.version == before.version && info_.commands == before.commands) {
      return {};
    }
    info_ = before;
    if (attempt == kTries) {
      return greeted ? fail(ErrorCode::DeviceChanged, QStringLiteral("Another bootloader answers than before."))
                     : greeted;
    }
  }
}

template <class Call>
auto Stm32Session::repeated(const CancelToken& cancel, Call call) {
  for (int attempt = 1;; ++attempt) {
    auto result = call();
    if (result || attempt == kTries || !mayPass(result.error().code)) {
      return result;
    }
    if (const Status again = resynchronise(cancel); !again) {
      return decltype(result)(tl::unexpected<Error>(again.error()));
    }
  }
}

// ---- the parts of commands ------------------------------------------------------------------------------

Status Stm32Session::send(const QByteArray& bytes, const CancelToken& cancel) {
  return link_.write(bytes, Deadline::in(kSendTime, QStringLiteral("the serial line to take a message")), cancel);
}

// No more than was asked for is taken from the link.
Result<QByteArray> Stm32Session::receive(qsizetype count, const Deadline& deadline, const CancelToken& cancel) {
  QByteArray bytes;
  while (bytes.size() < count) {
    SEALIFT_TRY(const QByteArray part, link_.read(count - bytes.size(), deadline, cancel));
    bytes += part;
  }
  return bytes;
}

Result<bool> Stm32Session::acknowledged(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray byte, receive(1, deadline, cancel));
  const auto answer = static_cast<quint8>(byte.front());
  if (answer != kStm32Ack && answer != kStm32Nack) {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("Byte 0x%1 came instead of %2.").arg(answer, 2, 16, QLatin1Char('0')).arg(deadline.name()));
  }
  return answer == kStm32Ack;
}

// Chapter 3: with read-out protection on, all but Get, Get Version, Get ID and Readout Unprotect are answered by NACK.
Status Stm32Session::begin(Stm32Command command, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  if (!info_.has(command)) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The device's bootloader (version %1) has no command %2.")
                                             .arg(info_.versionText(), stm32CommandName(command)));
  }
  SEALIFT_CHECK(link_.discardInput());
  SEALIFT_CHECK(send(encodeStm32Command(command), cancel));
  SEALIFT_TRY(const bool accepted, acknowledged(Deadline::in(patience_.answer, answerTo(command)), cancel));
  if (accepted) {
    return {};
  }
  const bool always = command == Stm32Command::Get || command == Stm32Command::GetVersion ||
                      command == Stm32Command::GetId || command == Stm32Command::ReadoutUnprotect;
  if (always) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("The bootloader refuses the command %1.").arg(stm32CommandName(command)));
  }
  return fail(ErrorCode::DeviceProtected,
              QStringLiteral("The device's read-out protection is on: its bootloader refuses %1.")
                  .arg(stm32CommandName(command)));
}

Status Stm32Session::sendAddress(Stm32Command command, quint32 address, const CancelToken& cancel) {
  SEALIFT_CHECK(send(encodeStm32Address(address), cancel));
  SEALIFT_TRY(const bool accepted, acknowledged(Deadline::in(patience_.answer, answerTo(command)), cancel));
  return accepted ? Status()
                  : fail(ErrorCode::ProtocolRefused, QStringLiteral("The bootloader refuses the address %1 for %2.")
                                                         .arg(hexAddress(address), stm32CommandName(command)));
}

// The answer that comes once the work is done.
Status Stm32Session::finish(Stm32Command command, std::chrono::milliseconds time, const CancelToken& cancel) {
  SEALIFT_TRY(const bool done, acknowledged(Deadline::in(time, answerTo(command)), cancel));
  return done ? Status()
              : fail(ErrorCode::DeviceWriteFailed,
                     QStringLiteral("The bootloader could not carry out %1.").arg(stm32CommandName(command)));
}

// 3.1, 3.3: a count less one, so many bytes, ACK.
Result<QByteArray> Stm32Session::askList(Stm32Command command, const CancelToken& cancel) {
  SEALIFT_CHECK(begin(command, cancel));
  const Deadline deadline = Deadline::in(patience_.block, answerTo(command));
  SEALIFT_TRY(const QByteArray count, receive(1, deadline, cancel));
  SEALIFT_TRY(const QByteArray list, receive(static_cast<quint8>(count.front()) + 1, deadline, cancel));
  SEALIFT_TRY(const bool whole, acknowledged(deadline, cancel));
  return whole ? Result<QByteArray>(list)
               : fail(ErrorCode::ProtocolMalformed,
                      QStringLiteral("The answer to %1 ends with NACK.").arg(stm32CommandName(command)));
}

Result<quint16> Stm32Session::productId(const CancelToken& cancel) {
  return repeated(cancel, [&]() -> Result<quint16> {
    SEALIFT_TRY(const QByteArray list, askList(Stm32Command::GetId, cancel));
    return parseStm32Id(list);
  });
}

// ---- reading --------------------------------------------------------------------------------------------

Result<QByteArray> Stm32Session::readBlock(quint32 address, qsizetype count, const CancelToken& cancel) {
  const Stm32Command command = Stm32Command::ReadMemory;
  SEALIFT_CHECK(begin(command, cancel));
  SEALIFT_CHECK(sendAddress(command, address, cancel));
  SEALIFT_CHECK(send(encodeStm32Count(count), cancel));
  const Deadline deadline = Deadline::in(patience_.block, answerTo(command));
  SEALIFT_TRY(const bool accepted, acknowledged(deadline, cancel));
  if (!accepted) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("The bootloader refuses to read %1 bytes from %2.").arg(count).arg(hexAddress(address)));
  }
  return receive(count, deadline, cancel);
}

Result<QByteArray> Stm32Session::read(quint32 address, qsizetype count, Progress& progress, const CancelToken& cancel) {
  QByteArray bytes;
  while (bytes.size() < count) {
    const auto at = static_cast<quint32>(address + static_cast<quint64>(bytes.size()));
    const qsizetype part = std::min(kStm32Block, count - bytes.size());
    SEALIFT_TRY(const QByteArray block, repeated(cancel, [&] { return readBlock(at, part, cancel); }));
    bytes += block;
    progress.setBytes(bytes.size(), count);
  }
  return bytes;
}

// ---- writing --------------------------------------------------------------------------------------------

Status Stm32Session::writeBlock(quint32 address, const QByteArray& data, const CancelToken& cancel) {
  const Stm32Command command = Stm32Command::WriteMemory;
  SEALIFT_CHECK(begin(command, cancel));
  SEALIFT_CHECK(sendAddress(command, address, cancel));
  SEALIFT_CHECK(send(encodeStm32Data(data), cancel));
  return finish(command, patience_.block, cancel);
}

// Flash can't be written twice: after a lost answer the block is looked at before it is sent again.
Status Stm32Session::putBlock(quint32 address, const QByteArray& data, const CancelToken& cancel) {
  for (int attempt = 1;; ++attempt) {
    const Status written = writeBlock(address, data, cancel);
    if (written || !mayPass(written.error().code)) {
      return written;
    }
    SEALIFT_CHECK(resynchronise(cancel));
    if (written.error().code == ErrorCode::ProtocolRefused || written.error().code == ErrorCode::DeviceProtected) {
      if (attempt == kTries) {
        return written;
      }
      continue;  // it never came to the data
    }
    SEALIFT_TRY(const QByteArray stored, repeated(cancel, [&] { return readBlock(address, data.size(), cancel); }));
    if (stored == data) {
      return {};
    }
    if (attempt == kTries || !isErased(stored)) {
      return failBecause(
          ErrorCode::DeviceWriteFailed,
          QStringLiteral("The device could not write %1 bytes at %2.").arg(data.size()).arg(hexAddress(address)),
          written.error());
    }
  }
}

Status Stm32Session::write(quint32 address, QByteArrayView data, Progress& progress, const CancelToken& cancel) {
  for (qsizetype at = 0; at < data.size();) {
    const qsizetype part = std::min(kStm32Block, data.size() - at);
    const qsizetype whole = (part + kStm32WriteUnit - 1) / kStm32WriteUnit * kStm32WriteUnit;
    const QByteArray block = data.sliced(at, part).toByteArray().leftJustified(whole, '\xFF');
    SEALIFT_CHECK(putBlock(static_cast<quint32>(address + static_cast<quint64>(at)), block, cancel));
    at += part;
    progress.setBytes(at, data.size());
  }
  return {};
}

// ---- erasing --------------------------------------------------------------------------------------------

// Not to be stopped before the list was sent: a bootloader that waits for its count takes most others' 0x7F for a count
// that never ends.
Status Stm32Session::sendErase(const QByteArray& list, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const CancelToken never;
  SEALIFT_CHECK(begin(eraseCommand(), never));
  return send(list, never);
}

Status Stm32Session::eraseSome(const QList<quint16>& pages, const CancelToken& cancel) {
  SEALIFT_CHECK(sendErase(encodeStm32Pages(pages, isExtended()), cancel));
  return finish(eraseCommand(), patience_.page * static_cast<int>(pages.size()), cancel);
}

Status Stm32Session::erasePages(const QList<quint16>& pages, Progress& progress, const CancelToken& cancel) {
  if (!isExtended() && std::any_of(pages.begin(), pages.end(), [](quint16 page) { return page > 0xFF; })) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The device's bootloader (version %1) erases its first 256 pages only.")
                    .arg(info_.versionText()));
  }
  for (qsizetype at = 0; at < pages.size();) {
    const QList<quint16> some = pages.mid(at, kStm32MostPages);
    SEALIFT_CHECK(repeated(cancel, [&] { return eraseSome(some, cancel); }));
    at += some.size();
    progress.setFraction(static_cast<double>(at) / static_cast<double>(pages.size()));
  }
  return {};
}

Status Stm32Session::massErase(const CancelToken& cancel) {
  return repeated(cancel, [&]() -> Status {
    SEALIFT_CHECK(sendErase(encodeStm32MassErase(isExtended()), cancel));
    return finish(eraseCommand(), patience_.massErase, cancel);
  });
}

// ---- leaving --------------------------------------------------------------------------------------------

// Not repeated once the address was taken: the application may be running.
Status Stm32Session::go(quint32 address, const CancelToken& cancel) {
  SEALIFT_CHECK(repeated(cancel, [&] { return begin(Stm32Command::Go, cancel); }));
  return sendAddress(Stm32Command::Go, address, cancel);
}

Status Stm32Session::protectionCommand(Stm32Command command, const CancelToken& cancel) {
  SEALIFT_CHECK(repeated(cancel, [&] { return begin(command, cancel); }));
  return finish(command, patience_.massErase, cancel);
}

Status Stm32Session::readoutProtect(const CancelToken& cancel) {
  return protectionCommand(Stm32Command::ReadoutProtect, cancel);
}

Status Stm32Session::readoutUnprotect(const CancelToken& cancel) {
  return protectionCommand(Stm32Command::ReadoutUnprotect, cancel);
}

}  // namespace sealift
